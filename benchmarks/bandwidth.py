"""How fast this machine moves memory, and which timings that makes impossible."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Final

import numpy as np

from benchmarks.pool import Pool
from benchmarks.rows import Array, Case, Inputs

MARGIN: Final = 1.3
"""By how much a method may beat the best pass that was seen before it is called impossible."""

_SECONDS: Final = 0.02
_FEWEST_ROUNDS: Final = 5
_SECOND_LOOKS: Final = 10


@lru_cache(maxsize=64)
def best_bandwidth(nbytes: int) -> float:
    """Return `measured_bandwidth`, measured once for each size."""
    return measured_bandwidth(nbytes)


def measured_bandwidth(nbytes: int) -> float:
    """Measure the rate at which operands of a size are passed over, laid out like those of a row.

    Neither a copy nor a pass in place is always the faster one: large copies bypass the caches.

    Parameters
    ----------
    nbytes : int
        Bytes of the operand.

    Returns
    -------
    float
        Bytes read and written per second, in the best of several rounds.
    """
    source = np.zeros(nbytes, np.uint8)
    target = np.ones(nbytes, np.uint8)
    pool = Pool(Inputs(operands={"source": source, "target": target}, writes=frozenset({"target"})))
    best = float("inf")
    end = time.perf_counter() + _SECONDS
    rounds = 0
    while rounds < _FEWEST_ROUNDS or time.perf_counter() < end:
        best = min(best, *map(pool.time, PASSES))
        rounds += 1
    return 2 * nbytes * pool.copies / best


def _copy(source: Array, target: Array) -> Array:
    np.copyto(target, source)
    return target


def _invert(_source: Array, target: Array) -> Array:
    return np.invert(target, out=target)


PASSES: Final = (_copy, _invert)
"""Both of them read and write as many bytes."""


def implausible(seconds: float, case: Case) -> str | None:
    """Say why a time is too short to be true.

    Parameters
    ----------
    seconds : float
        Typical time of one call.
    case : Case
        What the call had to do.

    Returns
    -------
    str or None
        The reason in words, None if the time is possible.
    """
    largest = max(operand.nbytes for operand in case.operands.values())
    needed = case.least_bytes / (seconds * MARGIN)
    bandwidth = best_bandwidth(largest)
    for _ in range(_SECOND_LOOKS):
        if bandwidth >= needed:
            break
        # A neighbour may have slowed the passes, and not the call.
        bandwidth = max(bandwidth, measured_bandwidth(largest))
    if bandwidth >= needed:
        return None
    return (
        f"implausible: {case.least_bytes:,} bytes in {seconds:.3g} s are "
        f"{case.least_bytes / seconds / 1e9:.3g} GB/s, but this machine moves "
        f"{bandwidth / 1e9:.3g} GB/s; the work is not done, or not on these data"
    )
