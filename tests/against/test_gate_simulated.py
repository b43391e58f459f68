"""Gates over rows whose noise is like that of a shared machine: never red, and never blind."""

from __future__ import annotations

import random
from typing import Any, Final

import pytest

from pytest_against.gate import SHORT_TRIALS
from pytest_against.model import Result
from pytest_against.stats import LOOKS
from tests.against.simulated import Machine, gated, held, own, side, stored, words

GATES: Final = 300
ROWS: Final = [f"test_it.py::test_it[{number}]" for number in range(8)]
SLOW: Final = ROWS[3]
CHECKED: Final = side(ROWS)


def _machine(seed: int, **more: Any) -> Machine:
    """Return one whose rows spread by 0.2 % to 2 %, and that is far off in 1 of 100 trials."""
    rng = random.Random(seed)
    spreads = {node: 10 ** rng.uniform(-2.7, -1.7) for node in ROWS}
    return Machine(spreads=spreads, wild=0.01, seed=seed, **more)


def _gate(seed: int, **more: Any) -> Result:
    return gated(CHECKED, CHECKED, own(ROWS), _machine(seed, **more))


def test_identical_code_is_never_red() -> None:
    found = [_gate(seed) for seed in range(GATES)]
    assert {result.exit_code for result in found} == {0}
    assert not any("regressed" in words(result).values() for result in found)


def test_a_slowdown_of_twice_the_limit_is_always_red_and_in_its_row_only() -> None:
    for seed in range(GATES // 6):
        found = _gate(seed, factors={SLOW: 1.06})
        assert found.exit_code == 1
        assert [n for n, word in words(found).items() if word == "regressed"] == [SLOW]


@pytest.mark.parametrize("factor, exit_code", [(1.0, 0), (1.06, 1)])
def test_short_trials_that_tell_nothing_are_no_burden_on_long_ones(
    factor: float, exit_code: int
) -> None:
    for seed in range(20):
        machine = Machine({SLOW: factor}, short=1000.0, seed=seed)
        found = gated(CHECKED, CHECKED, own(ROWS), machine)
        assert (found.exit_code, found.trials) == (exit_code, SHORT_TRIALS + LOOKS[exit_code])


@pytest.mark.parametrize("factor, exit_code", [(1.0, 0), (1.25, 1)])
def test_the_stored_lane_does_not_take_drift_for_a_slowdown(factor: float, exit_code: int) -> None:
    for seed in range(20):
        # The machine is slower today by what it drifted by between the two recordings.
        then = stored(ROWS, spread=0.005, drift=0.02)
        today = _machine(seed, at=0.52, factors={SLOW: factor})
        found = held(CHECKED, then, today)
        assert found.exit_code == exit_code
        assert [n for n, w in words(found).items() if w == "regressed"] == [SLOW] * exit_code
