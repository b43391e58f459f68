"""What gates add up to: counts by setting, with bounds that hold."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from benchmarks.errors import CannotJudgeError
from relu_impls import METHODS
from tests.measure_gate import PLANTS, candidates, days_between, parse, planted, turns
from tests.measured import NOTHING, Gate, append, load, rate, summary
from tests.neighbours import neighbours

ROOT: Final = Path(__file__).parents[1]
GREEN: Final = Gate(
    plant=NOTHING,
    method="",
    lane="side by side",
    neighbours="none",
    options="",
    machine="here",
    commit="0123456789",
    exit=0,
    trials=15,
    seconds=60.5,
    named=(),
    missed=(),
    others=(),
    unproven=0,
    days=0,
)
RED: Final = replace(
    GREEN,
    plant="1.06 times as long",
    method="fmax",
    exit=1,
    named=("fmax[a]",),
    missed=("fmax[b]",),
)


def row(method: str, workload: str, verdict: str) -> dict[str, Any]:
    return {"row": f"{method}[{workload}]", "method": method, "verdict": verdict}


def test_rows_of_the_planted_method_are_told_from_others() -> None:
    report = {
        "exit": 1,
        "trials": 11,
        "rows": [
            row("fmax", "a", "regressed"),
            row("fmax", "b", "heavier"),
            row("fmax", "c", "steady"),
            row("fmax", "d", "inconclusive"),
            row("maximum", "a", "regressed"),
            row("maximum", "b", "diverged"),
            row("maximum", "c", "improved"),
            row("maximum", "d", "vanished"),
        ],
        "controls": [row("fmax", "a", "inconclusive")],
    }
    asked = ("plant", "lane", "neighbours", "options", "machine", "commit", "days")
    known = {key: getattr(RED, key) for key in asked}
    gate = Gate.of(report, method="fmax", seconds=1.0, **known)
    assert gate.named == ("fmax[a]", "fmax[b]")
    assert gate.missed == ("fmax[c]", "fmax[d]")
    assert gate.others == ("maximum[a]", "maximum[b]")
    assert (gate.exit, gate.trials, gate.unproven) == (1, 11, 2)


def test_line_names_the_plant_and_the_wrong_rows() -> None:
    line = replace(RED, others=("maximum[a]",)).line()
    assert line.startswith("1.06 times as long in fmax ")
    assert "1 of 2 rows named, 1 others" in line
    assert line.endswith("wrong: maximum[a]")


def test_log_gives_back_the_gates_that_it_was_given(tmp_path: Path) -> None:
    log = tmp_path / "gates.jsonl"
    assert load(log) == []
    for gate in (GREEN, RED):
        append(gate, log)
    assert load(log) == [GREEN, RED]
    assert [json.loads(line)["exit"] for line in log.read_text().splitlines()] == [0, 1]


@pytest.mark.parametrize("line", ['{"plant": "no', "{}", "[]", "", "7"])
def test_line_that_is_no_gate_is_named(line: str, tmp_path: Path) -> None:
    log = tmp_path / "gates.jsonl"
    append(GREEN, log)
    with log.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=re.escape(f"{log}, line 2 is no gate")):
        load(log)


@pytest.mark.parametrize(
    "count, total, words",
    [
        # 1 - 0.025 ** (1 / 12), and 0.025 ** (1 / 5)
        (0, 12, "0 of 12 (0.0%, 95% within 0.0% and 26.5%)"),
        (5, 5, "5 of 5 (100.0%, 95% within 47.8% and 100.0%)"),
        (1, 4, "1 of 4 (25.0%, 95% within 0.6% and 80.6%)"),
    ],
)
def test_rate_has_the_exact_interval(count: int, total: int, words: str) -> None:
    assert rate(count, total) == words


@settings(deadline=None, derandomize=True)
@given(total=st.integers(1, 200), data=st.data())
def test_outside_the_interval_the_count_would_be_rare(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    found = re.search(r"within ([\d.]+)% and ([\d.]+)%", rate(count, total))
    assert found is not None
    low, high = (float(bound) / 100 for bound in found.groups())
    rounding = 0.0005
    assert low <= count / total + rounding
    assert high >= count / total - rounding
    if count:
        assert binom.sf(count - 1, total, max(0, low - rounding)) <= 0.025
    if count < total:
        assert binom.cdf(count, total, min(1, high + rounding)) <= 0.025


def test_gates_are_counted_by_their_setting() -> None:
    spun = replace(GREEN, neighbours="spin", exit=3, unproven=4)
    bounded = replace(GREEN, options="--limit 1%")
    elsewhere = replace(GREEN, machine="there")
    stored = [replace(GREEN, lane="stored baseline", days=days) for days in (0, 1, 2)]
    wrong = replace(GREEN, exit=1, others=("a", "b"))
    text = summary([GREEN, RED, spun, wrong, bounded, elsewhere, *stored])
    text = text[: text.index("all machines")]
    heads = [line for line in text.splitlines() if not line.startswith(" ")]
    assert heads == [
        "here: nothing planted, side by side, neighbours: none: 2 gates",
        "here: 1.06 times as long planted, side by side, neighbours: none: 1 gates",
        "here: nothing planted, side by side, neighbours: spin: 1 gates",
        "here: nothing planted, side by side, neighbours: none, --limit 1%: 1 gates",
        "there: nothing planted, side by side, neighbours: none: 1 gates",
        "here: nothing planted, stored baseline, neighbours: none: 1 gates",
        "here: nothing planted, stored baseline of another day, neighbours: none: 2 gates",
    ]
    first = text.split("here: 1.06 times")[0]
    assert "green: 1 of 2 (50.0%" in first
    assert "red: 1 of 2" in first
    assert "inconclusive: 0 of 2" in first
    assert "other rows named: 2" in first
    assert "rows and controls left unproven: 0" in first
    assert "rows and controls left unproven: 4" in text.split("neighbours: spin")[1]
    assert "rows of the planted method named: 1 of 2" in text


def test_gates_of_all_machines_plants_and_days_add_up() -> None:
    red = replace(RED, missed=())
    gates = [
        GREEN,
        replace(GREEN, machine="there"),
        red,
        replace(red, method="where_negative", named=("where_negative[a]",), others=("maximum[a]",)),
        replace(RED, exit=0),
        replace(GREEN, neighbours="spin"),
        replace(GREEN, lane="stored baseline"),
        replace(GREEN, lane="stored baseline", days=1, exit=3),
    ]
    text = summary(gates)
    assert text[text.index("all machines") :].splitlines() == [
        "all machines: side by side, neighbours: none: 5 gates",
        f"  identical code steady in every row, beside a plant or without: {rate(3, 4)}",
        f"  nothing planted, green: {rate(2, 2)}",
        f"  1.06 times as long planted, red: {rate(2, 3)}",
        "    methods: 2, different rows named: 2",
        "all machines: side by side, neighbours: spin: 1 gates",
        f"  identical code steady in every row, beside a plant or without: {rate(1, 1)}",
        f"  nothing planted, green: {rate(1, 1)}",
        "all machines: stored baseline, neighbours: none: 2 gates",
        f"  identical code steady in every row, beside a plant or without: {rate(1, 2)}",
        f"  nothing planted, green: {rate(1, 2)}",
    ]


@pytest.mark.parametrize("gate", [GREEN, RED])
def test_gate_is_sound_if_all_identical_code_was_proven_steady(gate: Gate) -> None:
    assert gate.sound


UNSOUND: Final = {
    "a wrong row": replace(RED, others=("maximum[a]",)),
    "a row left unproven": replace(RED, unproven=1),
    "inconclusive": replace(GREEN, exit=3),
    "not judged": replace(GREEN, exit=2),
}


@pytest.mark.parametrize("gate", UNSOUND.values(), ids=UNSOUND)
def test_gate_is_not_sound_if_identical_code_was_not_proven_steady(gate: Gate) -> None:
    assert not gate.sound


@pytest.mark.parametrize("known", [{"trials": 0, "missed": ()}, {"unproven": 1}])
def test_gates_without_timing_or_with_misses_say_nothing_of_identical_code(
    known: dict[str, Any],
) -> None:
    text = summary([replace(RED, **known)])
    assert "identical code" not in text
    assert f"1.06 times as long planted, red: {rate(1, 1)}" in text


def test_gate_that_could_not_judge_is_counted_as_that() -> None:
    assert "exit 2: 1 of 1" in summary([replace(GREEN, exit=2)])


@pytest.mark.parametrize(
    "recorded, days",
    [
        ("2026-03-01T00:00:00+00:00", 0),
        ("2026-02-28T23:59:59+00:00", 1),
        ("2026-03-01T09:00:00+14:00", 1),  # still February in UTC
        ("2025-03-01T12:00:00+00:00", 365),
    ],
)
def test_days_since_a_baseline_are_those_of_the_calendar_in_utc(recorded: str, days: int) -> None:
    assert days_between(recorded, datetime(2026, 3, 1, 0, 30, tzinfo=UTC)) == days


def test_nothing_adds_up_to_nothing() -> None:
    assert summary([]) == ""


def test_identical_code_takes_turns_with_plants_of_every_kind() -> None:
    found = list(islice(turns((), []), 600))
    assert found[::2] == [NOTHING] * 300
    assert set(found[1::2]) == set(PLANTS)


def test_plants_that_were_chosen_take_turns() -> None:
    assert list(islice(turns(["where", NOTHING], []), 4)) == ["where", NOTHING] * 2


@pytest.mark.parametrize("name", PLANTS)
def test_plant_can_be_planted_in_every_method_that_is_drawn(name: str, tmp_path: Path) -> None:
    source = ROOT / "relu_impls"
    methods = set()
    for number in range(60):
        plant = planted(name, 1.06, [])
        assert plant is not None
        if plant.method not in methods:
            methods.add(plant.method)
            package = tmp_path / str(number)
            package.mkdir()
            for file in source.glob("*.py"):
                (package / file.name).write_bytes(file.read_bytes())
            plant.edit(package)
            changed = [
                f for f in source.glob("*.py") if (package / f.name).read_text() != f.read_text()
            ]
            assert len(changed) == 1
    assert methods <= set(METHODS)
    assert not any(method.startswith("relu") for method in methods)
    assert methods == {"maximum"} if name == "where" else len(methods) > 3


def test_nothing_is_planted_in_identical_code() -> None:
    assert planted(NOTHING, 1.06, []) is None


def test_plants_go_into_rows_that_are_judged() -> None:
    options = ["--limit", "1%", "--rows", "fmax or maximum_out"]
    assert set(candidates("slower", options)) == {"fmax", "maximum_out"}
    assert candidates("extra copy", options) == ["fmax"]
    assert candidates("where", options) == []
    assert "where" not in set(islice(turns((), options), 200))
    with pytest.raises(CannotJudgeError, match="'where' can be planted in"):
        turns(["where"], options)
    with pytest.raises(CannotJudgeError, match="'slower' can be planted in"):
        turns((), ["--rows", "relu_out"])


def test_options_of_the_gate_follow_the_dashes() -> None:
    found = parse(["--plant", "where", "--plant", "slower", "--", "--limit", "1%"])
    assert (found.plant, found.options) == (["where", "slower"], ["--limit", "1%"])


def _gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(") ")[2].startswith("Z")


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the states of processes there")
@pytest.mark.parametrize("kind", ["spin", "bandwidth"])
def test_neighbours_are_one_for_each_core_and_end_in_any_case(kind: str) -> None:
    seen = []

    def fail() -> None:
        with neighbours(kind) as pids:
            seen.extend(pids)
            assert not any(map(_gone, pids))
            raise ValueError("of ours")

    with pytest.raises(ValueError, match="of ours"):
        fail()
    assert len(seen) == os.cpu_count()
    assert all(map(_gone, seen))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the states of processes there")
def test_neighbours_end_with_a_process_that_is_killed() -> None:
    source = """
from tests.neighbours import neighbours
import os, signal
with neighbours("spin") as pids:
    print(*pids, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False
    )
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == os.cpu_count()
    assert _within(5, lambda: all(map(_gone, pids)))


def test_no_neighbours_are_none() -> None:
    with neighbours("none") as pids:
        assert pids == []


@pytest.mark.slow
def test_gates_are_measured_and_a_log_is_gone_on_with(tmp_path: Path) -> None:
    log = tmp_path / "gates.jsonl"
    append(replace(GREEN, commit="before"), log)
    options = ("--plant", "extra copy", "--gates", "2", "--log", str(log))
    rows = ("--", "--rows", "float32-1e3")
    done = subprocess.run(
        [sys.executable, "-m", "tests.measure_gate", *options, *rows],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    before, new = load(log)
    assert (before.commit, new.plant, new.exit) == ("before", "extra copy", 1)
    assert len(new.named) == 1
    assert new.others == ()
    assert done.stdout.count(": 1 gates") == 4  # for each setting, and on all machines
    assert "memory: " in done.stdout
