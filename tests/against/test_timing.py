"""Times are taken side by side or alone; the clock is a made-up one, and so are its times."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import timing
from pytest_against.timing import BATCH, BATCHES, MOST_CALLS, PLACE, Measured, Side

LONG: Final = 2.0**-9
"""Seconds of a call with which a batch is one call, and a run one batch; sums are exact."""
SHORT: Final = 2.0**-15
"""The same, with which a run has as many batches as one can have."""
FIRST: Final = 3
"""Batches of a run to calibrate."""

Law = Callable[[int], float] | float
"""Seconds of a call, by the number of the batch; below 0 in the first run, which calibrates."""


class Run(NamedTuple):
    name: str
    calls: int
    batches: int
    seed: int


@dataclass
class Fake:
    """A side whose calls take as long as its law says."""

    world: World
    name: str
    law: Law
    count: int = -FIRST

    def run(self, calls: int, batches: int, seed: int) -> list[float]:
        self.world.runs.append(Run(self.name, calls, batches, seed))
        numbers = range(self.count, self.count + batches)
        found = [calls * self.law(n) if callable(self.law) else calls * self.law for n in numbers]
        self.count += batches
        self.world.now += sum(found) + batches * self.world.cost
        return found


@dataclass
class World:
    """Time passes only within the calls of a side, and in what prepares a batch of them."""

    now: float = 0.0
    cost: float = 0.0
    runs: list[Run] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)

    def paired(self, *laws: Law, seed: int = 0, **how: float) -> list[Measured]:
        """Compare sides named a, b, c...; a precision below 0 is never reached."""
        sides: list[Side] = [Fake(self, name, law) for name, law in zip("abcd", laws, strict=False)]
        asked: Any = {"seconds": 0.0, "precision": -1.0, **how}
        return timing.paired(*sides, rng=random.Random(seed), **asked)

    def rounds(self) -> list[list[Run]]:
        """Return the runs of each round of three sides of which a batch is one call."""
        timed = self.runs[3:]
        return [timed[i : i + 5] for i in range(0, len(timed), 5)]

    def absolute(self, law: Law, calm: str = "+", kept: str = "+") -> list[float]:
        """Time a call alone; each sign tells of a moment or a batch, and the last of all others."""

        def look(seconds: float) -> bool:
            self.looks.append(seconds)
            return next(cores)

        calms, cores = ((s == "+" for s in chain(x, repeat(x[-1]))) for x in (calm, kept))
        clock: Any = SimpleNamespace(calm=lambda: next(calms))
        core: Any = SimpleNamespace(kept=look)
        return timing.absolute(Fake(self, "a", law), clock, lambda: core, 0.01, random.Random(1))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    monkeypatch.setattr(timing, "perf_counter", lambda: found.now)
    return found


@settings(derandomize=True, max_examples=40)
@given(ticks=st.lists(st.floats(1e-8, 0.1), min_size=2, max_size=4))
def test_the_log_ratio_is_that_of_single_calls(ticks: list[float]) -> None:
    found = World().paired(*ticks)
    expected = [math.log(tick / ticks[0]) for tick in ticks[1:]]
    assert [each.log_ratio for each in found] == pytest.approx(expected, abs=1e-9)
    assert [each.seconds for each in found] == pytest.approx([ticks[0]] * len(found))


def test_every_round_is_a_palindrome_in_which_each_side_runs_twice(world: World) -> None:
    world.paired(LONG, LONG, LONG, seconds=2.0)
    found = {"".join(run.batches * run.name for run in each) for each in world.rounds()}
    assert found == {"abccba", "acbbca", "baccab", "bcaacb", "cabbac", "cbaabc"}


def test_all_sides_stay_in_a_place_for_some_rounds(world: World) -> None:
    world.paired(LONG, LONG, LONG, seconds=0.2)
    seeds = [run.seed for run in world.runs]
    places = list(dict.fromkeys(seeds))
    each = [seed for seed in places for _ in range(5 * PLACE)]
    assert seeds == [*seeds[:3], *each][: len(seeds)]
    assert len(places) == math.ceil(len(world.rounds()) / PLACE) > 2


def test_the_generator_fixes_orders_and_places(world: World) -> None:
    for seed in (1, 1, 2):
        world.paired(LONG, LONG, LONG, seed=seed)
    first, again, other = (world.runs[i : i + 18] for i in (0, 18, 36))
    assert first == again
    assert {run.seed for run in first}.isdisjoint(run.seed for run in other)


@pytest.mark.parametrize(
    "law, cost, sizes",
    [
        (LONG, 0.0, [1]),
        (BATCH, 0.0, [1]),
        (BATCH / 2, 0.0, [1, 2]),
        (BATCH / 10.5, 0.0, [1, 11]),
        (1e-9, 0.0, [1, MOST_CALLS]),
        (lambda batch: 6e-6 if batch == -3 else 1.1e-6, 0.0, [1, 10]),
        (lambda batch: 6e-6 if batch < 0 else 1.1e-6, 0.0, [1, 2, 10]),
        (BATCH / 2, 0.02, [1]),
    ],
)
def test_a_batch_grows_until_its_fastest_is_long_enough_or_it_is_costly(
    world: World, law: Law, cost: float, sizes: list[int]
) -> None:
    world.cost = cost
    world.paired(law, law)
    assert list(dict.fromkeys(run.calls for run in world.runs)) == sizes


@pytest.mark.parametrize(
    "seconds, cost, batches",
    [
        ((1e-6, 1e-6), 0.0, BATCHES),
        ((1e-6, 6e-6), 0.0, 3),  # ten calls take 60 us: the third is the last before 150 us
        ((2e-5, 1e-4), 0.0, 2),
        ((4e-4, 1e-6), 0.0, 1),  # as do those of the first side, if ten of the other are one batch
        ((6e-4, 6e-4), 0.0, 1),
        ((BATCH, BATCH), 0.0015, 7),
        ((BATCH, BATCH), 1.0, 1),
    ],
)
def test_a_run_has_as_many_batches_as_begin_in_150_microseconds_or_twelve_in_all(
    world: World, seconds: tuple[float, float], cost: float, batches: int
) -> None:
    world.cost = cost
    number = world.paired(*seconds)[0].rounds
    assert {run.batches for run in world.runs[-3 * number :]} == {batches, 2 * batches}
    assert {run.batches for run in world.runs[: -3 * number]} == {FIRST}


@pytest.mark.parametrize("seconds, rounds", [(0.01, 3), (1.0, 127), (4.0, 511)])
def test_rounds_end_with_the_time_asked_for(world: World, seconds: float, rounds: int) -> None:
    # A round is four calls, and six calibrate, so that they are one and a half.
    assert world.paired(LONG, LONG, seconds=seconds)[0].rounds == rounds


@pytest.mark.parametrize("factor, rounds", [(1, 6), (0.11, 6), (0.09, 3), (9.9, 6), (10.1, 3)])
def test_a_far_ratio_needs_few_rounds(world: World, factor: float, rounds: int) -> None:
    (found,) = world.paired(LONG, factor * LONG, precision=0.0, seconds=9.0)
    assert found.rounds == rounds
    assert found.log_ratio == pytest.approx(math.log(factor))


@pytest.mark.parametrize("victim", [1, 2])
def test_rounds_go_on_while_one_side_is_not_known(world: World, victim: int) -> None:
    laws: list[Law] = [LONG] * 3
    laws[victim] = lambda batch: LONG * (1 + batch // 2 % 3 / 10)
    assert world.paired(*laws, seconds=100.0, precision=0.01)[0].rounds > 30
    assert world.now < 100.0


@pytest.mark.parametrize("factor", [1.0, 50.0])  # a factor that is far needs no more
@pytest.mark.parametrize("least", [0.0, 0.5, 1.0])
def test_a_precision_is_asked_after_the_least_time(
    world: World, least: float, factor: float
) -> None:
    found = world.paired(LONG, factor * LONG, precision=0.01, seconds=9.0, least=least)
    ended = timing.FEWEST_ROUNDS if factor > 10 else timing.ENOUGH_ROUNDS
    assert (found[0].rounds > ended) == (least > 0.0 and factor == 1.0)
    assert found[0].rounds == ended or least <= world.now < 1.1 * least


@pytest.mark.parametrize("slow", [{2, 3, 8, 9}, range(0, 500, 2), range(1, 500, 2)], ids=str)
@pytest.mark.parametrize("victim", [0, 1])
def test_a_burst_does_not_move_the_ratio(world: World, victim: int, slow: Container[int]) -> None:
    laws: list[Law] = [LONG, LONG]
    laws[victim] = lambda batch: LONG * (50 if batch in slow else 1)
    (found,) = world.paired(*laws, seconds=2.0)
    assert (found.log_ratio, found.seconds) == pytest.approx((0.0, LONG))


@pytest.mark.parametrize("slow, log_ratio", [(16, 0.0), (17, math.log(50) / 8)])
def test_the_fastest_third_of_the_batches_of_a_round_counts(
    world: World, slow: int, log_ratio: float
) -> None:
    brief = 12 * 2.0**-20  # of which a run has as many as it may have

    def scattered(batch: int) -> float:  # over both runs of a round
        return brief * (50 if batch >= 0 and 7 * batch % (2 * BATCHES) < slow else 1)

    (found,) = world.paired(brief, scattered, seconds=0.5)
    assert found.log_ratio == pytest.approx(log_ratio)


def test_noise_that_sides_share_cancels(world: World) -> None:
    def shared(batch: int) -> float:
        return LONG * 2.0 ** (batch // 2 % 5)

    (found,) = world.paired(shared, lambda batch: 1.5 * shared(batch), precision=1e-9, seconds=9.0)
    assert found.log_ratio == pytest.approx(math.log(1.5))
    assert found.rounds == 6


def test_a_call_may_end_before_the_clock_moves(world: World) -> None:
    (found,) = world.paired(lambda batch: 0.0 if batch < 0 else 1e-6, 1e-6)
    assert found.log_ratio == 0.0
    assert world.runs[-1].calls == pytest.approx(BATCH / 1e-7, abs=1)  # what a tick is at most


@pytest.mark.parametrize("n", [6, 25, 400])
def test_the_standard_error_of_a_median_is_that_of_many_medians(n: int) -> None:
    samples = np.random.default_rng(n).normal(3.0, 0.1, (2000, n))
    typical = float(np.median([timing.standard_error(sample.tolist()) for sample in samples]))
    assert typical == pytest.approx(np.median(samples, axis=1).std(), rel=0.25)


@pytest.mark.parametrize(
    "one_in, expected", [(1, 9072 ** (1 / 5)), (2, 42 ** (1 / 3)), (3, 6**0.5), (9, 1)]
)
def test_the_fastest_of_some_times_are_those_with_the_odd_one(one_in: int, expected: float) -> None:
    assert timing.fastest([6.0, 1.0, 8.0, 7.0, 27.0], one_in) == pytest.approx(expected)


@pytest.mark.parametrize(
    "seconds, batches", [(2.0**-20, 198), (LONG, 6), (LONG / 2, 11), (0.5, 3), (9.0, 3)]
)
def test_alone_a_call_is_timed_until_it_had_enough_calm_in_one_place_after_another(
    world: World, seconds: float, batches: int
) -> None:
    assert world.absolute(seconds) == [seconds] * batches  # of 53 calls, if they are that short
    assert len({run.seed for run in world.runs}) == 2 + batches  # to calibrate, and to warm up


@pytest.mark.parametrize(
    "calm, kept, batches",
    [("+-++-++", "+", [3, 6]), ("+", "+-+-+", [1, 3, 5]), ("+", "-", []), ("-", "+", [])],
)
def test_alone_only_batches_between_two_signs_of_calm_that_kept_their_core_count(
    world: World, calm: str, kept: str, batches: list[int]
) -> None:
    found = world.absolute(lambda batch: 0.003 + batch * 1e-4, calm, kept)
    assert found[: len(batches) or 99] == pytest.approx([0.003 + n * 1e-4 for n in batches])
    assert world.looks[:3] == pytest.approx([0.0031, 0.0032, 0.0033])


@pytest.mark.parametrize("seconds, tries", [(LONG, math.ceil(6 * 0.01 / LONG)), (9.0, 3)])
def test_alone_patience_has_an_end(world: World, seconds: float, tries: int) -> None:
    assert world.absolute(seconds, "-") == []
    assert len(world.looks) == tries


def test_alone_calls_that_warm_up_are_not_timed(world: World) -> None:
    # A call of 61 us takes five to last as long as a processor needs to become fast.
    fast = 2.0**-14
    found = world.absolute(lambda batch: LONG if batch in {-3, -2, 0} else fast)
    assert [(run.calls, run.batches) for run in world.runs[:3]] == [(1, FIRST), (5, 1), (1, 1)]
    assert found == [fast] * math.ceil(0.01 / fast)


@pytest.mark.parametrize("wrong", [0.0, -0.5, math.nan, math.inf])
@pytest.mark.parametrize("victim", [0, 1, None], ids=["base", "other", "alone"])
@pytest.mark.parametrize("at", [range(-FIRST, 99), {1}, {5}], ids=["first", "a batch", "another"])
def test_an_impossible_clock_is_refused(
    world: World, victim: int | None, wrong: float, at: Container[int]
) -> None:
    usual = LONG if victim is None else SHORT
    laws: list[Law] = [usual, usual]
    laws[victim or 0] = lambda batch: wrong if batch in at else usual
    with pytest.raises(ValueError, match=r"the clock measured \S+ s for a call"):
        world.absolute(laws[0]) if victim is None else world.paired(*laws, seconds=1.0)
