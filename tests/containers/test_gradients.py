"""A gradient of another dtype, shape or kind is refused, in the same words for every container."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import astropy.units as u
import awkward as ak
import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pint
import polars as pl
import pytest
import ragged
import sparse
import unyt
import xarray as xr
from astropy.table import Column, MaskedColumn
from astropy.utils.masked import Masked
from scipy import sparse as sp

from tests.containers.values import relu_backward

Q: Any = pint.UnitRegistry().Quantity
NOTHING: Final = np.zeros(3, bool)
_AT_NODE: Final = r"(\nRaised whilst mapping function over node\(s\) with path 'b')?"
"""The note that xarray adds to an error."""


MAKES: Final[dict[str, Callable[[Any], Any]]] = {
    "numpy": np.asarray,
    "numpy.ma": lambda v: np.ma.MaskedArray(v, NOTHING[: len(v)]),
    "numpy.matrix": lambda v: v[None].view(np.matrix),
    "pandas.Series": pd.Series,
    "pandas.Series, nullable": lambda v: pd.Series(pd.array(v)),
    "pandas.Series, Arrow": lambda v: pd.Series(v).astype(f"{v.dtype}[pyarrow]"),
    "pandas.Series, sparse": lambda v: pd.Series(pd.arrays.SparseArray(v)),
    "pandas.Index": pd.Index,
    "pandas.array": pd.array,
    "pandas.DataFrame": lambda v: pd.DataFrame({"a": v, "b": 1}),
    "polars.Series": pl.Series,
    "polars.DataFrame": lambda v: pl.DataFrame({"a": v, "b": 1}),
    "xarray.Variable": lambda v: xr.Variable("t", v),
    "xarray.DataArray": lambda v: xr.DataArray(v, dims="t"),
    "xarray.DataArray of Dask": lambda v: xr.DataArray(da.from_array(v, chunks=2), dims="t"),
    "xarray.Dataset": lambda v: xr.Dataset({"a": ("t", v)}),
    "xarray.DataTree": lambda v: xr.DataTree.from_dict({"/b": xr.Dataset({"a": ("t", v)})}),
    "dask.Array": lambda v: da.from_array(v, chunks=2),
    "dask.DataFrame": lambda v: dd.from_pandas(pd.DataFrame({"a": v}), npartitions=2),
    "dask.Series": lambda v: dd.from_pandas(pd.Series(v), npartitions=2),
    "pint": lambda v: Q(v, "m"),
    "pint of Dask": lambda v: Q(da.from_array(v, chunks=2), "m"),
    "astropy.Quantity": lambda v: u.Quantity(v, u.m, dtype=v.dtype),
    "astropy.Masked": lambda v: Masked(v, NOTHING[: len(v)]),
    "astropy.Column": Column,
    "astropy.MaskedColumn": MaskedColumn,
    "unyt": lambda v: unyt.unyt_array(v, "m"),
    "sparse.COO": sparse.COO.from_numpy,
    "sparse.GCXS": lambda v: sparse.GCXS.from_numpy(v[None]),
    "scipy.sparse": sp.coo_array,
    "awkward": ak.Array,
    "awkward, uneven": lambda v: ak.unflatten(v, [1, len(v) - 1]),
    "ragged": ragged.array,
    "ragged, uneven": lambda v: ragged.array(ak.unflatten(v, [1, len(v) - 1])),
}
every_make: Final = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


@pytest.fixture(autouse=True)
def _lazy() -> Iterator[None]:
    """Let nothing be computed: what is lazy is refused at once."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was computed")

    with dask.config.set(scheduler=refuse):
        yield


@every_make
@pytest.mark.parametrize("one, other", [("f4", "f8"), ("f8", "f4"), ("i4", "i8"), ("i8", "f8")])
def test_another_dtype_is_refused(make: Any, one: str, other: str) -> None:
    wanted = rf"^grad has dtype [\w\[\], .]+; accepted: [\w\[\], .]+, the dtype of x{_AT_NODE}$"
    if make is pd.array and {one, other} == {"i8", "f8"}:
        wanted = "^grad is a pandas.IntegerArray, x a pandas.FloatingArray; accepted: two of one"
    with pytest.raises(TypeError, match=wanted):
        relu_backward(make(np.ones(3, one)), make(np.ones(3, other)))


