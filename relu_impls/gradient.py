"""Every spelling of the derivative of ReLU, and of its backward pass, under its contract."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from relu_impls.contract import (
    BOOL,
    NUMBERS,
    REAL,
    STANDARD_FLOATS,
    Array,
    Edge,
    Kind,
    NaN,
    Sign,
    Temporary,
    When,
    method,
    same,
    to,
)
from relu_impls.methods import ARTICLE, CAST, INVALID, MASK, MULTIPLY, TO_FLOAT, WHERE


@method(
    Kind.DERIVATIVE, "1. * (x > 0)", ARTICLE, MASK, dtypes=to("float64", REAL), temporaries=CAST
)
def mask_float(x: Array) -> Array:
    """Mask times one; float64 whatever the dtype of `x`."""
    return 1.0 * (x > 0)


@method(Kind.DERIVATIVE, "(x > 0).astype(x.dtype)", "StackOverflow 46411180", MASK)
def mask_astype(x: Array) -> Array:
    """Mask in the dtype of `x`, in native byte order."""
    return (x > 0).astype(x.dtype.newbyteorder("="))


@method(
    Kind.DERIVATIVE,
    '((x > 0) * np.ones((), x.dtype).view(f"i{x.itemsize}")).view(x.dtype)',
    "IEEE 754",
    MASK,
    dtypes=same(frozenset({"float16"})),
)
def mask_bits(x: Array) -> Array:
    """Mask times the bits of 1; wider floats have a loop that casts as fast."""
    native = x.dtype.newbyteorder("=")
    bits: Array = (x > 0) * np.ones((), native).view(f"i{x.itemsize}")
    return bits.view(native)


@method(
    Kind.DERIVATIVE,
    "np.heaviside(x, 0)",
    "NumPy",
    dtypes={
        **TO_FLOAT,
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
    Kind.DERIVATIVE,
    "np.sign(np.maximum(x, 0))",
    "NumPy",
    dtypes={**same(NUMBERS), **to("int64", BOOL)},
    passes=2,
    zero_from_minus_zero=Sign.PLUS,
    temporaries=(Temporary.ARRAY,),
)
def sign_maximum(x: ArrayLike) -> Array:
    """Sign of ReLU, which keeps NaN; neither is cast."""
    return np.sign(np.maximum(x, 0))


@method(
    Kind.BACKWARD,
    "grad * (x > 0)",
    "TensorFlow ReluGrad",
    MASK,
    blocked_infinity=Edge.NAN,
    zero_from_negative=Sign.UNSTABLE,
    zero_from_minus_zero=Sign.UNSTABLE,
    warnings=(replace(INVALID, when=When.BLOCKED_INFINITY),),
    temporaries=CAST,
)
def backward_multiply(grad: Array, x: Array) -> Array:
    """Upstream gradient times the mask; an infinite gradient becomes NaN where blocked."""
    return grad * (x > 0)


@method(
    Kind.BACKWARD,
    '(grad.view(f"i{grad.itemsize}") * (x > 0)).view(grad.dtype)',
    "IEEE 754",
    MASK,
    dtypes=same(STANDARD_FLOATS),
    temporaries=CAST,
)
def backward_bits(grad: Array, x: Array) -> Array:
    """Bits of the upstream gradient times the mask, so that an infinite one is blocked as well."""
    bits: Array = grad.view(f"{grad.dtype.byteorder}i{grad.itemsize}") * (x > 0)
    return bits.view(grad.dtype.newbyteorder("="))


@method(Kind.BACKWARD, "np.where(x > 0, grad, 0)", "JAX relu", WHERE, dtypes=same(NUMBERS))
def backward_where(grad: Array, x: Array) -> Array:
    """Pick the upstream gradient where `x` is positive."""
    return np.where(x > 0, grad, 0)


@method(
    Kind.BACKWARD,
    "np.where(x > 0, grad, np.maximum(x, 0))",
    "relu_impls",
    WHERE,
    passes=3,
    nan=NaN.PROPAGATES,
    zero_from_minus_zero=Sign.UNSTABLE,
    temporaries=(Temporary.MASK, Temporary.ARRAY),
)
def backward_where_maximum(grad: Array, x: Array) -> Array:
    """Pick the upstream gradient, or ReLU, which is zero or NaN there."""
    return np.where(x > 0, grad, np.maximum(x, 0))


@method(
    Kind.BACKWARD_IN_PLACE,
    "grad[x <= 0] = 0",
    "PyTorch threshold_backward",
    MASK,
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
    MULTIPLY,
    array_like=True,
    temporaries=(Temporary.CAST_BUFFER,),
)
def forward_mask(x: ArrayLike, out: Array, mask: Array) -> Array:
    """Forward pass that leaves the mask for the backward pass; allocates nothing large."""
    np.greater(x, 0, out=mask)
    return np.multiply(x, mask, out=out)
