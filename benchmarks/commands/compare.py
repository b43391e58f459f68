"""``compare``: judge saved runs against the first of them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import compare_report
from benchmarks.compare import compare, together
from benchmarks.compare_report import GROUPS, SORTS, View
from benchmarks.errors import CannotJudgeError
from benchmarks.options import fraction
from benchmarks.outcome import Outcome
from benchmarks.outputs import Outputs
from benchmarks.project import Command, Project
from benchmarks.sides import read_side
from benchmarks.stored import STORED


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    what = "file or folder of pytest-benchmark's JSON, or the name of a saved run"
    parser.add_argument("old", metavar="OLD", help=what)
    parser.add_argument("new", metavar="NEW", nargs="+", help=what)
    parser.add_argument(
        "--limit",
        type=fraction,
        default=STORED.limit,
        help="tolerated slowdown, as 10%% or 0.1 (default: %(default)s)",
    )
    parser.add_argument("--rows", metavar="EXPR", default="", help="only these; as pytest -k")
    parser.add_argument(
        "--sort",
        choices=SORTS,
        default=View().sort,
        help="order of the rows (default: %(default)s)",
    )
    parser.add_argument("--group", choices=GROUPS, default="", help="a table for each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict for programs")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it for a page")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write it for a spreadsheet")


def _run(project: Project, arguments: argparse.Namespace) -> int:
    view = View(arguments.sort, arguments.group)
    for path in (arguments.json, arguments.markdown, arguments.csv):
        if path is not None:
            _check_elsewhere(path, [arguments.old, *arguments.new])
    outputs = Outputs[Sequence[Outcome]].checked(
        (arguments.json, compare_report.as_json),
        (arguments.markdown, partial(compare_report.markdown, view=view)),
        (arguments.csv, partial(compare_report.as_csv, view=view)),
    )
    start = time.monotonic()
    with outputs.even_if_it_fails(partial(_not_judged, arguments, start)):
        sides = [read_side(name, project.command) for name in (arguments.old, *arguments.new)]
        found = compare(sides, arguments.rows, arguments.limit, project.command)
    outcomes = [replace(outcome, seconds=time.monotonic() - start) for outcome in found]
    outputs.write(outcomes)
    print(compare_report.text(outcomes, view), end="")  # noqa: T201
    return together(outcomes).exit_code


def _check_elsewhere(path: Path, sides: Sequence[str]) -> None:
    """Refuse a report that would replace a saved run, or be taken for one the next time."""
    place = path.resolve()
    for side in map(Path, sides):
        if side.resolve() in (place, *place.parents):
            raise CannotJudgeError(
                f"{path} is among the runs of {side}; write the report elsewhere"
            )


def _not_judged(arguments: argparse.Namespace, start: float, why: str) -> list[Outcome]:
    outcome = Outcome(
        rows=(),
        controls=(),
        base=arguments.old,
        head=", ".join(arguments.new),
        limit=arguments.limit,
        seconds=time.monotonic() - start,
        trials=0,
        machine={},
        why=why,
    )
    return [outcome]


COMMAND: Final = Command("compare", "judge saved runs against the first", _add_arguments, _run)
