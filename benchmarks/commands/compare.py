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
from benchmarks.outcome import Outcome
from benchmarks.outputs import Outputs
from benchmarks.project import Command, Project, add_limits, settings
from benchmarks.sides import STORAGE, read_side, sources
from benchmarks.stored import STORED


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    what = "file or folder of pytest-benchmark's JSON, or the name of a saved run"
    parser.add_argument("old", metavar="OLD", help=what)
    parser.add_argument("new", metavar="NEW", nargs="+", help=what)
    add_limits(parser, {"": STORED}, "limit")
    parser.add_argument("--rows", metavar="EXPR", default="", help="only these; as pytest -k")
    parser.add_argument(
        "--sort",
        choices=SORTS,
        default=View().sort,
        help="order of the rows (default: %(default)s)",
    )
    parser.add_argument("--group", choices=GROUPS, default="", help="a table for each")
    parser.add_argument(
        "--storage",
        type=Path,
        metavar="FOLDER",
        default=STORAGE,
        help="of pytest-benchmark, where names of saved runs are looked up (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict for programs")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it for a page")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write it for a spreadsheet")


def _run(project: Project, arguments: argparse.Namespace) -> int:
    view = View(arguments.sort, arguments.group)
    names = (arguments.old, *arguments.new)
    outputs = Outputs[Sequence[Outcome]].asked_for(
        {
            "--json": (arguments.json, compare_report.as_json),
            "--markdown": (arguments.markdown, partial(compare_report.markdown, view=view)),
            "--csv": (arguments.csv, partial(compare_report.as_csv, view=view)),
        },
        sources=[place for name in names for place in sources(name, arguments.storage)],
    )
    start, limit = time.monotonic(), settings(STORED, arguments).limit
    with outputs.even_if_it_fails(partial(_not_judged, arguments, limit, start)):
        sides = [read_side(name, project.command, arguments.storage) for name in names]
        found = compare(sides, arguments.rows, limit, project.command)
        outcomes = [replace(outcome, seconds=time.monotonic() - start) for outcome in found]
        outputs.write(outcomes)
    print(compare_report.text(outcomes, view), end="")  # noqa: T201
    return together(outcomes).exit_code


def _not_judged(
    arguments: argparse.Namespace, limit: float, start: float, why: str
) -> list[Outcome]:
    outcome = Outcome(
        rows=(),
        controls=(),
        base=arguments.old,
        head=", ".join(arguments.new),
        limit=limit,
        seconds=time.monotonic() - start,
        trials=0,
        machine={},
        why=why,
    )
    return [outcome]


COMMAND: Final = Command("compare", "judge saved runs against the first", _add_arguments, _run)
