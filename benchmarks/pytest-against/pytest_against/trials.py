"""Trials: what workers are asked, one side alone or both in turns, and what they found."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from pytest_against.machine import core_numbers, fix_addresses, pin
from pytest_against.model import CannotJudgeError, OnRow
from pytest_against.timing import FEWEST_CALM, Measured, fastest, paired
from pytest_against.workers import AGAIN, BASE, HEAD, Tree, Worker, started


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a trial found, by node id: the head and the second copy are held against the base."""

    head: Mapping[str, Measured]
    again: Mapping[str, Measured]
    failed: Mapping[str, str]
    """Why a test did not pass when it was timed on the head."""


@dataclass(frozen=True, slots=True)
class HowToTime:
    """How rows are timed in a trial."""

    seconds: float
    """Most time for a row."""
    precision: float
    """Standard error of a log ratio, within a trial, that is good enough."""
    timeout: float
    """Seconds without a word from a worker after which it counts as hung."""
    fastest: float = math.inf
    """Seconds of the clock's fixed work in calm in earlier trials, infinite without any."""
    least: float = 0.0
    """Seconds for a row before a precision is good enough."""
    alike: float = math.inf
    """By how much the mean of its log times may exceed that of the fastest half, alone."""


def run_pair(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    trees: Mapping[str, Tree],
    nodes: Sequence[str],
    controls: Sequence[str],
    how: HowToTime,
    cores: Collection[int],
    on_row: OnRow,
) -> TrialResult:
    """Time some rows of both sides in turns, each side in a fresh process, all on the same cores.

    On the controls, which are some of the rows, the second copy of the base rides along.
    """
    if cores:
        pin(cores)
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
            present = [name for name in (BASE, HEAD, AGAIN) if node in wanted.get(name, ())]
            meetings = [_Meeting(by_name[name], node, how.timeout) for name in present]
            its = meetings[1]
            timed = its.there
            for into, found in zip((head, again), _paired(meetings, how, rng), strict=False):
                into[node] = found
            for meeting in meetings:
                meeting.part()
            if its.answer["outcome"] != "passed":
                head.pop(node, None)
                # Before its call it may have missed what only one process can have, such as a port.
                failed |= {node: its.answer["why"]} if timed else {}
    return TrialResult(head, again, failed)


def _paired(meetings: Sequence[_Meeting], how: HowToTime, rng: random.Random) -> list[Measured]:
    """Return how the sides after the first did; nothing if the test of one has ended."""
    try:
        if all(meeting.there for meeting in meetings):
            return paired(
                *meetings,
                seconds=how.seconds,
                precision=how.precision,
                rng=rng,
                least=how.least,
            )
    except _Failed:
        pass
    except ValueError as error:
        raise CannotJudgeError(
            f"{error} at {meetings[0].node}; does the package change the clock? run that test alone"
        ) from None
    return []


def run_alone(
    tree: Tree, nodes: Sequence[str], how: HowToTime, cores: Collection[int], on_row: OnRow
) -> TrialResult:
    """Time some rows of one side by the clock, in a fresh process; see `run_pair`.

    The base of each log ratio is the fixed work of the clock; a row that found no calm, or whose
    calls are not alike, is left out.
    """
    if cores:
        pin(cores)
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
                answer = meeting.ask(seconds=how.seconds, fastest=how.fastest, seed=seed)
                times[node], clock = answer.get("times", ()), answer.get("clock", clock)
            meeting.part()
            if meeting.answer["outcome"] != "passed":
                failed[node] = meeting.answer["why"]
    found = {
        node: Measured(math.log(fastest(each, 2) / clock), clock, len(each))
        for node, each in times.items()
        if node not in failed and len(each) >= FEWEST_CALM
        if fmean(map(math.log, each)) - math.log(fastest(each, 2)) <= how.alike
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
        self.ask(begin=True)

    def ask(self, **order: Any) -> dict[str, Any]:
        """Return the answer to an order; a test that is done is not there any more."""
        self._worker.say(**order)
        answer = self._worker.hear(self._timeout)
        if "end" in answer or answer.get("at", self.node) != self.node:
            raise CannotJudgeError(
                f"the run of the {self._worker.tree.name} left out {self.node}; run it again"
            )
        if "done" in answer:
            self.answer, self.there = answer, False
        return answer

    def run(self, calls: int, batches: int, seed: int) -> list[float]:
        answer = self.ask(run=calls, batches=batches, seed=seed)
        if not self.there:
            raise _Failed
        seconds: list[float] = answer["ran"]
        return seconds

    def part(self) -> None:
        """Let the test go on to its end."""
        if self.there:
            self.ask(go=True)


def own_cores(count: int, each: int = 1) -> Sequence[Collection[int]]:
    """Return the numbers of the cores of so many trials, none for each if the system hides them."""
    numbers = core_numbers()
    if len(numbers) < count * each:
        return [()] * count
    own = numbers[-count * each :]
    return [own[first : first + each] for first in range(0, len(own), each)]
