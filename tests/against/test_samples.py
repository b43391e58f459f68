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


@pytest.mark.parametrize(
    "seen, verdicts",
    [
        ([SLOW, WILD, SLOW, WILD, SLOW, SLOW], [None] * 5 + [Verdict.REGRESSED]),
        ([SLOW, EQUAL], [None, Verdict.STEADY]),
    ],
)
def test_a_regression_must_be_seen_at_two_looks_in_a_row(
    seen: list[list[float]], verdicts: list[Verdict | None]
) -> None:
    sample = Sample(row(A))
    for values, expected in zip(seen, verdicts, strict=True):
        sample.values = values
        sample.look(PLAN)
        assert sample.verdict is expected
    # At the first look if no other is planned.
    assert _look([SLOW], replace(PLAN, looks=(2,))).verdict is Verdict.REGRESSED


def test_an_undecided_row_begins_anew_but_knows_how_often_one_looked() -> None:
    sample, decided = _look([WILD, SLOW]), _look([EQUAL])
    before = sample.interval
    for each in (sample, decided):
        each.add(None)
        each.renew()
    assert (decided.values, decided.untimed) == (EQUAL, 1)
    assert (sample.values, sample.seconds, sample.untimed) == ([], [], 0)
    assert (sample.verdict, sample.interval) == (None, before)
    sample.values = [0.0, 0.001]
    sample.look(PLAN)
    assert sample.interval == interval([0.0, 0.001], PLAN.errors(3))


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
    sample = Sample(row(A))
    for seconds in (0.5, 0.25, 4.0):
        sample.add(Measured(math.log(2), seconds, 3))
    for _ in range(2):
        sample.look(PLAN)
    found = sample.result()
    assert (found.was, found.now) == pytest.approx((0.5, 1.0))
    assert (found.row, found.interval) == (row(A), sample.interval)
    assert (found.verdict, found.why) == (Verdict.REGRESSED, "slower than the limit")


@pytest.mark.parametrize("stored", [None, (0.0, 0.1)])
@pytest.mark.parametrize("values", [[0.7], [0.7, 0.7]])
def test_a_row_at_which_no_look_was_taken_is_inconclusive_and_unbounded(
    values: list[float], stored: tuple[float, ...] | None
) -> None:
    found = Sample(row(A), stored, values=values, seconds=[1.0]).result()
    assert (found.verdict, found.now) == (Verdict.INCONCLUSIVE, 1.0)
    mean = 0.7 - sum(stored or ()) / 2
    assert found.interval == Interval(pytest.approx(mean), -math.inf, math.inf, len(values))


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
    sample = Sample(row(A))
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
    sample = Sample(row(A), values=values)
    sample.settle(PLAN)
    assert (sample.verdict is Verdict.STEADY) == settled
