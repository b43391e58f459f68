"""A trial asks workers row by row, and tells what they found; the workers are played here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from pytest_against import trials
from pytest_against.model import CannotJudgeError, Mode, Request
from pytest_against.timing import Measured, Side
from pytest_against.trials import HowToTime, TrialResult, own_cores, run_alone, run_pair
from pytest_against.workers import AGAIN, BASE, HEAD, Collected, Tree

HOW = HowToTime(seconds=0.0, precision=math.inf, timeout=7.0)
REQUEST = Request(mode=Mode.TIMING, arguments=(), path=())
TREES = {name: Tree(name=name, root=Path(), request=REQUEST) for name in (HEAD, BASE, AGAIN)}


Told = list[tuple[str, str]]
"""What each was told, and who, in the order in which the referee speaks."""


class Player:
    """Plays a worker whose calls take so many seconds, or whose tests do as told."""

    def __init__(self, tree: Tree, speed: float, acts: Mapping[str, str], told: Told) -> None:
        self.tree = tree
        self.speed = speed
        self.acts = acts
        self.told = told
        self.tests: list[str] = []
        self.orders: list[dict[str, Any]] = []
        self._answers: Iterator[dict[str, Any]] = iter(())

    def say(self, **order: Any) -> None:
        self.orders.append(order)
        self.told.append((next(iter(order)), self.tree.name))
        if "tests" in order:
            self.tests = order["tests"]
            self._answers = self._play()

    def hear(self, timeout: float) -> dict[str, Any]:
        assert timeout == HOW.timeout
        return next(self._answers)

    def collected(self, timeout: float) -> Collected:
        assert timeout == HOW.timeout
        return Collected({}, {}, {})

    def _play(self) -> Iterator[dict[str, Any]]:
        for node in self.tests:
            act = self.acts.get(node, "")
            if act == "leaves out":
                continue
            assert self.orders[-1] == {"begin": True}
            done = {"done": node, "outcome": "passed"}
            failed = {"done": node, "outcome": "failed", "why": f"{self.tree.name} fails"}
            if act == "fails first":
                yield failed
                continue
            yield {"at": node}
            if act == "fails then":
                yield failed
                continue
            while "go" not in (order := self.orders[-1]):
                if "run" in order:
                    took = math.nan if act == "stops the clock" else self.speed * order["run"]
                    yield {"ran": [took] * order["batches"]}
                else:
                    times = [] if act == "busy" else [self.speed] * 5
                    yield {"times": times, "clock": 2e-5}
            yield {**failed, "why": "too late"} if act == "fails last" else done
        yield {"end": 0}


Acts = Mapping[str, Mapping[str, str]]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a pair with players; return what was found, the players, and the rows begun."""

    def run(  # noqa: PLR0913, PLR0917 - each is a thing of its own
        speeds: Mapping[str, float],
        nodes: Sequence[str],
        controls: Sequence[str] = (),
        acts: Acts | None = None,
        alone: float = 0.0,
        core: int | None = None,
    ) -> tuple[TrialResult, dict[str, Player], list[str]]:
        players: dict[str, Player] = {}
        told: Told = []

        @contextmanager
        def started(trees: Sequence[Tree]) -> Iterator[list[Player]]:
            for tree in trees:
                own = (acts or {}).get(tree.name, {})
                players[tree.name] = Player(tree, speeds[tree.name], own, told)
            yield list(players.values())

        monkeypatch.setattr(trials, "started", started)
        begun: list[str] = []
        if alone:
            how = HowToTime(0.0, math.inf, HOW.timeout, alone)
            found = run_alone(TREES[HEAD], nodes, how, core, begun.append)
        else:
            found = run_pair(TREES, nodes, controls, HOW, core, begun.append)
        return found, players, begun

    return run


def test_each_row_has_the_ratio_of_its_sides(play: Any) -> None:
    speeds = {HEAD: 2e-3, BASE: 1e-3, AGAIN: 1e-3}
    found, players, begun = play(speeds, ["a", "b"], ["b"])
    assert begun == ["a", "b"]
    assert {n: math.exp(each.log_ratio) for n, each in found.head.items()} == {
        "a": pytest.approx(2),
        "b": pytest.approx(2),
    }
    assert found.again.keys() == {"b"}
    assert found.again["b"].log_ratio == pytest.approx(0)
    assert found.head["a"].seconds == pytest.approx(1e-3)
    assert found.failed == {}
    assert [players[name].tests for name in (HEAD, BASE, AGAIN)] == [["a", "b"], ["a", "b"], ["b"]]


def test_without_controls_there_is_no_second_copy(play: Any) -> None:
    _, players, _ = play({HEAD: 1e-3, BASE: 1e-3}, ["a"])
    assert players.keys() == {HEAD, BASE}


