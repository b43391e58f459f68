"""The two lanes of the gate, each in a repository of its own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.baselines import Baseline, path_for, save, stored_row
from benchmarks.machine import this_machine
from benchmarks.selection import select
from benchmarks.suite import SUITE, default_rows
from tests.plants import Repository, Run
from tests.test_baselines import MEASURES

ROWS: Final = ("--rows", "maximum and 1e3")
FEW: Final = ("--trials", "2")
RECORD: Final = f"{SUITE.command} baseline"
REPLACE: Final = f'{RECORD} --accept "it was broken"'
NAMES: Final = [row.name for row in select(default_rows(), ROWS[1])]


@dataclass(frozen=True, slots=True)
class Lane:
    """A repository, and what its working tree is judged against."""

    repository: Repository
    against: tuple[str, ...]

    def gate(self, *arguments: str, rows: tuple[str, ...] = ROWS, **options: object) -> Run:
        """Run the gate; whatever becomes of it, it says so and cleans up."""
        run = self.repository.gate(*self.against, *rows, *FEW, *arguments, **options)
        assert "Traceback" not in run.errors
        assert self.repository.left_behind == []
        return run

    def judged(self, *arguments: str) -> tuple[Run, dict[str, Any]]:
        """Run the gate to a verdict."""
        path = self.repository.folder / "verdict.json"
        run = self.gate("--json", str(path), *arguments)
        assert path.exists(), run.errors
        return run, json.loads(path.read_text())

    def refused(self, *arguments: str, **options: Any) -> str:
        """Run a gate that cannot judge, and return the one line in which it says so."""
        return one_line(self.gate(*arguments, **options))

    @property
    def baseline(self) -> Path:
        return path_for(this_machine(), self.repository.root / "benchmarks" / "baselines")

    def change_baseline(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Edit the stored baseline by hand."""
        found = json.loads(self.baseline.read_text("utf-8"))
        change(found)
        self.baseline.write_text(json.dumps(found), "utf-8")


def one_line(run: Run) -> str:
    """Return the only line that a gate says that cannot judge, apart from the progress."""
    said = [line for line in run.errors.splitlines() if " s left" not in line]
    assert (run.exit, run.output, len(said)) == (2, "", 1), run.errors
    assert said[0].startswith("python -m benchmarks gate: ")
    return said[0]


def in_verdict(found: dict[str, Any], verdict: str) -> set[str]:
    """Return the names of the rows of a report that have a verdict."""
    return {row["row"] for row in found["rows"] if row["verdict"] == verdict}


def store_baseline(lane: Lane) -> None:
    """Store a baseline of the chosen rows, with times that prove nothing either way."""
    rng = random.Random(1)
    recordings = [[rng.gauss(0, 5) for _ in range(10)] for _ in range(2)]
    rows = select(default_rows(), ROWS[1])
    found = {
        row.name: stored_row(row, recordings, [1e-6] * 20, [0.1] * 20, MEASURES) for row in rows
    }
    machine = this_machine().as_dict()
    recorded = "2026-01-02T03:04:05+00:00"
    save(
        Baseline(machine=machine, commit="0" * 40, recorded=recorded, accepted="", rows=found),
        lane.baseline,
    )
