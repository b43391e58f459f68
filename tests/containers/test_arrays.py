"""xarray, Dask, and arrays that are sparse or ragged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import awkward as ak
import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import ragged
import sparse
import xarray as xr
from scipy import sparse as sp

from tests.containers.values import (
    BACK,
    EACH,
    GRAD,
    HIDDEN,
    LARGE,
    WANTED,
    X,
    answers,
    drelu,
    nan,
    relu,
    relu_backward,
)

OTHER = np.roll(HIDDEN, 2)


@pytest.fixture
def lazy() -> Iterator[None]:
    """Let nothing be computed."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was computed")

    with dask.config.set(scheduler=refuse):
        yield


def labelled(values: Any, name: str) -> xr.DataArray:
    coords = {"t": np.arange(6), "day": ("t", list("abcdef"))}
    return xr.DataArray(values, coords, ["t"], name, {"of": name})


@pytest.mark.parametrize("wrap", [np.asarray, lambda v: da.from_array(v, chunks=4)])
def test_a_data_array_keeps_all_that_it_says(wrap: Any) -> None:
    x, grad = labelled(wrap(X), "x"), labelled(wrap(GRAD), "grad")
    for name, found in answers(grad, x).items():
        like = grad if name == "relu_backward" else x
        assert type(found.data) is type(x.data)
        assert found.attrs == like.attrs
        xr.testing.assert_identical(found.compute(), like.copy(data=WANTED[name]))


def test_a_dataset_and_a_tree_are_taken_variable_by_variable() -> None:
    x, grad = (
        xr.Dataset({"a": ("t", v), "b": ("t", [-1, LARGE])}, attrs={"of": "all"})
        for v in (X[:2], GRAD[:2])
    )
    for name, found in answers(grad, x).items():
        assert found.attrs == {"of": "all"}
        assert found["b"].dtype == np.int64
        np.testing.assert_array_equal(found["a"], WANTED[name][:2])
    trees = (xr.DataTree.from_dict({"/": each, "/below": each}) for each in (grad, x))
    for name, found in answers(*trees).items():
        assert isinstance(found, xr.DataTree)
        np.testing.assert_array_equal(found["below/a"], WANTED[name][:2])


