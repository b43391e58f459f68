"""The derivative of ReLU, and ReLU's backward pass for an upstream gradient."""

from __future__ import annotations

from typing import Final

import numpy as np

from relu_impls.contract import (
    BOOL,
    FLOATS,
    INTEGERS,
    NUMBERS,
    REAL,
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
from relu_impls.forward import ARTICLE, INVALID_MULTIPLY, Array

_STACKOVERFLOW: Final = "StackOverflow 46411180"


def mask_float(x: Array) -> Array:
    """Mask times one; float64 whatever the dtype of `x`."""
    return 1.0 * (x > 0)


def mask_astype(x: Array) -> Array:
    """Mask in the dtype of `x`, in native byte order."""
    return (x > 0).astype(x.dtype.newbyteorder("="))


def heaviside(x: Array) -> Array:
    """NumPy's step function, which keeps NaN."""
    return np.heaviside(x, 0)


def backward_multiply(grad: Array, x: Array) -> Array:
    """Upstream gradient times the mask; an infinite gradient becomes NaN where blocked."""
    return grad * (x > 0)


def backward_where(grad: Array, x: Array) -> Array:
    """Pick the upstream gradient where `x` is positive."""
    return np.where(x > 0, grad, 0)


def backward_mask_assign(grad: Array, x: Array) -> Array:
    """Clear the upstream gradient in place where `x` is not positive."""
    grad[x <= 0] = 0
    return grad


def forward_mask(x: Array, out: Array, mask: Array) -> Array:
    """Forward pass that leaves the mask for the backward pass; allocates nothing large."""
    np.greater(x, 0, out=mask)
    return np.multiply(x, mask, out=out)


_backward_where = Contract(
    dtypes=same(NUMBERS),
    nan=NaN.ZERO,
    zero_from_minus_zero=Sign.PLUS,
    array_like=False,
    keeps_subclass=False,
    data_dependent=True,
    temporaries=(Temporary.MASK,),
)

GRADIENTS: Final = (
    Method(
        "mask_float",
        Kind.DERIVATIVE,
        mask_float,
        "1. * (x > 0)",
        ARTICLE,
        Contract(
            dtypes=to("float64", REAL),
            nan=NaN.ZERO,
            zero_from_minus_zero=Sign.PLUS,
            array_like=False,
            temporaries=(Temporary.MASK, Temporary.CAST_BUFFER),
            matrix_temporaries=(Temporary.MASK, Temporary.CAST_BUFFER, Temporary.CAST_BUFFER),
        ),
    ),
    Method(
        "mask_astype",
        Kind.DERIVATIVE,
        mask_astype,
        "(x > 0).astype(x.dtype)",
        _STACKOVERFLOW,
        Contract(
            dtypes=same(REAL),
            nan=NaN.ZERO,
            zero_from_minus_zero=Sign.PLUS,
            array_like=False,
            temporaries=(Temporary.MASK,),
        ),
    ),
    Method(
        "heaviside",
        Kind.DERIVATIVE,
        heaviside,
        "np.heaviside(x, 0)",
        "NumPy",
        Contract(
            dtypes={
                **same(FLOATS),
                **to("float64", BOOL, INTEGERS),
                **to("float32", frozenset({"int16", "uint16"})),
                **to("float16", frozenset({"int8", "uint8"})),
            },
            zero_from_minus_zero=Sign.PLUS,
            data_dependent=True,
        ),
    ),
    Method(
        "backward_multiply",
        Kind.BACKWARD,
        backward_multiply,
        "grad * (x > 0)",
        "TensorFlow ReluGrad",
        Contract(
            dtypes=same(REAL),
            nan=NaN.ZERO,
            blocked_infinity=Edge.NAN,
            zero_from_negative=Sign.UNSTABLE,
            zero_from_minus_zero=Sign.UNSTABLE,
            warnings=(
                Warns(INVALID_MULTIPLY.category, INVALID_MULTIPLY.message, When.BLOCKED_INFINITY),
            ),
            array_like=False,
            temporaries=(Temporary.MASK, Temporary.CAST_BUFFER),
        ),
    ),
    Method(
        "backward_where",
        Kind.BACKWARD,
        backward_where,
        "np.where(x > 0, grad, 0)",
        "JAX relu",
        _backward_where,
    ),
    Method(
        "backward_mask_assign",
        Kind.BACKWARD_IN_PLACE,
        backward_mask_assign,
        "grad[x <= 0] = 0",
        "PyTorch threshold_backward",
        Contract(
            dtypes=same(REAL),
            nan=NaN.PASSES_GRADIENT,
            zero_from_minus_zero=Sign.PLUS,
            array_like=False,
            data_dependent=True,
            temporaries=(Temporary.MASK,),
        ),
    ),
    Method(
        "forward_mask",
        Kind.FUSED,
        forward_mask,
        "np.multiply(x, np.greater(x, 0, out=mask), out=out)",
        "a training step",
        Contract(
            dtypes=same(REAL),
            negative_infinity=Edge.NAN,
            zero_from_negative=Sign.MINUS,
            zero_from_minus_zero=Sign.MINUS,
            warnings=(INVALID_MULTIPLY,),
            temporaries=(Temporary.CAST_BUFFER,),
        ),
    ),
)
"""Every derivative, backward and fused method, in display order."""
