"""``join``: put the reports of several classes of machines side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from benchmarks import join, reports
from benchmarks.join import Joined
from benchmarks.outputs import Outputs
from benchmarks.project import Command, Project


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reports", type=Path, nargs="+", metavar="REPORT", help="a file that gate --json wrote"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the comparison for a page"
    )


def _run(project: Project, arguments: argparse.Namespace) -> int:
    outputs = Outputs[Joined].checked((arguments.markdown, join.markdown))
    joined = join.join([reports.load(path, project.command) for path in arguments.reports])
    outputs.write(joined)
    print(join.text(joined), end="")  # noqa: T201
    return joined.exit_code


COMMAND: Final = Command(
    "join", "put the reports of several classes of machines side by side", _add_arguments, _run
)
