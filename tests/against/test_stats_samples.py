"""A row is decided when its trials prove something, and regressed when they do so twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_against.model import Interval, Row, Verdict
from pytest_against.stats import SIGHTINGS, Plan, Sample, interval, verdict
from pytest_against.timing import Measured

ROW: Final = Row(node="test_it.py::test_it", method="test_it", workload="", name="test_it")
PLAN: Final = Plan(limit=0.03, rows=1, looks=(2, 4, 6))
SLOW: Final = [0.1, 0.1]
EQUAL: Final = [0.0, 0.0]
FAST: Final = [-0.1, -0.1]
WILD: Final = [-0.5, 0.5]


def _look(blocks: Sequence[list[float]], plan: Plan = PLAN, **more: Any) -> Sample:
    """Look after every block of trials, which the base takes a second for."""
    sample = Sample(ROW, **more)
    for values in blocks:
        for value in values:
            sample.add(Measured(value, 1.0, 3))
        sample.look(plan)
    return sample


@pytest.mark.parametrize(
    "blocks, expected, trials",
    [
        ([EQUAL], Verdict.STEADY, 2),
        ([FAST], Verdict.IMPROVED, 2),
        ([WILD] * 3, None, 6),
        ([SLOW], None, 2),
        ([SLOW, SLOW], Verdict.REGRESSED, 4),
        ([WILD, SLOW, SLOW], None, 6),
        ([EQUAL, SLOW, SLOW], Verdict.STEADY, 2),
        ([[0.025, 0.035], [0.025, 0.02]], None, 4),
    ],
)
def test_a_row_is_decided_at_the_look_that_proves_it(
    blocks: list[list[float]], expected: Verdict | None, trials: int
) -> None:
    sample = _look(blocks)
    assert sample.verdict is expected
    assert sample.interval == interval(sample.values[:trials], PLAN.errors(trials // 2))


def test_a_regression_must_be_seen_at_two_looks_in_a_row() -> None:
    assert SIGHTINGS == 2
    sample = _look([SLOW, WILD])
    found = []
    for values in (SLOW, WILD, SLOW, SLOW):
        sample.values[:] = values
        sample.look(PLAN)
        found.append(sample.verdict)
    assert found == [None, None, None, Verdict.REGRESSED]


def test_a_row_that_begins_anew_forgets_its_trials_but_not_how_often_one_looked() -> None:
    sample = _look([WILD, SLOW])
    before = sample.interval
    sample.renew()
    assert (sample.values, sample.seconds, sample.verdict) == ([], [], None)
    assert sample.interval == before
    sample.values[:] = [0.0, 0.001]
    sample.look(PLAN)
    assert sample.interval == interval([0.0, 0.001], PLAN.errors(3))


def test_a_row_that_is_decided_keeps_its_trials() -> None:
    sample = _look([EQUAL])
    sample.renew()
    assert sample.values == EQUAL


def test_a_sighting_that_is_refuted_leaves_no_regression() -> None:
    sample = _look([SLOW])
    sample.values[:] = EQUAL
    sample.look(PLAN)
    assert sample.verdict is Verdict.STEADY


@settings(deadline=None, derandomize=True)
@given(
    middle=st.sampled_from([-0.1, 0.0, 0.03, 0.1]),
    values=st.lists(st.floats(-0.002, 0.002), max_size=8),
    only=st.booleans(),
)
@example(middle=0.1, values=EQUAL, only=True)
def test_a_first_look_says_regressed_only_if_no_other_is_planned(
    middle: float, values: list[float], *, only: bool
) -> None:
    plan = replace(PLAN, looks=(8,)) if only else PLAN
    sample = _look([[middle + value for value in values]], plan)
    proven = verdict(interval(sample.values, plan.errors(1)), plan.limit)
    unseen = proven is Verdict.REGRESSED and not only
    assert sample.verdict is (None if unseen else proven)


@pytest.mark.parametrize(
    "values, expected",
    [(SLOW, Verdict.STEADY), ([0.3, 0.3], Verdict.REGRESSED), ([-0.3, -0.3], Verdict.IMPROVED)],
)
def test_trials_are_held_against_those_of_earlier_with_the_allowance(
    values: list[float], expected: Verdict
) -> None:
    sample = _look([values, values], stored=SLOW, allowance=0.02)
    assert sample.verdict is expected
    assert sample.interval is not None
    assert sample.interval.high - sample.interval.mean == pytest.approx(0.02)


def test_earlier_trials_that_are_missing_prove_nothing() -> None:
    assert _look([EQUAL], stored=()).result().verdict is Verdict.INCONCLUSIVE


def test_a_result_has_the_seconds_of_both_sides() -> None:
    sample = Sample(ROW)
    for seconds in (0.5, 0.25, 4.0):
        sample.add(Measured(math.log(2), seconds, 3))
    for _ in range(SIGHTINGS):
        sample.look(PLAN)
    found = sample.result()
    assert sample.seconds == pytest.approx([1.0, 0.5, 8.0])
    assert (found.was, found.now) == pytest.approx((0.5, 1.0))
    assert (found.row, found.verdict, found.why) == (
        ROW,
        Verdict.REGRESSED,
        "slower than the limit",
    )
    assert found.interval == sample.interval


def test_what_fails_is_decided_whatever_its_times_are() -> None:
    sample = _look([WILD])
    sample.decide(Verdict.DIVERGED, "wrong answer")
    found = sample.result()
    assert (found.verdict, found.why, found.interval) == (Verdict.DIVERGED, "wrong answer", None)


@pytest.mark.parametrize("stored", [None, (0.0, 0.1)])
@pytest.mark.parametrize("values", [[0.7], [0.7, 0.7]])
def test_a_row_at_which_no_look_was_taken_is_inconclusive_and_unbounded(
    values: list[float], stored: tuple[float, ...] | None
) -> None:
    found = Sample(ROW, stored, values=values, seconds=[1.0]).result()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.interval is not None
    assert found.interval.mean == pytest.approx(0.7 - sum(stored or ()) / 2)
    unbounded = Interval(found.interval.mean, -math.inf, math.inf, len(values))
    assert found.interval == unbounded


@pytest.mark.parametrize(
    "timed, untimed, word, why",
    [
        ([], 0, "inconclusive", "the trials do not prove it either way"),
        (WILD, 0, "inconclusive", "the trials do not prove it either way"),
        ([], 12, "inconclusive", "12 of 12 trials found no calm"),
        (WILD, 3, "inconclusive", "3 of 5 trials found no calm"),
        (EQUAL, 3, "steady", ""),
    ],
)
def test_a_row_that_is_not_decided_says_what_was_missing(
    timed: list[float], untimed: int, word: str, why: str
) -> None:
    sample = Sample(ROW)
    for found in [*(Measured(value, 1.0, 3) for value in timed), *[None] * untimed]:
        sample.add(found)
    sample.look(PLAN)
    result = sample.result()
    assert result.verdict.value == word
    assert result.why[: len(why) or None] == why
    assert (result.interval is None) == (not timed)


@pytest.mark.parametrize(
    "values, settled",
    [
        ([], False),
        ([0.7], False),
        (WILD, False),
        ([0.7, 0.7], True),
        # t(7) leaves 0.01 / 3 above 3.80; a quarter of log 1.03 is 0.00739.
        ([0.7, 0.7095] * 4, True),
        ([0.7, 0.7105] * 4, False),
    ],
)
def test_a_recording_goes_on_until_a_mean_is_known_to_a_quarter_of_the_limit(
    values: list[float], *, settled: bool
) -> None:
    sample = Sample(ROW, values=values)
    sample.settle(PLAN)
    assert (sample.verdict is Verdict.STEADY) == settled
