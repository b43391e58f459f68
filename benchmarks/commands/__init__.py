"""The commands: a module for each, which ends with its `Command`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.commands import annotate, baseline, compare, expect, gate, join, record
from benchmarks.project import Command

COMMANDS: Final[Sequence[Command]] = (
    gate.COMMAND,
    baseline.COMMAND,
    record.COMMAND,
    compare.COMMAND,
    expect.COMMAND,
    join.COMMAND,
    annotate.COMMAND,
)
"""Those that any suite can be given to, in the order of the help."""
