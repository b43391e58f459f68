"""The figure: nanoseconds per number against size, as an SVG written by hand.

No plotting library, so that its bytes change only when the times do.  It is readable on a light
and on a dark page, and at a width of 360 pixels.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median
from typing import Final

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

_COLOURS: Final = {  # on a light page, and on a dark one
    "maximum": ("#0550ae", "#79c0ff"),
    "multiply": ("#953800", "#ffa657"),
    "half_sum": ("#6639ba", "#d2a8ff"),
    "where_positive": ("#116329", "#7ee787"),
    "maximum_inplace": ("#0550ae", "#79c0ff"),
    "mask_assign": ("#a40e26", "#ff7b72"),
}
_WIDTH, _HEIGHT = 520, 430
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 306, 70, 362
_LABEL_HEIGHT: Final = 17
_GAP: Final = 8

_STYLE: Final = """\
svg { background: #fff }
.page { fill: #fff }
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.small { fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round }
.inplace { stroke-dasharray: 6 3 }
.label { font: 12px ui-monospace, monospace }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 }
.page { fill: #0d1117 }
text { fill: #f0f6fc }
.small { fill: #9198a1 }
.grid { stroke: #3d444d }
"""


@dataclass(frozen=True, slots=True)
class _Axis:
    """A logarithmic axis: numbers from `low` to `high`, at pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)


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
    x = _Axis(sizes[0], sizes[-1], _LEFT + 8, _RIGHT)
    y = _Axis(min(every) / 1.2, max(every) * 1.1, _BOTTOM, _TOP)
    inner = "\n".join([*_frame(baseline.machine, x, y), *_curves(lines, x, y)])
    words = f"Nanoseconds per number of {len(SHOWN)} ways to compute ReLU, float32"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img">\n<title>{words}</title>\n'
        f"<style>\n{_style()}</style>\n{inner}\n</svg>\n"
    )


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


def _style() -> str:
    light, dark = (
        "".join(
            f".line.{name} {{ stroke: {pair[mode]} }} "
            f".dot.{name}, .label.{name} {{ fill: {pair[mode]} }}\n"
            for name, pair in _COLOURS.items()
        )
        for mode in (0, 1)
    )
    start, media, rest = _STYLE.partition("@media")
    return f"{start}{light}{media}{rest}{dark}}}\n"


def _frame(machine: Mapping[str, str], x: _Axis, y: _Axis) -> Iterable[str]:
    cpu, _, family = machine["cpu"].partition(" (")
    where = f"{cpu.replace('(R)', '')}, {family.rstrip(')')}, NumPy {machine['numpy']}, one core"
    yield f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}"/>'
    yield _text(8, 22, "ReLU of float32: nanoseconds per number", "title")
    yield _text(8, 42, where, "small")
    for value in _ticks(y.low, y.high):
        at = _pixel(y(value))
        yield f'<path class="grid" d="M{_LEFT} {at}H{_RIGHT}"/>'
        yield _text(_LEFT - 6, y(value) + 4, f"{value:g}", "small", "end")
    yield _text(_LEFT - 6, _TOP - 8, "ns", "small", "end")
    for size in SIZES:
        number = WORKLOADS[size].size
        yield f'<path class="grid" d="M{_pixel(x(number))} {_BOTTOM}v4"/>'
        yield _text(x(number), _BOTTOM + 20, f"{number:,}", "small", "middle")
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 40, "numbers in x", "small", "middle")
    yield _text(_RIGHT + _GAP, _BOTTOM + 40, "solid: into a new array", "small")
    yield _text(_RIGHT + _GAP, _BOTTOM + 58, "dashed: in place", "small")


def _curves(
    lines: Mapping[str, Sequence[tuple[float, float]]], x: _Axis, y: _Axis
) -> Iterable[str]:
    ends = {method: y(points[-1][1]) for method, points in lines.items()}
    places = dict(zip(ends, _apart(list(ends.values())), strict=True))
    for method, points in lines.items():
        place = " inplace" if METHODS[method].kind is Kind.IN_PLACE else ""
        path = "L".join(f"{_pixel(x(size))} {_pixel(y(value))}" for size, value in points)
        yield f'<path class="line {method}{place}" d="M{path}"/>'
        for size, value in points:
            at = f'cx="{_pixel(x(size))}" cy="{_pixel(y(value))}"'
            yield f'<circle class="dot {method}" {at} r="3.5"/>'
        expression = METHODS[method].expression
        yield _text(_RIGHT + _GAP, places[method] + 4, expression, f"label {method}")


def _apart(wanted: Sequence[float]) -> list[float]:
    """Return heights near the wanted ones, far enough from each other for a line of text."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1:
            above, below = groups[-2:]
            if _top(below, wanted) >= _top(above, wanted) + _LABEL_HEIGHT * len(above):
                break
            groups[-2:] = [above + below]
    found = [0.0] * len(wanted)
    for group in groups:
        for place, i in enumerate(group):
            found[i] = _top(group, wanted) + _LABEL_HEIGHT * (place + 0.5)
    return found


def _top(group: Sequence[int], wanted: Sequence[float]) -> float:
    middle = sum(wanted[i] for i in group) / len(group)
    return middle - _LABEL_HEIGHT * len(group) / 2


def _ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = (float(f"{step}e{decade}") for decade in decades for step in (1, 2, 5))
    return [value for value in every if low <= value <= high]


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    place = f'x="{_pixel(x)}" y="{_pixel(y)}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


def _pixel(value: float) -> str:
    return f"{value:.1f}"
