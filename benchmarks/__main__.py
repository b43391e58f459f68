"""The command line: arguments, files and exit codes, and nothing else."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType, ModuleType
from typing import Final

from benchmarks import baselines, expectations, report
from benchmarks.baselines import Baseline
from benchmarks.errors import CannotJudgeError
from benchmarks.exact import WrongAnswerError
from benchmarks.files import check_writable, write_atomically
from benchmarks.gate import Gate, Settings
from benchmarks.lock import only_one
from benchmarks.machine import this_machine
from benchmarks.options import fraction, positive, whole
from benchmarks.outcome import Outcome
from benchmarks.progress import Display
from benchmarks.rows import Row
from benchmarks.selection import matcher, select
from benchmarks.stored import RECORDED, STORED, against_baseline, record

INTERRUPTED: Final = 130


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
    gate.add_argument(
        "--base",
        metavar="REV",
        help="git revision to judge against, side by side; the stored baseline without it",
    )
    _add_limits(gate)
    gate.add_argument("--rows", metavar="EXPR", default="", help="only these rows; as pytest -k")
    gate.add_argument("--json", type=Path, metavar="FILE", help="write the verdict for programs")
    gate.add_argument("--markdown", type=Path, metavar="FILE", help="write the report for a page")
    baseline = commands.add_parser(
        "baseline", help="record or refresh the stored baseline of this class of machines"
    )
    baseline.set_defaults(run=_baseline)
    _add_limits(baseline)
    baseline.add_argument(
        "--accept", metavar="REASON", default="", help="record a change for the worse, and why"
    )
    commands.add_parser(
        "expect", help="record the exact measures of every row (results, memory, passes)"
    ).set_defaults(run=_expect)
    return parser


def _add_limits(command: argparse.ArgumentParser) -> None:
    command.add_argument("--limit", type=fraction, help="tolerated slowdown, as 3%% or 0.03")
    command.add_argument("--trials", type=whole, help="most trials")
    command.add_argument("--budget", type=positive, metavar="SECONDS", help="most seconds")
    command.add_argument("--timeout", type=positive, metavar="SECONDS", help="most for one row")


def _settings(default: Settings, arguments: argparse.Namespace) -> Settings:
    given = {name: getattr(arguments, name) for name in ("limit", "trials", "budget", "timeout")}
    return replace(default, **{name: value for name, value in given.items() if value is not None})


def _gate(arguments: argparse.Namespace) -> int:
    rows = select(_suite().default_rows(), arguments.rows)
    files = [(arguments.json, report.as_json), (arguments.markdown, report.markdown)]
    for path, _ in files:
        if path is not None:
            check_writable(path)
    if arguments.base is None:
        outcome = _against_baseline(arguments, rows)
    else:
        with _ready(_settings(Settings(), arguments)) as gate:
            outcome = gate.against_revision(rows, arguments.base)
    for path, render in files:
        if path is not None:
            write_atomically(path, render(outcome))
    print(report.text(outcome), end="")  # noqa: T201
    return outcome.exit_code


def _against_baseline(arguments: argparse.Namespace, rows: list[Row]) -> Outcome:
    baseline = baselines.load(baselines.path_for(this_machine()))
    matches = matcher(arguments.rows)
    chosen = {n: row for n, row in baseline.rows.items() if matches(row.method, row.workload)}
    with _ready(_settings(STORED, arguments)) as gate:
        return against_baseline(gate, rows, baseline, chosen)


def _baseline(arguments: argparse.Namespace) -> int:
    path = baselines.path_for(this_machine())
    old = _old_baseline(path, arguments.accept)
    path.parent.mkdir(parents=True, exist_ok=True)
    check_writable(path)
    with _ready(_settings(RECORDED, arguments)) as gate:
        recorded = record(gate, gate.suite.rows(), old, arguments.accept)
    if recorded.change is not None:
        print(report.changes(recorded.change))  # noqa: T201
        if recorded.change.exit_code == 1 and not arguments.accept:
            print(  # noqa: T201
                f"{path} was left as it is; if the change is intended, say why: "
                f'{baselines.RECORD} --accept "reason"',
                file=sys.stderr,
            )
            return 1
    baselines.save(recorded.baseline, path)
    print(f"{path}: {len(recorded.baseline.rows)} rows; review the change and commit it")  # noqa: T201
    return 0


def _old_baseline(path: Path, accept: str) -> Baseline | None:
    """Return the baseline to compare with; a broken one is replaced only for a reason."""
    if not path.exists():
        return None
    try:
        return baselines.load(path)
    except CannotJudgeError:
        if accept:
            return None
        raise


@contextmanager
def _ready(settings: Settings) -> Iterator[Gate]:
    """Yield a gate that is alone on the machine and shows what it does."""
    with only_one(), Display(settings.budget) as display:
        yield Gate(suite=_suite().SUITE, root=Path.cwd(), settings=settings, display=display)


def _suite() -> ModuleType:
    """Import the rows, and with them the package as it stands in the working tree."""
    try:
        return importlib.import_module("benchmarks.suite")
    except (Exception, SystemExit) as error:
        raise CannotJudgeError(
            "the package of the working tree cannot be imported: "
            f"{type(error).__name__}: {error}; mend it"
        ) from error


def _expect(_: argparse.Namespace) -> int:
    suite = _suite()
    count = expectations.record([*suite.default_rows(), *suite.article_rows()])
    print(f"{expectations.EXPECTATIONS}: {count} rows; review the change and commit it")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
