"""Inputs that never change: a new input gets a new name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _whole(size: int) -> Array:
    """Return whole numbers of both signs, whose squares are exact."""
    return (np.arange(size) * 7919 % 2001 - 1000).astype(np.float64)


WORKLOADS: Final[Mapping[str, Array]] = {"1e3": _whole(1_000), "3e4": _whole(30_000)}


def digest(x: Array) -> str:
    """Return what tells one input from another."""
    return hashlib.sha256(x.tobytes()).hexdigest()[:16]


def answer(x: Array) -> Array:
    """Square without NumPy, one number at a time."""
    return np.array([value * value for value in x.tolist()], x.dtype)
