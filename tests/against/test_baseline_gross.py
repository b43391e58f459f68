"""One process proves a slowdown only if it is gross, at each of a few moments, and in calm."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

import pytest

from pytest_against.beside import GROSS, clock_seconds, grossly_slower
from pytest_against.calls import Call
from pytest_against.machine import Clock
from tests.against.simulated import A, stored


class Busy:
    """Tells whether a core was kept."""

    def __init__(self, *, calm: bool = True) -> None:
        self._calm = calm

    def kept(self, _: float) -> bool:
        return self._calm


class Slow(Call):
    """A call that takes so many times the slowest trial, at each moment that it is timed."""

    def __init__(self, *times: float) -> None:
        super().__init__(lambda: None)
        self.times, self.moment, self.pauses = times, -1, list[float]()

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.moment += 1

    def run(self, calls: int, batches: int, seed: int) -> list[float]:
        del seed
        return [calls * self.times[self.moment] * math.exp(max(SLOWEST.values))] * batches


SLOWEST: Final = replace(stored().rows[A], recordings=((0.5, 0.7), (0.6, 0.4)))


def _gross(asked: Slow, *, calm: bool = True) -> float | None:
    time = [0.0]

    def work(_: bytes) -> None:
        time[0] += 1.0

    clock = Clock(math.inf, lambda: time[0], work)
    core: Any = lambda: Busy(calm=calm)  # noqa: E731 - stands in for a class
    return grossly_slower(asked, SLOWEST, clock, core, asked.pause)


@pytest.mark.parametrize(
    "times, factor, moments",
    [
        ([1.0], None, 1),
        ([1.49], None, 1),
        ([9.0, 1.49], None, 2),
        ([9.0, 9.0, 1.0], None, 3),
        ([1.51, 2.0, 9.0], 1.51, 3),
        ([9.0, 5.0, 7.0], 5.0, 3),
    ],
)
def test_gross_is_half_as_much_again_as_the_slowest_trial_at_each_of_three_moments(
    times: list[float], factor: float | None, moments: int
) -> None:
    assert GROSS == 0.5
    asked = Slow(*times)
    assert _gross(asked) == (factor if factor is None else pytest.approx(factor))
    assert asked.pauses == [0.0, 0.3, 0.3][:moments]


def test_without_calm_nothing_is_gross() -> None:
    assert _gross(Slow(9.0), calm=False) is None


def test_calm_is_what_it_was_when_the_baseline_was_recorded() -> None:
    row = replace(SLOWEST, recordings=((-50.0, -50.0),), seconds=(1e-30, 3e-30, 2e-30))
    assert clock_seconds(row) == pytest.approx(2e-30 * math.exp(50.0))
    assert grossly_slower(Call(lambda: None), row) is None  # no machine is as fast as that
