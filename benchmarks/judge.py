r"""Numbers in, verdicts out: no clock, no file, no printing.

For each of *m* rows, *n* trials (fresh processes) give :math:`y_1 \le \ldots \le y_n`, the log of
how much longer one arm takes than the other.  A look at the data after *n* trials leaves out
:math:`g = \lfloor n / 10 \rfloor` at each end, so that :math:`h = n - 2 g` remain, and uses

.. math:: \bar y_t \pm t_{h-1}(1 - \alpha / 2 m K) \, s_w \sqrt{\frac{n - 1}{h (h - 1)}}

where :math:`\bar y_t` is the mean of those that remain, :math:`s_w` the standard deviation when
each that was left out is replaced by the nearest that was not, *t* a quantile of Student's
distribution, and *K* the number of looks that are planned [1]_.  With fewer than ten trials it is
the usual interval of the mean.  By Bonferroni's inequality, all intervals of all rows at all looks
hold together with probability :math:`1 - \alpha`.  With *limit* as the log of the slowdown that is
tolerated, a row is

* regressed when its interval lies above the limit;
* steady when its interval ends below the limit: it is proven not to be slower by more;
* improved when its interval lies below the negative limit;
* undecided otherwise; undecided rows, and only they, get more trials.

What is undecided after the last look is inconclusive.  One process is not a sample, however many
rounds it runs: identical code differs between processes by more than it does within one.  Outliers
are left out because on shared machines they come with identical code, too; what happens in fewer
than a tenth of the processes is not seen.

References
----------
.. [1] K. K. Yuen, "The two-sample trimmed t for unequal population variances", Biometrika 61,
   1974, after J. W. Tukey and D. H. McLaughlin, "Less vulnerable confidence and significance
   procedures for location based on a single sample", Sankhya A 25, 1963.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import fmean, variance
from typing import Final

from scipy.stats import t as student

FAMILY_ERROR: Final = 0.01
"""Probability that any interval of a whole gate misses its true value."""

TRIMMED: Final = 10
"""One in so many trials is left out at each end."""


class Verdict(Enum):
    """The answer for a row."""

    REGRESSED = "regressed"
    DIVERGED = "diverged"
    HEAVIER = "heavier"
    MISSING = "missing"
    VANISHED = "vanished"
    NEW = "new"
    UNJUDGED = "not judged"
    INCONCLUSIVE = "inconclusive"
    STEADY = "steady"
    IMPROVED = "improved"


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of log ratios, and the interval that holds its true value.

    Attributes
    ----------
    mean, low, high : float
        Natural logarithms; 0 is unchanged.
    trials : int
        Number of trials behind it.
    """

    mean: float
    low: float
    high: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is tolerated, and how often one may look.

    Attributes
    ----------
    limit : float
        Slowdown that is tolerated, as a fraction: 0.03 is 3 %.
    rows : int
        Number of intervals that must hold together, the *m* of the rule.
    looks : tuple of int
        Numbers of trials after which rows may be decided, ascending.
    family_error : float
        The probability *alpha* of the rule.
    """

    limit: float
    rows: int
    looks: tuple[int, ...]
    family_error: float = FAMILY_ERROR

    @property
    def error(self) -> float:
        """Probability of error on one side of one interval."""
        return self.family_error / (2 * self.rows * len(self.looks))


def interval(values: Sequence[float], error: float) -> Interval:
    """Return the trimmed mean of `values` with the interval that misses its expectation rarely.

    Parameters
    ----------
    values : sequence of float
        A value per trial.
    error : float
        Probability that the expectation lies above the interval, and that it lies below.

    Returns
    -------
    Interval
        Unbounded for fewer than two values.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    n = len(values)
    found = _moments(values)
    if n <= 1:
        return Interval(found.mean, -math.inf, math.inf, n)
    margin = float(student.isf(error, found.freedom)) * math.sqrt(found.squared_error)
    return Interval(found.mean, found.mean - margin, found.mean + margin, n)


def difference(
    values: Sequence[float], stored: Sequence[float], error: float, drift: float
) -> Interval:
    r"""Return by how much the trimmed mean of `values` exceeds that of `stored`, with its interval.

    The interval is Yuen's, which is Welch's for trimmed means, widened on both sides by the drift
    that recordings of identical code show when they are made at different times.

    Parameters
    ----------
    values, stored : sequence of float
        Log ratios to the same reference, one for each trial: of now, and of the baseline.
    error : float
        Probability that the true difference lies above the interval, and that it lies below.
    drift : float
        Natural logarithm of the factor between recordings of identical code; not negative.

    Returns
    -------
    Interval
        Unbounded for fewer than two values on either side.

    Notes
    -----
    With :math:`v = (n - 1) s_w^2 / h (h - 1)` for each side, the margin is
    :math:`t_\nu \sqrt{v_1 + v_2}` where
    :math:`\nu = (v_1 + v_2)^2 / (v_1^2 / (h_1 - 1) + v_2^2 / (h_2 - 1))`, as Yuen has it.
    """
    now, then = _moments(values), _moments(stored)
    mean = now.mean - then.mean
    n = len(values)
    if min(n, len(stored)) <= 1:
        return Interval(mean, -math.inf, math.inf, n)
    total = now.squared_error + then.squared_error
    freedom = math.inf
    if total > 0:
        freedom = total**2 / (
            now.squared_error**2 / now.freedom + then.squared_error**2 / then.freedom
        )
    margin = float(student.isf(error, freedom)) * math.sqrt(total) + drift
    return Interval(mean, mean - margin, mean + margin, n)


def drift(rows: Iterable[Sequence[Sequence[float]]]) -> float:
    """Return what to allow for between recordings of identical code, as a natural logarithm.

    Twice the standard deviation between recordings, beyond what their own trials explain.  One
    difference between two of them says little, so that it is taken from all rows.

    Parameters
    ----------
    rows : iterable of sequence of sequence of float
        For each row its recordings, and for each of them a log ratio per trial; recordings of
        fewer than two trials, and rows of fewer than two recordings, say nothing.
    """
    found = [_excess([each for each in recordings if len(each) > 1]) for recordings in rows]
    return 2 * math.sqrt(max(0.0, fmean(found))) if found else 0.0


def _excess(recordings: Sequence[Sequence[float]]) -> float:
    """Return the variance between recordings beyond that of their means; may be negative."""
    if len(recordings) <= 1:
        return 0.0
    own = fmean(variance(recording) / len(recording) for recording in recordings)
    return variance([fmean(recording) for recording in recordings]) - own


@dataclass(frozen=True, slots=True)
class _Moments:
    mean: float
    squared_error: float
    freedom: int


def _moments(values: Sequence[float]) -> _Moments:
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
    return _Moments(math.fsum(kept) / left, squares / (left * (left - 1)), left - 1)


def decide(found: Interval, limit: float) -> Verdict | None:
    """Return the verdict that an interval proves, None if it proves none.

    Parameters
    ----------
    found : Interval
        In natural logarithms.
    limit : float
        Slowdown that is tolerated, as a fraction.
    """
    bound = math.log1p(limit)
    if found.low > bound:
        return Verdict.REGRESSED
    if found.high < -bound:
        return Verdict.IMPROVED
    if found.high < bound:
        return Verdict.STEADY
    return None
