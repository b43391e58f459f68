"""What a study plants, runs and logs, and what its gates add up to."""

from __future__ import annotations

import itertools
import json
import re
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from benchmarks.results import plants, study
from benchmarks.results.gate_log import LoggedGate, append, load, outcome, rate, summary
from benchmarks.results.plants import NOTHING, PLANTS, SLOWER, Plant, prepare
from pytest_against.model import CannotJudgeError
from relu_impls import METHODS, contract

GREEN: Final = LoggedGate(
    date="2026-01-02T03:04:05Z",
    commit="0123456789abcdef",
    engine="0.1.0",
    lane="side by side",
    options="",
    beside=NOTHING,
    machine="here",
    plant=NOTHING,
    method="",
    verdict="steady",
    why="",
    factor=1.0,
    exit=0,
    trials=15,
    seconds=60.5,
    memory=2**27,
    unproven=0,
    named=(),
    missed=(),
    others=(),
)
RED: Final = replace(
    GREEN,
    plant=SLOWER,
    factor=1.06,
    method="fmax",
    exit=1,
    verdict="regressed",
    named=("fmax[a]",),
    missed=("fmax[b]",),
)


def decorated(plant: Plant, function: Callable[..., Any]) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(plant.text, names)  # noqa: S102 - our own text
    found: Callable[..., Any] = names["_planted"](function)
    return found


def operands(method: contract.Method, dtype: str) -> list[Any]:
    rng = np.random.default_rng(1)
    known = {name: rng.normal(size=(400, 5)).astype(dtype, order="F") for name in ("x", "grad")}
    known |= {"out": np.zeros((400, 5), dtype, "F"), "mask": np.zeros((400, 5), bool, "F")}
    return [known[name] for name in method.kind.arguments]


@pytest.mark.filterwarnings("ignore:Passing more than 2:DeprecationWarning")
@pytest.mark.parametrize("name", PLANTS)
def test_planted_methods_still_pass_and_cost_more(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, contract.Method] = {}
    monkeypatch.setattr(contract, "_methods", found)
    for path in {plants.module_of(study.ROOT, method) for method in METHODS}:
        source = path.read_text("utf-8")
        for method in METHODS:
            if plants.module_of(study.ROOT, method) == path:
                source = plants.planted(source, method, Plant(name, method, 1.5).text)
        code = compile(source, str(path), "exec", dont_inherit=True)
        exec(code, {"__name__": "planted"})  # noqa: S102 - our own text
    assert [found[name].expression for name in METHODS] == [m.expression for m in METHODS.values()]
    for method, dtype in itertools.product(METHODS, ("float16", "float32", "float64")):
        answers, peaks = [], []
        for function in (METHODS[method].function, found[method].function):
            arguments = operands(METHODS[method], dtype)
            tracemalloc.start()
            result = function(*arguments)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            written = [place for place, array in enumerate(arguments) if array is result]
            answers.append((written, result, *arguments))
        for mine, wanted in zip(*answers, strict=True):
            np.testing.assert_array_equal(mine, wanted, method, strict=True)
        if name not in (SLOWER, "wrapper"):
            assert peaks[1] > peaks[0] + arguments[0].size, method


class Clock:
    """A clock that a look at takes time from."""

    def __init__(self, look: float) -> None:
        self.now, self.look, self.steals = 0.0, look, iter([0.0])

    def __call__(self) -> float:
        self.now += self.look + next(self.steals, 0.0)
        return self.now


def seconds_of(plant: Plant, call: float, calls: int, look: float, stolen: float = 0.0) -> float:
    """Return what some calls take, of which `stolen` is not theirs."""
    clock = Clock(look)

    def function() -> None:
        clock.now += call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", clock)
        planted = decorated(plant, function)
    planted()
    clock.steals, start = iter([0.0, 0.0, stolen]), clock.now  # while it is paying
    for _ in range(calls):
        planted()
    return clock.now - start - stolen


@settings(deadline=None, derandomize=True)
@given(
    factor=st.floats(1.001, 2),
    call=st.floats(2e-7, 2e-5),
    look=st.floats(4e-8, 2e-7),
    calls=st.integers(1, 50),
)
def test_calls_of_any_length_take_the_factor_longer(
    factor: float, call: float, look: float, calls: int
) -> None:
    before = seconds_of(Plant(SLOWER, "", 1.0), call, calls, look)
    after = seconds_of(Plant(SLOWER, "", factor), call, calls, look)
    assert after - before == pytest.approx((factor - 1) * (call + look) * calls, abs=2e-6)


def test_what_others_took_of_the_time_is_not_counted_as_paid() -> None:
    plant = Plant(SLOWER, "", 1.5)
    alone, disturbed = (seconds_of(plant, 1e-5, 100, 4e-8, stolen) for stolen in (0.0, 1e-2))
    assert disturbed >= alone - 6e-6  # of the one call that was being paid for


