"""A row is decided when its trials prove something, and regressed when they do so twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gate import _controls
from benchmarks.judge import Policy, Verdict, decide, interval
from benchmarks.lab import LOOKS, Settings
from benchmarks.rows import Row
from benchmarks.series import SIGHTINGS, Series
from benchmarks.suite import default_rows

ROW: Final = default_rows()[0]
POLICY: Final = Policy(limit=0.03, rows=1, looks=(2, 4, 6))
SLOW: Final = [0.1, 0.1]
EQUAL: Final = [0.0, 0.0]
FAST: Final = [-0.1, -0.1]
WILD: Final = [-0.5, 0.5]


def _look(blocks: Sequence[list[float]]) -> Series:
    """Look after every block of trials until the row is decided."""
    series = Series(ROW)
    for values in blocks:
        for value in values:
            series.add(value, 1.0)
        series.look(POLICY)
        if series.verdict:
            break
    return series


def test_wrong_answer_decides_whatever_its_times_are() -> None:
    series = _look([EQUAL])
    series.diverge("digest is a, expected b")
    found = series.outcome()
    assert (found.verdict, found.why) == (Verdict.DIVERGED, "digest is a, expected b")
    assert (found.interval, found.row) == (None, ROW.name)


def test_a_row_that_was_never_timed_in_calm_is_inconclusive_and_says_so() -> None:
    series = Series(ROW, without_calm=12)
    series.look(POLICY)
    found = series.outcome()
    assert (found.verdict, found.interval) == (Verdict.INCONCLUSIVE, None)
    assert found.why.startswith("12 of 12 trials had no calm")


def test_what_is_proven_in_the_calm_trials_is_proven() -> None:
    series = Series(ROW, without_calm=9)
    for value in EQUAL:
        series.add(value, 1.0)
    series.look(POLICY)
    assert (series.outcome().verdict, series.outcome().why) == (Verdict.STEADY, "")


@pytest.mark.parametrize(
    "blocks, verdict, trials",
    [
        ([EQUAL], Verdict.STEADY, 2),
        ([FAST], Verdict.IMPROVED, 2),
        ([WILD], None, 2),
        ([WILD] * 9, None, 18),
        ([SLOW], None, 2),
        ([SLOW, SLOW], Verdict.REGRESSED, 4),
        ([WILD, SLOW, SLOW], None, 6),
        ([[0.025, 0.025], EQUAL], Verdict.STEADY, 2),
        ([[0.025, 0.035], [0.025, 0.02]], None, 4),
    ],
)
def test_row_is_decided_at_the_look_that_proves_it(
    blocks: list[list[float]], verdict: Verdict | None, trials: int
) -> None:
    series = _look(blocks)
    assert series.verdict is verdict
    assert series.interval == interval(series.values, POLICY.error)
    assert len(series.values) == trials


def test_regression_must_be_seen_at_two_looks_in_a_row() -> None:
    assert SIGHTINGS == 2
    series = _look([SLOW])
    assert (series.sightings, series.verdict) == (1, None)
    assert _look([SLOW, SLOW]).verdict is Verdict.REGRESSED


def test_sighting_that_is_not_confirmed_is_forgotten() -> None:
    series = _look([SLOW, WILD])
    assert (series.sightings, series.verdict) == (0, None)
    series.values[:] = SLOW
    series.look(POLICY)
    assert (series.sightings, series.verdict) == (1, None)
    series.look(POLICY)
    assert series.verdict is Verdict.REGRESSED


def test_sighting_that_is_refuted_leaves_no_regression() -> None:
    series = _look([SLOW])
    series.values[:] = [0.0] * 4
    series.look(POLICY)
    assert (series.sightings, series.verdict) == (0, Verdict.STEADY)


@settings(deadline=None, derandomize=True)
@given(values=st.lists(st.floats(-0.2, 0.2), max_size=8))
def test_first_of_several_looks_agrees_with_the_judge_but_never_says_regressed(
    values: list[float],
) -> None:
    series = _look([values])
    proven = decide(interval(values, POLICY.error), POLICY.limit)
    assert series.verdict is (None if proven is Verdict.REGRESSED else proven)


@settings(deadline=None, derandomize=True)
@given(values=st.lists(st.floats(-0.2, 0.2), max_size=8))
def test_only_look_agrees_with_the_judge(values: list[float]) -> None:
    policy = replace(POLICY, looks=(8,))
    series = Series(ROW, values=values)
    series.look(policy)
    assert series.verdict is decide(interval(values, policy.error), policy.limit)


def test_trial_adds_a_log_ratio_and_the_seconds_of_the_arm() -> None:
    series = Series(ROW)
    series.add(math.log(2), 0.5)
    assert series.values == [math.log(2)]
    assert series.seconds == pytest.approx([1.0])


@pytest.mark.parametrize(
    "trials, looks",
    [
        (2, (2,)),
        (11, (11,)),
        (12, (12,)),
        (13, (12, 13)),
        (18, (12, 18)),
        (50, (12, 18, 24, 32, 42, 50)),
        (96, (12, 18, 24, 32, 42, 56, 74, 96)),
        (90, (12, 18, 24, 32, 42, 56, 74, 90)),
    ],
)
def test_looks_end_at_the_most_trials(trials: int, looks: tuple[int, ...]) -> None:
    assert Settings(trials=trials).looks == looks


@settings(deadline=None, derandomize=True)
@given(trials=st.integers(2, 100))
def test_looks_ascend_and_only_the_last_is_not_planned(trials: int) -> None:
    looks = Settings(trials=trials).looks
    assert list(looks) == sorted(set(looks))
    assert set(looks[:-1]) <= set(LOOKS)


def _rows(*workloads: str) -> list[Row]:
    return [replace(ROW, method=f"m{i}", workload=name) for i, name in enumerate(workloads)]


@pytest.mark.parametrize(
    "workloads, chosen",
    [
        ([], []),
        (["a"], ["m0"]),
        (["a", "a", "a"], ["m0"]),
        (["a", "b", "a", "c", "b"], ["m0", "m1", "m3"]),
    ],
)
def test_first_row_of_each_workload_is_a_control(workloads: list[str], chosen: list[str]) -> None:
    assert [row.method for row in _controls(_rows(*workloads))] == chosen


def test_every_workload_of_the_suite_has_a_control() -> None:
    rows = default_rows()
    assert [row.workload for row in _controls(rows)] == list(
        dict.fromkeys(r.workload for r in rows)
    )


@pytest.mark.parametrize("stored", [(), (0.0, 0.1)])
@pytest.mark.parametrize("values", [[0.7], [0.7, 0.7]])
def test_row_at_which_no_look_was_taken_is_inconclusive_and_unbounded(
    values: list[float], stored: tuple[float, ...]
) -> None:
    series = Series(ROW, stored, values=values)
    found = series.outcome()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (-math.inf, math.inf)
    assert found.interval.trials == len(values)


def test_row_without_trials_is_inconclusive_and_has_no_interval() -> None:
    found = Series(ROW, (0.0, 0.1)).outcome()
    assert (found.verdict, found.interval) == (Verdict.INCONCLUSIVE, None)


def test_ratios_to_the_kernel_are_kept_of_the_trials_that_have_them() -> None:
    found = Series(ROW)
    found.add(0.1, 1e-6)
    found.add(0.1, 1e-6, 0.3)
    assert found.kernel == [0.3]
