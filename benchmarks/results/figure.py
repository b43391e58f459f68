"""The figure: nanoseconds per number against size."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from benchmarks.results.svg import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    Axis,
    apart,
    curve,
    document,
    pixel,
    text,
    ticks,
)
from benchmarks.workloads import WORKLOADS
from pytest_against.model import CannotJudgeError
from pytest_against.saved import Baseline
from relu_impls import METHODS, Kind

MACHINE: Final = "linux-x86_64-intel-r-xeon-r-processor-family-6-model-207-avx512"
"""The class of machines that is shown."""

SHOWN: Final = (
    *("maximum", "multiply", "half_sum", "where_positive"),
    *("maximum_inplace", "mask_assign"),
)
"""The methods, each a line; those in place are dashed."""

SIZES: Final = ("float32-1e3", "float32-3e4", "float32-6e5")

_COLOURS: Final = {
    "maximum": BLUE,
    "multiply": ORANGE,
    "half_sum": PURPLE,
    "where_positive": GREEN,
    "maximum_inplace": BLUE,
    "mask_assign": RED,
}
_WIDTH, _HEIGHT = 520, 430
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 306, 70, 362
_GAP: Final = 8


def figure(stored: Mapping[str, Baseline]) -> str:
    """Return the figure of `MACHINE`, given the stored baselines by class of machines."""
    if MACHINE not in stored:
        raise CannotJudgeError(
            f"no baseline of {MACHINE}, which the figure shows; record it there, or name another "
            "in benchmarks/results/figure.py"
        )
    baseline = stored[MACHINE]
    lines = {method: _points(baseline, method) for method in SHOWN}
    every = [y for points in lines.values() for _, y in points]
    sizes = [WORKLOADS[size].size for size in SIZES]
    x = Axis(sizes[0], sizes[-1], _LEFT + 8, _RIGHT)
    y = Axis(min(every) / 1.2, max(every) * 1.1, _BOTTOM, _TOP)
    words = f"Nanoseconds per number of {len(SHOWN)} ways to compute ReLU, float32"
    shown = [*_frame(baseline.machine, x, y), *_curves(lines, x, y)]
    return document(_WIDTH, _HEIGHT, words, _COLOURS, shown)


def _points(baseline: Baseline, method: str) -> list[tuple[float, float]]:
    """Return the sizes, and the nanoseconds per number."""
    times = {(r.row.method, r.row.workload): median(r.seconds) for r in baseline.rows.values()}
    found = list[tuple[float, float]]()
    for size in SIZES:
        if (method, size) not in times:
            raise CannotJudgeError(
                f"the baseline of {MACHINE} lacks {method}[{size}], which the figure shows; "
                "record it anew: python -m benchmarks baseline"
            )
        number = WORKLOADS[size].size
        found.append((number, 1e9 * times[method, size] / number))
    return found


def _frame(machine: Mapping[str, str], x: Axis, y: Axis) -> Iterable[str]:
    cpu, _, family = machine["cpu"].partition(" (")
    where = f"{cpu.replace('(R)', '')}, {family.rstrip(')')}, NumPy {machine['numpy']}, one core"
    yield text(8, 22, "ReLU of float32: nanoseconds per number", "title")
    yield text(8, 42, where, "small")
    for value in ticks(y.low, y.high):
        at = pixel(y(value))
        yield f'<path class="grid" d="M{_LEFT} {at}H{_RIGHT}"/>'
        yield text(_LEFT - 6, y(value) + 4, f"{value:g}", "small", "end")
    yield text(_LEFT - 6, _TOP - 8, "ns", "small", "end")
    for size in SIZES:
        number = WORKLOADS[size].size
        yield f'<path class="grid" d="M{pixel(x(number))} {_BOTTOM}v4"/>'
        yield text(x(number), _BOTTOM + 20, f"{number:,}", "small", "middle")
    yield text((_LEFT + _RIGHT) / 2, _BOTTOM + 40, "numbers in x", "small", "middle")
    yield text(_RIGHT + _GAP, _BOTTOM + 40, "solid: into a new array", "small")
    yield text(_RIGHT + _GAP, _BOTTOM + 58, "dashed: in place", "small")


def _curves(lines: Mapping[str, Sequence[tuple[float, float]]], x: Axis, y: Axis) -> Iterable[str]:
    ends = {method: y(points[-1][1]) for method, points in lines.items()}
    places = dict(zip(ends, apart(list(ends.values())), strict=True))
    for method, points in lines.items():
        places_of = [(x(size), y(value)) for size, value in points]
        yield from curve(places_of, method, dashed=METHODS[method].kind is Kind.IN_PLACE)
        expression = METHODS[method].expression
        yield text(_RIGHT + _GAP, places[method] + 4, expression, f"label {method}")
