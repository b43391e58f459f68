"""``baseline``: record or refresh the stored baseline of this class of machines."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from benchmarks import baselines, report
from benchmarks.baselines import Baseline
from benchmarks.errors import CannotJudgeError
from benchmarks.files import check_writable
from benchmarks.machine import this_machine
from benchmarks.project import Command, Project, add_limits, settings
from benchmarks.rows import Suite
from benchmarks.selection import select
from benchmarks.stored import RECORDED, record


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_limits(parser, {"": RECORDED})
    parser.add_argument(
        "--accept", metavar="REASON", default="", help="record a change for the worse, and why"
    )


def _run(project: Project, arguments: argparse.Namespace) -> int:
    suite = project.suite()
    path = baselines.path_for(this_machine(), suite.baselines)
    old = _old_baseline(path, suite, arguments.accept)
    # Its folder is made when there is something to put into it.
    check_writable(next(place for place in path.parents if place.exists()) / path.name)
    with project.gate(settings(RECORDED, arguments)) as gate:
        recorded = record(gate, select(suite.rows(), ""), old, arguments.accept)
    if recorded.change is not None:
        print(report.changes(recorded.change))  # noqa: T201
        if recorded.change.exit_code == 1 and not arguments.accept:
            print(  # noqa: T201
                f"{path} was left as it is; if the change is intended, say why: "
                f'{suite.command} baseline --accept "reason"',
                file=sys.stderr,
            )
            return 1
    baselines.save(recorded.baseline, path)
    print(f"{path}: {len(recorded.baseline.rows)} rows; review the change and commit it")  # noqa: T201
    return 0


def _old_baseline(path: Path, suite: Suite, accept: str) -> Baseline | None:
    """Return the baseline to compare with; a broken one is replaced only for a reason."""
    if not path.exists():
        return None
    try:
        return baselines.load_for(this_machine(), suite.baselines, suite.command)
    except CannotJudgeError:
        if accept:
            return None
        raise


COMMAND: Final = Command(
    "baseline",
    "record or refresh the stored baseline of this class of machines",
    _add_arguments,
    _run,
)
