"""``expect``: record the exact measures of every row."""

from __future__ import annotations

import argparse
from typing import Final

from benchmarks import expectations
from benchmarks.project import Command, Project


def _add_arguments(_: argparse.ArgumentParser) -> None:
    """There is nothing to choose."""


def _run(project: Project, _: argparse.Namespace) -> int:
    suite = project.suite()
    count = expectations.record(suite.rows(), suite.expectations)
    print(f"{suite.expectations}: {count} rows; review the change and commit it")  # noqa: T201
    return 0


COMMAND: Final = Command(
    "expect",
    "record the exact measures of every row (results, memory, passes)",
    _add_arguments,
    _run,
)
