"""A recording has enough trials of each row, and what a trial timed stays its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from pytest_against import recording, trees
from pytest_against.checks import Checked
from pytest_against.looks import Budget
from pytest_against.model import CannotJudgeError, Progress, Suite
from pytest_against.recording import FEWEST_TRIALS, RECORD_LIMITS, Recorded
from pytest_against.saved import Timing
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
    held,
    side,
)

NODES = (A, B, C)


def recorded(
    head: Checked | None = None,
    machine: Machine | None = None,
    more: Checked | None = None,
    commits: Iterable[str] = "aa",
    **limits: Any,
) -> Recorded:
    """Record a tree that is at one of `commits` before, and at the other afterwards.

    Checks of it show `more` the second time.
    """
    running, heads, head = machine or Machine(at=AT), iter(commits), head or side()
    tree = nullcontext((head, Mock(return_value=more or head), running))
    nobody = Progress(lambda *_: None, lambda _: None)
    asked: Any = {"budget": 1e9, **limits}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "working_tree", lambda *_: tree)
        patch.setattr(recording, "cores", lambda: 2)
        patch.setattr(recording, "Budget", lambda _: Budget(0.0, running.now))
        patch.setattr(trees, "describe_head", lambda _: next(heads))
        return recording.record(
            Suite(root=Path("somewhere")), "a reason", replace(RECORD_LIMITS, **asked), nobody
        )


def test_a_recording_has_all_that_a_baseline_needs() -> None:
    head = side({A: PASSED, B: SKIPPED, C: replace(PASSED, inputs="v", group="forward")})
    found = recorded(replace(head, distributions={"numpy": "2.0"})).baseline
    assert found.distributions == {"numpy": "2.0"}
    assert (found.commit, found.accepted, list(found.rows)) == ("a", "a reason", [A, C])
    its = found.rows[C]
    assert (its.row.node, its.group, its.exact, its.inputs) == (C, "forward", PASSED.exact, "v")
    assert [len(each) for each in its.recordings] == [10, 10]
    assert len(its.seconds) == 20
    assert recorded(head).untimed == {B: "skipped (needs a GPU) in"}
    assert held(head, found).exit_code == 0


def test_numbers_that_differ_from_run_to_run_are_not_stored_and_of_others_the_largest() -> None:
    one, two = (
        side({A: replace(PASSED, exact=exact), B: PASSED, C: its})
        for exact, its in (
            ({"peak_bytes": 150_000, "queries": 3, "passes": 2}, PASSED),
            ({"peak_bytes": 190_000, "queries": 3, "passes": 1}, FAILED),
        )
    )
    near = replace(PASSED, exact={"peak_bytes": PASSED.exact["peak_bytes"] + 9})
    two = replace(two, checks={**two.checks, B: near})
    found = recorded(one, more=two).baseline.rows
    assert [row.exact for row in found.values()] == [{"queries": 3}, near.exact, PASSED.exact]


def test_only_rows_whose_mean_is_not_known_get_more_trials() -> None:
    machine = Machine(at=AT, spreads={A: 0.05, B: 0.001, C: 0.001})
    for trials in recorded(machine=machine).trials:
        assert FEWEST_TRIALS < len(trials) < RECORD_LIMITS.trials // recording.RECORDINGS
        assert all(set(trial) == {*NODES} for trial in trials[:FEWEST_TRIALS])
        assert all(set(trial) == {A} for trial in trials[FEWEST_TRIALS:])


@pytest.mark.parametrize(
    "limits, shares",
    [
        ({}, [80, 80]),
        ({"trials": 25}, [13, 12]),
        ({"trials": 4}, [2, 2]),
        ({"budget": 57.0}, [20, 20]),  # two trials of three rows take three seconds
        ({"budget": 1e-9}, [FEWEST_TRIALS, FEWEST_TRIALS]),
    ],
)
def test_recordings_share_the_trials_and_the_budget(
    limits: dict[str, Any], shares: list[int]
) -> None:
    found = recorded(machine=Machine(spreads=1.0, seconds=1.0), **limits)
    assert [len(trials) for trials in found.trials] == shares


REFUSED: dict[str, dict[str, Any]] = {
    f"2 of 3 tests fail, {B} among them (assert 1 == 2); mend them": {
        "head": side({A: PASSED, B: FAILED, C: FAILED})
    },
    "none of 2 tests has a call to time: they are skipped": {
        "head": side({A: SKIPPED, B: NO_CALL})
    },
    f"{B} fails once it is timed (wrong); mend it": {"machine": Machine(fails={B: 5})},
    f"{B} had calm in 0 of 20 trials: record it again": {"machine": Machine(absent={B: range(99)})},
    f"{B} had calm in 1 of 20 trials": {"machine": Machine(absent={B: range(1, 99)})},
    "3 trials in 2 recordings have no spread; ask for 4 or more": {"trials": 3, "commits": ""},
    "the working tree was one at first and is another in the end": {"commits": ("one", "another")},
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_no_baseline_can_be_made_of_is_refused(words: str) -> None:
    with pytest.raises(CannotJudgeError) as refusal:
        recorded(**{"trials": 40, **REFUSED[words]})
    assert str(refusal.value).startswith(words)


def test_what_a_trial_timed_is_stored_as_that_trial_and_no_other() -> None:
    absent = {A: [0, 3], B: [0, 1, 5], C: [0, 6, 7]}  # two of four in calm are enough
    busy = partial(Machine, at=AT, spreads=1.0, absent=absent)
    first, second = recorded(machine=busy(), trials=8).trials
    again = busy()
    assert [*first, *second] == [
        {n: Timing(m.log_ratio, m.seconds * math.exp(m.log_ratio)) for n, m in each.head.items()}
        for _ in range(4)
        for each in again(2, NODES)
    ]
    assert [len(first), *map(set, first)] == [4, set(), {A, C}, {A, B, C}, {B, C}]
