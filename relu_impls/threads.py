"""One call on several threads: NumPy lets go of the interpreter while it works on a slice."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import cache
from threading import Semaphore
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from relu_impls.contract import Array
from relu_impls.memory import pieces

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

PIECE: Final = 1 << 21
"""Bytes of an array that a thread takes at a time; slices do not depend on how many threads."""
WORTH: Final = 4 * PIECE
"""Bytes of an array from which a second thread saves more than waking it costs."""


class _Task:
    """Slices that each thread takes from until none is left.

    The caller is one of the threads, so that it waits only for slices that are being worked on,
    never for a thread: a call comes to its end even if the pool is busy or shut down.
    """

    def __init__(self, kernel: Callable[..., object], slices: deque[list[Array]]) -> None:
        self.kernel, self.slices, self.size = kernel, slices, len(slices)
        self.done = Semaphore(0)
        self.errors: list[BaseException] = []

    def work(self) -> None:
        while True:
            try:
                arrays = self.slices.popleft()
            except IndexError:
                return
            try:
                self.kernel(*arrays)
            except BaseException as error:  # noqa: BLE001 - it arrives in the caller
                self.errors.append(error)
            self.done.release()

    def wait(self) -> None:
        for _ in range(self.size):
            self.done.acquire()
        if self.errors:
            raise self.errors[0]


@cache
def _pool(_process: int) -> ThreadPoolExecutor:
    """Return the pool of a process: after a fork, the child has none of the threads."""
    # It takes as long to import as all else here, and few need it.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    return ThreadPoolExecutor(os.cpu_count(), "relu")


def spread(kernel: Callable[..., object], threads: int, *arrays: Any) -> Array:
    """Have a kernel fill the last array, or a new one if it is None, on several threads."""
    *given, out = arrays
    result: Array = np.empty_like(given[0]) if out is None else out
    slices = deque(pieces(PIECE // result.itemsize, *given, result))
    task = _Task(kernel, slices)
    for _ in range(min(threads, task.size) - 1):
        try:
            # NumPy keeps its errstate in the context.
            _pool(os.getpid()).submit(copy_context().run, task.work)
        except RuntimeError:  # the interpreter is shutting down
            break
    task.work()
    task.wait()
    return result
