"""The trials of a row as they come in, looked at by the rule of the judge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from benchmarks.judge import Interval, Policy, Verdict, decide, difference, interval
from benchmarks.outcome import RowOutcome, decided
from benchmarks.rows import Named

SIGHTINGS: Final = 2
"""Looks in a row at which a regression must be seen."""


@dataclass(slots=True)
class Series:
    """The trials of one row so far, and those that they are held against if some are stored.

    Attributes
    ----------
    row : Named
        The row.
    stored : sequence of float
        Log ratios of a baseline; empty if each trial is a ratio to the base already.
    drift : float
        Allowance for the time between the baseline and now, as a natural logarithm.
    values : list of float
        Log ratio of each trial.
    seconds : list of float
        Seconds per call in each trial.
    kernel : list of float
        Log ratio to the reference kernel, of each trial that timed it.
    without_calm : int
        Number of trials more that had no calm to time it in.
    wrong : str
        How the answer differed once it had been timed; empty if it did not.
    """

    row: Named
    stored: Sequence[float] = ()
    drift: float = 0.0
    values: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    kernel: list[float] = field(default_factory=list)
    without_calm: int = 0
    sightings: int = 0
    verdict: Verdict | None = None
    interval: Interval | None = None
    wrong: str = ""

    def add(self, log_ratio: float, reference_seconds: float, kernel: float | None = None) -> None:
        """Take in a trial."""
        if kernel is not None:
            self.kernel.append(kernel)
        self.values.append(log_ratio)
        self.seconds.append(reference_seconds * math.exp(log_ratio))

    def diverge(self, why: str) -> None:
        """Decide the row without looking at its times: they are those of a wrong answer."""
        self.verdict, self.wrong = Verdict.DIVERGED, why

    def look(self, policy: Policy) -> None:
        """Decide the row if the trials prove something."""
        self.interval = self._interval(policy.error)
        found = decide(self.interval, policy.limit)
        if found is Verdict.REGRESSED:
            self.sightings += 1
            if self.sightings < min(SIGHTINGS, len(policy.looks)):
                return
        else:
            self.sightings = 0
        self.verdict = found

    def _interval(self, error: float) -> Interval:
        if self.stored:
            return difference(self.values, self.stored, error, self.drift)
        return interval(self.values, error)

    def outcome(self) -> RowOutcome:
        """Return the verdict as it stands; inconclusive if there is none."""
        if self.wrong:
            return decided(self.row, Verdict.DIVERGED, self.wrong)
        if not self.values:
            return decided(self.row, Verdict.INCONCLUSIVE, self._why())
        found = self.interval or replace(self._interval(0.5), low=-math.inf, high=math.inf)
        now = median(self.seconds) if self.seconds else math.nan
        return RowOutcome(
            row=self.row.name,
            method=self.row.method,
            workload=self.row.workload,
            verdict=self.verdict or Verdict.INCONCLUSIVE,
            interval=found,
            was=now / math.exp(found.mean),
            now=now,
            why=self._why(),
        )

    def _why(self) -> str:
        if self.verdict is Verdict.REGRESSED:
            return "slower than the limit"
        if self.verdict:
            return ""
        if self.without_calm:
            of = f"{self.without_calm} of {self.without_calm + len(self.values)} trials"
            return f"{of} had no calm to time it in; judge it when less else runs"
        return "the trials do not prove it either way"
