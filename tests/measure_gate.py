"""Measure the gate itself: ``python -m tests.measure_gate --minutes 15``.

Gates on identical code and gates on a planted slowdown take turns, each in a repository of its
own.  A line for each is printed as it ends, and the counts at the end.  Run it on a machine that
does nothing else.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relu_impls import METHODS
from tests.plants import Repository, slower


@dataclass(frozen=True, slots=True)
class Gate:
    """What became of one gate.

    Attributes
    ----------
    planted : str
        The method that was made slower; empty if none was.
    exit : int
        Exit code.
    seconds : float
        How long it took.
    report : dict
        What it wrote as JSON.
    """

    planted: str
    exit: int
    seconds: float
    report: dict[str, Any]

    @property
    def wrong(self) -> list[str]:
        """Rows whose verdict is not the one that they should have."""
        return [
            f"{row['row']} {row['verdict']} {row['ratio']}"
            for row in self.report["rows"]
            if (row["verdict"] == "regressed") != (row["method"] == self.planted)
        ]

    @property
    def unproven(self) -> list[str]:
        """Rows and controls that came out inconclusive."""
        rows = [*self.report["rows"], *self.report["controls"]]
        return [row["row"] for row in rows if row["verdict"] == "inconclusive"]

    def line(self) -> str:
        """Say it in one line."""
        what = f"{self.planted} slower" if self.planted else "identical code"
        words = f"{what:30} exit {self.exit}  {self.seconds:4.0f} s  {self.report['trials']} trials"
        wrong = f"  wrong: {', '.join(self.wrong)}" if self.wrong else ""
        unproven = f"  unproven: {', '.join(self.unproven)}" if self.unproven else ""
        return words + wrong + unproven


def run(planted: str, factor: float, options: list[str]) -> Gate:
    """Run one gate."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder))
        if planted:
            repository.plant(slower(planted, factor))
        written = Path(folder, "report.json")
        start = time.monotonic()
        found = repository.gate("--base", "HEAD", "--json", str(written), *options)
        seconds = time.monotonic() - start
        if not written.exists():
            raise SystemExit(f"the gate broke: {found.errors}")
        return Gate(planted, found.exit, seconds, json.loads(written.read_text("utf-8")))


def gates(factor: float, options: list[str]) -> Iterator[Gate]:
    """Yield gates on identical code and on methods drawn at random, in turn."""
    # The public functions are used by other methods, which would rightly be red as well.
    methods = [name for name in METHODS if not name.startswith(("relu", "drelu"))]
    while True:
        yield run("", factor, options)
        yield run(random.choice(methods), factor, options)


def main() -> None:
    """Run gates until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--factor", type=float, default=1.06, help="planted slowdown")
    parser.add_argument("options", nargs="*", help="options of the gate, after --")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    counts: Counter[str] = Counter()
    for gate in gates(arguments.factor, arguments.options):
        what = "planted" if gate.planted else "identical"
        counts[f"{what}: exit {gate.exit}"] += 1
        counts[f"{what}: wrong rows"] += len(gate.wrong)
        print(gate.line(), flush=True)  # noqa: T201
        if time.monotonic() > end:
            break
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")  # noqa: T201


if __name__ == "__main__":
    main()