def test_no_side_is_always_the_first_to_start(play: Any) -> None:
    speeds = dict.fromkeys((HEAD, BASE, AGAIN), 1e-3)
    firsts = {next(iter(play(speeds, ["a"], ["a"])[1])) for _ in range(100)}
    assert firsts == {HEAD, BASE, AGAIN}


def test_sides_are_timed_with_the_same_seeds(play: Any) -> None:
    _, players, _ = play({HEAD: 1e-3, BASE: 1e-3}, ["a"])
    head, base = ([o["seed"] for o in players[name].orders if "run" in o] for name in (HEAD, BASE))
    assert head == base
    assert len(set(head)) == 1


def test_while_some_are_timed_nobody_else_begins_or_goes_on(play: Any) -> None:
    speeds = dict.fromkeys((HEAD, BASE, AGAIN), 1e-3)
    _, players, _ = play(speeds, ["a", "b", "c"], ["a", "c"])
    pair, three = {HEAD, BASE}, {HEAD, BASE, AGAIN}
    told = groupby(players[AGAIN].told, key=lambda each: each[0])
    assert [(word, {name for _, name in each}) for word, each in told] == [
        ("tests", three),
        *((word, present) for present in (three, pair, three) for word in ("begin", "run", "go")),
    ]


def test_what_is_asked_of_a_side_reaches_its_worker(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paired(base: Side, _: Side, **__: object) -> list[Measured]:
        assert base.run(2, 3, 4) == [2e-3] * 3
        return [Measured(0.0, 1e-3, 3)]

    monkeypatch.setattr(trials, "paired", paired)
    _, players, _ = play({HEAD: 1e-3, BASE: 1e-3}, ["a"])
    assert {"run": 2, "batches": 3, "seed": 4} in players[BASE].orders


@pytest.mark.parametrize("act", ["fails first", "fails then", "fails last"])
@pytest.mark.parametrize("side", [HEAD, BASE, AGAIN])
def test_a_test_that_fails_on_one_side_lets_the_others_go_on(
    play: Any, act: str, side: str
) -> None:
    speeds = dict.fromkeys((HEAD, BASE, AGAIN), 1e-3)
    found, players, _ = play(speeds, ["a", "b"], ["a"], {side: {"a": act}})
    # Before its call it may have missed what only one process can have.
    assert set(found.failed) == ({"a"} if side == HEAD and act != "fails first" else set())
    assert "b" in found.head
    assert "a" not in found.head or act == "fails last"
    assert not (side == HEAD and "a" in found.head)
    for player in players.values():
        assert player.hear(HOW.timeout) == {"end": 0}  # each has gone on to its end


def test_a_row_that_is_left_out_is_no_result(play: Any) -> None:
    speeds = {HEAD: 1e-3, BASE: 1e-3}
    for nodes in (["a", "b"], ["b", "a"]):  # another row comes instead, or the end
        with pytest.raises(CannotJudgeError, match=r"run of the head left out a; run it again"):
            play(speeds, nodes, (), {HEAD: {"a": "leaves out"}})


def test_a_clock_that_stands_still_is_named(play: Any) -> None:
    with pytest.raises(CannotJudgeError, match=r"nan s .* at a; does the package change the clock"):
        play({HEAD: 1e-3, BASE: 1e-3}, ["a"], (), {HEAD: {"a": "stops the clock"}})


def test_alone_a_row_has_its_ratio_to_the_clock(play: Any) -> None:
    found, players, begun = play({HEAD: 4e-5}, ["a", "b"], alone=3e-5)
    assert begun == ["a", "b"]
    assert math.exp(found.head["a"].log_ratio) == pytest.approx(2)
    assert (found.head["a"].seconds, found.head["a"].rounds) == (2e-5, 5)
    assert {o["fastest"] for o in players[HEAD].orders if "fastest" in o} == {3e-5}


@pytest.mark.parametrize("act", ["busy", "fails first", "fails then", "fails last"])
def test_alone_what_found_no_calm_or_failed_is_left_out(play: Any, act: str) -> None:
    found, _, _ = play({HEAD: 4e-5}, ["a", "b"], (), {HEAD: {"a": act}}, alone=1.0)
    assert found.head.keys() == {"b"}
    assert set(found.failed) == (set() if act == "busy" else {"a"})


def test_processes_of_a_trial_share_one_core(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned: list[int] = []
    monkeypatch.setattr(trials, "pin", pinned.append)
    play({HEAD: 1e-3, BASE: 1e-3}, ["a"], core=5)
    play({HEAD: 1e-3}, ["a"], alone=1.0, core=6)
    assert pinned == [5, 6]


@pytest.mark.parametrize(
    "numbers, count, cores",
    [((0, 1, 2), 2, (1, 2)), ((3,), 1, (3,)), ((3,), 2, (None, None)), ((), 1, (None,))],
)
def test_each_trial_has_a_core_of_its_own(
    numbers: tuple[int, ...], count: int, cores: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "core_numbers", lambda: numbers)
    assert own_cores(count) == cores
