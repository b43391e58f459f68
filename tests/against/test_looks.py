"""Trials run in stages: looks as planned, only what is undecided goes on, and budgets hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import looks
from pytest_against.looks import Budget, judged, until_decided
from pytest_against.model import FAILURES, Limits, RowResult, Verdict
from pytest_against.sample import Sample
from pytest_against.stats import LOOKS, Plan, Prior, interval
from tests.against.simulated import AT, LIMITS, NODES, A, B, C, Machine, row

WILD = 1.0  # a spread that no number of trials is enough for


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "cores", lambda: 2)


def _samples(*nodes: str, **more: Any) -> dict[str, Sample]:
    return {node: Sample(row(node), **more) for node in nodes}


def _run(
    machine: Machine,
    samples: Mapping[str, Sample],
    controls: Mapping[str, Sample] | None = None,
    **limits: Any,
) -> int:
    budget, asked = Budget(5.0, lambda: 5.0 + machine.time), replace(LIMITS, **limits)
    return until_decided(samples, controls or {}, asked, machine, budget)


def _verdicts(samples: Mapping[str, Sample]) -> list[str | None]:
    return [each.verdict.value if each.verdict else None for each in samples.values()]


@pytest.mark.parametrize(
    "cores, each, at_a_time", [(1, 1, 1), (2, 1, 2), (64, 1, 2), (2, 2, 1), (1, 2, 1), (5, 2, 2)]
)
@pytest.mark.parametrize("most", [1, 2])
def test_as_many_trials_run_at_a_time_as_there_are_cores_and_those_that_ran_are_counted(
    cores: int, each: int, at_a_time: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "cores", lambda: cores)
    machine, samples = Machine({B: 0.5}, most=most), _samples(A, B)
    run = _run(machine, samples, cores=each)
    assert run == machine.number == len(samples[A].values) == LOOKS[0]
    assert _verdicts(samples) == ["steady", "improved"]
    assert machine.asked[0][0] == at_a_time == max(count for count, *_ in machine.asked)


def test_only_what_is_undecided_gets_more_trials_and_the_last_look_is_at_the_last() -> None:
    machine, samples, most = Machine({B: 2.0}, {A: WILD}), _samples(A, B, C), LOOKS[1] + 1
    assert _run(machine, samples, trials=most) == most
    assert [(count, nodes) for count, nodes, _ in machine.asked] == [
        *[(2, [A, B, C])] * (LOOKS[0] // 2),
        *[(2, [A, B])] * ((LOOKS[1] - LOOKS[0]) // 2),
        (1, [A]),
    ]
    assert _verdicts(samples) == [None, "regressed", "steady"]
    assert [len(each.values) for each in samples.values()] == [most, LOOKS[1], LOOKS[0]]


def _prior(*samples: Sample) -> Prior:
    """Return what all rows said at the first look."""
    return Prior.of(each.values[: LOOKS[0]] for each in samples)


def test_a_control_takes_its_row_along_until_both_are_decided_and_shares_the_error() -> None:
    machine, samples, controls = Machine(again={B: 2.0}), _samples(A, B, C), _samples(B)
    assert _run(machine, samples, controls) == LOOKS[1]
    assert (machine.asked[0][1:], machine.asked[-1][1:]) == (([A, B, C], [B]), ([B], [B]))
    plan = Plan.of(LIMITS, 2 * 4)  # typical calls and means
    prior = _prior(*samples.values(), controls[B])
    for sample, look in ((samples[A], 1), (samples[B], 1), (controls[B], 2)):
        assert len(sample.values) == LOOKS[look - 1]
        assert sample.interval == interval(sample.values, plan.errors(look), prior)


@pytest.mark.parametrize(
    "machine, word, why, batches",
    [
        (Machine(fails={A: 2}), "diverged", "wrong (once it was timed)", 2),
        (Machine(fails={A: 0}), "diverged", "wrong (once it was timed)", 1),
        (Machine(absent={A: [3]}), "not judged", "it failed in the base, or made no call", 2),
    ],
)
def test_a_row_that_falls_out_does_so_at_once_with_its_control_and_no_other(
    machine: Machine, word: str, why: str, batches: int
) -> None:
    samples = _samples(A, B)
    assert _run(machine, samples, _samples(A)) == LOOKS[0]
    found = samples[A].result()
    assert (_verdicts(samples), why in found.why) == ([word, "steady"], True)
    assert (found.interval, math.isnan(found.now)) == (None, True)
    asked = [(nodes, controls) for _, nodes, controls in machine.asked]
    assert asked == [([A, B], [A])] * batches + [([B], [])] * (LOOKS[0] // 2 - batches)


def test_what_was_proven_stands_when_its_base_fails_later_but_not_when_it_does() -> None:
    machine = Machine(again={A: 2.0, B: 2.0}, absent={A: [LOOKS[0]]}, fails={B: LOOKS[0]})
    samples, controls = _samples(A, B), _samples(A, B)
    _run(machine, samples, controls)
    assert (_verdicts(samples), controls[A].untimed) == (["steady", "diverged"], 1)


def test_a_trial_without_calm_says_nothing_of_its_row() -> None:
    machine = Machine(at=AT, absent={A: range(1, 99, 2)})
    samples = _samples(A, B, stored=(AT, AT + 0.001, AT))
    assert _run(machine, samples) == LOOKS[0]
    assert len(samples[A].values) == samples[A].untimed == LOOKS[0] // 2
    assert _verdicts(samples) == ["steady", "steady"]


def test_a_budget_that_is_spent_ends_with_a_look_and_nothing_after_it() -> None:
    # Two trials of a row take a second; the next after 12 trials might end too late.
    machine, samples = Machine(spreads={A: 0.005, B: WILD}, seconds=1.0), _samples(A, B)
    assert _run(machine, samples, trials=96, budget=9.9) == len(samples[B].values) == 12
    assert machine.time == 9.0
    plan = Plan.of(Limits(trials=96), 2 * 2)
    assert plan.looks[3] < 12 < plan.looks[4]
    assert samples[B].interval == interval(
        samples[B].values, plan.errors(5), _prior(*samples.values())
    )
    assert _verdicts(samples) == ["steady", None]


def test_no_trial_begins_if_the_checks_took_the_budget() -> None:
    machine, samples = Machine(time=6.0), _samples(A)
    assert _run(machine, samples, budget=5.0) == machine.number == 0


@settings(deadline=None, derandomize=True)
@given(st.floats(0.01, 10), st.floats(1e-9, 200), st.integers(1, 200))
def test_no_batch_begins_that_would_end_after_the_budget_and_no_look_comes_early(
    seconds: float, budget: float, trials: int
) -> None:
    machine, samples = Machine(spreads=WILD, seconds=seconds), _samples(A)
    found = _run(machine, samples, budget=budget, trials=trials)
    assert found == machine.number <= trials
    assert machine.time <= max(budget, seconds) + 1e-9
    assert found == trials or machine.time + seconds > budget - 1e-9
    plan = Plan.of(Limits(trials=trials), 1)
    assert (samples[A].interval is not None) == (found >= plan.looks[0])


def _judged(rows: Mapping[str, RowResult | Sample], machine: Machine, **more: Any) -> Any:
    controls: Mapping[str, Sample] = more.pop("controls", {})
    return judged(rows, controls, replace(LIMITS, **more), machine, Budget(0.0, machine.now))


@pytest.mark.parametrize("verdict", Verdict)
def test_rows_keep_their_order_and_none_is_timed_once_one_has_failed(verdict: Verdict) -> None:
    machine, told = Machine({C: 0.5}), RowResult.untimed(row(B), verdict, "why")
    found = _judged({**_samples(C), B: told, **_samples(A)}, machine)
    words = [(each.row.node, each.verdict.value) for each in found.rows]
    if verdict in FAILURES:
        note = "not timed, though the checks passed: 2 rows; mend the others first"
        assert (found.trials, machine.asked, found.notes) == (0, [], [note])
        assert words == [(B, verdict.value)]
        assert _judged({B: told}, machine).notes == []
    else:
        assert (found.trials, found.seconds) == (LOOKS[0], pytest.approx(0.04 * LOOKS[0] / 2))
        assert words == [(C, "improved"), (B, verdict.value), (A, "steady")]
        assert (found.limit, found.head, found.notes) == (0.03, "the working tree", [])


def test_controls_are_shown_if_a_look_was_taken_at_them_and_their_row_did_not_fall_out() -> None:
    for machine, shown in ((Machine(), [B, C]), (Machine(fails={C: 0}), [B])):
        found = _judged(_samples(*NODES), machine, controls=_samples(B, C))
        assert [each.row.node for each in found.controls] == shown
    unseen = _judged(_samples(*NODES), Machine(), controls=_samples(B, C), budget=1e-9)
    assert (unseen.controls, unseen.noisy) == ([], [])


@pytest.mark.parametrize(
    "limits, note",
    [
        ({"budget": 1.0}, f"2 of at least {LOOKS[0]} trials fit in the budget of 1 s: allow more "),
        ({"budget": 1.0, "trials": 3}, "2 of at least 3 trials fit in the budget of 1 s: allow "),
        ({"budget": 1.0, "trials": 2}, ""),
        ({"budget": 2.0}, ""),
    ],
)
def test_a_budget_that_no_look_fits_in_is_noted(limits: dict[str, Any], note: str) -> None:
    found = _judged(_samples(A), Machine(spreads=WILD, seconds=1.0), **limits)
    assert "".join(found.notes)[: len(note) or None] == note
    lost = _judged(_samples(A), Machine(fails={A: 0}), **limits)
    assert (lost.trials, lost.notes) == (2, [])
