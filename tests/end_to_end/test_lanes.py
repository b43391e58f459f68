"""Runs are recorded and compared, and a baseline is recorded and judged against."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.against.repository import commit, git
from tests.end_to_end.conftest import COMMAND, ROWS, Done, Project

pytestmark = pytest.mark.slow
Make = Callable[..., Project]
SHORT = ("--trials", "6", "--budget", "60")
ROOT = Path(__file__).parents[2]


def recorded(project: Project, *words: str) -> Done:
    """Record something, if this machine has some calm."""
    done = project.run(*COMMAND, *words, *SHORT)
    assert done.code in {0, 2}, done.err
    if done.code:
        assert "had calm in" in done.err
        pytest.skip("this machine has no calm")
    return done


def test_runs_are_recorded_and_compared(project: Make) -> None:
    it = project()
    for name in ("before", "after"):
        shown = recorded(it, "record", name).out
        assert re.search(r": [2-6] trials of 3 rows\n$", shown)  # without calm, a trial has no file
    done = it.run(*COMMAND, "compare", "before", "after", "--json", it.report)
    assert done.code in {0, 1, 3}  # machines drift
    assert done.rows.keys() == ROWS


def test_a_baseline_is_judged_against_and_what_its_numbers_leave_open_is_settled(
    project: Make,
) -> None:
    it = project()
    recorded(it, "baseline")
    assert git(it.root, "status", "--porcelain", "-uall").count("0000_baseline.json") == 1
    commit(it.root)
    gate = (*COMMAND, "gate", *SHORT, "--limit", "90%", "--json", it.report)
    done = it.run(*gate)
    assert done.code != 1
    assert done.rows.keys() == ROWS
    done = it.run("-m", "pytest", "--benchmark-only", "--benchmark-max-time=0.01")
    assert done.code == 0
    assert "baseline: 20" in done.out
    # By its numbers, the machine was three times as fast.
    (file,) = it.root.rglob("0000_baseline.json")
    faster(file, 3)
    commit(it.root)
    done = it.run(*gate)
    assert done.code != 1, done.out
    (note,) = (note for note in done.report["notes"] if "side by side" in note)
    assert note.startswith("3 rows that the numbers leave open settled side by side")


def faster(file: Path, factor: float) -> None:
    """Divide the times of a baseline by a factor."""
    found = json.loads(file.read_text())
    for row in found["benchmarks"]:
        its = row["extra_info"]
        its["recordings"] = [[x - math.log(factor) for x in each] for each in its["recordings"]]
        its["seconds"] = [seconds / factor for seconds in its["seconds"]]
    file.write_text(json.dumps(found))


def test_this_project_judges_itself(project: Make) -> None:
    skipped = shutil.ignore_patterns("__pycache__", "results", "pytest-against", "baselines")
    it = project({"pyproject.toml": (ROOT / "pyproject.toml").read_text()})
    for part in ("relu_impls", "benchmarks"):
        shutil.copytree(ROOT / part, it.root / part, ignore=skipped)
    commit(it.root)
    words = ("--rows", "maximum and float32-1e3", "--trials", "2", "--budget", "20")
    done = it.run("-m", "benchmarks", "gate", "--base", "HEAD", *words, "--json", it.report)
    assert done.code in {0, 3}, done.err
    assert done.rows
    assert all("maximum" in name and "float32-1e3" in name for name in done.rows)
