"""Every spelling of ReLU, under its contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from relu_impls.contract import (
    BOOL,
    FLOATS,
    INTEGERS,
    NUMBERS,
    REAL,
    SIGNED,
    STANDARD_FLOATS,
    Array,
    Contract,
    Edge,
    Kind,
    NaN,
    Sign,
    Temporary,
    Warns,
    When,
    method,
    same,
    to,
)

ARTICLE: Final = "the article"
THREAD: Final = "StackOverflow 32109319"

INVALID: Final = Warns("invalid value encountered in multiply", When.NEGATIVE_INFINITY)
_POSITIONAL: Final = Warns(
    "Passing more than 2 positional arguments to np.m", When.ALWAYS, DeprecationWarning, "2.4.0"
)
CAST: Final = (Temporary.MASK, Temporary.CAST_BUFFER)
TO_FLOAT: Final = {**same(FLOATS), **to("float64", BOOL, INTEGERS)}
_MAXIMUM: Final = Contract(dtypes={**same(NUMBERS), **to("int64", BOOL)})
_IN_PLACE: Final = Contract(dtypes=same(NUMBERS), array_like=False)
MULTIPLY: Final = Contract(
    dtypes=same(REAL),
    passes=2,
    negative_infinity=Edge.NAN,
    zero_from_negative=Sign.MINUS,
    zero_from_minus_zero=Sign.MINUS,
    warnings=(INVALID,),
    array_like=False,
    temporaries=CAST,
)
MASK: Final = Contract(
    dtypes=same(REAL),
    passes=2,
    nan=NaN.ZERO,
    zero_from_minus_zero=Sign.PLUS,
    array_like=False,
    temporaries=(Temporary.MASK,),
)
WHERE: Final = replace(MASK, dtypes=_MAXIMUM.dtypes, keeps_subclass=False, data_dependent=True)
_MASKED_STORE: Final = replace(
    MASK, nan=NaN.PROPAGATES, zero_from_minus_zero=Sign.MINUS, data_dependent=True
)
_WHERE_NEGATIVE: Final = replace(_MASKED_STORE, dtypes=_MAXIMUM.dtypes, keeps_subclass=False)


@method(Kind.FRESH, "np.maximum(x, 0)", ARTICLE, _MAXIMUM)
def maximum(x: ArrayLike) -> Array:
    """One pass, but NumPy reads the 0 through a strided gather."""
    return np.maximum(x, 0)


@method(Kind.FRESH, "x * (x > 0)", ARTICLE, MULTIPLY)
def multiply(x: Array) -> Array:
    """Multiply by the mask, which is cast to the dtype of `x` block by block."""
    return x * (x > 0)


@method(
    Kind.FRESH,
    "(abs(x) + x) / 2",
    ARTICLE,
    dtypes={**same(FLOATS), **to("float64", INTEGERS)},
    passes=3,
    negative_infinity=Edge.NAN,
    above_half_max=Edge.DOUBLED,
    zero_from_minus_zero=Sign.PLUS,
    warnings=(
        Warns("invalid value encountered in add", When.NEGATIVE_INFINITY),
        Warns("overflow encountered in add", When.ABOVE_HALF_MAX),
    ),
    array_like=False,
    temporaries=(Temporary.ARRAY_IF_SMALL_OR_SINGLE,),
)
def half_sum(x: Array) -> Array:
    """Average of `x` and its magnitude; three passes."""
    return (abs(x) + x) / 2


@method(Kind.FRESH, "np.where(x > 0, x, 0)", THREAD, WHERE)
def where_positive(x: Array) -> Array:
    """Pick `x` where it is positive; a NaN is not."""
    return np.where(x > 0, x, 0)


@method(Kind.FRESH, "np.where(x < 0, 0, x)", "torch._refs.relu", _WHERE_NEGATIVE)
def where_negative(x: Array) -> Array:
    """Pick 0 where `x` is negative; a NaN is not."""
    return np.where(x < 0, 0, x)


@method(Kind.FRESH, "np.clip(x, 0, None)", "NumPy", _MAXIMUM)
def clip_none(x: ArrayLike) -> Array:
    """`maximum` behind a Python wrapper."""
    return np.clip(x, 0, None)


@method(Kind.FRESH, "np.clip(x, 0, np.inf)", "ONNX Relu, test data", dtypes=TO_FLOAT)
def clip_inf(x: ArrayLike) -> Array:
    """Two-sided clip, which has a kernel of its own for floats."""
    return np.clip(x, 0, np.inf)


@method(Kind.FRESH, "np.fmax(x, 0)", "NumPy", _MAXIMUM, nan=NaN.ZERO)
def fmax(x: ArrayLike) -> Array:
    """`maximum` that prefers numbers to NaN."""
    return np.fmax(x, 0)


@method(
    Kind.FRESH,
    "abs(x) * (x > 0)",
    THREAD,
    MULTIPLY,
    passes=3,
    zero_from_negative=Sign.PLUS,
    zero_from_minus_zero=Sign.PLUS,
    temporaries=(Temporary.MASK, Temporary.ARRAY_IF_SMALL, Temporary.CAST_BUFFER),
)
def abs_multiply(x: Array) -> Array:
    """Multiply the magnitude by the mask, so that no -0.0 appears."""
    return abs(x) * (x > 0)


@method(
    Kind.FRESH,
    "(i & ~(i >> bits - 1)).view(x.dtype), where i = x as integers of its size",
    "IEEE 754",
    dtypes=same(STANDARD_FLOATS, SIGNED),
    passes=3,
    nan=NaN.BY_SIGN,
    zero_from_minus_zero=Sign.PLUS,
    array_like=False,
    temporaries=(Temporary.ARRAY_IF_SMALL,),
)
def sign_bit(x: Array) -> Array:
    """Clear every element whose sign bit is set, using integer arithmetic only."""
    bits = x.view(f"{x.dtype.byteorder}i{x.itemsize}")
    kept: Array = bits & ~(bits >> (8 * x.itemsize - 1))
    return kept.view(x.dtype.newbyteorder("="))


@method(
    Kind.FRESH,
    "np.maximum(x, np.zeros_like(x))",
    "NumPy",
    dtypes=same(REAL),
    passes=2,
    temporaries=(Temporary.ARRAY,),
)
def maximum_zeros(x: ArrayLike) -> Array:
    """`maximum` with an array for the 0: that loop is vectorised, and the zeros cost a pass."""
    found: Array = np.maximum(x, np.zeros_like(x))
    return found


@method(
    Kind.FRESH,
    'np.maximum(x.view(f"i{x.itemsize}"), 0).view(x.dtype)',
    "IEEE 754",
    dtypes=same(frozenset({"float16"})),
    nan=NaN.BY_SIGN,
    zero_from_minus_zero=Sign.PLUS,
    array_like=False,
)
def bits_maximum(x: Array) -> Array:
    """`maximum` of the bits, of which -0.0 is the smallest; wider floats have a loop as fast."""
    bits: Array = np.maximum(x.view(f"{x.dtype.byteorder}i{x.itemsize}"), 0)
    return bits.view(x.dtype.newbyteorder("="))


@method(Kind.OUT, "np.maximum(x, 0, out=out)", "NumPy", dtypes=same(NUMBERS))
def maximum_out(x: ArrayLike, out: Array) -> Array:
    """`maximum` into a given buffer."""
    return np.maximum(x, 0, out=out)


@method(Kind.OUT, "np.clip(x, 0, np.inf, out=out)", "NumPy", dtypes=same(FLOATS))
def clip_out(x: ArrayLike, out: Array) -> Array:
    """`clip_inf` into a given buffer."""
    return np.clip(x, 0, np.inf, out=out)


@method(Kind.IN_PLACE, "np.maximum(x, 0, out=x)", "scikit-learn, inplace_relu", _IN_PLACE)
def maximum_inplace(x: Array) -> Array:
    """`maximum` over its own input."""
    return np.maximum(x, 0, out=x)


@method(Kind.IN_PLACE, "np.maximum(x, 0, x)", ARTICLE, _IN_PLACE, warnings=(_POSITIONAL,))
def maximum_positional(x: Array) -> Array:
    """`maximum_inplace` in the article's spelling, deprecated since NumPy 2.4."""
    return np.maximum(x, 0, x)


