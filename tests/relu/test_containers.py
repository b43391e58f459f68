"""Containers without any other package: what NumPy has, and the smallest that answer as others."""

from __future__ import annotations

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from scipy import sparse

import relu_impls
from tests.relu import alike

inf, nan = np.inf, np.nan

Function = Callable[..., Any]

relu: Final[Function] = relu_impls.relu
drelu: Final[Function] = relu_impls.drelu
relu_backward: Final[Function] = relu_impls.relu_backward
EACH: Final[tuple[Function, ...]] = (relu, drelu, lambda x: relu_backward(x, x))
EACH_OUT: Final[tuple[Function, ...]] = (
    relu,
    drelu,
    lambda x, out: relu_backward(x, x, out=out),
)

X: Final = np.array([-1.0, 0.0, 2.0, nan, 5.0, -inf])
GRAD: Final = np.array([inf, nan, 3.0, 4.0, inf, -inf])
RELU: Final = np.array([0, 0, 2, nan, 5, 0])
SLOPE: Final = np.array([0, 0, 1, nan, 1, 0])
BACK: Final = np.array([0, 0, 3, nan, inf, 0])
HIDDEN: Final = np.array([0, 0, 0, 0, 1, 1], dtype=bool)

public: Final = pytest.mark.parametrize("function", [relu, drelu])


def array(values: Any) -> Any:
    return alike.Array(np.asarray(values))


Make = Callable[[Any], Any]
Read = Callable[[Any], Any]

KINDS: Final[dict[str, tuple[Make, Read]]] = {
    "ufuncs alone": (alike.Dispatching, operator.attrgetter("data")),
    "dtype and shape": (alike.Typed, operator.attrgetter("data")),
    "awkward.Array": (alike.Rows, operator.attrgetter("data")),
    "polars.Series": (alike.Zipping, operator.attrgetter("data")),
    "pandas.Series": (alike.Series, operator.attrgetter("data")),
    "pandas.Index": (alike.Index, operator.attrgetter("data")),
    "pandas.DataFrame": (alike.DataFrame, operator.attrgetter("data")),
    "dask.Array": (array, operator.attrgetter("data")),
    "dask.FrameBase": (lambda v: alike.FrameBase(alike.Series(v)), lambda f: f.data.data),
    "polars.DataFrame": (lambda v: alike.Frame(alike.Zipping(v)), lambda f: f.column.data),
    "xarray.DataArray": (alike.DataArray, operator.attrgetter("data")),
    "xarray.Dataset": (lambda v: alike.Dataset(alike.DataArray(v)), lambda d: d["a"].data),
    "xarray.DataTree": (
        lambda v: alike.DataTree(alike.Dataset(alike.DataArray(v))),
        lambda t: t.data["a"].data,
    ),
    "xarray of dask": (lambda v: alike.DataArray(array(v)), lambda a: a.data.data),
    "scipy.csr_array": (lambda v: sparse.csr_array(v[None]), lambda s: s.toarray()[0]),
    "scipy.csc_matrix": (lambda v: sparse.csc_matrix(v[None]), lambda s: s.toarray()[0]),
    "scipy.coo_array, 1-d": (sparse.coo_array, lambda s: s.toarray()),
    "numpy.matrix": (lambda v: v[None].view(np.matrix), lambda m: np.asarray(m)[0]),
    "numpy.recarray": (lambda v: v.view(np.recarray), np.asarray),
}

every_kind: Final = pytest.mark.parametrize("make, read", KINDS.values(), ids=KINDS)


@every_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_container_stays_one_and_holds_the_right_numbers(
    make: Make, read: Read, dtype: str
) -> None:
    x, grad = make(X.astype(dtype)), make(GRAD.astype(dtype))
    for found, wanted in (
        (relu(x), RELU),
        (drelu(x), SLOPE),
        (relu_backward(grad, x), BACK),
    ):
        assert type(found) is type(x)
        np.testing.assert_array_equal(read(found), wanted)
        assert read(found).dtype == dtype


@every_kind
def test_integers_stay_exact(make: Make, read: Read) -> None:
    if make is alike.Dispatching:
        pytest.skip("without a dtype they are taken for floats")
    large = 2**53 + 1
    x, grad = (make(np.array(v)) for v in ([-1, 0, large], [large, large, -large]))
    for found, wanted in (
        (relu(x), [0, 0, large]),
        (drelu(x), [0, 0, 1]),
        (relu_backward(grad, x), [0, 0, -large]),
    ):
        np.testing.assert_array_equal(read(found), wanted)
        assert read(found).dtype == np.int64


