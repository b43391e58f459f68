"""``record``: save a run of several trials."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Final

from pytest_benchmark.utils import get_machine_id

from benchmarks import runs
from benchmarks.errors import CannotJudgeError
from benchmarks.project import Command, Project, add_limits, settings
from benchmarks.selection import select
from benchmarks.sides import STORAGE
from benchmarks.stored import RECORDED, record

_NAME: Final = re.compile(r"\w[\w.+-]*", re.ASCII)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the run; compare takes it")
    add_limits(parser, {"": RECORDED}, "trials", "timeout")
    parser.add_argument("--rows", metavar="EXPR", default="", help="only these; as pytest -k")
    parser.add_argument(
        "--storage",
        type=Path,
        metavar="FOLDER",
        default=STORAGE,
        help="of pytest-benchmark (default: %(default)s)",
    )


def _run(project: Project, arguments: argparse.Namespace) -> int:
    folder = _folder(arguments.name, arguments.storage)
    with project.gate(settings(RECORDED, arguments)) as gate:
        rows = select(gate.suite.rows(), arguments.rows)
        count = runs.write(record(gate, rows, None, "").baseline, folder)
    print(f"{folder}: {count} trials of {len(rows)} rows")  # noqa: T201
    return 0


def _folder(name: str, storage: Path) -> Path:
    """Return where a run is saved, once it is known that it can be."""
    if not _NAME.fullmatch(name):
        raise CannotJudgeError(f"{name!r} is no name for a run; use letters, digits and . _ + -")
    machine: str = get_machine_id()  # type: ignore[no-untyped-call]
    folder = storage / machine / name
    if folder.exists():
        raise CannotJudgeError(f"{folder} is there already; choose another name, or remove it")
    there = next(place for place in folder.absolute().parents if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise CannotJudgeError(f"{there} is no folder that can be written to; choose --storage")
    return folder


COMMAND: Final = Command("record", "save a run of several trials", _add_arguments, _run)
