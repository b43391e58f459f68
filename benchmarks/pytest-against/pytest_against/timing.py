"""Timing a call: side by side with another, in rounds, or alone, by the clock of fixed work.

In each round both sides run twice, in an order drawn anew and then reversed (A B B A), so that a
drift of the machine touches them alike.  A run is some short batches of calls, or a single longer
one, and the fastest third of a side's batches counts: in the first the caches hold the other side's
data, and what the machine does in between hits some of the rest.  The ratio is taken within the
round, and its median over rounds, which go on until it is known well enough.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from time import perf_counter
from typing import Final, Protocol

from pytest_against.machine import Clock, Core

BATCH: Final = 10e-6
"""Seconds that a batch of calls takes at least, side by side: a hundred ticks of any clock."""
LONE_BATCH: Final = 50e-6
"""The same, alone: between two batches stand the signs of calm."""
MOST_CALLS: Final = 4096
"""Calls of a batch at most, however short they are."""
FEWEST_ROUNDS: Final = 3
"""However long a round takes; a median of fewer does not withstand a burst."""
ENOUGH_ROUNDS: Final = 6
"""Rounds after which their spread is believed."""
FAR: Final = math.log(10)
"""Log ratio from which on no more than `FEWEST_ROUNDS` are needed."""
BATCHES: Final = 12
"""Batches of a run at most."""
_FIRST: Final = 3  # batches of a run to calibrate
PLACE: Final = 6
"""Rounds in one place; where results and operands lie is a property of the place, not of a side."""
FEWEST_CALM: Final = 3
"""Batches in calm without which a call has no time."""
_LONG: Final = 1.5e-4  # seconds of a run, after which no other batch begins: rounds tell more
_SETUPS: Final = 0.01  # seconds of a run with all that prepares it, after which it gets no longer
_MOST: Final = math.log(1.5)  # log ratio of a batch at most: with 2, noise opens thrice the rows
_TICK: Final = 1e-7  # seconds that a call may take before the clock moves: that of Windows
_WARMUP: Final = 3e-4  # seconds in calls that are not timed: a processor is slow at first
_PATIENCE: Final = 6  # multiple of the calm time asked for, after which it is given up
_TO_DEVIATION: Final = 1.4826  # of normal noise, from its median absolute deviation
_OF_MEDIAN: Final = 1.2533  # its standard error, in those of a mean: the square root of pi / 2


_Round = list[list[float]]
"""The seconds of each batch of each side, in order."""


class Side(Protocol):
    """Something whose calls can be timed."""

    def run(self, calls: int, batches: int, seed: int) -> Sequence[float]:
        """Return the seconds of each batch of so many calls.

        Where operands and results lie follows from `seed`, so that it is the same on both sides.
        """


@dataclass(frozen=True, slots=True)
class Measured:
    """What one trial measured of a row."""

    log_ratio: float
    """Median over rounds of the natural logarithm of a side's time over that of the base."""
    seconds: float
    """Median time of one call of the base."""
    rounds: int
    mean: float | None = None
    """Mean over all batches of the log ratio to the same one of the base, each of a factor of 1.5
    at most: of calls that differ, the fastest are the same ones on both sides.  None if alone."""


def paired(
    base: Side,
    *others: Side,
    seconds: float,
    precision: float,
    rng: random.Random,
    least: float = 0.0,
) -> list[Measured]:
    """Measure other sides against `base`, for so many seconds unless `FEWEST_ROUNDS` need more.

    Rounds end earlier once each log ratio is `FAR`, or, after `least` seconds, its standard error
    is at most `precision`.  Raises ValueError if a clock measured a time that is not positive and
    finite.
    """
    sides, start = [base, *others], perf_counter()
    rounds, best = list[_Round](), list[list[float]]()
    seed = rng.getrandbits(32)
    calls, batches, _ = _calibrate(rng.sample(sides, len(sides)), seed, BATCH)
    while True:
        if rounds and len(rounds) % PLACE == 0:
            seed = rng.getrandbits(32)
        rounds.append(_round(sides, calls, batches, seed, rng))
        best.append([fastest(each, 3) for each in rounds[-1]])
        ratios = [[math.log(each[i] / each[0]) for each in best] for i in range(1, len(sides))]
        spent = perf_counter() - start
        good = precision if spent >= least else -1.0
        if len(rounds) >= FEWEST_ROUNDS and (
            spent >= seconds or all(_settled(each, good) for each in ratios)
        ):
            break
    each = median(base for base, *_ in best) / calls
    return [
        Measured(median(found), each, len(rounds), _mean(rounds, side))
        for side, found in enumerate(ratios, 1)
    ]


