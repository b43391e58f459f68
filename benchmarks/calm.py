"""Whether the processor runs at full speed at this very moment, and how fast that is.

On a shared machine it often does not: a neighbour on the other hardware thread of the same core,
or the host taking the core away, slows everything down by tens of percent, and different work by
different factors, for milliseconds or for minutes.  A fixed piece of work beside each timed call
tells these moments apart, and its time in calm is a clock that ticks with the processor's
frequency.  The work is C code outside NumPy, so that an upgrade of NumPy does not change it.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import deque
from statistics import median
from typing import Final

_WORK: Final = bytes(range(256)) * 32
_TOLERATED: Final = 0.25
"""Fraction by which the work may exceed its best: a neighbour costs a half, and what the frequency
loses to other cores or to the widest instructions is less than a quarter."""
_WINDOW: Final = 9
"""Readings of which the median counts as best: one alone is now and then far too low."""
_WARMUP: Final = 100


class Calm:
    """Fixed work of some ten microseconds, and the time that it takes in calm.

    Parameters
    ----------
    seconds : float
        Its time in calm in earlier processes on this machine, in seconds.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        self._best = seconds
        self._latest: deque[float] = deque(maxlen=_WINDOW)
        self._calm = [] if math.isinf(seconds) else [seconds]
        for _ in range(_WARMUP):
            self.now()

    @property
    def seconds(self) -> float:
        """Time of the work in calm, in seconds: the lower quartile of its readings."""
        return sorted(self._calm)[len(self._calm) // 4]

    def now(self) -> bool:
        """Return whether the work takes about as long as it does in calm."""
        hashlib.blake2b(_WORK)  # what it needs may have left the cache
        start = time.perf_counter()
        hashlib.blake2b(_WORK)
        found = time.perf_counter() - start
        self._latest.append(found)
        if len(self._latest) == _WINDOW:
            self._best = min(self._best, median(self._latest))
        calm = found <= self._best * (1 + _TOLERATED)
        if calm:
            self._calm.append(found)
        return calm
