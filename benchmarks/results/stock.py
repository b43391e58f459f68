"""Ways that people judge two runs by, on the same code as a gate; the stock one among them."""

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
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
    seconds: float
    """For both runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a way said of two runs."""

    methods: Mapping[str, str]
    """By the names of the rows that both have."""
    red: Mapping[str, Collection[str]]
    """Names of rows that are called slower, by rule."""
    seconds: float


Way = Callable[[Path, Path, str, str], Judged]
"""Times two copies of the project, the old one first, by a Python, and rows of an expression."""


def measured(way: Way, checkout: Path, python: str, plant: Plant | None, expression: str) -> Judged:
    """Judge the code as it was and the same with a plant."""
    with tempfile.TemporaryDirectory() as folder:
        roots = {name: Path(folder, name) for name in ("after_", "before")}
        prepare(checkout, roots["after_"], plant)
        shutil.copytree(roots["after_"], roots["before"])
        git(roots["before"], "checkout", "--quiet", "--", ".")
        return way(roots["before"], roots["after_"], python, expression)


def counted(judged: Judged, affected: Collection[str]) -> tuple[Stock, ...]:
    """Tell rows of the methods that are affected from the others."""
    its = {name for name, method in judged.methods.items() if method in affected}
    found = []
    for rule, red in judged.red.items():
        counts = {"named": len(its & {*red}), "missed": len(its - {*red})}
        others, rows = len({*red} - its), len(judged.methods)
        seconds = round(judged.seconds, 1)
        found.append(Stock(rule=rule, **counts, others=others, rows=rows, seconds=seconds))
    return tuple(found)


def compare_fail(before: Path, after: Path, python: str, expression: str) -> Judged:
    """Save a run of each, and hold them against each other by pytest-benchmark's own checks."""
    command = [python, "-m", "pytest", "benchmarks", "--benchmark-only", f"-k={expression}"]
    command += ["--override-ini=against_baselines=none", "--quiet", "--benchmark-json=saved.json"]
    seconds = in_any_order(command, before, after)
    old, new = (json.loads((root / "saved.json").read_text("utf-8")) for root in (before, after))
    return held(old, new, seconds)


def held(before: Any, after: Any, seconds: float) -> Judged:
    """Return what each rule says of two files."""
    then = {row["fullname"]: row for row in before["benchmarks"]}
    pairs = [(then[row["fullname"]], row) for row in after["benchmarks"] if row["fullname"] in then]
    red = {}
    for rule in RULES:
        check = parse_compare_fail(rule)  # type: ignore[no-untyped-call]
        fails = [row for old, row in pairs if check.fails(row["stats"], old["stats"])]
        red[rule] = {row["fullname"] for row in fails}
    methods = {row["fullname"]: row["params"]["method"] for _, row in pairs}
    return Judged(methods=methods, red=red, seconds=seconds)


def in_any_order(command: list[str], *roots: Path) -> float:
    """Run a command in each folder, and return seconds for all; none always has a warm machine."""
    start = time.monotonic()
    for root in random.sample(roots, len(roots)):
        run(command, root)
    return time.monotonic() - start


def run(command: list[str], root: Path, codes: Collection[int] = (0,)) -> str:
    """Run a command in a folder, and return what it prints; refuse another exit code."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(UNSET)}
    done = subprocess.run(  # noqa: S603 - the project's own, and tools that are installed
        command, cwd=root, env=kept, capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        words = (done.stderr or done.stdout).strip()[-200:]
        raise CannotJudgeError(f"`{short(' '.join(command))}` failed: {short(words)}")
    return done.stdout
