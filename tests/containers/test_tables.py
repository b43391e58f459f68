"""pandas and polars: labels, dtypes and what is missing stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.containers.values import (
    BACK,
    EACH,
    EXACT,
    GRAD,
    HIDDEN,
    LARGE,
    RELU,
    WANTED,
    X,
    answers,
    drelu,
    nan,
    relu,
    relu_backward,
)

LABELS = list("abcdef")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_series_keeps_labels_name_and_dtype(dtype: str) -> None:
    x = pd.Series(X, LABELS, dtype, name="x")
    grad = pd.Series(GRAD, LABELS, dtype, name="grad")
    for name, found in answers(grad, x).items():
        assert (type(found), found.dtype, list(found.index)) == (pd.Series, dtype, LABELS)
        assert found.name == ("grad" if name == "relu_backward" else "x")
        np.testing.assert_array_equal(found.to_numpy(), WANTED[name])


@pytest.mark.parametrize("dtype", ["Float32", "Float64", "float[pyarrow]", "double[pyarrow]"])
def test_what_is_missing_stays_missing(dtype: str) -> None:
    numbers = [-1.0, 2.0, None, 5.0], [np.inf, 3.0, 4.0, None]
    x, grad = (pd.Series(values, dtype=dtype) for values in numbers)
    wanted = {
        "relu": [0, 2, None, 5],
        "drelu": [0, 1, None, 1],
        "relu_backward": [0, 3, None, None],
    }
    for name, found in answers(grad, x).items():
        assert found.dtype == dtype
        assert [None if pd.isna(v) else v for v in found] == wanted[name]


def _missing(values: Any) -> list[str]:
    return ["NA" if v is pd.NA else str(float(v)) for v in values.astype(object)]


@pytest.mark.parametrize("wrap", [pd.Series, pd.Index, lambda v: pd.DataFrame({"a": v})])
@pytest.mark.parametrize("name", ["masked", "float16", "float32", "float64"])
def test_nan_is_not_what_is_missing(name: str, wrap: Any) -> None:
    numbers, hidden = np.array([nan, -1.0, 2.0, 3.0]), np.array([False, False, False, True])
    held: Any = pd.arrays.FloatingArray(numbers, hidden)
    if name != "masked":
        held = pd.arrays.ArrowExtensionArray(pa.array(numbers.astype(name), mask=hidden))
    x = wrap(held)
    for of, found in answers(x, x).items():
        column = found["a"] if isinstance(found, pd.DataFrame) else found
        assert column.dtype == held.dtype
        assert _missing(column) == ["nan", "0.0", "1.0" if of == "drelu" else "2.0", "NA"]


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "f4"])
def test_an_index_of_equal_steps_keeps_its_dtype(dtype: str) -> None:
    x = pd.Index(np.array([0, 2], dtype), name="x")
    for found in answers(x, x).values():
        assert (type(found), found.dtype, found.name) == (pd.Index, x.dtype, "x")
    assert relu(pd.RangeIndex(-1, 2)).tolist() == [0, 0, 1]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int64[pyarrow]"])
def test_integers_stay_exact_beside_what_is_missing(dtype: str) -> None:
    missing = [] if dtype == "int64" else [None]
    x = pd.Series([-1, LARGE, *missing], dtype=dtype)
    grad = pd.Series([LARGE, -LARGE, *missing], dtype=dtype)
    for name, found in answers(grad, x).items():
        assert found.dtype == dtype
        assert [None if pd.isna(v) else v for v in found] == EXACT[name] + missing


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]"])
def test_bool_stays_bool(dtype: str) -> None:
    x = pd.Series([True, False], dtype=dtype)
    for found in answers(x, x).values():
        assert (found.dtype, list(found)) == (dtype, [True, False])


def test_a_frame_keeps_the_dtype_of_each_column() -> None:
    columns = {
        "a": pd.Series([-1, LARGE]),
        "b": pd.Series([-1.5, nan], dtype="float32"),
        "c": pd.Series([-1, None], dtype="Int64"),
    }
    grads = {name: pd.Series([7, -LARGE], dtype=c.dtype) for name, c in columns.items()}
    x, grad = pd.DataFrame(columns), pd.DataFrame(grads)
    for name, found in answers(grad, x).items():
        assert list(found.dtypes) == list(x.dtypes)
        assert list(found["a"]) == EXACT[name]
        assert pd.isna(found["b"][1])
        assert pd.isna(found["c"][1])


def test_columns_of_one_name_and_frames_without_rows_are_frames() -> None:
    twice = pd.DataFrame([[-1.0, 2.0]], columns=["a", "a"])
    assert relu(twice).to_numpy().tolist() == [[0, 2]]
    assert relu_backward(twice, twice).to_numpy().tolist() == [[0, 2]]
    empty = pd.DataFrame({"a": pd.Series([], dtype="float32")})
    for found in answers(empty, empty).values():
        assert list(found.dtypes) == ["float32"]


def test_an_index_stays_one() -> None:
    x, grad = pd.Index(X, name="x"), pd.Index(GRAD, name="grad")
    for name, found in answers(grad, x).items():
        assert isinstance(found, pd.Index)
        np.testing.assert_array_equal(found.to_numpy(), WANTED[name])


def test_a_sparse_series_stays_sparse() -> None:
    x = pd.Series(pd.arrays.SparseArray([0, 0, -1.0, 2.0], fill_value=0))
    for found in answers(x, x).values():
        assert isinstance(found.dtype, pd.SparseDtype)
        assert found.dtype.fill_value == 0
        assert list(found)[:3] == [0, 0, 0]


@pytest.mark.parametrize("kind", [pd.Series, pd.DataFrame])
def test_other_labels_and_other_kinds_are_refused(kind: Any) -> None:
    x, grad = kind(X, index=LABELS), kind(GRAD, index=LABELS[::-1])
    with pytest.raises(ValueError, match="grad has other labels than x along 0"):
        relu_backward(grad, x)
    with pytest.raises(ValueError, match=r"grad has shape \(5"):
        relu_backward(grad[:5], x)
    for one, other in ((GRAD, x), (grad, X)):
        with pytest.raises(TypeError, match="accepted: two of one kind"):
            relu_backward(one, other)


@pytest.mark.parametrize("values", [["a"], [1j], [None], pd.to_datetime(["2020"]), ["a", 1]])
@pytest.mark.parametrize("kind", [pd.Series, pd.Index, lambda v: pd.DataFrame({"a": v})])
def test_what_is_no_number_is_refused(kind: Any, values: Any) -> None:
    for function in EACH:
        with pytest.raises(TypeError, match=r"x has dtype .*; accepted: bool, integers"):
            function(kind(values))


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", "Float64", "double[pyarrow]"])
def test_an_index_keeps_its_dtype_and_what_is_missing(dtype: str) -> None:
    large = LARGE if "nt64" in dtype else 7
    x = pd.Index([-1, large, None, 5], dtype=dtype, name="x")
    grad = pd.Index([large, -large, 4, None], dtype=dtype, name="grad")
    wanted = {
        "relu": [0, large, None, 5],
        "drelu": [0, 1, None, 1],
        "relu_backward": [0, -large, None, None],
    }
    for name, found in answers(grad, x).items():
        assert (type(found), found.dtype) == (pd.Index, dtype)
        assert found.name == ("grad" if name == "relu_backward" else "x")
        assert [None if pd.isna(v) else v for v in found] == wanted[name]


def test_a_series_of_durations_has_a_relu() -> None:
    x = pd.Series(np.array([-1, 2, "NaT"], "m8[s]"))
    found = relu(x)
    assert found.dtype == x.dtype
    assert list(found[:2]) == [pd.Timedelta(0), pd.Timedelta(2, "s")]
    assert pd.isna(found[2])
    with pytest.raises(TypeError, match="x has dtype timedelta64"):
        drelu(x)


def test_out_is_refused_as_it_would_be_ignored() -> None:
    for x in (pd.Series(X), pd.DataFrame(X), pl.Series(X)):
        for out in (x, np.zeros(6)):
            with pytest.raises(TypeError, match="accepted: None"):
                relu(x, out=out)


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_polars_keeps_null_and_nan_apart(dtype: Any) -> None:
    x = pl.Series("x", [None if hidden else v for v, hidden in zip(X, HIDDEN, strict=True)], dtype)
    grad = pl.Series("grad", GRAD, dtype)
    for name, found in answers(grad, x).items():
        assert (type(found), found.dtype) == (pl.Series, dtype)
        assert found.is_null().to_list() == HIDDEN.tolist()
        np.testing.assert_array_equal(found.to_numpy()[~HIDDEN], WANTED[name][~HIDDEN])


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt8, pl.Int64])
def test_polars_integers_stay_exact_beside_null(dtype: Any) -> None:
    large = LARGE if dtype == pl.Int64 else 100
    x, grad = pl.Series([0, large, None], dtype=dtype), pl.Series([large, 7, 7], dtype=dtype)
    wanted = {"relu": [0, large, None], "drelu": [0, 1, None], "relu_backward": [0, 7, None]}
    for name, found in answers(grad, x).items():
        assert (found.dtype, found.to_list()) == (dtype, wanted[name])


def test_a_polars_frame_is_taken_column_by_column() -> None:
    x = pl.DataFrame({"a": X, "b": [1, -2, 3, None, 5, 6]})
    grad = pl.DataFrame({"a": GRAD, "b": [LARGE] * 6})
    for name, found in answers(grad, x).items():
        assert found.schema == x.schema
        np.testing.assert_array_equal(found["a"].to_numpy(), WANTED[name])
    assert relu_backward(grad, x)["b"].to_list() == [LARGE, 0, LARGE, None, LARGE, LARGE]
    with pytest.raises(ValueError, match=r"columns \['b', 'a'\]; accepted: \['a', 'b'\]"):
        relu_backward(grad.select("b", "a"), x)


@pytest.mark.parametrize("values", [["a"], [True], [[1.0]]])
def test_polars_of_no_numbers_is_refused(values: Any) -> None:
    wanted = (
        r"^x has dtype \w+.*; accepted: integers and real floats, as x\.cast\(int\) makes them$"
    )
    for function in EACH:
        with pytest.raises(TypeError, match=wanted):
            function(pl.Series(values))
    assert relu(pl.Series([True, None]).cast(int)).to_list() == [1, None]


def test_polars_has_a_relu_of_durations() -> None:
    x = pl.Series([-1, 2, None]).cast(pl.Duration("us"))
    found = relu(x)
    assert (found.dtype, found.cast(int).to_list()) == (x.dtype, [0, 2, None])
    with pytest.raises(TypeError, match="x has dtype Duration"):
        drelu(x)


@pytest.mark.parametrize("dtype", [pl.Float16, pl.Int128, pl.Decimal(10, 2)])
def test_polars_takes_what_numpy_has_no_type_of(dtype: Any) -> None:
    x, grad = (pl.Series(values).cast(dtype) for values in ([-3, 2, None], [4, 5, 6]))
    wanted = {"relu": [0, 2, None], "drelu": [0, 1, None], "relu_backward": [0, 5, None]}
    for name, found in answers(grad, x).items():
        assert (found.dtype, found.cast(int).to_list()) == (dtype, wanted[name])


def test_an_expression_of_polars_has_no_gradient_as_it_would_change_integers() -> None:
    a = pl.col("a")
    found = pl.DataFrame({"a": [-1, LARGE, None]}).select(relu(a), drelu(a).alias("slope"))
    assert found.rows() == [(0, 0), (LARGE, 1), (None, None)]
    with pytest.raises(TypeError, match=r"grad is a polars\.Expr; accepted: a polars\.Series or"):
        relu_backward(a, a)


def test_arrow_arrays_become_arrays_as_in_numpy() -> None:
    np.testing.assert_array_equal(relu(pa.array(X)), RELU)
    np.testing.assert_array_equal(relu_backward(pa.array(GRAD), pa.array(X)), BACK)
