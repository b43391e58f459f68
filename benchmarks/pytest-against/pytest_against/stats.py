r"""The rule: numbers in, verdicts out; no clock, no file, no printing.

For each of *m* rows, *n* trials (fresh processes) give :math:`y_1 \le \ldots \le y_n`, the log of
how much longer one side takes than the other.  A look at the data after *n* trials leaves out
:math:`g = \lfloor n / 10 \rfloor` at each end, so that :math:`h = n - 2 g` remain, and uses

.. math:: \bar y_t \pm t_{f}(1 - p) \, \sqrt{v / h}, \quad
   v = \frac{(n - 1) s_w^2 + d_0 s_0^2}{f}, \quad f = h - 1 + d_0

where :math:`\bar y_t` is the mean of those that remain, :math:`s_w` the standard deviation when
each that was left out is replaced by the nearest that was not, and *t* a quantile of Student's
distribution [1]_.  What all rows together say of a variance at the first look, :math:`s_0^2`, is
worth :math:`d_0` trials [2]_; see `Prior`.  Without that, and with fewer than ten trials, this is
the usual interval.  With *limit* as the log of the slowdown that is tolerated, a row is

* regressed when its interval lies above the limit at two looks in a row;
* steady when its interval ends below the limit: it is proven not to be slower by more;
* improved when its interval lies below the negative limit;
* undecided otherwise; undecided rows, and only they, get more trials.

The two ends answer two questions, and so they have a *p* each, at the *k*-th of *K* looks that are
planned:

* Below, :math:`p = \alpha / m K`.  A gate is red if *any* of its rows is, so that by Bonferroni's
  inequality it is with a probability of at most :math:`\alpha` if none is slower by more.
* Above, :math:`p = 6 \alpha / \pi^2 k^2`, which adds up to :math:`\alpha`: most rows need one look.
  A gate is green only if *all* of its rows are, so that one that is slower by more would have to be
  called steady itself, however many rows there are: an intersection-union test [3]_.

What is undecided after the last look is inconclusive.  One process is not a sample, however many
rounds it runs: identical code differs between processes by more than within one.  Outliers are left
out because they come with identical code, too; what fewer than a tenth of the processes show is not
seen.

References
----------
.. [1] K. K. Yuen, "The two-sample trimmed t for unequal population variances", Biometrika 61,
   1974, after J. W. Tukey and D. H. McLaughlin, "Less vulnerable confidence and significance
   procedures for location based on a single sample", Sankhya A 25, 1963.
.. [2] G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential expression
   in microarray experiments", Statistical Applications in Genetics and Molecular Biology 3, 2004.
.. [3] R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24,
   1982.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, variance
from typing import Final, NamedTuple

from scipy.special import chdtri, polygamma, psi, stdtrit

from pytest_against.model import ERROR, Interval, Limits

TRIMMED: Final = 10  # one in so many trials is left out at each end
LOOKS: Final = (4, 6, 8, 10, 14, 18, 24, 32, 42, 56, 74, 98, 130, 172)
"""Numbers of trials after which rows may be decided."""
_MOST_WORTH: Final = 20.0  # trials, however alike the rows are
_SURE: Final = 0.95  # probability that the rows differ by no more than is assumed
_STEPS: Final = 20  # of Newton's method, which needs about six


class Errors(NamedTuple):
    """Probabilities that all of an interval lies above the truth, and below it."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is tolerated, and how often one may look: fixed before the first trial."""

    limit: float  # tolerated slowdown, as a fraction: 0.03 is 3 %
    rows: int  # number of rows that must not be red together, the m of the rule
    looks: tuple[int, ...]  # numbers of trials after which rows may be decided, ascending
    error: float = ERROR  # the alpha of the rule

    @classmethod
    def of(cls, limits: Limits, rows: int) -> Plan:
        """Return the plan for so many rows within these limits."""
        looks = [look for look in LOOKS if look < limits.trials]
        return cls(
            limit=limits.limit,
            rows=max(1, rows),
            looks=(*looks, limits.trials),
            error=limits.error,
        )

    def errors(self, look: int) -> Errors:
        """Return the probabilities *p* of the rule, at a look that is counted from 1."""
        return Errors(
            low=self.error / (self.rows * len(self.looks)),
            high=self.error * 6 / (math.pi * look) ** 2,
        )


class _Moments(NamedTuple):
    mean: float
    squared_error: float
    freedom: float

    def interval(self, errors: Errors, trials: int) -> Interval:
        if self.freedom <= 0:
            return Interval(self.mean, -math.inf, math.inf, trials)
        error = math.sqrt(self.squared_error)
        below, above = (-float(stdtrit(self.freedom, p)) * error for p in errors)
        return Interval(self.mean, self.mean - below, self.mean + above, trials)


