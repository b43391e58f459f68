"""The container that came in comes out, to a type checker as well: mypy reads what is asserted."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from relu_impls import drelu, relu, relu_backward
from tests.relu import alike

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
Masked = np.ma.MaskedArray[tuple[int], np.dtype[np.float32]]


def test_an_array_stays_of_its_dtype_and_kind() -> None:
    x: Vector = np.ones(3, np.float32)
    masked: Masked = np.ma.MaskedArray(x, mask=[False, False, True])
    for function in (relu, drelu):
        assert_type(function(x), Vector)
        assert_type(function(x, out=x), Vector)
        assert_type(function(masked), Masked)
        assert_type(function(alike.Typed(x)), alike.Typed)
    assert_type(relu_backward(x, x), Vector)
    assert_type(relu_backward(masked, x), Masked)
    assert_type(relu_backward(alike.Typed(x), alike.Typed(x)), alike.Typed)


def test_containers_that_hold_arrays_stay_what_they_are() -> None:
    x = np.ones(3, np.float32)
    stored: sparse.csr_array[np.float32, tuple[int, int]] = sparse.csr_array(x[None])
    array = alike.Array(x)
    frame, tree = alike.Frame(alike.Zipping(x)), alike.DataTree(alike.Series(x))
    for function in (relu, drelu):
        assert_type(function(array), alike.Array)
        assert_type(function(frame), alike.Frame)
        assert_type(function(tree), alike.DataTree)
        assert_type(function(stored), "sparse.csr_array[np.float32, tuple[int, int]]")
    assert_type(relu_backward(array, array), alike.Array)
    assert_type(relu_backward(frame, frame), alike.Frame)
    assert_type(relu_backward(tree, tree), alike.DataTree)


def test_a_list_or_a_scalar_becomes_an_array() -> None:
    for function in (relu, drelu):
        assert_type(function([-1.0, 1.0]), NDArray[Any])
        assert_type(function(1.0), NDArray[Any])
    assert_type(relu_backward([1.0], [2.0]), NDArray[Any])
