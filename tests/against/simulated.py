"""Sides and trials that are made up: drawn numbers, and a clock that only they move."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pytest_against import baseline, gate
from pytest_against.baseline import BASELINE_LIMITS
from pytest_against.checks import Check, Checked
from pytest_against.looks import Budget
from pytest_against.machine import this_machine
from pytest_against.model import Limits, Result, Row, rows_of
from pytest_against.returned import Returned
from pytest_against.saved import Baseline, BaselineRow
from pytest_against.timing import Measured
from pytest_against.trials import TrialResult
from pytest_against.workers import Collected

NODES: Final = tuple(f"tests/test_it.py::test_it[{name}-1e3]" for name in "abcdef")
A, B, C = NODES[:3]

PASSED: Final = Check(
    outcome="passed", exact={"peak_bytes": 1000}, inputs="w", result=Returned("d")
)
FAILED: Final = Check(outcome="failed", why="assert 1 == 2")
SKIPPED: Final = Check(outcome="skipped", why="needs a GPU")
NO_CALL: Final = Check(outcome="passed")

LIMITS: Final = Limits(budget=1e9)
CLOCK: Final = 1e-5  # seconds of the base, or of the clock's fixed work
AT: Final = 0.5  # log ratio to the clock of the rows of `stored`


def collected(nodes: Sequence[str], broken: Mapping[str, str] | None = None) -> Collected:
    known = {n: {"file": "tests/test_it.py", "line": i, "source": "s"} for i, n in enumerate(nodes)}
    return Collected(known, broken or {}, {})


def side(
    checks: Mapping[str, Check] | Sequence[str] = NODES[:3], broken: Mapping[str, str] | None = None
) -> Checked:
    """Return what a side showed; tests that are only named have passed."""
    if not isinstance(checks, Mapping):
        checks = dict.fromkeys(checks, PASSED)
    return Checked(collected(list(checks), broken), checks)


def own(nodes: Sequence[str] = NODES[:3], broken: Mapping[str, str] | None = None) -> Checked:
    """Return which tests the revision itself has."""
    return Checked(collected(nodes, broken), {})


def row(node: str) -> Row:
    return rows_of({node: {"file": node.partition("::")[0]}})[node]


@dataclass
class Machine:
    """Runs trials: `RunTrials` and, by `now`, the clock of a `Budget`; mappings are by node id."""

    factors: Mapping[str, float] = field(default_factory=dict)  # how much longer rows take now
    spreads: Mapping[str, float] | float = 0.001  # standard deviations over trials
    again: Mapping[str, float] = field(default_factory=dict)  # factors of controls
    means: Mapping[str, float] = field(
        default_factory=dict
    )  # over all calls, beyond that of typical ones
    wild: float = 0.0  # part of the trials that are off by 30 %, one way or the other
    fails: Mapping[str, int] = field(default_factory=dict)  # trial from which on a test fails
    absent: Mapping[str, Sequence[int]] = field(default_factory=dict)  # trials without a time
    at: float = 0.0  # log ratio of unchanged code
    seconds: float = 0.02  # of a row
    most: int = 99  # trials at a time
    seed: int = 1
    asked: list[tuple[int, list[str], list[str]]] = field(default_factory=list)
    time: float = 0.0
    number: int = 0  # of trials so far

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def now(self) -> float:
        return self.time

    def __call__(
        self,
        most: int,
        nodes: Sequence[str],
        controls: Sequence[str] = (),
    ) -> list[TrialResult]:
        self.asked.append((most, list(nodes), list(controls)))
        self.time += self.seconds * len(nodes)
        return [self._trial(nodes, controls) for _ in range(min(most, self.most))]

    def _trial(self, nodes: Sequence[str], controls: Sequence[str]) -> TrialResult:
        failed = {n: "wrong" for n in nodes if self.number >= self.fails.get(n, math.inf)}
        timed = [n for n in nodes if n not in failed and self.number not in self.absent.get(n, ())]
        self.number += 1
        return TrialResult(
            {n: self._measured(n, self.factors.get(n, 1.0), self.means.get(n, 1.0)) for n in timed},
            {n: self._measured(n, self.again.get(n, 1.0)) for n in controls if n in timed},
            failed,
        )

    def _measured(self, node: str, factor: float, mean: float = 1.0) -> Measured:
        spread = self.spreads.get(node, 0.0) if isinstance(self.spreads, Mapping) else self.spreads
        shift = self._rng.choice((-0.3, 0.3)) if self._rng.random() < self.wild else 0.0
        value = self._rng.gauss(self.at + math.log(factor) + shift, spread)
        return Measured(value, CLOCK, 6, None if self.at else value + math.log(mean))


def gated(
    head: Checked | None = None,
    base: Checked | None = None,
    its: Checked | None = None,
    machine: Machine | None = None,
    limits: Limits = LIMITS,
    **more: Any,
) -> Result:
    """Judge side by side; `more` is what a machine is like."""
    machine, base = machine or Machine(**more), base or side()
    its = its or own([*base.collected.nodes])
    return gate.judge(head or side(), base, its, limits, machine, Budget(0.0, machine.now))


def stored(
    nodes: Sequence[str] = NODES[:3], spread: float = 0.001, drift: float = 0.0, **more: Any
) -> Baseline:
    """Return a baseline of two recordings of ten trials, the second off by the drift."""
    rng = random.Random(2)
    rows = {}
    for node in nodes:
        one, two = ([rng.gauss(AT + shift, spread) for _ in range(10)] for shift in (0.0, drift))
        rows[node] = BaselineRow(
            row=row(node),
            recordings=(tuple(one), tuple(two)),
            seconds=(CLOCK * math.exp(AT),) * 20,
            exact=PASSED.exact,
            inputs=PASSED.inputs,
        )
    about: dict[str, Any] = {"commit": "0123456789abcdef", "recorded": "2026-01-02T03:04:05+00:00"}
    about |= {"machine": this_machine().as_dict(), "accepted": ""}
    return Baseline(rows=rows, **{**about, **more})


def held(
    head: Checked | None = None,
    then: Baseline | None = None,
    machine: Machine | None = None,
    limits: Limits = replace(BASELINE_LIMITS, budget=1e9),  # noqa: B008 - it is frozen
    **more: Any,
) -> Result:
    """Hold the working tree against a baseline; `more` is what a machine is like."""
    machine = machine or Machine(at=AT, **more)
    then = stored() if then is None else then
    return baseline.judge(head or side(), then, limits, machine, Budget(0.0, machine.now))


def words(result: Result) -> dict[str, str]:
    """Return the verdicts by node id, in the order of the report."""
    return {found.row.node: found.verdict.value for found in result.rows}
