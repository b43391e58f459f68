"""Trials run in stages: looks as planned, only what is undecided goes on, and budgets hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import looks
from pytest_against.looks import Budget, judged, until_decided
from pytest_against.model import CannotJudgeError, Limits, RowResult, Verdict
from pytest_against.stats import LOOKS, Plan, Sample, interval
from tests.against.simulated import AT, LIMITS, NODES, A, B, C, Machine, row

WILD = 1.0
"""A spread that no number of trials is enough for."""


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "cores", lambda: 2)


def _samples(*nodes: str, **more: Any) -> dict[str, Sample]:
    return {node: Sample(row(node), **more) for node in nodes}


def _run(
    machine: Machine,
    samples: Mapping[str, Sample],
    controls: Mapping[str, Sample] | None = None,
    short: int = 0,
    **limits: Any,
) -> int:
    asked = replace(LIMITS, **limits)
    return until_decided(samples, controls or {}, asked, machine, Budget(0.0, machine.now), short)


def _verdicts(samples: Mapping[str, Sample]) -> list[Verdict | None]:
    return [sample.verdict for sample in samples.values()]


def test_what_is_clear_is_decided_at_the_first_look() -> None:
    machine, samples = Machine({B: 0.5}), _samples(A, B, C)
    assert _run(machine, samples) == machine.number == LOOKS[0]
    assert _verdicts(samples) == [Verdict.STEADY, Verdict.IMPROVED, Verdict.STEADY]


@pytest.mark.parametrize("cores, at_a_time", [(1, 1), (2, 2), (64, 2)])
def test_as_many_trials_run_at_a_time_as_there_are_cores_up_to_a_bound(
    cores: int, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "cores", lambda: cores)
    machine = Machine()
    _run(machine, _samples(A))
    assert {count for count, *_ in machine.asked} == {at_a_time}


@pytest.mark.parametrize("most", [1, 2])
def test_the_trials_that_ran_are_counted_and_not_those_that_were_asked_for(most: int) -> None:
    machine, samples = Machine(most=most), _samples(A)
    assert _run(machine, samples) == machine.number == len(samples[A].values) == LOOKS[0]


def test_only_what_is_undecided_gets_more_trials() -> None:
    machine, samples, most = Machine(spreads={A: WILD}), _samples(A, B), LOOKS[1] + 1
    assert _run(machine, samples, trials=most) == most
    assert [(count, nodes) for count, nodes, *_ in machine.asked] == [
        *[(2, [A, B])] * (LOOKS[0] // 2),
        *[(2, [A])] * ((LOOKS[1] - LOOKS[0]) // 2),
        (1, [A]),  # the last look is at the last trial
    ]
    assert _verdicts(samples) == [None, Verdict.STEADY]
    assert (len(samples[A].values), len(samples[B].values)) == (most, LOOKS[0])


def test_only_what_short_trials_leave_undecided_gets_long_ones_and_begins_anew() -> None:
    machine, samples = Machine(spreads={A: WILD}), _samples(A, B)
    short, most = LOOKS[1], LOOKS[1] + LOOKS[0]
    assert _run(machine, samples, short=short, trials=most) == most
    assert [(nodes, long) for _, nodes, _, long in machine.asked] == [
        *[([A, B], False)] * (LOOKS[0] // 2),
        *[([A], False)] * ((short - LOOKS[0]) // 2),
        *[([A], True)] * (LOOKS[0] // 2),
    ]
    plan = Plan.of(LIMITS.limit, 2, most, short)
    for sample, look in zip(samples.values(), (3, 1), strict=True):
        assert len(sample.values) == len(sample.seconds) == LOOKS[0]
        assert sample.interval == interval(sample.values, plan.errors(look))


def test_what_short_trials_saw_once_is_believed_when_long_ones_see_it_too() -> None:
    machine = Machine({A: 2.0}, again={B: 2.0})
    samples, controls = _samples(A, B), _samples(B)
    assert _run(machine, samples, controls, short=LOOKS[0]) == 2 * LOOKS[0]
    assert samples[A].verdict is controls[B].verdict is Verdict.REGRESSED
    assert {len(each.values) for each in [*samples.values(), controls[B]]} == {LOOKS[0]}


@pytest.mark.parametrize("end", [{"budget": 4.5}, {"trials": LOOKS[1]}], ids=str)
def test_what_is_used_up_with_the_short_trials_leaves_their_interval(end: dict[str, Any]) -> None:
    # Two trials take a second, so that there are eight after four of them.
    machine, samples = Machine(spreads=WILD, seconds=1.0), _samples(A)
    assert _run(machine, samples, short=LOOKS[1], **end) == LOOKS[1] == 8
    plan = Plan.of(LIMITS.limit, 1, end.get("trials", LIMITS.trials), LOOKS[1])
    assert samples[A].result().interval == interval(samples[A].values, plan.errors(2))
    assert len(samples[A].values) == LOOKS[1]


def test_a_regression_is_believed_at_the_second_look() -> None:
    machine, samples = Machine({A: 2.0}), _samples(A, B)
    assert _run(machine, samples) == LOOKS[1]
    assert _verdicts(samples) == [Verdict.REGRESSED, Verdict.STEADY]


def test_a_control_takes_its_row_along_until_both_are_decided() -> None:
    machine = Machine(again={B: 2.0})
    samples, controls = _samples(A, B, C), _samples(B)
    assert _run(machine, samples, controls) == LOOKS[1]
    assert machine.asked[0][1:3] == ([A, B, C], [B])
    assert machine.asked[-1][1:3] == ([B], [B])
    assert len(samples[B].values) == LOOKS[0]
    assert len(controls[B].values) == LOOKS[1]


def test_rows_and_controls_share_the_error_of_a_look() -> None:
    machine = Machine(spreads=0.005)
    samples, controls = _samples(A, B, C), _samples(A, C)
    _run(machine, samples, controls)
    plan = Plan.of(LIMITS.limit, 5, LIMITS.trials)
    for sample in [*samples.values(), *controls.values()]:
        errors = plan.errors(1 + plan.looks.index(len(sample.values)))
        assert sample.interval == interval(sample.values, errors)


def test_a_test_that_fails_once_it_was_timed_decides_its_row_at_once_and_no_other() -> None:
    machine, samples = Machine(fails={A: 2}), _samples(A, B)
    assert _run(machine, samples) == LOOKS[0]
    assert _verdicts(samples) == [Verdict.DIVERGED, Verdict.STEADY]
    assert samples[A].result().why == "wrong (once it was timed)"
    assert [nodes for _, nodes, *_ in machine.asked] == [[A, B]] * 2 + [[B]] * (LOOKS[0] // 2 - 2)


def test_a_row_that_its_base_could_not_run_is_not_judged() -> None:
    machine, samples = Machine(absent={A: [3]}), _samples(A, B)
    assert _run(machine, samples) == LOOKS[0]
    assert _verdicts(samples) == [Verdict.UNJUDGED, Verdict.STEADY]
    assert "it failed in the base, or made no call" in samples[A].result().why


@pytest.mark.parametrize("machine", [Machine(fails={A: 0}), Machine(absent={A: range(99)})])
def test_a_row_that_falls_out_takes_its_control_with_it(machine: Machine) -> None:
    assert _run(machine, _samples(A), _samples(A)) == 2


def test_what_was_proven_stands_when_its_base_fails_later() -> None:
    machine = Machine(again={A: 2.0}, absent={A: [LOOKS[0]]})
    samples, controls = _samples(A), _samples(A)
    assert _run(machine, samples, controls) == LOOKS[1]
    assert (samples[A].verdict, controls[A].untimed) == (Verdict.STEADY, 1)


def test_what_was_proven_does_not_stand_when_it_fails_later() -> None:
    samples = _samples(A)
    _run(Machine(again={A: 2.0}, fails={A: LOOKS[0]}), samples, _samples(A))
    assert samples[A].verdict is Verdict.DIVERGED


def test_a_trial_without_calm_says_nothing_of_its_row() -> None:
    machine = Machine(at=AT, absent={A: range(1, 99, 2)})
    samples = _samples(A, B, stored=(AT, AT + 0.001, AT))
    assert _run(machine, samples) == LOOKS[0]
    assert len(samples[A].values) == samples[A].untimed == LOOKS[0] // 2
    assert _verdicts(samples) == [Verdict.STEADY, Verdict.STEADY]


def test_a_budget_that_is_spent_ends_with_a_look_and_nothing_after_it() -> None:
    # Two trials of a row take a second; the next after 12 trials might end too late.
    machine, samples = Machine(spreads={A: 0.005, B: WILD}, seconds=1.0), _samples(A, B)
    assert _run(machine, samples, trials=96, budget=10.0) == len(samples[B].values) == 12
    assert machine.time == 9.0
    plan = Plan.of(0.03, 2, 96)
    assert plan.looks[2] < 12 < plan.looks[3]
    assert samples[B].interval == interval(samples[B].values, plan.errors(4))
    assert samples[B].result().verdict is Verdict.INCONCLUSIVE


def test_no_look_comes_before_the_first_that_was_planned() -> None:
    machine, samples = Machine({A: 0.1}, seconds=1.0), _samples(A)
    assert _run(machine, samples, budget=2.0) == 4 < LOOKS[0]
    assert (samples[A].verdict, samples[A].interval) == (None, None)


def test_there_are_trials_however_small_the_budget_is() -> None:
    assert _run(Machine(), _samples(A), budget=1e-9) == 2


@settings(deadline=None, derandomize=True)
@given(st.floats(0.01, 10), st.floats(0.01, 200), st.integers(1, 200), st.integers(0, 20))
def test_no_batch_begins_that_would_end_after_the_budget(
    seconds: float, budget: float, trials: int, short: int
) -> None:
    machine, samples = Machine(spreads=WILD, seconds=seconds), _samples(A)
    found = _run(machine, samples, budget=budget, trials=trials, short=short)
    assert found == machine.number <= trials
    assert machine.time <= max(budget, seconds) + 1e-9
    assert found == trials or machine.time + seconds > budget - 1e-9
    looked = samples[A].interval is not None
    assert looked == (found >= Plan.of(0.03, 1, trials, short).looks[0])
    begins_anew = Plan.of(0.03, 1, trials, short).short or trials
    assert sum(count for count, *_, long in machine.asked if not long) == min(begins_anew, found)


def _judged(rows: Mapping[str, RowResult | Sample], machine: Machine, **more: Any) -> Any:
    controls: Mapping[str, Sample] = more.pop("controls", {})
    limits = replace(LIMITS, **more)
    return judged(rows, controls, limits, machine, Budget(0.0, machine.now))


def _told(node: str, verdict: Verdict) -> RowResult:
    return RowResult.untimed(row(node), verdict, "why")


def test_rows_come_in_the_order_that_was_given() -> None:
    rows: dict[str, RowResult | Sample] = {B: _told(B, Verdict.NEW), **_samples(C, A)}
    found = _judged(rows, Machine({C: 2.0}))
    assert [(each.row.node, each.verdict.value) for each in found.rows] == [
        (B, "new"),
        (C, "regressed"),
        (A, "steady"),
    ]
    assert (found.trials, found.limit, found.head) == (LOOKS[1], 0.03, "the working tree")
    assert found.seconds == pytest.approx(0.02 * (2 * LOOKS[0] + LOOKS[1] - LOOKS[0]) / 2)


@pytest.mark.parametrize("verdict", Verdict)
def test_nothing_is_timed_once_something_has_failed_without_a_clock(verdict: Verdict) -> None:
    machine = Machine()
    found = _judged({A: _told(A, verdict), **_samples(B, C)}, machine)
    failed = verdict in {Verdict.DIVERGED, Verdict.HEAVIER, Verdict.REGRESSED}
    assert (found.trials, machine.asked == []) == ((0, True) if failed else (LOOKS[0], False))
    assert len(found.rows) == (1 if failed else 3)
    note = "not timed, though the checks passed: 2 rows; mend the others first"
    assert found.notes == ([note] if failed else [])


def test_controls_are_shown_if_a_look_was_taken_at_them() -> None:
    found = _judged(_samples(*NODES), Machine(), controls=_samples(B, C))
    assert [each.row.node for each in found.controls] == [B, C]
    unseen = _judged(_samples(*NODES), Machine(), controls=_samples(B, C), budget=1e-9)
    assert unseen.controls == []
    assert unseen.noisy == []


def test_a_control_whose_row_fell_out_is_not_shown() -> None:
    machine = Machine(spreads={A: WILD}, absent={A: [20]})
    found = _judged(_samples(A, B), machine, controls=_samples(A, B))
    assert [each.row.node for each in found.controls] == [B]
    assert found.exit_code == 2


def test_a_verdict_on_nothing_is_refused() -> None:
    with pytest.raises(CannotJudgeError, match="none of the tests has a call to time"):
        _judged({}, Machine())


def test_what_fell_out_at_once_is_no_want_of_budget() -> None:
    found = _judged(_samples(A), Machine(fails={A: 0}))
    assert (found.verdict, found.trials, found.notes) == (Verdict.DIVERGED, 2, [])


FIT = "4 of at least {} trials fit in the budget of 60 s: allow more with --budget, or judge fewer"


@pytest.mark.parametrize(
    "left, trials, most, notes",
    [
        (0, 0, 96, []),
        (1, 0, 96, ["not timed, though the checks passed: 1 row; mend the others first"]),
        (3, 4, 96, [f"{FIT.format(LOOKS[0])} rows with --rows"]),
        (3, 4, 5, [f"{FIT.format(5)} rows with --rows"]),
        (3, 5, 5, []),
        (3, LOOKS[0], 96, []),
        (0, 4, 96, []),
    ],
)
def test_a_shortfall_is_said(left: int, trials: int, most: int, notes: Sequence[str]) -> None:
    assert shortfall(left, trials, Limits(trials=most, budget=60.0)) == notes


def test_what_is_spent_counts_from_the_start() -> None:
    assert Budget(2.0, lambda: 5.5).spent == 3.5
    assert 0 <= Budget(0.0).spent < math.inf
