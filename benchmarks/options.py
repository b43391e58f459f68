"""The values that options take, one each."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any, Final

_MOST: Final = 1_000_000
"""Seconds or trials; more than anyone waits for, and less than what overflows a clock."""


class _Once(argparse.Action):
    """Stores the value of an option, and refuses a second one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        given: set[str] = vars(namespace).setdefault("_given", set())
        if self.dest in given:
            first = getattr(namespace, self.dest)
            parser.error(f"{option_string} was given twice, {first} and {values}; give it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """A parser for which an option given twice is an error; argparse would drop the first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.register("action", None, _Once)


def fraction(text: str) -> float:
    """Read a tolerated slowdown, written as ``3%`` or ``0.03``."""
    number, percent = (text[:-1], 0.01) if text.endswith("%") else (text, 1.0)
    try:
        found = float(number) * percent
    except ValueError:
        found = math.nan
    if not 0 < found < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no limit; write one as 3% or 0.03")
    return found


def positive(text: str) -> float:
    """Read a number of seconds."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found <= _MOST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a positive number of seconds, at most {_MOST}"
        )
    return found


def whole(text: str) -> int:
    """Read a number of trials."""
    try:
        found = int(text) if text.isdecimal() else 0
    except ValueError:  # Python reads no more than so many digits
        found = 0
    if not 2 <= found <= _MOST:  # noqa: PLR2004 - one trial has no spread
        raise argparse.ArgumentTypeError(
            f"{text!r} trials are no sample that can be taken; ask for 2 to {_MOST}"
        )
    return found
