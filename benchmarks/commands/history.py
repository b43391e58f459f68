"""``history``: what upgrading NumPy does to each method."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import history_report
from benchmarks.errors import CannotJudgeError
from benchmarks.history_findings import Findings, find
from benchmarks.history_log import Log
from benchmarks.history_run import Measurement, begun, resumed
from benchmarks.interrupts import INTERRUPTED
from benchmarks.options import fraction
from benchmarks.outputs import Outputs
from benchmarks.project import Command, Project, add_limits, settings
from benchmarks.releases import Releases
from benchmarks.stored import STORED

DEFAULTS: Final = replace(STORED, trials=20, budget=3600.0)

CACHE: Final = Path(".history")
"""Where environments and logs are kept."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--releases", nargs="+", metavar="X.Y", help="of NumPy; the newest patch of every minor"
    )
    parser.add_argument("--rows", metavar="EXPR", default="", help="only these; as pytest -k")
    add_limits(parser, {"": DEFAULTS}, "trials", "budget", "timeout")
    parser.add_argument(
        "--limit",
        type=fraction,
        default=DEFAULTS.limit,
        help="change that is marked, as 10%% or 0.1 (default: %(default)s)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        default=CACHE,
        help="of the environments (default: %(default)s)",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="trials; in the cache by default")
    parser.add_argument("--resume", action="store_true", help="go on with the trials in the log")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it for programs")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it for a page")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="document to update")


def _run(project: Project, arguments: argparse.Namespace) -> int:
    log = Log(arguments.log or arguments.cache / "trials.jsonl")
    outputs = Outputs[Findings].asked_for(
        {
            "--json": (arguments.json, history_report.as_json),
            "--markdown": (arguments.markdown, history_report.markdown),
            "--readme": (arguments.readme, partial(_updated, arguments.readme)),
        },
        sources=[log.path],
    )
    outputs.check()
    if arguments.readme is not None:
        _check_marks(arguments.readme)
    if arguments.resume and (arguments.releases or arguments.rows):
        raise CannotJudgeError("--resume takes releases and rows from the log; leave them out")
    chosen = settings(DEFAULTS, arguments)
    try:
        with project.gate(chosen) as gate:
            history = (
                resumed(log, gate)
                if arguments.resume
                else begun(log, gate, arguments.rows, arguments.releases)
            )
            history = Measurement(gate, log, Releases(arguments.cache)).complete(history)
    except KeyboardInterrupt:
        if not log.path.exists():
            raise
        print(f"interrupted; --resume goes on with what is in {log.path}", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    found = find(history, chosen.limit)
    outputs.write(found)
    print(history_report.text(found), end="")  # noqa: T201
    print(f"\n{log.path}: {history.rounds} rounds; more with --resume --trials N")  # noqa: T201
    return 0 if history.rounds else 3


def _updated(document: Path, found: Findings) -> str:
    return history_report.update(document.read_text("utf-8"), found)


def _check_marks(document: Path) -> None:
    """Refuse a document without a place for the history before anything is measured."""
    try:
        history_report.parts(document.read_text("utf-8"))
    except ValueError as error:
        raise CannotJudgeError(f"{document}: {error}") from None


COMMAND: Final = Command(
    "history", "what upgrading NumPy does to each method", _add_arguments, _run
)
