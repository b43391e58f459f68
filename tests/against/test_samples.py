"""A row is decided when its trials prove something, and regressed when they do so twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from pytest_against.model import Interval, Verdict
from pytest_against.stats import Plan, Sample, interval
from pytest_against.timing import Measured
from tests.against.simulated import A, row

PLAN: Final = Plan(limit=0.03, rows=1, looks=(2, 4, 6))
SLOW: Final = [0.1, 0.1]
EQUAL: Final = [0.0, 0.0]
FAST: Final = [-0.1, -0.1]
WILD: Final = [-0.5, 0.5]


def _look(blocks: Sequence[list[float]], plan: Plan = PLAN, **more: Any) -> Sample:
    """Look after every block of trials, which the base takes a second for."""
    sample = Sample(row(A), **more)
    for values in blocks:
        for value in values:
            sample.add(Measured(value, 1.0, 3))
        sample.look(plan)
    return sample


@pytest.mark.parametrize(
    "seen, words",
    [
        ([EQUAL, SLOW, SLOW], ["steady"] * 3),
        ([FAST], ["improved"]),
        ([WILD, WILD, EQUAL], [None, None, "steady"]),
        ([[0.025, 0.035, 0.025, 0.02]], [None]),
        ([SLOW, EQUAL], [None, "steady"]),
        # A regression must be seen at two looks in a row.
        ([SLOW, SLOW], [None, "regressed"]),
        ([SLOW, WILD, SLOW, WILD, SLOW, SLOW], [None] * 5 + ["regressed"]),
    ],
)
def test_a_row_is_decided_at_the_look_that_proves_it(
    seen: list[list[float]], words: list[str | None]
) -> None:
    sample = Sample(row(A))
    for look, (values, word) in enumerate(zip(seen, words, strict=True), 1):
        decided, before = sample.verdict, sample.interval
        sample.values = values
        sample.look(PLAN)
        assert sample.verdict is (Verdict(word) if word else None)
        assert sample.interval == (before if decided else interval(values, PLAN.errors(look)))


def test_a_regression_is_seen_once_if_no_other_look_is_planned() -> None:
    assert _look([SLOW], replace(PLAN, looks=(2,))).verdict is Verdict.REGRESSED


def test_an_undecided_row_begins_anew_but_knows_how_often_one_looked() -> None:
    sample, decided = _look([WILD, SLOW]), _look([EQUAL])
    for each in (sample, decided):
        each.add(None)
        each.renew()
    assert (decided.values, decided.untimed) == (EQUAL, 1)
    assert (sample.values, sample.seconds, sample.untimed) == ([], [], 0)
    assert sample.interval == interval([*WILD, *SLOW], PLAN.errors(2))
    sample.values = WILD
    sample.look(PLAN)
    assert sample.interval == interval(WILD, PLAN.errors(3))


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
    assert _look([EQUAL], stored=()).result().verdict is Verdict.INCONCLUSIVE


def test_a_result_has_the_seconds_of_both_sides() -> None:
    sample = _look([], values=[math.log(2)] * 2, seconds=[1.0, 0.5])
    sample.add(Measured(math.log(2), 4.0, 3))
    for _ in range(2):
        sample.look(PLAN)
    found = sample.result()
    assert (found.was, found.now) == pytest.approx((0.5, 1.0))
    assert (sample.seconds[2], found.row, found.interval) == (8.0, row(A), sample.interval)
    assert (found.verdict, found.why) == (Verdict.REGRESSED, "slower than the limit")


@pytest.mark.parametrize("stored, mean", [(None, 0.7), ((0.0, 0.1), 0.65)])
@pytest.mark.parametrize("n", [1, 2])
def test_a_row_at_which_no_look_was_taken_is_inconclusive_and_unbounded(
    n: int, stored: tuple[float, ...] | None, mean: float
) -> None:
    found = Sample(row(A), stored, values=[0.7] * n, seconds=[1.0]).result()
    assert (found.verdict, found.now) == (Verdict.INCONCLUSIVE, 1.0)
    assert found.interval == Interval(pytest.approx(mean), -math.inf, math.inf, n)


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
    found = _look([timed], untimed=untimed).result()
    assert found.verdict.value == word
    assert found.why[: len(why) or None] == why
    assert (found.interval is None) == (not timed)


@pytest.mark.parametrize(
    "values, verdict",
    [
        ([], None),
        ([0.7], None),
        ([0.7, 0.7], Verdict.STEADY),
        # t(7) leaves 0.01 / 3 above 3.80; a quarter of log 1.03 is 0.00739.
        ([0.7, 0.7095] * 4, Verdict.STEADY),
        ([0.7, 0.7105] * 4, None),
    ],
)
def test_a_recording_goes_on_until_a_mean_is_known_to_a_quarter_of_the_limit(
    values: list[float], verdict: Verdict | None
) -> None:
    sample = Sample(row(A), values=values)
    sample.settle(PLAN)
    assert sample.verdict is verdict
