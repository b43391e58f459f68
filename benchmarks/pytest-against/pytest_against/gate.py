"""The gate: the working tree's packages against those of a git revision, side by side, now."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from pytest_against import sides, trees
from pytest_against.checks import Check, Checked, absence, check, collect, increases
from pytest_against.looks import Budget, RunTrials, judged
from pytest_against.machine import cores, this_machine
from pytest_against.marks import of_rows
from pytest_against.model import (
    HERE,
    CannotJudgeError,
    Limits,
    Progress,
    Result,
    Row,
    RowResult,
    RunsOn,
    Suite,
    Verdict,
    count,
    rows_of,
    short,
    some,
)
from pytest_against.returned import BY_RUN, Returned
from pytest_against.sides import OWN, Sides
from pytest_against.stats import Sample
from pytest_against.terms import USUAL, Terms
from pytest_against.trials import HowToTime, TrialResult, own_cores, run_pair
from pytest_against.workers import AGAIN, BASE, HEAD, Tree, side_by_side

MOST_CONTROLS: Final = 4
"""Rows on which a second copy of the base rides along."""

TRIAL_SECONDS: Final = 0.12
"""Most time for a row in a trial."""
SPARE_SECONDS: Final = 2.5
"""What the rows of a trial may share when they are so few that each gets more."""
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
            "ask for fewer with --cores, or allow more"
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
    notes = [*found.notes]
    if same_code:
        head, grew = _grown(head, base, limits.limit)
        notes += grew
    elif suspects := _diverging(head, base, of_rows(head.collected.nodes, suite.terms)):
        # Results of chance, or with a path in them, differ from run to run of the same code.
        again = side_by_side(
            [partial(check, its[n], limits.timeout, progress.row, suspects) for n in (HEAD, AGAIN)]
        )
        terms = of_rows(head.collected.nodes, suite.terms)
        head = comparable(head, base, again, {node: terms[node].tolerance for node in suspects})
    run_trials = partial(run_trials_of, its, limits, progress)
    result = judge(head, base, own, limits, run_trials, budget, suite.terms)
    return replace(result, notes=[*notes, *result.notes])


def _grown(head: Checked, base: Checked, limit: float) -> tuple[Checked, list[str]]:
    """Return the head with what is exact of the base, and what is not the same there, as notes."""
    then = {node: found.exact for node, found in base.checks.items() if found.timed}
    both = {node: found for node, found in head.checks.items() if found.timed and node in then}
    counts = Counter(
        words.split()[0]
        for node in both
        for words in increases(both[node].exact, then[node], limit)
    )
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
    here = head.collected.nodes  # first in order, and last so that its files and lines count
    every = {**here, **base.collected.nodes, **own.collected.nodes, **here}
    rows, terms = rows_of(every), of_rows(every, otherwise)
    told = untimed(rows, head, base, own, limits.limit, terms)
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
    notes = [*uncompared(head, base, rows), *_notes(head, base, own)]
    return replace(found, notes=[*notes, *found.notes])


def untimed(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    rows: Mapping[str, Row],
    head: Checked,
    base: Checked,
    own: Checked,
    limit: float,
    terms: Mapping[str, Terms],
) -> dict[str, RowResult]:
    """Return the verdicts that need no clock, by node id; rows to be timed are not among them."""
    found: dict[str, tuple[Verdict, str]] = {}
    for node in rows:
        now, then = head.checks.get(node), base.checks.get(node)
        had = node in own.collected.nodes or (then is not None and then.timed)
        if now is not None and now.outcome == "failed":
            found[node] = Verdict.DIVERGED, now.why
        elif now is None or not now.timed:
            # What neither side times is only counted in a note.
            alike = now and then and not then.timed and now.outcome == then.outcome
            if had and not alike:
                why = f"in the base, but {absence(now)} the working tree; restore it, or choose"
                found[node] = Verdict.VANISHED, f"{why} another base"
        elif then is None or not then.timed:
            why = f"{absence(then)} the base; another may have it, and --allow-new lets it pass"
            found[node] = Verdict.NEW, f"{why} (--against-allow-new)"
        elif now.inputs != then.inputs:
            why = "its input depends on the package under test; give both sides the same"
            found[node] = Verdict.UNJUDGED, why
        elif _differ(now, then, terms[node]):
            why = f"another result than in the base, {now.result.beside(then.result)}, though"
            mend = "if it is meant, give the test the mark against(results=False)"
            found[node] = Verdict.DIVERGED, f"{why} the test passes; {mend}"
        elif more := increases(now.exact, then.exact, terms[node].tolerated(limit, 0.0)):
            found[node] = Verdict.HEAVIER, "; ".join(more)
    return {
        node: RowResult.untimed(rows[node], *its, may_fail=terms[node].may_fail)
        for node, its in found.items()
    }


def _differ(now: Check, then: Check, terms: Terms) -> bool:
    """Return whether two results are known to differ."""
    known = terms.results and now.result.digest and then.result.digest
    return bool(known) and not now.result.agrees(then.result, terms.tolerance)


def _diverging(head: Checked, base: Checked, terms: Mapping[str, Terms]) -> list[str]:
    """Return the node ids of the rows whose results seem to differ."""
    both = [node for node in _timed_on_both(head, base) if node in terms]
    return [n for n in both if _differ(head.checks[n], base.checks[n], terms[n])]


def _timed_on_both(head: Checked, base: Checked) -> list[str]:
    then = {node for node, found in base.checks.items() if found.timed}
    return [node for node, found in head.checks.items() if found.timed and node in then]


def comparable(
    head: Checked, base: Checked, again: Sequence[Checked], tolerances: Mapping[str, float]
) -> Checked:
    """Return the head without the results that differ from run to run of the same code."""
    pairs = [*zip((head, base), again, strict=True)]
    chance = [
        node
        for node, tolerance in tolerances.items()
        if not all(a.checks[node].result.agrees(b.checks[node].result, tolerance) for a, b in pairs)
    ]
    unknown = {node: replace(head.checks[node], result=Returned(why=BY_RUN)) for node in chance}
    return replace(head, checks={**head.checks, **unknown})


def uncompared(head: Checked, base: Checked, rows: Mapping[str, Row]) -> list[str]:
    """Say which results are not compared, and why: a note for each reason."""
    found = defaultdict(list)
    for node in _timed_on_both(head, base):
        now, then = head.checks[node].result, base.checks[node].result
        if not (now.digest and then.digest):
            found[now.why or then.why].append(rows[node].name)
    return [f"results that are not compared, {why}: {some(names)}" for why, names in found.items()]


def _notes(head: Checked, base: Checked, own: Checked) -> list[str]:
    """Say what the reader has to know of the checks."""
    both = [(head.checks[node], base.checks[node]) for node in _timed_on_both(head, base)]
    counts = {
        "numbers of their own that only the base has": sum(
            not then.exact.keys() <= now.exact.keys() for now, then in both
        ),
        "other warnings than in the base": sum(now.warnings != then.warnings for now, then in both),
        "no call of `benchmark`, and so nothing to time": sum(
            found.outcome == "passed" and not found.timed for found in head.checks.values()
        ),
        "skipped": sum(found.outcome == "skipped" for found in head.checks.values()),
    }
    notes = [f"{what}: {count(number)}" for what, number in counts.items() if number]
    for side, what in ((base, "the base"), (own, "the tests that the base had")):
        for where, why in side.collected.broken.items():
            words = f"{short(where or 'all')} of {what} cannot be collected: {short(why)}"
            notes.append(f"{words}; import what is new inside of a test, or in a file of its own")
    return notes


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
    )
    progress.stage(f"{count(len(nodes))} undecided", most * len(nodes))
    return side_by_side(
        [
            partial(run_pair, sides, nodes, controls, how, core, progress.row)
            for core in own_cores(most, limits.cores)
        ]
    )
