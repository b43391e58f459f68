"""``join``: put the reports of several classes of machines side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from benchmarks import join, reports
from benchmarks.outputs import Outputs
from benchmarks.project import Command, Project
from benchmarks.tables import code


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reports", type=Path, nargs="+", metavar="REPORT", help="a file that gate --json wrote"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the comparison for a page"
    )


def _run(project: Project, arguments: argparse.Namespace) -> int:
    outputs = Outputs[str].asked_for({"--markdown": (arguments.markdown, str)}, arguments.reports)
    with outputs.even_if_it_fails(_not_joined):
        joined = join.join([reports.load(path, project.command) for path in arguments.reports])
        outputs.write(join.markdown(joined))
    print(join.text(joined), end="")  # noqa: T201
    return joined.exit_code


def _not_joined(why: str) -> str:
    return f"**cannot be judged**: {code(why)}\n"


COMMAND: Final = Command(
    "join", "put the reports of several classes of machines side by side", _add_arguments, _run
)
