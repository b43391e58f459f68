"""What packages answered, in short: the closest spelling of each, and the ten that hurt most."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from benchmarks.results.elsewhere_data import REFERENCE, Deviation, Hurt, Row, deviations, unsigned
from benchmarks.results.elsewhere_speed import COPY, ROUNDS, Speeds
from pytest_against.model import CannotJudgeError
from pytest_against.quoting import PAGE, code

_WORST: Final = 10
_SILENT: Final = (
    *(Hurt.NUMBER, Hurt.NAN_LOST, Hurt.NAN_MADE, Hurt.INFINITY, Hurt.SLOPE, Hurt.TAIL),
)
_FAMILIES: Final = {
    "where": re.compile(
        r"where|select|switch|if_else|CASE| if |when|mask\(|Where|Piecewise|positive"
    ),
    "product": re.compile(r"x \* |multiply|x\[i\] \* |X \* "),
}


def summary(rows: Sequence[Row], references: dict[str, Row]) -> Iterator[str]:
    """Say of each package which spelling is closest to NumPy, and how many are far from it."""
    yield "## In short\n"
    yield (
        "What to write instead of `np.maximum(x, 0)`, and what is still another then. Beside it, "
        "how many spellings of a package lose a NaN, have a gradient that is not 0 at 0, and "
        "answer otherwise by the length of the array.\n"
    )
    lines = [["package", "closest", "and still", "lose a NaN", "gradient at 0", "by length"]]
    for package in dict.fromkeys(row.package for row in rows):
        mine = [row for row in rows if row.package == package]
        link = f"[{package}](#{_anchor(title(mine[0]))})"
        if mine[0].error:
            lines.append([link, "did not run", *[""] * 4])
            continue
        asked = [row for row in mine if reference_of(row, references) is references["maximum"]]
        found = [deviations(row, references["maximum"]) for row in asked]
        closest = min(range(len(asked)), key=lambda number: _score(found[number], Hurt))
        unsafe = any(d.hurt in {Hurt.NAN_LOST, Hurt.NAN_MADE} for d in found[closest])
        still = _told([d for d in found[closest] if d.hurt is not Hurt.SIGN], [*Hurt])
        lines.append(
            [
                link,
                "none is safe; " * unsafe
                + code(asked[closest].spelling)
                + variant_of(asked[closest]),
                "; ".join(map(str, still)) or "nothing",
                *(_share(found, among) for among in (_loses_nan, _is_slope_at_0, _is_by_length)),
            ]
        )
    yield PAGE.table(lines) + "\n"


def title(row: Row) -> str:
    """Return the heading of a package."""
    return f"{row.package} {row.version}".rstrip()


def variant_of(row: Row) -> str:
    """Return in which variant a spelling was asked, unless it is the plain one."""
    return "" if row.variant == "eager" else f" ({row.variant})"


def _anchor(heading: str) -> str:
    """Return what a heading is called in an address."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _loses_nan(d: Deviation) -> bool:
    return d.hurt is Hurt.NAN_LOST


def _is_slope_at_0(d: Deviation) -> bool:
    return d.hurt is Hurt.SLOPE and d.part == "slope 1" and d.given in {"-0.0", "0"}


def _is_by_length(d: Deviation) -> bool:
    return d.hurt is Hurt.TAIL


def _share(found: Sequence[Sequence[Deviation]], among: Callable[[Deviation], bool]) -> str:
    number = sum(any(map(among, each)) for each in found)
    return f"{number} of {len(found)}" if number else ""


def _score(found: Iterable[Deviation], hurts: Iterable[Hurt]) -> list[int]:
    """Return how often each kind of deviation is found, the worst first."""
    counts = Counter(d.hurt for d in found)
    return [counts[hurt] for hurt in hurts if hurt is not Hurt.SIGN]


def find_references(rows: Sequence[Row]) -> dict[str, Row]:
    """Return the rows of NumPy that others are compared with."""
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


def reference_of(row: Row, references: dict[str, Row]) -> Row:
    """Return the row of NumPy that a row should be like."""
    return references["relu6" if "relu6" in row.spelling.lower() else "maximum"]


