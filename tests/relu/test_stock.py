"""What the stock way makes of two runs is counted by its own checks."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.results import stock, study
from benchmarks.results.gate_log import load, rate, summary
from benchmarks.results.plants import Plant
from benchmarks.results.stock import RULES, held, measured
from pytest_against.model import CannotJudgeError
from tests.relu.test_study import GREEN, RED
from tests.relu.test_study_runs import asked, runs  # noqa: F401 - a fixture


def saved(**factors: float) -> Any:
    """Return what a run saves; a row takes so many times a microsecond."""
    rows = [
        {
            "fullname": f"test_it[{method}]",
            "params": {"method": method},
            "stats": {"min": factor * 1e-6, "median": factor * 2e-6},
        }
        for method, factor in factors.items()
    ]
    return {"benchmarks": rows}


def test_rows_that_exceed_a_limit_are_told_by_whether_they_were_planted() -> None:
    before = saved(relu=1.0, fmax=1.0, clip=1.0, gone=1.0)
    found = held(before, saved(relu=1.07, fmax=1.15, clip=0.5, new=9.0), {"relu", "clip"})
    counts = {each.rule: (each.named, each.missed, each.others, each.rows) for each in found}
    assert tuple(counts) == RULES
    for field in ("min", "median"):
        limits = (f"{field}:{limit}%" for limit in (5, 10, 20))
        assert [counts[rule] for rule in limits] == [(1, 1, 1, 3), (0, 2, 1, 3), (0, 2, 0, 3)]


def test_both_runs_are_of_the_code_with_and_without_the_plant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def run(command: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        (file,) = (word.partition("=")[2] for word in command if "--benchmark-json" in word)
        seen[cwd.name] = (cwd / "relu_impls" / "m.py").read_text().count("_planted(") - 1
        factor = 1.5 if cwd.name == "after_" else 1.0
        Path(file).write_text(str(saved(relu=factor)).replace("'", '"'))
        return subprocess.CompletedProcess(command, 0, "", "")

    def prepare(_: Path, root: Path, plant: Plant | None) -> None:
        (root / "relu_impls").mkdir(parents=True)
        (root / "relu_impls" / "m.py").write_text("_planted(" * (2 if plant else 1))

    def git(root: Path, *_: str) -> None:
        (root / "relu_impls" / "m.py").write_text("_planted(")

    monkeypatch.setattr(stock, "prepare", prepare)
    monkeypatch.setattr(stock, "git", git)
    monkeypatch.setattr(subprocess, "run", run)
    found, seconds = measured(tmp_path, sys.executable, Plant("slower", "relu"), "", {"relu"})
    assert seen == {"after_": 1, "before": 0}
    assert (found[-1].rule, found[-1].named, seconds >= 0) == ("median:20%", 1, True)


def test_a_run_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "prepare", lambda _, root, __: root.mkdir())
    monkeypatch.setattr(stock, "git", lambda *_: None)
    with pytest.raises(CannotJudgeError, match=r"pytest --benchmark-only failed: .*benchmarks"):
        measured(tmp_path, sys.executable, None, "", ())


def test_the_stock_way_adds_up_by_rule() -> None:
    alike = held(saved(relu=1.0, fmax=1.0), saved(relu=1.0, fmax=1.07), ())
    planted = held(saved(relu=1.0, fmax=1.0), saved(relu=1.06, fmax=1.0), {"relu"})
    gates = [replace(GREEN, stock=alike, stock_seconds=60), replace(RED, stock=planted)]
    lines = summary([*gates, GREEN]).splitlines()
    assert lines[-9] == "  --benchmark-compare-fail on 2 of the same, 30 (0 to 60) s each:"
    cells = [re.split(r" {2,}", line.strip()) for line in lines[-7:-1]]
    assert cells[0] == ["min:5%", rate(1, 1), rate(1, 3), rate(0, 1), rate(1, 1)]
    assert cells[1] == ["min:10%", rate(0, 1), rate(0, 3), rate(1, 1), rate(0, 1)]
    assert "plant missed" in lines[-8]
    (only,) = (line for line in summary(gates[:1]).splitlines() if "median:20%" in line)
    assert re.split(r" {2,}", only.strip()) == ["median:20%", rate(0, 1), rate(0, 2)]


def test_a_study_asks_the_stock_way_of_each_gate(
    runs: list[Any],  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = held(saved(relu=1.0), saved(relu=1.0), ())
    monkeypatch.setattr(study, "measured", lambda *_: (found, 12.34))
    log = tmp_path / "log"
    assert study.study(asked("--log", str(log), "--gates", "1", "--stock")) == 0
    (gate,) = load(log)
    assert (gate.stock, gate.stock_seconds, runs) == (found, 12.3, [])
