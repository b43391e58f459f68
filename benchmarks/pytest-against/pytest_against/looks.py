"""Trials, and looks at them, until all is decided or something is used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_against.machine import cores
from pytest_against.model import (
    FAILURES,
    WORKING_TREE,
    CannotJudgeError,
    Limits,
    Result,
    RowResult,
    Verdict,
)
from pytest_against.report import count
from pytest_against.stats import Plan, Sample
from pytest_against.trials import TrialResult

MOST_AT_A_TIME: Final = 2
"""Trials at a time, one to a core: what one costs the other, both sides of it share."""

_NO_PAIR: Final = (
    "with both sides running, it failed in the base, or made no call on one of them; run it there "
    "to see why, and mind what only one process can have, such as a port"
)

RunTrials = Callable[[int, Sequence[str], Sequence[str], bool], Sequence[TrialResult]]
"""Runs so many trials of some rows or fewer, with the second copy of the base on some of them; the
last says whether they are long ones."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A clock, and when the budget began to run by it, in seconds."""

    start: float
    now: Callable[[], float] = time.monotonic

    @property
    def spent(self) -> float:
        """Seconds since then."""
        return self.now() - self.start


def judged(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    rows: Mapping[str, RowResult | Sample],
    controls: Mapping[str, Sample],
    limits: Limits,
    run_trials: RunTrials,
    budget: Budget,
    short: int = 0,
) -> Result:
    """Time what needs a clock, unless something has failed without one, and put all together.

    Parameters
    ----------
    rows : mapping of str to RowResult or Sample
        By node id, in the order of the report: what is decided, and what is to be timed.
    controls, limits, run_trials, budget, short
        As those of `until_decided`.

    Raises
    ------
    CannotJudgeError
        If there are no rows.
    """
    if not rows:
        raise CannotJudgeError(
            "none of the tests has a call to time: they are skipped, or never call `benchmark`; "
            "choose others"
        )
    decided = {node: found for node, found in rows.items() if isinstance(found, RowResult)}
    samples = {node: found for node, found in rows.items() if isinstance(found, Sample)}
    left, trials = len(samples), 0
    if not any(found.verdict in FAILURES for found in decided.values()):
        trials = until_decided(samples, controls, limits, run_trials, budget, short)
        decided |= {node: sample.result() for node, sample in samples.items()}
        left = sum(sample.verdict is None for sample in samples.values())
    return Result(
        rows=[decided[node] for node in rows if node in decided],
        # A control that no look was taken at, or whose row fell out, says nothing of the machine.
        controls=[
            control.result()
            for node, control in controls.items()
            if control.interval is not None and not samples[node].why
        ],
        base="",
        head=WORKING_TREE,
        limit=limits.limit,
        seconds=budget.spent,
        trials=trials,
        notes=shortfall(left, trials, limits),
    )


def until_decided(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    samples: Mapping[str, Sample],
    controls: Mapping[str, Sample],
    limits: Limits,
    run_trials: RunTrials,
    budget: Budget,
    short: int = 0,
) -> int:
    """Run trials until all is decided or something is used up; return their number.

    Parameters
    ----------
    samples, controls : mapping of str to Sample
        By node id: of the head, and of the second copy of the base on some of the same rows.
    limits : Limits
        How much is tolerated, and how long one may look.
    run_trials : callable
        Runs trials.
    budget : Budget
        When it began to run.
    short : int
        Number of trials after which the rows that are left begin anew with long ones: most rows
        need no more, and what is known of the others is dominated by single trials.
    """
    every = [*samples.values(), *controls.values()]
    plan = Plan.of(limits.limit, len(every), limits.trials, short)
    longest, number = 0.0, 0
    while number < limits.trials:
        # A row that fell out takes its control with it.
        copied = [n for n, each in controls.items() if each.verdict is None and not samples[n].why]
        nodes = [n for n, each in samples.items() if each.verdict is None or n in copied]
        if not nodes:
            break
        look = next(look for look in plan.looks if look > number)
        began = budget.spent
        if plan.short and number == plan.short:
            for sample in every:
                sample.renew()
        long = 0 < plan.short <= number
        found = run_trials(min(MOST_AT_A_TIME, cores(), look - number), nodes, copied, long)
        for trial in found:
            _add(trial, {n: samples[n] for n in nodes}, {n: controls[n] for n in copied})
        number += len(found)
        # Later trials are shorter, because fewer rows are undecided.
        longest = max(0.8 * longest, budget.spent - began)
        over = budget.spent + longest > limits.budget
        enough = number - plan.short * long > plan.looks[0]
        if number in plan.looks or (over and enough):
            for sample in every:
                sample.look(plan)
        if over:
            break
    return number


def _add(trial: TrialResult, samples: Mapping[str, Sample], controls: Mapping[str, Sample]) -> None:
    """Take in a trial of these rows."""
    for node, sample in samples.items():
        found = trial.head.get(node)
        if node in trial.failed:
            sample.decide(Verdict.DIVERGED, f"{trial.failed[node]} (once it was timed)")
        elif sample.verdict is None:
            sample.add(found)
            if found is None and sample.stored is None:  # calm is no condition side by side
                sample.decide(Verdict.UNJUDGED, _NO_PAIR)
    for node, control in controls.items():
        control.add(trial.again.get(node))


def shortfall(left: int, trials: int, limits: Limits) -> list[str]:
    """Say what kept rows from being decided.

    Parameters
    ----------
    left : int
        Number of rows that are not decided.
    trials : int
        Number of trials.
    limits : Limits
        As those of `until_decided`.
    """
    if left and not trials:
        return [f"not timed, though the checks passed: {count(left)}; mend the others first"]
    fewest = Plan.of(limits.limit, 1, limits.trials).looks[0]
    if left and trials < fewest:
        fit = f"{trials} of at least {fewest} trials fit in the budget of {limits.budget:g} s"
        return [f"{fit}: allow more with --budget, or judge fewer rows with --rows"]
    return []
