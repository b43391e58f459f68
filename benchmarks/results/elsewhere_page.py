"""What packages answered, as Markdown: a table for each, and the ten that hurt most in words."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.results.elsewhere_data import REFERENCE, Deviation, Hurt, Row, deviations, unsigned
from benchmarks.results.elsewhere_driver import INPUTS, LONGEST, SLOPES, Answer
from pytest_against.model import CannotJudgeError
from pytest_against.report import PAGE, code

MARK: Final = "<!-- Made by python benchmarks/results/make.py; changes are lost. -->\n"
_HEAD: Final = """\
# The same line elsewhere

What becomes of `np.maximum(x, 0)` in {packages} other packages? Each was asked on the same small
arrays, in an environment of its own, on a CPU: {spellings} spellings of ReLU and of its gradient,
{answers:,} answers. `python benchmarks/results/elsewhere.py` asks them;
[the answers](elsewhere.jsonl) are data, and this page is made from them. What `run` is, and how
arrays go in and come out, stands in [a file for each](elsewhere_probes).

**Bold** is what `np.maximum(x, 0)` of NumPy {numpy} does not answer; for the gradient it is
`np.where(x > 0, grad, 0)`, and a ReLU6 is compared with `np.clip(x, 0, 6)`. *Italic* is a NaN whose
sign is another. The sign of a zero is shown and not marked, as NumPy's own depends on the dtype and
on the processor.

* **NaN, -NaN**, **-0**, **inf, -inf**, **max**: what a float32 of that value becomes.
* **other floats**, **integers**, **bool**: what differs there, in values; integers are asked at
  the limits of int8, uint8, int32 and int64, at -1, 0, 1 and at 2**53 + 1.
* **dtype**: where that of the result is another than NumPy's.
* **container**: kept, or the type that comes out.
* **lengths**: arrays full of NaN, -NaN or -0.0, of 1 to {longest} numbers, so that each stands at
  every place of a vector and of its tail; what is compiled for every length is asked for fewer.
* **slope**: the gradient at -0 and at 0, at NaN, and what becomes of an infinite gradient from
  above at -1.5, at 0 and at NaN.
"""
_COLUMNS: Final = (
    *("spelling", "NaN, -NaN", "-0", "inf, -inf", "max", "other floats", "integers", "bool"),
    *("dtype", "container", "lengths", "slope at 0", "at NaN", "infinite upstream"),
)
_FLOATS: Final = ("float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
_INTEGERS: Final = tuple(name for name in INPUTS if "int" in name)
_WORDS: Final = ("The ten that hurt most", 10)
_FAMILIES: Final = {
    "where": re.compile(
        r"where|select|switch|if_else|CASE| if |when|mask\(|Where|Piecewise|positive"
    ),
    "product": re.compile(r"x \* |multiply|x\[i\] \* |X \* "),
}


def page(rows: Sequence[Row]) -> str:
    """Return the page."""
    references = _references(rows)
    others = [row for row in rows if row.package != REFERENCE]
    packages = list(dict.fromkeys(row.package for row in others))
    ran = {row.package for row in others if not row.error}
    parts = [
        MARK
        + _HEAD.format(
            packages=len(ran),
            spellings=len({(r.package, r.spelling) for r in others if not r.error}),
            answers=sum(len(a) for row in others for a in row.answers.values()),
            numpy=references["maximum"].version,
            longest=LONGEST,
        ),
        *_worst(others, references),
        *_frequent(others, references),
    ]
    for package in packages:
        parts += _package([row for row in others if row.package == package], references)
    return "\n".join(parts)


def _references(rows: Sequence[Row]) -> dict[str, Row]:
    found = {row.spelling: row for row in rows if row.package == REFERENCE and not row.error}
    spellings = {
        "maximum": "np.maximum(x, 0)",
        "relu6": "np.clip(x, 0, 6)",
        "product": "x * (x > 0)",
        "where": "np.where(x > 0, x, 0)",
    }
    for each in spellings.values():
        if each not in found:
            raise CannotJudgeError(
                f"there is no {each} of NumPy to compare with; "
                "run python benchmarks/results/elsewhere.py --check numpy"
            )
    return {name: found[each] for name, each in spellings.items()}


def _reference(row: Row, references: dict[str, Row]) -> Row:
    return references["relu6" if "relu6" in row.spelling.lower() else "maximum"]


def _own(row: Row, references: dict[str, Row]) -> Row:
    """Return NumPy's row of the same spelling."""
    for family, words in _FAMILIES.items():
        if words.search(row.spelling):
            return references[family]
    return _reference(row, references)


