"""Marks: a row's own limit, floor and tolerance, and whether it may fail."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from pytest_against.checks import Check
from pytest_against.returned import Returned
from tests.against.simulated import FAILED, PASSED, A, B, Machine, gated, side, words

ANOTHER = replace(PASSED, result=Returned("e"))
NEAR, FAR = (replace(PASSED, result=Returned("d", array("d", [x]))) for x in (1.0, 1.1))


@pytest.mark.parametrize(
    "now, then, mark, word",
    [
        (ANOTHER, PASSED, {}, "diverged"),
        (ANOTHER, PASSED, {"tolerance": "0.5"}, "diverged"),
        (ANOTHER, PASSED, {"results": "False"}, "steady"),
        (FAR, NEAR, {}, "diverged"),
        (FAR, NEAR, {"tolerance": "0.05"}, "diverged"),
        (FAR, NEAR, {"tolerance": "20%"}, "steady"),
        (NEAR, NEAR, {}, "steady"),
    ],
)
def test_another_result_diverges_beyond_the_tolerance_of_the_row(
    now: Check, then: Check, mark: dict[str, str], word: str
) -> None:
    head = side({A: now, B: PASSED})
    head.collected.nodes[A]["against"] = mark  # type: ignore[index]
    found = gated(head, side({A: then, B: PASSED}))
    assert words(found) == {A: word} | ({B: "steady"} if word == "steady" else {})
    assert ("give the test the mark against(results=False)" in found.rows[0].why) == (
        word == "diverged"
    )


@pytest.mark.parametrize(
    "mark, factor, word, exit_code",
    [
        ({}, 1.08, "regressed", 1),
        ({"limit": "10%"}, 1.08, "steady", 0),
        ({"limit": "10%"}, 1.2, "regressed", 1),
        ({"limit": "1%"}, 1.02, "regressed", 1),
        ({"floor": "1e-6"}, 1.08, "steady", 0),  # a call takes 10 us
        ({"floor": "1e-6"}, 1.2, "regressed", 1),
        ({"floor": "1e-9"}, 1.08, "regressed", 1),
        ({"floor": "1e-6"}, 0.95, "steady", 0),
        ({"may_fail": "True"}, 1.08, "regressed", 0),
    ],
)
def test_a_mark_moves_the_limit_of_its_row_or_lets_it_fail(
    mark: dict[str, str], factor: float, word: str, exit_code: int
) -> None:
    head = side()
    head.collected.nodes[A]["against"] = mark  # type: ignore[index]
    found = gated(head, factors={A: factor})
    assert (words(found)[A], found.exit_code) == (word, exit_code)
    if "limit" in mark:
        assert found.rows[0].limit == float(mark["limit"].rstrip("%")) / 100


@pytest.mark.parametrize(
    "marks, controls",
    [
        ({}, [A, B]),
        ({A: {"floor": "1e-3"}}, [B]),
        ({A: {"limit": "90%"}}, [B]),
        ({A: {"limit": "90%"}, B: {"floor": "1e-3"}}, [A, B]),
    ],
)
def test_controls_are_rows_of_which_no_more_is_tolerated_than_of_others(
    marks: dict[str, dict[str, str]], controls: list[str]
) -> None:
    head, machine = side([A, B]), Machine()
    for node, mark in marks.items():
        head.collected.nodes[node]["against"] = mark  # type: ignore[index]
    assert gated(head, side([A, B]), machine=machine).exit_code == 0
    assert machine.asked[0][2] == controls


def test_what_may_fail_neither_stops_the_others_nor_is_a_success_of_its_own() -> None:
    head = side({A: FAILED, B: PASSED})
    head.collected.nodes[A]["against"] = {"may_fail": "True"}  # type: ignore[index]
    found = gated(head, side([A, B]))
    assert (words(found), found.exit_code) == ({A: "diverged", B: "steady"}, 0)
    head = side({A: FAILED})
    head.collected.nodes[A]["against"] = {"may_fail": "True"}  # type: ignore[index]
    assert gated(head, side([A])).exit_code == 3
