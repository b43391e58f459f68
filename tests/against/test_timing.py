"""Sides share the noise of their rounds; the clock is a made-up one, and so are its times."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import timing
from pytest_against.timing import (
    BATCH,
    ENOUGH_ROUNDS,
    FAR,
    FEWEST_ROUNDS,
    MOST_CALLS,
    WARM,
    Measured,
    Side,
    faster_half,
    paired,
    standard_error,
)

LAW: Final = settings(deadline=None, derandomize=True, max_examples=40)
TICK: Final = 2.0**-10
"""Seconds of a call, with which a batch is one call; a power of two, so that sums are exact."""

Law = Callable[[int], float]
"""Seconds of a call, by the number of the run; the first one, of number 0, is to calibrate."""


@dataclass(frozen=True)
class Run:
    name: str
    calls: int
    warm: int
    seed: int


@dataclass
class Fake:
    """A side whose calls take as long as its law says."""

    clock: Clock
    name: str
    law: Law
    count: int = 0

    def run(self, calls: int, warm: int, seed: int) -> float:
        each = self.law(self.count)
        self.count += 1
        self.clock.runs.append(Run(self.name, calls, warm, seed))
        self.clock.now += each * (calls + warm)
        return each * calls


@dataclass
class Clock:
    """Time passes only within the calls of a side."""

    now: float = 0.0
    runs: list[Run] = field(default_factory=list)

    def paired(
        self, *laws: Law | float, seconds: float = 1.0, precision: float = -1.0, seed: int = 0
    ) -> list[Measured]:
        """Compare sides named a, b, c...; a precision below 0 is never reached."""
        sides: list[Side] = [
            Fake(self, name, law if callable(law) else _always(law))
            for name, law in zip("abcd", laws, strict=False)
        ]
        rng = random.Random(seed)
        return paired(*sides, seconds=seconds, precision=precision, rng=rng)

    def rounds(self, sides: int, number: int) -> list[list[Run]]:
        """Return the runs of so many rounds, without those to calibrate."""
        size = 2 * sides
        timed = self.runs[len(self.runs) - size * number :]
        return [timed[i : i + size] for i in range(0, len(timed), size)]


def _always(seconds: float) -> Law:
    return lambda _: seconds


@pytest.fixture
def clock() -> Iterator[Clock]:
    with pytest.MonkeyPatch.context() as patch:
        found = Clock()
        patch.setattr(timing, "perf_counter", lambda: found.now)
        yield found


def test_a_side_that_takes_twice_as_long_is_log_2(clock: Clock) -> None:
    twice, same = clock.paired(3 * TICK, 6 * TICK, 3 * TICK)
    assert (twice.log_ratio, same.log_ratio) == (math.log(2), 0.0)
    assert twice.seconds == same.seconds == 3 * TICK
    assert twice.rounds == same.rounds


@LAW
@given(ticks=st.lists(st.floats(1e-8, 0.1), min_size=2, max_size=4))
def test_the_log_ratio_is_that_of_single_calls(ticks: list[float]) -> None:
    found = Clock().paired(*ticks, seconds=0.0)
    expected = [math.log(tick / ticks[0]) for tick in ticks[1:]]
    assert [each.log_ratio for each in found] == pytest.approx(expected, abs=1e-9)
    assert [each.seconds for each in found] == pytest.approx([ticks[0]] * len(found))


def test_every_round_is_a_palindrome_in_which_each_side_runs_twice(clock: Clock) -> None:
    number = clock.paired(TICK, 2 * TICK, 3 * TICK, seconds=2.0)[0].rounds
    found = [[run.name for run in each] for each in clock.rounds(3, number)]
    for names in found:
        assert names == names[::-1]
        assert sorted(names) == ["a", "a", "b", "b", "c", "c"]
    assert len({tuple(names) for names in found}) == 6


def test_places_are_drawn_for_each_trial_and_are_the_same_on_both_sides(clock: Clock) -> None:
    for seed in range(2):
        clock.paired(TICK, TICK, seconds=0.0, seed=seed)
    found = list(dict.fromkeys(run.seed for run in clock.runs))
    assert [run.seed for run in clock.runs] == sorted(
        (run.seed for run in clock.runs), key=found.index
    )
    assert len(found) == 2


def test_the_generator_fixes_orders_and_places() -> None:
    clocks = [Clock() for _ in range(3)]
    for clock, seed in zip(clocks, (1, 1, 2), strict=True):
        clock.paired(TICK, TICK, TICK, seconds=0.0, seed=seed)
    first, again, other = (clock.runs for clock in clocks)
    assert first == again != other


@pytest.mark.parametrize(
    "seconds, calls",
    [(TICK, 1), (BATCH, 1), (BATCH / 2, 2), (BATCH / 10.5, 11), (1e-9, MOST_CALLS)],
)
def test_a_batch_takes_as_long_as_handing_over_is_worth(
    clock: Clock, seconds: float, calls: int
) -> None:
    clock.paired(seconds, 10 * seconds, seconds=0.0)
    assert {run.calls for run in clock.runs[4 if calls > 1 else 0 :]} == {calls}


def test_a_batch_does_not_grow_once_it_takes_long_to_prepare(clock: Clock) -> None:
    def prepared(_: int) -> float:
        clock.now += 0.02
        return 1e-6

    clock.paired(prepared, 1e-6, seconds=0.0)
    assert {run.calls for run in clock.runs} == {1}


def test_a_batch_grows_until_it_is_long_enough(clock: Clock) -> None:
    # The first call of a process is often slow; here as slow as twenty.
    clock.paired(lambda run: 2e-5 if run == 0 else 1.1e-6, 1e-3, seconds=0.0)
    sizes = list(dict.fromkeys(run.calls for run in clock.runs if run.name == "a"))
    assert sizes == [1, 3, 46]


@pytest.mark.parametrize(
    "seconds, warm",
    [((1e-6, 1e-6), WARM), ((1e-6, 2e-4), WARM), ((4e-4, 1e-6), 1), ((1e-6, 6e-4), 0)],
)
def test_calls_are_warmed_up_after_each_change_of_hands_unless_they_are_long(
    clock: Clock, seconds: tuple[float, float], warm: int
) -> None:
    number = clock.paired(*seconds, seconds=0.0)[0].rounds
    assert {run.warm for each in clock.rounds(2, number) for run in each} == {warm}
    assert {run.warm for run in clock.runs[: -4 * number]} == {WARM}


@pytest.mark.parametrize("seconds", [0.01, 1.0, 4.0])
def test_rounds_end_with_the_time_asked_for(clock: Clock, seconds: float) -> None:
    found = clock.paired(TICK, TICK, seconds=seconds)[0].rounds
    expected = (seconds - 2 * (1 + WARM) * TICK) / (4 * TICK)  # once each to calibrate
    assert found == max(FEWEST_ROUNDS, math.ceil(expected))


def test_rounds_end_when_the_ratio_is_known_but_a_few_are_not_believed(clock: Clock) -> None:
    assert (FEWEST_ROUNDS, ENOUGH_ROUNDS) == (3, 6)
    assert clock.paired(TICK, TICK, precision=0.0, seconds=9.0)[0].rounds == ENOUGH_ROUNDS


@pytest.mark.parametrize("victim", [1, 2])
def test_rounds_go_on_while_one_side_is_not_known(clock: Clock, victim: int) -> None:
    def wobble(run: int) -> float:
        return TICK * (1 + (run - 1) // 2 % 3 / 10)

    laws = [wobble if side == victim else _always(TICK) for side in range(3)]
    found = clock.paired(*laws, seconds=100.0, precision=0.01)
    assert found[0].rounds > 5 * ENOUGH_ROUNDS
    assert clock.now < 100.0


@pytest.mark.parametrize("factor, rounds", [(0.11, 6), (0.09, 3), (9.9, 6), (10.1, 3)])
def test_a_far_side_needs_few_rounds(clock: Clock, factor: float, rounds: int) -> None:
    assert math.exp(FAR) == pytest.approx(10)
    found = clock.paired(TICK, factor * TICK, precision=0.0, seconds=9.0)
    assert found[0].rounds == rounds
    assert found[0].log_ratio == pytest.approx(math.log(factor))


@pytest.mark.parametrize(
    "slow",
    [
        {3, 4, 9, 10},  # both runs of some rounds
        set(range(1, 500, 2)),  # the first run of every round
        set(range(2, 500, 2)),
    ],
    ids=["some rounds", "first runs", "second runs"],
)
@pytest.mark.parametrize("victim", [0, 1])
def test_a_burst_does_not_move_the_ratio(clock: Clock, victim: int, slow: set[int]) -> None:
    laws = [
        (lambda run: TICK * (50 if run in slow else 1)) if side == victim else _always(TICK)
        for side in (0, 1)
    ]
    (found,) = clock.paired(*laws, seconds=9.0)
    assert (found.log_ratio, found.seconds) == (0.0, TICK)


def test_noise_that_sides_share_cancels(clock: Clock) -> None:
    def shared(run: int) -> float:
        return TICK * 2.0 ** ((run - 1) // 2 % 5)

    (found,) = clock.paired(shared, lambda run: 1.5 * shared(run), precision=1e-9)
    assert found.log_ratio == pytest.approx(math.log(1.5))
    assert found.rounds == ENOUGH_ROUNDS


@pytest.mark.parametrize("wrong", [0.0, -0.5, math.nan, math.inf])
@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("at", [0, 1, 4])
def test_an_impossible_clock_is_refused(clock: Clock, victim: int, wrong: float, at: int) -> None:
    laws = [
        (lambda run: wrong if run >= at else TICK) if side == victim else _always(TICK)
        for side in (0, 1)
    ]
    with pytest.raises(ValueError, match=r"the clock measured \S+ s for a call"):
        clock.paired(*laws)


def test_a_call_may_end_before_the_clock_moves(clock: Clock) -> None:
    (found,) = clock.paired(lambda run: 0.0 if run == 0 else 1e-6, 1e-6, seconds=0.0)
    assert found.log_ratio == 0.0
    assert clock.runs[-1].calls == pytest.approx(500, abs=1)


@pytest.mark.parametrize("n", [6, 25, 400])
def test_the_standard_error_of_a_median_is_that_of_many_medians(n: int) -> None:
    samples = np.random.default_rng(n).normal(3.0, 0.1, (2000, n))
    typical = float(np.median([standard_error(sample.tolist()) for sample in samples]))
    assert typical == pytest.approx(np.median(samples, axis=1).std(), rel=0.25)


@pytest.mark.parametrize(
    "seconds, expected",
    [
        ([3.0], 3.0),
        ([1.0, 9.0], 1.0),
        ([9.0, 1.0, 4.0], 2.0),
        ([6.0, 1.0, 8.0, 7.0, 27.0], (1.0 * 6.0 * 7.0) ** (1 / 3)),
    ],
)
def test_the_faster_half_is_the_one_with_the_odd_one(
    seconds: Sequence[float], expected: float
) -> None:
    assert faster_half(seconds) == pytest.approx(expected)


@LAW
@given(
    fast=st.lists(st.floats(1e-9, 1e3), min_size=1),
    slow=st.lists(st.floats(1e3, 1e9)),
    factor=st.floats(1e-3, 1e3),
)
def test_slow_calls_do_not_count_as_long_as_they_are_few(
    fast: list[float], slow: list[float], factor: float
) -> None:
    assert faster_half(fast + slow[: len(fast) - 1]) <= max(fast) * (1 + 1e-9)
    scaled = faster_half([value * factor for value in fast])
    assert scaled == pytest.approx(faster_half(fast) * factor)
