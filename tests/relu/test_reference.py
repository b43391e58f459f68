"""The reference itself, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relu_impls.contract import REAL, Contract, Edge, NaN, Quantity, Sign, same
from tests.relu import reference

inf, nan = np.inf, np.nan

PLAIN = Contract(dtypes=same(REAL))
HALVED = Contract(dtypes={"int8": "float64", "uint8": "float64"}, above_half_max=Edge.DOUBLED)


@pytest.mark.parametrize(
    "contract, quantity, dtype, x, expected",
    [
        (PLAIN, Quantity.RELU, "f8", [-inf, -1, 0, 2, inf, nan], [0, 0, 0, 2, inf, nan]),
        (PLAIN, Quantity.DERIVATIVE, "f8", [-inf, -1, 0, 2, inf, nan], [0, 0, 0, 1, 1, nan]),
        (PLAIN, Quantity.MASK, "f8", [-inf, -1, 0, 2, inf, nan], [0, 0, 0, 1, 1, 0]),
        (PLAIN, Quantity.RELU, "u8", [0, 2**64 - 1], [0, 2**64 - 1]),
        (HALVED, Quantity.RELU, "i1", [-128, 63, 64, 100, 127], [0, 63, -64, -28, -1]),
        (HALVED, Quantity.RELU, "u1", [127, 128, 200, 255], [127, 0, 72, 127]),
    ],
)
def test_reference_of_one_argument(
    contract: Contract, quantity: Quantity, dtype: str, x: list[Any], expected: list[Any]
) -> None:
    found = reference.array(contract, quantity, np.array(x, dtype=dtype))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "policy, expected",
    [
        (NaN.PROPAGATES, [nan, nan]),
        (NaN.ZERO, [0, 0]),
        (NaN.BY_SIGN, [nan, 0]),
        (NaN.PASSES_GRADIENT, [5, 6]),
    ],
)
def test_reference_of_nan(policy: NaN, expected: list[float]) -> None:
    contract = Contract(dtypes=same(REAL), nan=policy)
    x, grad = np.array([nan, -nan]), np.array([5.0, 6.0])
    np.testing.assert_array_equal(reference.array(contract, Quantity.BACKWARD, x, grad), expected)


def test_reference_of_a_blocked_infinity() -> None:
    contract = Contract(dtypes=same(REAL), nan=NaN.ZERO, blocked_infinity=Edge.NAN)
    largest = np.finfo(np.longdouble).max
    x = np.array([-1, 0, nan, 1, -1, -1], dtype=np.longdouble)
    grad = np.array([inf, nan, -inf, inf, largest, 7], dtype=np.longdouble)
    found = reference.array(contract, Quantity.BACKWARD, x, grad)
    np.testing.assert_array_equal(found, [nan, nan, nan, inf, 0, 0])


def test_reference_of_a_sign_of_zero() -> None:
    contract = Contract(
        dtypes=same(REAL), zero_from_negative=Sign.MINUS, zero_from_minus_zero=Sign.UNSTABLE
    )
    x, grad = np.array([-1.0, -0.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0, -0.0])
    forward = reference.zero_signs(contract, Quantity.RELU, x)
    backward = reference.zero_signs(contract, Quantity.BACKWARD, x, grad)
    assert forward.tolist() == [-1, 0, 1, 1]
    assert backward.tolist() == [-1, 0, -1, -1]
