"""The functions for people who only want a ReLU: checked input, dtype and NaN preserved."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from relu_impls.contract import REAL, Array, Contract, Kind, Sign, Temporary, method, same

_HERE: Final = "relu_impls"
_PLAIN: Final = Contract(dtypes=same(REAL))


@method(Kind.FRESH, "relu(x)", _HERE, _PLAIN)
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


@method(Kind.OUT, "relu(x, out=out)", _HERE, _PLAIN)
def relu_out(x: Array, out: Array) -> Array:
    """`relu` into a given buffer."""
    return relu(x, out=out)


@method(Kind.IN_PLACE, "relu(x, out=x)", _HERE, _PLAIN, array_like=False)
def relu_inplace(x: Array) -> Array:
    """`relu` over its own input."""
    return relu(x, out=x)


@method(
    Kind.DERIVATIVE,
    "drelu(x)",
    _HERE,
    dtypes=same(REAL),
    passes=3,
    zero_from_minus_zero=Sign.PLUS,
    data_dependent=True,
    temporaries=(Temporary.MASK,),
)
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


@method(
    Kind.BACKWARD,
    "relu_backward(grad, x)",
    _HERE,
    dtypes=same(REAL),
    passes=3,
    keeps_subclass=False,
    data_dependent=True,
    temporaries=(Temporary.MASK, Temporary.ARRAY),
)
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


def _real(name: str, value: ArrayLike) -> Array:
    array = np.asanyarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}; accepted: bool, integers and real floats")
    return array


def _check_match(name: str, array: Array, like: Array) -> None:
    if array.shape != like.shape:
        raise ValueError(f"{name} has shape {array.shape}; accepted: {like.shape}, the shape of x")
    if array.dtype.newbyteorder("=") != like.dtype.newbyteorder("="):
        raise TypeError(f"{name} has dtype {array.dtype}; accepted: {like.dtype}, the dtype of x")


def _check_out(out: object, x: Array) -> None:
    if out is None:
        return
    if not isinstance(out, np.ndarray):
        given = type(out).__name__
        raise TypeError(f"out is a {given}; accepted: a numpy.ndarray like x, or None")
    _check_match("out", out, x)
    if not out.flags.writeable:
        raise ValueError("out is read-only; accepted: a writeable array")
