"""What ``python -m benchmarks peers`` measured, as tables, a summary and Markdown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.results.contenders import COPY, NUMPY, OURS, REVISION, TORCH, Task
from benchmarks.results.contenders_others import SHOWN
from benchmarks.results.measured import Cell, Measured, Ratio, Run, geometric_mean
from pytest_against.quoting import PAGE, TEXT, Style, code, duration
from pytest_against.report import hardware

MOST_SCRATCH: Final = 256 * 1024
MARK: Final = "<!-- Made by `python -m benchmarks peers`; do not edit. -->"
_LEVEL: Final = 0.97
"""Of what others take, from which on we are level with them."""
_ORDER: Final = (TORCH, REVISION, NUMPY, "numexpr", "numba", "jax", COPY)
_FRESH: Final = (Task.RELU, Task.OUT, Task.DRELU, Task.BACKWARD)

_HEAD: Final = """\
# How fast `relu`, `drelu` and `relu_backward` are beside others

Figures are multiples of our time: above 1 the other takes longer. All work on the same arrays, in
one process, on one thread, in turns; a figure is the median over {rounds} rounds of the ratio
within a round, with its quartiles. Arrays begin on a cache line, and freed memory is used again: by
default, what a process freed first decides whose large results cost page faults. In place, everyone
works on data that is rectified already. *{copy}* is a copy that moves as many bytes, which is what
memory allows; *{revision}* are our functions at {against}. *scratch* is our memory at the peak of a
call, beside its result. **Bold** is torch ahead, at 0.97 or less. *our time* is
for orientation: the machine is faster at one moment than at another.

The others call what they have for the task: torch `relu`, `clamp_min(out=)`, `relu_`, `(x > 0).to`
and `threshold_backward`; NumPy `np.maximum(x, 0)`, `(x > 0).astype` and `grad * (x > 0)`, of which
the last two lose NaN, and the last makes NaN of an infinite gradient; numexpr `where`, which
branches on the data; numba a loop over the numbers; JAX compiled functions.

![How we compare with torch](peers.svg)
"""
_WHY: Final = """\
Why nothing closer was found in NumPy:

* 1,000 float16: views, the test for NaN and the maximum are calls of their own, which together take
  as long as the whole call of torch. In place, torch takes less than two calls of NumPy do.
* Backward: torch compares and selects in one pass. Here the test for NaN, the mask and the
  selection each pass over the arrays, and blocks that stay in the fastest cache lose more in calls
  than they gain.
* Where memory is the limit, backward reads `x` twice, for NaN and for the mask, and then the mask
  and `grad`; torch reads `x` and `grad` once.
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """How we should compare with a contender: in `wanted` of `cells` cells level, in none below."""

    words: str
    name: str
    among: Callable[[Cell], bool]
    cells: int
    wanted: int
    level: float
    floor: float = 0.0

    def line(self, run: Run) -> list[str]:
        """Return what is wanted, what was found, and whether it is met."""
        found = run.ratios(self.name, self.among)
        level = sum(ratio >= self.level for ratio in found.values())
        wanted = f"{self.wanted} of {self.cells} at {self.level:.3g}"
        wanted += f", none below {self.floor:g}" if self.floor else ""
        if not found:
            return [self.words, wanted, "not measured", ""]
        worst = min(found, key=found.__getitem__)
        said = f"{level} of {len(found)}; lowest {found[worst]:.2f}, {_spelled(worst)}"
        met = level >= self.wanted and found[worst] >= self.floor
        return [self.words, wanted, said, _met(met) if len(found) == self.cells else ""]


