"""Whether the processor runs at full speed at this very moment, and how fast that is.

On a shared machine it often does not: a neighbour on the other hardware thread of the same core,
or the host taking the core away, slows everything down by tens of percent, and different work by
different factors, for milliseconds or for minutes.  A fixed piece of work beside each timed call
tells these moments apart, and its best time is a clock that ticks with the processor's frequency.
The work is C code outside NumPy, so that an upgrade of NumPy does not change it.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import Final

_WORK: Final = bytes(range(256)) * 32
_TOLERATED: Final = 0.05
"""Fraction by which the work may exceed its best; a neighbour costs far more."""
_WARMUP: Final = 100


class Calm:
    """Fixed work of some ten microseconds, and the best time that it ever took.

    Parameters
    ----------
    best : float
        Best time in an earlier process on this machine, in seconds.

    Attributes
    ----------
    best : float
        Best time so far, in seconds.
    """

    def __init__(self, best: float = math.inf) -> None:
        self.best = best
        for _ in range(_WARMUP):
            self.now()

    def now(self) -> bool:
        """Return whether the work takes about as long as it did at best."""
        hashlib.blake2b(_WORK)  # what it needs may have left the cache
        start = time.perf_counter()
        hashlib.blake2b(_WORK)
        seconds = time.perf_counter() - start
        self.best = min(self.best, seconds)
        return seconds <= self.best * (1 + _TOLERATED)
