"""An interval holds the true mean, and a row is what its interval proves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from pytest_against import stats
from pytest_against.model import Interval, Limits, Verdict
from pytest_against.sample import Sample
from pytest_against.stats import Errors, Plan, difference, drift, interval
from pytest_against.timing import Measured
from tests.against.simulated import A, row

VALUES: Final = st.lists(st.floats(-3, 3), min_size=2, max_size=40)
SAME: Final = Errors(0.025, 0.025)
EQUAL: Final = [0.0, 0.0]
ENDLESS: Final = (-math.inf, math.inf)

Ends = tuple[float, float, float]

INTERVALS: Final[list[tuple[list[float], Errors, Ends]]] = [
    # t(3) leaves 0.025 above 3.182446; the standard deviation of 1, 2, 3, 4 is 1.290994.
    ([1, 2, 3, 4], SAME, (2.5, 0.4457397, 4.5542603)),
    # t(1) leaves 0.025 above 12.706205, and 0.001 above 318.308839.
    ([0, 1], Errors(0.025, 0.001), (0.5, -5.8531024, 159.6544194)),
    ([0.3, 0.1, 0.2], Errors(0.5, 0.5), (0.2, 0.2, 0.2)),
    ([2, 2, 2], Errors(1e-6, 1e-6), (2, 2, 2)),
    # One in ten is left out at each end, and counts as its neighbour for the deviation:
    # 8 are left, t(7) leaves 0.025 above 2.364624, sqrt(66.5 / 56) is 1.089725.
    ([-90, 2, 3, 4, 5, 6, 7, 8, 9, 90], SAME, (5.5, 2.9232105, 8.0767895)),
    # With nine none is: t(8) leaves 0.025 above 2.306004, the deviation is 2.738613.
    ([1, 2, 3, 4, 5, 6, 7, 8, 9], SAME, (5, 2.8949159, 7.1050841)),
    ([0.7], SAME, (0.7, *ENDLESS)),
    ([], SAME, (math.nan, *ENDLESS)),
]
DIFFERENCES: Final[list[tuple[list[float], list[float], float, Ends]]] = [
    # v1 = v2 = 0.01, so that t has 2 degrees of freedom and leaves 0.025 above 4.302653.
    ([0.1, 0.3], [0, 0.2], 0.0, (0.1, -0.5084870, 0.7084870)),
    ([0.1, 0.3], [0, 0.2], 0.5, (0.1, -1.0084870, 1.2084870)),
    ([1, 1], [0.5, 0.5], 0.2, (0.5, 0.3, 0.7)),
    ([0.1, 0.1], [0, 1e-90], 0.0, (0.1, 0.1, 0.1)),  # its square is 0
    ([0.7], [0, 0], 0.1, (0.7, *ENDLESS)),
    ([0.7, 0.7], [0], 0.1, (0.7, *ENDLESS)),
    ([], [], 0.1, (math.nan, *ENDLESS)),
]


def _agrees(found: Interval, ends: Ends, values: list[float]) -> bool:
    same = (found.mean, found.low, found.high) == pytest.approx(ends, abs=1e-6, nan_ok=True)
    return same and found.trials == len(values)


@pytest.mark.parametrize("values, errors, ends", INTERVALS)
def test_the_interval_is_that_of_student(values: list[float], errors: Errors, ends: Ends) -> None:
    assert _agrees(interval(values, errors), ends, values)
    mirrored = interval([-value for value in values[::-1]], Errors(*errors[::-1]))
    assert _agrees(mirrored, (-ends[0], -ends[2], -ends[1]), values)


@pytest.mark.parametrize("values, stored, allowance, ends", DIFFERENCES)
def test_the_difference_is_that_of_yuen_and_the_allowance(
    values: list[float], stored: list[float], allowance: float, ends: Ends
) -> None:
    assert _agrees(difference(values, stored, SAME, allowance), ends, values)


@settings(deadline=None, derandomize=True)
@given(values=VALUES, stored=VALUES, error=st.floats(1e-7, 0.4))
def test_the_difference_agrees_with_scipy(
    values: list[float], stored: list[float], error: float
) -> None:
    for side in (values, stored):  # SciPy has no interval where what is not left out is equal
        out = len(side) // 10
        assume(sorted(side)[-1 - out] - sorted(side)[out] > 1e-3)
    test: Any = ttest_ind(values, stored, trim=0.1, equal_var=False)
    expected = test.confidence_interval(1 - 2 * error)
    found = difference(values, stored, Errors(error, error))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), 1e-6, 1e-9)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("others", [[], [0.0], [0.0, 0.1, 0.2]])
def test_a_value_that_is_not_finite_is_refused(wrong: float, others: list[float]) -> None:
    for side in ([*others, wrong], EQUAL):
        with pytest.raises(ValueError, match="not a finite number"):
            difference(side, [*others, wrong], SAME)


@pytest.mark.parametrize(
    "rows, expected",
    [
        # Means 0 and 1 have the variance 0.5, of which the trials explain (0.02 / 2 + 0) / 2.
        ([[[-0.1, 0.1], [1.0, 1.0]]], 2 * math.sqrt(0.5 - 0.005)),
        ([[EQUAL, [1.0, 1.0]], [EQUAL, EQUAL]], 2 * math.sqrt(0.25)),
        ([[EQUAL, [9.0], [1.0, 1.0]], [EQUAL], [EQUAL, [0.5]], []], 2 * math.sqrt(0.5)),
        ([[[-1.0, 1.0], [-0.9, 1.1]]], 0.0),
        ([[EQUAL, [1.0]], [[], [0.0, 1.0]]], 0.0),
        ([], 0.0),
    ],
)
def test_drift_is_twice_the_deviation_that_trials_do_not_explain(
    rows: Any, expected: float
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
        assert Interval(0.0, low, high, 8).proves(limit) is expected


@pytest.mark.parametrize(
    "trials, looks",
    [
        (2, (2,)),
        (4, (4,)),
        (7, (4, 6, 7)),
        (40, (4, 6, 8, 10, 14, 18, 24, 32, 40)),
        (200, (*stats.LOOKS, 200)),
    ],
)
def test_the_last_look_is_at_the_last_trial(trials: int, looks: tuple[int, ...]) -> None:
    assert Plan.of(Limits(trials=trials), 0) == Plan(limit=0.03, rows=1, looks=looks)


@pytest.mark.parametrize("rows, trials", [(1, 1), (7, 42), (1000, 300)])
def test_rows_and_looks_share_the_error_below_and_looks_that_above(rows: int, trials: int) -> None:
    plan = Plan.of(Limits(trials=trials), rows)
    low, high = zip(*(plan.errors(look + 1) for look in range(len(plan.looks))), strict=True)
    assert rows * sum(low) == pytest.approx(0.01)
    assert 0.005 <= high[0] <= sum(high) <= 0.01
    assert list(high) == sorted(high, reverse=True)


PLAN: Final = Plan(limit=0.03, rows=1, looks=(2, 4, 6))
SLOW: Final = [0.1, 0.1]
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
    assert _look([SLOW], replace(PLAN, looks=(2,))).verdict is Verdict.REGRESSED  # the only look
    sample = Sample(row(A))
    for look, (values, word) in enumerate(zip(seen, words, strict=True), 1):
        decided, before = sample.verdict, sample.interval
        sample.values = values
        sample.look(PLAN)
        assert sample.verdict is (Verdict(word) if word else None)
        assert sample.interval == (before if decided else interval(values, PLAN.errors(look)))


@pytest.mark.parametrize("now, word", [(0.1, "steady"), (0.3, "regressed"), (-0.3, "improved")])
def test_trials_are_held_against_those_of_earlier_with_the_allowance(now: float, word: str) -> None:
    found = _look([[now, now]] * 2, stored=SLOW, allowance=0.02).result()
    assert found.verdict.value == word
    assert found.interval is not None
    assert found.interval.high - found.interval.mean == pytest.approx(0.02)
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
def test_a_row_without_a_look_is_inconclusive(n: int, stored: Any, mean: float) -> None:
    found = Sample(row(A), stored, values=[0.7] * n, seconds=[1.0]).result()
    assert (found.verdict, found.now) == (Verdict.INCONCLUSIVE, 1.0)
    assert found.interval is not None
    assert _agrees(found.interval, (mean, *ENDLESS), [0.7] * n)


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
def test_what_is_undecided_says_why(timed: list[float], untimed: int, word: str, why: str) -> None:
    found = _look([timed], untimed=untimed).result()
    assert (found.verdict.value, found.why[: len(why) or None]) == (word, why)
    assert (found.interval is None) == (not timed)


@pytest.mark.parametrize(
    "values, settled",
    # t(7) leaves 0.01 / 3 above 3.80; a quarter of log 1.03 is 0.00739.
    [([], 0), ([0.7], 0), ([0.7, 0.7], 1), ([0.7, 0.7095] * 4, 1), ([0.7, 0.7105] * 4, 0)],
)
def test_a_mean_is_settled_to_a_quarter_of_the_limit(values: list[float], settled: int) -> None:
    sample = Sample(row(A), values=values)
    sample.settle(PLAN)
    assert sample.verdict is (Verdict.STEADY if settled else None)
