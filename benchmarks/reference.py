"""The right answers for a workload, in plain Python: no array operation can hide a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from relu_impls.contract import Quantity

_CHUNK: Final = 1 << 16
"""Numbers that are Python objects at a time; those of the article would take a gigabyte."""


def answer(
    quantity: Quantity, x: NDArray[Any], grad: NDArray[Any], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Return what every method must compute from ordinary numbers.

    Parameters
    ----------
    quantity : Quantity
        What to compute.
    x, grad : ndarray
        One dimension of numbers below half the largest of their dtype: there all contracts agree.
    dtype : dtype
        Dtype of the answer, unless it is a mask.
    """
    match quantity:
        case Quantity.RELU:
            found = (v if v > 0 else 0.0 for v in _numbers(x))
        case Quantity.DERIVATIVE | Quantity.MASK:
            found = (v > 0 for v in _numbers(x))
        case _:
            both = zip(_numbers(x), _numbers(grad), strict=True)
            found = (g if v > 0 else 0.0 for v, g in both)
    return np.fromiter(found, np.bool_ if quantity is Quantity.MASK else dtype)


def _numbers(array: NDArray[Any]) -> Iterator[float]:
    for start in range(0, array.size, _CHUNK):
        yield from array[start : start + _CHUNK].tolist()


def difference(given: NDArray[Any], expected: NDArray[Any], step: int = 1) -> str | None:
    """Say how an array differs from the right one; +0.0 equals -0.0, and NaN equals NaN.

    Parameters
    ----------
    given, expected : ndarray
        An array of any shape and order; every number `step` of the right one, in C order.
    step : int
        How many numbers to go on each time.
    """
    if given.dtype != expected.dtype:
        return f"has dtype {given.dtype}, expected {expected.dtype}"
    found = given.flat[::step]
    same = (found == expected) | ((found != found) & (expected != expected))  # noqa: PLR0124
    if same.all():
        return None
    first = int(np.argmin(same))
    index = [int(i) for i in np.unravel_index(first * step, given.shape)]
    return f"has {found[first]!s} at {index}, expected {expected[first]!s}"
