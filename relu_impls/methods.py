"""Every spelling of ReLU, of its derivative and of its backward pass, under its contract."""

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

_INVALID: Final = Warns("invalid value encountered in multiply", When.NEGATIVE_INFINITY)
_POSITIONAL: Final = Warns(
    "Passing more than 2 positional arguments to np.m", When.ALWAYS, DeprecationWarning, "2.4.0"
)
_CAST: Final = (Temporary.MASK, Temporary.CAST_BUFFER)
_TO_FLOAT: Final = {**same(FLOATS), **to("float64", BOOL, INTEGERS)}
_MAXIMUM: Final = Contract(dtypes={**same(NUMBERS), **to("int64", BOOL)})
_IN_PLACE: Final = Contract(dtypes=same(NUMBERS), array_like=False)
_MULTIPLY: Final = Contract(
    dtypes=same(REAL),
    passes=2,
    negative_infinity=Edge.NAN,
    zero_from_negative=Sign.MINUS,
    zero_from_minus_zero=Sign.MINUS,
    warnings=(_INVALID,),
    array_like=False,
    temporaries=_CAST,
)
_MASK: Final = Contract(
    dtypes=same(REAL),
    passes=2,
    nan=NaN.ZERO,
    zero_from_minus_zero=Sign.PLUS,
    array_like=False,
    temporaries=(Temporary.MASK,),
)
_WHERE: Final = replace(_MASK, dtypes=_MAXIMUM.dtypes, keeps_subclass=False, data_dependent=True)
_MASKED_STORE: Final = replace(
    _MASK, nan=NaN.PROPAGATES, zero_from_minus_zero=Sign.MINUS, data_dependent=True
)
_WHERE_NEGATIVE: Final = replace(_MASKED_STORE, dtypes=_MAXIMUM.dtypes, keeps_subclass=False)


@method(Kind.FRESH, "np.maximum(x, 0)", ARTICLE, _MAXIMUM)
def maximum(x: ArrayLike) -> Array:
    """One pass, but NumPy reads the 0 through a strided gather."""
    return np.maximum(x, 0)


@method(Kind.FRESH, "x * (x > 0)", ARTICLE, _MULTIPLY)
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


@method(Kind.FRESH, "np.where(x > 0, x, 0)", THREAD, _WHERE)
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


@method(Kind.FRESH, "np.clip(x, 0, np.inf)", "ONNX Relu, test data", dtypes=_TO_FLOAT)
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
    _MULTIPLY,
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


@method(Kind.IN_PLACE, "np.multiply(x, x > 0, out=x)", THREAD, _MULTIPLY)
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


@method(
    Kind.DERIVATIVE, "1. * (x > 0)", ARTICLE, _MASK, dtypes=to("float64", REAL), temporaries=_CAST
)
def mask_float(x: Array) -> Array:
    """Mask times one; float64 whatever the dtype of `x`."""
    return 1.0 * (x > 0)


@method(Kind.DERIVATIVE, "(x > 0).astype(x.dtype)", "StackOverflow 46411180", _MASK)
def mask_astype(x: Array) -> Array:
    """Mask in the dtype of `x`, in native byte order."""
    return (x > 0).astype(x.dtype.newbyteorder("="))


@method(
    Kind.DERIVATIVE,
    "np.heaviside(x, 0)",
    "NumPy",
    dtypes={
        **_TO_FLOAT,
        **to("float32", frozenset({"int16", "uint16"})),
        **to("float16", frozenset({"int8", "uint8"})),
    },
    zero_from_minus_zero=Sign.PLUS,
    data_dependent=True,
)
def heaviside(x: ArrayLike) -> Array:
    """NumPy's step function, which keeps NaN."""
    return np.heaviside(x, 0)


@method(
    Kind.BACKWARD,
    "grad * (x > 0)",
    "TensorFlow ReluGrad",
    _MASK,
    blocked_infinity=Edge.NAN,
    zero_from_negative=Sign.UNSTABLE,
    zero_from_minus_zero=Sign.UNSTABLE,
    warnings=(replace(_INVALID, when=When.BLOCKED_INFINITY),),
    temporaries=_CAST,
)
def backward_multiply(grad: Array, x: Array) -> Array:
    """Upstream gradient times the mask; an infinite gradient becomes NaN where blocked."""
    return grad * (x > 0)


@method(Kind.BACKWARD, "np.where(x > 0, grad, 0)", "JAX relu", _WHERE, dtypes=same(NUMBERS))
def backward_where(grad: Array, x: Array) -> Array:
    """Pick the upstream gradient where `x` is positive."""
    return np.where(x > 0, grad, 0)


@method(
    Kind.BACKWARD_IN_PLACE,
    "grad[x <= 0] = 0",
    "PyTorch threshold_backward",
    _MASK,
    nan=NaN.PASSES_GRADIENT,
    data_dependent=True,
)
def backward_mask_assign(grad: Array, x: Array) -> Array:
    """Clear the upstream gradient in place where `x` is not positive."""
    grad[x <= 0] = 0
    return grad


@method(
    Kind.FUSED,
    "np.multiply(x, np.greater(x, 0, out=mask), out=out)",
    "a training step",
    _MULTIPLY,
    array_like=True,
    temporaries=(Temporary.CAST_BUFFER,),
)
def forward_mask(x: ArrayLike, out: Array, mask: Array) -> Array:
    """Forward pass that leaves the mask for the backward pass; allocates nothing large."""
    np.greater(x, 0, out=mask)
    return np.multiply(x, mask, out=out)