def test_bool_stays_bool() -> None:
    makes: list[Make] = [alike.Typed, alike.Series, np.ma.asarray]
    for make in makes:
        x = make(np.array([False, True]))
        for function in EACH:
            assert function(x).dtype == np.bool_


def masked(values: Any, mask: Any) -> Any:
    return np.ma.MaskedArray(np.array(values), mask=mask)


@public
def test_what_is_masked_stays_masked(function: Any) -> None:
    found = function(masked(X, HIDDEN))
    assert found.mask.tolist() == HIDDEN.tolist()
    np.testing.assert_array_equal(found.compressed(), function(X)[~HIDDEN])


def test_a_gradient_is_masked_where_either_is() -> None:
    other = np.roll(HIDDEN, 2)
    pairs = [
        (masked(GRAD, other), masked(X, HIDDEN), HIDDEN | other),
        (masked(GRAD, other), X, other),
        (GRAD, masked(X, HIDDEN), HIDDEN),
        (masked(GRAD, other), X.tolist(), other),
    ]
    for grad, x, mask in pairs:
        found: Any = relu_backward(grad, x)
        assert found.mask.tolist() == mask.tolist()
        np.testing.assert_array_equal(found.compressed(), BACK[~mask])
        assert relu_backward(grad, x, out=np.ma.zeros(6)).mask.tolist() == mask.tolist()


def test_a_masked_number_stays_masked() -> None:
    for x in (np.ma.masked, masked(1.0, True)):  # noqa: FBT003 - the mask
        for function in EACH:
            assert np.ma.is_masked(function(x))


def test_out_takes_the_mask_with_the_numbers() -> None:
    x = masked(X, HIDDEN)
    out = np.ma.zeros(6)
    assert relu(x, out=out) is out
    assert out.mask.tolist() == HIDDEN.tolist()
    assert relu(x, out=x) is x
    np.testing.assert_array_equal(x.compressed(), RELU[~HIDDEN])
    matrix = X[None].view(np.matrix)
    np.testing.assert_array_equal(drelu(matrix, out=matrix.copy()), SLOPE[None])


@pytest.mark.parametrize("function", EACH_OUT)
def test_what_out_is_a_view_of_does_not_show_what_is_masked(function: Function) -> None:
    whole = np.ma.zeros(6)
    function(masked(np.full(6, 9999.0), HIDDEN), out=whole[:])
    assert 9999 not in np.asarray(whole[HIDDEN])


@pytest.mark.parametrize(
    "x, out, message",
    [
        (masked(X, HIDDEN), np.zeros(6), "out is a numpy.ndarray; accepted: a numpy.MaskedArray l"),
        (
            X,
            np.ma.zeros(6),
            "out is a numpy.MaskedArray; accepted: a numpy.ndarray like x, or None",
        ),
        (X[None].view(np.matrix), np.zeros((1, 6)), "accepted: a numpy.matrix like x"),
        (array(X), array(X), "out is a dask.Array; accepted: None"),
        (array(X), np.zeros(6), "out is a numpy.ndarray; accepted: None"),
        (alike.Typed(X), alike.Typed(X), "Typed; accepted: None"),
        (X, alike.Typed(X), "Typed; accepted: a numpy.ndarray like x"),
        (masked(X, HIDDEN), [0.0] * 6, "out is a builtins.list; accepted: a numpy.MaskedArray"),
        (masked(X, HIDDEN), np.ma.zeros(6, "f4"), "out has dtype float32; accepted: float64"),
    ],
)
@pytest.mark.parametrize("function", EACH_OUT)
def test_an_out_that_would_lose_something_is_refused(
    function: Any, x: Any, out: Any, message: str
) -> None:
    before = repr(out)
    with pytest.raises(TypeError, match=message):
        function(x, out=out)
    assert repr(out) == before


@public
def test_an_out_that_cannot_take_it_is_refused(function: Any) -> None:
    with pytest.raises(ValueError, match=r"out has shape \(5,\); accepted: \(6,\)"):
        function(masked(X, HIDDEN), out=np.ma.zeros(5))
    out = np.ma.zeros(6)
    out.data.setflags(write=False)
    out.setflags(write=False)
    with pytest.raises(ValueError, match="out is read-only"):
        function(masked(X, HIDDEN), out=out)
    np.testing.assert_array_equal(out, np.zeros(6))


