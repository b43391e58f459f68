"""The stored lane: the working tree against a baseline that was recorded earlier.

It notices what the side-by-side lane cannot, because there both sides run on the same software:
an upgrade of Python or of a library.  It sees less, because machines drift between recordings.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Final

from pytest_against import stats, trees
from pytest_against.checks import Check, Checked, absence, check, has
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
    count,
    rows_of,
    short,
)
from pytest_against.saved import FEWEST, Baseline, BaselineRow, Timing, Trials, matcher
from pytest_against.stats import Plan, Sample
from pytest_against.trials import HowToTime, TrialResult, own_cores, run_alone
from pytest_against.workers import HEAD, Tree, side_by_side

BASELINE_LIMITS: Final = Limits(limit=0.10, trials=stats.LOOKS[-1], budget=120.0)
"""Defaults of this lane: wider, because what is compared was measured at different times."""

RECORD_LIMITS: Final = replace(BASELINE_LIMITS, trials=160, budget=600.0)
"""Defaults for recording."""

RECORDINGS: Final = 2
"""Recordings in one baseline: how far they lie apart tells the drift of the machine."""

FEWEST_TRIALS: Final = 10
"""Trials of a recording, before any row is left out."""

ROW_SECONDS: Final = 0.0028
"""Calm time for a row in a trial, in seconds."""

ENOUGH_ROWS: Final = 100
"""Rows from which on two trials run side by side: with fewer, they would often time the same one,
and slow each other down where it needs much of the caches."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of the working tree: all of it, and the same trial by trial."""

    baseline: Baseline
    trials: Trials


@contextmanager
def working_tree(
    suite: Suite, timeout: float, progress: Progress
) -> Iterator[tuple[Checked, RunTrials]]:
    """Lay out the working tree, check it, and yield what it showed and what runs trials of it."""
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        place = Path(folder, HEAD)
        trees.lay_out(suite.root, suite.packages, place, None)
        tree = Tree.of(suite, HEAD, place)
        progress.stage("checks", 0)
        (head,) = side_by_side([partial(check, tree, timeout, progress.row)])
        fastest = math.inf

        def run_trials(
            most: int,
            nodes: Sequence[str],
            controls: Sequence[str] = (),  # noqa: ARG001 - there are none here
        ) -> list[TrialResult]:
            nonlocal fastest
            number = most if len(nodes) >= ENOUGH_ROWS else 1
            progress.stage(f"{count(len(nodes))} undecided", number * len(nodes))
            how = HowToTime(ROW_SECONDS, math.inf, timeout, fastest)
            found = side_by_side(
                [partial(run_alone, tree, nodes, how, c, progress.row) for c in own_cores(number)]
            )
            clocks = (each.seconds for trial in found for each in trial.head.values())
            fastest = min([fastest, *clocks])
            return found

        yield head, run_trials


def against_baseline(suite: Suite, stored: Baseline, limits: Limits, progress: Progress) -> Result:
    """Judge the working tree, on the software that it runs on, against a stored baseline."""
    budget, matches = Budget(time.monotonic()), matcher(suite.keyword)

    def is_asked_for(node: str, name: str) -> bool:
        """Return whether a row that is not there is missed; which have a mark is not known."""
        file = node.partition("::")[0]
        spelled = PurePosixPath(file).name + node.removeprefix(file)  # as pytest: without folders
        return not suite.marks and matches(name, spelled) and has(suite.arguments, node)

    with working_tree(suite, limits.timeout, progress) as (head, run_trials):
        rows = {
            node: row
            for node, row in stored.rows.items()
            if node in head.collected.nodes or is_asked_for(node, row.row.name)
        }
        return judge(head, replace(stored, rows=rows), limits, run_trials, budget)


def judge(
    head: Checked, stored: Baseline, limits: Limits, run_trials: RunTrials, budget: Budget
) -> Result:
    """Decide what needs no clock, time the rest unless something failed, and put it together."""
    gone = {n: asdict(r.row) for n, r in stored.rows.items() if n not in head.collected.nodes}
    drift = drifts(stored.rows.values())
    rows: dict[str, RowResult | Sample] = {}
    for node, row in rows_of({**head.collected.nodes, **gone}).items():
        then = stored.rows.get(node)
        if told := _untimed(row, head.checks.get(node), then, limits.limit):
            rows[node] = told
        elif then is not None:
            rows[node] = Sample(row, then.values, drift[then.row.workload])
    found = judged(rows, {}, limits, run_trials, budget)
    changed = changes(stored, ("python", "numpy", "simd"))
    notes = [f"software since the baseline: {', '.join(changed) or 'unchanged'}"]
    notes += certainty(found.rows, max(drift.values(), default=0.0))
    if stored.accepted:
        notes.append(f"accepted when the baseline was recorded: {stored.accepted}")
    machine = this_machine().as_dict()
    return replace(found, base=stored.name, machine=machine, notes=[*notes, *found.notes])


