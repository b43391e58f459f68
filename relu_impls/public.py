"""The functions for people who only want a ReLU: checked input, dtype and NaN preserved."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from relu_impls.contract import (
    REAL,
    Contract,
    Kind,
    Method,
    Sign,
    Temporary,
    same,
)
from relu_impls.forward import Array

_REAL_KINDS: Final = "biuf"


def _real(name: str, value: ArrayLike) -> Array:
    array = np.asanyarray(value)
    if array.dtype.kind not in _REAL_KINDS:
        msg = f"{name} has dtype {array.dtype}; accepted: bool, integers and real floats"
        raise TypeError(msg)
    return array


def _check_match(name: str, array: Array, like: Array) -> None:
    if array.shape != like.shape:
        msg = f"{name} has shape {array.shape}; accepted: {like.shape}, the shape of x"
        raise ValueError(msg)
    if array.dtype.newbyteorder("=") != like.dtype.newbyteorder("="):
        msg = f"{name} has dtype {array.dtype}; accepted: {like.dtype}, the dtype of x"
        raise TypeError(msg)


def _check_out(out: object, x: Array) -> None:
    if out is None:
        return
    if not isinstance(out, np.ndarray):
        msg = f"out is a {type(out).__name__}; accepted: a numpy.ndarray like x, or None"
        raise TypeError(msg)
    _check_match("out", out, x)
    if not out.flags.writeable:
        msg = "out is read-only; accepted: a writeable array"
        raise ValueError(msg)


def relu(x: ArrayLike, out: Array | None = None) -> Array:
    """Return `x` where it is positive, and zero elsewhere.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape: bool, integers or real floats.
    out : ndarray, optional
        Array of the shape and dtype of `x` that receives the result; it may be `x` itself.

    Returns
    -------
    ndarray or scalar
        `out` if it was given; otherwise a new array of the shape and dtype of `x` in native
        byte order, a scalar where `x` has no dimensions.  NaN stays NaN.  The sign of a zero
        is unspecified.

    Raises
    ------
    TypeError
        If `x` is not real, or `out` is not an array of the dtype of `x`.
    ValueError
        If `out` has another shape than `x` or is read-only.

    Examples
    --------
    >>> from relu_impls import relu
    >>> relu([-1.5, 0.0, 2.5])
    array([0. , 0. , 2.5])
    """
    array = _real("x", x)
    _check_out(out, array)
    result: Array = np.maximum(array, array.dtype.type(0), out=out)
    return result


def drelu(x: ArrayLike) -> Array:
    """Return the derivative of `relu`: one where `x` is positive, and zero elsewhere.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape: bool, integers or real floats.

    Returns
    -------
    ndarray or scalar
        New array of the shape and dtype of `x` in native byte order, a scalar where `x` has
        no dimensions.  The derivative at 0 is 0 [1]_.  NaN stays NaN.

    Raises
    ------
    TypeError
        If `x` is not real.

    References
    ----------
    .. [1] Bertoin et al., "Numerical influence of ReLU'(0) on backpropagation", NeurIPS 2021.

    Examples
    --------
    >>> from relu_impls import drelu
    >>> drelu([-1.5, 0.0, 2.5])
    array([0., 0., 1.])
    """
    array = _real("x", x)
    slope = np.empty_like(array, dtype=array.dtype.newbyteorder("="))
    np.greater(array, 0, out=slope, casting="unsafe")
    np.copyto(slope, array, where=np.not_equal(array, array))
    return slope[()]


def relu_backward(grad: ArrayLike, x: ArrayLike, out: Array | None = None) -> Array:
    """Return the gradient of the loss before `relu`, from the one after it.

    Parameters
    ----------
    grad : array_like
        Upstream gradient, of the shape and dtype of `x`.
    x : array_like
        What `relu` was given: real numbers of any shape.
    out : ndarray, optional
        Array of the shape and dtype of `x` that receives the result; it may be `grad` or `x`.

    Returns
    -------
    ndarray
        `out` if it was given, else a new array in native byte order: `grad` where `x` is
        positive, zero where it is zero or negative even if `grad` is infinite or NaN, and NaN
        where `x` is NaN.

    Raises
    ------
    TypeError
        If `x` or `grad` is not real, their dtypes differ, or `out` is not an array of the
        dtype of `x`.
    ValueError
        If the shapes differ or `out` is read-only.

    Examples
    --------
    >>> from relu_impls import relu_backward
    >>> relu_backward([0.1, 0.2, 0.3], [-1.5, 0.0, 2.5])
    array([0. , 0. , 0.3])
    """
    array = _real("x", x)
    gradient = _real("grad", grad)
    _check_match("grad", gradient, array)
    _check_out(out, array)
    # relu(x) is 0 where the gradient is blocked and NaN where x is.
    result = np.where(np.greater(array, 0), gradient, np.maximum(array, array.dtype.type(0)))
    if out is None:
        return result
    np.copyto(out, result)
    return out


def relu_out(x: Array, out: Array) -> Array:
    """`relu` into a given buffer."""
    return relu(x, out=out)


def relu_inplace(x: Array) -> Array:
    """`relu` over its own input."""
    return relu(x, out=x)


_HERE: Final = "relu_impls"
_relu = Contract(dtypes=same(REAL))
_relu_in_place = Contract(dtypes=same(REAL), array_like=False)

PUBLIC: Final = (
    Method("relu", Kind.FRESH, relu, "relu(x)", _HERE, _relu),
    Method("relu_out", Kind.OUT, relu_out, "relu(x, out=out)", _HERE, _relu),
    Method("relu_inplace", Kind.IN_PLACE, relu_inplace, "relu(x, out=x)", _HERE, _relu_in_place),
    Method(
        "drelu",
        Kind.DERIVATIVE,
        drelu,
        "drelu(x)",
        _HERE,
        Contract(
            dtypes=same(REAL),
            zero_from_minus_zero=Sign.PLUS,
            data_dependent=True,
            temporaries=(Temporary.MASK,),
            matrix_temporaries=(Temporary.CAST_BUFFER, Temporary.MASK_BUFFER),
        ),
    ),
    Method(
        "relu_backward",
        Kind.BACKWARD,
        relu_backward,
        "relu_backward(grad, x)",
        _HERE,
        Contract(
            dtypes=same(REAL),
            keeps_subclass=False,
            data_dependent=True,
            temporaries=(Temporary.MASK, Temporary.ARRAY),
        ),
    ),
)
"""The public functions as methods, so that they are checked and timed like the others."""
