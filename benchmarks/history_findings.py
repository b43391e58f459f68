"""A history in, findings out: what changed, and whether it is what was known to change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.history import Change, Difference, History, changes, differences
from benchmarks.judge import Interval
from benchmarks.known_changes import KNOWN, Aspect, Known
from benchmarks.selection import matcher

UNBOUNDED: Final = math.log(1e6)
"""Width of an interval, as a natural logarithm, beyond which it says nothing."""

_SHOWN: Final = 8
"""Most rows whose intervals are printed one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of an upgrade beside what was measured.

    Attributes
    ----------
    known : Known
        What is expected.
    before, after : str
        The releases that were measured.
    measured : str
        What was found, in words.
    agrees : str
        ``yes``, ``no`` or ``not proven``.
    """

    known: Known
    before: str
    after: str
    measured: str
    agrees: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a report says.

    Attributes
    ----------
    history : History
        What was measured.
    limit : float
        Change of a time that is worth a mark, as a fraction.
    changes : sequence of Change
        What upgrades did to the times.
    differences : sequence of Difference
        What they did to the answers.
    known : sequence of Finding
        Expectation and measurement.
    """

    history: History
    limit: float
    changes: Sequence[Change]
    differences: Sequence[Difference]
    known: Sequence[Finding]


def find(history: History, limit: float, known: Sequence[Known] = KNOWN) -> Findings:
    """Return all that the trials tell."""
    about = [(k, pair) for k in known if (pair := k.pair(history.releases)) is not None]
    pairs = list(dict.fromkeys([*history.upgrades, *(pair for _, pair in about)]))
    every, answers = changes(history, pairs, limit), differences(history, pairs)
    return Findings(
        history=history,
        limit=limit,
        changes=[c for c in every if (c.before, c.after) in history.upgrades],
        differences=[d for d in answers if (d.before, d.after) in history.upgrades],
        known=[_finding(k, pair, every, answers, limit) for k, pair in about],
    )


def _finding(
    known: Known,
    pair: tuple[str, str],
    every: Sequence[Change],
    answers: Sequence[Difference],
    limit: float,
) -> Finding:
    matches = matcher(known.workloads)
    if known.aspect in {Aspect.RESULT, Aspect.DTYPE, Aspect.WARNING}:
        seen = [
            d
            for d in answers
            if (d.before, d.after) == pair
            and d.method in known.methods
            and d.aspect == known.aspect.value
        ]
        measured = "; ".join(f"{d.method} ({', '.join(d.dtypes)}): {d.what}" for d in seen)
        return Finding(known, *pair, measured or "no difference", "yes" if seen else "no")
    timed = [
        c
        for c in every
        if (c.before, c.after) == pair
        and (not known.methods or c.row.method in known.methods)
        and matches(c.row.method, c.row.workload)
    ]
    if not timed:
        return Finding(known, *pair, "not timed", "not proven")
    answers_of = [_agrees(known.aspect, c.interval, limit) for c in timed]
    if len(timed) > _SHOWN:
        shown = ", ".join(
            f"{answers_of.count(answer)} {answer}" for answer in dict.fromkeys(answers_of)
        )
    else:
        shown = "; ".join(f"{c.row.name} {span(c.interval)}" for c in timed)
    order = ("no", "not proven", "yes")
    return Finding(known, *pair, shown, min(answers_of, key=order.index))


def _agrees(aspect: Aspect, found: Interval, limit: float) -> str:
    bound = math.log1p(limit)
    faster, slower = found.high < 0, found.low > 0
    match aspect:
        case Aspect.FASTER:
            proven, refuted = faster, slower
        case Aspect.SLOWER:
            proven, refuted = slower, faster
        case _:
            proven = -bound < found.low and found.high < bound
            refuted = found.high < -bound or found.low > bound
    return "yes" if proven else "no" if refuted else "not proven"


def span(found: Interval) -> str:
    """Return a factor with its interval, in words."""
    factor = f"x{math.exp(found.mean):.2f}"
    if not math.isfinite(found.low) or found.high - found.low > UNBOUNDED:
        return f"{factor} (unbounded)"
    return f"{factor} ({math.exp(found.low):.2f} to {math.exp(found.high):.2f})"
