"""Runs are recorded and compared, and a baseline is recorded and judged against."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.against.repository import commit, git
from tests.end_to_end.conftest import ROWS, Project

Make = Callable[..., Project]
COMMAND = ("-c", "import sys; from pytest_against.cli import main; sys.exit(main())")
SHORT = ("--trials", "6", "--budget", "60")
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_runs_are_recorded_and_compared(project: Make) -> None:
    it = project()
    for name in ("before", "after"):
        done = it.run(*COMMAND, "record", name, *SHORT)
        assert done.code in {0, 2}, done.err
        if done.code:
            assert "had calm in" in done.err
            pytest.skip("this machine has no calm")
        assert done.out.endswith(": 6 trials of 3 rows\n")
    report = str(it.home / "report.json")
    done = it.run(*COMMAND, "compare", "before", "after", "--json", report)
    assert done.code in {0, 1, 3}  # machines drift
    assert done.rows.keys() == ROWS
    assert it.left() == []


@pytest.mark.slow
def test_a_baseline_is_recorded_and_judged_against(project: Make) -> None:
    it = project()
    done = it.run(*COMMAND, "baseline", *SHORT)
    assert done.code in {0, 2}, done.err
    if done.code:
        assert "had calm in" in done.err
        pytest.skip("this machine has no calm")
    assert git(it.root, "status", "--porcelain", "-uall").count("0000_baseline.json") == 1
    commit(it.root)
    report = str(it.home / "report.json")
    done = it.run(*COMMAND, "gate", *SHORT, "--limit", "90%", "--json", report)
    assert done.code != 1
    assert done.rows.keys() == ROWS
    done = it.run("-m", "pytest", "--benchmark-only", "--benchmark-max-time=0.01")
    assert done.code == 0
    assert "baseline: 20" in done.out
    assert it.left() == []


@pytest.mark.slow
def test_this_project_judges_itself(tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    home.mkdir()
    parts = ("relu_impls", "benchmarks", "pyproject.toml")
    skipped = shutil.ignore_patterns("__pycache__", "results", "pytest-against", "baselines")
    for part in parts:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, root / part, ignore=skipped)
        else:
            shutil.copy(ROOT / part, root / part)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    it = Project(root, home)
    words = ("--rows", "maximum and float32-1e3", "--trials", "4", "--budget", "30")
    report = str(home / "report.json")
    done = it.run("-m", "benchmarks", "gate", "--base", "HEAD", *words, "--json", report)
    assert done.code in {0, 3}, done.err
    assert done.rows
    assert all("maximum" in name and "float32-1e3" in name for name in done.rows)
    assert it.left() == []
