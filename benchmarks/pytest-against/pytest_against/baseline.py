"""The stored lane: the working tree against a baseline that was recorded earlier.

It notices what the side-by-side lane cannot, because there both sides run on the same software:
an upgrade of Python or of a library.  It sees less, because machines drift between recordings.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from statistics import median
from typing import Final

from pytest_against import stats, trees
from pytest_against.alone import ROW_SECONDS, working_tree
from pytest_against.call import Call
from pytest_against.checks import Checked, absence, has
from pytest_against.expression import matcher
from pytest_against.looks import Budget, RunTrials, judged
from pytest_against.machine import Clock, Core, this_machine
from pytest_against.model import (
    CannotJudgeError,
    Limits,
    Progress,
    Result,
    Row,
    RowResult,
    Suite,
    Verdict,
    rows_of,
)
from pytest_against.recording import RECORDINGS, recordable, recording
from pytest_against.sample import Sample
from pytest_against.saved import FEWEST, Baseline, BaselineRow, Trials
from pytest_against.timing import FEWEST_CALM, absolute, fastest

BASELINE_LIMITS: Final = Limits(limit=0.10, trials=stats.LOOKS[-1], budget=170.0)
"""Defaults of this lane: wider, because what is compared was measured at different times."""

RECORD_LIMITS: Final = replace(BASELINE_LIMITS, trials=160, budget=600.0)
"""Defaults for recording."""

GROSS: Final = 0.5
"""Fraction by which one process must exceed every trial of the baseline to fail."""

_CONFIRMATIONS: Final = 3
_APART: Final = 0.3
"""Number of moments at which it must, and the seconds between them."""

_ANY: Final = math.log(1e6)
"""Log ratio from which on a number says no more."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of the working tree.

    Attributes
    ----------
    baseline : Baseline
        All of it, as a baseline.
    trials : Trials
        The same, trial by trial.
    """

    baseline: Baseline
    trials: Trials


def against_baseline(suite: Suite, stored: Baseline, limits: Limits, progress: Progress) -> Result:
    """Judge the working tree, on the software that it runs on, against a stored baseline.

    Parameters
    ----------
    suite : Suite
        The tests.
    stored : Baseline
        What they are held against.
    limits : Limits
        How much is tolerated, and how long one may look.
    progress : Progress
        Told what is going on.

    Raises
    ------
    CannotJudgeError
        If a process fails.
    """
    budget = Budget(time.monotonic())
    with working_tree(suite, limits.timeout, progress) as (head, run_trials):
        stored = chosen(stored, suite, head.collected.nodes)
        found = judge(head, stored, limits, run_trials, budget)
    return replace(found, machine=this_machine().as_dict())


def chosen(stored: Baseline, suite: Suite, collected: Collection[str]) -> Baseline:
    """Return the rows of a baseline that should be there if only some tests are chosen.

    Which of those that are not there have a mark is not known: with ``-m`` none is missed.
    """
    matches = matcher(suite.keyword)

    def is_asked_for(node: str, name: str) -> bool:
        file, *rest = node.split("::")  # as for pytest, names of folders do not count
        spelled = "::".join([PurePosixPath(file).name, *rest])
        return not suite.marks and matches(name, spelled) and has(suite.arguments, node)

    rows = stored.rows.items()
    kept = {n: r for n, r in rows if n in collected or is_asked_for(n, r.row.name)}
    return replace(stored, rows=kept)


def judge(
    head: Checked, stored: Baseline, limits: Limits, run_trials: RunTrials, budget: Budget
) -> Result:
    """Decide what needs no clock, time the rest unless something failed, and put it together.

    Parameters are those of `against_baseline` and of `gate.judge`.
    """
    gone = {n: asdict(r.row) for n, r in stored.rows.items() if n not in head.collected.nodes}
    rows = rows_of({**head.collected.nodes, **gone})
    told = untimed(rows, head, stored, limits.limit)
    drift = drifts(stored)
    timed = {
        node: Sample(rows[node], then.values, drift[then.row.workload])
        for node, then in stored.rows.items()
        if node not in told
    }
    every = told | timed
    found = judged(
        {node: every[node] for node in rows if node in every}, {}, limits, run_trials, budget
    )
    return replace(
        found,
        base=f"the baseline of {stored.recorded[:10]} ({stored.commit[:10]})",
        notes=[*_notes(stored, found.rows, max(drift.values(), default=0.0)), *found.notes],
    )


def drifts(stored: Baseline) -> dict[str, float]:
    """Return what to allow for between recordings, by workload; see `stats.drift`."""
    recordings: dict[str, list[Sequence[Sequence[float]]]] = {}
    for row in stored.rows.values():
        recordings.setdefault(row.row.workload, []).append(row.recordings)
    return {workload: stats.drift(found) for workload, found in recordings.items()}


def untimed(
    rows: Mapping[str, Row], head: Checked, stored: Baseline, limit: float
) -> dict[str, RowResult]:
    """Return the verdicts that need no clock, by node id; rows to be timed are not among them."""
    found = {}
    anew = "record it anew with the command baseline"
    for node, row in rows.items():
        now, then = head.checks.get(node), stored.rows.get(node)
        if now is not None and now.outcome == "failed":
            found[node] = RowResult.untimed(row, Verdict.DIVERGED, now.why)
        elif now is None or not now.timed:
            if then is not None:
                why = f"in the baseline, but {absence(now)} the working tree; restore it, or {anew}"
                found[node] = RowResult.untimed(row, Verdict.VANISHED, why)
        elif then is None:
            found[node] = RowResult.untimed(row, Verdict.MISSING, f"not in the baseline; {anew}")
        elif then.inputs != now.inputs:
            why = f"its input is not the one that was recorded; {anew}"
            found[node] = RowResult.untimed(row, Verdict.MISSING, why)
        elif more := stats.increases(now.exact, then.exact, limit):
            found[node] = RowResult.untimed(row, Verdict.HEAVIER, "; ".join(more))
    return found


def record(suite: Suite, accept: str, limits: Limits, progress: Progress) -> Recorded:
    """Record the working tree in several trials.

    Parameters
    ----------
    suite : Suite
        The tests.
    accept : str
        Why a change for the worse is accepted; stored in the baseline.
    limits : Limits
        How well times have to be known, and how long that may take.
    progress : Progress
        Told what is going on.

    Raises
    ------
    CannotJudgeError
        If a test fails, a process does, there are too few trials, or the commit changed meanwhile.
    """
    if limits.trials < FEWEST * RECORDINGS:
        raise CannotJudgeError(
            f"{limits.trials} trials in {RECORDINGS} recordings have no spread; ask for "
            f"{FEWEST * RECORDINGS} or more with --trials"
        )
    budget, commit = Budget(time.monotonic()), trees.describe_head(suite.root)
    with working_tree(suite, limits.timeout, progress) as (head, run_trials):
        rows = recordable(head)
        trials = [
            recording(rows, limits, number, run_trials, budget)
            for number in range(1, RECORDINGS + 1)
        ]
    now = trees.describe_head(suite.root)
    if now != commit:
        raise CannotJudgeError(
            f"the working tree was {commit} at first and is {now} in the end, so that nobody knows "
            "what was measured; record it again"
        )
    found = Baseline(
        machine=this_machine().as_dict(),
        commit=commit,
        recorded=datetime.now(UTC).isoformat(timespec="seconds"),
        accepted=accept,
        rows={node: row.timed(trials) for node, row in rows.items()},
    )
    return Recorded(found, trials)


def grossly_slower(
    asked: Call,
    stored: BaselineRow,
    clock: Clock | None = None,
    core: Callable[[], Core] = Core,
    pause: Callable[[float], object] = time.sleep,
) -> float | None:
    """Return by what factor a call exceeds the slowest trial, None unless that is gross.

    A process is one sample, so that it is held against the largest of the baseline's trials, and
    only half as much again is gross, at each of a few moments that are apart.  Calm is what it was
    when the baseline was recorded: a machine that is busy all the time looks calm to a new clock.

    Parameters
    ----------
    asked : Call
        What is timed.
    stored : BaselineRow
        Its times.
    clock, core, pause : Clock, callable, callable
        What tells when it is calm, what begins a look at who has the core, and what lets seconds
        pass.
    """
    rng = random.Random()  # noqa: S311 - places in memory, not secrets
    clock = clock or Clock(clock_seconds(stored))
    factors = []
    for moment in range(_CONFIRMATIONS):
        pause(_APART if moment else 0.0)
        times = absolute(asked, clock, core, ROW_SECONDS, rng)
        if len(times) < FEWEST_CALM:
            return None
        log_ratio = math.log(fastest(times, 2) / clock.seconds)
        factors.append(math.exp(log_ratio - max(stored.values)))
        if factors[-1] <= 1 + GROSS:
            return None
    return min(factors)


def clock_seconds(stored: BaselineRow) -> float:
    """Return what the clock's fixed work took when a row was recorded, in seconds."""
    return median(stored.seconds) / math.exp(median(stored.values))


def _notes(stored: Baseline, rows: Sequence[RowResult], drift: float) -> list[str]:
    notes = [f"software since the baseline: {_software(stored)}"]
    intervals = [row.interval for row in rows if row.interval is not None]
    widths = [(i.high - i.low) / 2 for i in intervals if math.isfinite(i.high - i.low)]
    if widths:
        half, every = (_percent(width) for width in (median(widths), max(widths)))
        notes.append(
            f"this lane is certain to within {half} on half of the rows and {every} on all, with "
            f"up to {_percent(drift)} for the drift between recordings"
        )
    if stored.accepted:
        notes.append(f"accepted when the baseline was recorded: {stored.accepted}")
    return notes


def _percent(log_ratio: float) -> str:
    return f"{math.expm1(log_ratio):.1%}" if log_ratio < _ANY else "any factor"


def _software(stored: Baseline) -> str:
    now = this_machine().as_dict()
    changed = [
        f"{name} {stored.machine[name]} -> {now[name]}"
        for name in ("python", "numpy", "simd")
        if stored.machine[name] != now[name]
    ]
    return ", ".join(changed) or "unchanged"
