"""Recording: the working tree, timed in trials that become a baseline or a saved run."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pytest_against import trees
from pytest_against.baseline import BASELINE_LIMITS, asked_for, working_tree
from pytest_against.checks import Checked, absence, grown
from pytest_against.looks import MOST_AT_A_TIME, Budget, RunTrials
from pytest_against.machine import cores, this_machine
from pytest_against.model import (
    CannotJudgeError,
    Limits,
    Progress,
    Result,
    Suite,
    Verdict,
    rows_of,
    short,
    some,
)
from pytest_against.sample import Sample
from pytest_against.saved import FEWEST, Baseline, BaselineRow, Timing, Trials
from pytest_against.stats import Plan

RECORD_LIMITS: Final = replace(BASELINE_LIMITS, trials=160, budget=600.0)
"""Defaults for recording."""

RECORDINGS: Final = 2
"""Recordings in one baseline: how far they lie apart tells the drift of the machine."""

FEWEST_TRIALS: Final = 10
"""Trials of a recording, before any row is left out."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of the working tree: all of it, and the same trial by trial."""

    baseline: Baseline
    trials: Trials
    untimed: Mapping[str, str] = field(default_factory=dict)
    """By node id why a test has no call to time; the words end before the side."""


def record(suite: Suite, accept: str, limits: Limits, progress: Progress) -> Recorded:
    """Record the working tree; `accept` says why a change for the worse is accepted, if it is."""
    if limits.trials < FEWEST * RECORDINGS:
        raise CannotJudgeError(
            f"{limits.trials} trials in {RECORDINGS} recordings have no spread; ask for "
            f"{FEWEST * RECORDINGS} or more with --trials"
        )
    budget, commit = Budget(time.monotonic()), trees.describe_head(suite.root)
    with working_tree(suite, limits.timeout, progress) as (head, check_again, run_trials):
        rows = _recordable(head)
        rows = _without_chance(rows, check_again([*rows]), limits.limit)
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
        distributions=head.distributions,
        marks=suite.marks,
        keyword=suite.keyword,
        rows={node: row.timed(trials) for node, row in rows.items()},
    )
    untimed = {node: absence(its) for node, its in head.checks.items() if not its.timed}
    return Recorded(found, trials, untimed)


def check_whole(old: Baseline, suite: Suite, path: Path, program: str) -> None:
    """Refuse a part of the suite: it would replace the whole, which is of one state of the code."""
    asked = asked_for(suite, old)
    if lost := [each.row.name for node, each in old.rows.items() if node not in asked]:
        raise CannotJudgeError(
            f"{short(path)} would lose what is not asked for ({some(lost)}); record all of it: "
            f'{program} baseline, or say why that may go: --accept "why"'
        )


def check_kept(old: Baseline, recorded: Recorded, found: Result, path: Path) -> None:
    """Refuse to lose rows that are not known to be gone from the suite."""
    marks = recorded.baseline.marks
    why = {} if old.has_all(marks) else dict.fromkeys(old.rows, f"not chosen by -m {marks!r} in")
    why |= recorded.untimed
    lost = [
        row.row for row in found.rows if row.verdict is Verdict.VANISHED and row.row.node in why
    ]
    if lost:
        raise CannotJudgeError(
            f"{short(path)} would lose what is {why[lost[0].node]} the working tree "
            f"({some([row.name for row in lost])}); have it timed, or say why that may go: "
            '--accept "why"'
        )


def _recordable(head: Checked) -> dict[str, BaselineRow]:
    """Return the rows to record, without times; a wrong answer has none."""
    failed = {node: found.why for node, found in head.checks.items() if found.outcome == "failed"}
    for node, why in failed.items():
        raise CannotJudgeError(
            f"{len(failed)} of {len(head.checks)} tests fail, {short(node)} among them "
            f"({short(why)}); mend them, or choose others"
        )
    rows = rows_of(head.collected.nodes)
    found = {
        node: BaselineRow(
            row=rows[node],
            group=its.group,
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


def _without_chance(
    rows: Mapping[str, BaselineRow], again: Checked, limit: float
) -> dict[str, BaselineRow]:
    """Return rows with the larger of the numbers of two runs, and without those that differ."""
    found = {}
    for node, row in rows.items():
        one, two = row.exact, again.checks[node].exact
        chance = {*grown(one, two, limit), *grown(two, one, limit)}
        kept = {name: max(one[name], two.get(name, 0)) for name in one if name not in chance}
        found[node] = replace(row, exact=kept)
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
                raise CannotJudgeError(
                    f"{short(node)} fails once it is timed ({short(why)}); mend it"
                )
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
