"""What all rows together say of a variance counts as a few trials of each."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_against.stats import NO_PRIOR, Errors, Prior, difference, interval

SAME = Errors(0.025, 0.025)


def test_a_prior_counts_as_so_many_trials_of_its_variance() -> None:
    # t(3 + 2) leaves 0.025 above 2.570582; (5 + 2 * 4) / 5 is 2.6.
    margin = 2.5705818 * math.sqrt(2.6 / 4)
    found = interval([1, 2, 3, 4], SAME, Prior(2.0, 4.0))
    assert (found.low, found.high) == pytest.approx((2.5 - margin, 2.5 + margin), abs=1e-6)
    assert difference([1, 2, 3, 4], [0, 0], SAME, prior=Prior(2.0, 4.0)) == found
    lone = interval([0.7], SAME, Prior(2.0, 4.0))
    assert (lone.mean, lone.low, lone.high) == (0.7, -math.inf, math.inf)


@pytest.mark.parametrize(
    "rows",
    [[], [[0.0, 1.0]], [[0.0, 1.0], [0.0, 0.0], [0.5], []], [[0.0, 0.0], [0.1, 0.1, 0.1]]],
    ids=str,
)
def test_fewer_than_two_rows_with_a_spread_have_nothing_in_common(rows: list[list[float]]) -> None:
    assert Prior.of(rows) == NO_PRIOR


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.floats(-3, 3), max_size=12), max_size=8),
    st.floats(1e-6, 1e6),
    st.floats(-9, 9),
)
def test_a_prior_has_the_unit_of_the_rows_and_is_never_worth_more_than_20_trials(
    rows: list[list[float]], factor: float, shift: float
) -> None:
    assume(all(max(each) - min(each) > 1e-3 for each in rows if len(each) > 1))
    found = Prior.of(rows)
    assert 0 <= found.worth <= 20 * (1 + 1e-9)
    moved = Prior.of([[factor * value + shift for value in each] for each in rows])
    assume(factor > 1e-3)  # or the shift leaves no digits
    assert (moved.worth, moved.variance) == pytest.approx(
        (found.worth, factor**2 * found.variance), 1e-4
    )
