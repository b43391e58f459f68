"""The figure of peers: how our calls compare with torch's, a dot for each size."""

from collections.abc import Iterator
from typing import Final

from benchmarks.results.contenders import REVISION, TORCH, Task
from benchmarks.results.measured import Cell, Run
from benchmarks.results.svg import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    Axis,
    document,
    dot,
    pixel,
    text,
)
from pytest_against.report import hardware

_WIDTH: Final = 520
_LEFT, _RIGHT, _TOP = 200, 500, 92
_STEP: Final = 19
_COLOURS: Final = (GREEN, BLUE, PURPLE, ORANGE, RED)
_WORDS: Final = {
    Task.RELU: "relu",
    Task.OUT: "relu, out=",
    Task.IN_PLACE: "relu in place",
    Task.DRELU: "drelu",
    Task.BACKWARD: "relu_backward",
    Task.BACKWARD_OUT: "relu_backward, out=",
}
_FEWEST: Final = 0.25
_MOST: Final = 8.0


def figure(run: Run) -> str:
    """Return a line for each dtype and task, with a dot where we are beside torch."""
    name = TORCH if run.ratios(TORCH, lambda _: True) else REVISION
    found = run.ratios(name, lambda cell: not cell.nan)
    sizes = sorted({cell.size for cell in found})
    lines = list(dict.fromkeys((c.dtype, c.task) for c in sorted(found, key=_place)))
    bottom = _TOP + len(lines) * _STEP + 8 * len({dtype for dtype, _ in lines})
    height = bottom + 46
    x = Axis(_FEWEST, _MOST, _LEFT, _RIGHT)
    colours = {f"n{size}": _COLOURS[at % len(_COLOURS)] for at, size in enumerate(sizes)}
    shown = [*_frame(run, name, sizes, bottom, x), *_dots(found, lines, sizes, x)]
    words = f"How many times as long as ours a call of {name} takes, by dtype, task and size"
    return document(_WIDTH, height, words, colours, shown)


def _place(cell: Cell) -> tuple[object, ...]:
    return cell.dtype, [*Task].index(cell.task)


def _frame(run: Run, name: str, sizes: list[int], bottom: float, x: Axis) -> Iterator[str]:
    yield text(8, 22, f"The time of {name}, in multiples of ours", "title")
    cpu = hardware({"cpu": run.about.machine.get("cpu", "")}).replace("(R)", "")
    yield text(8, 42, f"{cpu}, {run.about.date:.10}, one thread", "small")
    at = 8.0
    for place, size in enumerate(sizes):
        yield dot(at + 4, 62, f"n{size}", _radius(place))
        yield text(at + 13, 66, f"{size:,}", "small")
        at += 30 + 8 * len(f"{size:,}")
    for value in (_FEWEST, 0.5, 1, 2, 4, _MOST):
        width = ' style="stroke-width:2"' if value == 1 else ""
        yield f'<path class="grid"{width} d="M{pixel(x(value))} {_TOP - 8}V{pixel(bottom)}"/>'
        yield text(x(value), bottom + 16, f"{value:g}", "small", "middle")
    yield text(x(1) - 6, bottom + 34, f"{name} is faster", "small", "end")
    yield text(x(1) + 6, bottom + 34, "we are faster", "small")


def _radius(place: int) -> float:
    return 3 + 0.7 * place


def _dots(
    found: dict[Cell, float], lines: list[tuple[str, Task]], sizes: list[int], x: Axis
) -> Iterator[str]:
    y, before = float(_TOP), ""
    for dtype, task in lines:
        if before and dtype != before:
            y += 8
        if dtype != before:
            yield text(8, y + 4, dtype, "label")
        before = dtype
        yield text(_LEFT - 10, y + 4, _WORDS[task], "small", "end")
        for place, size in reversed(list(enumerate(sizes))):
            if ratio := found.get(Cell(task, dtype, size)):
                yield dot(x(min(max(ratio, _FEWEST), _MOST)), y, f"n{size}", _radius(place))
        y += _STEP