def test_a_map_of_a_file_is_an_array_like_any_other(tmp_path: Path) -> None:
    shape = (100, 7)
    x = np.memmap(tmp_path / "x", np.float32, "w+", shape=shape)
    x[...] = np.resize(X, shape)
    grad = np.memmap(tmp_path / "grad", np.float32, "w+", shape=shape)
    grad[...] = np.resize(GRAD, shape)
    for function, given in ((relu, [x]), (drelu, [x]), (relu_backward, [grad, x])):
        wanted = function(*map(np.array, given))
        found = function(*given)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, wanted)
        out = np.memmap(tmp_path / "out", np.float32, "w+", shape=shape)
        assert function(*given, out=out) is out
        np.testing.assert_array_equal(out, wanted)
    assert relu(x, out=x) is x
    np.testing.assert_array_equal(x, np.resize(RELU, shape))


@public
def test_what_only_converts_is_read_as_numpy_reads_it(function: Any) -> None:
    class Variable:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return masked(X, HIDDEN)

    assert function(Variable()).mask.tolist() == HIDDEN.tolist()


def test_a_gradient_keeps_its_unit_whatever_that_of_x() -> None:
    x, grad = alike.PlainQuantity(X, "m"), alike.PlainQuantity(GRAD, "V")
    assert relu(x).units == "m"
    assert type(drelu(x)) is np.ndarray
    for other in (x, X):
        found: Any = relu_backward(grad, other)
        assert (type(found), found.units) == (alike.PlainQuantity, "V")
        np.testing.assert_array_equal(found.magnitude, BACK)
    assert type(relu_backward(GRAD, x)) is np.ndarray


def test_blocks_of_unknown_length_are_left_as_they_are() -> None:
    x, grad = array(X), array(GRAD)
    x.unknown = grad.unknown = (nan,)
    np.testing.assert_array_equal(relu_backward(grad, x).data, BACK)


@pytest.mark.parametrize(
    "grad, x, message",
    [
        (array(GRAD[1:]), array(X), r"grad has shape \(5,\); accepted: \(6,\), the shape"),
        (alike.Typed(GRAD[1:]), alike.Typed(X), r"grad has shape \(5,\); accepted: \(6,\)"),
        (alike.Series(GRAD, "a"), alike.Series(X, "b"), "grad has other labels than x along 0"),
        (alike.DataArray(GRAD, "a"), alike.DataArray(X, "b"), "other labels than x along t"),
        (alike.Dataset(GRAD, "b"), alike.Dataset(X), r"variables \['b'\]; accepted: \['a'\]"),
        (sparse.coo_array(GRAD[1:]), sparse.coo_array(X), r"grad has shape \(5,\)"),
    ],
)
def test_what_does_not_match_is_refused(grad: Any, x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        relu_backward(grad, x)


@public
@pytest.mark.parametrize("values", [[1j], ["a"], [None], ["2020-01-01"]])
@pytest.mark.parametrize("make", [alike.Typed, alike.Series, array, np.ma.asarray])
def test_what_is_not_real_is_refused(function: Any, values: Any, make: Make) -> None:
    dtype = "M8[D]" if "2020" in str(values) else None
    with pytest.raises(TypeError, match=r"x has dtype .*; accepted: bool, integers"):
        function(make(np.array(values, dtype)))


def test_a_container_that_changes_the_dtype_is_not_believed() -> None:
    class Widening(alike.Typed):
        def __array_ufunc__(self, ufunc: Any, how: str, *given: Any, **options: Any) -> Any:
            found = super().__array_ufunc__(ufunc, how, *given, **options)
            return Widening(found.data.astype("f8"))

    with pytest.raises(TypeError, match=r"x has dtype int64, of which .*Widening makes float64"):
        relu(Widening([1]))


def test_a_duration_has_a_relu_and_a_number_has_its_derivative() -> None:
    x: Any = alike.Typed(np.array([-1, 2, "NaT"], "m8[s]"))
    np.testing.assert_array_equal(relu(x).data, np.array([0, 2, "NaT"], "m8[s]"))
    with pytest.raises(TypeError, match=r"x has dtype timedelta64\[s\]"):
        drelu(x)
