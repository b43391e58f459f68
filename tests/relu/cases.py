"""The inputs of the laws: special numbers, memory layouts, sizes and shapes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Inputs, and an upstream gradient for each; both 1-D, C-ordered and native."""

    x: Array
    grad: Array

    def at(self, index: int) -> Sample:
        """Return the sample that holds only one of the inputs."""
        return Sample(self.x[index : index + 1], self.grad[index : index + 1])


def _special_floats(dtype: str) -> Array:
    """Return every kind of number that a float `dtype` has."""
    info = np.finfo(dtype)
    zero, one, inf, nan = (info.dtype.type(v) for v in (0, 1, np.inf, np.nan))
    half = info.max / 2
    subnormal = np.nextafter(zero, one)
    numbers = [
        *(-inf, -1.5, 2.5, -zero, zero, nan, -subnormal, subnormal, inf, np.copysign(nan, -one)),
        *(-info.max, info.max, -half, half, np.nextafter(half, zero), np.nextafter(half, inf)),
        *(-info.smallest_normal, info.smallest_normal, -one, one, -info.eps, 100.0, -100.0),
    ]
    return np.array(numbers, dtype=dtype)


def _special_integers(dtype: str) -> Array:
    """Return the limits of an integer `dtype`, and what lies next to a limit or to its half."""
    info = np.iinfo(dtype)
    half = info.max // 2
    numbers = [info.min, info.max, 0, -1, 1, half, -half, half + 1, info.max - 1, info.min + 1, 100]
    return np.array([n for n in numbers if info.min <= n <= info.max], dtype=dtype)


@cache
def specials(dtype: str) -> Sample:
    """Return every special number of `dtype`, each with another one as its gradient."""
    match np.dtype(dtype).kind:
        case "f":
            x = _special_floats(dtype)
        case "b":
            x = np.array([False, True, True])
        case _:
            x = _special_integers(dtype)
    return Sample(x, np.roll(x, 3))


@cache
def special_pairs(dtype: str) -> Sample:
    """Return every pair of special numbers of `dtype`."""
    x = specials(dtype).x
    return Sample(np.repeat(x, x.size), np.tile(x, x.size))


@cache
def every_float16() -> Sample:
    """Return every bit pattern of float16; an odd factor permutes them into the gradient."""
    bits = np.arange(2**16, dtype=np.uint32)
    gradient = (bits * 40503 % 2**16).astype(np.uint16)
    return Sample(bits.astype(np.uint16).view(np.float16), gradient.view(np.float16))


@dataclass(frozen=True, slots=True)
class Layout:
    """A way to lay numbers out in memory; `of` returns a copy laid out like that."""

    name: str
    of: Callable[[Array], Array]
    writeable: bool = True


def _contiguous(a: Array) -> Array:
    return np.array(a, order="C")


def _fortran(a: Array) -> Array:
    return np.array(a, order="F")


def _swapped_axes(a: Array) -> Array:
    return np.array(a.swapaxes(0, -1), order="C").swapaxes(0, -1)


def _strided(a: Array) -> Array:
    view: Array = np.ones((*a.shape[:-1], 2 * a.shape[-1]), dtype=a.dtype)[..., ::2]
    view[...] = a
    return view


def _negative(a: Array) -> Array:
    return np.flip(np.array(np.flip(a), order="C"))


def _unaligned(a: Array) -> Array:
    view: Array = np.empty(a.nbytes + 1, dtype=np.uint8)[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def _byte_swapped(a: Array) -> Array:
    return a.astype(a.dtype.newbyteorder("S"))


def _read_only(a: Array) -> Array:
    copy = _contiguous(a)
    copy.setflags(write=False)
    return copy


def _memmap(a: Array) -> Array:
    with tempfile.TemporaryFile() as file:
        mapped: Array = np.memmap(file, dtype=a.dtype, mode="w+", shape=a.shape)
    mapped[...] = a
    return mapped


CONTIGUOUS: Final = Layout("contiguous", _contiguous)
STRIDED: Final = Layout("strided", _strided)

LAYOUTS: Final = (
    Layout("Fortran order", _fortran),
    Layout("swapped axes", _swapped_axes),
    STRIDED,
    Layout("negative strides", _negative),
    Layout("unaligned", _unaligned),
    Layout("byte-swapped", _byte_swapped),
    Layout("read-only", _read_only, writeable=False),
    Layout("memmap", _memmap),
)

LENGTHS: Final = (*range(1, 68), *range(8185, 8201))
"""Every remainder of every vector width, and both sides of NumPy's 8192-element buffer."""

SHAPES: Final = ((0,), (0, 3), (3, 0, 2), (1,), (1, 1, 1, 1), (2, 3, 4))

KIB: Final = 1024
ELISION_SIZES: Final = (255 * KIB, 256 * KIB)
"""Bytes of an array on both sides of NumPy's threshold for reusing a temporary."""
