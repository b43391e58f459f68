"""Where arrays lie: zeros that take no cache, pieces of arrays, and what overlaps."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Final

import numpy as np

from relu_impls.contract import Array

_MAPPED: Final = 1 << 22  # bytes of zeros


def _zeros() -> bytes | mmap.mmap:
    """Return zeros that take no cache: all pages of a map that is only read are the same one."""
    if not hasattr(mmap, "MAP_ANONYMOUS"):
        return bytes(_MAPPED)
    return mmap.mmap(-1, _MAPPED, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)


ZEROS: Final = _zeros()


def pieces(size: int, *arrays: Array) -> Iterator[list[Array]]:
    """Yield one piece of each array after the other; an array that is given twice stays one.

    That is how a kernel knows that it writes over an input.
    """
    for start in range(0, arrays[0].size, size):
        parts = {id(each): each[start : start + size] for each in arrays}
        yield [parts[id(each)] for each in arrays]


def overlaps(out: Array | None, *arrays: Array) -> bool:
    """Return whether a part of some array lies where another part of the result goes."""
    if out is not None:
        for each in arrays:
            if each is not out and np.may_share_memory(each, out):
                return True
    return False
