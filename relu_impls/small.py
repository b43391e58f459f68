"""Dtypes for which NumPy has no fast functions, or no right ones: those of ml_dtypes, and a few."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from relu_impls.contract import SIMPLE, Array
from relu_impls.kernels import LAYOUTS, Half, Layout, Most

_BYTE: Final = 8  # bits
_BUFFER: Final = 1 << 15  # bytes: five of them are less than what a call may take
_NEVER: Final = -1  # numbers up to which NumPy's own functions are right


@dataclass(frozen=True, slots=True)
class Range:
    """Neighbours among the patterns of one byte, of which only the bits in a mask count."""

    bits: np.uint8 | None
    first: np.uint8
    count: np.uint8

    @classmethod
    def of(cls, held: Array) -> Range:
        """Return the range of the patterns that are held."""
        half = held.size // 2
        if np.array_equal(held[:half], held[half:]):  # whatever the sign
            held = held[:half]
        bits = None if held.size > np.iinfo(np.uint8).max else np.uint8(held.size - 1)
        return cls(bits, np.uint8(np.argmax(held)), np.uint8(np.count_nonzero(held)))

    def holds(self, u: Array, into: Array, compare: np.ufunc = np.less) -> Array:
        """Return where a pattern is held, or, with `np.greater_equal`, is not, as bytes."""
        if self.bits is not None:
            u = np.bitwise_and(u, self.bits, out=into)
        np.subtract(u, self.first, out=into)
        compare(into, self.count, out=into.getfield(np.bool_))
        return into


class Byte(Layout):
    """A type of one byte: its numbers are looked at once, all else is done with patterns."""

    __slots__ = ("nans", "negative", "positive")

    buffered = True

    def __init__(self, dtype: np.dtype[Any], bits: int) -> None:
        super().__init__(dtype, Most(_NEVER, _NEVER, _NEVER, _NEVER))
        self.block //= 4  # leaves room for masks
        patterns = np.arange(1 << bits, dtype=np.uint8)
        numbers = patterns.view(dtype).astype(np.float64)
        self.positive, self.negative = Range.of(numbers > 0), Range.of(numbers < 0)
        self.nans = Range.of(np.isnan(numbers))
        self.one = np.uint8(np.argmax(numbers == 1))
        self.nan = np.array(np.argmax(np.isnan(numbers)), np.uint8).view(self.signed)

    def forward(self, x: Array, out: Array | None) -> Array:
        """Return ReLU: all but the negative, and so NaN as well."""
        return self._by_block(self._not_negative, out, x)

    def _not_negative(self, x: Array, out: Array) -> None:
        u, into = x.getfield(np.uint8), out.getfield(np.uint8)
        scratch = np.empty_like(u) if out is x else into
        np.multiply(u, self.negative.holds(u, scratch, np.greater_equal), out=into)

    def has_nan(self, x: Array) -> bool:
        """Return whether there is one."""
        found = self.nans.count and x.size and (nan := self.is_nan(x)).item(nan.argmax())
        return bool(found)

    def is_nan(self, x: Array) -> Array:
        """Return where they are."""
        return self.nans.holds(x.getfield(np.uint8), np.empty(x.shape, np.uint8)).view(np.bool_)

    def _put_nan(self, into: Array, at: Array) -> None:
        into |= np.multiply(at, self.nan, dtype=self.signed)

    def slope(self, x: Array, out: Array | None) -> Array:
        """Return the derivative where no NaN is: the pattern of 1, or none."""
        into = np.empty(x.shape, np.uint8) if out is None else out.getfield(np.uint8)
        np.multiply(self.positive.holds(x.getfield(np.uint8), into), self.one, out=into)
        return into.getfield(self.dtype) if out is None else out

    def gradient(self, x: Array, grad: Array, out: Array | None) -> Array:
        """Return the patterns of `grad` where those of `x` are of positive numbers."""
        u = x.getfield(np.uint8)
        mask = self.positive.holds(u, np.empty(x.shape, np.uint8))
        into = mask if out is None else out.getfield(np.uint8)
        np.multiply(mask, grad.getfield(np.uint8), out=into)
        return into.getfield(self.dtype) if out is None else out


class Plain(Layout):
    """bool and longdouble: NumPy's own functions, whose scratch only `anyhow` keeps small."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.few = self.steps = self.picks = _NEVER
        self.simple = SIMPLE // max(1, self.dtype.itemsize // 4)  # 16 bytes of longdouble

    def derivative(self, x: Array, out: Array | None) -> Array:  # noqa: ARG002 - `anyhow` has none
        """Return one where `x` is positive, zero elsewhere, NaN where it is."""
        slope: Array = np.greater(x, self.dtype.type(0)).astype(self.dtype)
        np.copyto(slope, x, where=np.not_equal(x, x))
        return slope

    def backward(self, grad: Array, x: Array, out: Array | None) -> Array:  # noqa: ARG002
        """Return `grad` where `x` is positive, zero elsewhere, NaN where `x` is."""
        zero = self.dtype.type(0)
        result: Array = np.where(np.greater(x, zero), grad, np.maximum(x, zero))
        return result


_PLAIN: Final = {layout.dtype: layout for layout in map(Plain, (np.bool_, np.longdouble))}


def foreign(dtype: np.dtype[Any]) -> Layout | None:
    """Return the kernels of a real dtype of ml_dtypes, and None for every other dtype.

    The package is not imported, as whoever has an array of it has done so.
    """
    if dtype.type.__module__ != "ml_dtypes":
        return None
    native = dtype.newbyteorder("=")
    bits = re.fullmatch(r"(?:bfloat|float|u?int)(\d+)(?:_\w+)?", native.name)
    if bits is None:  # a complex number
        return None
    if native not in LAYOUTS:
        size = int(bits[1])
        LAYOUTS[native] = Byte(native, size) if size <= _BYTE else Half(native, Most(0, 0, 0, 0))
    return LAYOUTS[native]


def layout_of(dtype: np.dtype[Any]) -> Layout | None:
    """Return the kernels of a dtype in any byte order, or None if it has none."""
    native = dtype.newbyteorder("=")
    return LAYOUTS.get(native) or _PLAIN.get(native) or foreign(dtype)


def anyhow(
    kernel: Callable[..., Array], dtype: np.dtype[Any], out: Array | None, *arrays: Array
) -> Array:
    """Return what a kernel gives for arrays of any layout, shape and byte order, or fill `out`."""
    operands: list[Any] = [*arrays, out]
    # A block is read before any of it is written, so that an input may be the output.
    read = ["readonly", "overlap_assume_elementwise"]
    use: list[Any] = [*(read for _ in arrays), ["writeonly", "allocate", *read[1:]]]
    blocks = np.nditer(
        operands,
        ["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
        use,
        [dtype] * len(operands),
        buffersize=_BUFFER // dtype.itemsize,
    )
    with blocks:
        for *given, into in blocks:
            np.copyto(into, kernel(*given, None))
        return blocks.operands[-1] if out is None else out
