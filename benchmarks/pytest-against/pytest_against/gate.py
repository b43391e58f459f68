"""The gate: the working tree's packages against those of a git revision, side by side, now."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from pytest_against import sides, trees, untimed
from pytest_against.checks import Checked, check, collect, grown, of_its_own
from pytest_against.looks import Budget, RunTrials, judged
from pytest_against.machine import cores, this_machine
from pytest_against.marks import of_rows
from pytest_against.model import (
    HERE,
    CannotJudgeError,
    Limits,
    Progress,
    Result,
    RunsOn,
    Suite,
    count,
    few,
    rows_of,
    short,
)
from pytest_against.sample import Sample
from pytest_against.sides import OWN, Sides
from pytest_against.terms import USUAL, Terms
from pytest_against.trials import HowToTime, TrialResult, own_cores, run_pair
from pytest_against.workers import AGAIN, BASE, HEAD, Tree, side_by_side

MOST_CONTROLS: Final = 4
"""Rows on which a second copy of the base rides along."""

TRIAL_SECONDS: Final = 0.12
"""Most time for a row in a trial."""
SPARE_SECONDS: Final = 2.5
"""What the rows of a trial may share when they are so few that each gets more."""
LEAST_SECONDS: Final = 0.5
"""What they share at least: half of what the start of a trial takes, which is paid anyway."""
PRECISION: Final = 1 / 3
"""Part of the limit to within which a trial has to know a log ratio, if time allows."""


def against_revision(  # noqa: PLR0913 - each is a thing of its own
    suite: Suite,
    revision: str,
    limits: Limits,
    progress: Progress,
    *,
    allow_new: bool = False,
    runs_on: RunsOn = HERE,
) -> Result:
    """Judge the working tree against a git revision, any name of a commit.

    With `allow_new`, rows that the revision lacks are left out of the answer.
    """
    if limits.cores > (most := cores()):
        raise CannotJudgeError(
            f"this process may use {most} cores, and not {limits.cores}, by affinity and quota; "
            "ask for fewer with --cores (--against-cores), or allow more"
        )
    commit = trees.find_commit(suite.root, revision)
    with sides.laid_out(suite, commit, runs_on) as found:
        result = _judged(suite, found, limits, progress)
    return replace(
        result,
        base=str(commit),
        allow_new=allow_new,
        machine=this_machine().as_dict(),
        shard=str(suite.shard),
    )


def between(suite: Suite, base: str, head: str, limits: Limits, progress: Progress) -> Result:
    """Judge what another interpreter, with what is installed for it, does to the working tree.

    Memory and numbers of the suite's own that grew are notes: the code is the same.
    """
    with sides.on_two(suite, base, head) as found:
        result = _judged(suite, found, limits, progress, same_code=True)
    return replace(result, base=base, head=head, machine=this_machine().as_dict())


def _judged(
    suite: Suite, found: Sides, limits: Limits, progress: Progress, *, same_code: bool = False
) -> Result:
    """Check and time what is laid out."""
    budget = Budget(time.monotonic())  # which what is built has no part in
    progress.stage("checks", 0)
    its = found.trees
    own, head, base = side_by_side(
        [
            partial(collect, suite, its[OWN], limits.timeout),
            *(partial(check, its[n], limits.timeout, progress.row) for n in (HEAD, BASE)),
        ]
    )
    if same := [short(file) for file in found.beside if file in head.files]:
        raise CannotJudgeError(
            f"{few(same)} changed, and the benchmarks import it, but it would be the same on both "
            "sides; name all that is under test: -o against_packages='src/NAME OTHER'"
        )
    notes, terms = [*found.notes], of_rows(head.collected.nodes, suite.terms)
    if doubtful := untimed.only_own(own, head, base):
        # What the base's own tests time there is not new, and its loss is one.
        with suppress(CannotJudgeError):  # what is not known counts as if it were timed
            tree = of_its_own(suite, its[OWN]) or its[OWN]
            now = check(tree, limits.timeout, progress.row, doubtful)
            own = replace(own, checks=now.checks)
    if same_code:
        head, grew = _grown(head, base, limits.limit)
        notes += grew
    elif suspects := untimed.suspects(head, base, terms, limits.limit):
        copies = (HEAD, AGAIN) * untimed.REPEATS
        again = side_by_side(
            [partial(check, its[n], limits.timeout, progress.row, suspects) for n in copies]
        )
        head, chance = untimed.comparable(head, base, again, terms, limits.limit)
        notes += chance
    run_trials = partial(run_trials_of, its, limits, progress)
    result = judge(head, base, own, limits, run_trials, budget, suite.terms)
    return replace(result, notes=[*notes, *result.notes])


def _grown(head: Checked, base: Checked, limit: float) -> tuple[Checked, list[str]]:
    """Return the head with what is exact of the base, and what is not the same there, as notes."""
    then = {node: found.exact for node, found in base.checks.items() if found.timed}
    both = {node: found for node, found in head.checks.items() if found.timed and node in then}
    counts = Counter(name for n in both for name in grown(both[n].exact, then[n], limit))
    counts["another result"] = sum(
        not found.result.agrees(base.checks[node].result, 0.0) for node, found in both.items()
    )
    alike = {
        node: replace(found, exact=then[node], result=base.checks[node].result)
        for node, found in both.items()
    }
    names = {name: name if name == "another result" else f"more {name}" for name in counts}
    notes = [f"{names[name]} than in the base: {count(n)}" for name, n in counts.items() if n]
    return replace(head, checks={**head.checks, **alike}), notes


def judge(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    head: Checked,
    base: Checked,
    own: Checked,
    limits: Limits,
    run_trials: RunTrials,
    budget: Budget,
    otherwise: Terms = USUAL,
) -> Result:
    """Decide what needs no clock, time the rest unless something failed, and put it together.

    Rows are judged by the terms of their marks, `otherwise` by those of the suite.
    """
    if (why := own.collected.broken.get("")) is not None:  # what has vanished cannot be known
        raise CannotJudgeError(
            f"the tests that the base had cannot be collected: {short(why)}; choose a base whose "
            "tests run here"
        )
    here = head.collected.nodes  # first in order, and last so that its files and lines count
    every = {**here, **base.collected.nodes, **own.collected.nodes, **here}
    rows, terms = rows_of(every), of_rows(every, otherwise)
    told = untimed.found(rows, head, base, own, limits.limit, terms)
    timed = [node for node, found in head.checks.items() if found.timed and node not in told]
    samples = {node: Sample(rows[node], terms=terms[node]) for node in timed}
    # What may fail decides nothing, and so its noise does not, either. A limit or a floor of its
    # own, which may be wide, would prove little of the others.
    decisive = [node for node in timed if not terms[node].may_fail] or timed
    own_limit = {n for n in decisive if terms[n].limit is not None or terms[n].floor}
    usual = [node for node in decisive if node not in own_limit] or decisive
    some = usual[:: max(1, math.ceil(len(usual) / MOST_CONTROLS))]
    found = judged(
        {node: found for node in rows if (found := told.get(node) or samples.get(node))},
        {node: Sample(rows[node], terms=terms[node]) for node in some},
        limits,
        run_trials,
        budget,
    )
    notes = [*untimed.uncompared(head, base, rows), *untimed.notes(head, base, own)]
    return replace(found, notes=[*notes, *found.notes])


def run_trials_of(  # noqa: PLR0913, PLR0917 - the first three are bound, the rest is RunTrials
    sides: Mapping[str, Tree],
    limits: Limits,
    progress: Progress,
    most: int,
    nodes: Sequence[str],
    controls: Sequence[str] = (),
) -> list[TrialResult]:
    """Run trials side by side, each on a core of its own."""
    how = HowToTime(
        seconds=max(TRIAL_SECONDS, SPARE_SECONDS / len(nodes)),
        precision=PRECISION * math.log1p(limits.limit),
        timeout=limits.timeout,
        least=LEAST_SECONDS / len(nodes),
    )
    progress.stage(f"{count(len(nodes))} undecided", most * len(nodes))
    return side_by_side(
        [
            partial(run_pair, sides, nodes, controls, how, core, progress.row)
            for core in own_cores(most, limits.cores)
        ]
    )
