"""The right answers for a workload, in plain Python: no array operation can hide a mistake."""

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
    """Return what every method computes from 1-D numbers below half the largest of their dtype."""
    match quantity:
        case Quantity.RELU:
            found = ([v if v > 0 else 0.0 for v in part] for part in _parts(x))
        case Quantity.DERIVATIVE | Quantity.MASK:
            found = ([v > 0 for v in part] for part in _parts(x))
        case _:
            both = zip(_parts(x), _parts(grad), strict=True)
            found = ([g if v > 0 else 0.0 for v, g in zip(*each, strict=True)] for each in both)
    kind = np.bool_ if quantity is Quantity.MASK else dtype
    return np.concatenate([np.array(part, kind) for part in found])


def _parts(array: NDArray[Any]) -> Iterator[list[float]]:
    for start in range(0, array.size, _CHUNK):
        yield array[start : start + _CHUNK].tolist()


def difference(given: NDArray[Any], expected: NDArray[Any], step: int = 1) -> str:
    """Say how every `step`-th number, in C order, is wrong; +0.0 is -0.0, and NaN is NaN."""
    if given.dtype != expected.dtype:
        return f"has dtype {given.dtype}, expected {expected.dtype}"
    found = given.ravel()[::step]
    same = (found == expected) | ((found != found) & (expected != expected))  # noqa: PLR0124
    if same.all():
        return ""
    first = int(np.argmin(same))
    index = [int(i) for i in np.unravel_index(first * step, given.shape)]
    return f"has {found[first]!s} at {index}, expected {expected[first]!s}"
