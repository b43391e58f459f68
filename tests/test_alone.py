"""The time of a call in one process: the faster half of its calls in calm, at several moments."""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.alone import (
    FEWEST_CALLS,
    LONGEST_VISIT,
    MOST_VISITS,
    VISITS,
    Alone,
    faster_half,
    take_turns,
)
from benchmarks.calm import Calm, Core
from benchmarks.heap import keep_memory
from benchmarks.rows import Inputs

INPUTS: Final = Inputs(operands={"x": np.zeros(4)}, writes=frozenset())
COPIES: Final = 16
"""How many calls are timed together on so small an input."""


@pytest.mark.parametrize(
    "seconds, expected",
    [
        ([3.0], 3.0),
        ([1.0, 9.0], 1.0),
        ([9.0, 1.0, 4.0], 2.0),
        ([1.0, 4.0, 5.0, 6.0], 2.0),
        ([6.0, 1.0, 8.0, 7.0, 27.0], (1.0 * 6.0 * 7.0) ** (1 / 3)),
    ],
)
def test_the_faster_half_is_the_one_with_the_odd_one(seconds: list[float], expected: float) -> None:
    assert faster_half(seconds) == pytest.approx(expected)


@given(
    st.lists(st.floats(1e-9, 1e3), min_size=1), st.lists(st.floats(1e3, 1e9)), st.floats(1e-3, 1e3)
)
def test_slow_calls_do_not_count_as_long_as_they_are_few(
    fast: list[float], slow: list[float], factor: float
) -> None:
    few = slow[: len(fast) - 1]
    assert faster_half(fast + few) <= max(fast) * (1 + 1e-9)
    scaled = faster_half([value * factor for value in fast])
    assert scaled == pytest.approx(faster_half(fast) * factor)


class Clock:
    """A machine on which a call takes as long as is said, and loses its core for as long as that.

    Attributes
    ----------
    now, lost : float
        Seconds that passed, and those of them in which others had the core.
    took : list of float
        Seconds that each call took.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        calls: Iterator[float],
        lost: Iterable[float] = (),
    ) -> None:
        self.now = self.lost = 0.0
        self.took: list[float] = []
        self._calls, self._lost = calls, itertools.chain(lost, itertools.repeat(0.0))
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(time, "process_time", lambda: self.now - self.lost)

    def __call__(self, x: Any) -> Any:
        self.took.append(next(self._calls) / COPIES)
        self.now += self.took[-1]
        self.lost += next(self._lost) / COPIES
        return x

    @property
    def batches(self) -> int:
        """Number of batches after those that are not timed."""
        return len(self.took) // COPIES - 2


class Signs(Calm):
    """Gives a sign of calm for each plus, and what is last for ever."""

    def __init__(self, signs: str) -> None:
        self._signs = list(signs)

    def now(self) -> bool:
        return (self._signs.pop(0) if len(self._signs) > 1 else self._signs[0]) == "+"


def batches(*seconds: float) -> Iterator[float]:
    """Yield each time for the calls of a batch, and begin anew."""
    while True:
        for value in seconds:
            yield from [value] * COPIES


def visit(function: Any, calm: Calm) -> Alone:
    found = Alone(function, lambda: INPUTS)
    found.visit(calm, 0.01, random.Random(1))
    return found


def test_a_call_is_timed_as_its_part_of_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, batches(0.004))
    found = visit(clock, Signs("+"))
    assert found.calm == pytest.approx([0.004 / COPIES] * 3)
    assert clock.batches == 3


def test_a_visit_goes_on_until_it_had_enough_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(visit(Clock(monkeypatch, batches(0.002)), Signs("+")).calm) == 5
    assert len(visit(Clock(monkeypatch, batches(0.5)), Signs("+")).calm) == FEWEST_CALLS


def test_a_call_counts_as_calm_between_two_signs_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, batches(0.001, 0.002, 0.003, 0.004, 0.005))
    found = visit(clock, Signs("+-++-+"))
    assert found.calm[0] == pytest.approx(0.005 / COPIES)
    assert found.calm[1] == pytest.approx(0.003 / COPIES)


def test_a_visit_without_calm_ends_and_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, batches(0.002))
    found = visit(clock, Signs("-"))
    assert (found.calm, found.calm_visits, found.seconds) == ([], 0, None)
    untimed = 2 * 0.002
    assert 0 < clock.now - untimed - LONGEST_VISIT * 0.01 < 0.004


def test_a_visit_begins_with_calls_that_are_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = itertools.chain([0.5] * 2 * COPIES, batches(0.002))
    assert max(visit(Clock(monkeypatch, slow), Signs("+")).calm) == pytest.approx(0.002 / COPIES)
    throttled = itertools.chain([0.0001] * 2 * COPIES, [0.5] * COPIES, batches(0.002))
    assert max(visit(Clock(monkeypatch, throttled), Signs("+")).calm) == pytest.approx(
        0.002 / COPIES
    )


def test_a_slow_call_is_timed_often_enough_without_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, batches(9.0))
    visit(clock, Signs("-"))
    assert clock.batches == FEWEST_CALLS


def test_without_calm_there_is_no_time() -> None:
    some = Alone(np.negative, lambda: INPUTS, calm=[2.0] * FEWEST_CALLS)
    few = Alone(np.negative, lambda: INPUTS, calm=[2.0] * (FEWEST_CALLS - 1))
    assert some.seconds == pytest.approx(2.0)
    assert few.seconds is None


def test_a_call_that_lost_its_core_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, lost = batches(0.001, 0.003, 0.001, 0.003), batches(0.0, 0.002, 0.0, 0.002)
    found = visit(Clock(monkeypatch, calls, lost), Signs("+"))
    assert found.calm_visits == 1
    assert found.calm == pytest.approx([0.001 / COPIES] * len(found.calm))


def test_a_process_that_is_always_interrupted_measures_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = visit(Clock(monkeypatch, batches(0.002), batches(0.001)), Signs("+"))
    assert (found.calm, found.calm_visits, found.seconds) == ([], 0, None)


@pytest.mark.parametrize("lost, counts", [(0.0, True), (0.019, True), (0.021, False), (0.9, False)])
def test_what_the_system_needs_for_itself_is_no_loss(
    monkeypatch: pytest.MonkeyPatch, *, lost: float, counts: bool
) -> None:
    found = visit(Clock(monkeypatch, batches(0.002), batches(0.002 * lost)), Signs("+"))
    assert bool(found.calm) == counts


def test_a_function_that_waits_of_its_own_accord_takes_that_long() -> None:
    core = Core()
    start = time.perf_counter()
    time.sleep(0.01)
    assert core.kept(time.perf_counter() - start)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs one core for two")
def test_a_core_that_another_process_takes_is_lost() -> None:
    code = """
