"""The stock way on the same rows: two saved runs of a process each, one held against the other."""

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_benchmark.utils import parse_compare_fail

from benchmarks.results.plants import UNSET, Plant, git, prepare
from pytest_against.model import CannotJudgeError, short

RULES: Final = tuple(f"{field}:{limit}%" for field in ("min", "median") for limit in (5, 10, 20))
"""What ``--benchmark-compare-fail`` was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """How many rows a rule called slower."""

    rule: str
    named: int
    """Rows that the plant affects."""
    missed: int
    """Rows that the plant affects, and that passed."""
    others: int
    rows: int
    """All that both runs have."""


def held(before: Any, after: Any, affected: Collection[str]) -> tuple[Stock, ...]:
    """Hold what two runs saved against each other, by pytest-benchmark's own checks."""
    then = {row["fullname"]: row for row in before["benchmarks"]}
    pairs = [(then[row["fullname"]], row) for row in after["benchmarks"] if row["fullname"] in then]
    found = []
    for rule in RULES:
        check = parse_compare_fail(rule)  # type: ignore[no-untyped-call]
        red = {row["fullname"] for old, row in pairs if check.fails(row["stats"], old["stats"])}
        its = {row["fullname"] for _, row in pairs if row["params"]["method"] in affected}
        counts = {"named": len(red & its), "missed": len(its - red), "others": len(red - its)}
        found.append(Stock(rule=rule, rows=len(pairs), **counts))
    return tuple(found)


def measured(
    checkout: Path, python: str, plant: Plant | None, expression: str, affected: Collection[str]
) -> tuple[tuple[Stock, ...], float]:
    """Save a run of the code as it was and one with a plant; also return seconds for both."""
    with tempfile.TemporaryDirectory() as folder:
        roots = {name: Path(folder, name) for name in ("after_", "before")}
        prepare(checkout, roots["after_"], plant)
        shutil.copytree(roots["after_"], roots["before"])
        git(roots["before"], "checkout", "--quiet", "--", ".")
        start, found = time.monotonic(), {}
        for name in random.sample([*roots], 2):  # neither always has the warmer machine
            found[name] = _run(roots[name], python, expression)
        seconds = time.monotonic() - start
    return held(found["before"], found["after_"], affected), seconds


def _run(root: Path, python: str, expression: str) -> Mapping[str, Any]:
    file = root.with_suffix(".json")
    command = [python, "-m", "pytest", "benchmarks", "--benchmark-only", f"-k={expression}"]
    command += [f"--benchmark-json={file}", "--override-ini=against_baselines=none", "--quiet"]
    kept = {n: v for n, v in os.environ.items() if not n.startswith(UNSET)}
    done = subprocess.run(  # noqa: S603 - the project's own command
        command, cwd=root, env=kept, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[-200:]
        raise CannotJudgeError(f"a run of pytest --benchmark-only failed: {short(words)}")
    found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return found
