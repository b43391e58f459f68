"""Limits that some rows have of their own, written once in a file.

.. code-block:: toml

    floor = "5 ns"  # what is slower by less is not slower
    [limits]        # the first that matches counts, as for pytest -k; --limit for the others
    "test_enum or test_pass" = "50%"
    "TestSlow" = "any"
"""

from __future__ import annotations

import argparse
import math
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import Struct, ValidationError, convert

from pytest_against import arguments
from pytest_against.files import read_bytes
from pytest_against.model import CannotJudgeError, short
from pytest_against.saved import matcher

_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
ANY: Final = 1e9
"""A limit, as a fraction, that nothing exceeds."""


class _File(Struct, forbid_unknown_fields=True):
    floor: str = "0 s"
    limits: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class RowLimits:
    """What is tolerated of which row."""

    limit: float  # of those that have no other, as a fraction
    floor: float = 0.0  # seconds
    others: Sequence[tuple[Callable[..., bool], float]] = ()

    def of(self, names: Sequence[str], seconds: float) -> float:
        """Return the limit of a row that took so long before."""
        found = next((limit for matches, limit in self.others if matches(*names)), self.limit)
        return max(found, self.floor / seconds)


def load(path: Path | None, limit: float) -> RowLimits:
    """Read the file, if there is one; CannotJudgeError says where it is wrong."""
    if path is None:
        return RowLimits(limit)
    try:
        found = convert(tomllib.loads(read_bytes(path).decode()), _File)
        others = [
            (matcher(words), ANY if text == "any" else arguments.fraction(text))
            for words, text in found.limits.items()
        ]
        return RowLimits(limit, _seconds(found.floor), others)
    except (
        OSError,
        ValueError,
        RecursionError,
        ValidationError,
        argparse.ArgumentTypeError,
    ) as error:
        raise CannotJudgeError(
            f"{short(path)} has no limits ({short(error)}); write a floor such as '5 ns', and "
            "below [limits] names of rows with '50%' or 'any'"
        ) from None


def _seconds(text: str) -> float:
    found = re.fullmatch(r"\s*([\d.]+)\s*(s|ms|us|ns)\s*", text, re.ASCII)
    if not found:
        raise ValueError(f"floor {text!r} is no time")
    number = float(found[1]) * _UNITS[found[2]]
    if not math.isfinite(number):
        raise ValueError(f"floor {text!r} is no time")
    return number
