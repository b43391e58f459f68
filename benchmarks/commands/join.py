"""``join``: put the reports of several classes of machines side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from benchmarks import join, reports
from benchmarks.files import check_writable, write_atomically
from benchmarks.project import Command, Project


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reports", type=Path, nargs="+", metavar="REPORT", help="a file that gate --json wrote"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the comparison for a page"
    )


def _run(project: Project, arguments: argparse.Namespace) -> int:
    if arguments.markdown is not None:
        check_writable(arguments.markdown)
    joined = join.join([reports.load(path, project.command) for path in arguments.reports])
    if arguments.markdown is not None:
        write_atomically(arguments.markdown, join.markdown(joined))
    print(join.text(joined), end="")  # noqa: T201
    return joined.exit_code


COMMAND: Final = Command(
    "join", "put the reports of several classes of machines side by side", _add_arguments, _run
)
