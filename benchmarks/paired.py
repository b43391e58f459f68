"""Timing several arms of one row inside one process, so that they share its noise.

In each round every arm runs twice, in an order drawn anew and then reversed (A B C C B A), so
that a drift of the machine touches all of them alike.  The better of an arm's two runs counts.
The ratio is taken within the round and summarised over rounds by its median: to pair first and
summarise later is what makes it survive a busy neighbour.  Rounds go on until the median is known
well enough, so that calm rows leave the time to those that a neighbour disturbs.
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

FEWEST_ROUNDS: Final = 3
"""However long a round takes; a median of fewer does not withstand a burst."""

ENOUGH_ROUNDS: Final = 6
"""Rounds after which their spread is believed."""

FAR: Final = 10.0
"""Multiple of the reference's time from which on an arm needs no more than `FEWEST_ROUNDS`."""

WARMUP_RUNS: Final = 8
"""Runs of an arm after which Python has specialised its instructions."""

_WARMUP_SHARE: Final = 0.05
"""Part of the time asked for after which an arm is warm: in long runs Python matters little."""

_TO_DEVIATION: Final = 1.4826
"""Standard deviation of normal noise, in multiples of its median absolute deviation."""

_OF_MEDIAN: Final = 1.2533
"""Standard error of a median, in multiples of that of a mean: the square root of pi / 2."""


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


def compare(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    pool: Pool,
    arms: Mapping[str, Callable[..., Any]],
    reference: str,
    seconds: float,
    rng: random.Random,
    precision: float = 0.0,
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
        Most time for all rounds, in seconds; longer if `FEWEST_ROUNDS` need it.
    rng : random.Random
        Draws the orders.
    precision : float
        Standard error of a log ratio, within this process, that is good enough to stop at.

    Raises
    ------
    ValueError
        If the clock measured a time that is not positive.
    """
    rounds: list[dict[str, float]] = []
    near = list(arms)
    with no_garbage_collection():
        for arm in rng.sample(near, len(near)):
            _warm_up(pool, arms[arm], seconds * _WARMUP_SHARE)
        start = time.perf_counter()
        while len(rounds) < FEWEST_ROUNDS or (
            time.perf_counter() - start < seconds
            and not _settled(rounds, near, reference, precision)
        ):
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
    return median(_log_ratios(arm, reference, rounds))


def _log_ratios(arm: str, reference: str, rounds: Sequence[Mapping[str, float]]) -> list[float]:
    return [math.log(best[arm] / best[reference]) for best in rounds if arm in best]


def _settled(
    rounds: Sequence[Mapping[str, float]], arms: Sequence[str], reference: str, precision: float
) -> bool:
    """Return whether every arm's log ratio is known to within `precision`."""
    return len(rounds) >= ENOUGH_ROUNDS and all(
        standard_error(_log_ratios(arm, reference, rounds)) <= precision
        for arm in arms
        if arm != reference
    )


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the median of `values`, from their median absolute deviation."""
    middle = median(values)
    deviation = _TO_DEVIATION * median(abs(value - middle) for value in values)
    return _OF_MEDIAN * deviation / math.sqrt(len(values))


def _warm_up(pool: Pool, function: Callable[..., Any], seconds: float) -> None:
    start = time.perf_counter()
    for _ in range(WARMUP_RUNS):
        pool.time(function)
        if time.perf_counter() - start >= seconds:
            break


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
