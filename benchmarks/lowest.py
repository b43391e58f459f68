"""The lowest time of a call in one process, in a moment in which nothing else slowed it down.

What neighbours add to a time is never negative, and it comes and goes: within seconds, a busy
machine shows the undisturbed time of every call, if it is looked at often enough.  A function is
visited at several moments, on newly laid out memory each time, until its two lowest visits agree
and enough of its calls lay between two signs of calm.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.calm import Calm
from benchmarks.paired import no_garbage_collection
from benchmarks.pool import Pool
from benchmarks.rows import Inputs

AGREEMENT: Final = 0.015
"""Fraction by which the two lowest visits may differ."""

MOST_VISITS: Final = 10
FEWEST_CALLS: Final = 3
LONGEST_VISIT: Final = 12
"""Multiple of the calm time asked for, after which a visit ends for want of calm."""

_Key = tuple[str, str]


@dataclass(slots=True)
class Lowest:
    """A function, and the lowest times that it took.

    Attributes
    ----------
    function : callable
        What is timed.
    inputs : callable
        Returns its arguments.
    visits : list of float
        Lowest time of a call in each visit, in seconds.
    calm_calls : int
        Number of runs between two signs of calm.
    """

    function: Callable[..., Any]
    inputs: Callable[[], Inputs]
    visits: list[float] = field(default_factory=list)
    calm_calls: int = 0

    @property
    def seconds(self) -> float:
        """Lowest time of a call, in seconds."""
        return min(self.visits)

    @property
    def settled(self) -> bool:
        """Whether the lowest time was confirmed by another visit, in calm."""
        if len(self.visits) <= 1 or self.calm_calls < FEWEST_CALLS:
            return False
        lowest, second, *_ = sorted(self.visits)
        return second <= lowest * (1 + AGREEMENT)

    def visit(self, calm: Calm, seconds: float, seed: int) -> None:
        """Time some calls on new memory.

        Parameters
        ----------
        calm : Calm
            Tells when the machine is calm.
        seconds : float
            Calm time to spend in calls, in seconds.
        seed : int
            Seed of the layout.

        Raises
        ------
        ValueError
            If the clock measured a time that is not positive.
        """
        pool = Pool(self.inputs(), seed)
        lowest, spent, calls, tries = math.inf, 0.0, 0, 0
        start = time.perf_counter()
        before = calm.now()
        while calls < FEWEST_CALLS or spent < seconds:
            if tries >= FEWEST_CALLS and time.perf_counter() - start > LONGEST_VISIT * seconds:
                break
            pool.refill()
            took = pool.time(self.function)
            if not took > 0:  # nor is NaN
                raise ValueError("the clock measured no time for a call")
            after = calm.now()
            lowest = min(lowest, took)
            tries += 1
            if before and after:
                calls += 1
                spent += took
            before = after
        self.calm_calls += calls
        self.visits.append(lowest / pool.copies)


def settle(
    functions: Mapping[_Key, Lowest], calm: Calm, seconds: float, rng: random.Random
) -> Iterator[_Key]:
    """Visit functions in turn, in an order drawn anew for each turn, until all are settled.

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
            turn: Sequence[_Key] = [key for key, found in functions.items() if not found.settled]
            for key in rng.sample(turn, len(turn)):
                yield key
                functions[key].visit(calm, seconds, rng.getrandbits(32))