@every_make
def test_another_shape_is_refused(make: Any) -> None:
    wanted = rf"^grad has (shape|divisions|rows|other) .*; accepted: .+{_AT_NODE}$"
    with pytest.raises(ValueError, match=wanted):
        relu_backward(make(np.ones(2)), make(np.ones(3)))


@pytest.mark.parametrize("name", [name for name in MAKES if not name.startswith("pint")])
def test_another_kind_is_refused(name: str) -> None:
    x = MAKES[name](np.ones(3))
    for other in (pd.Series, pl.Series, da.from_array, ak.Array, xr.DataArray):
        grad = other(np.ones(3))
        if type(grad) is not type(x):
            wanted = r"^grad is a [\w.]+, x a [\w.]+; accepted: two of one kind$"
            with pytest.raises(TypeError, match=wanted):
                relu_backward(grad, x)


@pytest.mark.parametrize("grad", [[1.0, 2.0, 3.0], [[1.0, 2.0], [3.0]], [[1.0], [2.0]]])
def test_awkward_rows_are_not_spread_over_others(grad: Any) -> None:
    x = [[1.0], [2.0, 3.0]]
    for make in (ak.Array, ragged.array):
        with pytest.raises(ValueError, match=r"^grad has (shape|rows) .*; accepted: .*"):
            relu_backward(make(grad), make(x))
    with pytest.raises(ValueError, match=r"^grad has shape \(2, 1\); accepted: \(2, 3\)"):
        relu_backward(ak.Array(np.ones((2, 1))), ak.Array(np.ones((2, 3))))


def test_what_may_be_missing_in_one_may_be_there_in_the_other() -> None:
    x, grad = ak.Array([[1.0, None], None, [-1.0]]), ak.Array([[2.0, 3.0], [4.0], [5.0]])
    assert relu_backward(grad, x).to_list() == [[2, None], None, [0]]
    assert relu_backward(x, grad).to_list() == [[1, None], None, [-1]]
    assert relu_backward(x, x).to_list() == [[1, None], None, [0]]


@pytest.mark.parametrize(
    "x",
    [
        ragged.array([[1j], []]),
        ak.Array([[1j], []]),
        ak.Array(np.array(["2020"], "M8[D]")),
        ak.Array(["text", None]),
        ak.Array([{"a": 1.0}]),
    ],
    ids=repr,
)
def test_rows_of_no_real_numbers_are_refused(x: Any) -> None:
    with pytest.raises(TypeError, match=r"^x has dtype .*; accepted: bool, integers and real fl"):
        relu_backward(x, x)


def test_frames_of_dask_are_compared_by_what_is_known_of_them() -> None:
    frame = pd.DataFrame({"a": np.ones(4), "b": 1})
    x = dd.from_pandas(frame, npartitions=2)
    for other, message in (
        (dd.from_pandas(frame, npartitions=1), r"divisions \(0, 3\); accepted: \(0, 2, 3\)"),
        (x[["b", "a"]], r"columns \['b', 'a'\]; accepted: \['a', 'b'\]"),
    ):
        with pytest.raises(ValueError, match=f"^grad has {message}"):
            relu_backward(other, x)
    with pytest.raises(TypeError, match=r"^x has dtype str(ing)?; accepted: bool, integers"):
        relu_backward(x, x.assign(b="text"))


def test_trees_and_variables_have_one_structure() -> None:
    below = xr.Dataset({"a": ("t", [1.0])})
    x = xr.DataTree.from_dict({"/": below, "/b": below})
    with pytest.raises(ValueError, match=r"^grad has groups \('/',\); accepted: \('/', '/b'\)"):
        relu_backward(xr.DataTree(below), x)
    with pytest.raises(ValueError, match=r"^grad has dims \('s',\); accepted: \('t',\)"):
        relu_backward(xr.Variable("s", [1.0]), xr.Variable("t", [1.0]))
