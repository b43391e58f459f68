"""Arms share the noise of their rounds; the clock is a made-up one, and so are its times."""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Final, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import paired, pool
from benchmarks.paired import (
    ENOUGH_ROUNDS,
    FEWEST_ROUNDS,
    WARMUP_RUNS,
    Sample,
    compare,
    standard_error,
)
from benchmarks.pool import Pool
from benchmarks.rows import Inputs

INPUTS: Final = Inputs(operands={"x": np.zeros(4)}, writes=frozenset())
TICK: Final = 2.0**-10
"""Seconds of a plain call; a power of two, so that sums are exact."""

WARMUP: Final = 4
"""Runs of an arm of plain calls before its first round, when a second is asked for."""


def _orders(seed: int = 0) -> random.Random:
    return random.Random(seed)


def _always(seconds: float) -> Callable[[int], float]:
    return lambda _: seconds


class Clock:
    """Time passes only within the calls of an arm, as long as its law says.

    Attributes
    ----------
    calls : list of str
        The arm of each run of the pool, in order.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []
        self.pool = Pool(INPUTS, seed=0)

    def perf_counter(self) -> float:
        return self.now

    def arm(self, name: str, seconds: Callable[[int], float]) -> Callable[..., None]:
        """Return an arm; `seconds` takes the number of its run, those to warm up among them."""
        count = 0

        def call(_x: object) -> None:
            nonlocal count
            run, first = divmod(count, self.pool.copies)
            if not first:
                self.calls.append(name)
            count += 1
            self.now += seconds(run)

        return call

    def compare(self, arms: Mapping[str, float], asked: float = 1.0, seed: int = 0) -> Sample:
        """Compare arms that always take as many ticks; the first is the reference."""
        laws = {name: self.arm(name, _always(ticks * TICK)) for name, ticks in arms.items()}
        # A precision that no spread reaches: rounds go on for the time asked for.
        return compare(self.pool, laws, next(iter(arms)), asked, _orders(seed), -1.0)

    def rounds(self, arms: int, number: int) -> list[list[str]]:
        """Return the calls of so many rounds, without those to warm up."""
        size = 2 * arms
        timed = self.calls[len(self.calls) - size * number :]
        return [timed[i : i + size] for i in range(0, len(timed), size)]

    def warmup(self, arms: int, number: int) -> list[str]:
        """Return the calls before so many rounds."""
        return self.calls[: len(self.calls) - 2 * arms * number]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    fake = SimpleNamespace(perf_counter=found.perf_counter)
    monkeypatch.setattr(paired, "time", fake)
    monkeypatch.setattr(pool, "time", fake)
    return found


@pytest.fixture
def collection() -> Iterator[None]:
    """Leave garbage collection as it was found."""
    enabled = gc.isenabled()
    yield
    (gc.enable if enabled else gc.disable)()


def test_arm_that_takes_twice_as_long_is_log_2(clock: Clock) -> None:
    sample = clock.compare({"base": 1, "head": 2, "copy": 1})
    assert sample.log_ratios == {"head": math.log(2), "copy": 0.0}


def test_seconds_are_those_of_one_call_of_the_reference(clock: Clock) -> None:
    assert clock.compare({"base": 3, "head": 5}).seconds == 3 * TICK


@settings(deadline=None, derandomize=True, max_examples=30)
@given(ticks=st.lists(st.integers(1, 1000), min_size=2, max_size=4))
def test_log_ratio_is_that_of_the_times(ticks: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = Clock()
        for module in (paired, pool):
            patch.setattr(module, "time", SimpleNamespace(perf_counter=found.perf_counter))
        arms = {f"arm{i}": float(t) for i, t in enumerate(ticks)}
        sample = found.compare(arms)
    expected = {name: math.log(t / ticks[0]) for name, t in arms.items() if name != "arm0"}
    assert sample.log_ratios == pytest.approx(expected, abs=1e-9)


def test_every_round_is_a_palindrome_in_which_each_arm_runs_twice(clock: Clock) -> None:
    sample = clock.compare({"base": 1, "head": 2, "copy": 3})
    assert sample.rounds > FEWEST_ROUNDS
    for calls in clock.rounds(3, sample.rounds):
        assert calls == calls[::-1]
        assert sorted(calls) == ["base", "base", "copy", "copy", "head", "head"]


def test_every_order_occurs(clock: Clock) -> None:
    sample = clock.compare({"base": 1, "head": 1, "copy": 1}, asked=6.0)
    assert sample.rounds == 64
    assert len({tuple(calls) for calls in clock.rounds(3, 64)}) == 6


def test_generator_fixes_the_orders(clock: Clock) -> None:
    for seed in (1, 1, 2):
        clock.compare({"base": 1, "head": 1, "copy": 1}, seed=seed)
    third = len(clock.calls) // 3
    first, again, other = (clock.calls[i * third : (i + 1) * third] for i in range(3))
    assert first == again != other


@pytest.mark.parametrize(
    "seconds, rounds",
    [
        (1 / 64, 64),  # as many as fit in the time asked for
        (1 / 16, 16),
        (1 / 4, 4),
        (1 / 2, FEWEST_ROUNDS),
        (1000.0, FEWEST_ROUNDS),
    ],
)
@pytest.mark.parametrize("asked", [1.0, 0.25])
def test_number_of_rounds_depends_on_their_length(
    clock: Clock, seconds: float, rounds: int, asked: float
) -> None:
    assert FEWEST_ROUNDS == 3
    ticks = asked * seconds / (4 * clock.pool.copies * TICK)
    assert clock.compare({"base": ticks, "head": ticks}, asked).rounds == rounds


def test_rounds_end_when_the_ratio_is_known(clock: Clock) -> None:
    arms = {name: clock.arm(name, _always(TICK)) for name in ("base", "head")}
    assert compare(clock.pool, arms, "base", 100.0, _orders(), 0.01).rounds == ENOUGH_ROUNDS


@pytest.mark.parametrize("victim", ["head", "copy"])
def test_rounds_go_on_while_one_arm_is_not_known(clock: Clock, victim: str) -> None:
    def wobble(run: int) -> float:
        return TICK * (1 + run // 2 % 3 / 10)

    arms = {
        name: clock.arm(name, wobble if name == victim else _always(TICK))
        for name in ("base", "head", "copy")
    }
    sample = compare(clock.pool, arms, "base", 100.0, _orders(), 0.01)
    assert sample.rounds > 5 * ENOUGH_ROUNDS
    assert clock.now < 100.0


@pytest.mark.parametrize(
    "ticks, runs",
    [
        (2.0**-6, WARMUP_RUNS),
        (1.0, 4),  # a twentieth of the time asked for
        (8.0, 1),
    ],
)
def test_a_fast_arm_is_warmed_up_for_longer(clock: Clock, ticks: float, runs: int) -> None:
    sample = clock.compare({"base": ticks, "head": ticks}, asked=1.0)
    warmup = clock.warmup(2, sample.rounds)
    assert warmup.count("base") == warmup.count("head") == runs


@pytest.mark.parametrize("n", [6, 25, 400])
def test_standard_error_of_a_median_is_that_of_many_medians(n: int) -> None:
    rng = np.random.default_rng(n)
    samples = rng.normal(3.0, 0.1, (2000, n))
    typical = float(np.median([standard_error(sample.tolist()) for sample in samples]))
    assert typical == pytest.approx(np.median(samples, axis=1).std(), rel=0.25)


@pytest.mark.parametrize("wrong", ["base", "head"])
@pytest.mark.parametrize("ticks", [0.0, -0.5])
def test_time_that_is_not_positive_is_refused(clock: Clock, wrong: str, ticks: float) -> None:
    with pytest.raises(ValueError, match="measured no time"):
        clock.compare({"base": 1.0, "head": 1.0, wrong: ticks})


def test_single_time_that_is_not_positive_is_refused(clock: Clock) -> None:
    arms = {
        "base": clock.arm("base", _always(TICK)),
        "head": clock.arm("head", lambda run: 0.0 if run == 14 else TICK),
    }
    with pytest.raises(ValueError, match="measured no time"):
        compare(clock.pool, arms, "base", 1.0, _orders(), -1.0)


@pytest.mark.parametrize(
    "slow",
    [
        set(range(WARMUP)),
        {WARMUP, WARMUP + 1, WARMUP + 8, WARMUP + 9},  # both runs of some rounds
        set(range(WARMUP, 200, 2)),  # the first run of every round
        set(range(WARMUP + 1, 200, 2)),
    ],
)
@pytest.mark.parametrize("victim", ["base", "head"])
def test_burst_does_not_move_the_ratio(clock: Clock, victim: str, slow: set[int]) -> None:
    def seconds(name: str) -> Callable[[int], float]:
        return lambda run: TICK * (50 if name == victim and run in slow else 1)

    arms = {name: clock.arm(name, seconds(name)) for name in ("base", "head")}
    sample = compare(clock.pool, arms, "base", 1.0, _orders(), -1.0)
    assert sample.log_ratios == {"head": 0.0}
    assert sample.seconds == TICK


def test_noise_that_arms_share_cancels(clock: Clock) -> None:
    def seconds(run: int) -> float:
        return TICK * 2.0 ** (run // 2 % 5)

    arms = {
        "base": clock.arm("base", seconds),
        "head": clock.arm("head", lambda run: 1.5 * seconds(run)),
    }
    sample = compare(clock.pool, arms, "base", 1.0, _orders(), -1.0)
    assert sample.log_ratios == {"head": math.log(1.5)}


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_not_collected_meanwhile(clock: Clock, *, enabled: bool) -> None:
    seen: list[bool] = []

    def arm(_x: object) -> None:
        seen.append(gc.isenabled())
        clock.now += TICK

    (gc.enable if enabled else gc.disable)()
    compare(clock.pool, {"base": arm, "head": arm}, "base", 1.0, _orders())
    assert set(seen) == {False}
    assert gc.isenabled() is enabled


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_again_after_an_error(clock: Clock, *, enabled: bool) -> None:
    def arm(_x: object) -> NoReturn:
        raise RuntimeError("broken arm")

    (gc.enable if enabled else gc.disable)()
    with pytest.raises(RuntimeError, match="broken arm"):
        compare(clock.pool, {"base": arm}, "base", 1.0, _orders())
    assert gc.isenabled() is enabled


def test_a_far_arm_leaves_the_time_to_those_that_are_close(clock: Clock) -> None:
    clock.compare({"base": 1, "copy": 1, "head": 1000}, asked=1000 * TICK)
    assert clock.calls.count("head") == 1 + 2 * FEWEST_ROUNDS  # one run to warm up
    assert clock.calls.count("copy") > 2 * ENOUGH_ROUNDS


def test_a_far_arm_is_measured_all_the_same(clock: Clock) -> None:
    sample = clock.compare({"base": 1, "copy": 1, "head": 1000})
    assert sample.log_ratios == {"copy": 0.0, "head": pytest.approx(math.log(1000))}
