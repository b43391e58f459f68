"""A call is timed without what surrounds it; by the clock, only when nothing slows it down."""

from __future__ import annotations

import gc
import itertools
import math
import random
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_against import calls, timing
from pytest_against.calls import Call
from pytest_against.machine import Clock, Core
from pytest_against.timing import FEWEST_CALM, LONE_BATCH, absolute

LONG: Final = 2.0**-9
"""Seconds of a call with which a batch is one call; a power of two, so that sums are exact."""
UNTIMED: Final = 3 + 1
"""Calls of such a length before the first batch that may count: to calibrate, and to warm up."""


@dataclass
class World:
    """Time passes only where a test says so, and what happens is noted."""

    now: float = 0.0
    events: list[Any] = field(default_factory=list)

    def spend(self, event: Any, seconds: float, result: Any = None) -> Any:
        self.events.append(event)
        self.now += seconds
        return result

    def named(self, name: str) -> Callable[..., Any]:
        """Return a function of ten seconds that notes its arguments."""
        return lambda *args, **kwargs: self.spend((name, args, kwargs), 10.0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    for module in (calls, timing):
        monkeypatch.setattr(module, "perf_counter", lambda: found.now)
    return found


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the seeds that operands were moved by."""
    found: list[int] = []
    operands = SimpleNamespace(Layout=SimpleNamespace(redraw=found.append))
    monkeypatch.setitem(sys.modules, "pytest_against.operands", operands)
    monkeypatch.setattr("pytest_against.calls._Places.seed", None)
    return found


@pytest.fixture
def _collection() -> Iterator[None]:
    """Leave garbage collection as it was found."""
    enabled = gc.isenabled()
    yield
    (gc.enable if enabled else gc.disable)()


def _numbered(world: World) -> Callable[[], Any]:
    """Return a setup whose arguments are 1, 2, 3..."""
    count = itertools.count(1)
    return lambda: world.spend("setup", 100.0, ((next(count),), {"k": 0}))


def test_a_call_and_its_teardown_get_what_its_setup_returned_and_only_it_takes_time(
    world: World,
) -> None:
    found = Call(world.named("f"), (9,), setup=_numbered(world), teardown=world.named("t"))
    assert found.run(2, 3, 0) == [20.0] * 3
    each = [["setup", ("f", (n,), {"k": 0}), ("t", (n,), {"k": 0})] for n in range(1, 7)]
    assert world.events == [event for events in each for event in events]


@pytest.mark.parametrize("setup", [None, lambda: None])
@pytest.mark.parametrize("kwargs", [None, {"k": 3}])
def test_without_arguments_of_a_setup_a_call_gets_its_own(
    world: World, setup: Any, kwargs: dict[str, int] | None
) -> None:
    Call(world.named("f"), (1, 2), kwargs, setup, world.named("t")).run(1, 1, 0)
    assert world.events == [(name, (1, 2), kwargs or {}) for name in "ft"]


def test_a_setup_runs_right_before_each_call_because_it_may_undo_what_the_last_one_did(
    world: World,
) -> None:
    Call(lambda *_, **__: world.spend("call", 1.0), setup=_numbered(world)).run(2, 2, 0)
    assert world.events == ["setup", "call"] * 4


@pytest.mark.parametrize(
    "copies, calls, expected",
    [(3, 7, "sssccc sssccc sc"), (16, 4, "sssscccc"), (1, 2, "scsc"), (0, 2, "scsc")],
)
def test_a_setup_that_holds_several_sets_prepares_as_many_calls_together(
    world: World, copies: int, calls: int, expected: str
) -> None:
    def prepare() -> None:
        world.spend("s", 1.0)

    prepare.copies = copies  # type: ignore[attr-defined]
    found = Call(lambda: world.spend("c", 1.0), setup=prepare)
    found.run(calls, 1, 0)
    assert "".join(world.events) == expected.replace(" ", "")
    world.events.clear()
    found.teardown = lambda: world.spend("t", 1.0)
    found.run(2, 1, 0)
    assert "".join(world.events) == "sctsct"


def test_a_batch_without_surroundings_reads_the_clock_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "perf_counter", lambda: world.spend("clock", 0.0, world.now))
    found = Call(lambda: world.spend("call", 1.0))
    assert found.run(1000, 1, 0) == [1000.0]
    assert world.events.count("clock") == 2
    assert found.run(0, 1, 0) == [0.0]


def test_a_result_is_given_back_by_the_next_call() -> None:
    class Result:
        pass

    alive: weakref.WeakSet[Result] = weakref.WeakSet()
    seen = []

    def call() -> Result:
        seen.append(len(alive))
        found = Result()
        alive.add(found)
        return found

    Call(call).run(4, 2, 0)
    assert seen == [0, 1, 1, 1] * 2
    assert not alive


def test_one_call_is_prepared_made_and_torn_down(world: World) -> None:
    found = Call(world.named("f"), setup=_numbered(world), teardown=world.named("t"))
    found.once()
    assert world.events == ["setup", ("f", (1,), {"k": 0}), ("t", (1,), {"k": 0})]
    world.events.clear()
    arguments = found.arguments()
    assert (arguments, world.events) == (((2,), {"k": 0}), ["setup"])
    found.call(arguments)
    assert world.events[1:] == [("f", (2,), {"k": 0}), ("t", (2,), {"k": 0})]


def test_a_seed_moves_the_operands_of_a_call_once(drawn: list[int]) -> None:
    one, other = Call(list), Call(dict)
    for each, seed in ((one, 1), (one, 1), (other, 1), (other, 2), (one, 1)):
        each.run(1, 1, seed)
    assert drawn == [1, 1, 2, 1]


def test_the_heap_is_filled_for_each_call_and_moved_by_each_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[object] = []
    heap = SimpleNamespace(fill=lambda: found.append("fill"), move=found.append)
    monkeypatch.setattr("pytest_against.calls._Places.heap", heap)
    monkeypatch.delitem(sys.modules, "pytest_against.operands", raising=False)
    one, other = Call(list), Call(dict)
    for each, seed in ((one, 1), (one, 1), (one, 2), (other, 2)):
        each.run(1, 1, seed)
    assert found == ["fill", 1, 2, "fill", 2]


@pytest.mark.usefixtures("_collection")
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_garbage_is_not_collected_meanwhile_and_as_before_later(
    *, enabled: bool, broken: bool
) -> None:
    seen: list[bool] = []

    def call() -> None:
        seen.append(gc.isenabled())
        if broken:
            raise RuntimeError("broken call")

    (gc.enable if enabled else gc.disable)()
    try:
        Call(call).run(1, 3, 0)
    except RuntimeError:
        assert broken
    assert seen == [False] * (1 if broken else 3)
    assert gc.isenabled() is enabled


class Signs(Clock):
    """Gives a sign of calm for each plus, and what is last for ever."""

    def __init__(self, signs: str) -> None:
        self._signs = itertools.chain(signs, itertools.repeat(signs[-1]))

    def calm(self) -> bool:
        return next(self._signs) == "+"


class Looks(Core):
    """Tells of each batch whether it kept its core, and of all others that it did."""

    def __init__(self, kept: Iterable[bool] = ()) -> None:
        self._kept = itertools.chain(kept, itertools.repeat(1))
        self.asked: list[float] = []

    def __call__(self) -> Looks:
        return self

    def kept(self, seconds: float) -> bool:
        self.asked.append(seconds)
        return bool(next(self._kept))


def _absolute(
    world: World,
    calls: Iterable[float],
    signs: str = "+",
    looks: Looks | None = None,
    asked: float = 0.01,
) -> list[float]:
    """Time calls that take so many seconds, and then as long as the last of them."""
    law = list(calls)
    call = Call(lambda: world.spend("call", law.pop(0) if len(law) > 1 else law[0]))
    return absolute(call, Signs(signs), looks or Looks(), asked, random.Random(1))


@pytest.mark.parametrize(
    "seconds, batches", [(LONG, 6), (LONG / 2, 11), (0.5, FEWEST_CALM), (9.0, FEWEST_CALM)]
)
def test_a_call_is_timed_until_it_had_enough_calm(
    world: World, seconds: float, batches: int
) -> None:
    found = _absolute(world, [seconds])
    assert found == pytest.approx([seconds] * batches)


def test_a_short_call_is_timed_as_its_part_of_a_batch(world: World) -> None:
    found = _absolute(world, [1e-6])
    assert found == pytest.approx([1e-6] * len(found))
    assert len(found) == pytest.approx(0.01 / LONE_BATCH, rel=0.05)


def test_only_what_lies_between_two_signs_of_calm_counts(world: World) -> None:
    times = [0.0031, 0.0032, 0.0033, 0.0034, 0.0035, 0.0036]
    found = _absolute(world, [LONG] * UNTIMED + times, "+-++-++")
    assert found[:2] == pytest.approx([0.0033, 0.0036])


def test_a_batch_that_lost_its_core_does_not_count(world: World) -> None:
    looks = Looks([True, False, True, False])
    times = [0.0031, 0.0032, 0.0033, 0.0034, 0.0035]
    found = _absolute(world, [LONG] * UNTIMED + times, looks=looks)
    assert found[:3] == pytest.approx([0.0031, 0.0033, 0.0035])
    assert looks.asked[: len(times)] == pytest.approx(times)


@pytest.mark.parametrize("seconds, tries", [(LONG, math.ceil(6 * 0.01 / LONG)), (9.0, FEWEST_CALM)])
def test_without_calm_there_is_no_time_and_patience_has_an_end(
    world: World, seconds: float, tries: int
) -> None:
    looks = Looks([False] * 99)
    assert _absolute(world, [seconds], looks=looks) == []
    assert len(looks.asked) == tries
    assert _absolute(world, [seconds], "-") == []


def test_calls_that_warm_up_are_not_timed(world: World) -> None:
    # A call of 61 us takes five to last as long as a processor needs to become fast.
    fast = 2.0**-14
    slow = [LONG] * 2 + [fast] + [LONG] * 5
    assert _absolute(world, [*slow, fast]) == [fast] * math.ceil(0.01 / fast)


def test_each_batch_lies_elsewhere(world: World, drawn: list[int]) -> None:
    found = _absolute(world, [LONG])
    assert len(set(drawn)) == len(drawn) == 2 + len(found)  # to calibrate, and to warm up


@pytest.mark.parametrize("wrong", [0.0, -0.001, math.nan, math.inf])
@pytest.mark.parametrize("after", [2, UNTIMED + 1])
def test_a_clock_that_cannot_be_is_refused(world: World, wrong: float, after: int) -> None:
    with pytest.raises(ValueError, match=r"the clock measured \S+ s for a call"):
        _absolute(world, [*[LONG] * after, wrong])
    assert len(world.events) < 2000
