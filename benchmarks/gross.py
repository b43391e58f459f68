"""What one process alone can prove: a regression so large that no noise explains it.

A process is one sample, so that its time is held against the *largest* of the baseline's
trials, and only what is half as long again fails.  A slow machine is not a slow method: the
ratio to the reference kernel, measured in the same process, has to confirm it.
"""

from __future__ import annotations

import math
import random
from statistics import median
from typing import Final

from benchmarks.alone import Alone, take_turns
from benchmarks.baselines import StoredRow
from benchmarks.calm import Calm
from benchmarks.rows import Row
from benchmarks.trial import HEAD, KERNEL

GROSS: Final = 0.5
"""Fraction by which a row must exceed every trial of its baseline to fail."""

_CONFIRMING_SECONDS: Final = 0.002


def factor(seconds: float, stored: StoredRow) -> float:
    """Return how many times as long a call takes as in the baseline."""
    return seconds / median(stored.seconds)


def gross_regression(row: Row, seconds: float, stored: StoredRow, command: str) -> str | None:
    """Say that a row regressed grossly, None if that is not proven.

    Parameters
    ----------
    row : Row
        The row.
    seconds : float
        Time of one call in this process: that of the faster half.
    stored : StoredRow
        Its baseline.
    command : str
        What is typed to run a command of the suite, for messages.
    """
    if seconds <= max(stored.seconds) * (1 + GROSS):
        return None
    ratio = _ratio_to_kernel(row)
    if ratio is None or ratio <= max(stored.kernel) + math.log1p(GROSS):
        return None
    return (
        f"grossly slower than its baseline: {factor(seconds, stored):.2f} times the typical trial, "
        f"{seconds / max(stored.seconds):.2f} times the slowest; for a proper judgement: "
        f"{command} gate"
    )


def _ratio_to_kernel(row: Row) -> float | None:
    """Return the logarithm of the ratio, None if there is too little calm to tell."""
    head, kernel = Alone(row.function, row.inputs), Alone(row.kernel, row.inputs)
    timed = {(HEAD, row.name): head, (KERNEL, row.name): kernel}
    rng = random.Random()  # noqa: S311 - orders, not secrets
    for _ in take_turns(timed, Calm(), _CONFIRMING_SECONDS, rng):
        pass
    if head.seconds is None or kernel.seconds is None:
        return None
    return math.log(head.seconds / kernel.seconds)
