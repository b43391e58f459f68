"""One measurement at a time: two that run side by side would spoil each other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from benchmarks.errors import CannotJudgeError


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the machine's lock.

    Raises
    ------
    CannotJudgeError
        If another process holds it, or another user owns its file.
    """
    lock = FileLock(Path(tempfile.gettempdir(), "relu-impls-gate.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CannotJudgeError(
            "another gate is measuring on this machine; wait until it is done"
        ) from None
    except PermissionError:
        raise CannotJudgeError(
            f"the lock {lock.lock_file} cannot be opened, most likely because another user's gate "
            "made it; wait until that gate is done and have the file removed, or name a folder of "
            "your own in TMPDIR"
        ) from None
    try:
        yield
    finally:
        lock.release()
