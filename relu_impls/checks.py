"""What is said of arguments that are not accepted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from relu_impls.contract import Array
from relu_impls.facts import dtypes_of, kind_of, package
from relu_impls.small import foreign


def read(name: str, value: ArrayLike) -> Array:
    """Return an argument as NumPy reads it."""
    try:
        return np.asanyarray(value)
    except ValueError as error:
        if not isinstance(value, list | tuple) or "inhomogeneous" not in str(error):
            raise
        given = type(value).__name__
        accepted = "rows of one length, or an array of awkward or ragged"
        raise ValueError(f"{name} is a {given} of uneven rows; accepted: {accepted}") from error


def real(name: str, value: ArrayLike, kinds: str = "biuf") -> Array:
    """Return an argument as an array; an error if it holds no real numbers."""
    array = read(name, value)
    check_kind(name, array, kinds)
    return array


def check_kind(name: str, value: Any, kinds: str = "biuf") -> None:
    """Raise an error if an array of any package holds no real numbers."""
    each = dtypes_of(value)
    dtype = next((dtype for dtype in each if not _is_accepted(dtype, kinds)), None)
    if dtype is None:
        return
    floats = ", real floats and timedelta64" if "m" in kinds else " and real floats"
    accepted = f"bool, integers{floats}"
    if package(type(value)) == "polars":  # whose Boolean has no arithmetic
        accepted = "integers and real floats, as x.cast(int) makes them"
    raise TypeError(f"{name} has dtype {dtype}; accepted: {accepted}")


def _is_accepted(dtype: Any, kinds: str) -> bool:
    plain = isinstance(dtype, np.dtype)
    return kind_of(dtype) in kinds or (plain and foreign(dtype) is not None)


def check_match(name: str, array: Array, like: Array) -> None:
    """Raise an error if an array has another shape or dtype than the argument `x`."""
    if array.shape != like.shape:
        raise ValueError(f"{name} has shape {array.shape}; accepted: {like.shape}, the shape of x")
    if array.dtype.newbyteorder("=") != like.dtype.newbyteorder("="):
        raise TypeError(f"{name} has dtype {array.dtype}; accepted: {like.dtype}, the dtype of x")


def check_out(out: object, x: Array) -> None:
    """Raise an error if the result for `x` cannot be written there."""
    if out is None:
        return
    if not isinstance(out, np.ndarray):
        given = type(out).__name__
        raise TypeError(f"out is a {given}; accepted: a numpy.ndarray like x, or None")
    check_match("out", out, x)
    if not out.flags.writeable:
        raise ValueError("out is read-only; accepted: a writeable array")


def check_threads(threads: Any) -> int:
    """Return a number of threads as it was given; an error if it is none."""
    whole = isinstance(threads, int | np.integer) and not isinstance(threads, bool)
    if not whole or int(threads) < 1:
        error = ValueError if whole else TypeError
        raise error(f"threads is {threads!r}; accepted: a whole number from 1 on, or None")
    return int(threads)
