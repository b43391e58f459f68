"""Nothing to judge is never green, though it passes in the stock gate, and noise is never red."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn

import pytest

from pytest_against.checks import Check
from pytest_against.model import CannotJudgeError, Result
from tests.against.simulated import (
    FAILED,
    NO_CALL,
    NODES,
    PASSED,
    SKIPPED,
    A,
    B,
    Machine,
    gated,
    held,
    own,
    side,
    stored,
    words,
)

Lane = Callable[..., Result]


LANES: Final[dict[str, Lane]] = {
    "base": lambda now, then, **more: gated(side(now), side(then), own(then), **more),
    "stored": lambda now, then, **more: held(side(now), stored(then), **more),
}
every_lane = pytest.mark.parametrize("lane", LANES.values(), ids=LANES)

TWO: Final = {A: PASSED, B: PASSED}
OTHER: Final = replace(PASSED, inputs="another")
CASES: Final[dict[str, tuple[dict[str, Check], Sequence[str], set[str]]]] = {
    # name: what there is now, what there was, verdicts of what is not steady
    "a row is new": (TWO, [A], {"new", "missing"}),
    "a row vanished": ({A: PASSED}, [A, B], {"vanished"}),
    "a row is skipped": ({A: PASSED, B: SKIPPED}, [A, B], {"vanished"}),
    "the fixture is switched off": ({A: NO_CALL, B: NO_CALL}, [A, B], {"vanished"}),
    "a row calls no more": ({A: PASSED, B: NO_CALL}, [A, B], {"vanished"}),
    "everything was renamed": (TWO, NODES[2:4], {"new", "missing", "vanished"}),
    "the baseline is empty": (TWO, [], {"new", "missing"}),
    "all is deselected": ({}, [A, B], {"vanished"}),
    "a workload changed": ({**TWO, B: OTHER}, [A, B], {"missing", "not judged"}),
}


@every_lane
@pytest.mark.parametrize("now, then, verdicts", CASES.values(), ids=CASES)
def test_what_has_nothing_to_be_compared_with_cannot_be_judged(
    now: dict[str, Check], then: Sequence[str], verdicts: set[str], lane: Lane
) -> None:
    found = lane(now, then)
    assert (found.exit_code, found.verdict.value in verdicts) == (2, True)
    assert set(words(found).values()) <= verdicts | {"steady"}
    assert set(words(found)) == {*now, *then}


@every_lane
def test_a_run_without_anything_to_time_is_refused(lane: Lane) -> None:
    for now in ({}, {A: NO_CALL}, {A: SKIPPED, B: SKIPPED}):
        with pytest.raises(CannotJudgeError, match="none of the tests has a call to time"):
            lane(now, [])


@every_lane
def test_a_wrong_answer_has_diverged_before_it_is_timed_or_then(lane: Lane) -> None:
    found = lane({A: PASSED, B: FAILED}, [A, B])
    assert (found.exit_code, found.trials, words(found)) == (1, 0, {B: "diverged"})
    for fails in (0, 3):
        found = lane(TWO, [A, B], fails={B: fails})
        assert (found.exit_code, words(found)[B]) == (1, "diverged")


@every_lane
def test_rows_that_no_trial_could_time_are_not_green(lane: Lane) -> None:
    found = lane(TWO, [A, B], absent={B: range(999)})
    assert found.exit_code in {2, 3}
    assert words(found)[B] in {"not judged", "inconclusive"}


@every_lane
def test_times_that_are_no_numbers_prove_nothing(lane: Lane) -> None:
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="not a finite number"):
            lane(TWO, [A, B], machine=Machine(at=value))


@every_lane
def test_a_trial_that_is_killed_ends_the_gate(lane: Lane) -> None:
    class Killed(Machine):
        def __call__(self, *_: object, **__: object) -> NoReturn:
            raise CannotJudgeError("the run of the head was killed by signal 9")

    with pytest.raises(CannotJudgeError, match="killed by signal 9"):
        lane(TWO, [A, B], machine=Killed())


ROWS: Final = [f"test_it.py::test_it[{number}]" for number in range(8)]
SLOW: Final = ROWS[3]


def _shared(seed: int, **more: Any) -> Machine:
    """Return one whose rows spread by 0.2 % to 2 %, and that is far off in 1 of 100 trials."""
    rng = random.Random(seed)
    spreads = {node: 10 ** rng.uniform(-2.7, -1.7) for node in ROWS}
    return Machine(spreads=spreads, wild=0.01, seed=seed, **more)


def _regressed(found: Result) -> list[str]:
    return [node for node, word in words(found).items() if word == "regressed"]


@pytest.mark.parametrize("code, factor, gates", [(0, 1.0, 300), (1, 1.06, 50)])
def test_identical_code_is_never_red_and_twice_the_limit_is_always_in_its_row_only(
    code: int, factor: float, gates: int
) -> None:
    for seed in range(gates):
        found = gated(side(ROWS), side(ROWS), machine=_shared(seed, factors={SLOW: factor}))
        assert (found.exit_code, _regressed(found)) == (code, [SLOW] * code)


@pytest.mark.parametrize("code, factor", [(0, 1.0), (1, 1.25)])
def test_the_stored_lane_does_not_take_drift_for_a_slowdown(code: int, factor: float) -> None:
    for seed in range(20):
        # The machine is slower today by what it drifted by between the two recordings.
        today = _shared(seed, at=0.52, factors={SLOW: factor})
        found = held(side(ROWS), stored(ROWS, spread=0.005, drift=0.02), today)
        assert (found.exit_code, _regressed(found)) == (code, [SLOW] * code)
