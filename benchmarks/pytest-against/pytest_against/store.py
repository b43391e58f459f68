"""Where saved runs are: files, folders, and pytest-benchmark's names, numbers and patterns."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_against.model import CannotJudgeError, few, short

BASELINE: Final = "0000_baseline.json"
"""What the file of a baseline is called, which no report replaces."""

_NAMED = 12  # runs that a message names


def find_runs(name: str, storage: Path) -> list[Path]:
    """Return the files that are meant by a name; the first of these that there are.

    A file; the files in a folder, which may be one of pytest-benchmark's `storage`; the runs that
    ``record`` or ``--benchmark-save`` saved under this name; what the stock command finds below
    `storage`, by a number or a pattern; what a pattern finds from here.
    """
    path = Path(name)
    with suppress(OSError, ValueError):  # a name that no file can have
        if not name:
            return []
        if path.exists() and not path.is_dir():
            return [path]
        for found in _found(name, path, storage):
            if files := sorted({*found}):
                return files
    return []


def _found(name: str, path: Path, storage: Path) -> Iterator[Iterator[Path]]:
    yield path.glob("*.json")
    yield (file for file in _saved(storage) if _saved_as(file, storage) == name)
    yield (storage / name).glob("*.json")
    # As the stock command reads a pattern: that of a machine, and the beginning of a file's name.
    machine, _, start = name.rpartition("/")
    pattern = f"{start.rstrip('*').removesuffix('.json')}*.json"
    if start and not Path(machine).is_absolute():
        yield storage.glob(f"{machine or '*'}/{pattern}")
        yield storage.glob(pattern)
    for each in (name, f"{name}/*.json"):  # may be absolute, which Path.glob refuses
        yield (Path(file) for file in glob.glob(each) if file.endswith(".json"))  # noqa: PTH207
    yield path.glob("*/*.json")


def _saved(storage: Path) -> list[Path]:
    return sorted({*storage.glob("*/*.json"), *storage.glob("*/*/*.json")})


def _saved_as(file: Path, storage: Path) -> str:
    _, *folders, _ = file.relative_to(storage).parts
    number, _, rest = file.stem.partition("_")
    return folders[0] if folders else rest if number.isdecimal() else file.stem


def missing(name: str, storage: Path, command: str) -> CannotJudgeError:
    """Return why a name means nothing, with those that mean something."""
    names = sorted({_saved_as(file, storage) for file in _saved(storage)})
    there = short(few(names, _NAMED))
    return CannotJudgeError(
        f"no file, folder or saved run {short(repr(name))} that has JSON"
        + (f"; below {short(storage)} are {there}" if names else "")
        + f"; save one: {command} record NAME"
    )


def sources(name: str, storage: Path) -> list[Path]:
    """Return what `find_runs` finds, and the folders of which all files are read."""
    found = find_runs(name, storage)
    return [*found, *dict.fromkeys(file.parent for file in found if file != Path(name))]
