"""Timing a call: side by side with another, in rounds, or alone, by the clock of fixed work.

In each round both sides run twice, in an order drawn anew and then reversed (A B B A), so that a
drift of the machine touches them alike.  The better of a side's two runs counts.  The ratio is
taken within the round, and its median over rounds, which go on until it is known well enough.
"""

from __future__ import annotations

import gc
import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean, median
from time import perf_counter
from typing import Any, Final, Protocol

from pytest_against.heap import Heap, glibc
from pytest_against.machine import Clock, Core

BATCH: Final = 50e-6
"""Seconds that a batch of calls takes at least: the clock and the handover cost a few of these."""
MOST_CALLS: Final = 4096
"""Calls of a batch at most, however short they are."""
FEWEST_ROUNDS: Final = 3
"""However long a round takes; a median of fewer does not withstand a burst."""
ENOUGH_ROUNDS: Final = 6
"""Rounds after which their spread is believed."""
FAR: Final = math.log(10)
"""Log ratio from which on no more than `FEWEST_ROUNDS` are needed."""
WARM: Final = 2
"""Calls after each change of hands that are not timed: the caches hold the other side's data."""
FEWEST_CALM: Final = 3
"""Batches in calm without which a call has no time."""
_LONG: Final = 5e-4  # seconds of a call from which on what the caches hold matters little
_SETUPS: Final = 0.01  # seconds of a batch with all that prepares it, from which on it is no longer
_TICK: Final = 1e-7  # seconds that a call may take before the clock moves: that of Windows
_WARMUP: Final = 3e-4  # seconds in calls that are not timed: a processor is slow at first
_PATIENCE: Final = 6  # multiple of the calm time asked for, after which it is given up
_TO_DEVIATION: Final = 1.4826  # of normal noise, from its median absolute deviation
_OF_MEDIAN: Final = 1.2533  # its standard error, in those of a mean: the square root of pi / 2

Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]


class Side(Protocol):
    """Something whose calls can be timed."""

    def run(self, calls: int, warm: int, seed: int) -> float:
        """Return the seconds of so many calls, after `warm` more that are not timed.

        The places of operands follow from `seed`, so that they are the same on both sides.
        """


@dataclass(frozen=True, slots=True)
class Measured:
    """What one trial measured of a row."""

    log_ratio: float
    """Median over rounds of the natural logarithm of a side's time over that of the base."""
    seconds: float
    """Median time of one call of the base, in seconds."""
    rounds: int
    """Number of rounds."""


def paired(
    base: Side, *others: Side, seconds: float, precision: float, rng: random.Random
) -> list[Measured]:
    """Time sides in turns, in the same rounds; return how each of the others did.

    Parameters
    ----------
    base, *others : Side
        What times are divided by, and one or more others.
    seconds : float
        Most time for all rounds, in seconds; longer if `FEWEST_ROUNDS` need it.
    precision : float
        Standard error of a log ratio, within this trial, that is good enough to stop at.
    rng : random.Random
        Draws the orders and the layouts.

    Raises
    ------
    ValueError
        If a clock measured a time that is not positive and finite.
    """
    sides, rounds, start = [base, *others], list[list[float]](), perf_counter()
    seed = rng.getrandbits(32)  # once: elsewhere a result is cold, on other pages on each side
    calls, longest = _calibrate(rng.sample(sides, len(sides)), seed)
    warm = min(WARM, math.floor(_LONG / longest))
    while True:
        rounds.append(_round(sides, calls, warm, seed, rng))
        ratios = [[math.log(best[i] / best[0]) for best in rounds] for i in range(1, len(sides))]
        if len(rounds) >= FEWEST_ROUNDS and (
            perf_counter() - start >= seconds or all(_settled(found, precision) for found in ratios)
        ):
            break
    each = median(best[0] for best in rounds) / calls
    return [Measured(median(found), each, len(rounds)) for found in ratios]


def _calibrate(sides: Sequence[Side], seed: int) -> tuple[int, float]:
    """Warm all sides up; return the calls of a batch, and the seconds of the slowest side's."""
    calls, least = 1, _TICK
    while True:
        start = perf_counter()
        # One call may end before the clock moves, but a batch may not.
        found = [_positive(side.run(calls, WARM, seed) or least) for side in sides]
        slow = perf_counter() - start > _SETUPS
        if min(found) >= BATCH or calls == MOST_CALLS or slow:
            return calls, max(found) / calls
        calls, least = min(MOST_CALLS, math.ceil(calls * BATCH / min(found))), 0.0


def _round(
    sides: Sequence[Side], calls: int, warm: int, seed: int, rng: random.Random
) -> list[float]:
    """Return the better of two runs of each side, in seconds."""
    order = rng.sample(range(len(sides)), len(sides))
    runs = [(i, _positive(sides[i].run(calls, warm, seed))) for i in [*order, *reversed(order)]]
    return [min(seconds for j, seconds in runs if j == i) for i in range(len(sides))]


def _positive(seconds: float) -> float:
    if not 0 < seconds < math.inf:  # nor is NaN
        raise ValueError(f"the clock measured {seconds} s for a call")
    return seconds


