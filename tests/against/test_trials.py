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

TIMEOUT = 7.0
REQUEST = Request(mode=Mode.TIMING, arguments=(), path=())
TREES = {name: Tree(name=name, root=Path(), request=REQUEST) for name in (HEAD, BASE, AGAIN)}
SPEEDS = {HEAD: 4e-5, BASE: 2e-5, AGAIN: 2e-5}
ENDS_EARLY = ("fails first", "fails then")


class Player:
    """Plays a worker, whose tests do as told; `told` is what all of them were told, in order."""

    def __init__(self, tree: Tree, acts: Mapping[str, str], told: list[tuple[str, str]]) -> None:
        self.tree = tree
        self.acts = acts
        self.told = told
        self.orders: list[dict[str, Any]] = []
        self._answers: Iterator[dict[str, Any]] = iter(())

    def say(self, **order: Any) -> None:
        self.orders.append(order)
        self.told.append((next(iter(order)), self.tree.name))
        if "tests" in order:
            self._answers = self._play(order["tests"])

    def hear(self, timeout: float) -> dict[str, Any]:
        assert timeout == TIMEOUT
        return next(self._answers)

    def collected(self, timeout: float) -> Collected:
        assert timeout == TIMEOUT
        return Collected({}, {}, {})

    def _play(self, nodes: Sequence[str]) -> Iterator[dict[str, Any]]:
        for node in nodes:
            act = self.acts.get(node, "")
            speed = math.nan if act == "stops the clock" else SPEEDS[self.tree.name]
            if act == "leaves out":
                continue
            assert self.orders[-1] == {"begin": True}
            if act != "fails first":
                yield {"at": node}
            while act not in ENDS_EARLY and "go" not in (order := self.orders[-1]):
                if "run" in order:
                    yield {"ran": [speed * order["run"]] * order["batches"]}
                else:
                    times = {"busy": [], "in turns": [speed, 1.5 * speed] * 3}
                    yield {"times": times.get(act, [speed] * 5), "clock": 2e-5}
            outcome = "failed" if act.startswith("fails") else "passed"
            yield {"done": node, "outcome": outcome, "why": act}
        yield {"end": 0}


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a pair, or the head alone, with players; return the result, them, and the rows begun."""

    def run(
        nodes: str,
        controls: str = "",
        *,
        alone: bool = False,
        cores: Sequence[int] = (),
        **acts: Any,
    ) -> tuple[TrialResult, dict[str, Player], list[str]]:
        players: dict[str, Player] = {}
        told: list[tuple[str, str]] = []
        begun: list[str] = []

        @contextmanager
        def started(trees: Sequence[Tree]) -> Iterator[list[Player]]:
            players.update({t.name: Player(t, acts.get(t.name, {}), told) for t in trees})
            yield list(players.values())

        monkeypatch.setattr(trials, "started", started)
        how = HowToTime(0.0, math.inf, TIMEOUT, 3e-5, alike=0.14)
        if alone:
            found = run_alone(TREES[HEAD], [*nodes], how, cores, begun.append)
        else:
            found = run_pair(TREES, [*nodes], [*controls], how, cores, begun.append)
        return found, players, begun

    return run


def test_each_row_has_the_ratio_of_its_sides(play: Any) -> None:
    found, _, begun = play("ab", "b")
    assert begun == ["a", "b"]
    assert {n: math.exp(its.log_ratio) for n, its in found.head.items()} == {
        "a": pytest.approx(2),
        "b": pytest.approx(2),
    }
    assert {n: its.log_ratio for n, its in found.again.items()} == {"b": pytest.approx(0)}
    assert (found.head["a"].seconds, found.failed) == (pytest.approx(2e-5), {})


def test_no_side_is_always_the_first_to_start_nor_is_one_that_is_not_needed(play: Any) -> None:
    assert {next(iter(play("a", "a")[1])) for _ in range(100)} == {HEAD, BASE, AGAIN}
    assert play("a")[1].keys() == {HEAD, BASE}


def test_while_some_are_timed_nobody_else_begins_or_goes_on(play: Any) -> None:
    _, players, _ = play("abc", "ac")
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
        assert base.run(2, 3, 4) == [4e-5] * 3
        return [Measured(0.0, 1e-3, 3)]

    monkeypatch.setattr(trials, "paired", paired)
    assert {"run": 2, "batches": 3, "seed": 4} in play("a")[1][BASE].orders


@pytest.mark.parametrize("act", ["fails first", "fails then", "fails last"])
@pytest.mark.parametrize("side", [HEAD, BASE, AGAIN])
def test_a_test_that_fails_on_one_side_lets_the_others_go_on(
    play: Any, act: str, side: str
) -> None:
    found, players, _ = play("ab", "a", **{side: {"a": act}})
    # Before its call it may have missed what only one process can have.
    assert found.failed == ({"a": act} if side == HEAD and act != "fails first" else {})
    assert found.head.keys() == ({"a", "b"} if side != HEAD and act == "fails last" else {"b"})
    for player in players.values():
        assert player.hear(TIMEOUT) == {"end": 0}  # each has gone on to its end


@pytest.mark.parametrize(
    "nodes, act, words",
    [
        ("ab", "leaves out", "run of the head left out a; run it again"),  # b comes instead
        ("ba", "leaves out", "run of the head left out a; run it again"),  # the end comes instead
        ("a", "stops the clock", "nan s .* at a; does the package change the clock"),
    ],
)
def test_what_is_no_result_is_named(play: Any, nodes: str, act: str, words: str) -> None:
    with pytest.raises(CannotJudgeError, match=words):
        play(nodes, head={"a": act})


def test_alone_a_row_has_its_ratio_to_the_clock(play: Any) -> None:
    found, players, _ = play("a", alone=True)
    its = found.head["a"]
    assert math.exp(its.log_ratio) == pytest.approx(2)
    assert (its.seconds, its.rounds) == (2e-5, 5)
    assert {o["fastest"] for o in players[HEAD].orders if "fastest" in o} == {3e-5}


@pytest.mark.parametrize("act", ["busy", "in turns", "fails first", "fails then", "fails last"])
def test_alone_what_found_no_calm_is_not_alike_or_failed_is_left_out(play: Any, act: str) -> None:
    found, _, begun = play("ab", alone=True, head={"a": act})
    assert begun == ["a", "b"]
    assert found.head.keys() == {"b"}
    assert found.failed == ({} if act in {"busy", "in turns"} else {"a": act})


@pytest.mark.parametrize("alone", [False, True])
def test_processes_of_a_trial_share_its_cores(
    play: Any, monkeypatch: pytest.MonkeyPatch, *, alone: bool
) -> None:
    pinned: list[object] = []
    monkeypatch.setattr(trials, "pin", pinned.append)
    play("a", alone=alone, cores=(5, 6))
    assert pinned == [(5, 6)]


@pytest.mark.parametrize(
    "numbers, count, each, cores",
    [
        ((0, 1, 2), 2, 1, [(1,), (2,)]),
        ((3,), 1, 1, [(3,)]),
        ((3,), 2, 1, [(), ()]),
        ((), 1, 1, [()]),
        ((0, 2, 4, 6, 8), 2, 2, [(2, 4), (6, 8)]),
        ((0, 2, 4), 2, 2, [(), ()]),
    ],
)
def test_each_trial_has_cores_of_its_own(
    numbers: tuple[int, ...], count: int, each: int, cores: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "core_numbers", lambda: numbers)
    assert own_cores(count, each) == cores