def _worst(rows: Sequence[Row], references: dict[str, Row]) -> Iterator[str]:
    """Say in words what the worst spelling of a package does; of ten packages."""
    title, count = _WORDS
    scored: dict[str, tuple[list[int], Row, list[Deviation]]] = {}
    for row in rows:
        found = sorted(
            (d for d in deviations(row, _own(row, references)) if d.hurt in _SILENT),
            key=lambda d: _SILENT.index(d.hurt),
        )
        counts = Counter(d.hurt for d in found)
        score = [counts[hurt] for hurt in _SILENT]
        if any(score) and (row.package not in scored or score > scored[row.package][0]):
            scored[row.package] = (score, row, found)
    yield f"## {title}\n"
    ranks = "; then ".join(hurt.value for hurt in _SILENT)
    yield (
        "Of each package the spelling that is furthest from the same spelling in NumPy, without an "
        f"error. The order is that of how often {ranks}.\n"
    )
    ranked = sorted(scored.values(), key=lambda each: each[0], reverse=True)[:count]
    for number, (_, row, found) in enumerate(ranked, 1):
        shown = [str(d) for d in _told(found)]
        more = f", and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
        variant = "" if row.variant == "eager" else f" ({row.variant})"
        said = f"{'; '.join(shown)}{more}"
        yield f"{number}. {row.package} {row.version}, {code(row.spelling)}{variant}: {said}."
    yield ""


_SILENT: Final = (
    *(Hurt.NUMBER, Hurt.NAN_LOST, Hurt.NAN_MADE, Hurt.INFINITY, Hurt.SLOPE, Hurt.TAIL),
)


def _told(found: Sequence[Deviation]) -> list[Deviation]:
    """Return three at most, that are not the same in another dtype or of the other sign."""
    first = {(d.hurt, unsigned([d.given])[0], d.found): d for d in reversed(found)}
    kinds = {d.hurt: d for d in reversed(first.values())}
    rest = [d for d in reversed(first.values()) if d not in kinds.values()]
    return sorted([*kinds.values(), *rest][:3], key=lambda d: _SILENT.index(d.hurt))


def _frequent(rows: Sequence[Row], references: dict[str, Row]) -> Iterator[str]:
    """Say how many packages have a spelling that deviates, by kind."""
    of: dict[Hurt, set[str]] = {hurt: set() for hurt in Hurt}
    for row in rows:
        for each in deviations(row, _reference(row, references)):
            of[each.hurt].add(row.package)
    yield "## How often\n"
    yield "Packages in which a spelling differs from `np.maximum(x, 0)`:\n"
    lines = [[hurt.value, str(len(of[hurt])), ", ".join(sorted(of[hurt]))] for hurt in Hurt]
    yield PAGE.table([["what", "packages", "which"], *lines]) + "\n"


def _package(rows: Sequence[Row], references: dict[str, Row]) -> Iterator[str]:
    first = rows[0]
    yield f"## {first.package} {first.version}".rstrip() + "\n"
    if first.error:
        yield f"Did not run: {code(first.error)}.\n"
        return
    if first.measured:
        yield f"Measured on: {first.measured}.\n"
    yield PAGE.table([_COLUMNS, *(_line(row, _reference(row, references)) for row in rows)]) + "\n"
    notes = [*_variants(rows), *_orders(rows)]
    if notes:
        yield "\n".join(f"* {note}" for note in notes) + "\n"


def _line(row: Row, reference: Row) -> list[str]:
    found = deviations(row, reference)
    variant = "" if row.variant == "eager" else f" ({row.variant})"
    return [
        code(row.spelling) + variant,
        *(_cell(row, found, "float32", INPUTS["float32"], each) for each in _SHOWN),
        *(_group(found, group) for group in (_FLOATS, _INTEGERS, ("bool",))),
        _dtypes(found),
        ", ".join(sorted({f"**{d.found}**" for d in found if d.hurt is Hurt.CONTAINER})) or "kept",
        "; ".join(f"**{d}**" for d in found if d.hurt is Hurt.TAIL) or "the same",
        *(_cell(row, found, "slope 1", SLOPES, each) for each in (("-0.0", "0"), ("nan",))),
        _cell(row, found, "slope inf", SLOPES, ("-1.5", "0", "nan")),
    ]


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
    words = (f"**{', '.join(parts)} to {dtype}**" for dtype, parts in to.items())
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
                variant = "" if row.variant == "eager" else f" ({row.variant})"
                yield from _between(row, other, f"{code(other.spelling)}{variant}")


def _between(one: Row, other: Row, words: str) -> Iterator[str]:
    changed = [part for part in one.answers if _differ(one.answers[part], other.answers[part])]
    if changed:
        parts = ", ".join(changed)
        yield f"{words} answers otherwise than {code(one.spelling)}{_as(one, other)}: {parts}"


def _as(one: Row, other: Row) -> str:
    return f", {one.variant}" if one.variant != other.variant else ""


def _differ(one: Answer, other: Answer) -> bool:
    return unsigned(one) != unsigned(other)
