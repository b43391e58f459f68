"""Files that are read with care, and written whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pytest_against.model import CannotJudgeError, short

_LARGEST: Final = 64 * 1024 * 1024


class CannotWriteError(CannotJudgeError, OSError):
    """A file cannot be written: one line that names it, and what mends that."""


def read_bytes(path: Path) -> bytes:
    """Return what a file holds; ValueError if it is no regular one, or larger than 64 MiB."""
    if not path.is_file():  # a pipe would wait, and a device never end
        raise ValueError("it is no regular file")
    with path.open("rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    return content


def check(path: Path) -> None:
    """Raise CannotWriteError if a file could not be written: before a measurement, not after it."""
    with naming(path):
        target = _target(path)
        there = next(folder for folder in target.parents if folder.exists())
        with tempfile.TemporaryFile(dir=there):
            pass


def replace(path: Path, text: str) -> None:
    """Write a file, or raise CannotWriteError, leave the old one untouched and no other behind.

    A link is followed, missing folders are made, permissions are kept; what UTF-8 has no bytes for
    is written as an escape.
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
    """Raise what goes wrong on the disk as CannotWriteError."""
    try:
        yield
    except CannotWriteError:
        raise
    except OSError as error:
        why = f"{short(path)} cannot be written ({short(error.strerror or error)})"
        raise CannotWriteError(f"{why}; make room for it, or name another place") from None


def _target(path: Path) -> Path:
    """Return where a file is to be written: links are followed, one to itself is replaced."""
    if path.exists() and not path.is_file():  # a device would be replaced, by whoever may do so
        what = "it is a folder" if path.is_dir() else "it is a device or a pipe"
        raise OSError(0, what)
    return Path(os.path.realpath(path))
