"""What other ways make of two runs, and the stock one by its own checks, is counted."""

from __future__ import annotations

import json
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
from benchmarks.results.stock import RULES, Judged, compare_fail, counted, held, measured
from benchmarks.results.study import WAYS
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
    judged = held(before, saved(relu=1.07, fmax=1.15, clip=0.5, new=9.0), 60.0)
    found = counted(judged, {"relu", "clip"})
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
        seen[cwd.name] = (cwd / "relu_impls" / "m.py").read_text().count("_planted(") - 1
        factor = 1.5 if cwd.name == "after_" else 1.0
        (cwd / "saved.json").write_text(json.dumps(saved(relu=factor)))
        return subprocess.CompletedProcess(command, 0, "", "")

    def prepare(_: Path, root: Path, plant: Plant | None) -> None:
        (root / "relu_impls").mkdir(parents=True)
        (root / "relu_impls" / "m.py").write_text("_planted(" * (2 if plant else 1))

    def git(root: Path, *_: str) -> None:
        (root / "relu_impls" / "m.py").write_text("_planted(")

    monkeypatch.setattr(stock, "prepare", prepare)
    monkeypatch.setattr(stock, "git", git)
    monkeypatch.setattr(subprocess, "run", run)
    found = measured(compare_fail, tmp_path, sys.executable, Plant("slower", "relu"), "")
    assert seen == {"after_": 1, "before": 0}
    assert found.red["median:20%"] == {"test_it[relu]"}
    assert found.seconds >= 0


def test_a_run_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "prepare", lambda _, root, __: root.mkdir())
    monkeypatch.setattr(stock, "git", lambda *_: None)
    with pytest.raises(CannotJudgeError, match=r"-m pytest benchmarks .* failed: .*benchmarks"):
        measured(compare_fail, tmp_path, sys.executable, None, "")


def test_another_way_adds_up_by_rule() -> None:
    alike = counted(held(saved(relu=1.0, fmax=1.0), saved(relu=1.0, fmax=1.07), 60.0), ())
    slower = held(saved(relu=1.0, fmax=1.0), saved(relu=1.06, fmax=1.0), 30.0)
    gates = [replace(GREEN, stock=alike), replace(RED, stock=counted(slower, {"relu"}))]
    lines = summary([*gates, GREEN]).splitlines()
    assert lines[-9] == "  other ways on 2 of the same:"
    cells = [re.split(r" {2,}", line.strip()) for line in lines[-7:-1]]
    seconds = "45 (30 to 60)"
    assert cells[0] == ["min:5%", rate(1, 1), rate(1, 3), rate(0, 1), rate(1, 1), seconds]
    assert cells[1] == ["min:10%", rate(0, 1), rate(0, 3), rate(1, 1), rate(0, 1), seconds]
    assert "plant missed" in lines[-8]
    (only,) = (line for line in summary(gates[:1]).splitlines() if "median:20%" in line)
    assert re.split(r" {2,}", only.strip())[:3] == ["median:20%", rate(0, 1), rate(0, 2)]


def test_a_study_asks_other_ways_of_each_gate(
    runs: list[Any],  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged = {way: Judged(methods={}, red={name: ()}, seconds=12.34) for name, way in WAYS.items()}
    monkeypatch.setattr(study, "measured", lambda way, *_: judged[way])
    log, stocks = tmp_path / "log", [f"--stock={name}" for name in WAYS]
    assert study.study(asked("--log", str(log), "--gates", "1", *stocks)) == 0
    (gate,) = load(log)
    assert [(each.rule, each.seconds) for each in gate.stock] == [(name, 12.3) for name in WAYS]
    assert runs == []
