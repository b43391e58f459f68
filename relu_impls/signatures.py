"""What the public functions take and give, for type checkers.

The container that came in comes out; a list or a scalar becomes an array.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, overload, runtime_checkable

from numpy.typing import ArrayLike

from relu_impls.contract import Array


@runtime_checkable
class Container(Protocol):
    """What answers for itself, an ndarray among them."""

    def __array_ufunc__(self, ufunc: Any, method: Any, /, *inputs: Any, **kwargs: Any) -> Any: ...


@runtime_checkable
class Blocks(Protocol):
    """An array of Dask."""

    def map_blocks(self, *args: Any, **kwargs: Any) -> Any:
        """Apply a function to each block."""


@runtime_checkable
class Columns(Protocol):
    """A frame of polars."""

    def with_columns(self, *args: Any, **kwargs: Any) -> Any:
        """Return a frame with other columns."""


@runtime_checkable
class Stored(Protocol):
    """A sparse array of SciPy."""

    def tocoo(self, *args: Any, **kwargs: Any) -> Any:
        """Return the numbers that are stored, and where."""


@runtime_checkable
class Tree(Protocol):
    """A tree of xarray."""

    def map_over_datasets(self, *args: Any, **kwargs: Any) -> Any:
        """Apply a function to each node."""


AnyContainer = Container | Blocks | Columns | Stored | Tree
_Kept = TypeVar("_Kept", bound=AnyContainer)


class Forward(Protocol):
    """`relu` and `drelu`; that the derivative of a quantity has no unit, no type says."""

    @overload
    def __call__(
        self, x: _Kept, *, out: _Kept | None = None, threads: int | None = None
    ) -> _Kept: ...
    @overload
    def __call__(
        self, x: ArrayLike, *, out: Array | None = None, threads: int | None = None
    ) -> Array: ...


class Backward(Protocol):
    """`relu_backward`: what comes out is of the kind of the gradient."""

    @overload
    def __call__(
        self,
        grad: _Kept,
        x: AnyContainer | ArrayLike,
        *,
        out: _Kept | None = None,
        threads: int | None = None,
    ) -> _Kept: ...
    @overload
    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        *,
        out: Array | None = None,
        threads: int | None = None,
    ) -> Array: ...
