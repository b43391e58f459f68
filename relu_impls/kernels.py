"""What NumPy does fastest with plain arrays: floats and integers.

Each way has its reason beside it.  Sizes and blocks are where two ways cross.  A result may be
written over an input, but not over a part of one.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from numpy import maximum

from relu_impls.contract import BLOCK_BYTES, SIMPLE, Array

_MAPPED: Final = 1 << 22  # bytes of zeros
_CACHED: Final = 1 << 20  # bytes of an array up to which memory does not limit a pass


def _zeros() -> bytes | mmap.mmap:
    """Return zeros that take no cache: all pages of a map that is only read are the same one."""
    if not hasattr(mmap, "MAP_ANONYMOUS"):
        return bytes(_MAPPED)
    return mmap.mmap(-1, _MAPPED, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)


_ZEROS: Final = _zeros()


def pieces(size: int, *arrays: Array) -> Iterator[list[Array]]:
    """Yield one piece of each array after the other; an array that is given twice stays one.

    That is how a kernel knows that it writes over an input.
    """
    for start in range(0, arrays[0].size, size):
        parts = {id(each): each[start : start + size] for each in arrays}
        yield [parts[id(each)] for each in arrays]


class Layout:
    """A dtype of integers; and the integers of its size, as bits of numbers and of masks.

    Constants are arrays without dimensions: a Python number would cost a cast in every call.
    """

    few: int
    """Numbers up to which `np.maximum` with a scalar is fastest."""
    simple: int
    """Numbers up to which calls cost more than passes, so that the fewest calls are fastest."""
    block: int
    """Numbers of a block."""
    nan: Array
    """The bits of a NaN, where there is one."""
    buffered: bool = False
    """Whether `np.maximum` is slower than copies in which numbers lie side by side."""

    def __init__(self, dtype: str | np.dtype[Any], few: int, simple: int) -> None:
        self.dtype = np.dtype(dtype)
        self.few, self.simple, self.block = few, simple, BLOCK_BYTES // self.dtype.itemsize
        self.signed = np.dtype(f"i{self.dtype.itemsize}")
        self.zero = np.zeros((), self.dtype)
        self.zeros = np.frombuffer(_ZEROS, self.dtype)
        self.ends = np.zeros((), self.signed), np.ones((), self.signed)

    def forward(self, x: Array, out: Array | None) -> Array:
        """Return ReLU of more than a few numbers."""
        # Until memory is the limit: the loop over two arrays is vectorised, that with one is not.
        if x.nbytes <= _CACHED or out is not x:
            other = self.zeros[: x.size] if x.nbytes <= _CACHED else self.zero
            found: Array = maximum(x, other, out=out)
            return found
        for start in range(0, x.size, self.zeros.size):
            part = x[start : start + self.zeros.size]
            maximum(part, self.zeros[: part.size], out=part)
        return x

    def derivative(self, x: Array, out: Array | None) -> Array:
        """Return one where `x` is positive, zero elsewhere, NaN where it is, or fill `out`."""
        if x.size <= self.block and not self.has_nan(x):
            return self.slope(x, out)
        return self._by_block(partial(self._with_nan, self.slope), out, x)

    def backward(self, grad: Array, x: Array, out: Array | None) -> Array:
        """Return `grad` where `x` is positive, zero elsewhere, NaN where `x` is, or fill `out`."""
        return self._by_block(partial(self._with_nan, self.gradient), out, x, grad)

    def _by_block(
        self, kernel: Callable[..., object], out: Array | None, x: Array, *grad: Array
    ) -> Array:
        """Have a kernel fill `out`, or a new array, block by block."""
        result = np.empty_like(x) if out is None else out
        # A kernel that writes over a gradient has to keep a mask elsewhere.
        size = self.block // 2 if any(out is each for each in grad) else self.block
        if 0 < x.size <= size:  # a slice costs as much as a short pass
            kernel(x, *grad, result)
        else:
            for parts in pieces(size, x, *grad, result):
                kernel(*parts)
        return result

    def _with_nan(self, kernel: Callable[..., object], x: Array, *more: Array) -> None:
        """Have a kernel fill the last array, and put NaN where `x`, which it may be, was."""
        nan = self.is_nan(x) if self.has_nan(x) else None
        kernel(x, *more)
        if nan is not None:
            self._put_nan(more[-1].getfield(self.signed), nan)

    def _put_nan(self, into: Array, at: Array) -> None:
        np.copyto(into, self.nan, where=at)

    def has_nan(self, x: Array) -> bool:  # noqa: ARG002 - floats look
        """Return whether there is one."""
        return False

    def is_nan(self, x: Array) -> Array:
        """Return where they are."""
        return np.not_equal(x, x)

    def mask(self, x: Array) -> Array:
        """Return where `x` is positive; NaN may be either."""
        return np.greater(x, self.zero)

    def slope(self, x: Array, out: Array | None) -> Array:
        """Return the derivative where no NaN is."""
        mask = self.mask(x)
        if out is None:
            return mask.astype(self.dtype)
        np.copyto(out, mask)
        return out

    def gradient(self, x: Array, grad: Array, out: Array) -> None:
        """Fill `out` with the bits of `grad` that a mask of all ones lets through."""
        mask = self.mask(x).getfield(np.int8)
        np.negative(mask, out=mask)
        wide = mask.astype(self.signed) if out is grad else out.getfield(self.signed)
        np.copyto(wide, mask)
        np.bitwise_and(wide, grad.getfield(self.signed), out=out.getfield(self.signed))


class Double(Layout):
    """float64: to clip and to multiply its integers is slow."""

    def __init__(self, dtype: str | np.dtype[Any], few: int, simple: int) -> None:
        super().__init__(dtype, few, simple)
        bits = np.array([1, np.nan, np.inf], self.dtype).view(self.signed)
        self.one, self.nan, self.infinity = bits[0, ...], bits[1, ...], int(bits[2])

    def has_nan(self, x: Array) -> bool:
        """Return whether there is one: argmax stops at the first, and it never warns."""
        largest = x.item(x.argmax())
        return bool(largest != largest)  # noqa: PLR0124 - NaN is not


class Single(Double):
    """float32."""

    def gradient(self, x: Array, grad: Array, out: Array) -> None:
        """Fill `out` with the bits of `grad` times a mask: no NaN comes of it, and no warning."""
        i = x.getfield(self.signed)
        into = out.getfield(self.signed)
        mask = np.empty_like(i) if out is grad else into
        i.clip(*self.ends, mask)  # -0.0 is the smallest integer
        np.multiply(mask, grad.getfield(self.signed), out=into)


class Half(Single):
    """float16 and bfloat16, which NumPy compares one by one: all is done with integers."""

    buffered = True

    def __init__(self, dtype: str | np.dtype[Any], few: int, simple: int) -> None:
        super().__init__(dtype, few, simple)
        self.unsigned = np.dtype(f"u{self.dtype.itemsize}")
        self.integer_zeros = np.frombuffer(_ZEROS, self.signed)
        self.negative_infinity = 0x8000 + self.infinity  # unsigned
        self.most = np.array(self.infinity, self.signed)
        self.unsigned_most = np.array(self.negative_infinity, self.unsigned)

    def forward(self, x: Array, out: Array | None) -> Array:
        """Return ReLU of more than a few numbers; a NaN without a sign is a large integer."""
        u = x.getfield(self.unsigned)
        zeros = self.integer_zeros[: x.size]
        if (
            not 0 < x.size <= self.integer_zeros.size
            or not x.flags.c_contiguous  # argmax would copy it
            or u.item(u.argmax()) > self.negative_infinity
        ):
            return self._by_block(self._largest, out, x)
        if out is None:
            found: Array = maximum(x.getfield(self.signed), zeros).getfield(self.dtype)
            return found
        maximum(x.getfield(self.signed), zeros, out=out.getfield(self.signed))
        return out

    def _largest(self, x: Array, out: Array) -> None:
        u, into = x.getfield(self.unsigned), out.getfield(self.signed)
        lost = u.item(u.argmax()) > self.negative_infinity and np.greater(u, self.unsigned_most)
        maximum(x.getfield(self.signed), self.integer_zeros[: x.size], out=into)
        if lost is not False:
            self._put_nan(into, lost)

    def has_nan(self, x: Array) -> bool:
        """Return whether there is one: of either sign, it is larger than the infinity."""
        i, u = x.getfield(self.signed), x.getfield(self.unsigned)
        largest, unsigned = i.item(i.argmax()), u.item(u.argmax())
        return bool(largest > self.infinity or unsigned > self.negative_infinity)

    def is_nan(self, x: Array) -> Array:
        """Return where they are."""
        found: Array = np.greater(x.getfield(self.signed), self.most)
        found |= np.greater(x.getfield(self.unsigned), self.unsigned_most)
        return found

    def mask(self, x: Array) -> Array:
        """Return where `x` is positive."""
        found: Array = np.greater(x.getfield(self.signed), self.ends[0])
        return found

    def slope(self, x: Array, out: Array | None) -> Array:
        """Return the derivative where no NaN is: the bits of 1, or none."""
        into = np.empty(x.shape, self.signed) if out is None else out.getfield(self.signed)
        np.copyto(into, self.mask(x))  # a cast and a product are faster than one in buffers
        np.multiply(into, self.one, out=into)
        return into.getfield(self.dtype) if out is None else out


LAYOUTS: Final[dict[np.dtype[Any], Layout]] = {
    layout.dtype: layout
    for layout in (
        Half("float16", few=128, simple=64),
        Single("float32", few=1_200, simple=SIMPLE),
        Double("float64", few=2_400, simple=SIMPLE),
        *(
            Layout(f"{sign}{size}", few=400, simple=SIMPLE)
            for sign in "iu"
            for size in (1, 2, 4, 8)
        ),
    )
}
"""The dtypes that have kernels, in native byte order; `small` adds those it meets."""
