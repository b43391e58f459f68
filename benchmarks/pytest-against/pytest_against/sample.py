"""The trials of one row, and the verdict that they come to by the rule of `stats`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from pytest_against.model import Interval, Row, RowResult, Verdict
from pytest_against.stats import Errors, Plan, difference, interval, verdict
from pytest_against.timing import Measured

SIGHTINGS: Final = 2
"""Looks in a row at which a regression must be seen."""

_SETTLED: Final = 0.25  # part of the limit to within which a mean that is recorded has to be known


@dataclass(slots=True)
class Sample:
    """The trials of one row so far, and those of earlier that they are held against, if any."""

    row: Row
    stored: Sequence[float] | None = None
    """Log ratios of earlier; None if each trial is a ratio to the base already."""
    allowance: float = 0.0
    """For the time between then and now, as a natural logarithm."""
    values: list[float] = field(default_factory=list)
    """Log ratio of each trial."""
    seconds: list[float] = field(default_factory=list)
    """Seconds per call in each trial, after the change."""
    untimed: int = 0
    """Number of trials more that could not time it."""
    verdict: Verdict | None = None
    """What was proven at a look; None if nothing yet."""
    interval: Interval | None = None
    """That of the last look."""
    why: str = ""
    """Why it was decided without a look; empty if it was not."""
    _looks: int = 0
    _sightings: int = 0

    def add(self, found: Measured | None) -> None:
        """Take in what a trial measured; None if it could not."""
        if found is None:
            self.untimed += 1
            return
        self.values.append(found.log_ratio)
        self.seconds.append(found.seconds * math.exp(found.log_ratio))

    def decide(self, verdict: Verdict, why: str) -> None:
        """Decide the row without a look at its times."""
        self.verdict, self.why = verdict, why

    def look(self, plan: Plan) -> None:
        """Decide the row if its trials prove something."""
        if self.verdict is not None:
            return
        self._looks += 1
        self.interval = self._interval(plan.errors(self._looks))
        found = verdict(self.interval, plan.limit)
        self._sightings = self._sightings + 1 if found is Verdict.REGRESSED else 0
        if found is Verdict.REGRESSED and self._sightings < min(SIGHTINGS, len(plan.looks)):
            return
        self.verdict = found

    def renew(self) -> None:
        """Begin anew with longer trials; shorter ones have another spread."""
        if self.verdict is None:
            self.values, self.seconds, self.untimed = [], [], 0

    def settle(self, plan: Plan) -> None:
        """Decide the row once its mean is known to within a quarter of the limit."""
        found = interval(self.values, plan.errors(1))
        if found.mean - found.low <= _SETTLED * math.log1p(plan.limit):
            self.verdict = Verdict.STEADY

    def _interval(self, errors: Errors) -> Interval:
        if self.stored is None:
            return interval(self.values, errors)
        return difference(self.values, self.stored, errors, self.allowance)

    def result(self) -> RowResult:
        """Return the verdict as it stands; inconclusive if there is none."""
        if self.why and self.verdict is not None:
            return RowResult.untimed(self.row, self.verdict, self.why)
        if not self.values:
            return RowResult.untimed(self.row, Verdict.INCONCLUSIVE, self._reason())
        mean = self._interval(Errors(0.5, 0.5)).mean
        found = self.interval or Interval(mean, -math.inf, math.inf, len(self.values))
        now, judged = median(self.seconds), self.verdict or Verdict.INCONCLUSIVE
        was = now / math.exp(found.mean)
        return RowResult(
            row=self.row, verdict=judged, interval=found, was=was, now=now, why=self._reason()
        )

    def _reason(self) -> str:
        if self.verdict is Verdict.REGRESSED:
            return "slower than the limit"
        if self.verdict:
            return ""
        if self.untimed:
            of = f"{self.untimed} of {self.untimed + len(self.values)} trials"
            return f"{of} found no calm to time it in; judge it when less else runs"
        return "the trials do not prove it either way"
