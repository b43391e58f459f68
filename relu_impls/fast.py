"""The functions for people who only want a ReLU: checked input, dtype and NaN preserved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Literal, TypeGuard

from numpy import maximum, ndarray
from numpy.typing import ArrayLike

from relu_impls import general
from relu_impls.checks import check_threads
from relu_impls.containers import any_container, apply
from relu_impls.contract import REAL, Array, Contract, Kind, Sign, Temporary, method, same
from relu_impls.kernels import LAYOUTS
from relu_impls.memory import overlaps
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
        Threads to use at most, for arrays of 8 MiB or more that are contiguous or have one
        dimension, also inside what only holds them (pint, SciPy, xarray); one by default.  The
        bits do not depend on it; each thread takes up to 256 KiB beside the result.

    Returns
    -------
    ndarray, scalar or container
        What is masked, labelled, lazy or of a unit stays so in the packages that the README
        names; what is only read as an array (zarr, h5py, blosc2, larray) becomes one.
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
    if type(x) is ndarray:
        try:  # for few numbers, every step counts
            layout = LAYOUTS[x.dtype]
        except (KeyError, TypeError):  # or a dtype that has no hash
            pass
        else:
            found: Array | None
            if x.size > layout.few:
                any_shape = x.ndim == 1 or x.size <= layout.shaped
                if any_shape and threads is None and (out is None or _fits(out, x)):
                    return layout.forward(x, out)
                found = _run(layout.forward, threads, out, x)
            elif out is None:
                found = maximum(x, layout.zero)
            else:
                found = maximum(x, layout.zero, out=out) if _fits(out, x) else None
            if found is not None:
                return found
    if any_container(x, out):
        kept: Array = apply(relu, x, out=out, threads=threads)
        return kept
    return general.forward(x, out)


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
        Threads to use at most, for arrays of 8 MiB or more that are contiguous or have one
        dimension, also inside what only holds them (pint, SciPy, xarray); one by default.  The
        bits do not depend on it; each thread takes up to 256 KiB beside the result.

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
    if type(x) is ndarray:
        try:
            layout = LAYOUTS[x.dtype]
        except (KeyError, TypeError):
            pass
        else:
            found: Array | None
            few = x.ndim == 1 or x.size <= layout.steps
            if few and threads is None and (out is None or _fits(out, x)):
                found = layout.derivative(x, out)
            else:
                found = _run(layout.derivative, threads, out, x)
            if found is not None:
                return found
    if any_container(x, out):
        kept: Array = apply(drelu, x, out=out, threads=threads)
        return kept
    return general.derivative(x, out)


@method(
    Kind.BACKWARD,
    "relu_backward(grad, x)",
    _HERE,
    dtypes=same(REAL),
    passes=2,
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
        Threads to use at most, for arrays of 8 MiB or more that are contiguous or have one
        dimension, also inside what only holds them (pint, SciPy, xarray); one by default.  The
        bits do not depend on it; each thread takes up to 256 KiB beside the result.

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
    if type(x) is ndarray and x.ndim and _alike(grad, x):
        try:
            layout = LAYOUTS[x.dtype]
        except (KeyError, TypeError):
            pass
        else:
            found: Array | None
            few = x.ndim == 1 or x.size <= layout.picks
            if few and threads is None and (out is None or _fits(out, x)):
                found = layout.backward(grad, x, out)
            else:
                found = _run(layout.backward, threads, out, grad, x)
            if found is not None:
                return found
    if any_container(grad, x, out):
        kept: Array = apply(relu_backward, grad, x, out=out, threads=threads)
        return kept
    return general.backward(grad, x, out)


def _alike(given: object, x: Array) -> TypeGuard[Array]:
    """Return whether something is a plain array too, of the same dtype and shape."""
    return type(given) is ndarray and given.dtype is x.dtype and given.shape == x.shape


def _fits(out: object, x: Array) -> TypeGuard[Array]:
    """Return whether a result can be written there."""
    return (out is x or _alike(out, x)) and out.flags.writeable


def _run(
    kernel: Callable[..., Array], threads: int | None, out: Array | None, *arrays: Array
) -> Array | None:
    """Return what a kernel gives for arrays of any shape; None if it cannot take them."""
    first = arrays[0]
    if not (out is None or _fits(out, first)):
        return None
    if threads is not None and threads > 1 and first.nbytes >= WORTH:
        if overlaps(out, *arrays):
            return None
        kernel = partial(spread, kernel, threads)
    if first.ndim == 1:
        return kernel(*arrays, out)
    order: Literal["C", "F"] = "C" if first.flags.c_contiguous else "F"
    every = arrays if out is None else (*arrays, out)
    if not first.ndim or not all(each.flags[order] for each in every):
        return None
    flat = [each.ravel(order) for each in arrays]  # views, as numbers lie side by side
    if out is None:
        return kernel(*flat, None).reshape(first.shape, order=order)
    # One object stays one: that is how a kernel knows that it writes over an input.
    same = [row for row, each in zip(flat, arrays, strict=True) if each is out]
    kernel(*flat, same[0] if same else out.ravel(order))
    return out
