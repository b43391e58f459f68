"""What a study plants and logs, and what its gates add up to."""

import itertools
import json
import re
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.results import plants, study
from benchmarks.results.attempts import append
from benchmarks.results.gate_log import LoggedGate, load, outcome, rate, summary
from benchmarks.results.plants import NOTHING, PLANTS, SLOWER, Plant, prepare
from pytest_against.model import CannotJudgeError
from relu_impls import METHODS, contract

GREEN: Final = LoggedGate(
    date="2026-01-02T03:04:05Z", commit="0123456789abcdef", engine="0.1.0", lane="side by side",
    options="", beside=NOTHING, machine="here", plant=NOTHING, method="", factor=1.0,
    exit=0, trials=15, verdict="steady", why="", seconds=60.5, memory=2**27,
    named=(), missed=(), others=(), unproven=0,
)  # fmt: skip
RED: Final = replace(
    GREEN, plant=SLOWER, factor=1.06, method="fmax", exit=1, verdict="regressed",
    named=("fmax[a]",), missed=("fmax[b]",),
)  # fmt: skip


def called(method: contract.Method, function: Any, dtype: str) -> tuple[list[Any], int]:
    """Return which argument is the result, all arrays after a call, and the bytes at its peak."""
    rng = np.random.default_rng(1)
    known = {name: rng.normal(size=(400, 5)).astype(dtype, order="F") for name in ("x", "grad")}
    known |= {"out": np.zeros((400, 5), dtype, "F"), "mask": np.zeros((400, 5), bool, "F")}
    arguments = [known[name] for name in method.kind.arguments]
    tracemalloc.start()
    result = function(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return [[each is result for each in arguments], result, *arguments], peak


@pytest.mark.filterwarnings("ignore:Passing more than 2:DeprecationWarning")
@pytest.mark.parametrize("name", PLANTS)
def test_planted_methods_still_pass_and_cost_more(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, contract.Method] = {}
    monkeypatch.setattr(contract, "_methods", found)
    for path, methods in itertools.groupby(METHODS, lambda m: plants.module_of(study.ROOT, m)):
        source = path.read_text("utf-8")
        for method in methods:
            source = plants.planted(source, method, Plant(name, method, 1.5).text)
        code = compile(source, str(path), "exec", dont_inherit=True)
        exec(code, {"__name__": "planted"})  # noqa: S102 - our own text
    assert [found[n].expression for n in METHODS] == [m.expression for m in METHODS.values()]
    for method, dtype in itertools.product(METHODS, ("float16", "float32", "float64")):
        if not METHODS[method].contract.accepts(np.dtype(dtype)):
            continue
        wanted, before = called(METHODS[method], METHODS[method].function, dtype)
        answers, peak = called(METHODS[method], found[method].function, dtype)
        for mine, right in zip(answers, wanted, strict=True):
            np.testing.assert_array_equal(mine, right, method, strict=True)
        if name not in (SLOWER, "wrapper"):
            assert peak > before + 2000, method


def seconds_of(factor: float, call: float, calls: int, look: float, stolen: float = 0.0) -> float:
    """Return what some calls take, of which `stolen` is not theirs, by a clock that takes time."""
    now, steals, names = 0.0, iter([0.0]), dict[str, Any]()

    def clock() -> float:
        nonlocal now
        now += look + next(steals, 0.0)
        return now

    def function() -> None:
        nonlocal now
        now += call

    exec(Plant(SLOWER, "", factor).text, names)  # noqa: S102 - our own text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", clock)
        planted = names["_planted"](function)
    planted()
    steals, start = iter([0.0, 0.0, stolen]), now  # while it is paying
    for _ in range(calls):
        planted()
    return now - start - stolen


@settings(derandomize=True)
@given(
    factor=st.floats(1.001, 2),
    call=st.floats(2e-7, 2e-5),
    look=st.floats(4e-8, 2e-7),
    calls=st.integers(1, 50),
)
def test_calls_of_any_length_take_the_factor_longer(
    factor: float, call: float, look: float, calls: int
) -> None:
    before, after = (seconds_of(each, call, calls, look) for each in (1.0, factor))
    assert after - before == pytest.approx((factor - 1) * (call + look) * calls, abs=2e-6)


def test_what_others_took_of_the_time_is_not_counted_as_paid() -> None:
    alone, disturbed = (seconds_of(1.5, 1e-5, 100, 4e-8, stolen) for stolen in (0.0, 1e-2))
    assert disturbed >= alone - 6e-6  # of the one call that was being paid for


@pytest.mark.parametrize("name", [NOTHING, *PLANTS])
def test_copy_differs_from_its_commit_by_the_plant_alone(name: str, tmp_path: Path) -> None:
    source, fast = tmp_path / "source", "relu_impls/fast.py"
    for file in ("relu_impls/methods.py", fast, ".gitignore", "relu_impls/__pycache__/left.pyc"):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        text = "" if file.endswith("pyc") else (study.ROOT / file).read_text("utf-8")
        (source / file).write_text(text, "utf-8")
    plants.git(source, "init", "--quiet")
    plant = None if name == NOTHING else Plant(name, "drelu", 1.25)
    for stored in (False, True):
        root = tmp_path / f"stored {stored}"
        prepare(source, root, plant, stored=stored)
        assert plants.git(root, "diff", "--name-only").split() == ([fast] if plant else [])
        committed = plants.git(root, "show", f"HEAD:{fast}")
        assert ("owed += (now - start) * 0.0\n" in committed) is (name == SLOWER and not stored)
        owes = "owed += (now - start) * 0.25" in (root / fast).read_text()
        assert (owes, "* 0.25" in committed) == (name == SLOWER, False)
        assert not list(root.rglob("*.pyc"))


def test_methods_that_call_the_planted_one_are_affected() -> None:
    assert plants.affected(study.ROOT, "relu") == {"relu", "relu_out", "relu_inplace"}
    assert plants.affected(study.ROOT, "fmax") == {"fmax"}


def test_rows_that_a_plant_affects_are_told_from_others() -> None:
    def rows(method: str, *verdicts: str) -> list[dict[str, str]]:
        return [{"row": f"{method}[{v}]", "method": method, "verdict": v} for v in verdicts]

    words = ("regressed", "heavier", "diverged", "steady", "improved", "vanished", "inconclusive")
    report: dict[str, Any] = {"exit": 1, "trials": 9, "verdict": "regressed", "why": ""}
    found = outcome(
        report
        | {"rows": [*rows("relu", *words), *rows("fmax", *words)]}
        | {"controls": rows("fmax", "inconclusive")},
        frozenset({"relu"}),
    )
    assert found == report | {
        "named": [f"relu[{word}]" for word in words[:3]],
        "missed": [f"relu[{word}]" for word in words[3:]],
        "others": [f"fmax[{word}]" for word in words[:3]],
        "unproven": 3,
        "rows": 14,
    }


def test_log_gives_back_its_gates_and_names_a_line_that_is_none(tmp_path: Path) -> None:
    log = tmp_path / "gates.jsonl"
    assert load(log) == []
    for gate in (GREEN, RED):
        append(gate, log)
    assert load(log) == [GREEN, RED]
    whole = log.read_bytes()
    assert [json.loads(line)["exit"] for line in whole.splitlines()] == [0, 1]
    for line in (b'{"plant": "no', b"{}", b"[]", b"", b"\xff"):
        log.write_bytes(whole + line + b"\n")
        with pytest.raises(CannotJudgeError, match=re.escape(f"{log}, line 3 is no gate: ")):
            load(log)


def test_a_share_has_the_bounds_of_clopper_and_pearson() -> None:
    assert rate(0, 60) == "0 of 60 (0% to 5.96%)"  # 1 - 0.025 ** (1 / 60)
    assert rate(1, 1) == "1 of 1 (2.5% to 100%)"


def test_gates_add_up_by_setting_and_plant() -> None:
    wrong = replace(GREEN, exit=1, others=("a", "b"), seconds=10.0)
    unsure, lost = replace(RED, exit=3, named=(), seconds=70.0), replace(GREEN, exit=2, why="no")
    elsewhere = replace(GREEN, machine="there", earlier_commit="f" * 40 + "+", earlier_seconds=121)
    unpaired = replace(elsewhere, earlier_exit=2, earlier_seconds=1.0)
    lines = summary([GREEN, RED, wrong, unsure, lost, elsewhere, unpaired]).splitlines()
    where = "side by side, all rows, beside nothing, engine 0.1.0"
    assert [lines[0], lines[5]] == [f"{where}, {it}; code 0123456789ab" for it in ("here", "there")]
    cells = [re.split(r" {2,}", line.strip()) for line in lines[2:5]]
    costs = ("60 (10 to 60)", "128"), ("65 (60 to 70)", "128")
    assert cells[0] == ["nothing", rate(1, 3), rate(1, 3), "0", "1", "0 of 0", "2", *costs[0]]
    planted = ["1.06 times as long", rate(1, 2), rate(0, 2), "1", "0", "1 of 3", "0", *costs[1]]
    assert cells[1] == planted
    assert cells[2][:3] == ["together", rate(2, 5), rate(1, 5)]
    assert lines[8] == (
        "  1 side by side with ffffffffffff+: 60.5 (60.5 to 60.5) s, there 121.0 (121.0 to 121.0) "
        "s, pair by pair 0.50 (0.50 to 0.50) times as long"
    )
    assert summary([]) == "no gate was measured"