@method(Kind.IN_PLACE, "x[x < 0] = 0", ARTICLE, _MASKED_STORE)
def mask_assign(x: Array) -> Array:
    """Assign through a Boolean mask, run by run."""
    x[x < 0] = 0
    return x


@method(Kind.IN_PLACE, "np.multiply(x, x > 0, out=x)", THREAD, MULTIPLY)
def multiply_inplace(x: Array) -> Array:
    """`multiply` over its own input."""
    return np.multiply(x, x > 0, out=x)


@method(Kind.IN_PLACE, "np.copyto(x, 0, where=x < 0)", "NumPy", _MASKED_STORE, dtypes=same(NUMBERS))
def copyto(x: Array) -> Array:
    """Masked copy, run by run."""
    np.copyto(x, 0, where=x < 0)
    return x


@method(Kind.IN_PLACE, "np.putmask(x, x < 0, 0)", "NumPy", _MASKED_STORE)
def putmask(x: Array) -> Array:
    """Masked store, element by element."""
    np.putmask(x, x < 0, 0)
    return x


@method(Kind.IN_PLACE, "np.clip(x, 0, np.inf, out=x)", "NumPy", _IN_PLACE, dtypes=same(FLOATS))
def clip_inplace(x: Array) -> Array:
    """`clip_inf` over its own input."""
    return np.clip(x, 0, np.inf, out=x)
