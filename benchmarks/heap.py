"""A heap that keeps what it is given back.

By default, what a process happened to free first decides whether a large result costs page faults
for the rest of its life, and two processes that run the same code differ several times over.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_MALLOPT: Final = {
    -1: 1024 * 1024 * 1024,  # M_TRIM_THRESHOLD: never give memory back
    -2: 64 * 1024 * 1024,  # M_TOP_PAD: take it in large pieces
    -3: 32 * 1024 * 1024,  # M_MMAP_THRESHOLD: the largest value that glibc takes
}


def keep_memory() -> bool:
    """Let malloc keep freed memory and use it again; return whether it could be told so.

    It is told by glibc's ``mallopt``.  Results above 32 MiB are not affected.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(name, value) for name, value in _MALLOPT.items())
