"""What answers ufuncs is given to them, or to methods of its own where these are better.

Three are enough: ``maximum(x, 0)`` is ReLU, its ``sign`` the derivative, and
``heaviside(sign - 1, grad)`` the gradient, since that is `grad` where its first argument is 0, 0
where that is -1, and NaN where that is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from relu_impls.facts import dtype_of, kind_of, package, type_name, words

_Function = Callable[..., Any]


def _own(x: Any) -> str:
    """Return the package of columns of numbers, whose ufuncs are worse than their methods."""
    return package(type(x)) if hasattr(x, "clip") else ""


def relu(_: _Function, x: Any, out: Any = None) -> Any:
    """Return ReLU, or fill `out`; what the package makes of it may be another object."""
    dtype, own = dtype_of(x), _own(x)
    kind = kind_of(dtype)
    if own == "polars" or (own == "pandas" and kind != "m"):
        found = x.clip(0)  # pandas' ufunc makes int64[pyarrow] with a null float64
        return found if own == "polars" else _missing(found, x)
    if isinstance(x, np.ndarray):
        zero = x.dtype.type(0)  # beside a plain 0, unyt makes float32 float64
        if zero != 0:  # float8_e8m0fnu has none
            raise TypeError(
                f"x has dtype {dtype}, which has no zero; accepted: a plain array of it"
            )
        found = np.maximum(x, zero, out=out)
        if out is None and _loses(x, found):
            found = _copy(x, _plain(found))
    else:
        found = np.maximum(x, False if kind == "b" else 0)
    if words(dtype_of(found)) != words(dtype):
        raise TypeError(f"x has dtype {dtype}, of which {type_name(x)} makes {dtype_of(found)}")
    return found


def drelu(function: _Function, x: Any) -> Any:
    """Return the derivative of ReLU."""
    own = _own(x)
    largest, bits = relu(function, x), kind_of(dtype_of(x)) == "b"
    if own == "pandas":  # the same of sign; Arrow makes no float16 of bool
        return largest if bits else _missing(largest.mask(x > 0, 1), x)
    if own == "polars":
        return largest.sign()
    try:
        return np.not_equal(largest, False) if bits else np.sign(largest)  # noqa: FBT003 - its zero
    except ValueError:
        if not isinstance(x, np.ndarray):
            raise
        return function(_plain(x))  # not all units have a sign


def _missing(found: Any, x: Any) -> Any:
    """Put NaN and what is missing back; to pandas, no float16 of Arrow is itself."""
    return found.where((x > 0) | (x <= 0), x)


def backward(function: _Function, grad: Any, x: Any) -> Any:
    """Return the gradient before ReLU."""
    if isinstance(x, np.ndarray):
        return _kept(function, grad, x)
    return _chosen(grad, drelu(function, x))


def _kept(function: _Function, grad: Any, x: Any) -> Any:
    """Return the gradient in its subclass and unit, and masked where `x` is, too."""
    largest = relu(function, x)
    numbers = function(_plain(grad), _plain(x))
    result, itself = _copy(grad, numbers), _itself(largest)
    if not hasattr(itself, "mask"):
        return result
    with np.errstate(invalid="ignore"):
        return np.multiply(result, itself)


def _copy(array: Any, numbers: Any) -> Any:
    """Return other numbers in what else an array of a subclass is."""
    try:
        result = np.array(array, dtype=array.dtype.newbyteorder("="), subok=True)
    except TypeError:  # np.ma has no fill_value of bfloat16, nor copies of what has looked for it
        result = np.maximum(array, array.dtype.type(0))
    _plain(result)[...] = numbers
    return result


def _itself(largest: Any) -> Any:
    """Return what is 1 but for NaN, without a unit: plain, unless a mask or a subclass remains."""
    with np.errstate(invalid="ignore"):  # a NaN may signal
        return largest == largest  # noqa: PLR0124


def _loses(x: Any, found: Any) -> bool:
    """Return whether a result lacks what `x` says of itself, as that of neo lacks its times."""
    told = getattr(x, "__dict__", {}).items()
    return any(v is not None and getattr(found, name, None) is None for name, v in told)


def _plain(array: Any) -> Any:
    """Return the numbers of a subclass, those under a mask as well, as a view."""
    return getattr(array, "unmasked", array).view(np.ndarray)


def _chosen(grad: Any, slope: Any) -> Any:
    """Return `grad` where the derivative is 1, and the derivative elsewhere: 0, NaN or nothing."""
    if _own(grad) == "pandas":
        return grad.where(slope == 1, slope)
    if hasattr(grad, "zip_with"):
        return grad.zip_with(slope == 1, slope)
    if _own(grad) == "polars":  # its ufuncs make integers float64
        raise TypeError(f"grad is a {type_name(grad)}; accepted: a polars.Series or .DataFrame")
    try:
        if kind_of(dtype_of(grad)) == "f":
            return np.heaviside(slope - 1, grad)
        return np.multiply(grad, slope)
    except ValueError as error:  # of all that matters, only these were not compared before
        told = "grad has rows of other lengths than x; accepted: the same"
        raise ValueError(told) from error
