"""The benchmarks' plain-Python answers, against the tests' reference, element by element."""

from __future__ import annotations

from typing import Any, Final

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks import reference as answers
from relu_impls.contract import STANDARD_FLOATS, Contract, Quantity, same
from tests import reference

PLAIN: Final = Contract(dtypes=same(STANDARD_FLOATS))
every_quantity = pytest.mark.parametrize("quantity", Quantity)


def _dtype(quantity: Quantity, x: NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(bool) if quantity is Quantity.MASK else x.dtype


def _ordinary(dtype: np.dtype[Any], shape: tuple[int, ...]) -> st.SearchStrategy[NDArray[Any]]:
    width = 8 * dtype.itemsize
    return npst.arrays(dtype, shape, elements=st.floats(-0.5, 0.5, width=width))  # type: ignore[arg-type]


@st.composite
def _operands(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any]]:
    dtype = np.dtype(draw(st.sampled_from(sorted(STANDARD_FLOATS))))
    shape = draw(npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    order: Any = draw(st.sampled_from("CF"))
    x, grad = draw(_ordinary(dtype, shape)), draw(_ordinary(dtype, shape))
    return np.array(x, order=order), np.array(grad, order=order)


@every_quantity
@settings(deadline=None, derandomize=True)
@given(operands=_operands())
def test_answer_is_that_of_the_reference(
    quantity: Quantity, operands: tuple[NDArray[Any], NDArray[Any]]
) -> None:
    x, grad = operands
    found = answers.answer(quantity, x, grad, _dtype(quantity, x))
    expected = reference.array(PLAIN, quantity, x, grad)
    np.testing.assert_array_equal(found, expected, strict=True)


@pytest.mark.parametrize(
    "quantity, expected",
    [
        (Quantity.RELU, [0, 0, 0, 0.25]),
        (Quantity.DERIVATIVE, [0, 0, 0, 1]),
        (Quantity.BACKWARD, [0, 0, 0, -4]),
        (Quantity.MASK, [False, False, False, True]),
    ],
)
def test_answer_by_hand(quantity: Quantity, expected: list[float]) -> None:
    x, grad = np.array([-0.5, -0.0, 0.0, 0.25]), np.array([-1.0, -2.0, -3.0, -4.0])
    assert answers.answer(quantity, x, grad, _dtype(quantity, x)).tolist() == expected


@every_quantity
@pytest.mark.parametrize("order", ["C", "F"])
def test_answer_keeps_the_order(quantity: Quantity, order: Any) -> None:
    x = np.array([[0.25, -0.5, 0.0], [-0.25, 0.5, 0.125]], order=order)
    found = answers.answer(quantity, x, x, _dtype(quantity, x))
    assert found.flags.fnc == x.flags.fnc
    assert found.flags.c_contiguous == x.flags.c_contiguous


@every_quantity
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_answer_has_the_dtype_that_is_asked_for(quantity: Quantity, dtype: str) -> None:
    x = np.array([0.25, -0.5])
    assert answers.answer(quantity, x, x, np.dtype(dtype)).dtype == dtype


def test_answer_is_whole_when_it_takes_several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_CHUNK", 3)
    x = np.arange(-5.0, 6.0)
    found = answers.answer(Quantity.BACKWARD, x, 2 * x, x.dtype)
    np.testing.assert_array_equal(found, [0, 0, 0, 0, 0, 0, 2, 4, 6, 8, 10])
