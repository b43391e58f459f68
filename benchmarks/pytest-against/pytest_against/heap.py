"""The heap of glibc: freed memory is kept, and holes are filled, so that results lie at the top."""

from __future__ import annotations

import ctypes
import random
import sys
from typing import Any, Final

# What is smaller than the last comes from a cache of the thread's own.
_SIZES: Final = (*((16 << 20) >> k for k in range(14)), 1536, 1296, 1040)
_MOST: Final = 4096  # holes of one size that are filled
_PAGE: Final = 4096


def glibc() -> Any:
    """Return the C library if its malloc is glibc's, else None."""
    found: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(found, "mallopt"):
        return None
    found.malloc.restype = ctypes.c_void_p
    found.malloc.argtypes = [ctypes.c_size_t]
    found.free.argtypes = [ctypes.c_void_p]
    return found


def keep_memory() -> bool:
    """Let malloc use freed memory again; return whether it could be told so.

    By default, what a process frees first decides for good whether large results cost page faults.
    """
    options = (
        (-1, 1024 << 20),  # M_TRIM_THRESHOLD: never give memory back
        (-2, 64 << 20),  # M_TOP_PAD: take it in large pieces
        (-3, 32 << 20),  # M_MMAP_THRESHOLD: the largest value that glibc takes
    )
    libc = glibc()
    return libc is not None and all(libc.mallopt(*option) for option in options)


class Heap:
    """Blocks of memory, held so that what is allocated next lies at the top; None does nothing."""

    def __init__(self, libc: Any) -> None:
        self._libc = libc
        self._blocks: list[int] = []
        self._shift: int | None = None

    def fill(self) -> None:
        """Fill the holes that there are now, and no others."""
        if self._libc is None:
            return
        self.empty()
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

    def empty(self) -> None:
        """Give the blocks back, so that what is prepared next lies in the holes again."""
        if self._libc is None:
            return
        for block in (*self._blocks, self._shift):
            self._libc.free(block)  # which does nothing for None
        self._blocks, self._shift = [], None

    def move(self, seed: int) -> None:
        """Let what is allocated next begin at a place in its page that follows from `seed`."""
        if self._libc is None:
            return
        # Not where operands begin: a load waits for a store to the same place in another page.
        draw = random.Random(f"heap {seed}").randrange  # noqa: S311 - no secret
        offset = draw(0, _PAGE, 16)  # as malloc aligns
        more = draw(1, 64) * _PAGE  # so that other pages are met
        self._libc.free(self._shift)
        top = self._libc.malloc(_SIZES[-1])
        self._libc.free(top)
        self._shift = self._libc.malloc((offset - top) % _PAGE + more - 8)  # the header
