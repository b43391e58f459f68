"""An interval holds the true mean, and a verdict is what an interval proves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind

from pytest_against.model import Interval, Verdict
from pytest_against.stats import (
    ERROR,
    LOOKS,
    PEAK_TOLERANCE,
    TRIMMED,
    Errors,
    Plan,
    difference,
    drift,
    increases,
    interval,
    verdict,
)

LAW: Final = settings(deadline=None, derandomize=True)
BOUND: Final = math.log1p(0.03)
VALUES: Final = st.lists(st.floats(-3, 3), min_size=2, max_size=40)
ERRORS: Final = st.floats(1e-7, 0.4)
LIMITS: Final = st.floats(1e-4, 0.99)
INTERVALS: Final = st.builds(
    lambda ends: Interval(sum(ends) / 2, min(ends), max(ends), 8),
    st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)),
)

EQUAL: Final = [0.0, 0.0]


def both(error: float) -> Errors:
    """Return the same error at both ends."""
    return Errors(error, error)


def _ends(found: Interval) -> tuple[float, float, float]:
    return found.mean, found.low, found.high


def _spread(values: Sequence[float]) -> float:
    """Return the range of what is not left out."""
    out = len(values) // TRIMMED
    kept = sorted(values)[out : len(values) - out]
    return kept[-1] - kept[0]


@pytest.mark.parametrize(
    "values, error, expected",
    [
        # t(3) leaves 0.025 above 3.182446; the standard deviation of 1, 2, 3, 4 is 1.290994.
        ([1.0, 2.0, 3.0, 4.0], 0.025, (2.5, 0.4457397, 4.5542603)),
        # t(1) leaves 0.025 above 12.706205, and 0.001 above 318.308839.
        ([0.0, 1.0], 0.025, (0.5, -5.8531024, 6.8531024)),
        ([0.0, 1.0], 0.001, (0.5, -158.6544194, 159.6544194)),
        ([0.3, 0.1, 0.2], 0.5, (0.2, 0.2, 0.2)),
        ([2.0, 2.0, 2.0], 1e-6, (2.0, 2.0, 2.0)),
        # One in ten is left out at each end, and counts as its neighbour for the deviation:
        # 8 are left, t(7) leaves 0.025 above 2.364624, sqrt(66.5 / 56) is 1.089725.
        ([-90.0, 2, 3, 4, 5, 6, 7, 8, 9, 90.0], 0.025, (5.5, 2.9232105, 8.0767895)),
        # With nine none is: t(8) leaves 0.025 above 2.306004, the deviation is 2.738613.
        ([1.0, 2, 3, 4, 5, 6, 7, 8, 9], 0.025, (5.0, 2.8949159, 7.1050841)),
    ],
)
def test_the_interval_is_that_of_student_around_the_trimmed_mean(
    values: list[float], error: float, expected: tuple[float, float, float]
) -> None:
    found = interval(values, both(error))
    assert _ends(found) == pytest.approx(expected, abs=1e-7)
    assert found.trials == len(values)


@LAW
@given(values=st.lists(st.floats(-3, 3), min_size=2, max_size=9), error=ERRORS)
def test_the_interval_of_few_trials_agrees_with_scipy(values: list[float], error: float) -> None:
    assume(_spread(values) > 1e-3)
    expected = ttest_1samp(values, 0.0).confidence_interval(1 - 2 * error)
    found = interval(values, both(error))
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-9)


@LAW
@given(values=VALUES, stored=VALUES, error=ERRORS, allowance=st.floats(0, 1))
def test_the_difference_agrees_with_scipy(
    values: list[float], stored: list[float], error: float, allowance: float
) -> None:
    assume(min(_spread(values), _spread(stored)) > 1e-3)
    test: Any = ttest_ind(values, stored, trim=1 / TRIMMED, equal_var=False)
    expected = test.confidence_interval(1 - 2 * error)
    found = difference(values, stored, both(error), allowance)
    low, high = float(expected.low) - allowance, float(expected.high) + allowance
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6, abs=1e-9)
    assert found.trials == len(values)


@pytest.mark.parametrize(
    "values, stored, allowance, expected",
    [
        # v1 = v2 = 0.01, so that t has 2 degrees of freedom and leaves 0.025 above 4.302653.
        ([0.1, 0.3], [0.0, 0.2], 0.0, (0.1, -0.5084870, 0.7084870)),
        ([0.1, 0.3], [0.0, 0.2], 0.5, (0.1, -1.0084870, 1.2084870)),
        ([1.0, 1.0], [0.5, 0.5], 0.2, (0.5, 0.3, 0.7)),
        ([0.1, 0.1], [0.0, 1e-90], 0.0, (0.1, 0.1, 0.1)),  # its square is 0
    ],
)
def test_the_difference_is_that_of_yuen_and_the_allowance(
    values: list[float],
    stored: list[float],
    allowance: float,
    expected: tuple[float, float, float],
) -> None:
    found = difference(values, stored, both(0.025), allowance)
    assert _ends(found) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("values, stored", [([0.7], [0.0, 0.0]), ([0.7, 0.7], [0.0]), ([0.7], [0])])
def test_one_trial_proves_nothing(values: list[float], stored: list[float]) -> None:
    unbounded = Interval(0.7, -math.inf, math.inf, len(values))
    assert difference(values, stored, both(0.4)) == unbounded
    assert interval([0.7], both(0.4)) == replace(unbounded, trials=1)


def test_no_trial_proves_nothing() -> None:
    for found in (
        interval([], both(0.4)),
        difference([], EQUAL, both(0.4)),
        difference([], [], both(0.4)),
    ):
        assert math.isnan(found.mean)
        assert (found.low, found.high, found.trials) == (-math.inf, math.inf, 0)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("others", [[], [0.0], [0.0, 0.1, 0.2]])
def test_a_value_that_is_not_finite_is_refused(wrong: float, others: list[float]) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        interval([*others, wrong], both(0.01))
    with pytest.raises(ValueError, match="not a finite number"):
        difference(EQUAL, [*others, wrong], both(0.01))


@LAW
@given(values=VALUES, error=ERRORS, shift=st.floats(-3, 3), factor=st.floats(0.01, 100))
def test_moved_and_scaled_trials_move_and_scale_the_interval(
    values: list[float], error: float, shift: float, factor: float
) -> None:
    moved = _ends(interval([factor * value + shift for value in values], both(error)))
    expected = [factor * end + shift for end in _ends(interval(values, both(error)))]
    assert moved == pytest.approx(expected, rel=1e-6, abs=1e-6)


@LAW
@given(values=VALUES, error=ERRORS, data=st.data())
def test_neither_the_order_of_trials_nor_that_of_the_sides_matters(
    values: list[float], error: float, data: st.DataObject
) -> None:
    errors = both(error)
    found, turned = interval(values, errors), interval([-value for value in values], errors)
    assert interval(data.draw(st.permutations(values)), errors) == found
    assert _ends(turned) == (-found.mean, -found.high, -found.low)


@LAW
@given(values=VALUES, errors=st.tuples(ERRORS, ERRORS))
def test_a_smaller_error_moves_its_own_end_away_and_no_other(
    values: list[float], errors: tuple[float, float]
) -> None:
    assume(_spread(values) > 1e-6)
    assume(max(errors) > 1.01 * min(errors))
    small, large = min(errors), max(errors)
    found = [interval(values, Errors(*pair)) for pair in ((small, large), (large, small))]
    assert found[0].low < found[1].low <= found[0].high < found[1].high
    assert (found[0].low, found[1].high) == _ends(interval(values, both(small)))[1:]


@pytest.mark.parametrize(
    "rows, expected",
    [
        # Means 0 and 1 have the variance 0.5, of which the trials explain (0.02 / 2 + 0) / 2.
        ([[[-0.1, 0.1], [1.0, 1.0]]], 2 * math.sqrt(0.5 - 0.005)),
        ([[EQUAL, [1.0, 1.0]], [EQUAL, EQUAL]], 2 * math.sqrt(0.25)),
        ([[EQUAL, [1.0, 1.0]], [EQUAL], [EQUAL, [0.5]], []], 2 * math.sqrt(0.5)),
        ([[[-1.0, 1.0], [-0.9, 1.1]]], 0.0),
        ([[EQUAL, [1.0]], [[], [0.0, 1.0]]], 0.0),
        ([], 0.0),
    ],
    ids=["one row", "mean of two", "rows that say nothing", "explained", "too few", "no rows"],
)
def test_drift_is_twice_the_deviation_that_trials_do_not_explain(
    rows: list[list[list[float]]], expected: float
) -> None:
    assert drift(iter(rows)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "low, high, expected",
    [
        (math.nextafter(BOUND, 1), 1.0, Verdict.REGRESSED),
        (BOUND, 1.0, None),
        (-1.0, BOUND, None),
        (-1.0, math.nextafter(BOUND, 0), Verdict.STEADY),
        (-1.0, -BOUND, Verdict.STEADY),
        (-1.0, math.nextafter(-BOUND, -1), Verdict.IMPROVED),
        (-math.inf, math.inf, None),
    ],
)
def test_a_bound_that_is_only_reached_proves_nothing(
    low: float, high: float, expected: Verdict | None
) -> None:
    assert verdict(Interval((low + high) / 2, low, high, 8), 0.03) is expected


@LAW
@given(found=INTERVALS, limits=st.tuples(LIMITS, LIMITS))
def test_a_higher_limit_makes_no_row_worse(found: Interval, limits: tuple[float, float]) -> None:
    order = [Verdict.IMPROVED, Verdict.STEADY, None, Verdict.REGRESSED]
    strict, lax = verdict(found, min(limits)), verdict(found, max(limits))
    if strict is Verdict.IMPROVED:
        assert lax in {Verdict.IMPROVED, Verdict.STEADY}
    else:
        assert order.index(lax) <= order.index(strict)


@pytest.mark.parametrize(
    "trials, short, looks",
    [
        (2, 0, (2,)),
        (6, 0, (6,)),
        (7, 0, (6, 7)),
        (40, 0, (6, 8, 10, 14, 18, 24, 32, 40)),
        (200, 0, (*LOOKS, 200)),
        (14, 8, (6, 8, 14)),
        (20, 8, (6, 8, 14, 16, 18, 20)),
        (96, 10, (6, 8, 10, 16, 18, 20, 24, 28, 34, 42, 52, 66, 84, 96)),
    ],
)
def test_looks_begin_anew_with_long_trials_and_end_at_the_most_trials(
    trials: int, short: int, looks: tuple[int, ...]
) -> None:
    assert Plan.of(0.03, 0, trials, short) == Plan(limit=0.03, rows=1, looks=looks, short=short)


@pytest.mark.parametrize("trials", [5, 8, 13])
def test_without_a_look_at_long_trials_all_are_alike(trials: int) -> None:
    assert Plan.of(0.03, 0, trials, short=8) == Plan.of(0.03, 0, trials)


@LAW
@given(rows=st.integers(1, 1000), trials=st.integers(1, 300), error=st.floats(1e-6, 0.5))
def test_the_error_is_shared_among_rows_and_looks_below_and_among_looks_above(
    rows: int, trials: int, error: float
) -> None:
    plan = replace(Plan.of(0.03, rows, trials), error=error)
    found = [plan.errors(look) for look in range(1, len(plan.looks) + 1)]
    assert rows * sum(each.low for each in found) == pytest.approx(error)
    above = [each.high for each in found]
    assert sum(above) <= error
    assert above == sorted(above, reverse=True)
    assert above[0] >= error / 2
    assert ERROR == 0.01


@pytest.mark.parametrize(
    "now, then, found",
    [
        ({"passes": 3}, {"passes": 3}, []),
        ({"passes": 4}, {"passes": 3}, ["passes is 4, was 3"]),
        ({"passes": 2}, {"passes": 3}, []),
        ({"passes": 9}, {"other": 1}, []),
        ({"peak_bytes": 1030 + PEAK_TOLERANCE}, {"peak_bytes": 1000}, []),
        (
            {"peak_bytes": 1031 + PEAK_TOLERANCE, "passes": 2},
            {"passes": 1, "peak_bytes": 1000},
            ["passes is 2, was 1", "peak_bytes is 3,079, was 1,000"],
        ),
    ],
)
def test_exact_numbers_may_not_grow_and_memory_hardly(
    now: dict[str, int], then: dict[str, int], found: list[str]
) -> None:
    assert increases(now, then, 0.03) == found
