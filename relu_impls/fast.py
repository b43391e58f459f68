"""The functions for people who only want a ReLU: checked input, dtype and NaN preserved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeGuard

import numpy as np
from numpy import greater, maximum, multiply, ndarray
from numpy.typing import ArrayLike

from relu_impls.checks import check_match, check_out, check_threads, real
from relu_impls.containers import any_container, apply
from relu_impls.contract import REAL, Array, Contract, Kind, Sign, Temporary, method, same
from relu_impls.kernels import LAYOUTS
from relu_impls.small import anyhow, layout_of
from relu_impls.threads import WORTH, spread

_HERE: Final = "relu_impls"
_PLAIN: Final = Contract(dtypes=same(REAL))


@method(Kind.FRESH, "relu(x)", _HERE, _PLAIN)
def relu(x: ArrayLike, *, out: Array | None = None, threads: int | None = None) -> Array:
    """Return `x` where it is positive, and zero elsewhere.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape: bool, integers, real floats, the floats and integers of
        ml_dtypes, or timedelta64.
    out : ndarray, optional
        Array of the shape and dtype of `x` that receives the result; it may be `x` itself.
    threads : int, optional
        Threads to use at most, for contiguous arrays of 8 MiB or more, also inside what only
        holds them (pint, SciPy, xarray); one by default.  The bits do not depend on it.

    Returns
    -------
    ndarray, scalar or container
        What is masked, labelled, lazy or of a unit stays so, whatever package it is of.
        `out` if it was given; otherwise a new array of the shape and dtype of `x` in native
        byte order, a scalar where `x` has no dimensions.  NaN stays NaN.  The sign of a zero
        is unspecified.

    Raises
    ------
    TypeError
        If `x` is not real, or `out` is not an array of the dtype of `x`.
    ValueError
        If `out` has another shape than `x` or is read-only, or `threads` is below 1.

    Examples
    --------
    >>> from relu_impls import relu
    >>> relu([-1.5, 0.0, 2.5])
    array([0. , 0. , 2.5])
    """
    if threads is not None:
        threads = check_threads(threads)
    given: Any = x
    found: Array | None
    if type(given) is ndarray and (layout := LAYOUTS.get(given.dtype)) is not None:
        if given.size > layout.few:
            found = _run(layout.forward, threads, out, given)
        elif out is None:
            found = maximum(given, layout.zero)
        else:
            found = maximum(given, layout.zero, out=out) if _fits(out, given) else None
        if found is not None:
            return found
    if any_container(given, out):
        kept: Array = apply(relu, given, out=out, threads=threads)
        return kept
    array = real("x", given, "biufm")
    check_out(out, array)
    known = layout_of(array.dtype)
    if known is not None and known.buffered and array.size > known.few:
        found = anyhow(known.forward, known.dtype, out, array)
        return found[()] if out is None else out
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
    temporaries=(Temporary.BLOCK_MASK,),
)
def drelu(x: ArrayLike, *, out: Array | None = None, threads: int | None = None) -> Array:
    """Return the derivative of `relu`: one where `x` is positive, and zero elsewhere.

    Parameters
    ----------
    x : array_like
        Real numbers of any shape: bool, integers, real floats, or the floats and integers of
        ml_dtypes.
    out : ndarray, optional
        Array of the shape and dtype of `x` that receives the result; it may be `x` itself.
    threads : int, optional
        Threads to use at most, for contiguous arrays of 8 MiB or more, also inside what only
        holds them (pint, SciPy, xarray); one by default.  The bits do not depend on it.

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
        If `out` has another shape than `x` or is read-only, or `threads` is below 1.

    References
    ----------
    .. [1] Bertoin et al., "Numerical influence of ReLU'(0) on backpropagation", NeurIPS 2021.

    Examples
    --------
    >>> from relu_impls import drelu
    >>> drelu([-1.5, 0.0, 2.5])
    array([0., 0., 1.])
    """
    if threads is not None:
        threads = check_threads(threads)
    given: Any = x
    found: Array | None = None
    if type(given) is ndarray and given.ndim and given.size and given.dtype in LAYOUTS:
        layout = LAYOUTS[given.dtype]
        if given.size > layout.simple or out is not None:
            found = _run(layout.derivative, threads, out, given)
        elif (largest := given.item(given.argmax())) == largest:  # and so is no NaN
            found = greater(given, layout.zero).astype(layout.dtype)
        if found is not None:
            return found
    if any_container(given, out):
        kept: Array = apply(drelu, given, out=out, threads=threads)
        return kept
    array = real("x", given)
    check_out(out, array)
    known = layout_of(array.dtype)
    if known is not None and array.size > known.simple:
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


@method(
    Kind.BACKWARD,
    "relu_backward(grad, x)",
    _HERE,
    dtypes=same(REAL),
    passes=3,
    temporaries=(Temporary.BITS,),
)
def relu_backward(
    grad: ArrayLike, x: ArrayLike, *, out: Array | None = None, threads: int | None = None
) -> Array:
    """Return the gradient of the loss before `relu`, from the one after it.

    Parameters
    ----------
    grad : array_like
        Upstream gradient, of the shape and dtype of `x`.
    x : array_like
        What `relu` was given: real numbers of any shape, but for timedelta64.
    out : ndarray, optional
        Array of the shape and dtype of `x` that receives the result; it may be `grad` or `x`.
    threads : int, optional
        Threads to use at most, for contiguous arrays of 8 MiB or more, also inside what only
        holds them (pint, SciPy, xarray); one by default.  The bits do not depend on it.

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
        If the shapes differ, `out` is read-only, or `threads` is below 1.

    Examples
    --------
    >>> from relu_impls import relu_backward
    >>> relu_backward([0.1, 0.2, 0.3], [-1.5, 0.0, 2.5])
    array([0. , 0. , 0.3])
    """
    if threads is not None:
        threads = check_threads(threads)
    given: Any = x
    found: Array | None = None
    if _alike(grad, given) and given.ndim and given.size and given.dtype in LAYOUTS:
        layout = LAYOUTS[given.dtype]
        if given.size > layout.simple:
            found = _run(layout.backward, threads, out, grad, given)
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
        kept: Array = apply(relu_backward, grad, given, out=out, threads=threads)
        return kept
    array = real("x", given)
    gradient = real("grad", grad)
    check_match("grad", gradient, array)
    check_out(out, array)
    return _backward(gradient, array, out)


def _backward(grad: Array, x: Array, out: Array | None) -> Array:
    """Return what `relu_backward` does, for arrays that no kernel takes as they are."""
    known = layout_of(x.dtype)
    if known is not None and x.size > known.simple:
        return anyhow(known.backward, known.dtype, out, grad, x)
    # relu(x) is 0 where the gradient is blocked and NaN where x is.
    result = np.where(np.greater(x, 0), grad, np.maximum(x, x.dtype.type(0)))
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


def _run(
    kernel: Callable[..., Array], threads: int | None, out: Array | None, *arrays: Array
) -> Array | None:
    """Return what a kernel gives for arrays of any shape; None if it cannot take them."""
    first, every = arrays[0], arrays
    if threads is not None and threads > 1 and first.nbytes >= WORTH:
        kernel = partial(spread, kernel, threads)
    if out is not None:
        every = (*arrays, out)
        apart = _fits(out, first) and not any(
            each is not out and np.may_share_memory(each, out) for each in arrays
        )
        if not apart:
            return None
    if first.ndim == 1:
        return kernel(*arrays, out)
    for order in ("C", "F") if first.ndim else ():
        if all(array.flags[order] for array in every):
            # One object stays one: that is how a kernel knows that it writes over an input.
            flat = {id(array): array.reshape(-1, order=order) for array in every}
            found = kernel(*(flat.get(id(array)) for array in (*arrays, out)))
            return found.reshape(first.shape, order=order) if out is None else out
    return None
