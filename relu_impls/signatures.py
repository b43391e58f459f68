"""What the public functions take and give, for type checkers.

The container that came in comes out; a list or a scalar becomes an array.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, overload

from numpy.typing import ArrayLike

from relu_impls.contract import Array


class Container(Protocol):
    """What answers for itself, an ndarray among them."""

    def __array_ufunc__(self, ufunc: Any, method: Any, /, *inputs: Any, **kwargs: Any) -> Any: ...


_Kept = TypeVar("_Kept", bound=Container)


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
        x: Container | ArrayLike,
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
