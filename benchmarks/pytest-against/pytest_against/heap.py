"""The heap: memory that is kept, and results of calls that lie alike on both sides of a round.

A call that allocates gets the hole that fits best, which is the same one each time: its place would
be drawn once for the life of a process, and two processes that run the same code would differ by up
to a third.  So the holes are filled, results come to lie at the top, and the top is moved every few
rounds, to the same place within a page on both sides.
"""

from __future__ import annotations

import ctypes
import random
import sys
from typing import Any, Final

_MALLOPT: Final = (
    (-1, 1024 << 20),  # M_TRIM_THRESHOLD: never give memory back
    (-2, 64 << 20),  # M_TOP_PAD: take it in large pieces
    (-3, 32 << 20),  # M_MMAP_THRESHOLD: the largest value that glibc takes
)
# What is smaller than the last comes from a cache of the thread's own.
_SIZES: Final = (*((16 << 20) >> k for k in range(14)), 1536, 1296, 1040)
_MOST: Final = 4096  # holes of one size that are filled
_PAGE: Final = 4096
_PAGES: Final = 64  # by how many the top is moved at most, so that other pages are met
_GRAIN: Final = 16  # bytes that malloc aligns to
_HEADER: Final = 8


def glibc() -> Any:
    """Return the C library if its malloc is glibc's, else None."""
    found = ctypes.CDLL(None) if sys.platform == "linux" else None
    if found is None or not hasattr(found, "mallopt"):
        return None
    found.malloc.restype = ctypes.c_void_p
    found.malloc.argtypes = [ctypes.c_size_t]
    found.free.argtypes = [ctypes.c_void_p]
    return found


def keep_memory() -> bool:
    """Let malloc keep freed memory and use it again; return whether it could be told so.

    By default, what a process happened to free first decides for good whether a large result costs
    page faults, and identical code differs several times over.
    """
    libc = glibc()
    return libc is not None and all(libc.mallopt(*option) for option in _MALLOPT)


class Heap:
    """Holds blocks of memory, so that what is allocated next lies at the top.

    Parameters
    ----------
    libc : object, optional
        Has ``malloc`` and ``free``; None leaves the heap as it is.
    """

    def __init__(self, libc: Any = None) -> None:
        self._libc = libc
        self._blocks: list[int] = []
        self._shift: int | None = None

    def fill(self) -> None:
        """Fill the holes that there are now, and no others."""
        self.release()
        if self._libc is None:
            return
        malloc, free = self._libc.malloc, self._libc.free
        top = malloc(_SIZES[0])
        for size in _SIZES:
            for _ in range(_MOST):
                found = malloc(size)
                if found > top:
                    free(found)
                    break
                self._blocks.append(found)
        free(top)

    def move(self, seed: int) -> None:
        """Let what is allocated next begin at a place in its page that follows from `seed`."""
        if self._libc is None:
            return
        # Not where operands begin: a load waits for a store to the same place in another page.
        draw = random.Random(f"heap {seed}").randrange  # noqa: S311 - no secret
        offset, pages = draw(0, _PAGE, _GRAIN), draw(1, _PAGES)
        if self._shift is not None:
            self._libc.free(self._shift)
        top = self._libc.malloc(_SIZES[-1])
        self._libc.free(top)
        size = (offset - top) % _PAGE + pages * _PAGE
        self._shift = self._libc.malloc(size - _HEADER)

    def release(self) -> None:
        """Give all blocks back."""
        blocks = [*self._blocks, *([self._shift] if self._shift is not None else [])]
        for block in blocks:
            self._libc.free(block)
        self._blocks, self._shift = [], None
