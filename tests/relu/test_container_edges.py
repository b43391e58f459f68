"""Containers at their edges: another byte order, nothing stored, and what only converts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from scipy import sparse

from relu_impls import drelu, relu, relu_backward
from tests.relu import alike
from tests.relu.test_arguments import Tagged

NAN = np.nan


def _gradient(x: Any, out: Any = None) -> Any:
    return relu_backward(x, x, out=out)


every_function = pytest.mark.parametrize("function", [relu, drelu, _gradient])


@every_function
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("target", ["<", ">"])
def test_a_subclass_may_have_any_byte_order(
    function: Callable[..., Any], order: str, target: str
) -> None:
    x = np.ma.MaskedArray([-1.0, 2.0, NAN, 5.0], mask=np.arange(4) == 3, dtype=f"{order}f8")
    wanted = function(x.filled(-1))[:3]
    found = function(x)
    out = np.ma.zeros(4, f"{target}f8")
    assert function(x, out=out) is out
    for each in (found, out):
        assert each.mask.tolist() == x.mask.tolist()
        np.testing.assert_array_equal(each.compressed(), wanted)
    assert found.dtype.isnative


@every_function
@pytest.mark.parametrize("kind", [Tagged, np.ma.MaskedArray])
def test_a_signalling_nan_in_a_subclass_is_no_error(
    function: Callable[..., Any], kind: type[Any]
) -> None:
    x = np.array([0x7F800001, 0x3F800000, 0xBF800000], "u4").view("f4").view(kind)
    with np.errstate(all="raise"):
        found = function(x)
    assert type(found) is kind
    np.testing.assert_array_equal(np.asarray(found), [NAN, 1, 0])


@every_function
def test_a_subclass_of_numbers_without_a_zero_is_refused(function: Callable[..., Any]) -> None:
    plain = np.ones(2, ml_dtypes.float8_e8m0fnu)
    assert function(plain).tolist() == [1, 1]
    with pytest.raises(TypeError, match="float8_e8m0fnu, which has no zero; accepted: a plain"):
        function(plain.view(np.ma.MaskedArray))


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [NAN, 2.0, 0.0]])
@pytest.mark.parametrize("grads", [[0.0, 0.0, 0.0], [0.0, 3.0, 0.0], [1.0, 2.0, np.inf]])
def test_a_sparse_gradient_may_have_other_numbers_stored_or_none(
    grads: list[float], values: list[float]
) -> None:
    x: Any = sparse.csr_array(np.array([values], "f4"))
    grad: Any = sparse.csr_array(np.array([grads], "f4"))
    found: Any = relu_backward(grad, x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(
        found.toarray(), relu_backward(np.array([grads], "f4"), np.array([values], "f4"))
    )


@every_function
def test_what_only_converts_is_no_out_since_an_array_of_it_is_a_copy(
    function: Callable[..., Any],
) -> None:
    class Dataset:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.zeros(2)

    with pytest.raises(TypeError, match=r"Dataset; accepted: a numpy.ndarray like x, or None"):
        function(np.ones(2), out=Dataset())


def test_a_sparse_array_of_more_places_than_integers_has_no_gradient() -> None:
    at = [3, 2**40 - 1], [1, 2**39]
    x: Any = sparse.coo_array(([-1.0, 2.0], at), (2**40, 2**40))
    for function, wanted in ((relu, [0, 2]), (drelu, [0, 1])):
        assert function(x).data.tolist() == wanted
    with pytest.raises(
        ValueError, match=r"^x has shape \(1099.*\); accepted: at most 922\d+ places$"
    ):
        relu_backward(x, x)


def test_a_gradient_of_another_kind_of_one_package_is_refused() -> None:
    grad: Any = alike.DataArray(np.ones(2))
    x: Any = alike.Dataset(grad)
    with pytest.raises(TypeError, match=r"grad is a xarray.DataArray, x a xarray.Dataset; acc"):
        relu_backward(grad, x)
