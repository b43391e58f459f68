"""The temporary files of a run, in one folder; what killed runs have left is removed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "pytest-against-"
_LOCK: Final = "lock"


@contextmanager
def folder() -> Iterator[None]:
    """Have this process make its temporary files in a folder that goes at the end.

    If the process is killed, its folder stays behind with a lock that nobody holds; the next run
    removes it.
    """
    from filelock import FileLock  # noqa: PLC0415 - the command line loads little

    _remove_left()
    before = tempfile.tempdir
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as place,
        FileLock(Path(place, _LOCK)),
    ):
        tempfile.tempdir = place
        try:
            yield
        finally:
            tempfile.tempdir = before


def _remove_left() -> None:
    """Remove the folders whose process has ended; those of other users are not ours to lock."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - see above

    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError, Timeout):
            with FileLock(lock).acquire(timeout=0):
                pass  # Windows removes no file that is open
            shutil.rmtree(lock.parent, ignore_errors=True)
