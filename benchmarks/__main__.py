"""The command line: arguments, files and exit codes, and nothing else."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from benchmarks import expectations, report
from benchmarks.errors import CannotJudgeError
from benchmarks.exact import WrongAnswerError
from benchmarks.files import write_atomically
from benchmarks.gate import Gate, Settings
from benchmarks.lock import only_one
from benchmarks.options import fraction, positive, whole
from benchmarks.outcome import Outcome
from benchmarks.progress import Display
from benchmarks.selection import select
from benchmarks.suite import SUITE, article_rows, default_rows

INTERRUPTED: Final = 130
_DEFAULT: Final = Settings()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except (CannotJudgeError, WrongAnswerError, OSError) as error:
        print(f"python -m benchmarks {arguments.command}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    return code


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    gate = commands.add_parser("gate", help="judge the working tree")
    gate.set_defaults(run=_gate)
    gate.add_argument("--base", metavar="REV", required=True, help="git revision to judge against")
    gate.add_argument(
        "--limit", type=fraction, default=_DEFAULT.limit, help="tolerated slowdown, as 3%% or 0.03"
    )
    gate.add_argument("--rows", metavar="EXPR", default="", help="only these rows; as pytest -k")
    gate.add_argument("--trials", type=whole, default=_DEFAULT.trials, help="most trials")
    gate.add_argument("--budget", type=positive, default=_DEFAULT.budget, help="most seconds")
    gate.add_argument(
        "--timeout", type=positive, default=_DEFAULT.timeout, help="seconds for a row"
    )
    gate.add_argument("--json", type=Path, metavar="FILE", help="write the verdict for programs")
    gate.add_argument("--markdown", type=Path, metavar="FILE", help="write the report for a page")
    commands.add_parser(
        "expect", help="record the exact measures of every row (results, memory, passes)"
    ).set_defaults(run=_expect)
    return parser


def _gate(arguments: argparse.Namespace) -> int:
    settings = Settings(
        limit=arguments.limit,
        trials=arguments.trials,
        budget=arguments.budget,
        timeout=arguments.timeout,
    )
    rows = select(default_rows(), arguments.rows)
    with only_one(), Display(settings.budget) as display:
        gate = Gate(suite=SUITE, root=Path.cwd(), settings=settings, display=display)
        outcome = gate.against_revision(rows, arguments.base)
    _write(outcome, arguments)
    print(report.text(outcome), end="")  # noqa: T201
    return outcome.exit_code


def _write(outcome: Outcome, arguments: argparse.Namespace) -> None:
    for path, render in ((arguments.json, report.as_json), (arguments.markdown, report.markdown)):
        if path is not None:
            write_atomically(path, render(outcome))


def _expect(_: argparse.Namespace) -> int:
    count = expectations.record([*default_rows(), *article_rows()])
    print(f"{expectations.EXPECTATIONS}: {count} rows; review the change and commit it")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
