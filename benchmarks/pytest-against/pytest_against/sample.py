"""A row that is judged: its trials so far, and what they prove by the rule of `stats`.

Trials tell two things of a row that is timed side by side.  One is how much longer its typical call
takes: it is known best, and held against the limit.  But the fastest calls alone decide what is
typical, and a test may make calls of several kinds in turns.  So the mean over all calls is held
against the limit and `PARTLY` more: a row is steady only if both are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from pytest_against.model import Interval, Row, RowResult, Verdict
from pytest_against.stats import NO_PRIOR, Errors, Plan, Prior, difference, interval
from pytest_against.terms import USUAL, Terms

if TYPE_CHECKING:
    from pytest_against.timing import Measured

SIGHTINGS: Final = 2
"""Looks in a row at which a regression must be seen."""
PARTLY: Final = 0.05
"""Fraction by which the mean over calls may be slower beyond the limit: it is known less well."""
_SETTLED: Final = 0.25  # part of the limit to within which a mean that is recorded has to be known


@dataclass(slots=True)
class Sample:
    """The trials of one row so far, and those of earlier that they are held against, if any."""

    row: Row
    stored: Sequence[float] | None = None  # None if each trial is a ratio to the base already
    allowance: float = 0.0  # for the time between then and now, as a natural logarithm
    values: list[float] = field(default_factory=list)  # log ratios
    seconds: list[float] = field(default_factory=list)  # per call, after the change
    means: list[float] = field(default_factory=list)  # log ratios over all calls, if side by side
    untimed: int = 0  # number of trials more that could not time it
    verdict: Verdict | None = None  # None if nothing is proven yet
    interval: Interval | None = None  # that of the last look
    why: str = ""  # decided without a look; empty if it was not
    terms: Terms = USUAL
    own_limit: float | None = None  # what is tolerated of it, if not what is of all
    _partly: bool = False  # whether the mean over all calls is what decides
    _looks: int = 0
    _sightings: int = 0

    def add(self, found: Measured | None) -> None:
        """Take in what a trial measured; None if it could not."""
        if found is None:
            self.untimed += 1
            return
        self.values.append(found.log_ratio)
        self.means += [] if found.mean is None else [found.mean]
        self.seconds.append(found.seconds * math.exp(found.log_ratio))

    @property
    def questions(self) -> int:
        """Number of intervals that can find it slower."""
        return 2 if self.stored is None else 1

    def look(self, plan: Plan, prior: Prior = NO_PRIOR, of_means: Prior = NO_PRIOR) -> None:
        """Decide the row if its trials prove something; priors are of `values` and `means`."""
        if self.verdict is not None:
            return
        self._looks += 1
        errors = plan.errors(self._looks)
        self.interval = self._interval(errors, prior)
        was = median(self.seconds) / math.exp(self.interval.mean) if self.seconds else math.nan
        tolerated = self.terms.tolerated(plan.limit, was)
        self.own_limit = None if tolerated == plan.limit else tolerated
        found = self.interval.proves(tolerated)
        self._partly = False
        if self.means and found is not Verdict.REGRESSED:
            mean = interval(self.means, errors, of_means)
            of_mean = mean.proves((1 + tolerated) * (1 + PARTLY) - 1)
            if of_mean is Verdict.REGRESSED:
                found, self.interval, self._partly = of_mean, mean, True
            elif of_mean is None:
                found, self._partly = None, found is not None
        self._sightings = self._sightings + 1 if found is Verdict.REGRESSED else 0
        if not 0 < self._sightings < min(SIGHTINGS, len(plan.looks)):
            self.verdict = found

    def settle(self, plan: Plan) -> None:
        """Decide the row once its mean is known to within a quarter of the limit."""
        found = interval(self.values, plan.errors(1))
        if found.mean - found.low <= _SETTLED * math.log1p(plan.limit):
            self.verdict = Verdict.STEADY

    def _interval(self, errors: Errors, prior: Prior = NO_PRIOR) -> Interval:
        if self.stored is None:
            return interval(self.values, errors, prior)
        return difference(self.values, self.stored, errors, self.allowance, prior)

    def result(self) -> RowResult:
        """Return the verdict as it stands; inconclusive if there is none."""
        judged, why = self.verdict or Verdict.INCONCLUSIVE, self.why or self._reason()
        known = RowResult.untimed(self.row, judged, why, may_fail=self.terms.may_fail)
        if self.why or not self.values:
            return known
        found, now = self.interval, median(self.seconds)
        if found is None:
            found = replace(self._interval(Errors(0.5, 0.5)), low=-math.inf, high=math.inf)
        was = now / math.exp(self._interval(Errors(0.5, 0.5)).mean)  # of a typical call
        return replace(known, interval=found, was=was, now=now, limit=self.own_limit)

    def _reason(self) -> str:
        if self.verdict is Verdict.REGRESSED:
            own = self.own_limit
            limit = "the limit" if own is None else f"its limit, {100 * own:.3g}%"
            some = " in some of its calls; the factor is of all" if self._partly else ""
            return f"slower than {limit}{some}"
        if self.verdict:
            return ""
        if self.untimed:
            mend = "judge it side by side, or when less else runs"
            of = f"{self.untimed} of {self.untimed + len(self.values)} trials"
            return f"{of} found no calm to time it in, or calls that differ; {mend}"
        if self._partly:
            return "its calls differ from each other, and the trials do not prove their mean"
        return "the trials do not prove it either way"
