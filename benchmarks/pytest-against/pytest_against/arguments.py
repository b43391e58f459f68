"""How limits, seconds, counts and files are read, wherever someone writes them."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_against.model import short


def _checked(
    text: str, expected: str, end: float = math.inf, *, percent: bool = False, zero: bool = False
) -> float:
    """Return a number above 0, or 0 if it may be that, and below `end` if it is no percentage."""
    number = text.removesuffix("%") if percent else text
    unit, end = (1, end) if number == text else (100, math.inf)
    with suppress(ValueError):
        if 0 < (found := float(number) / unit) < end or (zero and found == 0):
            return abs(found)  # there is a -0.0
    raise argparse.ArgumentTypeError(f"{short(text) or 'nothing'} is no {expected}")


def fraction(text: str) -> float:
    """Return a limit: ``5%``, ``900%`` or ``0.05``."""
    words = "limit; write one above 0, as 5% or 900%, or below 1 without the sign, as 0.05"
    return _checked(text, words, 1, percent=True)  # who writes 3 may mean 3 %


def tolerance(text: str) -> float:
    """Return by what part numbers may differ: as a limit, or nothing."""
    words = "tolerance; write 0, or a number below 1, as 1e-9 or 0.1%"
    return _checked(text, words, 1, percent=True, zero=True)


def positive(text: str) -> float:
    """Return a number of seconds."""
    return _checked(text, "number of seconds above 0")


def floor(text: str) -> float:
    """Return seconds per call below which no difference counts, or none."""
    return _checked(text, "number of seconds; write 0 or more, as 1e-6", zero=True)


def whole(text: str) -> int:
    """Return a number of trials, or of cores."""
    if re.fullmatch("0*[1-9][0-9]{0,3}|0*10000", text):
        return int(text)
    words = f"{short(text) or 'nothing'} is no whole number from 1 to 10000"
    raise argparse.ArgumentTypeError(words)


READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "cores": whole,
    "limit": fraction,
    "trials": whole,
    "budget": positive,
    "timeout": positive,
    **dict.fromkeys(("json", "markdown", "junit", "html"), Path),
}
"""By the options of a gate whose values are more than words."""


def shown(text: str) -> Path:
    """Return a file that a page or a chart is written to."""
    path = Path(text)
    if path.suffix.lower() not in {".html", ".htm", ".svg"}:
        raise argparse.ArgumentTypeError(
            f"{short(text)} is neither page nor chart; write FILE.html or FILE.svg"
        )
    return path