import os, time
from benchmarks.calm import Core
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
if os.fork() == 0:
    end = time.perf_counter() + 1
    while time.perf_counter() < end: pass
    os._exit(0)
core, start = Core(), time.perf_counter()
while time.perf_counter() < start + 0.2: pass
print(core.kept(time.perf_counter() - start))
os.wait()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("step", [0.0, -0.001, math.nan])
def test_a_clock_that_does_not_go_on_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    with pytest.raises(ValueError, match="measured no time"):
        visit(Clock(monkeypatch, batches(step)), Signs("+"))


def turns(monkeypatch: pytest.MonkeyPatch, **calm: list[bool]) -> list[str]:
    """Return whose turn it was, when the visits to each function have calm as is said."""
    functions = {("head", name): Alone(np.negative, lambda: INPUTS) for name in calm}
    names = {id(found): name for (_, name), found in functions.items()}

    def fake(self: Alone, *_: object) -> None:
        self.calm_visits += calm[names[id(self)]].pop(0)

    monkeypatch.setattr(Alone, "visit", fake)
    return [name for _, name in take_turns(functions, Signs("+"), 0.001, random.Random(1))]


def test_functions_are_visited_in_turn_and_not_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = turns(monkeypatch, a=[True] * VISITS, b=[True] * VISITS, c=[True] * VISITS)
    rounds = [found[start : start + 3] for start in range(0, len(found), 3)]
    assert [sorted(each) for each in rounds] == [["a", "b", "c"]] * VISITS


def test_who_had_no_calm_is_visited_again_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    calm, late, never = [True] * VISITS, [False, *[True] * VISITS], [False] * MOST_VISITS
    found = turns(monkeypatch, calm=calm, late=late, never=never)
    counts = {name: found.count(name) for name in ("calm", "late", "never")}
    assert counts == {"calm": VISITS, "late": VISITS + 1, "never": MOST_VISITS}


def test_calls_see_operands_at_many_places() -> None:
    seen = set()

    def look(x: Any) -> Any:
        seen.add(x.ctypes.data % 4096)
        return x

    found = Alone(look, lambda: INPUTS)
    for _ in take_turns({("head", "look"): found}, Signs("+"), 1e-4, random.Random(1)):
        pass
    assert len(seen) > VISITS


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
@pytest.mark.parametrize("size", [30_000, 300_000])
def test_results_lie_in_each_quarter_of_a_cache_line_equally_often(size: int) -> None:
    found: list[int] = []

    def allocate(x: Any) -> Any:
        result = np.empty_like(x)
        found.append(result.ctypes.data % 64)
        return result

    inputs = Inputs(operands={"x": np.zeros(size)}, writes=frozenset())
    keep_memory()
    holes = [np.empty(size) for _ in range(9)]
    del holes[::2]
    Alone(allocate, lambda: inputs).visit(Signs("+"), 0.002, random.Random(1))
    places = Counter(found[:200])  # after more calls, Python's own lists move into the way
    assert len(places) == 4
    assert max(places.values()) - min(places.values()) <= 1


class Work:
    """Takes as long as is said, in place of the fixed work, and then as long as at last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
        self.now = 0.0
        self.seconds = list(seconds)
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(hashlib, "blake2b", self)

    def __call__(self, _: bytes) -> None:
        # Each reading does it twice, and times the second.
        self.now += self.seconds[0]
        self._twice = not getattr(self, "_twice", False)
        if not self._twice and len(self.seconds) > 1:
            self.seconds.pop(0)


def readings(calm: Calm, work: Work, *seconds: float) -> list[bool]:
    work.seconds = [*seconds, seconds[-1]]
    return [calm.now() for _ in seconds]


def test_calm_is_that_the_work_takes_about_as_long_as_at_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = Work(monkeypatch, 1.0)
    calm = Calm()
    assert readings(calm, work, 1.0, 1.24, 1.26, 1.6, 0.9) == [True, True, False, False, True]
    assert calm.seconds == pytest.approx(1.0)


def test_one_reading_that_is_too_fast_is_not_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch, 1.0)
    calm = Calm()
    assert readings(calm, work, *[1.0, 1.0, 0.5] * 9, 1.05)[-1]
    assert calm.seconds == pytest.approx(1.0)


def test_a_process_without_calm_has_the_time_of_earlier_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = Work(monkeypatch, 1.5)
    calm = Calm(1.0)
    assert readings(calm, work, 1.5, 1.5) == [False, False]
    assert calm.seconds == 1.0
    assert Calm().seconds == pytest.approx(1.5)
