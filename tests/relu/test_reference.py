"""The reference itself, against numbers worked out by hand."""

from typing import Any

import numpy as np
import pytest

from relu_impls.contract import REAL, Contract, Edge, NaN, Quantity, Sign, same
from tests.relu import reference

inf, nan = np.inf, np.nan
MAX = np.finfo(np.longdouble).max
RELU, BACKWARD = Quantity.RELU, Quantity.BACKWARD

PLAIN = Contract(dtypes=same(REAL))
HALVED = Contract(dtypes={"int8": "float64", "uint8": "float64"}, above_half_max=Edge.DOUBLED)
BLOCKED = Contract(dtypes=same(REAL), nan=NaN.ZERO, blocked_infinity=Edge.NAN)
SIGNED = Contract(
    dtypes=same(REAL), zero_from_negative=Sign.MINUS, zero_from_minus_zero=Sign.UNSTABLE
)


@pytest.mark.parametrize(
    "contract, quantity, dtype, x, expected",
    [
        (PLAIN, RELU, "f8", [-inf, -1, 0, 2, inf, nan], [0, 0, 0, 2, inf, nan]),
        (PLAIN, Quantity.DERIVATIVE, "f8", [-inf, -1, 0, 2, inf, nan], [0, 0, 0, 1, 1, nan]),
        (PLAIN, Quantity.MASK, "f8", [-inf, -1, 0, 2, inf, nan], [0, 0, 0, 1, 1, 0]),
        (PLAIN, RELU, "u8", [0, 2**64 - 1], [0, 2**64 - 1]),
        (HALVED, RELU, "i1", [-128, 63, 64, 100, 127], [0, 63, -64, -28, -1]),
        (HALVED, RELU, "u1", [127, 128, 200, 255], [127, 0, 72, 127]),
    ],
)
def test_numbers(contract: Contract, quantity: Quantity, dtype: str, x: Any, expected: Any) -> None:
    found = reference.array(contract, quantity, np.array(x, dtype=dtype))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "contract, x, grad, expected",
    [
        (Contract(dtypes=same(REAL), nan=NaN.PROPAGATES), [nan, -nan], [5, 6], [nan, nan]),
        (Contract(dtypes=same(REAL), nan=NaN.ZERO), [nan, -nan], [5, 6], [0, 0]),
        (Contract(dtypes=same(REAL), nan=NaN.BY_SIGN), [nan, -nan], [5, 6], [nan, 0]),
        (Contract(dtypes=same(REAL), nan=NaN.PASSES_GRADIENT), [nan, -nan], [5, 6], [5, 6]),
        (BLOCKED, [-1, 0, nan, 1, -1], [inf, nan, -inf, inf, MAX], [nan, nan, nan, inf, 0]),
    ],
)
def test_numbers_of_a_gradient(contract: Contract, x: Any, grad: Any, expected: Any) -> None:
    both = (np.array(numbers, np.longdouble) for numbers in (x, grad))
    np.testing.assert_array_equal(reference.array(contract, BACKWARD, *both), expected)


def test_signs_of_zeros() -> None:
    x, grad = np.array([-1.0, -0.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0, -0.0])
    assert reference.zero_signs(SIGNED, RELU, x).tolist() == [-1, 0, 1, 1]
    assert reference.zero_signs(SIGNED, BACKWARD, x, grad).tolist() == [-1, 0, -1, -1]
