"""Two ways to square every number of an array."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


def multiply(x: Array) -> Array:
    """Return `x` times itself."""
    result: Array = x * x
    return result


def power(x: Array) -> Array:
    """Return the second power of `x`."""
    result: Array = x**2
    return result
