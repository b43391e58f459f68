"""Timing several arms of one row inside one process, so that they share its noise.

In each round every arm runs twice, in an order drawn anew and then reversed (A B C C B A), so
that a drift of the machine touches all of them alike.  The better of an arm's two runs counts.
The ratio is taken within the round and summarised over rounds by its median: to pair first and
summarise later is what makes it survive a busy neighbour.
"""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from benchmarks.pool import Pool

ENOUGH_ROUNDS: Final = 10
FEWEST_ROUNDS: Final = 4
LONGEST: Final = 8
"""Multiple of the time asked for after which slow rows stop short of `ENOUGH_ROUNDS`."""

FAR: Final = 10.0
"""Multiple of the reference's time from which on an arm needs no more than `FEWEST_ROUNDS`."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one process measured on one row.

    Attributes
    ----------
    log_ratios : mapping of str to float
        For every arm, the median over rounds of the natural logarithm of its time divided by
        that of the reference arm.
    seconds : float
        Median time of one call of the reference arm, in seconds.
    rounds : int
        Number of rounds.
    """

    log_ratios: Mapping[str, float]
    seconds: float
    rounds: int


def compare(
    pool: Pool,
    arms: Mapping[str, Callable[..., Any]],
    reference: str,
    seconds: float,
    rng: random.Random,
) -> Sample:
    """Time all arms on the same memory in the same rounds.

    Parameters
    ----------
    pool : Pool
        The operands.
    arms : mapping of str to callable
        The functions by name of the arm.
    reference : str
        The arm that the others are divided by.
    seconds : float
        Time for all rounds, in seconds; longer if `ENOUGH_ROUNDS` need it, up to `LONGEST` times
        as long, and beyond for `FEWEST_ROUNDS`.
    rng : random.Random
        Draws the orders.

    Raises
    ------
    ValueError
        If the clock measured a time that is not positive.
    """
    rounds: list[dict[str, float]] = []
    near = list(arms)
    with no_garbage_collection():
        _round(pool, arms, near)  # warms caches, and Python's specialised instructions
        start = time.perf_counter()
        while _more(len(rounds), (time.perf_counter() - start) / seconds):
            order = rng.sample(near, len(near))
            rounds.append(_round(pool, arms, order))
            # At once, because with such a clock the time for all rounds never ends.
            if not all(found > 0 for found in rounds[-1].values()):
                raise ValueError("the clock measured no time for a call")
            if len(rounds) == FEWEST_ROUNDS:
                near = [arm for arm in arms if _log_ratio(arm, reference, rounds) < math.log(FAR)]
                if len(near) < len(arms):
                    # One far arm must not use up the time of those that are close.
                    start = time.perf_counter()
    return Sample(
        log_ratios={arm: _log_ratio(arm, reference, rounds) for arm in arms if arm != reference},
        seconds=median(best[reference] for best in rounds) / pool.copies,
        rounds=len(rounds),
    )


def _log_ratio(arm: str, reference: str, rounds: Sequence[Mapping[str, float]]) -> float:
    return median(math.log(best[arm] / best[reference]) for best in rounds if arm in best)


def _more(rounds: int, spent: float) -> bool:
    if rounds < ENOUGH_ROUNDS:
        return rounds < FEWEST_ROUNDS or spent < LONGEST
    return spent < 1


def _round(
    pool: Pool, arms: Mapping[str, Callable[..., Any]], order: list[str]
) -> dict[str, float]:
    best = dict.fromkeys(order, math.inf)
    pool.refill()
    for arm in [*order, *reversed(order)]:
        best[arm] = min(best[arm], pool.time(arms[arm]))
    return best


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