def _own(row: Row, references: dict[str, Row]) -> Row:
    """Return NumPy's row of the same spelling."""
    for family, words in _FAMILIES.items():
        if words.search(row.spelling):
            return references[family]
    return reference_of(row, references)


def worst(rows: Sequence[Row], references: dict[str, Row]) -> Iterator[str]:
    """Say in words what the worst spelling of a package does; of ten packages."""
    scored: dict[str, tuple[list[int], Row, list[Deviation]]] = {}
    for row in rows:
        found = sorted(
            (d for d in deviations(row, _own(row, references)) if d.hurt in _SILENT),
            key=lambda d: _SILENT.index(d.hurt),
        )
        score = _score(found, _SILENT)
        project = row.package.partition("-")[0]
        if any(score) and (project not in scored or score > scored[project][0]):
            scored[project] = (score, row, found)
    yield "## The ten that hurt most\n"
    ranks = "; then ".join(hurt.value for hurt in _SILENT)
    yield (
        "Of each package the spelling that is furthest from the same spelling in NumPy, without an "
        f"error. The order is that of how often {ranks}.\n"
    )
    ranked = sorted(scored.values(), key=lambda each: each[0], reverse=True)[:_WORST]
    for number, (_, row, found) in enumerate(ranked, 1):
        shown = [str(d) for d in _told(found, _SILENT)]
        more = f", and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
        said = f"{'; '.join(shown)}{more}"
        yield f"{number}. {title(row)}, {code(row.spelling)}{variant_of(row)}: {said}."
    yield ""


def _told(found: Sequence[Deviation], hurts: Sequence[Hurt]) -> list[Deviation]:
    """Return three at most, that are not the same in another dtype or of the other sign."""
    first = {(d.hurt, unsigned([d.given])[0], d.found): d for d in reversed(found)}
    kinds = {d.hurt: d for d in reversed(first.values())}
    rest = [d for d in reversed(first.values()) if d not in kinds.values()]
    return sorted([*kinds.values(), *rest][:3], key=lambda d: hurts.index(d.hurt))


def frequent(rows: Sequence[Row], references: dict[str, Row]) -> Iterator[str]:
    """Say how many packages have a spelling that deviates, by kind."""
    of: dict[Hurt, set[str]] = {hurt: set() for hurt in Hurt}
    for row in rows:
        for each in deviations(row, _own(row, references)):
            of[each.hurt].add(row.package)
    yield "## How often\n"
    yield "Packages in which a spelling differs from the same spelling in NumPy:\n"
    lines = [[hurt.value, str(len(of[hurt])), ", ".join(sorted(of[hurt]))] for hurt in Hurt]
    yield PAGE.table([["what", "packages", "which"], *lines]) + "\n"


def speed_table(speeds: Speeds) -> Iterator[str]:
    """Say how long the spellings take on a GPU."""
    if not speeds.found:
        return
    yield "## Speed on a GPU\n"
    versions = ", ".join(f"{name} {version}" for name, version in speeds.versions.items())
    yield (
        f"In multiples of the time of `{COPY}`, a copy of the same bytes; medians of {ROUNDS} "
        "rounds in one process, in turns; [the data](elsewhere_speed.jsonl) has their quartiles. A "
        "call of few numbers takes as long as it takes to begin it. Made by `python3 "
        f"benchmarks/results/elsewhere_speed.py FILE` on one {speeds.device}; {versions}.\n"
    )
    cells = list(dict.fromkeys((s.dtype, s.size) for s in speeds.found if s.size))
    calls = list(dict.fromkeys((s.package, s.spelling) for s in speeds.found))
    known = {(s.package, s.spelling, s.dtype, s.size): s for s in speeds.found}
    lines = [["package", "call", *(f"{dtype}, {size:,}" for dtype, size in cells)]]
    for call in calls:
        shown = [known.get((*call, *cell)) for cell in cells]
        ratios = [(s.error or f"{s.ratio:.2f}") if s else "" for s in shown]
        lines.append([call[0], code(call[1]) if call[1] else "did not run", *ratios])
    yield PAGE.table(lines) + "\n"
