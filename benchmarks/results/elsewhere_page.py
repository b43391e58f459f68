"""What packages answered, as Markdown: a table for each, and the ten that hurt most in words."""

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.results.elsewhere_data import REFERENCE, Deviation, Hurt, Row, deviations, unsigned
from benchmarks.results.elsewhere_driver import INPUTS, LONGEST, SLOPES, Answer
from benchmarks.results.elsewhere_speed import Speeds
from benchmarks.results.elsewhere_summary import (
    find_references,
    frequent,
    reference_of,
    speed_table,
    summary,
    title,
    variant_of,
    worst,
)
from pytest_against.quoting import PAGE, code

MARK: Final = "<!-- Made by python benchmarks/results/make.py; changes are lost. -->\n"
_HEAD: Final = """\
# The same line elsewhere

What becomes of `np.maximum(x, 0)` in {packages} other packages, some of them with several backends,
compilers or devices, {builds} in all? Each was asked on the same small arrays, on a CPU in an
environment of its own unless its table names a GPU: {spellings} spellings of ReLU and of its
gradient, {answers:,} answers.

`python benchmarks/results/elsewhere.py` asks them;
[the answers](elsewhere.jsonl) are data, and this page is made from them. What `run` is, and how
arrays go in and come out, stands in [a file for each](elsewhere_probes).

**Bold** is what `np.maximum(x, 0)` of NumPy {numpy} does not answer; for the gradient it is
`np.where(x > 0, grad, 0)`, and a ReLU6 is compared with `np.clip(x, 0, 6)`. *Italic* is a NaN whose
sign is another, or a sign that depends on the length. The sign of a zero is shown and not marked,
as NumPy's own depends on the dtype and on the processor.

* **NaN, -NaN**, **-0**, **inf, -inf**, **max**: what a float32 of that value becomes.
* **other floats**, **integers**, **bool**: what differs there, in values; integers are asked at
  the limits of int8, uint8, int32 and int64, at -1, 0, 1 and at 2**53 + 1.
* **dtype**: where that of the result is another than NumPy's.
* **container**: kept, or the type that comes out.
* **lengths**: arrays full of NaN, -NaN or -0.0, of 1 to {longest} numbers, so that each stands at
  every place of a vector and of its tail; what is compiled for every length is asked for fewer.
* **slope**: the gradient at -0 and at 0, at NaN, and what becomes of an infinite gradient from
  above at -1.5, at 0 and at NaN.

What else compiling changes, and the order of two arguments, stands below each table.
"""
_COLUMNS: Final = (
    *("spelling", "NaN, -NaN", "-0", "inf, -inf", "max", "other floats", "integers", "bool"),
    *("dtype", "container", "lengths", "slope at 0", "at NaN", "infinite upstream"),
)
_FLOATS: Final = ("float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
_INTEGERS: Final = tuple(name for name in INPUTS if "int" in name)


def page(rows: Sequence[Row], speeds: Speeds | None = None) -> str:
    """Return the page."""
    references = find_references(rows)
    others = [row for row in rows if row.package != REFERENCE]
    packages = list(dict.fromkeys(row.package for row in others))
    ran = {row.package for row in others if not row.error}
    parts = [
        MARK
        + _HEAD.format(
            packages=len({name.partition("-")[0] for name in ran}),
            builds=len(ran),
            spellings=len({(r.package, r.spelling) for r in others if not r.error}),
            answers=sum(
                1 if isinstance(a, str) else len(a) for row in others for a in row.answers.values()
            ),
            numpy=references["maximum"].version,
            longest=LONGEST,
        ),
        *summary(others, references),
        *worst(others, references),
        *frequent(others, references),
        *speed_table(speeds or Speeds()),
    ]
    for package in packages:
        parts += _package([row for row in others if row.package == package], references)
    return "\n".join(parts)


def _package(rows: Sequence[Row], references: dict[str, Row]) -> Iterator[str]:
    first = rows[0]
    yield f"## {title(first)}\n"
    if first.error:
        yield f"Did not run: {code(first.error)}.\n"
        return
    if first.measured:
        yield f"Measured on: {first.measured}.\n"
    yield (
        PAGE.table([_COLUMNS, *(_line(row, reference_of(row, references)) for row in rows)]) + "\n"
    )
    notes = [*_variants(rows), *_orders(rows)]
    if notes:
        yield "\n".join(f"* {note}" for note in notes) + "\n"


def _line(row: Row, reference: Row) -> list[str]:
    found = deviations(row, reference)
    return [
        code(row.spelling) + variant_of(row),
        *(_cell(row, found, "float32", INPUTS["float32"], each) for each in _SHOWN),
        *(_group(found, group) for group in (_FLOATS, _INTEGERS, ("bool",))),
        _dtypes(found),
        ", ".join(sorted({f"**{d.found}**" for d in found if d.hurt is Hurt.CONTAINER})) or "kept",
        "; ".join(_tail(d) for d in found if d.part.startswith("tail")) or "the same",
        *(_cell(row, found, "slope 1", SLOPES, each) for each in (("-0.0", "0"), ("nan",))),
        _cell(row, found, "slope inf", SLOPES, ("-1.5", "0", "nan")),
    ]


def _tail(d: Deviation) -> str:
    return f"*{d}*" if d.hurt is Hurt.SIGN else f"{d}" if d.hurt is Hurt.REFUSED else f"**{d}**"


_SHOWN: Final = (("nan", "-nan"), ("-0.0",), ("inf", "-inf"), ("max",))


def _cell(
    row: Row, found: Sequence[Deviation], part: str, inputs: Sequence[str], given: Sequence[str]
) -> str:
    """Return what inputs become, marked."""
    answer = row.answers.get(part)
    if answer is None:
        return ""
    if isinstance(answer, str):
        return f"**{answer}**"
    numbers = dict(zip(inputs, answer[-len(inputs) :], strict=False))
    marks = {(d.part, d.given): "*" if d.hurt is Hurt.SIGN else "**" for d in found}
    if part.startswith("slope"):
        numbers = {each: str(unsigned([number])[0]) for each, number in numbers.items()}
    cells = []
    for each in given:
        mark = marks.get((part, each), "")
        cells.append(f"{mark}{numbers[each]}{mark}")
    return ", ".join(cells)


def _group(found: Sequence[Deviation], group: Sequence[str]) -> str:
    """Return what deviates in dtypes; in one phrase what does so in all of them."""
    phrases: dict[str, list[str]] = {}
    for part in group:
        here = [d for d in found if d.part == part]
        said = [d for d in here if d.hurt not in {Hurt.DTYPE, Hurt.CONTAINER, Hurt.SIGN}]
        words = ", ".join(_short(d) for d in said)
        if words:
            phrases.setdefault(words, []).append(part)
    return "; ".join(f"**{', '.join(parts)}: {words}**" for words, parts in phrases.items())


def _short(d: Deviation) -> str:
    return d.found if d.hurt is Hurt.REFUSED else f"{d.given} to {d.found}"


def _dtypes(found: Sequence[Deviation]) -> str:
    """Return which dtypes become which others."""
    to: dict[str, list[str]] = {}
    for each in found:
        if each.hurt is Hurt.DTYPE:
            to.setdefault(each.found, []).append(each.part)
    words = (
        f"**{dtype} kept**" if parts == [dtype] else f"**{', '.join(parts)} to {dtype}**"
        for dtype, parts in to.items()
    )
    return "; ".join(words) or "as NumPy's"


def _variants(rows: Sequence[Row]) -> Iterator[str]:
    """Say what a spelling answers otherwise when it is compiled."""
    for row in rows:
        base = next(r for r in rows if r.spelling == row.spelling)
        if row is not base:
            yield from _between(base, row, f"{code(row.spelling)}, {row.variant}")


def _orders(rows: Sequence[Row]) -> Iterator[str]:
    """Say what a spelling answers otherwise if its two arguments change places."""
    for number, row in enumerate(rows):
        for other in rows[number + 1 :]:
            # Of the same characters in another order: nothing but the arguments can differ.
            same = sorted(row.spelling) == sorted(other.spelling)
            if same and row.variant == other.variant:
                yield from _between(row, other, f"{code(other.spelling)}{variant_of(row)}")


def _between(one: Row, other: Row, words: str) -> Iterator[str]:
    changed = [part for part in one.answers if _differ(one.answers[part], other.answers[part])]
    if changed:
        parts = ", ".join(changed)
        yield f"{words} answers otherwise than {code(one.spelling)}{_as(one, other)}: {parts}"


def _as(one: Row, other: Row) -> str:
    return f", {one.variant}" if one.variant != other.variant else ""


def _differ(one: Answer, other: Answer) -> bool:
    return unsigned(one) != unsigned(other)
