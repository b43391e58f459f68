"""Which call to use: by dtype, size and whether x may be overwritten; and what it costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from benchmarks.results.contenders import COPY, NUMPY, OURS, TORCH, Task
from benchmarks.results.measured import Cell, Measured, Run
from benchmarks.results.peers_page import MARK
from benchmarks.results.svg import (
    BLUE,
    GREEN,
    LABEL_HEIGHT,
    ORANGE,
    Axis,
    apart,
    curve,
    document,
    pixel,
    text,
    ticks,
)
from pytest_against.quoting import PAGE, duration
from pytest_against.report import hardware

_KEPT: Final = (Task.RELU, Task.OUT)
_OVERWRITTEN: Final = (Task.RELU, Task.IN_PLACE)
_CLEARLY: Final = 0.95
"""Of our time, below which another spelling is worth to be named."""

_NUMPY: Final = {
    Task.RELU: "np.maximum(x, 0)",
    Task.OUT: "np.maximum(x, 0, out=out)",
    Task.IN_PLACE: "np.maximum(x, 0, out=x)",
}
_HEAD: Final = """\
# Which ReLU should I call?

`out` is a buffer of yours that is used again. *of a copy* is the time in multiples of that of a
copy that moves as many bytes: 1 is what memory allows, and less where one array is read and written
again, since there is no second one to fetch. *torch* is how many times as long its CPU kernel for
the same task takes, on one thread. [All figures](peers.md), and how they were measured.

![Multiples of the time of a copy, against size](which.svg)
"""
_COLOURS: Final = {"float16": GREEN, "float32": BLUE, "float64": ORANGE}
_WIDTH, _HEIGHT = 520, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 360, 70, 270


def best(run: Run, dtype: str, size: int, tasks: Iterable[Task]) -> tuple[str, str, Measured]:
    """Return the fastest call, who offers it, and its cell: ours, unless NumPy's clearly is."""
    found = []
    for task in tasks:
        if measured := run.cells.get(Cell(task, dtype, size)):
            found.append((measured.time(), task.call, OURS, measured))
            numpy = measured.ratio(NUMPY)
            if numpy is not None and numpy.high < _CLEARLY:
                found.append((measured.time(NUMPY), _NUMPY[task], NUMPY, measured))
    _, call, name, measured = min(found, key=lambda each: each[0])
    return call, name, measured


def _asked(run: Run) -> list[tuple[str, int]]:
    """Return the dtypes and sizes of which there is a figure."""
    tasks = {*_KEPT, *_OVERWRITTEN}
    return list(
        dict.fromkeys((c.dtype, c.size) for c in run.cells if not c.nan and c.task in tasks)
    )


def page(run: Run) -> str:
    """Return the page."""
    head = ["dtype", "numbers", *("x is needed", "time", "of a copy", "torch")]
    head += ["x may be overwritten", "time", "of a copy", "torch"]
    lines = [
        [
            dtype,
            f"{size:,}",
            *_cells(run, dtype, size, _KEPT),
            *_cells(run, dtype, size, _OVERWRITTEN),
        ]
        for dtype, size in _asked(run)
    ]
    where = f"On {hardware(run.about.machine)}; {run.about.date:.10}."
    return "\n".join([MARK, "", _HEAD, PAGE.table([head, *lines]), "", where, ""])


def _cells(run: Run, dtype: str, size: int, tasks: Iterable[Task]) -> list[str]:
    call, name, measured = best(run, dtype, size, tasks)
    time = measured.time(name)
    of_copy = f"{time / measured.time(COPY):.1f}" if COPY in measured.seconds else "-"
    of_torch = f"{measured.time(TORCH) / time:.2f}" if TORCH in measured.seconds else "-"
    return [f"`{call}`", duration(time), of_copy, of_torch]


def figure(run: Run) -> str:
    """Return multiples of a copy against size: two lines for each dtype."""
    points: dict[tuple[str, tuple[Task, Task]], list[tuple[float, float]]] = {
        (dtype, tasks): [
            (size, measured.time(name) / measured.time(COPY))
            for each, size in _asked(run)
            if each == dtype
            for _, name, measured in [best(run, dtype, size, tasks)]
            if COPY in measured.seconds
        ]
        for dtype in dict.fromkeys(dtype for dtype, _ in _asked(run))
        for tasks in (_KEPT, _OVERWRITTEN)
    }
    lines = {key: found for key, found in points.items() if found}
    every = [value for found in lines.values() for _, value in found] or [1.0]
    sizes = sorted({size for _, size in _asked(run)}) or [1]
    x = Axis(sizes[0], max(sizes[-1], sizes[0] * 2), _LEFT + 8, _RIGHT)
    y = Axis(min(0.8, *every), max(2.0, *every) * 1.1, _BOTTOM, _TOP)
    words = "The fastest ReLU in multiples of the time of a copy, against the numbers in x"
    shown = [*_frame(sizes, x, y), *_curves(lines, x, y)]
    return document(_WIDTH, _HEIGHT, words, _COLOURS, shown)


def _frame(sizes: Iterable[int], x: Axis, y: Axis) -> Iterator[str]:
    yield text(8, 22, "The fastest ReLU: multiples of a copy", "title")
    yield text(8, 42, "a copy that moves as many bytes is 1: what memory allows", "small")
    for value in ticks(y.low, y.high):
        yield f'<path class="grid" d="M{_LEFT} {pixel(y(value))}H{_RIGHT}"/>'
        yield text(_LEFT - 6, y(value) + 4, f"{value:g}", "small", "end")
    for size in sizes:
        yield f'<path class="grid" d="M{pixel(x(size))} {_BOTTOM}v4"/>'
        yield text(x(size), _BOTTOM + 20, _short(size), "small", "middle")
    yield text((_LEFT + _RIGHT) / 2, _BOTTOM + 40, "numbers in x", "small", "middle")
    yield text(_RIGHT + 8, _BOTTOM + 40, "solid: x is needed", "small")
    yield text(_RIGHT + 8, _BOTTOM + 40 + LABEL_HEIGHT, "dashed: overwritten", "small")


def _short(size: int) -> str:
    """Return a size as the workloads spell it."""
    return f"{size}" if size < 1_000 else f"{size:.0e}".replace("e+0", "e")  # noqa: PLR2004


def _curves(
    lines: Mapping[tuple[str, tuple[Task, Task]], Sequence[tuple[float, float]]], x: Axis, y: Axis
) -> Iterator[str]:
    places = apart([y(found[-1][1]) for found in lines.values()])
    for ((dtype, tasks), found), place in zip(lines.items(), places, strict=True):
        overwritten = tasks is _OVERWRITTEN
        at = [(x(size), y(value)) for size, value in found]
        yield from curve(at, dtype, dashed=overwritten)
        yield text(_RIGHT + 8, place + 4, dtype + ", in place" * overwritten, f"label {dtype}")
