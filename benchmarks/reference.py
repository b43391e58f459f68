"""The right answers for a workload, in plain Python: no array operation can hide a mistake."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relu_impls.contract import Quantity

_CHUNK = 1 << 20


def answer(
    quantity: Quantity, x: NDArray[Any], grad: NDArray[Any] | None, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Return what every method must compute from ordinary numbers.

    Parameters
    ----------
    quantity : Quantity
        What to compute.
    x : ndarray
        Finite numbers below half the largest of their dtype: there all contracts agree.
    grad : ndarray or None
        Upstream gradient like `x`; needed for a backward pass only.
    dtype : dtype
        Dtype of the answer.

    Returns
    -------
    ndarray
        Array of the shape and memory order of `x`.
    """
    order: Literal["C", "F"] = "F" if x.flags.fnc else "C"
    flat = x.ravel(order)
    flat_grad = flat if grad is None else grad.ravel(order)
    into = np.empty(x.size, dtype)
    for start in range(0, x.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        xs = flat[part].tolist()
        match quantity:
            case Quantity.RELU:
                into[part] = [v if v > 0 else 0 for v in xs]
            case Quantity.DERIVATIVE | Quantity.MASK:
                into[part] = [v > 0 for v in xs]
            case Quantity.BACKWARD:
                grads = flat_grad[part].tolist()
                into[part] = [g if v > 0 else 0 for v, g in zip(xs, grads, strict=True)]
    return into.reshape(x.shape, order=order)