def _mean(rounds: Sequence[_Round], side: int) -> float:
    """Return the mean log ratio of a side's batches to those of the base of the same number."""
    both = (pair for each in rounds for pair in zip(each[0], each[side], strict=True))
    return fmean(max(-_MOST, min(_MOST, math.log(now / then))) for then, now in both)


def _calibrate(sides: Sequence[Side], seed: int, least_seconds: float) -> tuple[int, int, float]:
    """Warm all sides up; return the calls of a batch, the batches of a run, and a batch's seconds.

    These are on the slowest side.
    """
    calls, least = 1, _TICK
    while True:
        start = perf_counter()
        # One call may end before the clock moves, but a batch may not.
        found = [_positive(min(side.run(calls, _FIRST, seed)) or least) for side in sides]
        spent = perf_counter() - start
        if min(found) >= least_seconds or calls == MOST_CALLS or spent > _SETUPS:
            cost = spent / len(sides) / _FIRST  # of a batch, with all that prepares it
            more = min(BATCHES - 1, int(_LONG / max(found)), int(_SETUPS / cost))
            return calls, 1 + more, max(found)
        calls, least = min(MOST_CALLS, math.ceil(calls * least_seconds / min(found))), 0.0


def _round(
    sides: Sequence[Side], calls: int, batches: int, seed: int, rng: random.Random
) -> _Round:
    """Time each side twice."""
    *others, last = rng.sample(range(len(sides)), len(sides))
    found: list[list[float]] = [[] for _ in sides]
    for i in [*others, last, *reversed(others)]:
        twice = 2 * batches if i == last else batches  # the two in the middle are asked for at once
        found[i] += map(_positive, sides[i].run(calls, twice, seed))
    return found


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


def absolute(
    asked: Side, clock: Clock, core: Callable[[], Core], seconds: float, rng: random.Random
) -> list[float]:
    """Time calls that nothing else slows down, for so many calm seconds in calls.

    Returns the seconds per call of each batch between two signs of calm that kept its core: what a
    busy machine shows is no property of the call.  Fewer than `FEWEST_CALM` mean that there was too
    little calm to tell.  `core` begins a look at who has the core.  Raises as `paired` does.
    """
    calls, _, slowest = _calibrate([asked], rng.getrandbits(32), LONE_BATCH)
    asked.run(math.ceil(calls * _WARMUP / slowest), 1, rng.getrandbits(32))
    found, spent, tries, start = list[float](), 0.0, 0, perf_counter()
    before = clock.calm()
    while len(found) < FEWEST_CALM or spent < seconds:
        if tries >= FEWEST_CALM and perf_counter() - start > _PATIENCE * seconds:
            break
        look = core()
        took = _positive(*asked.run(calls, 1, rng.getrandbits(32)))
        kept, after = look.kept(took), clock.calm()
        tries += 1
        if before and kept and after:
            spent += took
            found.append(took / calls)
        before = after
    return found


def fastest(seconds: Sequence[float], one_in: int) -> float:
    """Return the geometric mean of the fastest of one or more times, one in so many, in seconds.

    Neighbours only add to a time, but the very lowest is a layout that few processes meet.
    """
    return math.exp(fmean(map(math.log, sorted(seconds)[: math.ceil(len(seconds) / one_in)])))
