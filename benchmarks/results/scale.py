"""What a gate costs by its rows: ``python benchmarks/results/scale.py 10 100 1000 10000@1/8``.

Each is a made-up suite of so many tests, or a shard of one, judged against itself.  A line for each
is added to the log.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.results import attempts
from benchmarks.results.plants import git
from benchmarks.results.running import run
from pytest_against.around import guarded
from pytest_against.machine import this_machine
from pytest_against.model import short

PROGRAM: Final = "python benchmarks/results/scale.py"
LOG: Final = Path(__file__).with_name("scale.jsonl")
_FILES: Final = {
    "made_up/__init__.py": "def work(numbers):\n    return sum(numbers)\n",
    "tests/test_work.py": """\
import pytest
from made_up import work

@pytest.mark.parametrize("number", range({rows}))
def test_work(number, benchmark):
    assert benchmark(work, range(10 + number % 90)) >= 45
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a gate took: a line of the log."""

    date: str
    """When it began, in UTC."""
    machine: str
    suite: int
    """Rows of the suite."""
    shard: str
    """Which part of them was judged; empty for all."""
    rows: int
    """Rows that were judged."""
    exit: int
    trials: int
    unproven: int
    seconds: float
    memory: int
    """Bytes that its largest process took at most; 0 if unknown."""
    report: int
    """Bytes of its JSON."""


def cost(asked: str, folder: Path, *options: str) -> Cost:
    """Judge a suite of ``ROWS`` or ``ROWS@K/N`` in a folder."""
    rows, _, shard = asked.partition("@")
    for name, text in _FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True)
        file.write_text(text.replace("{rows}", rows), "utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "all")
    path, date = folder / "gate.json", datetime.now(UTC)
    words = ["--against=HEAD", f"--against-json={path}", *options]
    words += [f"--against-shard={shard}"] if shard else []
    done = run(sys.executable, folder, *words, module="pytest")
    found = json.loads(path.read_bytes())
    return Cost(
        date=f"{date:%Y-%m-%dT%H:%M:%SZ}",
        machine=this_machine().class_name,
        suite=int(rows),
        shard=shard,
        rows=len(found["rows"]),
        exit=done.exit,
        trials=found["trials"],
        unproven=sum(row["verdict"] == "inconclusive" for row in found["rows"]),
        seconds=round(done.seconds, 1),
        memory=done.memory,
        report=path.stat().st_size,
    )


def _suite(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*(@[1-9]\d*/[1-9]\d*)?", text):
        words = f"{short(text)} is no suite; write a number of rows, as 1000, or a shard, 1000@1/8"
        raise argparse.ArgumentTypeError(words)
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Judge one suite after another."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="what a gate costs by its rows")
    parser.add_argument("suites", nargs="+", type=_suite, metavar="ROWS[@K/N]")
    parser.add_argument("--log", type=Path, default=LOG)
    asked = parser.parse_args(argv)
    for suite in asked.suites:
        with tempfile.TemporaryDirectory() as folder:
            found = cost(suite, Path(folder))
        attempts.append(found, asked.log)
        print(found, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(guarded(PROGRAM, main))
