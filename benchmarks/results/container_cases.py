"""Every container of the page `containers.md`, with numbers in it; this imports their packages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import astropy.units as u
import awkward as ak
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pint
import polars as pl
import ragged
import sparse
import unyt
import xarray as xr
from astropy.table import Column, MaskedColumn
from astropy.utils.masked import Masked
from scipy import sparse as sp

X: Final = np.array([-1.0, 0.0, 2.0, np.nan, 5.0, -np.inf])
GRAD: Final = np.array([np.inf, np.nan, 3.0, 4.0, np.inf, -np.inf])
HIDDEN: Final = np.array([0, 0, 0, 0, 1, 1], dtype=bool)
LARGE: Final = 2**53 + 1


@dataclass(frozen=True, slots=True)
class Case:
    """A container: what it is called, the two that are given, and how its numbers are read."""

    name: str
    grad: Any
    x: Any
    read: Callable[[Any], Any] = np.asarray
    hidden: Any = None
    """Where `x` is masked."""


_INNER: Final[dict[str, Callable[[Any], Any]]] = {
    "unmasked": lambda v: np.where(v.mask, np.nan, np.asarray(v.unmasked)),
    "filled": lambda v: v.filled(np.nan),
    "dims": lambda v: plain(v.data),
    "magnitude": lambda v: plain(v.magnitude),
    "dask": lambda v: plain(v.compute()),
    "todense": lambda v: v.todense(),
    "notna": lambda v: v.astype(object).where(v.notna(), np.nan),
    "is_null": lambda v: np.array([np.nan if each is None else each for each in v], object),
}
"""How numbers are read by what a container has, with NaN for what is hidden."""


def plain(value: Any) -> Any:
    """Return the numbers of what is lazy, labelled, masked or of a unit."""
    read = (inner for name, inner in _INNER.items() if hasattr(value, name))
    return np.asarray(next(read, np.asarray)(value))


def _nullable(value: Any) -> Any:
    return np.array([None if hidden else v for v, hidden in zip(value, HIDDEN, strict=True)])


def cases() -> list[Case]:
    """Return every container with numbers in it."""
    quantity: Any = pint.UnitRegistry().Quantity

    def lazy(values: Any) -> Any:
        return da.from_array(values, chunks=4)

    def pair(name: str, make: Callable[[Any], Any], read: Any = plain, of: Any = np.copy) -> Case:
        return Case(name, make(of(GRAD)), make(of(X)), read)

    def units(name: str, make: Callable[[Any, str], Any]) -> Case:
        return Case(name, make(GRAD, "V"), make(X, "m"), plain)

    def masks(name: str, make: Callable[[Any], Any], mask: Callable[[Any], Any]) -> Case:
        return Case(name, make(GRAD), mask(X), plain, hidden=HIDDEN)

    def column(frame: Any) -> Any:
        return plain(frame["a"])

    return [
        masks("numpy.ma", np.ma.asarray, lambda v: np.ma.MaskedArray(v, HIDDEN)),
        pair("numpy.matrix", lambda v: v[None].view(np.matrix), read=lambda m: np.asarray(m)[0]),
        pair("numpy.recarray", lambda v: v.view(np.recarray)),
        pair("pandas Series", pd.Series),
        pair("pandas Index", pd.Index),
        Case(
            "pandas Series, Float64",
            pd.Series(GRAD, dtype="Float64"),
            pd.Series(_nullable(X), dtype="Float64"),
            plain,
            hidden=HIDDEN,
        ),
        Case(
            "pandas Series, int64[pyarrow]",
            pd.Series([LARGE] * 3, dtype="int64[pyarrow]"),
            pd.Series([-1, LARGE, None], dtype="int64[pyarrow]"),
            plain,
            hidden=np.array([False, False, True]),
        ),
        Case(
            "pandas Index, Int64",
            pd.Index([LARGE] * 3, dtype="Int64"),
            pd.Index([-1, LARGE, None], dtype="Int64"),
            plain,
            hidden=np.array([False, False, True]),
        ),
        pair("pandas DataFrame", lambda v: pd.DataFrame({"a": v, "b": range(6)}), read=column),
        pair("polars Series", pl.Series),
        Case(
            "polars Series, Int64",
            pl.Series([LARGE] * 3),
            pl.Series([-1, LARGE, None]),
            plain,
            hidden=np.array([False, False, True]),
        ),
        pair("polars DataFrame", lambda v: pl.DataFrame({"a": v, "b": range(6)}), read=column),
        pair("xarray DataArray", lambda v: xr.DataArray(v, dims="t")),
        pair("xarray Dataset", lambda v: xr.Dataset({"a": ("t", v)}), read=column),
        pair("xarray DataArray of Dask", lambda v: xr.DataArray(lazy(v), dims="t")),
        units("xarray DataArray of pint", lambda v, of: xr.DataArray(quantity(v, of), dims="t")),
        pair("Dask array", lazy),
        masks("Dask array of masked chunks", lazy, lambda v: da.ma.masked_array(lazy(v), HIDDEN)),
        pair("Dask DataFrame", lambda v: dd.from_pandas(pd.DataFrame({"a": v}), 2), read=column),
        units("pint Quantity", quantity),
        units("pint Quantity of Dask", lambda v, of: quantity(lazy(v), of)),
        units("astropy Quantity", lambda v, of: v * u.Unit(of)),
        masks("astropy Masked", Masked, lambda v: Masked(v, HIDDEN)),
        units("astropy Column", lambda v, of: Column(v, unit=of)),
        masks("astropy MaskedColumn", MaskedColumn, lambda v: MaskedColumn(v, mask=HIDDEN)),
        pair("astropy Magnitude", u.Magnitude),
        units("unyt", unyt.unyt_array),
        units("unyt, float32", lambda v, of: unyt.unyt_array(v.astype("f4"), of)),
        Case("unyt, degC", unyt.unyt_array(GRAD, "V"), unyt.unyt_array(X, "degC"), plain),
        pair("pydata sparse", sparse.COO.from_numpy),
        pair("scipy.sparse", lambda v: sp.csr_array(v[None]), read=lambda s: s.toarray()[0]),
        pair("awkward", ak.Array),
        pair("awkward, bool", ak.Array, of=lambda v: v > 0),
        pair("ragged", ragged.array, read=lambda r: np.array(r.tolist())),
    ]
