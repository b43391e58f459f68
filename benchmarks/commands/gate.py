"""``gate``: judge the working tree."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import baselines, report
from benchmarks.files import check_writable, write_atomically
from benchmarks.gate import Settings
from benchmarks.machine import this_machine
from benchmarks.outcome import Outcome
from benchmarks.project import Command, Project, add_limits, settings
from benchmarks.rows import Row
from benchmarks.selection import matcher, select
from benchmarks.stored import STORED, against_baseline


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base",
        metavar="REV",
        help="git revision to judge against, side by side; the stored baseline without it",
    )
    add_limits(parser)
    parser.add_argument("--rows", metavar="EXPR", default="", help="only these rows; as pytest -k")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict for programs")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report for a page")


def _run(project: Project, arguments: argparse.Namespace) -> int:
    rows = select(project.suite().rows(), arguments.rows)
    files = [(arguments.json, report.as_json), (arguments.markdown, report.markdown)]
    for path, _ in files:
        if path is not None:
            check_writable(path)
    if arguments.base is None:
        outcome = _against_baseline(project, arguments, rows)
    else:
        with project.gate(settings(Settings(), arguments)) as gate:
            outcome = gate.against_revision(rows, arguments.base)
    for path, render in files:
        if path is not None:
            write_atomically(path, render(outcome))
    print(report.text(outcome), end="")  # noqa: T201
    return outcome.exit_code


def _against_baseline(
    project: Project, arguments: argparse.Namespace, rows: Sequence[Row]
) -> Outcome:
    suite = project.suite()
    baseline = baselines.load_for(this_machine(), suite.baselines, suite.command)
    matches = matcher(arguments.rows)
    chosen = {n: row for n, row in baseline.rows.items() if matches(row.method, row.workload)}
    with project.gate(settings(STORED, arguments)) as gate:
        return against_baseline(gate, rows, baseline, chosen)


COMMAND: Final = Command("gate", "judge the working tree", _add_arguments, _run)
