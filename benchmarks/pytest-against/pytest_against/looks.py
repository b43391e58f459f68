"""Trials, and looks at them, until all is decided or something is used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pytest_against.machine import cores
from pytest_against.model import (
    WORKING_TREE,
    CannotJudgeError,
    Limits,
    Result,
    RowResult,
    Verdict,
    count,
)
from pytest_against.sample import Sample
from pytest_against.stats import LOOKS, Plan, Prior
from pytest_against.trials import TrialResult

MOST_AT_A_TIME: Final = 2  # one to a core: what one trial costs another, both its sides share
_NO_PAIR: Final = (
    "with both sides running, it failed in the base, or made no call on one of them; run it there "
    "to see why, and mind what only one process can have, such as a port"
)


class RunTrials(Protocol):
    """The only door to processes and clocks."""

    def __call__(
        self, most: int, nodes: Sequence[str], controls: Sequence[str] = ()
    ) -> Sequence[TrialResult]:
        """Run so many trials of some rows or fewer, with the second copy of the base on some."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A clock, and when the budget began to run by it, in seconds."""

    start: float
    now: Callable[[], float] = time.monotonic

    @property
    def spent(self) -> float:
        """Seconds since then."""
        return self.now() - self.start


def judged(
    rows: Mapping[str, RowResult | Sample],
    controls: Mapping[str, Sample],
    limits: Limits,
    run_trials: RunTrials,
    budget: Budget,
) -> Result:
    """Time the samples, unless a row has failed without a clock, and put all together in order.

    Controls are of the second copy of the base, on some of the same rows.
    """
    if not rows:
        raise CannotJudgeError(
            "none of the tests has a call to time: they are skipped, or never call `benchmark`; "
            "choose others"
        )
    decided = {node: found for node, found in rows.items() if isinstance(found, RowResult)}
    samples = {node: found for node, found in rows.items() if isinstance(found, Sample)}
    trials, notes = 0, []
    if not any(found.failed for found in decided.values()):
        trials = until_decided(samples, controls, limits, run_trials, budget)
        decided |= {node: sample.result() for node, sample in samples.items()}
        fewest = min(LOOKS[0], limits.trials)
        if trials < fewest and any(sample.verdict is None for sample in samples.values()):
            fit = f"{trials} of at least {fewest} trials fit in the budget of {limits.budget:.3g} s"
            more = "allow more with --budget or --against-budget, or judge fewer rows with -k"
            notes = [f"{fit}: {more}"]
    elif samples:
        left = count(len(samples))
        notes = [f"not timed, though the checks passed: {left}; mend the others first"]
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
        notes=notes,
    )


def until_decided(
    samples: Mapping[str, Sample],
    controls: Mapping[str, Sample],
    limits: Limits,
    run_trials: RunTrials,
    budget: Budget,
) -> int:
    """Run trials until all is decided or something is used up; return their number."""
    every = [*samples.values(), *controls.values()]
    plan = Plan.of(limits, sum(each.questions for each in every))
    at_a_time = max(1, min(MOST_AT_A_TIME, cores() // limits.cores))
    priors = list[Prior]()  # of all rows, as long as all are there
    number, longest, over = 0, 0.0, budget.spent > limits.budget
    while number < limits.trials and not over:
        # A row that fell out takes its control with it.
        copied = [n for n, each in controls.items() if each.verdict is None and not samples[n].why]
        nodes = [n for n, each in samples.items() if each.verdict is None or n in copied]
        if not nodes:
            break
        look = next(look for look in plan.looks if look > number)
        began = budget.spent
        found = run_trials(min(at_a_time, look - number), nodes, copied)
        for trial in found:
            for node in nodes:
                _add(trial, node, samples[node])
            for node in copied:
                controls[node].add(trial.again.get(node))
        number += len(found)
        # Later trials are shorter, because fewer rows are undecided.
        longest = max(0.8 * longest, budget.spent - began)
        over = budget.spent + longest > limits.budget
        if number in plan.looks or (over and number > plan.looks[0]):
            priors = priors or [Prior.of(s.values for s in every), Prior.of(s.means for s in every)]
            for sample in every:
                sample.look(plan, *priors)
    return number


def _add(trial: TrialResult, node: str, sample: Sample) -> None:
    if node in trial.failed:
        sample.verdict = Verdict.DIVERGED
        sample.why = f"{trial.failed[node]} (once it was timed)"
    elif sample.verdict is None:
        sample.add(found := trial.head.get(node))
        if found is None and sample.stored is None:  # calm is no condition side by side
            sample.verdict, sample.why = Verdict.UNJUDGED, _NO_PAIR
