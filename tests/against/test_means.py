"""Calls of one test that differ from each other: the fastest are typical, and their mean counts."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import pytest

from pytest_against.model import Limits, Verdict
from pytest_against.sample import PARTLY, Sample
from pytest_against.stats import Plan
from pytest_against.terms import USUAL, Terms
from pytest_against.timing import Measured, paired
from tests.against.simulated import NODES, A, gated, row

PLAN: Final = Plan(limit=0.03, rows=1, looks=(2, 4, 6))
LIMIT: Final = math.log(1.03)
ROOM: Final = LIMIT + math.log(1 + PARTLY)
"""Up to which the mean may be, with a limit of 3 %."""


@dataclass
class InTurns:
    """A side whose every so many-th call takes longer by a factor; the others take 20 us."""

    every: int
    factor: float
    noise: float = 0.0
    seed: int = 1
    calls: Any = field(default_factory=count)

    def run(self, calls: int, batches: int, seed: int) -> list[float]:
        rng = random.Random(f"{self.seed} {seed}")
        return [sum(self._call(rng) for _ in range(calls)) for _ in range(batches)]

    def _call(self, rng: random.Random) -> float:
        longer = self.factor if next(self.calls) % self.every == 0 else 1.0
        return 20e-6 * longer * math.exp(rng.gauss(0.0, self.noise))


@pytest.mark.parametrize("every", [2, 3, 5, 8])
@pytest.mark.parametrize("factor, seen", [(1.0, 1.0), (1.3, 1.3), (1.5, 1.5), (50.0, 1.5)])
def test_what_meets_some_calls_shows_in_the_mean_and_not_in_the_typical_call(
    every: int, factor: float, seen: float
) -> None:
    sides = InTurns(every, 3.0), InTurns(every, 3.0 * factor)  # which differ on the base, too
    (found,) = paired(*sides, seconds=1e-9, precision=-1.0, rng=random.Random(3))
    assert found.log_ratio == pytest.approx(0.0)
    assert found.mean == pytest.approx(math.log(seen) / every, rel=0.35)


@pytest.mark.parametrize("every, factor", [(3, 1.27), (4, 1.37), (5, 1.48), (6, math.inf)])
def test_the_words_of_the_readmes_on_what_is_seen_are_true(every: int, factor: float) -> None:
    at, below = (math.log(min(1.5, each)) / every for each in (factor, factor - 0.01))
    assert (at > ROOM, below < ROOM) == (factor < 1.5, True)


def test_what_meets_all_calls_shows_in_both() -> None:
    sides = InTurns(1, 1.0, 0.01, 1), InTurns(1, 1.06, 0.01, 2)
    (found,) = paired(*sides, seconds=0.2, precision=0.001, rng=random.Random(3))
    assert (found.log_ratio, found.mean) == pytest.approx((math.log(1.06),) * 2, abs=0.01)


@pytest.mark.parametrize(
    "typical, mean, word, why",
    [
        (0.0, 0.0, "steady", ""),
        (0.0, ROOM - 0.001, "steady", ""),
        (0.0, ROOM + 0.001, "regressed", "slower than the limit in some of its calls"),
        (-0.2, 0.3, "regressed", "slower than the limit in some of its calls"),
        (-0.2, 0.0, "improved", ""),
        (0.2, 0.1, "regressed", "slower than the limit"),
        (0.2, 0.0, "regressed", "slower than the limit"),
    ],
)
def test_a_row_is_steady_only_if_its_mean_over_all_calls_is(
    typical: float, mean: float, word: str, why: str
) -> None:
    found = _looked([typical] * 2, [mean - 1e-6, mean + 1e-6]).result()
    assert found.verdict is Verdict(word)
    assert found.why.partition(";")[0] == why
    assert found.interval is not None
    shown = mean if "some" in why else typical
    assert found.interval.mean == pytest.approx(shown)
    assert found.was * math.exp(typical) == pytest.approx(found.now)


def test_a_limit_beyond_what_a_mean_can_show_is_one_as_well() -> None:
    found = _looked([0.6, 0.6], [0.69, 0.69], Terms(limit=1.5))
    assert (found.verdict, found.own_limit) == (Verdict.STEADY, 1.5)


@pytest.mark.parametrize(
    "floor, why", [(1.2, ""), (0.5, "slower than its limit, 50%"), (1e-9, "slower than the limit")]
)
def test_a_floor_is_a_part_of_what_the_base_takes(floor: float, why: str) -> None:
    found = _looked([math.log(2)] * 2, [math.log(2)] * 2, Terms(floor=floor))
    assert found.result().why == why
    assert found.verdict is (Verdict.REGRESSED if why else Verdict.STEADY)


def test_a_mean_that_is_not_known_leaves_the_row_open() -> None:
    found = _looked([0.0, 0.0], [-0.5, 0.5])
    assert found.verdict is None
    assert found.result().why.startswith("its calls differ from each other")
    assert _looked([-0.5, 0.5], [-0.5, 0.5]).result().why.startswith("the trials do not")


def test_at_both_limits_a_gate_is_red_and_a_row_steady_as_seldom_as_is_said() -> None:
    error, rows, gates = 0.2, 10, 150
    plan = Plan.of(Limits(trials=24, error=error), 2 * rows)
    rng, red, steady = random.Random(7), 0, 0
    for _ in range(gates):
        its = [Sample(row(A)) for _ in range(rows)]
        for number in range(1, plan.looks[-1] + 1):
            for each in its:
                value, mean = rng.gauss(LIMIT, 0.01), rng.gauss(ROOM, 0.02)
                each.add(Measured(value if each is not its[0] else 0.0, 1.0, 3, mean))
                if number in plan.looks:
                    each.look(plan)
        red += any(each.verdict is Verdict.REGRESSED for each in its)
        steady += its[0].verdict is Verdict.STEADY  # whose mean alone is slower
    assert red <= error * gates
    assert 0 < steady <= error * gates


def test_earlier_trials_have_no_mean() -> None:
    sample = Sample(row(A), (0.0, 0.0))
    assert (sample.questions, Sample(row(A)).questions) == (1, 2)
    sample.add(Measured(0.0, 1.0, 3))
    assert sample.means == []


def test_a_gate_is_red_for_a_slowdown_of_some_calls() -> None:
    assert gated(means={NODES[1]: 1.05}).exit_code == 0
    found = gated(means={NODES[1]: 1.2})
    assert [each.verdict.value for each in found.rows].count("regressed") == 1
    assert found.exit_code == 1


def _looked(values: list[float], means: list[float], terms: Terms = USUAL) -> Sample:
    """Look at trials twice."""
    sample = Sample(row(A), terms=terms)
    for _ in range(2):
        for value, mean in zip(values, means, strict=True):
            sample.add(Measured(value, 1.0, 3, mean))
        sample.look(PLAN)
    return sample
