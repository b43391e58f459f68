"""The stored lane: the working tree against a baseline that was recorded earlier.

It notices what the side-by-side lane cannot, because there both sides run on the same software:
an upgrade of Python, of NumPy or of another library.  It sees less, because machines drift between
recordings.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from pytest_against import stats, trees, untimed
from pytest_against.checks import Check, Checked, absence, check, grown, has, increases
from pytest_against.looks import Budget, RunTrials, judged
from pytest_against.machine import installed, this_machine
from pytest_against.marks import of_rows
from pytest_against.model import (
    Limits,
    Progress,
    Result,
    Row,
    RowResult,
    Suite,
    Verdict,
    count,
    rows_of,
)
from pytest_against.sample import PARTLY, Sample
from pytest_against.saved import Baseline, BaselineRow, matcher, spellings
from pytest_against.settings import differences
from pytest_against.terms import USUAL, Terms
from pytest_against.trials import HowToTime, TrialResult, own_cores, run_alone
from pytest_against.workers import HEAD, Tree, side_by_side

CheckAgain = Callable[[Sequence[str]], Checked]
"""Runs some tests of a side once more, without a clock."""

BASELINE_LIMITS: Final = Limits(limit=0.10, trials=stats.LOOKS[-1], budget=120.0)
"""Defaults of this lane: wider, because what is compared was measured at different times."""

ROW_SECONDS: Final = 0.0028
"""Calm time for a row in a trial, in seconds."""

ENOUGH_ROWS: Final = 100
"""Rows from which on two trials run side by side: with fewer, they would often time the same one,
and slow each other down where it needs much of the caches."""


@contextmanager
def working_tree(
    suite: Suite, timeout: float, progress: Progress, alike: float = math.inf
) -> Iterator[tuple[Checked, CheckAgain, RunTrials]]:
    """Lay out the working tree, check it, and yield what it showed and what runs it again."""
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        place = Path(folder, HEAD)
        suite = replace(suite, packages=trees.under_test(suite.root, suite.packages, None))
        trees.lay_out(suite.root, suite.packages, place, None)
        tree = Tree.of(suite, HEAD, place)
        progress.stage("checks", 0)
        (head,) = side_by_side([partial(check, tree, timeout, progress.row, imports=True)])
        fastest = math.inf

        def check_again(nodes: Sequence[str]) -> Checked:
            progress.stage("checks again", len(nodes))
            (found,) = side_by_side([partial(check, tree, timeout, progress.row, nodes)])
            return found

        def run_trials(
            most: int,
            nodes: Sequence[str],
            controls: Sequence[str] = (),  # noqa: ARG001 - there are none here
        ) -> list[TrialResult]:
            nonlocal fastest
            number = most if len(nodes) >= ENOUGH_ROWS else 1
            progress.stage(f"{count(len(nodes))} undecided", number * len(nodes))
            how = HowToTime(ROW_SECONDS, math.inf, timeout, fastest, alike=alike)
            found = side_by_side(
                [partial(run_alone, tree, nodes, how, c, progress.row) for c in own_cores(number)]
            )
            clocks = (each.seconds for trial in found for each in trial.head.values())
            fastest = min([fastest, *clocks])
            return found

        yield head, check_again, run_trials


def asked_for(suite: Suite, stored: Baseline) -> dict[str, BaselineRow]:
    """Return the stored rows that a suite chooses by names."""
    # What one and the same expression chose then is asked for, whatever it finds besides names.
    matches = matcher("" if suite.keyword == stored.keyword else suite.keyword)
    return {
        node: row
        for node, row in stored.rows.items()
        if matches(*spellings(row.row)) and has(suite.arguments, node)
    }


def against_baseline(suite: Suite, stored: Baseline, limits: Limits, progress: Progress) -> Result:
    """Judge the working tree, on the software that it runs on, against a stored baseline."""
    budget, asked = Budget(time.monotonic()), asked_for(suite, stored)
    # Numbers of another day tell of the fastest half only: calls that differ are settled otherwise.
    alike = math.log((1 + limits.limit) * (1 + PARTLY))
    with working_tree(suite, limits.timeout, progress, alike) as (head, check_again, run_trials):
        rows = {
            node: row
            for node, row in stored.rows.items()
            # Which have another mark than was asked for then is not known of those that are gone.
            if node in head.collected.nodes or (node in asked and stored.has_all(suite.marks))
        }
        sure, notes = _without_chance(head, rows, check_again, limits.limit, suite.terms)
        found = judge(sure, replace(stored, rows=rows), limits, run_trials, budget, suite.terms)
        return replace(found, notes=[*notes, *found.notes])


def _without_chance(
    head: Checked,
    stored: Mapping[str, BaselineRow],
    check_again: CheckAgain,
    limit: float,
    otherwise: Terms,
) -> tuple[Checked, list[str]]:
    """Return the head without growth that another run of it has not; see `untimed.comparable`."""
    terms = of_rows(head.collected.nodes, otherwise)
    then = {
        node: Check(outcome="passed", exact=stored[node].exact)
        for node, now in head.checks.items()
        if node in stored
        and grown(now.exact, stored[node].exact, terms[node].tolerated(limit, 0.0))
    }
    if not then:
        return head, []
    base = Checked(head.collected, then)
    again = [side for _ in range(untimed.REPEATS) for side in (check_again([*then]), base)]
    return untimed.comparable(head, base, again, terms, limit)


def judge(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    head: Checked,
    stored: Baseline,
    limits: Limits,
    run_trials: RunTrials,
    budget: Budget,
    otherwise: Terms = USUAL,
) -> Result:
    """Decide what needs no clock, time the rest unless something failed, and put it together.

    Rows are judged by the terms of their marks, `otherwise` by those of the suite.
    """
    gone = {n: asdict(r.row) for n, r in stored.rows.items() if n not in head.collected.nodes}
    drift = drifts(stored.rows.values())
    rows: dict[str, RowResult | Sample] = {}
    every = {**head.collected.nodes, **gone}
    terms = of_rows(every, otherwise)
    for node, row in rows_of(every).items():
        then, its = stored.rows.get(node), terms[node]
        if told := _untimed(row, head.checks.get(node), then, its.tolerated(limits.limit, 0.0)):
            rows[node] = replace(told, may_fail=its.may_fail)
        elif then is not None:
            rows[node] = Sample(row, then.values, drift[then.row.workload], terms=its)
    found = judged(rows, {}, limits, run_trials, budget)
    changed = [
        *changes(stored, ("python", "simd")),
        *(f"{n} {v} -> {installed(n) or 'none'}" for n, v in otherwise_installed(stored).items()),
    ]
    notes = [f"software since the baseline: {', '.join(changed) or 'unchanged'}"]
    if reset := differences(stored.machine["settings"], this_machine().settings):
        notes.append(f"set otherwise since the baseline: {', '.join(reset)}")
    notes += headroom(found.rows, limits.limit)
    notes += certainty(found.rows, max(drift.values(), default=0.0))
    if stored.accepted:
        notes.append(f"accepted when the baseline was recorded: {stored.accepted}")
    machine = this_machine().as_dict()
    return replace(found, base=stored.name, machine=machine, notes=[*notes, *found.notes])


def changes(stored: Baseline, names: Iterable[str]) -> list[str]:
    """Return what of a machine, by the names of its fields, is not as it was recorded."""
    old, new = stored.machine, this_machine().as_dict()
    return [f"{name} {old[name]} -> {new[name]}" for name in names if old[name] != new[name]]


def otherwise_installed(stored: Baseline) -> dict[str, str]:
    """Return the versions of what was recorded and is not installed like that, by name."""
    then = stored.distributions or {"numpy": stored.machine["numpy"]}
    return {name: was for name, was in then.items() if was and was != installed(name)}


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
    elif more := increases(now.exact, then.exact, limit):
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


def headroom(rows: Iterable[RowResult], limit: float) -> list[str]:
    """Say how large a slowdown could hide where the code has become faster than its baseline."""
    faster = {
        row.row.name: row.interval.mean
        for row in rows
        if row.verdict is Verdict.IMPROVED and row.interval
    }
    if not faster:
        return []
    name = min(faster, key=faster.__getitem__)
    hidden = f"{(1 + limit) * math.exp(-faster[name]):.2f} times as slow and stay green"
    words = f"faster than the baseline: {count(len(faster))}; {name} could become {hidden}"
    return [f"{words}: record the baseline anew"]
