r"""What upgrades of NumPy did to each row: trials in, changes out; no clock, no file.

In round *i* every release runs every row once, in a process of its own.  Between two releases

.. math:: y_i = \ln(t_{i,\mathrm{after}} / t_{i,\mathrm{before}})

is taken within the round, so that a drift of the machine touches both alike, and summarised over
rounds by the interval of the judge.  The intervals of all rows and upgrades hold together with
probability :math:`1 - \alpha`.  Seconds are compared, and not ratios to a reference kernel, since
another release may have another kernel as well.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.behaviour import Observation, specials, words
from benchmarks.judge import Interval, Policy, Verdict, decide, interval


@dataclass(frozen=True, slots=True)
class Trial:
    """What one process measured.

    Attributes
    ----------
    round : int
        Its round, from 1.
    release : str
        The NumPy that it ran on.
    seconds : mapping of str to float
        Seconds per call by row.
    """

    round: int
    release: str
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """A method on a workload.

    Attributes
    ----------
    name, method, workload : str
        As those of a `Row`.
    size : int
        Number of elements.
    digest : str
        Digest of the input.
    """

    name: str
    method: str
    workload: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a release without a clock.

    Attributes
    ----------
    failures : mapping of str to str
        Why a row cannot be timed on it, by row.
    behaviour : mapping of str to mapping of str to Observation
        What each method does with the special numbers of each dtype.
    """

    failures: Mapping[str, str]
    behaviour: Mapping[str, Mapping[str, Observation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that was measured.

    Attributes
    ----------
    releases : tuple of str
        Oldest first.
    rows : tuple of HistoryRow
        The rows.
    facts : mapping of str to Facts
        By release.
    trials : sequence of Trial
        Of all rounds.
    machine : mapping of str to str
        Where, and with which Python.
    code : str
        Digest of the code that was measured.
    """

    releases: tuple[str, ...]
    rows: tuple[HistoryRow, ...]
    facts: Mapping[str, Facts]
    trials: Sequence[Trial]
    machine: Mapping[str, str]
    code: str

    @property
    def upgrades(self) -> list[tuple[str, str]]:
        """Each release with the one after it."""
        return list(pairwise(self.releases))

    @property
    def rounds(self) -> int:
        """Number of rounds in which every release ran."""
        return sum(
            {t.release for t in self.trials if t.round == number} == set(self.releases)
            for number in {t.round for t in self.trials}
        )

    def seconds(self, row: str, release: str) -> float:
        """Return the median time of one call, NaN if none was taken."""
        found = [t.seconds[row] for t in self.trials if t.release == release and row in t.seconds]
        return statistics.median(found) if found else math.nan

    def log_ratios(self, row: str, before: str, after: str) -> list[float]:
        """Return the log ratio of two releases for each round that has both."""
        then, now = (
            {t.round: t.seconds[row] for t in self.trials if t.release == r and row in t.seconds}
            for r in (before, after)
        )
        return [math.log(now[number] / then[number]) for number in sorted(then.keys() & now.keys())]


@dataclass(frozen=True, slots=True)
class Change:
    """What an upgrade did to the time of a row.

    Attributes
    ----------
    row : HistoryRow
        The row.
    before, after : str
        The releases.
    interval : Interval
        Log ratio of the times.
    verdict : Verdict or None
        What is proven; None if nothing is.
    """

    row: HistoryRow
    before: str
    after: str
    interval: Interval
    verdict: Verdict | None

    @property
    def proven(self) -> bool:
        """Whether it is proven to be larger than the limit."""
        return self.verdict in {Verdict.REGRESSED, Verdict.IMPROVED}


def changes(history: History, pairs: Sequence[tuple[str, str]], limit: float) -> list[Change]:
    """Return what each upgrade did to each row.

    Parameters
    ----------
    history : History
        What was measured.
    pairs : sequence of tuple of str and str
        The releases before and after each upgrade.
    limit : float
        Change that is worth a mark, as a fraction.
    """
    policy = Policy(limit=limit, rows=max(1, len(history.rows) * len(pairs)), looks=(1,))
    found = []
    for row in history.rows:
        for before, after in pairs:
            between = interval(history.log_ratios(row.name, before, after), policy.error)
            if between.trials:
                verdict = decide(between, limit)
                found.append(Change(row, before, after, between, verdict))
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """What an upgrade changed in the answer of a method.

    Attributes
    ----------
    method, before, after : str
        The method and the releases.
    aspect : str
        ``result``, ``dtype``, ``warning`` or ``error``.
    dtypes : tuple of str
        The dtypes of input on which it changed.
    what : str
        How, in words.
    """

    method: str
    before: str
    after: str
    aspect: str
    dtypes: tuple[str, ...]
    what: str


def differences(history: History, pairs: Sequence[tuple[str, str]]) -> list[Difference]:
    """Return what upgrades changed in results, dtypes, warnings and errors."""
    found = []
    for before, after in pairs:
        then, now = history.facts[before].behaviour, history.facts[after].behaviour
        for method in then:
            dtypes: dict[tuple[str, str], list[str]] = {}
            for dtype in then[method].keys() & now[method].keys():
                for aspect, what in _differences(dtype, then[method][dtype], now[method][dtype]):
                    dtypes.setdefault((aspect, what), []).append(dtype)
            found += [
                Difference(method, before, after, aspect, tuple(sorted(names)), what)
                for (aspect, what), names in sorted(dtypes.items())
            ]
    return found


def _differences(dtype: str, then: Observation, now: Observation) -> list[tuple[str, str]]:
    if then.raised or now.raised:
        # Between releases, the words of an error may change and mean the same.
        before, after = (seen.raised.partition(":")[0] or "an answer" for seen in (then, now))
        return [] if before == after else [("error", f"{after}, was {before}")]
    found = []
    if then.dtype != now.dtype:
        found.append(("dtype", f"{now.dtype}, was {then.dtype}"))
    if then.warnings != now.warnings:
        after, before = (", ".join(names) or "none" for names in (now.warnings, then.warnings))
        found.append(("warning", f"{after}, was {before}"))
    given = words(specials(dtype))
    for old, new in zip(then.outputs, now.outputs, strict=True):
        changed = [(x, a, b) for x, a, b in zip(given, old, new, strict=True) if a != b]
        if changed and then.dtype == now.dtype:
            found.append(("result", "; ".join(f"f({x}) is {b}, was {a}" for x, a, b in changed)))
    return found