def _met(met: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if met else "no"


def _spelled(cell: Cell) -> str:
    return f"{cell.task.call}, {cell.size:,} {cell.dtype}"


def _plain(
    *tasks: Task, dtypes: Sequence[str] = (), sizes: Sequence[int] = ()
) -> Callable[[Cell], bool]:
    """Return what tells cells without NaN, of some dtypes and sizes, or of all but `_MORE`."""
    return lambda cell: (
        not cell.nan
        and (cell.dtype, cell.size) != _MORE
        and cell.task in tasks
        and cell.dtype in (dtypes or (cell.dtype,))
        and cell.size in (sizes or (cell.size,))
    )


_MORE: Final = ("float16", 5_000_000)
"""Measured, and shown, though nothing was wanted there."""
_ALL: Final = 84
_WITH_NAN: Final = 56
_WIDE: Final = ("float32", "float64")
_HALF: Final = _plain(*_FRESH, dtypes=("float16",), sizes=(30_000, 600_000))
_IN_PLACE: Final = _plain(Task.IN_PLACE, dtypes=_WIDE, sizes=(16, 30_000, 600_000, 5_000_000))
_BACK: Final = (
    ("float32", 30_000, 10.0),
    ("float32", 600_000, 9.0),
    ("float64", 30_000, 5.0),
    ("float64", 600_000, 5.0),
)

BARS: Final = (
    Bar("forward beside torch", TORCH, _plain(Task.RELU, Task.OUT), 28, 26, _LEVEL, 0.75),
    Bar("backward beside torch", TORCH, _plain(Task.BACKWARD), 14, 12, 0.77, 0.5),
    Bar("drelu beside torch", TORCH, _plain(Task.DRELU), 14, 14, 1.0),
    Bar("in place beside torch, but for float16 and 1,000", TORCH, _IN_PLACE, 8, 8, 0.9),
    Bar("float16 from 30,000 on, beside the revision", REVISION, _HALF, 8, 8, 40.0),
    *(
        Bar(
            f"backward of {size:,} {dtype}, beside the revision",
            *(REVISION, _plain(Task.BACKWARD, dtypes=(dtype,), sizes=(size,)), 1, 1, level),
        )
        for dtype, size, level in _BACK
    ),
    Bar(
        "16 numbers forward, beside the revision",
        *(REVISION, _plain(Task.RELU, Task.OUT, sizes=(16,)), 6, 6, 1.8),
    ),
    Bar("anything beside the revision", REVISION, _plain(*Task), _ALL, _ALL, _LEVEL),
    Bar("with NaN, beside the revision", REVISION, lambda c: c.nan, _WITH_NAN, _WITH_NAN, 1 / 1.3),
)
"""What is wanted; ratios are of their time to ours."""

_MEAN: Final = 3.3
"""What the geometric mean beside the revision should be."""


def summary(run: Run) -> list[list[str]]:
    """Return a line for each of the bars, and for what is none of them."""
    means = run.ratios(REVISION, _plain(*_FRESH)).values()
    mean = geometric_mean(means)
    scratches = [measured.scratch for measured in run.cells.values()]
    small = sum(scratch <= MOST_SCRATCH for scratch in scratches)
    return [
        ["what", "wanted", "found", "met"],
        *(bar.line(run) for bar in BARS),
        [
            "geometric mean beside the revision",
            f"{_MEAN:g} over 56 cells",
            f"{mean:.2f} over {len(means)}",
            _met(mean >= _MEAN) if len(means) == len(_FRESH) * 14 else "",
        ],
        [
            "scratch",
            "at most 256 KiB in every cell",
            f"{small} of {len(scratches)}; highest {max(scratches, default=0) / 1024:.0f} KiB",
            _met(small == len(scratches)) if len(scratches) >= _ALL + _WITH_NAN else "",
        ],
    ]


def behind(run: Run) -> list[list[str]]:
    """Return the cells in which torch is ahead, the farthest first; only a heading if none is."""
    found = {c: r for c, r in run.ratios(TORCH, lambda c: not c.nan).items() if r < _LEVEL}
    lines = [
        [c.task.call, c.dtype, f"{c.size:,}", _ratio(run.cells[c].ratio(TORCH))]
        for c in sorted(found, key=found.__getitem__)
    ]
    return [["call", "dtype", "numbers", "torch"], *lines]


def tables(run: Run) -> Iterator[tuple[str, list[list[str]]]]:
    """Return a title and a table for each task, and one for arrays that have NaN in them."""
    for task in Task:
        cells = [m for c, m in run.cells.items() if _plain(task)(c)]
        names = [name for name in _ORDER if any(name in m.seconds for m in cells)]
        head = ["dtype", "numbers", "our time", *names, "scratch"]
        if cells:
            yield task.call, [head, *(_line(measured, names) for measured in cells)]
    if table := _shown(run):
        yield "Packages with arrays of their own, in multiples of ours", table
    if table := _with_nan(run):
        yield f"One NaN in a hundred numbers: the {REVISION}, in multiples of ours", table


def _shown(run: Run) -> list[list[str]]:
    """Return a table of those who are only shown; empty if none was measured."""
    found = [m for c, m in run.cells.items() if not c.nan and not {*SHOWN}.isdisjoint(m.seconds)]
    names = [name for name in SHOWN if any(name in m.seconds for m in found)]
    lines = [
        [m.cell.task.call, m.cell.dtype, f"{m.cell.size:,}", *(_ratio(m.ratio(n)) for n in names)]
        for m in found
    ]
    return [["call", "dtype", "numbers", *names], *lines] if lines else []


def _with_nan(run: Run) -> list[list[str]]:
    """Return a table with a column for each task; empty if nothing was measured."""
    cells = {c: m for c, m in run.cells.items() if c.nan}
    lines = []
    for dtype, size in dict.fromkeys((c.dtype, c.size) for c in cells):
        found = [cells.get(Cell(task, dtype, size, nan=True)) for task in _FRESH]
        ratios = [_ratio(m.ratio(REVISION)) if m else "-" for m in found]
        scratch = max(m.scratch for m in found if m)
        lines.append([dtype, f"{size:,}", *ratios, _kib(scratch)])
    head = ["dtype", "numbers", *(task.call for task in _FRESH), "most scratch"]
    return [head, *lines] if lines else []


def _line(measured: Measured, names: Sequence[str]) -> list[str]:
    cell = measured.cell
    ratios = [_ratio(measured.ratio(name), strong=name == TORCH) for name in names]
    time = duration(measured.time())
    return [cell.dtype, f"{cell.size:,}", time, *ratios, _kib(measured.scratch)]


def _kib(scratch: int) -> str:
    return f"{scratch / 1024:.0f} KiB" if scratch >= 1024 else "0"  # noqa: PLR2004 - headers


def _ratio(ratio: Ratio | None, *, strong: bool = False) -> str:
    if ratio is None:
        return "-"
    digits = 2 if ratio.median < 10 else 0  # noqa: PLR2004 - no more than three that count
    shown = f"{ratio.median:.{digits}f}"
    shown = f"**{shown}**" if strong and ratio.median < _LEVEL else shown
    return f"{shown} ({ratio.low:.{digits}f} to {ratio.high:.{digits}f})"


def missing(run: Run) -> list[str]:
    """Return who has no figure, in which cells, and why."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell, measured in run.cells.items():
        for name, why in measured.missing.items():
            found.setdefault((name, why), []).append(cell)
    lines = []
    for (name, why), cells in found.items():
        tasks = ", ".join(dict.fromkeys(cell.task.value for cell in cells))
        everywhere = not run.ratios(name, lambda _: True)
        lines.append(f"{name}, {'everything' if everywhere else tasks}: {why}")
    return lines


def _parts(run: Run, style: Style) -> Iterator[str]:
    about, heading = run.about, "## " if style is PAGE else ""
    for title, table in tables(run):
        yield f"{heading}{f'`{title}`' if style is PAGE and '(' in title else title}"
        yield style.table(table)
    if gaps := missing(run):
        yield "No figure:"
        yield "\n".join(f"* {code(line) if style is PAGE else line}" for line in gaps)
    yield f"{heading}Where torch is ahead"
    lines = behind(run)
    yield style.table(lines) if len(lines) > 1 else "Nowhere that was measured."
    if len(lines) > 1 and style is PAGE:
        yield _WHY.rstrip()
    yield f"{heading}What this project wanted to reach, and what was found"
    yield style.table(summary(run))
    versions = {n: v for n, v in about.versions.items() if n not in {OURS, REVISION, COPY}}
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield f"On {hardware(about.machine)}; {about.machine.get('python', '')}; {told}."
    yield f"Measured on {about.date} at commit {about.commit:.10}."


def words(run: Run) -> str:
    """Return what a terminal shows."""
    return "\n\n".join(_parts(run, TEXT)).replace("**", "") + "\n"


def page(run: Run) -> str:
    """Return the page."""
    head = _HEAD.format(
        rounds=run.about.rounds, copy=COPY, revision=REVISION, against=run.about.against
    )
    return "\n\n".join([MARK, head.rstrip(), *_parts(run, PAGE)]) + "\n"
