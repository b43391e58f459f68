"""An interval holds the true mean, and a verdict is what an interval proves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.judge import (
    FAMILY_ERROR,
    Interval,
    Policy,
    Verdict,
    decide,
    difference,
    drift,
    interval,
)

BOUND: Final = math.log1p(0.03)
LAW: Final = settings(deadline=None, derandomize=True)
VALUES: Final = st.lists(st.floats(-3, 3), min_size=2, max_size=20)
ERRORS: Final = st.floats(1e-7, 0.4)
INTERVALS: Final = st.builds(
    lambda ends: Interval(sum(ends) / 2, min(ends), max(ends), 8),
    st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)),
)
LIMITS: Final = st.floats(1e-4, 0.99)


@pytest.mark.parametrize(
    "values, error, mean, low, high",
    [
        # t(3) leaves 0.025 above 3.182446; the standard deviation of 1, 2, 3, 4 is 1.290994.
        ([1.0, 2.0, 3.0, 4.0], 0.025, 2.5, 0.4457397, 4.5542603),
        # t(1) leaves 0.025 above 12.706205, and 0.001 above 318.308839.
        ([0.0, 1.0], 0.025, 0.5, -5.8531024, 6.8531024),
        ([0.0, 1.0], 0.001, 0.5, -158.6544194, 159.6544194),
        # t(7) leaves 0.005 above 3.499483; half the values are 0, half 0.02.
        ([0.0, 0.02] * 4, 0.005, 0.01, -0.0032269, 0.0232269),
        ([0.3, 0.1, 0.2], 0.5, 0.2, 0.2, 0.2),
        ([2.0, 2.0, 2.0], 1e-6, 2.0, 2.0, 2.0),
        # One in ten is left out at each end, and counts as its neighbour for the deviation:
        # 8 are left, t(7) leaves 0.025 above 2.364624, sqrt(66.5 / 56) is 1.089725.
        ([-90.0, 2, 3, 4, 5, 6, 7, 8, 9, 90.0], 0.025, 5.5, 2.9232105, 8.0767895),
        # With nine none is: t(8) leaves 0.025 above 2.306004, the deviation is 2.738613.
        ([1.0, 2, 3, 4, 5, 6, 7, 8, 9], 0.025, 5.0, 2.8949159, 7.1050841),
    ],
)
def test_interval_is_that_of_student(
    values: list[float], error: float, mean: float, low: float, high: float
) -> None:
    found = interval(values, error)
    assert (found.mean, found.low, found.high) == pytest.approx((mean, low, high), abs=1e-7)
    assert found.trials == len(values)


def test_one_trial_proves_nothing() -> None:
    assert interval([0.7], 0.4) == Interval(0.7, -math.inf, math.inf, 1)


def test_no_trial_proves_nothing() -> None:
    found = interval([], 0.4)
    assert math.isnan(found.mean)
    assert (found.low, found.high, found.trials) == (-math.inf, math.inf, 0)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("others", [[], [0.0], [0.0, 0.1, 0.2]])
def test_value_that_is_not_finite_is_refused(wrong: float, others: list[float]) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        interval([*others, wrong], 0.01)


@LAW
@given(values=VALUES, error=ERRORS)
def test_mean_lies_in_the_middle(values: list[float], error: float) -> None:
    found = interval(values, error)
    assert found.low <= found.mean <= found.high
    assert found.high - found.mean == pytest.approx(found.mean - found.low, abs=1e-6)


@LAW
@given(values=VALUES, error=ERRORS, data=st.data())
def test_order_of_trials_does_not_matter(
    values: list[float], error: float, data: st.DataObject
) -> None:
    assert interval(data.draw(st.permutations(values)), error) == interval(values, error)


@LAW
@given(values=VALUES, error=ERRORS, shift=st.floats(-3, 3))
def test_shifted_trials_shift_the_interval(values: list[float], error: float, shift: float) -> None:
    found, shifted = interval(values, error), interval([v + shift for v in values], error)
    expected = (found.low + shift, found.high + shift)
    assert (shifted.low, shifted.high) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@LAW
@given(values=VALUES, error=ERRORS, factor=st.floats(0.01, 100))
def test_scaled_trials_scale_the_interval(values: list[float], error: float, factor: float) -> None:
    found, scaled = interval(values, error), interval([v * factor for v in values], error)
    expected = (found.low * factor, found.high * factor)
    assert (scaled.low, scaled.high) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@LAW
@given(values=VALUES, error=ERRORS)
def test_exchanged_arms_turn_the_interval_round(values: list[float], error: float) -> None:
    found, turned = interval(values, error), interval([-v for v in values], error)
    assert (turned.low, turned.high) == (-found.high, -found.low)


@LAW
@given(values=VALUES, errors=st.tuples(ERRORS, ERRORS))
def test_smaller_error_needs_a_wider_interval(
    values: list[float], errors: tuple[float, float]
) -> None:
    assume(max(values) - min(values) > 1e-6)
    assume(max(errors) > 1.01 * min(errors))
    wide, narrow = interval(values, min(errors)), interval(values, max(errors))
    assert wide.low < narrow.low < narrow.high < wide.high


@LAW
@given(values=st.lists(st.floats(-3, 3), min_size=2, max_size=4), error=ERRORS)
def test_trials_repeated_narrow_the_interval(values: list[float], error: float) -> None:
    assume(max(values) - min(values) > 1e-6)
    once, twice = interval(values, error), interval(2 * values, error)
    assert once.low < twice.low < twice.high < once.high


@pytest.mark.parametrize(
    "low, high, verdict",
    [
        (0.0296, 0.0297, Verdict.REGRESSED),
        (math.nextafter(BOUND, 1), 1.0, Verdict.REGRESSED),
        (BOUND, 1.0, None),
        (BOUND, BOUND, None),
        (-1.0, 1.0, None),
        (-1.0, BOUND, None),
        (-1.0, math.nextafter(BOUND, 0), Verdict.STEADY),
        (0.0, 0.0, Verdict.STEADY),
        (-0.001, 0.001, Verdict.STEADY),
        (-1.0, 0.0, Verdict.STEADY),
        (-1.0, -BOUND, Verdict.STEADY),
        (-1.0, math.nextafter(-BOUND, -1), Verdict.IMPROVED),
        (-1.0, -0.0297, Verdict.IMPROVED),
        (-math.inf, math.inf, None),
        (math.inf, math.inf, Verdict.REGRESSED),
        (-math.inf, -math.inf, Verdict.IMPROVED),
    ],
)
def test_verdict_is_what_the_interval_proves(
    low: float, high: float, verdict: Verdict | None
) -> None:
    assert decide(Interval((low + high) / 2, low, high, 8), 0.03) is verdict


@LAW
@given(found=INTERVALS, limit=LIMITS)
def test_every_interval_has_one_verdict(found: Interval, limit: float) -> None:
    bound = math.log1p(limit)
    expected = {
        Verdict.REGRESSED: found.low > bound,
        Verdict.IMPROVED: found.high < -bound,
        Verdict.STEADY: -bound <= found.high < bound,
        None: found.low <= bound <= found.high,
    }
    assert [verdict for verdict, holds in expected.items() if holds] == [decide(found, limit)]


@LAW
@given(found=INTERVALS, limits=st.tuples(LIMITS, LIMITS))
def test_higher_limit_makes_no_row_worse(found: Interval, limits: tuple[float, float]) -> None:
    order = [Verdict.IMPROVED, Verdict.STEADY, None, Verdict.REGRESSED]
    strict, lax = decide(found, min(limits)), decide(found, max(limits))
    if strict is Verdict.IMPROVED:
        assert lax in (Verdict.IMPROVED, Verdict.STEADY)
    else:
        assert order.index(lax) <= order.index(strict)


@pytest.mark.parametrize(
    "rows, looks, error",
    [(1, (8,), 0.005), (1, (8, 11), 0.0025), (25, (8, 11), 1e-4), (298, (8,) * 6, 2.796421e-6)],
)
def test_error_is_shared_among_sides_rows_and_looks(
    rows: int, looks: tuple[int, ...], error: float
) -> None:
    policy = Policy(limit=0.03, rows=rows, looks=looks)
    assert policy.error == pytest.approx(error, rel=1e-6)
    assert 2 * rows * len(looks) * policy.error == pytest.approx(FAMILY_ERROR)
    assert replace(policy, family_error=0.05).error == pytest.approx(5 * error, rel=1e-6)


@pytest.mark.parametrize(
    "values, stored, allowed, expected",
    [
        # v1 = v2 = 0.01, so that t has 2 degrees of freedom and leaves 0.025 above 4.302653.
        ([0.1, 0.3], [0.0, 0.2], 0.0, (0.1, -0.5084870, 0.7084870)),
        ([0.1, 0.3], [0.0, 0.2], 0.5, (0.1, -1.0084870, 1.2084870)),
        ([1.0, 1.0], [0.5, 0.5], 0.0, (0.5, 0.5, 0.5)),
        ([1.0, 1.0], [0.5, 0.5], 0.2, (0.5, 0.3, 0.7)),
    ],
)
def test_difference_is_that_of_welch_and_the_drift(
    values: list[float], stored: list[float], allowed: float, expected: tuple[float, float, float]
) -> None:
    found = difference(values, stored, 0.025, allowed)
    assert (found.mean, found.low, found.high) == pytest.approx(expected, abs=1e-6)
    assert found.trials == len(values)


@pytest.mark.parametrize("values, stored", [([0.7], [0.0, 0.0]), ([0.7, 0.7], [0.0])])
def test_one_trial_on_either_side_proves_no_difference(
    values: list[float], stored: list[float]
) -> None:
    assert difference(values, stored, 0.4, 0.0) == Interval(0.7, -math.inf, math.inf, len(values))


@pytest.mark.parametrize(
    "rows, expected",
    [
        # Means 0 and 1 have the variance 0.5, of which the trials explain (0.02 / 2 + 0) / 2.
        ([[[-0.1, 0.1], [1.0, 1.0]]], 2 * math.sqrt(0.5 - 0.005)),
        ([[[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]], 2 * math.sqrt(0.25)),
        ([[[-1.0, 1.0], [-0.9, 1.1]]], 0.0),
        ([[[0.0, 0.0], [1.0]]], 0.0),
        ([[[0.0, 0.0]], [[], [0.0, 1.0]]], 0.0),
        ([], 0.0),
    ],
    ids=["one row", "mean of two", "explained by trials", "one trial", "one recording", "no rows"],
)
def test_drift_is_twice_the_deviation_that_trials_do_not_explain(
    rows: list[list[list[float]]], expected: float
) -> None:
    assert drift(rows) == pytest.approx(expected)