def checkout(folder: Path) -> Path:
    for name in ("relu_impls/methods.py", "relu_impls/fast.py", ".gitignore"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((study.ROOT / name).read_bytes())
    (folder / "relu_impls" / "__pycache__").mkdir()
    (folder / "relu_impls" / "__pycache__" / "left.pyc").touch()
    plants.git(folder, "init", "--quiet")
    return folder


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("name", [NOTHING, *PLANTS])
def test_copy_differs_from_its_commit_by_the_plant_alone(
    name: str,
    stored: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    source, root = checkout(tmp_path / "source"), tmp_path / "copy"
    plant = None if name == NOTHING else Plant(name, "drelu", 1.25)
    prepare(source, root, plant, stored=stored)
    changed = plants.git(root, "diff", "--name-only").split()
    assert changed == (["relu_impls/fast.py"] if plant else [])
    committed = plants.git(root, "show", "HEAD:relu_impls/fast.py")
    assert ("_planted" in committed) is (name == SLOWER and not stored)
    if "_planted" in committed:
        assert "owed += (now - start) * 0.0" in committed
        assert "owed += (now - start) * 0.25" in (root / "relu_impls" / "fast.py").read_text()
    assert not list(root.rglob("*.pyc"))


def test_methods_that_call_the_planted_one_are_affected() -> None:
    assert plants.affected(study.ROOT, "relu") == {"relu", "relu_out", "relu_inplace"}
    assert plants.affected(study.ROOT, "fmax") == {"fmax"}


def row(method: str, workload: str, verdict: str) -> dict[str, str]:
    return {"row": f"{method}[{workload}]", "method": method, "verdict": verdict}


def test_rows_that_a_plant_affects_are_told_from_others() -> None:
    words = ("regressed", "heavier", "diverged", "steady", "improved", "vanished", "inconclusive")
    rows = [row(method, word, word) for method in ("relu", "relu_out", "fmax") for word in words]
    report = {"exit": 1, "trials": 9, "verdict": "regressed", "why": "", "rows": rows}
    report["controls"] = [row("fmax", "a", "inconclusive")]
    found = outcome(report, frozenset({"relu", "relu_out"}))
    assert found["named"] == [f"{m}[{w}]" for m in ("relu", "relu_out") for w in words[:3]]
    assert found["missed"] == [f"{m}[{w}]" for m in ("relu", "relu_out") for w in words[3:]]
    assert found["others"] == [f"fmax[{w}]" for w in words[:3]]
    assert (found["exit"], found["trials"], found["unproven"]) == (1, 9, 4)


def test_log_gives_back_its_gates_and_names_a_line_that_is_none(tmp_path: Path) -> None:
    log = tmp_path / "gates.jsonl"
    assert load(log) == []
    for gate in (GREEN, RED):
        append(gate, log)
    assert load(log) == [GREEN, RED]
    assert [json.loads(line)["exit"] for line in log.read_text().splitlines()] == [0, 1]
    whole = log.read_bytes()
    for line in (b'{"plant": "no', b"{}", b"[]", b"", b"7", b"\xff"):
        log.write_bytes(whole + line + b"\n")
        with pytest.raises(CannotJudgeError, match=re.escape(f"{log}, line 3 is no gate: ")):
            load(log)


@settings(deadline=None, derandomize=True)
@given(total=st.integers(1, 200), data=st.data())
def test_outside_the_bounds_the_count_would_be_rare(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    low, high = (float(b) / 100 for b in re.findall(r"([\d.]+)%", rate(count, total)))
    rounding = 0.0005
    assert low - rounding <= count / total <= high + rounding
    assert binom.sf(count - 1, total, max(0, low - rounding)) <= 0.025 or not count
    assert binom.cdf(count, total, min(1, high + rounding)) <= 0.025 or count == total


def test_gates_add_up_by_setting_and_plant() -> None:
    wrong = replace(GREEN, exit=1, others=("a", "b"), seconds=10.0)
    unsure, lost = replace(RED, exit=3, named=(), seconds=70.0), replace(GREEN, exit=2, why="no")
    elsewhere = replace(
        GREEN, machine="there", earlier_commit="f" * 40 + "+", earlier_seconds=121.0
    )
    unpaired = replace(elsewhere, earlier_exit=2, earlier_seconds=1.0)
    lines = summary([GREEN, RED, wrong, unsure, lost, elsewhere, unpaired]).splitlines()
    assert (
        lines[0] == "side by side, all rows, beside nothing, engine 0.1.0, here; code 0123456789ab"
    )
    cells = [re.split(r" {2,}", line.strip()) for line in lines]
    assert cells[2] == [
        "nothing",
        rate(1, 3),
        rate(1, 3),
        "0",
        "1",
        "0 of 0",
        "2",
        "60 (10 to 60)",
        "128",
    ]
    assert cells[3] == [
        "1.06 times as long",
        rate(1, 2),
        rate(0, 2),
        "1",
        "0",
        "1 of 3",
        "0",
        "65 (60 to 70)",
        "128",
    ]
    assert cells[4][:3] == ["together", rate(2, 5), rate(1, 5)]
    assert lines[5].endswith(", there; code 0123456789ab")
    assert lines[8].startswith(
        "  1 side by side with ffffffffffff+: 60.5 (60.5 to 60.5) s, there 121.0"
    )
    assert lines[8].endswith("pair by pair 0.50 (0.50 to 0.50) times as long")
    assert summary([]) == "no gate was measured"
