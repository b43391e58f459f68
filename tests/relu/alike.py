"""The smallest containers that answer as those of other packages do: one wrapped array each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


class Dispatching(np.lib.mixins.NDArrayOperatorsMixin):
    """What has ``__array_ufunc__`` and nothing else; it counts no unit, no label, no shape."""

    def __init__(self, data: Any) -> None:
        self.data = np.asarray(data)

    def __array_ufunc__(self, ufunc: Any, how: str, *given: Any, **options: Any) -> Any:
        inner = (each.data if isinstance(each, Dispatching) else each for each in given)
        return type(self)(getattr(ufunc, how)(*inner, **options))


class Typed(Dispatching):
    """One that knows its dtype and shape."""

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape


class Zipping(Typed):
    """A polars Series: it chooses by a method of its own, and NaN is its largest number."""

    name = "a"

    def clip(self, lower: int) -> Zipping:
        return Zipping(np.maximum(self.data, self.dtype.type(lower)))

    def sign(self) -> Zipping:
        return Zipping(np.sign(self.data))

    def zip_with(self, mask: Zipping, other: Zipping) -> Zipping:
        return Zipping(np.where(mask.data, self.data, other.data))


class Expr(Dispatching):
    """A polars Expr: it has no dtype yet, and cannot choose."""

    def clip(self, lower: int) -> Expr:
        return Expr(np.maximum(self.data, lower))

    def sign(self) -> Expr:
        return Expr(np.sign(self.data))


class Rows(Dispatching):
    """An array of awkward: its type says all."""

    def __init__(self, data: Any, type: str = "") -> None:  # noqa: A002 - as awkward calls it
        super().__init__(data)
        self.type = type or f"{len(self.data)} * ?{self.data.dtype}"


class Series(Typed):
    """A pandas Series."""

    def __init__(self, data: Any, labels: str = "") -> None:
        super().__init__(data)
        self.axes = [Labels(labels)]

    def clip(self, lower: int) -> Series:
        return type(self)(np.fmax(self.data, self.dtype.type(lower)))  # as those of Arrow do

    def astype(self, dtype: Any) -> Series:
        return type(self)(self.data.astype(dtype))

    def set_axis(self, labels: Series) -> Series:
        assert labels is self
        return self

    @property
    def index(self) -> Index:
        return Index(self.data)

    def mask(self, mask: Series, other: int) -> Series:
        return type(self)(np.where(mask.data, self.dtype.type(other), self.data))

    def where(self, mask: Series, other: Series) -> Series:
        return type(self)(np.where(mask.data, self.data, other.data))


class Index(Typed):
    """A pandas Index."""

    name = "a"

    def __len__(self) -> int:
        return len(self.data)

    def to_series(self, places: range) -> Series:
        assert places == range(len(self.data))
        return Series(self.data)

    def rename(self, name: str) -> Index:
        assert name == self.name
        return self


class DataFrame(Series):
    """A pandas DataFrame of one column."""

    columns = ("a",)

    @property
    def dtypes(self) -> list[Any]:
        return [self.dtype]

    def items(self) -> Iterator[tuple[str, Series]]:
        yield "a", Series(self.data)

    def apply(self, function: Callable[[Series], Series]) -> DataFrame:
        return DataFrame(function(Series(self.data)).data)


class Labels(str):
    """A pandas Index."""

    __slots__ = ()

    def equals(self, other: Labels) -> bool:
        return self == other


class Holding:
    """What holds another array, and gives an array of its own kind for what that becomes."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def _of(self, function: Any, *more: Holding) -> Any:
        return type(self)(function(self.data, *(each.data for each in more)))


class Array(Holding):
    """A Dask array of one block."""

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    @property
    def shape(self) -> tuple[float, ...]:
        shape: tuple[float, ...] = getattr(self, "unknown", self.data.shape)
        return shape

    chunks = ((2,),)

    def rechunk(self, chunks: Any) -> Array:
        assert chunks == self.chunks
        return self

    def map_blocks(self, function: Any, *more: Holding) -> Any:
        return self._of(function, *more)


class FrameBase(Holding):
    """A Dask DataFrame of one partition; its length is not known."""

    def __init__(self, data: Any, divisions: tuple[int, ...] = (0, 5)) -> None:
        super().__init__(data)
        self.divisions = divisions

    def map_partitions(self, function: Any, *more: Holding) -> Any:
        return self._of(function, *more)


class PlainQuantity:
    """A quantity of pint."""

    def __init__(self, magnitude: Any, units: str) -> None:
        self.magnitude, self.units = magnitude, units


class Frame:
    """A polars DataFrame of one column."""

    columns = ("a",)

    def __init__(self, column: Any) -> None:
        self.column = column

    def __iter__(self) -> Iterator[Any]:
        return iter([self.column])

    def __getitem__(self, name: str) -> Any:
        assert name == self.column.name
        return self.column

    def with_columns(self, columns: list[Any]) -> Frame:
        return type(self)(*columns)


class DataArray(Holding):
    """An xarray DataArray; its name is its only attribute."""

    name = "a"
    dims = ("t",)

    def __init__(self, data: Any, labels: str = "") -> None:
        super().__init__(data)
        self.indexes = {"t": Labels(labels)}

    def copy(self, *, deep: bool, data: Any) -> DataArray:
        assert not deep
        return type(self)(data)


class Dataset:
    """An xarray Dataset of one variable."""

    def __init__(self, variable: Any, name: str = "a") -> None:
        self.data_vars = {name: variable}

    def __getitem__(self, name: str) -> Any:
        return self.data_vars[name]

    def map(self, function: Any, *, keep_attrs: bool) -> Dataset:
        assert keep_attrs
        return type(self)(function(self["a"]))


class DataTree(Holding):
    """An xarray DataTree of one node."""

    def map_over_datasets(self, function: Any, *more: Holding) -> Any:
        return self._of(function, *more)


HOMES = {
    "dask": (Array, FrameBase),
    "awkward": (Rows,),
    "pandas": (Series, DataFrame, Index, Labels),
    "pint": (PlainQuantity,),
    "polars": (Zipping, Frame, Expr),
    "xarray": (DataArray, Dataset, DataTree),
}
for package, kinds in HOMES.items():
    for kind in kinds:
        kind.__module__ = package
Frame.__name__ = "DataFrame"
