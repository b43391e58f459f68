"""The time of a call in one process, when nothing else slows the processor down.

Each function is visited at several moments.  Where its operands and its results lie is drawn anew:
which quarter of a cache line malloc happens to give a result makes 30 %, and would stay as it is
for the whole process.  The quarters are dealt in turn, because the few calls of a slow function
would not meet all of them equally often by chance.  A visit begins with calls that are not timed:
memory that was not used for long costs several times as much, and a processor is slow for some
tenths of a millisecond after it meets the widest of its instructions.

Of all calls between two signs of calm that kept their core, the faster half counts: neighbours
only ever add to a time, but the very lowest is a lucky layout that not every process meets.  With
hardly any such call there is no time: what a busy machine shows is no property of the function.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final

import numpy as np

from benchmarks.calm import Calm, Core
from benchmarks.heap import fill_holes
from benchmarks.paired import no_garbage_collection
from benchmarks.pool import Pool
from benchmarks.rows import Array, Inputs

VISITS: Final = 4
MOST_VISITS: Final = 8
FEWEST_CALLS: Final = 3
LONGEST_VISIT: Final = 6
"""Multiple of the calm time asked for, after which a visit ends for want of calm."""

_WARMUP: Final = 0.0003
"""Time in calls before those that are timed, in seconds."""
_WARMUP_RUNS: Final = 2

_MOST_ASIDE: Final = 4 * 1024 * 1024
"""Bytes put aside before a visit, so that arrays do not get the pages that they had before."""

_QUARTERS: Final = (0, 16, 32, 48)
"""Where in a cache line malloc may put an array."""

_Key = tuple[str, str]


@dataclass(slots=True)
class Alone:
    """A function, and how long its calls took.

    Attributes
    ----------
    function : callable
        What is timed.
    inputs : callable
        Returns its arguments.
    calm_visits : int
        Number of visits with enough calls between two signs of calm.
    calm : list of float
        Seconds per call of those calls.
    """

    function: Callable[..., Any]
    inputs: Callable[[], Inputs]
    calm_visits: int = 0
    calm: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """Time of a call, in seconds; None if there was too little calm to tell."""
        return faster_half(self.calm) if len(self.calm) >= FEWEST_CALLS else None

    def visit(self, calm: Calm, seconds: float, rng: random.Random) -> None:
        """Time some calls on new memory.

        Parameters
        ----------
        calm : Calm
            Tells when the machine is calm.
        seconds : float
            Calm time to spend in calls, in seconds.
        rng : random.Random
            Draws the layout.

        Raises
        ------
        ValueError
            If the clock measured a time that is not positive.
        """
        inputs = self.inputs()
        aside = [_untouched(rng)]
        pool = Pool(inputs, rng.getrandbits(32))
        aside += [*fill_holes(), _untouched(rng)]
        size = next(iter(inputs.operands.values())).nbytes
        quarters = itertools.cycle(rng.sample(_QUARTERS, len(_QUARTERS)))
        warm, runs = 0.0, 0
        while warm < _WARMUP or runs < _WARMUP_RUNS:
            warm += self._time(pool, size + next(quarters))
            runs += 1
        spent, calls, tries = 0.0, 0, 0
        start = time.perf_counter()
        before = calm.now()
        while calls < FEWEST_CALLS or spent < seconds:
            if tries >= FEWEST_CALLS and time.perf_counter() - start > LONGEST_VISIT * seconds:
                break
            core = Core()
            took = self._time(pool, size + next(quarters))
            kept = core.kept(took)
            after = calm.now()
            tries += 1
            if before and kept and after:
                calls += 1
                spent += took
                self.calm.append(took / pool.copies)
            before = after
        del aside
        self.calm_visits += calls >= FEWEST_CALLS

    def _time(self, pool: Pool, beside: int) -> float:
        """Return the time of a run whose results lie above so many bytes at the heap's top."""
        pool.release()
        pool.refill()
        shift = np.empty(beside, np.uint8)
        took = pool.time(self.function)
        del shift
        if not took > 0:  # nor is NaN
            raise ValueError("the clock measured no time for a call")
        return took


def _untouched(rng: random.Random) -> Array:
    return np.empty(rng.randrange(_MOST_ASIDE), np.uint8)


def faster_half(seconds: Sequence[float]) -> float:
    """Return the geometric mean of the faster half of some times.

    Parameters
    ----------
    seconds : sequence of float
        One or more times, in seconds.
    """
    return math.exp(fmean(map(math.log, sorted(seconds)[: (len(seconds) + 1) // 2])))


def take_turns(
    functions: Mapping[_Key, Alone], calm: Calm, seconds: float, rng: random.Random
) -> Iterator[_Key]:
    """Visit functions in turn, in an order drawn anew for each turn, until all had enough calm.

    Parameters
    ----------
    functions : mapping
        What to time; holds the times afterwards.
    calm : Calm
        Tells when the machine is calm.
    seconds : float
        Calm time for a visit, in seconds.
    rng : random.Random
        Draws the orders and the layouts.

    Yields
    ------
    key
        Of the function that is visited next.
    """
    with no_garbage_collection():
        for _ in range(MOST_VISITS):
            turn = [key for key, found in functions.items() if found.calm_visits < VISITS]
            for key in rng.sample(turn, len(turn)):
                yield key
                functions[key].visit(calm, seconds, rng)
