"""The same for what no kernel takes as it is: sequences, scalars, subclasses and any layout."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from relu_impls.checks import check_match, check_out, real
from relu_impls.contract import Array
from relu_impls.small import anyhow, layout_of


def forward(x: ArrayLike, out: Array | None) -> Array:
    """Return what `relu` does."""
    array = real("x", x, "biufm")
    check_out(out, array)
    known = layout_of(array.dtype)
    if known is not None and known.buffered and array.size > known.few:
        found = anyhow(known.forward, known.dtype, out, array)
        return found[()] if out is None else out
    result: Array = np.maximum(array, array.dtype.type(0), out=out)
    return result


def derivative(x: ArrayLike, out: Array | None) -> Array:
    """Return what `drelu` does."""
    array = real("x", x)
    check_out(out, array)
    known = layout_of(array.dtype)
    if known is not None and array.size > max(known.steps, known.simple):
        found = anyhow(known.derivative, known.dtype, out, array)
        return found[()] if out is None else out
    slope = np.empty_like(array, dtype=array.dtype.newbyteorder("="))
    np.greater(array, 0, out=slope, casting="unsafe")
    np.copyto(slope, array, where=np.not_equal(array, array))
    if out is None:
        result: Array = slope[()]
        return result
    np.copyto(out, slope)
    return out


def backward(grad: ArrayLike, x: ArrayLike, out: Array | None) -> Array:
    """Return what `relu_backward` does."""
    array, gradient = real("x", x), real("grad", grad)
    check_match("grad", gradient, array)
    check_out(out, array)
    known = layout_of(array.dtype)
    if known is not None and array.size > max(known.picks, known.simple):
        return anyhow(known.backward, known.dtype, out, gradient, array)
    # relu(x) is 0 where the gradient is blocked and NaN where x is.
    floor = np.maximum(array, array.dtype.type(0))
    result = np.where(np.greater(array, 0), gradient, floor)
    if out is None:
        return result
    np.copyto(out, result)
    return out
