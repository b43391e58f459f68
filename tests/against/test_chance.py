"""What differs from run to run of the same code, within what is tolerated of it, proves nothing."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_against import gate, untimed
from pytest_against.checks import Check, Checked
from pytest_against.marks import of_rows
from pytest_against.model import CannotJudgeError, Progress, Suite
from pytest_against.returned import BY_RUN, Returned
from pytest_against.sides import OWN
from pytest_against.terms import USUAL, Terms
from pytest_against.untimed import REPEATS
from pytest_against.workers import Tree
from tests.against.repository import repository
from tests.against.simulated import (
    FAILED,
    LIMITS,
    NODES,
    PASSED,
    A,
    B,
    C,
    Machine,
    gated,
    own,
    side,
    words,
)


def of(*floats: float) -> Check:
    return replace(PASSED, result=Returned("d", array("d", floats)))


@pytest.mark.parametrize(
    "runs, tolerance, diverges",
    [  # of the head, of the base, and of both again
        ([of(5.0), of(1.0), of(5.0), of(1.0)], 0.0, True),
        ([of(5.0), of(1.0), of(5.0 + 1e-12), of(1.0 - 1e-12)], 1e-9, True),
        ([of(5.0, math.nan), of(1.0, math.nan), of(5.0, math.nan), of(1.0, math.nan)], 0.0, True),
        ([of(5.0), of(1.0), of(5.0 + 1e-6), of(1.0)], 1e-9, False),
        ([of(5.0), of(1.0), of(5.0), of(1.1)], 0.0, False),
    ],
)
def test_a_result_is_of_chance_if_the_same_code_gives_another_beyond_the_tolerance(
    runs: Sequence[Check], tolerance: float, *, diverges: bool
) -> None:
    head, base, *again = (side({A: check}) for check in runs)
    terms = {A: Terms(tolerance=tolerance)}
    found, notes = untimed.comparable(head, base, again, terms, 0.03)
    assert (bool(found.checks[A].result.digest), notes) == (diverges, [])


def weighing(peak: int, queries: int = 3) -> Check:
    return replace(PASSED, exact={"peak_bytes": peak, "queries": queries})


@pytest.mark.parametrize(
    "runs, heavier",
    [  # of the head, of the base, and of both again
        ([weighing(190_000), weighing(100_000), weighing(190_000), weighing(100_000)], True),
        ([weighing(190_000), weighing(100_000), weighing(191_000), weighing(101_000)], True),
        ([weighing(190_000), weighing(100_000), weighing(150_000), weighing(100_000)], False),
        ([weighing(190_000), weighing(100_000), weighing(190_000), weighing(150_000)], False),
        ([weighing(8, 9), weighing(8, 3), weighing(8, 9), weighing(8, 3)], True),
        ([weighing(8, 9), weighing(8, 3), weighing(8, 9), weighing(8, 4)], False),
        ([weighing(8, 9), weighing(8, 3)] * 2 + [weighing(8, 4), weighing(8, 3)], False),
    ],
)
def test_a_number_is_of_chance_if_the_same_code_gives_another_beyond_what_is_tolerated(
    runs: Sequence[Check], *, heavier: bool
) -> None:
    head, base, *again = (side({A: check}) for check in runs)
    terms = of_rows(head.collected.nodes, USUAL)
    assert untimed.suspects(head, base, terms, 0.03) == [A]
    found, notes = untimed.comparable(head, base, again, terms, 0.03)
    words = f"numbers that are not compared, {BY_RUN}: 1 row, test_it[a-1e3]"
    assert notes == ([] if heavier else [words])
    assert gated(found, base, own([A])).exit_code == heavier


@pytest.mark.parametrize(
    "once_more, found", [(5.0, {A: "diverged"}), (6.0, dict.fromkeys((A, B), "steady"))]
)
def test_only_what_differs_is_run_again_on_both_sides_before_it_counts(
    once_more: float, found: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, base = side({A: of(5.0), B: PASSED}), side({A: of(1.0), B: PASSED})
    again = [side({A: of(value)}) for value in (5.0, 1.0, once_more, 1.0)]
    runs = iter([[own([A, B]), head, base], again])
    asked: list[Sequence[partial[Any]]] = []

    def run(jobs: Sequence[partial[Any]]) -> list[Checked]:
        asked.append(jobs)
        return next(runs)

    monkeypatch.setattr(gate, "side_by_side", run)
    monkeypatch.setattr(gate, "run_trials_of", lambda *its, **long: Machine()(*its[3:], **long))
    suite = Suite(root=repository(tmp_path), packages=("pkg",))
    nobody = Progress(lambda *_: None, lambda _: None)
    assert words(gate.against_revision(suite, "v1", LIMITS, nobody)) == found
    jobs = [(job.args[0].name, job.args[3]) for job in asked[1]]
    assert jobs == [("head", [A]), ("again", [A])] * REPEATS


@pytest.mark.parametrize(
    "own_check, verdict",
    [(PASSED, "not judged"), (FAILED, "new"), (CannotJudgeError("it hung"), "not judged")],
)
def test_what_the_base_has_and_is_not_timed_on_both_sides_is_run_as_it_was_there(
    own_check: Check | CannotJudgeError,
    verdict: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def check(tree: Tree, _: float, __: object, only: Sequence[str]) -> Checked:
        asked.append((tree.name, [*only]))
        if isinstance(own_check, CannotJudgeError):
            raise own_check
        return side({B: own_check})

    head, base = side({A: PASSED, B: PASSED}), side({A: PASSED, B: FAILED})
    monkeypatch.setattr(gate, "side_by_side", lambda _: [own([A, B]), head, base])
    monkeypatch.setattr(gate, "check", check)
    monkeypatch.setattr(gate, "run_trials_of", lambda *its, **long: Machine()(*its[3:], **long))
    suite = Suite(root=repository(tmp_path), packages=("pkg",))
    nobody = Progress(lambda *_: None, lambda _: None)
    found = gate.against_revision(suite, "v1", LIMITS, nobody, allow_new=True)
    assert words(found) == {A: "steady", B: verdict}
    assert (found.exit_code, asked) == (0 if verdict == "new" else 2, [(OWN, [B])])


def test_a_number_that_is_not_there_any_more_is_noted() -> None:
    then = replace(PASSED, exact={**PASSED.exact, "queries": 3})
    found = gated(side(NODES[:2]), side({A: then, B: PASSED}))
    assert (found.notes, found.exit_code) == (
        ["numbers of their own that only the base has: 1 row"],
        0,
    )


def test_rows_with_limits_of_their_own_are_no_controls_of_others() -> None:
    head = side()
    for node in NODES[:2]:
        head.collected.nodes[node]["against"] = {"limit": "90%"}  # type: ignore[index]
    found = gated(head, again={C: 1.5})
    assert [row.row.node for row in found.controls] == [C]
    assert found.exit_code == 3


def test_the_noise_of_rows_that_may_fail_decides_nothing() -> None:
    head = side(NODES[:2])
    head.collected.nodes[A]["against"] = {"may_fail": "True"}  # type: ignore[index]
    found = gated(head, side(NODES[:2]), again={A: 1.5})
    assert [row.row.node for row in found.controls] == [B]
    assert found.exit_code == 0
    for node in NODES[:2]:
        head.collected.nodes[node]["against"] = {"may_fail": "True"}  # type: ignore[index]
    assert len(gated(head, side(NODES[:2])).controls) == 2
