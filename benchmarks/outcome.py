"""What a judgement found, row by row: the record that every report is made from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.judge import Interval, Verdict
from benchmarks.rows import Named

WORKING_TREE: Final = "the working tree"
FAILURES = frozenset({Verdict.REGRESSED, Verdict.DIVERGED, Verdict.HEAVIER})
PROVEN = frozenset({Verdict.STEADY, Verdict.IMPROVED})
CANNOT_JUDGE = frozenset({Verdict.MISSING, Verdict.VANISHED, Verdict.NEW, Verdict.UNJUDGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """The verdict on one row.

    Attributes
    ----------
    row, method, workload : str
        Its names.
    verdict : Verdict
        The answer.
    interval : Interval or None
        Log ratio of the times, None if none was measured.
    was, now : float
        Seconds per call before and after; NaN if not measured.
    why : str
        The reason, for a row worth a look.
    """

    row: str
    method: str
    workload: str
    verdict: Verdict
    interval: Interval | None = None
    was: float = math.nan
    now: float = math.nan
    why: str = ""


def decided(row: Named, verdict: Verdict, why: str) -> RowOutcome:
    """Return a verdict that needed no clock."""
    return RowOutcome(
        row=row.name, method=row.method, workload=row.workload, verdict=verdict, why=why
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The verdict on a whole run.

    Attributes
    ----------
    rows : sequence of RowOutcome
        The rows that were judged.
    controls : sequence of RowOutcome
        Identical code, judged by the same rule.
    base, head : str
        What was compared with what, in words.
    limit : float
        Tolerated slowdown, as a fraction.
    seconds : float
        How long it took.
    trials : int
        Number of processes that were timed.
    machine : mapping of str to str
        Where, and with which software.
    notes : sequence of str
        What the reader has to know to believe it.
    why : str
        Why nothing could be judged; empty if something was.
    allow_new : bool
        Whether rows that have nothing to be compared with are left out of the answer, as long as
        others are there.
    """

    rows: Sequence[RowOutcome]
    controls: Sequence[RowOutcome]
    base: str
    head: str
    limit: float
    seconds: float
    trials: int
    machine: Mapping[str, str]
    notes: Sequence[str] = ()
    why: str = ""
    allow_new: bool = False

    @property
    def counts(self) -> Counter[Verdict]:
        """Number of rows by verdict."""
        return Counter(row.verdict for row in self.rows)

    @property
    def noisy(self) -> list[RowOutcome]:
        """The controls that did not come out steady."""
        return [row for row in self.controls if row.verdict is not Verdict.STEADY]

    @property
    def verdict(self) -> Verdict:
        """The answer for the whole run.

        What is proven without a clock comes first.  Times are believed only if the controls,
        which run identical code, came out steady.
        """
        if self.why:
            return Verdict.UNJUDGED
        found = self.counts
        if self.allow_new and len(found) > 1:
            del found[Verdict.NEW]
        for verdict in (Verdict.DIVERGED, Verdict.HEAVIER):
            if found[verdict]:
                return verdict
        if found[Verdict.REGRESSED] and not self.noisy:
            return Verdict.REGRESSED
        for verdict in (Verdict.VANISHED, Verdict.MISSING, Verdict.NEW, Verdict.UNJUDGED):
            if found[verdict]:
                return verdict
        if self.noisy or found[Verdict.INCONCLUSIVE] or not self.rows:
            return Verdict.INCONCLUSIVE
        return Verdict.STEADY if found[Verdict.STEADY] else Verdict.IMPROVED

    @property
    def exit_code(self) -> int:
        """0 proven steady, 1 proven worse, 2 cannot be judged, 3 inconclusive."""
        if self.verdict in FAILURES:
            return 1
        if self.verdict in CANNOT_JUDGE:
            return 2
        return 3 if self.verdict is Verdict.INCONCLUSIVE else 0
