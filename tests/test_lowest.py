"""The lowest time in one process: several moments that agree, in calm."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest

from benchmarks.calm import Calm
from benchmarks.lowest import FEWEST_CALLS, MOST_VISITS, Lowest, settle
from benchmarks.rows import Inputs

INPUTS: Final = Inputs(operands={"x": np.zeros(4)}, writes=frozenset())


def lowest(*visits: float, calm_calls: int = FEWEST_CALLS) -> Lowest:
    return Lowest(np.negative, lambda: INPUTS, list(visits), calm_calls)


@pytest.mark.parametrize(
    "visits, settled",
    [
        ((1.0,), False),
        ((1.0, 1.0), True),
        ((1.0, 1.01), True),
        ((1.01, 1.0), True),
        ((1.0, 1.02), False),
        ((2.0, 1.0), False),
        ((2.0, 2.0, 1.0), False),
        ((2.0, 1.0, 3.0, 1.0), True),
    ],
)
def test_the_lowest_time_is_believed_when_another_visit_agrees(
    visits: tuple[float, ...], *, settled: bool
) -> None:
    assert lowest(*visits).settled == settled


def test_agreement_without_calm_is_not_believed() -> None:
    assert not lowest(1.0, 1.0, calm_calls=FEWEST_CALLS - 1).settled


def test_the_time_is_that_of_the_lowest_visit() -> None:
    assert lowest(3.0, 1.0, 2.0).seconds == 1.0


class Clock:
    """A machine on which a call takes as long as is said, and calm comes as is said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, calls: Iterator[float]) -> None:
        self.now = 0.0
        self._calls = calls
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def __call__(self, x: Any) -> Any:
        self.now += next(self._calls) / 16  # the pool has 16 copies
        return x


class Always(Calm):
    def __init__(self, *, calm: bool) -> None:
        self.best, self._calm = 1e-6, calm

    def now(self) -> bool:
        return self._calm


def repeat(*values: float) -> Iterator[float]:
    """Yield each value for the 16 calls of a batch."""
    while True:
        for value in values:
            yield from [value] * 16


def visit(function: Any, *, calm: bool) -> Lowest:
    found = Lowest(function, lambda: INPUTS)
    found.visit(Always(calm=calm), 0.01, seed=1)
    return found


def test_a_visit_keeps_its_lowest_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = visit(Clock(monkeypatch, repeat(0.004, 0.002, 0.008)), calm=True)
    assert found.seconds == pytest.approx(0.002 / 16)


def test_a_visit_goes_on_until_it_had_enough_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert visit(Clock(monkeypatch, repeat(0.002)), calm=True).calm_calls == 5
    assert visit(Clock(monkeypatch, repeat(0.5)), calm=True).calm_calls == FEWEST_CALLS


def test_a_visit_without_calm_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, repeat(0.002))
    found = visit(clock, calm=False)
    assert found.calm_calls == 0
    assert found.seconds == pytest.approx(0.002 / 16)
    assert 0.12 < clock.now < 0.13


@pytest.mark.parametrize("step", [0.0, -0.001, float("nan")])
def test_a_clock_that_does_not_go_on_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    with pytest.raises(ValueError, match="measured no time"):
        visit(Clock(monkeypatch, repeat(step)), calm=True)


def settled(monkeypatch: pytest.MonkeyPatch, *values: float) -> tuple[Lowest, int]:
    """Return what a function comes to whose visits take these times, and the number of visits."""
    found = Lowest(np.negative, lambda: INPUTS)
    times = iter(values)

    def fake(self: Lowest, *_: object) -> None:
        self.visits.append(next(times))
        self.calm_calls += FEWEST_CALLS

    monkeypatch.setattr(Lowest, "visit", fake)
    visits = list(settle({("head", "a"): found}, Always(calm=True), 0.001, random.Random(1)))
    return found, len(visits)


def test_visits_end_when_two_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    found, visits = settled(monkeypatch, 1.3, 1.0, 1.2, 1.01, 0.5)
    assert (found.seconds, visits) == (1.0, 4)


def test_visits_that_never_agree_end_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    found, visits = settled(monkeypatch, *(1.0 + n / 10 for n in range(99)))
    assert (found.seconds, visits) == (1.0, MOST_VISITS)


def test_functions_are_visited_in_turn_and_not_one_after_the_other() -> None:
    found = {("head", name): Lowest(np.negative, lambda: INPUTS) for name in "abc"}
    visited = [name for _, name in settle(found, Calm(), 1e-5, random.Random(1))]
    assert sorted(visited[:3]) == ["a", "b", "c"]
    assert sorted(visited[3:6]) == ["a", "b", "c"]


def test_calm_is_that_the_work_takes_no_longer_than_at_best() -> None:
    calm = Calm()
    assert 0 < calm.best < 0.01
    calm.best = 1.0
    assert calm.now()
    assert calm.best < 1.0
    calm.best = 1e-9
    assert not calm.now()


def test_the_best_of_an_earlier_process_counts() -> None:
    assert Calm(1e-9).best == 1e-9
