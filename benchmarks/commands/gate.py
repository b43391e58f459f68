"""``gate``: judge the working tree."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import baselines, report
from benchmarks.errors import CannotJudgeError
from benchmarks.gate import Settings
from benchmarks.machine import this_machine
from benchmarks.outcome import WORKING_TREE, Outcome
from benchmarks.outputs import Outputs
from benchmarks.project import Command, Project, add_limits, settings
from benchmarks.rows import Suite
from benchmarks.selection import matcher, select
from benchmarks.stored import STORED, against_baseline


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base",
        metavar="REV",
        help="git revision to judge against, side by side; the stored baseline without it",
    )
    parser.add_argument(
        "--allow-new", action="store_true", help="with --base: rows that it lacks do not decide"
    )
    add_limits(parser, {"with --base": Settings(), "without": STORED})
    parser.add_argument("--rows", metavar="EXPR", default="", help="only these rows; as pytest -k")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict for programs")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report for a page")


def _run(project: Project, arguments: argparse.Namespace) -> int:
    outputs = Outputs[Outcome].asked_for(
        {
            "--json": (arguments.json, report.as_json),
            "--markdown": (arguments.markdown, report.markdown),
        }
    )
    chosen = settings(STORED if arguments.base is None else Settings(), arguments)
    not_judged = partial(_not_judged, arguments.base, chosen.limit, time.monotonic())
    with outputs.even_if_it_fails(not_judged):
        suite = project.suite()
        outputs.keep_out_of(suite.baselines, suite.expectations)
        outcome = replace(_judge(project, suite, arguments, chosen), allow_new=arguments.allow_new)
        outputs.write(outcome)
    print(report.text(outcome), end="")  # noqa: T201
    return outcome.exit_code


def _judge(
    project: Project, suite: Suite, arguments: argparse.Namespace, chosen: Settings
) -> Outcome:
    rows = select(suite.rows(), arguments.rows)
    if arguments.base is not None:
        with project.gate(chosen) as gate:
            return gate.against_revision(rows, arguments.base, arguments.rows)
    if arguments.allow_new:
        raise CannotJudgeError(
            "--allow-new is for rows that --base lacks; rows that the stored baseline lacks are "
            f"recorded: {suite.command} baseline"
        )
    baseline = baselines.load_for(this_machine(), suite.baselines, suite.command)
    matches = matcher(arguments.rows)
    stored = {n: row for n, row in baseline.rows.items() if matches(row.method, row.workload)}
    with project.gate(chosen) as gate:
        return against_baseline(gate, rows, baseline, stored)


def _not_judged(base: str | None, limit: float, start: float, why: str) -> Outcome:
    return Outcome(
        rows=(),
        controls=(),
        base="the stored baseline of this class of machines" if base is None else base,
        head=WORKING_TREE,
        limit=limit,
        seconds=time.monotonic() - start,
        trials=0,
        machine=this_machine().as_dict(),
        why=why,
    )


COMMAND: Final = Command("gate", "judge the working tree", _add_arguments, _run)
