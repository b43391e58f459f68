"""ReLU: methods that return a fresh array, fill a given one, or work in place."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relu_impls.contract import (
    BOOL,
    FLOATS,
    INTEGERS,
    NUMBERS,
    REAL,
    SIGNED,
    STANDARD_FLOATS,
    Contract,
    Edge,
    Kind,
    Method,
    NaN,
    Sign,
    Temporary,
    Warns,
    When,
    same,
    to,
)

ARTICLE: Final = "the article"
THREAD: Final = "StackOverflow 32109319"

Array = NDArray[Any]
"""An array of any accepted dtype and layout."""

INVALID_MULTIPLY: Final = Warns(
    RuntimeWarning, "invalid value encountered in multiply", When.NEGATIVE_INFINITY
)


def maximum(x: ArrayLike) -> Array:
    """One pass, but NumPy reads the 0 through a strided gather."""
    return np.maximum(x, 0)


def multiply(x: Array) -> Array:
    """Multiply by the mask, which is cast to the dtype of `x` block by block."""
    result: Array = x * (x > 0)
    return result


def half_sum(x: Array) -> Array:
    """Average of `x` and its magnitude; three passes."""
    return (abs(x) + x) / 2


def where_positive(x: Array) -> Array:
    """Pick `x` where it is positive; a NaN is not."""
    return np.where(x > 0, x, 0)


def where_negative(x: Array) -> Array:
    """Pick 0 where `x` is negative; a NaN is not."""
    return np.where(x < 0, 0, x)


def clip_none(x: ArrayLike) -> Array:
    """`maximum` behind a Python wrapper."""
    return np.clip(x, 0, None)


def clip_inf(x: ArrayLike) -> Array:
    """Two-sided clip, which has a kernel of its own for floats."""
    return np.clip(x, 0, np.inf)


def fmax(x: ArrayLike) -> Array:
    """`maximum` that prefers numbers to NaN."""
    return np.fmax(x, 0)


def abs_multiply(x: Array) -> Array:
    """Multiply the magnitude by the mask, so that no -0.0 appears."""
    return abs(x) * (x > 0)


def sign_bit(x: Array) -> Array:
    """Clear every element whose sign bit is set, using integer arithmetic only."""
    bits = x.view(f"{x.dtype.byteorder}i{x.itemsize}")
    kept: Array = bits & ~(bits >> (8 * x.itemsize - 1))
    return kept.view(x.dtype.newbyteorder("="))


def maximum_out(x: ArrayLike, out: Array) -> Array:
    """`maximum` into a given buffer."""
    return np.maximum(x, 0, out=out)


def clip_out(x: ArrayLike, out: Array) -> Array:
    """`clip_inf` into a given buffer."""
    return np.clip(x, 0, np.inf, out=out)


def maximum_inplace(x: Array) -> Array:
    """`maximum` over its own input."""
    return np.maximum(x, 0, out=x)


def maximum_positional(x: Array) -> Array:
    """`maximum_inplace` in the article's spelling, deprecated since NumPy 2.4."""
    return np.maximum(x, 0, x)


def mask_assign(x: Array) -> Array:
    """Assign through a Boolean mask, run by run."""
    x[x < 0] = 0
    return x


def multiply_inplace(x: Array) -> Array:
    """`multiply` over its own input."""
    return np.multiply(x, x > 0, out=x)


def copyto(x: Array) -> Array:
    """Masked copy, run by run."""
    np.copyto(x, 0, where=x < 0)
    return x


def putmask(x: Array) -> Array:
    """Masked store, element by element."""
    np.putmask(x, x < 0, 0)
    return x


def clip_inplace(x: Array) -> Array:
    """`clip_inf` over its own input."""
    return np.clip(x, 0, np.inf, out=x)


_maximum = Contract(dtypes={**same(NUMBERS), **to("int64", BOOL)})
_maximum_given = Contract(dtypes=same(NUMBERS))
_maximum_in_place = Contract(dtypes=same(NUMBERS), array_like=False)
_multiply = Contract(
    dtypes=same(REAL),
    negative_infinity=Edge.NAN,
    zero_from_negative=Sign.MINUS,
    zero_from_minus_zero=Sign.MINUS,
    warnings=(INVALID_MULTIPLY,),
    array_like=False,
    temporaries=(Temporary.MASK, Temporary.CAST_BUFFER),
)
_masked_store = Contract(
    dtypes=same(REAL),
    zero_from_minus_zero=Sign.MINUS,
    array_like=False,
    data_dependent=True,
    temporaries=(Temporary.MASK,),
)

