"""The stock command ``pytest-benchmark compare``, for who wants its tables and no verdict."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pytest_against.model import CannotJudgeError, short

SORTS: Final = ("min", "max", "mean", "stddev", "fullname")
_ITS: Final = ("columns", "group_by", "name", "time_unit", "between", "histogram")
_OURS: Final = (
    "json",
    "markdown",
    "html",
    "limit",
    "limits",
    "group",
    "only",
    "by",
    "exact",
    "assume",
)


def check(options: argparse.Namespace) -> None:
    """Refuse, by name, what is of the other kind of comparison than was asked for."""
    given = [name for name in (_OURS if options.plain else _ITS) if getattr(options, name)]
    if given and options.plain:
        raise CannotJudgeError(f"{_flag(given[0])} is for verdicts; leave it out, or --plain")
    if given or (options.sort in SORTS and not options.plain):
        words = _flag(given[0]) if given else f"--sort {options.sort}"
        raise CannotJudgeError(f"{words} is for pytest-benchmark's own tables; add --plain")


def compare(files: Sequence[Path], options: argparse.Namespace) -> int:
    """Run it on some files, and return its exit code."""
    its: dict[str, Any] = {name: getattr(options, name) for name in (*_ITS, "csv")}
    sort = [f"--sort={options.sort}"] if options.sort in (*SORTS, "name") else []
    words = [f"{_flag(name)}={value}" for name, value in its.items() if value]
    rows = [f"-k={options.rows}"] if options.rows else []
    command = [sys.executable, "-m", "pytest_benchmark", "--storage", str(options.storage)]
    command += ["compare", *sort, *words, *rows, *map(os.path.abspath, files)]
    encoding = f"{getattr(sys.stdout, 'encoding', None) or 'utf-8'}:backslashreplace"
    sys.stdout.flush()
    return subprocess.run(  # noqa: S603 - a module of Python's, and files that are there
        command, check=False, env={**os.environ, "PYTHONIOENCODING": encoding}
    ).returncode


def storage(text: str) -> Path:
    """Return a folder, which pytest-benchmark calls ``file://FOLDER``."""
    place = text.removeprefix("file://")
    if "://" in place:
        raise argparse.ArgumentTypeError(f"{short(text)} is no folder; export its runs to one")
    return Path(place)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