def _settled(log_ratios: Sequence[float], precision: float) -> bool:
    """Return whether the median is known well enough."""
    enough = len(log_ratios) >= ENOUGH_ROUNDS
    return abs(median(log_ratios)) >= FAR or (enough and standard_error(log_ratios) <= precision)


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the median of `values`, from their median absolute deviation."""
    middle = median(values)
    deviation = _TO_DEVIATION * median(abs(value - middle) for value in values)
    return _OF_MEDIAN * deviation / math.sqrt(len(values))


@dataclass(slots=True)
class Call:
    """What ``benchmark(...)`` or ``benchmark.pedantic(...)`` was given."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    setup: Callable[[], Any] | None = None
    """Run before each call, outside the time; may return ``(args, kwargs)``."""
    teardown: Callable[..., Any] | None = None
    """Run after each call with its arguments, outside the time."""
    settled: bool = field(default=False, init=False)
    """Whether the heap is ready for it."""

    def run(self, calls: int, warm: int, seed: int) -> float:
        """Return the seconds of so many calls, without what prepares them; see `Side.run`."""
        if not self.settled:
            self.settled = True
            _Places.settle()
        _Places.follow(seed)
        with no_garbage_collection():
            self._run(warm)
            return self._run(calls)

    def once(self) -> None:
        """Make one call."""
        self.call(self.arguments())

    def call(self, arguments: Arguments) -> None:
        """Make one call with arguments that are prepared."""
        args, kwargs = arguments
        self.function(*args, **kwargs)
        self._tear_down((arguments,))

    def arguments(self) -> Arguments:
        """Prepare the next call."""
        return (None if self.setup is None else self.setup()) or (self.args, self.kwargs or {})

    def _run(self, calls: int) -> float:
        spent, together = 0.0, self._together(calls)
        for start in range(0, calls, together):
            prepared = [self.arguments() for _ in range(min(together, calls - start))]
            spent += self._time(prepared)
            self._tear_down(prepared)
        return spent

    def _together(self, calls: int) -> int:
        """Return how many calls are prepared before the first of them.

        What a test runs between calls may undo what they change, and has to run between them here;
        `Operands` say by their ``copies`` how many sets of arguments they hold at a time.
        """
        if self.teardown is not None:
            return 1
        return max(1, calls if self.setup is None else getattr(self.setup, "copies", 1))

    def _time(self, prepared: Iterable[Arguments]) -> float:
        """Return the seconds of the calls; each gives the result before it back, as loops do."""
        # To unpack keywords in the loop costs half as much again as all else in it.
        calls = [partial(self.function, *args, **kwargs) for args, kwargs in prepared]
        start = perf_counter()
        for call in calls:
            _ = call()
        return perf_counter() - start

    def _tear_down(self, prepared: Iterable[Arguments]) -> None:
        if self.teardown is not None:
            for args, kwargs in prepared:
                self.teardown(*args, **kwargs)


def absolute(
    asked: Call, clock: Clock, core: Callable[[], Core], seconds: float, rng: random.Random
) -> list[float]:
    """Time calls that nothing else slows down; return the seconds per call of each batch.

    Only batches between two signs of calm that kept their core count: what a busy machine shows is
    no property of the call.  Fewer than `FEWEST_CALM` mean that there was too little calm to tell.

    Parameters
    ----------
    asked, clock, core : Call, Clock, callable
        What is timed, what tells when it is calm, and what begins a look at who has the core.
    seconds, rng : float, random.Random
        Calm time to spend in calls, in seconds, and what draws the layouts.

    Raises
    ------
    ValueError
        As `paired` does.
    """
    calls, each = _calibrate([asked], rng.getrandbits(32))
    warm = max(WARM, math.ceil(_WARMUP / each))
    found, spent, tries, start = list[float](), 0.0, 0, perf_counter()
    before = clock.calm()
    while len(found) < FEWEST_CALM or spent < seconds:
        if tries >= FEWEST_CALM and perf_counter() - start > _PATIENCE * seconds:
            break
        look = core()
        took = _positive(asked.run(calls, warm if tries == 0 else 0, rng.getrandbits(32)))
        kept, after = look.kept(took), clock.calm()
        tries += 1
        if before and kept and after:
            spent += took
            found.append(took / calls)
        before = after
    return found


def faster_half(seconds: Sequence[float]) -> float:
    """Return the geometric mean of the faster half of one or more times, in seconds.

    Neighbours only add to a time, but the very lowest is a layout that few processes meet.
    """
    return math.exp(fmean(map(math.log, sorted(seconds)[: (len(seconds) + 1) // 2])))


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep the collector from running within a timed call."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Places:
    """Where operands and the results of calls come to lie."""

    seed: int | None = None
    heap: Final = Heap(glibc())

    @classmethod
    def settle(cls) -> None:
        """Begin anew for another call."""
        cls.seed = None
        cls.heap.fill()

    @classmethod
    def follow(cls, seed: int) -> None:
        """Move them, unless they lie as follows from `seed` already."""
        if seed == cls.seed:
            return
        cls.seed = seed
        operands = sys.modules.get("pytest_against.operands")
        if operands is not None:
            operands.Layout.redraw(seed)
        cls.heap.move(seed)
