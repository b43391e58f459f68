"""What a method must return, one number at a time and in plain Python.

Nothing here calls an array operation, so a mistake in NumPy or in a method cannot hide in it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relu_impls.contract import Contract, Edge, NaN, Quantity, Sign

Number = Any
"""A Python int, float or bool, or a NumPy longdouble scalar."""


def element(
    contract: Contract, quantity: Quantity, x: Number, grad: Number, limit: Number
) -> Number:
    """Return what `contract` promises for one element.

    Parameters
    ----------
    contract : Contract
        The promise.
    quantity : Quantity
        Which output.
    x, grad : number
        The input and, for a backward pass, the upstream gradient.
    limit : number
        Largest finite number of the dtype of `x`.
    """
    match quantity:
        case Quantity.MASK:
            return x > 0
        case Quantity.RELU:
            return _relu(contract, x, limit)
        case Quantity.DERIVATIVE:
            return _if_nan(contract, x, x) if x != x else int(x > 0)  # noqa: PLR0124
        case Quantity.BACKWARD:
            return _backward(contract, x, grad)


def _if_nan(contract: Contract, x: Number, grad: Number) -> Number:
    match contract.nan:
        case NaN.PROPAGATES:
            return x
        case NaN.ZERO:
            return 0
        case NaN.BY_SIGN:
            return 0 if math.copysign(1, x) < 0 else x
        case NaN.PASSES_GRADIENT:
            return grad


def _relu(contract: Contract, x: Number, limit: Number) -> Number:
    if x != x:  # noqa: PLR0124 - NaN of every type, without converting it
        return _if_nan(contract, x, x)
    if x == -math.inf and contract.negative_infinity is Edge.NAN:
        return math.nan
    if x > 0 and limit - x < x <= limit and contract.above_half_max is Edge.DOUBLED:
        return _wrapped_twice(x, limit) / 2 if isinstance(x, int) else math.inf
    return x if x > 0 else 0


def _wrapped_twice(x: int, limit: int) -> int:
    # The largest signed integer has an odd number of bits, the largest unsigned one an even number.
    signed = limit.bit_length() % 2 == 1
    span = (limit + 1) * (2 if signed else 1)
    return (2 * x + limit + 1) % span - (limit + 1) if signed else 2 * x % span


def _backward(contract: Contract, x: Number, grad: Number) -> Number:
    if x > 0:
        return grad
    if contract.blocked_infinity is Edge.NAN and not abs(grad) < math.inf:
        return math.nan
    if x != x:  # noqa: PLR0124
        return _if_nan(contract, x, grad)
    return 0


def zero_sign(contract: Contract, quantity: Quantity, x: Number, grad: Number) -> Sign:
    """Return the sign that `contract` promises if the output is zero."""
    passes = x > 0 or (x != x and contract.nan is NaN.PASSES_GRADIENT)  # noqa: PLR0124
    if quantity is Quantity.BACKWARD and passes:
        return Sign.MINUS if math.copysign(1, grad) < 0 else Sign.PLUS
    if x == 0 and math.copysign(1, x) < 0:
        return contract.zero_from_minus_zero
    # A blocked gradient is a zero of its own: +0 and NaN block it as a negative number does.
    if x < 0 or quantity is Quantity.BACKWARD:
        return contract.zero_from_negative
    return Sign.PLUS


def zero_signs(
    contract: Contract, quantity: Quantity, x: NDArray[Any], grad: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Return, per element of `x`, 1 for a promised +0, -1 for -0 and 0 for no promise."""
    xs = numbers(x)
    grads = xs if grad is None else numbers(grad)
    code = {Sign.PLUS: 1, Sign.MINUS: -1, Sign.UNSTABLE: 0}
    found = [code[zero_sign(contract, quantity, v, g)] for v, g in zip(xs, grads, strict=True)]
    return np.array(found, dtype=np.int8).reshape(x.shape)


def array(
    contract: Contract,
    quantity: Quantity,
    x: NDArray[Any],
    grad: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return what `contract` promises for every element of `x`.

    Parameters
    ----------
    contract : Contract
        The promise.
    quantity : Quantity
        Which output.
    x : ndarray
        The input, of any shape and accepted dtype.
    grad : ndarray, optional
        The upstream gradient, like `x`.

    Returns
    -------
    ndarray
        C-ordered array of the shape of `x`; the sign of a zero says nothing.
    """
    if x.dtype.kind == "f":
        largest = np.finfo(x.dtype).max
        limit: Number = largest if x.dtype.itemsize > 8 else float(largest)
    else:
        limit = True if x.dtype.kind == "b" else int(np.iinfo(x.dtype).max)
    dtype = np.dtype(np.bool_) if quantity is Quantity.MASK else contract.result_dtype(x.dtype)
    xs = numbers(x)
    grads = xs if grad is None else numbers(grad)
    found = [element(contract, quantity, v, g, limit) for v, g in zip(xs, grads, strict=True)]
    return np.array(found, dtype=dtype).reshape(x.shape)


def numbers(x: NDArray[Any]) -> list[Number]:
    """Return the elements of `x` in C order, as Python numbers where those can hold them."""
    return list(x.ravel()) if x.dtype.name not in _EXACT_IN_PYTHON else x.ravel().tolist()


_EXACT_IN_PYTHON = frozenset(
    np.dtype(code).name for code in ("?", *"bhilqBHILQ", "float16", "float32", "float64")
)
