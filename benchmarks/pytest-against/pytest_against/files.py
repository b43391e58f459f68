"""Files that are read with care, and written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pytest_against.model import short

_LARGEST: Final = 64 * 1024 * 1024


def read_bytes(path: Path) -> bytes:
    """Return what a regular file holds.

    Raises
    ------
    OSError, ValueError
        If it is none, or larger than 64 MiB.
    """
    if not path.is_file():  # a pipe would wait, and a device never end
        raise ValueError("it is no regular file")
    with path.open("rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    return content


def check(path: Path) -> None:
    """Raise OSError if a file could not be written: before a measurement, not after it."""
    with naming(path):
        target = _target(path)
        there = next(folder for folder in target.parents if folder.exists())
        handle, name = tempfile.mkstemp(dir=there, prefix=f".{target.name[:32]}.")
        os.close(handle)
        Path(name).unlink()


def replace(path: Path, text: str) -> None:
    """Replace the contents of a file, or leave it as it was.

    Parameters
    ----------
    path : Path
        The file; a symbolic link is followed, folders that are missing are made.  It keeps its
        permissions.
    text : str
        Its new contents; what UTF-8 has no bytes for is written as an escape.

    Raises
    ------
    OSError
        If it cannot be written; the old file is then untouched and no other is left behind.
    """
    with naming(path):
        target = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # tempfile would keep it from other users.
        temporary = target.with_name(f".{target.name[:32]}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb") as file:
                file.write(text.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Raise what goes wrong on the disk as one line that names the file, and what mends it."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # it has been named already
            raise
        why = f"{short(path)} cannot be written ({short(error.strerror)})"
        raise OSError(f"{why}; make room for it, or name another place") from None


def _target(path: Path) -> Path:
    """Return where a file is to be written: links are followed, one to itself is replaced."""
    if path.exists() and not path.is_file():  # a device would be replaced, by whoever may do so
        what = "it is a folder" if path.is_dir() else "it is a device or a pipe"
        raise OSError(errno.EEXIST, what)
    return Path(os.path.realpath(path))