FORWARD: Final = (
    Method("maximum", Kind.FRESH, maximum, "np.maximum(x, 0)", ARTICLE, _maximum),
    Method("multiply", Kind.FRESH, multiply, "x * (x > 0)", ARTICLE, _multiply),
    Method(
        "half_sum",
        Kind.FRESH,
        half_sum,
        "(abs(x) + x) / 2",
        ARTICLE,
        Contract(
            dtypes={**same(FLOATS), **to("float64", INTEGERS)},
            negative_infinity=Edge.NAN,
            above_half_max=Edge.DOUBLED,
            zero_from_minus_zero=Sign.PLUS,
            warnings=(
                Warns(RuntimeWarning, "invalid value encountered in add", When.NEGATIVE_INFINITY),
                Warns(RuntimeWarning, "overflow encountered in add", When.ABOVE_HALF_MAX),
            ),
            array_like=False,
            temporaries=(Temporary.ARRAY_IF_SMALL_OR_SINGLE,),
        ),
    ),
    Method(
        "where_positive",
        Kind.FRESH,
        where_positive,
        "np.where(x > 0, x, 0)",
        THREAD,
        Contract(
            dtypes={**same(NUMBERS), **to("int64", BOOL)},
            nan=NaN.ZERO,
            zero_from_minus_zero=Sign.PLUS,
            array_like=False,
            keeps_subclass=False,
            data_dependent=True,
            temporaries=(Temporary.MASK,),
        ),
    ),
    Method(
        "where_negative",
        Kind.FRESH,
        where_negative,
        "np.where(x < 0, 0, x)",
        "torch._refs.relu",
        Contract(
            dtypes={**same(NUMBERS), **to("int64", BOOL)},
            zero_from_minus_zero=Sign.MINUS,
            array_like=False,
            keeps_subclass=False,
            data_dependent=True,
            temporaries=(Temporary.MASK,),
        ),
    ),
    Method("clip_none", Kind.FRESH, clip_none, "np.clip(x, 0, None)", "NumPy", _maximum),
    Method(
        "clip_inf",
        Kind.FRESH,
        clip_inf,
        "np.clip(x, 0, np.inf)",
        "ONNX Relu, test data",
        Contract(dtypes={**same(FLOATS), **to("float64", BOOL, INTEGERS)}),
    ),
    Method(
        "fmax",
        Kind.FRESH,
        fmax,
        "np.fmax(x, 0)",
        "NumPy",
        Contract(dtypes=_maximum.dtypes, nan=NaN.ZERO),
    ),
    Method(
        "abs_multiply",
        Kind.FRESH,
        abs_multiply,
        "abs(x) * (x > 0)",
        THREAD,
        Contract(
            dtypes=same(REAL),
            negative_infinity=Edge.NAN,
            zero_from_minus_zero=Sign.PLUS,
            warnings=(INVALID_MULTIPLY,),
            array_like=False,
            temporaries=(Temporary.MASK, Temporary.ARRAY_IF_SMALL, Temporary.CAST_BUFFER),
        ),
    ),
    Method(
        "sign_bit",
        Kind.FRESH,
        sign_bit,
        "(i & ~(i >> bits - 1)).view(x.dtype), where i = x as integers of its size",
        "IEEE 754",
        Contract(
            dtypes=same(STANDARD_FLOATS, SIGNED),
            nan=NaN.BY_SIGN,
            zero_from_minus_zero=Sign.PLUS,
            array_like=False,
            temporaries=(Temporary.ARRAY_IF_SMALL,),
        ),
    ),
    Method(
        "maximum_out",
        Kind.OUT,
        maximum_out,
        "np.maximum(x, 0, out=out)",
        "NumPy",
        _maximum_given,
    ),
    Method(
        "clip_out",
        Kind.OUT,
        clip_out,
        "np.clip(x, 0, np.inf, out=out)",
        "NumPy",
        Contract(dtypes=same(FLOATS)),
    ),
    Method(
        "maximum_inplace",
        Kind.IN_PLACE,
        maximum_inplace,
        "np.maximum(x, 0, out=x)",
        "scikit-learn, inplace_relu",
        _maximum_in_place,
    ),
    Method(
        "maximum_positional",
        Kind.IN_PLACE,
        maximum_positional,
        "np.maximum(x, 0, x)",
        ARTICLE,
        Contract(
            dtypes=same(NUMBERS),
            warnings=(
                Warns(
                    DeprecationWarning,
                    "Passing more than 2 positional arguments to np.maximum",
                    When.ALWAYS,
                    since="2.4.0",
                ),
            ),
            array_like=False,
        ),
    ),
    Method("mask_assign", Kind.IN_PLACE, mask_assign, "x[x < 0] = 0", ARTICLE, _masked_store),
    Method(
        "multiply_inplace",
        Kind.IN_PLACE,
        multiply_inplace,
        "np.multiply(x, x > 0, out=x)",
        THREAD,
        _multiply,
    ),
    Method(
        "copyto",
        Kind.IN_PLACE,
        copyto,
        "np.copyto(x, 0, where=x < 0)",
        "NumPy",
        Contract(
            dtypes=same(NUMBERS),
            zero_from_minus_zero=Sign.MINUS,
            array_like=False,
            data_dependent=True,
            temporaries=(Temporary.MASK,),
        ),
    ),
    Method("putmask", Kind.IN_PLACE, putmask, "np.putmask(x, x < 0, 0)", "NumPy", _masked_store),
    Method(
        "clip_inplace",
        Kind.IN_PLACE,
        clip_inplace,
        "np.clip(x, 0, np.inf, out=x)",
        "NumPy",
        Contract(dtypes=same(FLOATS), array_like=False),
    ),
)
"""Every forward method, in display order."""
