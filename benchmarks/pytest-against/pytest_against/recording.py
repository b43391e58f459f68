"""What is recorded for a baseline: rows, and the trials of each of its recordings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from pytest_against.checks import Checked
from pytest_against.files import short
from pytest_against.looks import MOST_AT_A_TIME, Budget, RunTrials
from pytest_against.machine import cores
from pytest_against.model import CannotJudgeError, Limits, rows_of
from pytest_against.sample import Sample
from pytest_against.saved import FEWEST, BaselineRow, Timing
from pytest_against.stats import Plan

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
