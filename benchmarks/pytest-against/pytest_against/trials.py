"""Trials: what workers are asked, one side alone or both in turns, and what they found."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_against.machine import core_numbers, fix_addresses, pin
from pytest_against.model import CannotJudgeError, OnRow
from pytest_against.timing import FEWEST_CALM, Measured, fastest, paired
from pytest_against.workers import AGAIN, BASE, HEAD, Tree, Worker, started


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a trial found.

    Attributes
    ----------
    head, again : mapping of str to Measured
        By node id, against the base.
    failed : mapping of str to str
        Why a test did not pass when it was timed on the head, by node id.
    """

    head: Mapping[str, Measured]
    again: Mapping[str, Measured]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HowToTime:
    """How rows are timed in a trial.

    Attributes
    ----------
    seconds : float
        Most time for a row, in seconds.
    precision : float
        Standard error of a log ratio, within a trial, that is good enough.
    timeout : float
        Seconds without a word from a worker after which it counts as hung.
    fastest : float
        Seconds of the clock's fixed work in calm in earlier trials; 0 if there were none.
    """

    seconds: float
    precision: float
    timeout: float
    fastest: float = 0.0


def run_pair(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    trees: Mapping[str, Tree],
    nodes: Sequence[str],
    controls: Sequence[str],
    how: HowToTime,
    core: int | None,
    on_row: OnRow,
) -> TrialResult:
    """Time some rows of both sides in turns, each side in a fresh process, on one core.

    Parameters
    ----------
    trees : mapping of str to Tree
        `HEAD` and `BASE`, and `AGAIN` if there are controls.
    nodes : sequence of str
        The rows, in the order in which they run.
    controls : sequence of str
        Those on which the second copy of the base rides along.
    how : HowToTime
        How to time them.
    core : int or None
        Number of the core that all processes share.
    on_row : callable
        Told each node id as it begins.

    Raises
    ------
    CannotJudgeError
        If a process crashes, hangs, is killed or leaves rows out, or its clock stands still.
    """
    if core is not None:
        pin(core)
    fix_addresses()
    rng = random.Random()  # noqa: S311 - orders and layouts, not secrets
    wanted = {name: list(nodes) for name in (HEAD, BASE)}
    wanted |= {AGAIN: list(controls)} if controls else {}
    order = rng.sample(list(wanted), len(wanted))  # none may always be the first
    head: dict[str, Measured] = {}
    again: dict[str, Measured] = {}
    failed: dict[str, str] = {}
    with started([trees[name] for name in order]) as workers:
        by_name = dict(zip(order, workers, strict=True))
        for worker in workers:
            worker.collected(how.timeout)
        for name, worker in by_name.items():
            worker.say(tests=wanted[name])
        for node in nodes:
            on_row(node)
            present = [
                by_name[name] for name in (BASE, HEAD, AGAIN) if node in wanted.get(name, ())
            ]
            meetings = [_Meeting(worker, node, how.timeout) for worker in present]
            timed = meetings[1].there
            found = _paired(meetings, how, rng)
            for into, each in zip((head, again), found, strict=False):
                into[node] = each
            for meeting in meetings:
                meeting.part()
            if meetings[1].answer["outcome"] != "passed":
                head.pop(node, None)
                # Before its call it may have missed what only one process can have, such as a port.
                failed |= {node: meetings[1].answer["why"]} if timed else {}
    return TrialResult(head, again, failed)


def _paired(meetings: Sequence[_Meeting], how: HowToTime, rng: random.Random) -> list[Measured]:
    """Return how the sides after the first did; nothing if the test of one has ended."""
    if not all(meeting.there for meeting in meetings):
        return []
    try:
        return paired(*meetings, seconds=how.seconds, precision=how.precision, rng=rng)
    except _Failed:
        return []
    except ValueError as error:
        raise CannotJudgeError(
            f"{error} at {meetings[0].node}; does the package change the clock? run that test alone"
        ) from None


def run_alone(
    tree: Tree, nodes: Sequence[str], how: HowToTime, core: int | None, on_row: OnRow
) -> TrialResult:
    """Time some rows of one side by the clock, in a fresh process; see `run_pair`.

    The base of each log ratio is the fixed work of the clock; a row that found no calm is left out.
    """
    if core is not None:
        pin(core)
    rng = random.Random()  # noqa: S311 - layouts, not secrets
    times: dict[str, Sequence[float]] = {}
    clock, failed = 0.0, {}
    with started([tree]) as (worker,):
        worker.collected(how.timeout)
        worker.say(tests=list(nodes))
        for node in nodes:
            on_row(node)
            meeting = _Meeting(worker, node, how.timeout)
            if meeting.there:
                seed = rng.getrandbits(32)
                worker.say(seconds=how.seconds, fastest=how.fastest, seed=seed)
                meeting.heard(answer := worker.hear(how.timeout))
                times[node], clock = answer.get("times", ()), answer.get("clock", clock)
            meeting.part()
            if meeting.answer["outcome"] != "passed":
                failed[node] = meeting.answer["why"]
    found = {
        node: Measured(math.log(fastest(each, 2) / clock), clock, len(each))
        for node, each in times.items()
        if node not in failed and len(each) >= FEWEST_CALM
    }
    return TrialResult(found, {}, failed)


class _Failed(Exception):  # noqa: N818 - not an error of ours
    """A test ended while it was timed."""


class _Meeting:
    """A worker at a row: a `timing.Side` as long as the test waits at its call."""

    def __init__(self, worker: Worker, node: str, timeout: float) -> None:
        self._worker = worker
        self.node = node
        self._timeout = timeout
        self.answer: dict[str, Any] = {}
        self.there = True
        worker.say(begin=True)
        self.heard(worker.hear(timeout))

    def heard(self, answer: dict[str, Any]) -> None:
        """Take in an answer; a test that is done is not there any more."""
        if "end" in answer or answer.get("at", self.node) != self.node:
            raise CannotJudgeError(
                f"the run of the {self._worker.tree.name} left out {self.node}; run it again"
            )
        if "done" in answer:
            self.answer, self.there = answer, False

    def run(self, calls: int, batches: int, seed: int) -> list[float]:
        self._worker.say(run=calls, batches=batches, seed=seed)
        answer = self._worker.hear(self._timeout)
        self.heard(answer)
        if not self.there:
            raise _Failed
        seconds: list[float] = answer["ran"]
        return seconds

    def part(self) -> None:
        """Let the test go on to its end."""
        if self.there:
            self._worker.say(go=True)
            self.heard(self._worker.hear(self._timeout))


def own_cores(count: int) -> Sequence[int | None]:
    """Return the numbers of so many cores, None for each if the system hides them."""
    numbers = core_numbers()
    return numbers[-count:] if len(numbers) >= count else (None,) * count
