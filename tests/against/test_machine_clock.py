"""Calm, and whether a core was kept, are told from clocks that are measured and not believed."""

from __future__ import annotations

import hashlib
import itertools
import math
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against.machine import (
    Clock,
    Core,
    resolution,
)


class Work:
    """A machine on which the fixed work takes as long as is said."""

    def __init__(self) -> None:
        self.time = 0.0
        self.seconds = 1.0
        self.calls: list[bytes] = []

    def now(self) -> float:
        return self.time

    def work(self, given: bytes) -> None:
        self.calls.append(given)
        self.time += self.seconds

    def clock(self, seconds: float = math.inf) -> Clock:
        return Clock(seconds, self.now, self.work)

    def readings(self, clock: Clock, *seconds: float) -> list[bool]:
        found = []
        for self.seconds in seconds:
            found.append(clock.calm())
        return found


def test_the_work_is_the_one_that_stored_baselines_count_in() -> None:
    work = Work()
    work.clock()
    assert set(work.calls) == {bytes(range(256)) * 32}
    assert Clock.__init__.__defaults__[1:] == (time.perf_counter, hashlib.blake2b)  # type: ignore[index]


def test_calm_is_that_the_work_takes_about_as_long_as_at_best() -> None:
    work = Work()
    clock = work.clock()
    assert work.readings(clock, 1.0, 1.24, 1.26, 1.6, 0.9) == [True, True, False, False, True]
    assert clock.seconds == pytest.approx(1.0)


def test_one_reading_that_is_too_fast_is_not_the_best() -> None:
    work = Work()
    clock = work.clock()
    assert work.readings(clock, *[1.0, 1.0, 0.5] * 9, 1.05)[-1]
    assert clock.seconds == pytest.approx(1.0)


def test_the_time_in_calm_is_the_lower_quartile() -> None:
    work = Work()
    clock = work.clock()
    work.readings(clock, *[0.9] * 50)
    assert clock.seconds == pytest.approx(0.9)


def test_a_process_without_calm_has_the_time_of_earlier_ones() -> None:
    work = Work()
    work.seconds = 1.5
    clock = work.clock(1.0)
    assert work.readings(clock, 1.5, 1.5) == [False, False]
    assert clock.seconds == 1.0
    assert work.clock().seconds == pytest.approx(1.5)


@given(st.floats(1e-6, 1e6), st.lists(st.floats(1.0, 9.0), max_size=30))
def test_time_in_calm_scales_with_the_machine(factor: float, slow: list[float]) -> None:
    found = []
    for scale in (1.0, factor):
        work = Work()
        work.seconds = scale
        clock = work.clock()
        work.readings(clock, *(value * scale for value in slow))
        found.append(clock.seconds / scale)
    assert found == pytest.approx([1.0, 1.0])


def ticking(tick: float, step: float = 0.001) -> Callable[[], float]:
    """Return a clock that is read every `step` and shows the latest tick."""
    readings: Iterator[int] = itertools.count()
    return lambda: math.floor(next(readings) * step / tick) * tick


@pytest.mark.parametrize("tick", [0.001, 0.015625, 0.1])
def test_resolution_is_the_step_that_a_clock_shows(tick: float) -> None:
    assert resolution(ticking(tick)) == pytest.approx(tick)


@pytest.mark.parametrize("clock", [lambda: 1.0, itertools.count(0, -1).__next__])
def test_a_clock_that_does_not_go_on_has_no_resolution(clock: Callable[[], float]) -> None:
    assert math.isinf(resolution(clock, 10))


class Shared:
    """A machine on which others have the core for a part of the time."""

    def __init__(self, tick: float = 1e-6) -> None:
        self.passed = self.used = 0.0
        self.waits = 0
        self._tick = tick
        self._readings = 0.0

    def processor(self) -> float:
        self._readings += 1e-9  # time goes on while a clock is read
        return math.floor((self.used + self._readings) / self._tick) * self._tick

    def core(self) -> Core:
        found = resolution(self.processor, 10**8)
        assert found == pytest.approx(self._tick)
        return Core(lambda: self.passed, self.processor, lambda: self.waits)

    def spend(self, seconds: float, lost: float) -> None:
        self.passed += seconds
        self.used += seconds - lost


@pytest.mark.parametrize("lost, kept", [(0.0, True), (0.019, True), (0.021, False), (0.9, False)])
def test_what_the_system_needs_for_itself_is_no_loss(*, lost: float, kept: bool) -> None:
    shared = Shared()
    core = shared.core()
    shared.spend(2.0, 2.0 * lost)
    assert core.kept(2.0) == kept


def test_what_a_coarse_clock_cannot_see_is_no_loss() -> None:
    shared = Shared(tick=1 / 64 / 1024)
    core = shared.core()
    shared.spend(1.5 / 64 / 1024, 1.5 / 64 / 1024)
    assert core.kept(1.5 / 64 / 1024)
    shared.spend(9 / 64 / 1024, 9 / 64 / 1024)
    assert not core.kept(9 / 64 / 1024)


def test_a_process_that_waits_of_its_own_accord_takes_that_long() -> None:
    shared = Shared()
    core = shared.core()
    shared.spend(1.0, 1.0)
    assert not core.kept(1.0)
    shared.waits += 1
    assert core.kept(1.0)


def test_a_sleep_keeps_the_core_of_this_process() -> None:
    core = Core()
    time.sleep(0.001)
    assert core.kept(0.001)
