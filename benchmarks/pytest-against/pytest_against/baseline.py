"""The stored lane: the working tree against a baseline that was recorded earlier.

It notices what the side-by-side lane cannot, because there both sides run on the same software:
an upgrade of Python or of a library.  It sees less, because machines drift between recordings.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Final

from pytest_against import report, stats, trees
from pytest_against.checks import Checked, absence, check, has
from pytest_against.looks import MOST_AT_A_TIME, Budget, RunTrials, judged
from pytest_against.machine import cores, this_machine
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
    short,
)
from pytest_against.saved import FEWEST, Baseline, BaselineRow, Timing, Trials, matcher
from pytest_against.stats import Plan, Sample
from pytest_against.trials import HowToTime, TrialResult, own_cores, run_alone
from pytest_against.workers import HEAD, Tree, side_by_side

ROW_SECONDS: Final = 0.0028
"""Calm time for a row in a trial, in seconds."""

ENOUGH_ROWS: Final = 100
"""Rows from which on two trials run side by side: with fewer, they would often time the same one,
and slow each other down where it needs much of the caches."""


@contextmanager
def working_tree(
    suite: Suite, timeout: float, progress: Progress
) -> Iterator[tuple[Checked, RunTrials]]:
    """Lay out the working tree, check it, and yield what it showed and what runs trials of it.

    Parameters
    ----------
    suite : Suite
        The tests.
    timeout : float
        Seconds without a word from a process after which it counts as hung.
    progress : Progress
        Told what is going on.

    Raises
    ------
    CannotJudgeError
        If a process fails.
    """
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        place = Path(folder, HEAD)
        trees.lay_out(suite.root, suite.packages, place, None)
        tree = Tree.of(suite, HEAD, place)
        progress.stage("checks", 0)
        (head,) = side_by_side([partial(check, tree, timeout, progress.row)])
        fastest = 0.0

        def run_trials(count: int, nodes: Sequence[str], *_: object) -> list[TrialResult]:
            nonlocal fastest
            count = count if len(nodes) >= ENOUGH_ROWS else 1
            progress.stage(f"{report.count(len(nodes))} undecided", count * len(nodes))
            how = HowToTime(ROW_SECONDS, math.inf, timeout, fastest)
            found = side_by_side(
                [partial(run_alone, tree, nodes, how, c, progress.row) for c in own_cores(count)]
            )
            clocks = [each.seconds for trial in found for each in trial.head.values()]
            fastest = min([*clocks, fastest or math.inf])
            return found

        yield head, run_trials


RECORDINGS: Final = 2
"""Recordings in one baseline: how far they lie apart tells the drift of the machine."""

FEWEST_TRIALS: Final = 10
"""Trials of a recording, before any row is left out."""


def recordable(head: Checked) -> dict[str, BaselineRow]:
    """Return the rows to record, without times.

    Raises
    ------
    CannotJudgeError
        If a test fails, since a wrong answer has no time, or there is nothing to time.
    """
    failed = {node: c.why for node, c in head.checks.items() if c.outcome == "failed"}
    for node, why in failed.items():
        raise CannotJudgeError(
            f"{len(failed)} of {len(head.checks)} tests fail, {node} among them ({short(why)}); "
            "mend them, or choose others"
        )
    rows = rows_of(head.collected.nodes)
    found = {
        node: BaselineRow(
            row=rows[node],
            group=str(head.collected.nodes[node].get("group", "")),
            exact=its.exact,
            inputs=its.inputs,
        )
        for node, its in head.checks.items()
        if its.timed
    }
    if not found:
        raise CannotJudgeError(
            f"none of {len(head.checks)} tests has a call to time: they are skipped, or never call "
            "`benchmark`; choose others"
        )
    return found


def recording(
    rows: Mapping[str, BaselineRow],
    limits: Limits,
    number: int,
    run_trials: RunTrials,
    budget: Budget,
) -> list[dict[str, Timing]]:
    """Run the trials of one recording, fewer of those rows whose mean is known well enough.

    Parameters
    ----------
    rows : mapping of str to BaselineRow
        By node id.
    limits : Limits
        How well means have to be known, and how long all recordings may take.
    number : int
        Which of the recordings it is, from 1.
    run_trials, budget
        As those of `looks.until_decided`.

    Returns
    -------
    list of dict of str to Timing
        What each trial timed, by node id.

    Raises
    ------
    CannotJudgeError
        If a test fails, or a row had no calm in all trials but one.
    """
    samples = {node: Sample(row.row) for node, row in rows.items()}
    share = len(range(number, limits.trials + 1, RECORDINGS))
    end, plan = limits.budget * number / RECORDINGS, Plan.of(limits.limit, len(rows), limits.trials)
    trials: list[dict[str, Timing]] = []
    while len(trials) < share:
        nodes = [node for node, sample in samples.items() if sample.verdict is None]
        if not nodes or (len(trials) >= FEWEST_TRIALS and budget.spent > end):
            break
        at_a_time, long = min(MOST_AT_A_TIME, cores(), share - len(trials)), True
        for trial in run_trials(at_a_time, nodes, (), long):
            for node, why in trial.failed.items():
                raise CannotJudgeError(f"{node} fails once it is timed ({short(why)}); mend it")
            for node in nodes:
                samples[node].add(trial.head.get(node))
            trials.append(
                {
                    node: Timing(found.log_ratio, found.seconds * math.exp(found.log_ratio))
                    for node, found in trial.head.items()
                }
            )
        if len(trials) >= FEWEST_TRIALS:
            for sample in samples.values():
                sample.settle(plan)
    for node, sample in samples.items():
        if (calm := len(sample.values)) < FEWEST:
            raise CannotJudgeError(
                f"{node} had calm in {calm} of {calm + sample.untimed} trials: record it again "
                "when less else runs, or allow more with --trials and --budget"
            )
    return trials


BASELINE_LIMITS: Final = Limits(limit=0.10, trials=stats.LOOKS[-1], budget=170.0)
"""Defaults of this lane: wider, because what is compared was measured at different times."""

RECORD_LIMITS: Final = replace(BASELINE_LIMITS, trials=160, budget=600.0)
"""Defaults for recording."""

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
