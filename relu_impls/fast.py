"""The functions for people who only want a ReLU: checked input, dtype and NaN preserved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeGuard

import numpy as np
from numpy import greater, maximum, multiply, ndarray
from numpy.typing import ArrayLike

from relu_impls.containers import any_container, apply
from relu_impls.contract import REAL, Array, Contract, Kind, Sign, Temporary, method, same
from relu_impls.kernels import LAYOUTS

_HERE: Final = "relu_impls"
_PLAIN: Final = Contract(dtypes=same(REAL))


@method(Kind.FRESH, "relu(x)", _HERE, _PLAIN)
def relu(x: ArrayLike, *, out: Array | None = None) -> Array:
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
    given: Any = x
    found: Array | None
    if type(given) is ndarray and (layout := LAYOUTS.get(given.dtype)) is not None:
        if given.size > layout.few:
            found = _run(layout.forward, out, given)
        elif out is None:
            found = maximum(given, layout.zero)
        else:
            found = maximum(given, layout.zero, out=out) if _fits(out, given) else None
        if found is not None:
            return found
    if any_container(given, out):
        kept: Array = apply(relu, given, out=out)
        return kept
    array = _real("x", given)
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
    passes=2,
    zero_from_minus_zero=Sign.PLUS,
    data_dependent=True,
    temporaries=(Temporary.BLOCK_MASK,),
)
def drelu(x: ArrayLike, *, out: Array | None = None) -> Array:
    """Return the derivative of `relu`: one where `x` is positive, and zero elsewhere.

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
        byte order, a scalar where `x` has no dimensions.  The derivative at 0 is 0 [1]_.  NaN
        stays NaN.

    Raises
    ------
    TypeError
        If `x` is not real, or `out` is not an array of the dtype of `x`.
    ValueError
        If `out` has another shape than `x` or is read-only.

    References
    ----------
    .. [1] Bertoin et al., "Numerical influence of ReLU'(0) on backpropagation", NeurIPS 2021.

    Examples
    --------
    >>> from relu_impls import drelu
    >>> drelu([-1.5, 0.0, 2.5])
    array([0., 0., 1.])
    """
    given: Any = x
    found: Array | None = None
    if type(given) is ndarray and given.ndim and given.size and given.dtype in LAYOUTS:
        layout = LAYOUTS[given.dtype]
        if given.size > layout.simple or out is not None:
            found = _run(layout.derivative, out, given)
        elif (largest := given.item(given.argmax())) == largest:  # and so is no NaN
            found = greater(given, layout.zero).astype(layout.dtype)
        if found is not None:
            return found
    if any_container(given, out):
        kept: Array = apply(drelu, given, out=out)
        return kept
    array = _real("x", given)
    _check_out(out, array)
    slope = np.empty_like(array, dtype=array.dtype.newbyteorder("="))
    np.greater(array, 0, out=slope, casting="unsafe")
    np.copyto(slope, array, where=np.not_equal(array, array))
    if out is None:
        result: Array = slope[()]
        return result
    np.copyto(out, slope)
    return out


@method(
    Kind.BACKWARD,
    "relu_backward(grad, x)",
    _HERE,
    dtypes=same(REAL),
    passes=3,
    data_dependent=True,
    temporaries=(Temporary.BITS,),
)
def relu_backward(grad: ArrayLike, x: ArrayLike, *, out: Array | None = None) -> Array:
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
    given: Any = x
    found: Array | None = None
    if _alike(grad, given) and given.ndim and given.size and given.dtype in LAYOUTS:
        layout = LAYOUTS[given.dtype]
        if given.size > layout.simple:
            found = _run(layout.backward, out, grad, given)
        elif (largest := given.item(given.argmax())) == largest:  # and so is no NaN
            bits, mask = grad.getfield(layout.signed), greater(given, layout.zero)
            if out is None:
                found = multiply(bits, mask).getfield(layout.dtype)
            elif _fits(out, given):
                multiply(bits, mask, out=out.getfield(layout.signed))
                found = out
        if found is not None:
            return found
    if any_container(grad, given, out):
        kept: Array = apply(relu_backward, grad, given, out=out)
        return kept
    array = _real("x", given)
    gradient = _real("grad", grad)
    _check_match("grad", gradient, array)
    _check_out(out, array)
    # relu(x) is 0 where the gradient is blocked and NaN where x is.
    result = np.where(np.greater(array, 0), gradient, np.maximum(array, array.dtype.type(0)))
    if out is None:
        return result
    np.copyto(out, result)
    return out


def _alike(given: object, x: Any) -> TypeGuard[Array]:
    """Return whether two arrays are plain, and have one dtype and one shape."""
    return type(given) is ndarray is type(x) and given.dtype is x.dtype and given.shape == x.shape


def _fits(out: object, x: Array) -> TypeGuard[Array]:
    """Return whether a result can be written there."""
    return _alike(out, x) and out.flags.writeable


def _run(kernel: Callable[..., Array], out: Array | None, *arrays: Array) -> Array | None:
    """Return what a kernel gives for arrays of any shape; None if it cannot take them."""
    first, every = arrays[0], arrays
    if out is not None:
        every = (*arrays, out)
        apart = _fits(out, first) and not any(
            each is not out and np.may_share_memory(each, out) for each in arrays
        )
        if not apart:
            return None
    if first.ndim == 1:
        return kernel(*arrays, out)
    for order in ("C", "F"):
        if all(array.flags[order] for array in every):
            # One object stays one: that is how a kernel knows that it writes over an input.
            flat = {id(array): array.reshape(-1, order=order) for array in every}
            found = kernel(*(flat.get(id(array)) for array in (*arrays, out)))
            return found.reshape(first.shape, order=order) if out is None else out
    return None


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
