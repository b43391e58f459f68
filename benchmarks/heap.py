"""A heap that keeps what it is given back.

By default, what a process happened to free first decides whether a large result costs page faults
for the rest of its life, and two processes that run the same code differ several times over.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

import numpy as np

from benchmarks.rows import Array

_MALLOPT: Final = {
    -1: 1024 * 1024 * 1024,  # M_TRIM_THRESHOLD: never give memory back
    -2: 64 * 1024 * 1024,  # M_TOP_PAD: take it in large pieces
    -3: 32 * 1024 * 1024,  # M_MMAP_THRESHOLD: the largest value that glibc takes
}

_LARGEST: Final = 16 * 1024 * 1024
_SMALLEST: Final = 4096
_MOST: Final = 4096
"""Holes of one size that are filled at most; other heaps than glibc's have no top to reach."""


def keep_memory() -> bool:
    """Let malloc keep freed memory and use it again; return whether it could be told so.

    It is told by glibc's ``mallopt``.  Results above 32 MiB are not affected.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(name, value) for name, value in _MALLOPT.items())


def fill_holes() -> list[Array]:
    """Return arrays that fill the heap's holes, so that what is allocated next lies at its top.

    A call that allocates gets the hole that fits best, which is the same one each time: its place
    is drawn once for the life of a process.  The top moves with whatever is put before it.

    Returns
    -------
    list of Array
        Uninitialised bytes; the holes are there again when they are gone.
    """
    top = _address(np.empty(_LARGEST, np.uint8))
    filling: list[Array] = []
    size = _LARGEST
    while size >= _SMALLEST:
        for _ in range(_MOST):
            found = np.empty(size, np.uint8)
            if _address(found) >= top:
                break
            filling.append(found)
        size //= 2
    return filling


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
