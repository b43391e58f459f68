"""What the figures are made of: SVG written by hand.

No plotting library, so that its bytes change only when the numbers do.  It is readable on a light
and on a dark page, and at a width of 360 pixels.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

BLUE: Final = ("#0550ae", "#79c0ff")
"""A colour on a light page, and on a dark one, as the others."""
ORANGE: Final = ("#953800", "#ffa657")
PURPLE: Final = ("#6639ba", "#d2a8ff")
GREEN: Final = ("#116329", "#7ee787")
RED: Final = ("#a40e26", "#ff7b72")

LABEL_HEIGHT: Final = 17

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
class Axis:
    """A logarithmic axis: numbers from `low` to `high`, at pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a number."""
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)


def document(
    width: int,
    height: int,
    words: str,
    colours: Mapping[str, tuple[str, str]],
    lines: Iterable[str],
) -> str:
    """Return a figure with a background; its classes have colours, and `words` say what it is."""
    inner = "\n".join([f'<rect class="page" width="{width}" height="{height}"/>', *lines])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">\n<title>{words}</title>\n'
        f"<style>\n{_style(colours)}</style>\n{inner}\n</svg>\n"
    )


def _style(colours: Mapping[str, tuple[str, str]]) -> str:
    light, dark = (
        "".join(
            f".line.{name} {{ stroke: {pair[mode]} }} "
            f".dot.{name}, .label.{name} {{ fill: {pair[mode]} }}\n"
            for name, pair in colours.items()
        )
        for mode in (0, 1)
    )
    start, media, rest = _STYLE.partition("@media")
    return f"{start}{light}{media}{rest}{dark}}}\n"


def curve(points: Sequence[tuple[float, float]], kind: str, *, dashed: bool) -> Iterable[str]:
    """Return a line through points, and a dot on each."""
    path = "L".join(f"{pixel(x)} {pixel(y)}" for x, y in points)
    yield f'<path class="line {kind}{" inplace" if dashed else ""}" d="M{path}"/>'
    for x, y in points:
        yield dot(x, y, kind)


def dot(x: float, y: float, kind: str, radius: float = 3.5) -> str:
    """Return a dot."""
    return f'<circle class="dot {kind}" cx="{pixel(x)}" cy="{pixel(y)}" r="{radius:g}"/>'


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    """Return words at a place."""
    place = f'x="{pixel(x)}" y="{pixel(y)}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


def pixel(value: float) -> str:
    """Return a place with one digit after the point."""
    return f"{value:.1f}"


def ticks(low: float, high: float) -> list[float]:
    """Return the numbers 1, 2 and 5 of each decade between two."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = (float(f"{step}e{decade}") for decade in decades for step in (1, 2, 5))
    return [value for value in every if low <= value <= high]


def apart(wanted: Sequence[float]) -> list[float]:
    """Return heights near the wanted ones, far enough from each other for a line of text."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1:
            above, below = groups[-2:]
            if _top(below, wanted) >= _top(above, wanted) + LABEL_HEIGHT * len(above):
                break
            groups[-2:] = [above + below]
    found = [0.0] * len(wanted)
    for group in groups:
        for place, i in enumerate(group):
            found[i] = _top(group, wanted) + LABEL_HEIGHT * (place + 0.5)
    return found


def _top(group: Sequence[int], wanted: Sequence[float]) -> float:
    middle = sum(wanted[i] for i in group) / len(group)
    return middle - LABEL_HEIGHT * len(group) / 2
