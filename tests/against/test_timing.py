"""Sides share the noise of their rounds; the clock is a made-up one, and so are its times."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import timing
from pytest_against.timing import (
    BATCH,
    BATCHES,
    ENOUGH_ROUNDS,
    FAR,
    FEWEST_ROUNDS,
    MOST_CALLS,
    PLACE,
    Measured,
    Side,
    fastest,
    paired,
    standard_error,
)

LAW: Final = settings(deadline=None, derandomize=True, max_examples=40)
TICK: Final = 2.0**-10
"""Seconds of a call, with which a batch is one call, and a run one batch; a power of two, so that
sums are exact."""
SHORT: Final = 2.0**-15
"""The same, with which a run has as many batches as one can have."""
FIRST: Final = 3
"""Batches of a run to calibrate."""

Law = Callable[[int], float]
"""Seconds of a call, by the number of the batch; below 0 in the first run, which calibrates."""


@dataclass(frozen=True)
class Run:
    name: str
    calls: int
    batches: int
    seed: int


@dataclass
class Fake:
    """A side whose calls take as long as its law says."""

    clock: Clock
    name: str
    law: Law
    count: int = -FIRST

    def run(self, calls: int, batches: int, seed: int) -> list[float]:
        self.clock.runs.append(Run(self.name, calls, batches, seed))
        found = [calls * self.law(self.count + i) for i in range(batches)]
        self.count += batches
        self.clock.now += sum(found)
        return found


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
    assert (twice.log_ratio, same.log_ratio) == pytest.approx((math.log(2), 0.0))
    assert twice.seconds == same.seconds == pytest.approx(3 * TICK)
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


def test_all_sides_stay_in_a_place_for_some_rounds(clock: Clock) -> None:
    number = clock.paired(TICK, TICK, TICK, seconds=0.1)[0].rounds
    found = [{run.seed for run in each} for each in clock.rounds(3, number)]
    places = [set[int]().union(*found[i : i + PLACE]) for i in range(0, number, PLACE)]
    assert [len(each) for each in places] == [1] * len(places)
    assert len(set().union(*places)) == len(places) > 2
    assert {run.seed for run in clock.runs[:3]} == places[0]


def test_the_generator_fixes_orders_and_places() -> None:
    clocks = [Clock() for _ in range(3)]
    for clock, seed in zip(clocks, (1, 1, 2), strict=True):
        clock.paired(TICK, TICK, TICK, seconds=0.0, seed=seed)
    first, again, other = (clock.runs for clock in clocks)
    assert first == again
    assert {run.seed for run in first}.isdisjoint(run.seed for run in other)


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


@pytest.mark.parametrize("slow, sizes", [({-3}, [1, 10]), ({-3, -2, -1}, [1, 2, 10])])
def test_a_batch_grows_until_its_fastest_is_long_enough(
    clock: Clock, slow: Container[int], sizes: list[int]
) -> None:
    clock.paired(lambda batch: 6e-6 if batch in slow else 1.1e-6, 1e-3, seconds=0.0)
    assert list(dict.fromkeys(run.calls for run in clock.runs if run.name == "a")) == sizes


@pytest.mark.parametrize(
    "seconds, batches",
    [
        ((1e-6, 1e-6), BATCHES),
        ((1e-6, 1.5e-5), 4),  # ten calls take 150 us: the fourth batch is the first after 500 us
        ((2e-5, 3e-4), 2),
        ((4e-4, 1e-6), 1),  # as do those of the first side, if ten of the other are one batch
        ((6e-4, 6e-4), 1),
    ],
)
def test_no_batch_of_a_run_begins_after_half_a_millisecond(
    clock: Clock, seconds: tuple[float, float], batches: int
) -> None:
    number = clock.paired(*seconds, seconds=0.0)[0].rounds
    assert {run.batches for each in clock.rounds(2, number) for run in each} == {batches}
    assert {run.batches for run in clock.runs[: -4 * number]} == {FIRST}


@pytest.mark.parametrize("preparing, batches", [(0.0, BATCHES), (0.003, 7), (1.0, 1)])
def test_a_run_whose_batches_are_costly_to_prepare_has_fewer(
    clock: Clock, preparing: float, batches: int
) -> None:
    def prepared(_: int) -> float:
        clock.now += preparing
        return BATCH

    number = clock.paired(prepared, BATCH, seconds=0.0)[0].rounds
    assert {run.batches for each in clock.rounds(2, number) for run in each} == {batches}


@pytest.mark.parametrize("seconds", [0.01, 1.0, 4.0])
def test_rounds_end_with_the_time_asked_for(clock: Clock, seconds: float) -> None:
    found = clock.paired(TICK, TICK, seconds=seconds)[0].rounds
    expected = (seconds - 2 * FIRST * TICK) / (4 * TICK)  # without what calibrates
    assert found == max(FEWEST_ROUNDS, math.ceil(expected))


def test_rounds_end_when_the_ratio_is_known_but_a_few_are_not_believed(clock: Clock) -> None:
    assert (FEWEST_ROUNDS, ENOUGH_ROUNDS) == (3, 6)
    assert clock.paired(TICK, TICK, precision=0.0, seconds=9.0)[0].rounds == ENOUGH_ROUNDS


@pytest.mark.parametrize("victim", [1, 2])
def test_rounds_go_on_while_one_side_is_not_known(clock: Clock, victim: int) -> None:
    def wobble(batch: int) -> float:
        return TICK * (1 + batch // 2 % 3 / 10)

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
    [{2, 3, 8, 9}, range(0, 500, 2), range(1, 500, 2)],
    ids=["some rounds", "first runs", "second runs"],
)
@pytest.mark.parametrize("victim", [0, 1])
def test_a_burst_does_not_move_the_ratio(clock: Clock, victim: int, slow: Container[int]) -> None:
    laws: list[Law | float] = [TICK, TICK]
    laws[victim] = lambda batch: TICK * (50 if batch in slow else 1)
    (found,) = clock.paired(*laws, seconds=2.0)
    assert (found.log_ratio, found.seconds) == pytest.approx((0.0, TICK))


@pytest.mark.parametrize("slow, log_ratio", [(16, 0.0), (17, math.log(50) / 8)])
def test_the_fastest_third_of_the_batches_of_a_round_counts(
    clock: Clock, slow: int, log_ratio: float
) -> None:
    def scattered(batch: int) -> float:  # over both runs of a round
        return SHORT * (50 if batch >= 0 and 7 * batch % (2 * BATCHES) < slow else 1)

    assert 2 * BATCHES == 3 * 8
    (found,) = clock.paired(SHORT, scattered, seconds=0.5)
    assert found.log_ratio == pytest.approx(log_ratio)


def test_noise_that_sides_share_cancels(clock: Clock) -> None:
    def shared(batch: int) -> float:
        return TICK * 2.0 ** (batch // 2 % 5)

    (found,) = clock.paired(shared, lambda batch: 1.5 * shared(batch), precision=1e-9)
    assert found.log_ratio == pytest.approx(math.log(1.5))
    assert found.rounds == ENOUGH_ROUNDS


@pytest.mark.parametrize("wrong", [0.0, -0.5, math.nan, math.inf])
@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("at", [range(-FIRST, 99), {0}, {7}], ids=["first", "a batch", "another"])
def test_an_impossible_clock_is_refused(
    clock: Clock, victim: int, wrong: float, at: Container[int]
) -> None:
    laws: list[Law | float] = [SHORT, SHORT]
    laws[victim] = lambda batch: wrong if batch in at else SHORT
    with pytest.raises(ValueError, match=r"the clock measured \S+ s for a call"):
        clock.paired(*laws)


def test_a_call_may_end_before_the_clock_moves(clock: Clock) -> None:
    (found,) = clock.paired(lambda batch: 0.0 if batch < 0 else 1e-6, 1e-6, seconds=0.0)
    assert found.log_ratio == 0.0
    assert clock.runs[-1].calls == pytest.approx(BATCH / 1e-7, abs=1)  # what a tick is at most


@pytest.mark.parametrize("n", [6, 25, 400])
def test_the_standard_error_of_a_median_is_that_of_many_medians(n: int) -> None:
    samples = np.random.default_rng(n).normal(3.0, 0.1, (2000, n))
    typical = float(np.median([standard_error(sample.tolist()) for sample in samples]))
    assert typical == pytest.approx(np.median(samples, axis=1).std(), rel=0.25)


@pytest.mark.parametrize(
    "seconds, one_in, expected",
    [
        ([3.0], 3, 3.0),
        ([1.0, 9.0], 2, 1.0),
        ([9.0, 1.0, 4.0], 1, 36.0 ** (1 / 3)),
        ([9.0, 1.0, 4.0], 2, 2.0),
        ([9.0, 1.0, 4.0], 3, 1.0),
        ([6.0, 1.0, 8.0, 7.0, 27.0], 2, 42.0 ** (1 / 3)),
        ([6.0, 1.0, 8.0, 7.0, 27.0], 3, 6.0**0.5),
    ],
)
def test_the_fastest_of_some_times_are_those_with_the_odd_one(
    seconds: Sequence[float], one_in: int, expected: float
) -> None:
    assert fastest(seconds, one_in) == pytest.approx(expected)


@LAW
@given(
    fast=st.lists(st.floats(1e-9, 1e3), min_size=1),
    slow=st.lists(st.floats(1e3, 1e9)),
    one_in=st.integers(1, 4),
    factor=st.floats(1e-3, 1e3),
)
def test_slow_calls_do_not_count_as_long_as_they_are_few(
    fast: list[float], slow: list[float], one_in: int, factor: float
) -> None:
    few = slow[: (one_in - 1) * len(fast)]
    assert fastest(fast + few, one_in) <= max(fast) * (1 + 1e-9)
    scaled = fastest([value * factor for value in fast], one_in)
    assert scaled == pytest.approx(fastest(fast, one_in) * factor)