def changes(stored: Baseline, names: Iterable[str]) -> list[str]:
    """Return what of a machine, by the names of its fields, is not as it was recorded."""
    old, new = stored.machine, this_machine().as_dict()
    return [f"{name} {old[name]} -> {new[name]}" for name in names if old[name] != new[name]]


def _untimed(
    row: Row, now: Check | None, then: BaselineRow | None, limit: float
) -> RowResult | None:
    """Return a verdict that needs no clock; None if it needs one, or neither side times the row."""
    anew = "record it anew with the command baseline"
    if now is not None and now.outcome == "failed":
        verdict, why = Verdict.DIVERGED, now.why
    elif now is None or not now.timed:
        if then is None:
            return None
        why = f"in the baseline, but {absence(now)} the working tree; restore it, or {anew}"
        verdict = Verdict.VANISHED
    elif then is None:
        verdict, why = Verdict.MISSING, f"not in the baseline; {anew}"
    elif then.inputs != now.inputs:
        verdict, why = Verdict.MISSING, f"its input is not the one that was recorded; {anew}"
    elif more := stats.increases(now.exact, then.exact, limit):
        verdict, why = Verdict.HEAVIER, "; ".join(more)
    else:
        return None
    return RowResult.untimed(row, verdict, why)


def drifts(rows: Iterable[BaselineRow]) -> dict[str, float]:
    """Return what to allow for between recordings, by workload; see `stats.drift`."""
    found = defaultdict(list)
    for row in rows:
        found[row.row.workload].append(row.recordings)
    return {workload: stats.drift(recordings) for workload, recordings in found.items()}


def certainty(rows: Iterable[RowResult], drift: float) -> list[str]:
    """Say how narrow the intervals are that have ends, and how much of it the drift makes."""
    found = [(row.interval.high - row.interval.low) / 2 for row in rows if row.interval]
    if not (widths := [*filter(math.isfinite, found)]):
        return []
    half, every, drifted = (
        f"{math.expm1(log_ratio):.1%}" if log_ratio < math.log(1e6) else "any factor"
        for log_ratio in (median(widths), max(widths), drift)
    )
    certain = f"certain to within {half} on half of the judged rows and {every} on all"
    return [certain + f", with up to {drifted} for the drift between recordings" * (drift > 0)]


def record(suite: Suite, accept: str, limits: Limits, progress: Progress) -> Recorded:
    """Record the working tree; `accept` says why a change for the worse is accepted, if it is."""
    if limits.trials < FEWEST * RECORDINGS:
        raise CannotJudgeError(
            f"{limits.trials} trials in {RECORDINGS} recordings have no spread; ask for "
            f"{FEWEST * RECORDINGS} or more with --trials"
        )
    budget, commit = Budget(time.monotonic()), trees.describe_head(suite.root)
    with working_tree(suite, limits.timeout, progress) as (head, run_trials):
        rows = _recordable(head)
        numbers = range(1, RECORDINGS + 1)
        trials = [_recording(rows, limits, each, run_trials, budget) for each in numbers]
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


def _recordable(head: Checked) -> dict[str, BaselineRow]:
    """Return the rows to record, without times; a wrong answer has none."""
    failed = {node: found.why for node, found in head.checks.items() if found.outcome == "failed"}
    for node, why in failed.items():
        raise CannotJudgeError(
            f"{len(failed)} of {len(head.checks)} tests fail, {node} among them ({short(why)}); "
            "mend them, or choose others"
        )
    rows, nodes = rows_of(head.collected.nodes), head.collected.nodes
    found = {
        node: BaselineRow(
            row=rows[node],
            group=str(nodes[node].get("group", "")),
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


def _recording(
    rows: Mapping[str, BaselineRow],
    limits: Limits,
    number: int,
    run_trials: RunTrials,
    budget: Budget,
) -> list[dict[str, Timing]]:
    """Run the trials of one recording, fewer of those rows whose mean is known well enough.

    Recordings are numbered from 1, and share the trials and the budget of `limits`.
    """
    samples = {node: Sample(row.row) for node, row in rows.items()}
    share = len(range(number, limits.trials + 1, RECORDINGS))
    end, plan = limits.budget * number / RECORDINGS, Plan.of(limits, len(rows))
    at_a_time = min(MOST_AT_A_TIME, cores())
    trials: list[dict[str, Timing]] = []
    while len(trials) < share:
        nodes = [node for node, sample in samples.items() if sample.verdict is None]
        if not nodes or (len(trials) >= FEWEST_TRIALS and budget.spent > end):
            break
        for trial in run_trials(min(at_a_time, share - len(trials)), nodes):
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
