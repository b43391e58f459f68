"""The stock command ``pytest-benchmark compare``, for who wants its tables and no verdict."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pytest_against import report
from pytest_against.model import CannotJudgeError, short

SORTS: Final = ("min", "max", "mean", "stddev", "fullname")
_SORTS: Final = (*SORTS, "name")  # which is one of ours, too
_ITS: Final = ("columns", "group_by", "name", "time_unit", "between", "histogram")
_EVERYWHERE: Final = ("import_mode", "netrc", "verbose", "quiet")  # of all its commands
_OURS: Final = (
    "json",
    "markdown",
    "html",
    "limit",
    "limits",
    "group",
    "allow_new",
    "only",
    "by",
    "exact",
    "assume",
)


def check(options: argparse.Namespace) -> None:
    """Refuse, by name, what is of the other kind of comparison than was asked for."""
    others = _OURS if options.plain else (*_ITS, *_EVERYWHERE)
    given = [_flag(name) for name in others if getattr(options, name)]
    if options.sort and options.sort not in (_SORTS if options.plain else report.SORTS):
        given.append(f"--sort {options.sort}")
    if given and options.plain:
        raise CannotJudgeError(f"{given[0]} is for verdicts; leave it out, or --plain")
    if given:
        raise CannotJudgeError(f"{given[0]} is for pytest-benchmark's own tables; add --plain")


def compare(files: Sequence[Path], options: argparse.Namespace) -> int:
    """Run it on some files, and return its exit code; CannotJudgeError is why it failed."""
    command = [sys.executable, "-m", "pytest_benchmark", f"--storage={options.storage}"]
    command += [*_words(options, _EVERYWHERE), "compare", *_words(options, (*_ITS, "sort", "csv"))]
    command += [f"-k={options.rows}"] if options.rows else []
    command += [_spelled(file, options.storage) for file in files]
    encoding = f"{getattr(sys.stdout, 'encoding', None) or 'utf-8'}:backslashreplace"
    sys.stdout.flush()
    done = subprocess.run(  # noqa: S603 - a module of Python's, and files that are there
        command,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        stderr=subprocess.PIPE,
    )
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode:
        raise CannotJudgeError(f"pytest-benchmark cannot compare: {short(said.splitlines()[-1])}")
    sys.stderr.write(said)
    return 0


def _words(options: argparse.Namespace, names: Sequence[str]) -> list[str]:
    given = {name: getattr(options, name) for name in names if getattr(options, name)}
    return [_flag(n) if value is True else f"{_flag(n)}={value}" for n, value in given.items()]


def _spelled(file: Path, storage: Path) -> str:
    """Return a file so that the stock command calls it what it would by itself."""
    absolute = file.absolute()
    # The dot is for what begins with a dash.
    inside = absolute.is_relative_to(storage.absolute())
    return str(absolute) if inside else os.path.join(os.curdir, file)  # noqa: PTH118


def storage(text: str) -> Path:
    """Return a folder, which pytest-benchmark calls ``file://FOLDER``."""
    place = text.removeprefix("file://")
    if "://" in place:
        raise argparse.ArgumentTypeError(f"{short(text)} is no folder; export its runs to one")
    return Path(place)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