def test_other_labels_dimensions_or_variables_are_refused() -> None:
    x, grad = labelled(X, "x"), labelled(GRAD, "grad")
    for other, words in (
        (grad.assign_coords(t=np.arange(1, 7)), "other labels than x along t"),
        (grad.rename(t="time"), "dims ('time',)"),
        (grad.drop_vars("t"), "labels []; accepted: ['t']"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            relu_backward(other, x)
    with pytest.raises(ValueError, match=r"variables \['grad'\]; accepted: \['x'\]"):
        relu_backward(grad.to_dataset(), x.to_dataset())
    with pytest.raises(TypeError, match="accepted: two of one kind"):
        relu_backward(GRAD, x)


@pytest.mark.parametrize("chunks", [(2, 2), (4, 3), (6, 1)])
def test_dask_stays_lazy_whatever_the_chunks(chunks: tuple[int, int], lazy: None) -> None:
    del lazy
    x, grad = da.from_array(X, chunks=chunks[0]), da.from_array(GRAD, chunks=chunks[1])
    for name, found in answers(grad, x).items():
        assert (type(found), found.dtype, found.shape) == (da.Array, X.dtype, (6,))
        with dask.config.set(scheduler="sync"):
            np.testing.assert_array_equal(found.compute(), WANTED[name])


def test_dask_keeps_the_masks_of_its_chunks(lazy: None) -> None:
    del lazy
    x, grad = (
        da.ma.masked_array(da.from_array(v, chunks=4), mask=mask)
        for v, mask in ((X, HIDDEN), (GRAD, OTHER))
    )
    for name, found in answers(grad, x).items():
        mask = HIDDEN | OTHER if name == "relu_backward" else HIDDEN
        assert isinstance(found._meta, np.ma.MaskedArray)  # noqa: SLF001 - Dask's own word for it
        with dask.config.set(scheduler="sync"):
            computed = found.compute()
        assert computed.mask.tolist() == mask.tolist()
        np.testing.assert_array_equal(computed.compressed(), WANTED[name][~mask])


def test_dask_of_unknown_lengths_stays_lazy(lazy: None) -> None:
    del lazy
    keep = da.from_array(~np.isnan(X), chunks=4)
    x, grad = (da.from_array(v, chunks=4)[keep] for v in (X, GRAD))
    for name, found in answers(grad, x).items():
        assert np.isnan(found.shape[0])
        with dask.config.set(scheduler="sync"):
            np.testing.assert_array_equal(found.compute(), WANTED[name][~np.isnan(X)])


def test_dask_is_refused_before_it_is_computed(lazy: None) -> None:
    del lazy
    for function in EACH:
        with pytest.raises(TypeError, match="x has dtype complex128; accepted"):
            function(da.zeros(3, dtype=complex))
    with pytest.raises(ValueError, match=r"grad has shape \(5,\)"):
        relu_backward(da.zeros(5), da.zeros(6))
    with pytest.raises(TypeError, match=r"grad is a numpy\.ndarray, x a dask"):
        relu_backward(np.zeros(6), da.zeros(6))
    with pytest.raises(TypeError, match=r"out is a dask\.Array; accepted: None"):
        relu(da.zeros(6), out=da.zeros(6))


def test_dask_has_a_relu_of_durations_and_stays_lazy(lazy: None) -> None:
    del lazy
    x = da.from_array(np.array([-1, 2, "NaT"], "m8[s]"), chunks=2)
    found = relu(x)
    with dask.config.set(scheduler="sync"):
        np.testing.assert_array_equal(found.compute(), np.array([0, 2, "NaT"], "m8[s]"))
    with pytest.raises(TypeError, match=r"^x has dtype timedelta64\[s\]; accepted: bool, integers"):
        drelu(x)


def test_a_dask_frame_stays_lazy(lazy: None) -> None:
    del lazy
    x, grad = (
        dd.from_pandas(pd.DataFrame({"a": v, "b": [-1, LARGE] * 3}), npartitions=2)
        for v in (X, GRAD)
    )
    for name, found in answers(grad, x).items():
        assert isinstance(found, dd.DataFrame)
        assert list(found.dtypes) == [np.float64, np.int64]
        with dask.config.set(scheduler="sync"):
            np.testing.assert_array_equal(found["a"].compute(), WANTED[name])
    for name, found in answers(grad["a"], x["a"]).items():
        assert isinstance(found, dd.Series)
        with dask.config.set(scheduler="sync"):
            np.testing.assert_array_equal(found.compute(), WANTED[name])


@pytest.mark.parametrize("kind", [sparse.COO, sparse.GCXS])
def test_pydata_sparse_stays_sparse(kind: Any) -> None:
    x, grad = kind.from_numpy(X[None]), kind.from_numpy(GRAD[None])
    for name, found in answers(grad, x).items():
        assert type(found) is kind
        assert found.nnz <= np.count_nonzero(X)
        np.testing.assert_array_equal(found.todense()[0], WANTED[name])
    integers = kind.from_numpy(np.array([[-1, LARGE]]))
    assert relu_backward(integers, integers).todense().tolist() == [[0, LARGE]]


FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_scipy_sparse_keeps_its_format(form: str, kind: str) -> None:
    make = getattr(sp, f"{form}_{kind}")
    x, grad = make(X[None]), make(GRAD[None])
    before = x.toarray()
    for name, found in answers(grad, x).items():
        assert type(found) is make
        np.testing.assert_array_equal(found.toarray()[0], WANTED[name])
    np.testing.assert_array_equal(x.toarray(), before)


def test_scipy_sums_what_is_stored_twice_before_it_is_judged() -> None:
    at = np.zeros(3, int), np.array([1, 1, 2])
    x = sp.coo_array(([-3.0, 1.0, 2.0], at), (1, 4))
    assert relu(x).toarray().tolist() == [[0, 0, 2, 0]]
    assert relu_backward(x, x).toarray().tolist() == [[0, 0, 2, 0]]
    assert x.data.tolist() == [-3, 1, 2]
    deep = sp.coo_array(X.reshape(1, 2, 3))
    np.testing.assert_array_equal(
        relu_backward(sp.coo_array(GRAD.reshape(1, 2, 3)), deep).toarray().ravel(), BACK
    )


def test_awkward_keeps_lengths_and_what_is_missing() -> None:
    x = ak.Array([[-1.0, 2.0], [], [nan, None], [5.0]])
    grad = ak.Array([[np.inf, 3.0], [], [4.0, 1.0], [None]])
    wanted = {
        "relu": [[0, 2], [], [nan, None], [5]],
        "drelu": [[0, 1], [], [nan, None], [1]],
        "relu_backward": [[0, 3], [], [nan, None], [None]],
    }
    for name, found in answers(grad, x).items():
        assert isinstance(found, ak.Array)
        assert str(found.to_list()) == str(ak.Array(wanted[name]).to_list()).replace("[0,", "[0.0,")
    whole = ak.Array([[-1, LARGE], []])
    assert relu_backward(whole, whole).to_list() == [[0, LARGE], []]
    bits = ak.Array([[True], [False, None]])
    for found in answers(bits, bits).values():
        assert (str(found.type), found.to_list()) == (str(bits.type), bits.to_list())
    for found in answers(ak.Array([[], []]), ak.Array([[], []])).values():
        assert found.to_list() == [[], []]


def test_ragged_keeps_lengths() -> None:
    x, grad = ragged.array([[-1.0, 2.0], [], [nan]]), ragged.array([[np.inf, 3.0], [], [4.0]])
    wanted = {
        "relu": [[0, 2], [], [nan]],
        "drelu": [[0, 1], [], [nan]],
        "relu_backward": [[0, 3], [], [nan]],
    }
    for name, found in answers(grad, x).items():
        assert isinstance(found, ragged.array)
        for row, numbers in zip(found.tolist(), wanted[name], strict=True):
            np.testing.assert_array_equal(row, numbers)
    whole = ragged.array([[-1, LARGE], [3]])
    assert relu_backward(whole, whole).tolist() == [[0, LARGE], [3]]
