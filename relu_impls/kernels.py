"""What NumPy does fastest with plain arrays: floats and integers.

Each way has its reason beside it.  Sizes and blocks are where two ways cross.  A result may be
written anywhere, over inputs as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy import greater, maximum, multiply, not_equal, putmask

from relu_impls.contract import BLOCK_BYTES, SIMPLE, Array
from relu_impls.memory import ZEROS, overlaps, pieces

_BLOCK: Final = BLOCK_BYTES - (1 << 12)  # bytes: with the array objects, no more than a block


@dataclass(frozen=True, slots=True)
class Most:
    """Numbers up to which a way is the fastest."""

    few: int
    """ReLU by `np.maximum` with a scalar."""
    steps: int
    """The derivative as the sign of ReLU, which keeps NaN."""
    picks: int
    """Picking gradients, which cannot foretell signs."""
    simple: int
    """The fewest calls, as they cost more than passes."""


class Layout:
    """A dtype of integers; and the integers of its size, as bits of numbers and of masks.

    Constants are arrays without dimensions: a Python number would cost a cast in every call.
    """

    __slots__ = (
        *("block", "dtype", "ends", "few", "nan", "one", "picks", "shaped", "signed", "simple"),
        *("steps", "zero", "zeros"),
    )

    shaped: int
    """Numbers up to which `forward` takes any shape; everything else takes rows of numbers."""
    block: int
    """Numbers of a block."""
    nan: Array
    """The bits of a NaN, where there is one."""
    buffered: bool = False
    """Whether `np.maximum` is slower than copies in which numbers lie side by side."""

    def __init__(self, dtype: str | np.dtype[Any], most: Most) -> None:
        self.dtype = np.dtype(dtype)
        self.few, self.steps, self.picks, self.simple = astuple(most)
        self.block = _BLOCK // self.dtype.itemsize
        self.signed = np.dtype(f"i{self.dtype.itemsize}")
        self.zero = np.zeros((), self.dtype)
        self.zeros = np.frombuffer(ZEROS, self.dtype)
        self.shaped = 0 if self.buffered else self.zeros.size
        self.ends = np.zeros((), self.signed), np.ones((), self.signed)

    def forward(self, x: Array, out: Array | None) -> Array:
        """Return ReLU of more than a few numbers."""
        if x.size <= self.zeros.size:  # the loop with one array is not vectorised
            zeros = self.zeros[: x.size]
            if x.ndim > 1:
                zeros = zeros.reshape(x.shape, order="C" if x.flags.c_contiguous else "F")
            found: Array = maximum(x, zeros, out=out)
        elif out is not x:  # as memory is the limit
            found = maximum(x, self.zero, out=out)
        else:
            for start in range(0, x.size, self.zeros.size):
                part = x[start : start + self.zeros.size]
                maximum(part, self.zeros[: part.size], out=part)
            found = x
        return found

    def derivative(self, x: Array, out: Array | None) -> Array:
        """Return one where `x` is positive, zero elsewhere, NaN where it is, or fill `out`."""
        if out is None and x.size <= self.steps:
            found: Array = np.sign(maximum(x, self.zero))  # signalling NaNs do not warn
            return found
        if out is None and 0 < x.size <= self.simple:
            slopes = greater(x, self.zero).astype(self.dtype)
            if (top := x.item(x.argmax())) != top:  # argmax stops at the first NaN
                self._put_nan(slopes.getfield(self.signed), not_equal(x, x))
            return slopes
        if 0 < x.size <= self.block and not self.has_nan(x):
            return self.slope(x, out)
        return self._by_block(partial(self._with_nan, self.slope), out, x)

    def backward(self, grad: Array, x: Array, out: Array | None) -> Array:
        """Return `grad` where `x` is positive, zero elsewhere, NaN where `x` is, or fill `out`."""
        if out is None and x.size <= self.picks:
            found: Array = maximum(x, self.zero)  # it keeps NaN
            putmask(found, greater(x, self.zero), grad)
            return found
        if 0 < x.size <= self.simple:
            bits, mask = grad.getfield(self.signed), greater(x, self.zero)
            nan = not_equal(x, x) if (top := x.item(x.argmax())) != top else None
            into = None if out is None else out.getfield(self.signed)
            passed: Array = multiply(bits, mask, out=into)
            if nan is not None:
                self._put_nan(passed, nan)
            return passed.getfield(self.dtype) if out is None else out
        size = self.block // 2 if out is grad else self.block
        if 0 < x.size <= size and not overlaps(out, x, grad) and not self.has_nan(x):
            return self.gradient(x, grad, out)
        return self._by_block(partial(self._with_nan, self.gradient), out, x, grad)

    def _by_block(
        self, kernel: Callable[..., object], out: Array | None, x: Array, *grad: Array
    ) -> Array:
        """Have a kernel fill `out`, or a new array, block by block."""
        if out is not None and overlaps(out, x, *grad):
            np.copyto(out, self._by_block(kernel, None, x, *grad))
            return out
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
        return not_equal(x, x)

    def mask(self, x: Array) -> Array:
        """Return where `x` is positive; NaN may be either."""
        return greater(x, self.zero)

    def slope(self, x: Array, out: Array | None) -> Array:
        """Return the derivative where no NaN is."""
        mask = self.mask(x)
        if out is None:
            return mask.astype(self.dtype)
        np.copyto(out, mask)
        return out

    def gradient(self, x: Array, grad: Array, out: Array | None) -> Array:
        """Return the bits of `grad` that a mask of all ones lets through, or fill `out`."""
        mask = self.mask(x).getfield(np.int8)
        np.negative(mask, out=mask)
        if out is None or out is grad:
            wide = mask.astype(self.signed)
        else:
            wide = out.getfield(self.signed)
            np.copyto(wide, mask)
        into = wide if out is None else out.getfield(self.signed)
        np.bitwise_and(wide, grad.getfield(self.signed), out=into)
        return into.getfield(self.dtype) if out is None else out


class Double(Layout):
    """float64: to clip and to multiply its integers is slow."""

    __slots__ = ("infinity",)

    def __init__(self, dtype: str | np.dtype[Any], most: Most) -> None:
        super().__init__(dtype, most)
        bits = np.array([1, np.nan, np.inf], self.dtype).view(self.signed)
        self.one, self.nan, self.infinity = bits[0, ...], bits[1, ...], int(bits[2])

    def has_nan(self, x: Array) -> bool:
        """Return whether there is one: argmax stops at the first, and it never warns."""
        largest = x.item(x.argmax())
        return bool(largest != largest)  # noqa: PLR0124 - NaN is not


class Single(Double):
    """float32."""

    __slots__ = ()

    def gradient(self, x: Array, grad: Array, out: Array | None) -> Array:
        """Return the bits of `grad` times a mask, or fill `out`: no NaN comes of it, no warning."""
        into = None if out is None else out.getfield(self.signed)
        # -0.0 is the smallest integer.
        mask = x.getfield(self.signed).clip(*self.ends, None if out is grad else into)
        into = mask if into is None else into
        multiply(mask, grad.getfield(self.signed), out=into)
        return into.getfield(self.dtype) if out is None else out


class Half(Single):
    """float16 and bfloat16, which NumPy compares one by one: all is done with integers."""

    __slots__ = ("integer_zeros", "most", "negative_infinity", "unsigned", "unsigned_most")

    buffered = True

    def __init__(self, dtype: str | np.dtype[Any], most: Most) -> None:
        super().__init__(dtype, most)
        self.unsigned = np.dtype(f"u{self.dtype.itemsize}")
        self.integer_zeros = np.frombuffer(ZEROS, self.signed)
        self.negative_infinity = 0x8000 + self.infinity  # unsigned
        self.most = np.array(self.infinity, self.signed)
        self.unsigned_most = np.array(self.negative_infinity, self.unsigned)

    def forward(self, x: Array, out: Array | None) -> Array:
        """Return ReLU of more than a few numbers; a NaN without a sign is a large integer."""
        size = x.size
        # argmax copies what does not lie side by side, or is not aligned.
        if size <= self.block or (
            size <= self.zeros.size and x.flags.c_contiguous and x.flags.aligned
        ):
            u = x.getfield(self.unsigned)
            if u.item(u.argmax()) <= self.negative_infinity:
                zeros = self.integer_zeros[:size]
                if out is not None:
                    maximum(x.getfield(self.signed), zeros, out=out.getfield(self.signed))
                    return out
                found: Array = maximum(x.getfield(self.signed), zeros).getfield(self.dtype)
                return found
        return self._by_block(self._largest, out, x)

    def _largest(self, x: Array, out: Array) -> None:
        u, into = x.getfield(self.unsigned), out.getfield(self.signed)
        lost = u.item(u.argmax()) > self.negative_infinity and greater(u, self.unsigned_most)
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
        found: Array = greater(x.getfield(self.signed), self.most)
        found |= greater(x.getfield(self.unsigned), self.unsigned_most)
        return found

    def mask(self, x: Array) -> Array:
        """Return where `x` is positive."""
        found: Array = greater(x.getfield(self.signed), self.ends[0])
        return found

    def slope(self, x: Array, out: Array | None) -> Array:
        """Return the derivative where no NaN is: the bits of 1, or none."""
        into = np.empty(x.shape, self.signed) if out is None else out.getfield(self.signed)
        np.copyto(into, self.mask(x))  # a cast and a product are faster than one in buffers
        multiply(into, self.one, out=into)
        return into.getfield(self.dtype) if out is None else out


LAYOUTS: Final[dict[np.dtype[Any], Layout]] = {
    layout.dtype: layout
    for layout in (
        Half("float16", Most(few=128, steps=250, picks=150, simple=64)),
        Single("float32", Most(few=1_200, steps=300, picks=400, simple=SIMPLE)),
        Double("float64", Most(few=2_400, steps=300, picks=400, simple=SIMPLE)),
        *(
            Layout(f"{sign}{size}", Most(few=400, steps=-1, picks=400, simple=SIMPLE))
            for sign in "iu"
            for size in (1, 2, 4, 8)
        ),
    )
}
"""The dtypes that have kernels, in native byte order; `small` adds those it meets."""