@dataclass(frozen=True, slots=True)
class Prior:
    """What all rows together say of the variance of one: Smyth's moderation, made cautious [2]_."""

    worth: float = 0.0  # number of trials that it counts as, the d0 of the rule
    variance: float = 0.0  # of a trial's log ratio, the square of the s0 of the rule

    @classmethod
    def of(cls, rows: Iterable[Sequence[float]]) -> Prior:
        r"""Learn from the log ratios of each row; rows whose trials agree exactly say nothing.

        Logs of variances vary by :math:`\psi'(f / 2) + \psi'(d_0 / 2)`.  So that few rows are not
        believed too much, an upper bound of this stands for it, and the geometric mean of the
        variances, which is larger, for Smyth's :math:`s_0^2`.
        """
        found = [_moments(values) for values in rows]
        seen = [(f, error * (f + 1)) for _, error, f in found if f > 0 and error > 0]
        if len(seen) <= 1:
            return NO_PRIOR
        logs = [math.log(v * f / 2) - float(psi(f / 2)) for f, v in seen]
        most = variance(logs) * (len(logs) - 1) / float(chdtri(len(logs) - 1, _SURE))
        between = most - fmean(float(polygamma(1, f / 2)) for f, _ in seen)
        least = float(polygamma(1, _MOST_WORTH / 2))
        return cls(2 * _inverse_trigamma(max(between, least)), math.exp(fmean(logs)))


NO_PRIOR: Final = Prior()


def _inverse_trigamma(value: float) -> float:
    """Return where the trigamma function has a value, by Newton's method on its inverse [2]_."""
    found = 0.5 + 1 / value
    for _ in range(_STEPS):
        at = float(polygamma(1, found))
        found += at * (1 - at / value) / float(polygamma(2, found))
    return found


def _moments(values: Sequence[float], prior: Prior = NO_PRIOR) -> _Moments:
    """Return the trimmed mean, its squared standard error, and their degrees of freedom."""
    n = len(values)
    if not all(map(math.isfinite, values)):
        raise ValueError("a trial's log ratio is not a finite number")
    if n <= 1:
        return _Moments(values[0] if values else math.nan, math.inf, 0)
    out = n // TRIMMED
    kept = sorted(values)[out : n - out]
    winsorized = [kept[0]] * out + kept + [kept[-1]] * out
    center = math.fsum(winsorized) / n
    squares = math.fsum((value - center) ** 2 for value in winsorized)
    left = len(kept)
    freedom = left - 1 + prior.worth
    each = (squares + prior.worth * prior.variance) / freedom
    return _Moments(math.fsum(kept) / left, each / left, freedom)


def interval(values: Sequence[float], errors: Errors, prior: Prior = NO_PRIOR) -> Interval:
    """Return the trimmed mean of log ratios with its interval, unbounded for fewer than two."""
    return _moments(values, prior).interval(errors, len(values))


def difference(
    values: Sequence[float],
    stored: Sequence[float],
    errors: Errors,
    allowance: float = 0.0,
    prior: Prior = NO_PRIOR,
) -> Interval:
    r"""Return by how much the trimmed mean of log ratios exceeds that of stored ones.

    The interval is Yuen's [1]_, which is Welch's for trimmed means, and unbounded for fewer than
    two values on either side.  With :math:`v = (n - 1) s_w^2 / h (h - 1)`, its margin is
    :math:`t_\nu \sqrt{v_1 + v_2}` where
    :math:`\nu = (v_1 + v_2)^2 / (v_1^2 / (h_1 - 1) + v_2^2 / (h_2 - 1))`.  It is widened on both
    sides by an allowance, the `drift` between recordings; the prior is that of `values`.
    """
    now, then = _moments(values, prior), _moments(stored)
    total = now.squared_error + then.squared_error
    freedom = min(now.freedom, then.freedom)
    if freedom > 0 and total > 0:
        share = now.squared_error / total  # the squares of small numbers may be 0
        freedom = 1 / (share**2 / now.freedom + (1 - share) ** 2 / then.freedom)
    found = _Moments(now.mean - then.mean, total, freedom).interval(errors, len(values))
    return replace(found, low=found.low - allowance, high=found.high + allowance)


def drift(rows: Iterable[Sequence[Sequence[float]]]) -> float:
    """Return what to allow for between recordings of identical code, as a natural logarithm.

    Twice the standard deviation between recordings, beyond what their own trials explain, over all
    rows: for each its recordings, and for each of these a log ratio per trial.  Recordings of fewer
    than two trials, and rows of fewer than two such recordings, say nothing.
    """
    excess = []
    for recordings in rows:
        known = [each for each in recordings if len(each) > 1]
        if len(known) > 1:
            explained = fmean(variance(each) / len(each) for each in known)
            excess.append(variance([fmean(each) for each in known]) - explained)
    return 2 * math.sqrt(max(0.0, fmean(excess))) if excess else 0.0
