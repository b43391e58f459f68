"""The command line: arguments, files and exit codes, and nothing else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks import expectations
from benchmarks.suite import article_rows, default_rows


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "expect", help="record the exact measures of every row (results, memory, passes)"
    ).set_defaults(run=_expect)
    arguments = parser.parse_args(argv)
    code: int = arguments.run(arguments)
    return code


def _expect(_: argparse.Namespace) -> int:
    rows = [*default_rows(), *article_rows()]
    count = expectations.record(rows)
    print(f"{expectations.EXPECTATIONS}: {count} rows; review the change and commit it")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
