"""A recording has enough trials of each row, and what a trial timed stays its own."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import baseline
from pytest_against.baseline import FEWEST_TRIALS, RECORD_LIMITS, RECORDINGS, recordable, recording
from pytest_against.checks import Check
from pytest_against.looks import Budget
from pytest_against.model import CannotJudgeError
from pytest_against.saved import FEWEST, Timing, load_file, write_run
from tests.against.runs import ABOUT
from tests.against.simulated import (
    AT,
    FAILED,
    NO_CALL,
    PASSED,
    SKIPPED,
    A,
    B,
    C,
    Machine,
    own,
    side,
)

ROWS = recordable(side())


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline, "cores", lambda: 2)


def _recording(machine: Machine, number: int = 1, **limits: Any) -> list[dict[str, Timing]]:
    asked = replace(RECORD_LIMITS, **{"budget": 1e9, **limits})
    return recording(ROWS, asked, number, machine, Budget(0.0, machine.now))


def test_what_passed_and_made_a_call_is_recorded() -> None:
    head = side({A: PASSED, B: SKIPPED, C: NO_CALL})
    (found,) = recordable(head).values()
    assert (found.row.node, found.exact, found.inputs, found.values) == (A, PASSED.exact, "w", ())


@pytest.mark.parametrize(
    "checks, words",
    [
        ({A: PASSED, B: FAILED, C: FAILED}, f"2 of 3 tests fail, {B} among them (assert 1 == 2)"),
        ({A: SKIPPED, B: NO_CALL}, "none of 2 tests has a call to time: they are skipped"),
    ],
)
def test_wrong_answers_and_nothing_at_all_are_not_recorded(
    checks: dict[str, Check], words: str
) -> None:
    with pytest.raises(CannotJudgeError) as refusal:
        recordable(side(checks))
    assert str(refusal.value).startswith(words)


def test_a_recording_ends_once_every_mean_is_known() -> None:
    machine = Machine(at=AT)
    found = _recording(machine)
    assert len(found) == machine.number == FEWEST_TRIALS
    assert all(set(trial) == {A, B, C} for trial in found)


def test_the_trials_of_a_recording_are_long() -> None:
    machine = Machine(spreads=1.0)
    _recording(machine)
    assert {long for *_, long in machine.asked} == {True}


def test_only_rows_whose_mean_is_not_known_get_more_trials() -> None:
    machine = Machine(at=AT, spreads={A: 0.05, B: 0.001, C: 0.001})
    found = _recording(machine)
    assert FEWEST_TRIALS < len(found) < RECORD_LIMITS.trials // RECORDINGS
    assert all(set(trial) == {A} for trial in found[FEWEST_TRIALS:])


@pytest.mark.parametrize("trials, shares", [(160, (80, 80)), (25, (13, 12)), (4, (2, 2))])
def test_recordings_share_the_trials(trials: int, shares: tuple[int, int]) -> None:
    for number, share in enumerate(shares, 1):
        assert len(_recording(Machine(spreads=1.0), number, trials=trials)) == share


@pytest.mark.parametrize("number, most", [(1, 20), (2, 40)])
def test_recordings_share_the_budget(number: int, most: int) -> None:
    # Two trials of three rows take three seconds.
    machine = Machine(spreads=1.0, seconds=1.0)
    assert len(_recording(machine, number, budget=57.0)) == most


def test_there_are_so_many_trials_however_small_the_budget_is() -> None:
    assert len(_recording(Machine(spreads=1.0), budget=1e-9)) == FEWEST_TRIALS


def test_a_test_that_fails_once_it_is_timed_is_not_recorded() -> None:
    with pytest.raises(CannotJudgeError) as refusal:
        _recording(Machine(fails={B: 5}))
    assert str(refusal.value) == f"{B} fails once it is timed (wrong); mend it"


@pytest.mark.parametrize("calm", [0, 1])
def test_what_was_hardly_ever_timed_in_calm_is_not_recorded(calm: int) -> None:
    machine = Machine(absent={B: range(calm, 999)})
    with pytest.raises(CannotJudgeError) as refusal:
        _recording(machine, trials=40)
    assert str(refusal.value).startswith(f"{B} had calm in {calm} of 20 trials: record it again")


def test_two_trials_in_calm_are_enough() -> None:
    found = _recording(Machine(absent={B: range(FEWEST, 999)}), trials=40)
    assert sum(B in trial for trial in found) == FEWEST


_BUSY = st.sets(st.integers(0, 3), max_size=2)
"""The trials of a recording that could not time a row: two of four are left."""


@settings(deadline=None, derandomize=True, max_examples=30)
@given(busy=st.lists(st.tuples(_BUSY, _BUSY), min_size=3, max_size=3), seed=st.integers(0, 99))
def test_what_a_trial_timed_is_stored_as_that_trial_and_no_other(
    busy: list[tuple[set[int], set[int]]], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On a busy machine each trial has calm for some rows only, or for none."""
    absent = {
        node: [*first, *(4 + trial for trial in second)]
        for node, (first, second) in zip(ROWS, busy, strict=True)
    }
    machine = Machine(at=AT, spreads=1.0, absent=absent, seed=seed)
    trials = [_recording(machine, number, trials=8) for number in (1, 2)]
    folder: Path = tmp_path_factory.mktemp("runs") / "busy"
    count = write_run(trials, replace(ABOUT, rows=ROWS), folder)
    every = [(place, trial) for place, each in enumerate(trials) for trial in each]
    timed = [(number, *each) for number, each in enumerate(every, 1) if each[1]]
    assert count == len(timed)
    for number, place, trial in timed:
        found = load_file(folder / f"{number:04}_busy.json").content.rows
        assert found.keys() == trial.keys()
        for node, timing in trial.items():
            assert found[node].recordings == (*[()] * place, (round(timing.log_ratio, 6),))
            assert found[node].seconds == pytest.approx((timing.seconds,), rel=1e-5)
            assert timing.seconds == pytest.approx(1e-5 * math.exp(timing.log_ratio))


def test_the_group_is_that_of_the_benchmark() -> None:
    head = side([A])
    nodes = {A: {**own([A]).collected.nodes[A], "group": "forward"}}
    head = replace(head, collected=replace(head.collected, nodes=nodes))
    assert recordable(head)[A].group == "forward"
