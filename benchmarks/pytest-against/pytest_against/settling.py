"""The stored lane in full: the numbers of another day, then side by side what they leave open.

A baseline is a state that can be run again.  Where its numbers do not prove a row, or call it
slower, the revision that they are of runs beside the working tree, so that a machine that has
changed since is not taken for code that has.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Final

from pytest_against import baseline, environments, gate, trees
from pytest_against.looks import Budget
from pytest_against.model import (
    CANNOT_JUDGE,
    FAILURES,
    HERE,
    CannotJudgeError,
    Limits,
    Progress,
    Result,
    RowResult,
    RunsOn,
    Suite,
    Verdict,
    count,
    short,
)
from pytest_against.saved import Baseline

NUMBERS: Final = 0.2
"""Part of the budget for the numbers, if what they leave open can be settled.

It suffices for their first look.  In a noisy hour they prove little however long they get, and the
sides that are settled need the time.
"""
SHARES: Final = 2
"""Ways in which a row can be called steady: they share the error rate."""

_OPEN: Final = frozenset({Verdict.REGRESSED, Verdict.INCONCLUSIVE, Verdict.MISSING})


def against_baseline(suite: Suite, stored: Baseline, limits: Limits, progress: Progress) -> Result:
    """Judge the working tree against a baseline: by its numbers, else by its revision."""
    budget, share, why = Budget(time.monotonic()), limits, ""
    try:
        commit = _recorded(suite, stored)
        share = replace(limits, error=limits.error / SHARES)
    except CannotJudgeError as error:
        why = str(error)
    numbers = limits if why else replace(share, budget=NUMBERS * limits.budget)
    found = baseline.against_baseline(suite, stored, numbers, progress)
    nodes = left_open(found)
    if nodes and not why:
        only = replace(suite, arguments=tuple(nodes), keyword="", marks="")
        rest = replace(share, budget=max(1.0, limits.budget - budget.spent))
        try:
            software = _software(stored)
            again = gate.against_revision(only, commit.sha, rest, progress, runs_on=software)
            return replace(settled(found, again), seconds=budget.spent)
        except CannotJudgeError as error:
            why = str(error)
    if nodes:
        note = f"{count(len(nodes))} could not be settled side by side with what was recorded"
        found = replace(found, notes=[*found.notes, f"{note}: {why}"])
    return found


def _recorded(suite: Suite, stored: Baseline) -> trees.Commit:
    """Return the revision that was recorded, if it can run as it did."""
    if changed := baseline.changes(stored, ("python",)):
        raise CannotJudgeError(f"it ran on another Python ({', '.join(changed)}); run it on that")
    if not stored.commit.isalnum():  # a plus says that files differed from it
        raise CannotJudgeError(
            f"files differed from {short(stored.commit)} when it was recorded; record it anew with "
            "all of them committed"
        )
    return trees.find_commit(suite.root, stored.commit)


def _software(stored: Baseline) -> RunsOn:
    """Return an environment with the releases that were recorded, where there are others here."""
    pins = [f"{name}=={was}" for name, was in baseline.otherwise_installed(stored).items()]
    return RunsOn(python=environments.environment(pins)) if pins else HERE


def left_open(found: Result) -> list[str]:
    """Return the node ids that numbers do not settle; none if a row fails without a clock."""
    if any(row.verdict in FAILURES - _OPEN and not row.may_fail for row in found.rows):
        return []
    return [row.row.node for row in found.rows if row.verdict in _OPEN]


def settled(found: Result, again: Result) -> Result:
    """Return the rows by numbers, and those that both could judge by what is `again`.

    What is seen side by side counts, whichever way: a slower row is red only if it is there, too.
    """
    # A row that the revision lacks, too, is new; if it is stored, its numbers count.
    new = {row.row.node for row in found.rows if row.verdict is Verdict.MISSING}
    new &= {row.row.node for row in again.rows if row.verdict is Verdict.NEW}
    judged = {row.row.node for row in again.rows if row.verdict not in CANNOT_JUDGE}
    anew = {row.row.node: row for row in again.rows if row.row.node in new | judged}
    pairs = [(row, anew.get(row.row.node)) for row in found.rows]
    # By how much the numbers are off where the code is not to blame.
    off = [abs(r.interval.mean) for r, now in pairs if now and r.interval and not _worse(now)]
    words = (
        f"{count(len(judged))} that the numbers leave open settled side by side with the revision "
        f"of {found.base}"
    )
    if off:
        words += (
            f"; those not slower side by side differ by up to "
            f"{math.expm1(max(off)):.1%} from what was recorded"
        )
    faster = baseline.headroom(anew.values(), found.limit)
    return replace(
        found,
        rows=[_one(row, now) if now else row for row, now in pairs],
        controls=again.controls,
        trials=found.trials + again.trials,
        notes=[*found.notes, words, *faster, *again.notes],
    )


def _worse(row: RowResult) -> bool:
    return row.verdict in FAILURES | {Verdict.INCONCLUSIVE}


def _one(row: RowResult, now: RowResult) -> RowResult:
    said = f"factor {math.exp(row.interval.mean):.3f}" if row.interval else "no number"
    why = f"settled side by side; {row.verdict.value} by what was recorded ({said})"
    return replace(now, row=row.row, why="; ".join(filter(None, (now.why, why))))
