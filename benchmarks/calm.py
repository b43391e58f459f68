"""Whether the processor runs at full speed at this very moment, and is ours alone.

On a shared machine it often does not: a neighbour on the other hardware thread of the same core,
or the host taking the core away, slows everything down by tens of percent, and different work by
different factors, for milliseconds or for minutes.  A fixed piece of work beside each timed call
tells these moments apart, and its time in calm is a clock that ticks with the processor's
frequency.  The work is C code outside NumPy, so that an upgrade of NumPy does not change it.

It does not tell when another process has the core in the middle of a call and gives it back before
the end: that shows in the processor time of the call, which is less than the time that passed.
"""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections import deque
from statistics import median
from typing import Final

if sys.platform != "win32":
    import resource

_WORK: Final = bytes(range(256)) * 32
_TOLERATED: Final = 0.25
"""Fraction by which the work may exceed its best: a neighbour costs a half, and what the frequency
loses to other cores or to the widest instructions is less than a quarter."""
_WINDOW: Final = 9
"""Readings of which the median counts as best: one alone is now and then far too low."""
_WARMUP: Final = 100

_LOST: Final = 0.02
"""Part of its time for which a call may be without a core: what the system itself needs is less."""
_RESOLUTION: Final = 2 * time.get_clock_info("process_time").resolution
"""Seconds without a core that the clock of processor time cannot tell from none."""


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


class Core:
    """Whether this process kept its core from now on."""

    def __init__(self) -> None:
        self._waits = _waits()
        self._processor = time.process_time()
        self._start = time.perf_counter()

    def kept(self, seconds: float) -> bool:
        """Return whether it was ours, but for a small part of so many seconds, until now.

        A process that waits of its own accord, as in a sleep, gives its core away; that time is
        what it takes.
        """
        passed = time.perf_counter() - self._start
        lost = passed - (time.process_time() - self._processor)
        return lost <= max(_LOST * seconds, _RESOLUTION) or _waits() != self._waits


def _waits() -> int:
    """Return how often this process gave its core away to wait for something."""
    if sys.platform == "win32":
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
