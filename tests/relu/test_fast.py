"""The public functions: dtype and NaN preserved, derivative 0 at 0, blocked gradients 0."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from relu_impls import drelu, fast, relu, relu_backward
from relu_impls.contract import REAL
from tests.relu.cases import Array, special_pairs, specials

inf, nan = np.inf, np.nan

every_dtype = pytest.mark.parametrize("dtype", sorted(REAL))


@every_dtype
@pytest.mark.parametrize("function", [relu, drelu, lambda x: relu_backward(x, x)])
def test_keeps_the_dtype(function: Callable[..., Array], dtype: str) -> None:
    for x in (specials(dtype).x, np.array(1, dtype=dtype), np.array(1, dtype=dtype)[()]):
        assert function(x).dtype == dtype


@pytest.mark.parametrize("function", [relu, drelu])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
def test_propagates_nan_of_either_sign(function: Callable[..., Array], dtype: str) -> None:
    assert np.isnan(function(np.array([nan, -nan] * 20, dtype=dtype))).all()


@pytest.mark.parametrize(
    "x, expected",
    [
        ([-inf, -2.5, -0.0, 0.0, 1e-310, 2.5, inf], [0, 0, 0, 0, 1e-310, 2.5, inf]),
        ([[-1, 2], [3, -4]], [[0, 2], [3, 0]]),
        ([-128, 127], [0, 127]),
        ((False, True), (False, True)),
        ([], []),
        (-1.5, 0.0),
        (7, 7),
        (True, True),
    ],
)
def test_relu_of_array_like(x: Any, expected: Any) -> None:
    found = relu(x)
    assert np.asarray(found).dtype == np.asarray(x).dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "x, expected",
    [
        ([-inf, -2.5, -5e-324, 5e-324, 2.5, inf], [0, 0, 0, 1, 1, 1]),
        ([-0.0, 0.0], [0, 0]),
        ([[-1, 0], [1, 2]], [[0, 0], [1, 1]]),
        ([False, True], [False, True]),
        ([], []),
        (0, 0),
        (3.5, 1.0),
    ],
)
def test_drelu_of_array_like(x: Any, expected: Any) -> None:
    np.testing.assert_array_equal(drelu(x), expected)


@pytest.mark.parametrize(
    "grad, x, expected",
    [
        ([3.0, -3.0, 0.5], [1.0, 2.0, inf], [3.0, -3.0, 0.5]),
        ([inf, -inf, nan], [-1.0, -1.0, -1.0], [0, 0, 0]),
        ([inf, -inf, nan], [0.0, -0.0, 0.0], [0, 0, 0]),
        ([inf, -inf, nan], [1.0, 1.0, 1.0], [inf, -inf, nan]),
        ([0.0, 5.0, inf], [nan, -nan, nan], [nan, nan, nan]),
        ([[5, 6], [7, 8]], [[-1, 0], [1, 2]], [[0, 0], [7, 8]]),
        ([], [], []),
        (4.0, -1.0, 0.0),
        (4, 1, 4),
    ],
)
def test_backward_of_array_like(grad: Any, x: Any, expected: Any) -> None:
    np.testing.assert_array_equal(relu_backward(grad, x), expected)


def test_no_dimensions_give_a_scalar_forward_and_an_array_backward() -> None:
    assert [type(f(1.5)).__name__ for f in (relu, drelu)] == ["float64", "float64"]
    assert type(relu_backward(1.5, 1.5)) is np.ndarray


@every_dtype
def test_backward_fills_and_returns_out(dtype: str) -> None:
    pairs = special_pairs(dtype)
    wanted = relu_backward(pairs.grad, pairs.x)
    out = np.ones_like(pairs.x)
    assert relu_backward(pairs.grad, pairs.x, out=out) is out
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize("target", ["grad", "x"])
def test_backward_may_overwrite_an_argument(target: str) -> None:
    pairs = special_pairs("float64")
    given: dict[str, Any] = {"grad": pairs.grad.copy(), "x": pairs.x.copy()}
    assert relu_backward(**given, out=given[target]) is given[target]
    np.testing.assert_array_equal(given[target], relu_backward(pairs.grad, pairs.x))


@pytest.mark.parametrize("shift", [-1, 1])
def test_backward_may_overlap_out(shift: int) -> None:
    pairs = special_pairs("float64")
    wanted = relu_backward(pairs.grad[1:-1], pairs.x[1:-1])
    for name in ("grad", "x"):
        base = {"grad": pairs.grad.copy(), "x": pairs.x.copy()}
        given: dict[str, Any] = {key: array[1:-1] for key, array in base.items()}
        size = base[name].size
        out = base[name][1 + shift : size - 1 + shift]
        np.testing.assert_array_equal(relu_backward(**given, out=out), wanted)


@pytest.mark.parametrize("dtype", ["m8[s]", ">m8[3D]", "m8"])
def test_a_timedelta_keeps_its_unit_and_what_is_no_time(dtype: str) -> None:
    x = np.array([-3, 0, 5, "NaT"], dtype)
    wanted = np.array([0, 0, 5, "NaT"], x.dtype.newbyteorder("="))
    for found in (relu(x), relu(x, out=x)):
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype.newbyteorder("=") == wanted.dtype
    assert relu(x[2]) == wanted[2]


def test_out_may_have_the_other_byte_order() -> None:
    x = specials("float32").x
    out = np.ones_like(x, dtype=x.dtype.newbyteorder("S"))
    assert relu(x, out=out) is out
    np.testing.assert_array_equal(out, relu(x))


def test_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(fast) == doctest.TestResults(failed=0, attempted=6)


@pytest.mark.parametrize("dtype", ["?", "f4", "g"])
@pytest.mark.parametrize("call", [relu, drelu, lambda x, out: relu_backward(x, x, out=out)])
def test_what_no_kernel_takes_is_written_as_well(call: Callable[..., Any], dtype: str) -> None:
    for shape in ((), (2, 3)):
        out = np.zeros(shape, dtype)
        assert call(np.ones(shape, dtype), out=out) is out
        assert out.all()
