"""Runs are recorded and compared, and a baseline is recorded and judged against."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.against.repository import commit, git, put
from tests.end_to_end.conftest import COMMAND, PACKAGE, ROWS, Done, Project

pytestmark = pytest.mark.slow
Make = Callable[..., Project]
SHORT = ("--trials", "6", "--budget", "60")
ROOT = Path(__file__).parents[2]
SLOW = PACKAGE.replace(
    "    return ", "    for _ in range(99):\n        sum(range(n))\n    return ", 1
)


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


def test_a_baseline_is_recorded_and_judged_against(project: Make) -> None:
    it = project()
    recorded(it, "baseline")
    assert git(it.root, "status", "--porcelain", "-uall").count("0000_baseline.json") == 1
    commit(it.root)
    done = it.run(*COMMAND, "gate", *SHORT, "--limit", "90%", "--json", it.report)
    assert done.code != 1
    assert done.rows.keys() == ROWS
    done = it.run("-m", "pytest", "--benchmark-only", "--benchmark-max-time=0.01")
    assert done.code == 0
    assert "baseline: 20" in done.out


def test_numbers_that_a_changed_machine_makes_wrong_are_settled_by_running_the_revision_again(
    project: Make,
) -> None:
    it = project()
    recorded(it, "baseline")
    (file,) = it.root.rglob("0000_baseline.json")
    text = file.read_text()
    # Each recorded time at a third: by the numbers alone, everything is three times as slow now.
    ratio = re.compile(r"(?<=[\[, ])-?\d+\.\d+(?=[,\]])")
    file.write_text(
        re.sub(
            r'"recordings": \[\[.*?\]\]',
            lambda found: ratio.sub(lambda n: str(float(n[0]) - math.log(3)), found[0]),
            text,
        )
    )
    assert file.read_text() != text
    commit(it.root)
    done = it.run(*COMMAND, "gate", *SHORT, "--limit", "90%", "--json", it.report)
    assert done.code != 1, done.out
    (note,) = (note for note in done.report["notes"] if "side by side" in note)
    assert note.startswith("3 rows that the numbers leave open settled side by side")
    put(it.root, "toy/__init__.py", SLOW)
    done = it.run(*COMMAND, "gate", *SHORT, "--limit", "90%", "--json", it.report)
    assert done.code in {1, 3}


def test_this_project_judges_itself(project: Make) -> None:
    skipped = shutil.ignore_patterns("__pycache__", "results", "pytest-against", "baselines")
    it = project({"pyproject.toml": (ROOT / "pyproject.toml").read_text()})
    for part in ("relu_impls", "benchmarks"):
        shutil.copytree(ROOT / part, it.root / part, ignore=skipped)
    commit(it.root)
    words = ("--rows", "maximum and float32-1e3", "--trials", "4", "--budget", "30")
    done = it.run("-m", "benchmarks", "gate", "--base", "HEAD", *words, "--json", it.report)
    assert done.code in {0, 3}, done.err
    assert done.rows
    assert all("maximum" in name and "float32-1e3" in name for name in done.rows)
