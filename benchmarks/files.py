"""Writing files so that a reader sees the old one or the new one, and never half of either."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from pathlib import Path


def check_writable(path: Path) -> None:
    """Raise OSError if a file could not be written there: before a measurement, not after it."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there, and {path.name} belongs into it")
    if path.exists() and not path.is_file():  # a device would be replaced, by whoever may do so
        raise OSError(f"{path} is {_kind(path)}, expected a file")
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    os.close(handle)
    Path(name).unlink()


def _kind(path: Path) -> str:
    return "a folder" if path.is_dir() else "a device or a pipe"


def write_atomically(path: Path, text: str) -> None:
    """Replace the contents of `path` by `text`, or leave it as it was.

    Parameters
    ----------
    path : Path
        The file; a symbolic link is followed.  It keeps its permissions.
    text : str
        Its new contents; what UTF-8 has no bytes for is written as an escape.

    Raises
    ------
    OSError
        If it cannot be written; the old file is then untouched and no other is left behind.
    """
    target = path.resolve()
    # tempfile would keep it from other users.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
