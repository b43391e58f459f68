"""``annotate``: print an annotation for each row of a report that failed."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks import reports
from benchmarks.annotate import Place, annotate
from benchmarks.project import Command, Project


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", type=Path, metavar="REPORT", help="a file that gate --json wrote")


def _run(project: Project, arguments: argparse.Namespace) -> int:
    report = reports.load(arguments.report, project.command)
    found = {row.method: _place(row.function, Path.cwd()) for row in project.suite().rows()}
    places = {method: place for method, place in found.items() if place is not None}
    for line in annotate(report, places):
        print(line)  # noqa: T201
    return 0


def _place(function: Callable[..., Any], root: Path) -> Place | None:
    """Return where a function is defined; None if that is not in Python, or not below `root`."""
    try:
        original = inspect.unwrap(function)
        file, (_, line) = inspect.getsourcefile(original), inspect.getsourcelines(original)
        path = Path(file or "").resolve().relative_to(root.resolve())
    except (OSError, TypeError, ValueError):
        return None
    return Place(path.as_posix(), line)


COMMAND: Final = Command(
    "annotate",
    "print the failed rows of a report as GitHub annotations, each at its function's line",
    _add_arguments,
    _run,
)
