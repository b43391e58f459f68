"""What one process alone can prove: a regression so large that no noise explains it.

A process is one sample, so that its times are held against the *largest* of the baseline's
trials, and only what is half as long again fails.  A slow machine is not a slow method: the
ratio to the reference kernel, measured in the same process, has to confirm it.
"""

from __future__ import annotations

import math
import random
from statistics import median
from typing import Final

from benchmarks.baselines import StoredRow
from benchmarks.paired import compare
from benchmarks.pool import Pool
from benchmarks.rows import Row

GROSS: Final = 0.5
"""Fraction by which a row must exceed every trial of its baseline to fail."""

_CONFIRMING_SECONDS: Final = 0.05


def factor(seconds: float, stored: StoredRow) -> float:
    """Return how many times as long a call takes as in the baseline."""
    return seconds / median(stored.seconds)


def gross_regression(row: Row, seconds: float, stored: StoredRow) -> str | None:
    """Say that a row regressed grossly, None if that is not proven.

    Parameters
    ----------
    row : Row
        The row.
    seconds : float
        Typical time of one call in this process.
    stored : StoredRow
        Its baseline.
    """
    if seconds <= max(stored.seconds) * (1 + GROSS):
        return None
    arms = {"head": row.function, "kernel": row.kernel}
    pool, rng = Pool(row.inputs()), random.Random()  # noqa: S311 - orders, not secrets
    ratio = compare(pool, arms, "kernel", _CONFIRMING_SECONDS, rng).log_ratios["head"]
    if ratio <= max(stored.values) + math.log1p(GROSS):
        return None
    return (
        f"grossly slower than its baseline: {factor(seconds, stored):.2f} times the typical trial, "
        f"{seconds / max(stored.seconds):.2f} times the slowest; for a proper judgement: "
        "python -m benchmarks gate"
    )
