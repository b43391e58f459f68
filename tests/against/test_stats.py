"""An interval holds the true mean, and a row is what its interval proves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from pytest_against.model import Interval, Verdict
from pytest_against.stats import (
    ERROR,
    LOOKS,
    TRIMMED,
    Errors,
    Plan,
    difference,
    drift,
    increases,
    interval,
    verdict,
)

VALUES: Final = st.lists(st.floats(-3, 3), min_size=2, max_size=40)
SAME: Final = Errors(0.025, 0.025)

EQUAL: Final = [0.0, 0.0]
ENDLESS: Final = (-math.inf, math.inf)


Ends = tuple[float, float, float]


def _ends(found: Interval) -> Ends:
    return found.mean, found.low, found.high


@pytest.mark.parametrize(
    "values, errors, expected",
    [
        # t(3) leaves 0.025 above 3.182446; the standard deviation of 1, 2, 3, 4 is 1.290994.
        ([1.0, 2.0, 3.0, 4.0], SAME, (2.5, 0.4457397, 4.5542603)),
        # t(1) leaves 0.025 above 12.706205, and 0.001 above 318.308839.
        ([0.0, 1.0], Errors(0.025, 0.001), (0.5, -5.8531024, 159.6544194)),
        ([0.3, 0.1, 0.2], Errors(0.5, 0.5), (0.2, 0.2, 0.2)),
        ([2.0, 2.0, 2.0], Errors(1e-6, 1e-6), (2.0, 2.0, 2.0)),
        # One in ten is left out at each end, and counts as its neighbour for the deviation:
        # 8 are left, t(7) leaves 0.025 above 2.364624, sqrt(66.5 / 56) is 1.089725.
        ([-90.0, 2, 3, 4, 5, 6, 7, 8, 9, 90.0], SAME, (5.5, 2.9232105, 8.0767895)),
        # With nine none is: t(8) leaves 0.025 above 2.306004, the deviation is 2.738613.
        ([1.0, 2, 3, 4, 5, 6, 7, 8, 9], SAME, (5.0, 2.8949159, 7.1050841)),
        ([0.7], SAME, (0.7, *ENDLESS)),
        ([], SAME, (math.nan, *ENDLESS)),
    ],
)
def test_the_interval_is_that_of_student_around_the_trimmed_mean(
    values: list[float], errors: Errors, expected: Ends
) -> None:
    found = interval(values, errors)
    assert _ends(found) == pytest.approx(expected, abs=1e-7, nan_ok=True)
    assert found.trials == len(values)


@pytest.mark.parametrize(
    "values, stored, allowance, expected",
    [
        # v1 = v2 = 0.01, so that t has 2 degrees of freedom and leaves 0.025 above 4.302653.
        ([0.1, 0.3], [0.0, 0.2], 0.0, (0.1, -0.5084870, 0.7084870)),
        ([0.1, 0.3], [0.0, 0.2], 0.5, (0.1, -1.0084870, 1.2084870)),
        ([1.0, 1.0], [0.5, 0.5], 0.2, (0.5, 0.3, 0.7)),
        ([0.1, 0.1], [0.0, 1e-90], 0.0, (0.1, 0.1, 0.1)),  # its square is 0
        ([0.7], EQUAL, 0.1, (0.7, *ENDLESS)),
        ([0.7, 0.7], [0.0], 0.1, (0.7, *ENDLESS)),
        ([], [], 0.1, (math.nan, *ENDLESS)),
    ],
)
def test_the_difference_is_that_of_yuen_and_the_allowance(
    values: list[float], stored: list[float], allowance: float, expected: Ends
) -> None:
    found = difference(values, stored, SAME, allowance)
    assert _ends(found) == pytest.approx(expected, abs=1e-6, nan_ok=True)
    assert found.trials == len(values)


@settings(deadline=None, derandomize=True)
@given(values=VALUES, stored=VALUES, error=st.floats(1e-7, 0.4))
def test_the_difference_agrees_with_scipy(
    values: list[float], stored: list[float], error: float
) -> None:
    for side in (values, stored):  # SciPy has no interval where what is not left out is equal
        out = len(side) // TRIMMED
        assume(sorted(side)[-1 - out] - sorted(side)[out] > 1e-3)
    test: Any = ttest_ind(values, stored, trim=1 / TRIMMED, equal_var=False)
    expected = test.confidence_interval(1 - 2 * error)
    found = difference(values, stored, Errors(error, error))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), 1e-6, 1e-9)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.1, 0.2]])
def test_a_value_that_is_not_finite_is_refused(wrong: float, values: list[float]) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        interval([*values, wrong], SAME)
    with pytest.raises(ValueError, match="not a finite number"):
        difference(EQUAL, [*values, wrong], SAME)


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


@pytest.mark.parametrize("limit", [0.03, 0.5])
def test_a_bound_that_is_only_reached_proves_nothing(limit: float) -> None:
    bound = math.log1p(limit)
    above, below = math.nextafter(bound, 9), math.nextafter(bound, 0)
    cases = [
        (above, 9.0, Verdict.REGRESSED),
        (bound, 9.0, None),
        (-9.0, bound, None),
        (-9.0, below, Verdict.STEADY),
        (-9.0, -bound, Verdict.STEADY),
        (-9.0, -above, Verdict.IMPROVED),
        (-math.inf, math.inf, None),
    ]
    for low, high, expected in cases:
        assert verdict(Interval(0.0, low, high, 8), limit) is expected


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
    plan = Plan(limit=0.03, rows=1, looks=looks, short=short)
    assert Plan.of(0.03, 0, trials, short) == plan
    assert Plan.of(0.03, 0, 13, 8) == Plan.of(0.03, 0, 13)  # no look is left for long ones


@pytest.mark.parametrize("rows, trials, error", [(1, 1, 0.3), (7, 42, ERROR), (1000, 300, 1e-6)])
def test_the_error_is_shared_among_rows_and_looks_below_and_among_looks_above(
    rows: int, trials: int, error: float
) -> None:
    plan = replace(Plan.of(0.03, rows, trials), error=error)
    low, high = zip(*(plan.errors(n) for n in range(1, len(plan.looks) + 1)), strict=True)
    assert rows * sum(low) == pytest.approx(error)
    assert error / 2 <= high[0] <= sum(high) <= error
    assert list(high) == sorted(high, reverse=True)
    assert ERROR == 0.01


@pytest.mark.parametrize(
    "now, then, found",
    [
        ({"passes": 3}, {"passes": 3}, []),
        ({"passes": 4}, {"passes": 3}, ["passes is 4, was 3"]),
        ({"passes": 2}, {"passes": 3}, []),
        ({"passes": 9}, {"other": 1}, []),
        ({"peak_bytes": 1030 + 2048}, {"peak_bytes": 1000}, []),
        ({"peak_bytes": 1031 + 2048}, {"peak_bytes": 1000}, ["peak_bytes is 3,079, was 1,000"]),
        ({"b": 2, "a": 2}, {"a": 1, "b": 1}, ["a is 2, was 1", "b is 2, was 1"]),
    ],
)
def test_exact_numbers_may_not_grow_and_memory_hardly(
    now: dict[str, int], then: dict[str, int], found: list[str]
) -> None:
    assert increases(now, then, 0.03) == found
