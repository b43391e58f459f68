"""The worst row decides, and nothing is green unless it is proven."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.model import Result, Row, RowResult, Verdict, rows_of
from tests.against.results import result, row

QUIET: Final = ["steady", "steady"]
NOISY: Final = ["steady", "inconclusive"]
VERDICTS: Final = st.sampled_from([verdict.value for verdict in Verdict])


def _result(words: list[str], controls: list[str], *, allow_new: bool = False) -> Result:
    return result(
        *(row(f"m{i}", word) for i, word in enumerate(words)),
        controls=[row("m", word) for word in controls],
        allow_new=allow_new,
    )


def _answer(found: Result) -> tuple[str, int]:
    return found.verdict.value, found.exit_code


@pytest.mark.parametrize("words", [[], ["steady"], ["regressed"]])
def test_nothing_is_said_of_a_run_that_could_not_be_judged(words: list[str]) -> None:
    assert _answer(replace(_result(words, QUIET), why="no baseline")) == ("not judged", 2)


@pytest.mark.parametrize(
    "words, answer",
    [
        (["new", "steady"], ("steady", 0)),
        (["new", "improved"], ("improved", 0)),
        (["new", "inconclusive"], ("inconclusive", 3)),
        (["new", "vanished"], ("vanished", 2)),
        (["new", "regressed"], ("regressed", 1)),
        (["new", "diverged"], ("diverged", 1)),
        (["new", "new"], ("new", 2)),
        ([], ("inconclusive", 3)),
    ],
)
def test_new_rows_that_are_allowed_leave_the_answer_to_the_others(
    words: list[str], answer: tuple[str, int]
) -> None:
    found = _result(words, QUIET, allow_new=True)
    assert _answer(found) == answer
    assert found.counts[Verdict.NEW] == words.count("new")


@pytest.mark.parametrize(
    "words, controls, answer",
    [
        (["steady"], QUIET, ("steady", 0)),
        (["improved"], QUIET, ("improved", 0)),
        (["improved", "steady", "improved"], QUIET, ("steady", 0)),
        (["steady", "inconclusive"], QUIET, ("inconclusive", 3)),
        (["improved", "inconclusive"], QUIET, ("inconclusive", 3)),
        (["steady", "not judged", "inconclusive"], QUIET, ("not judged", 2)),
        (["not judged", "new", "inconclusive"], QUIET, ("new", 2)),
        (["steady", "new", "missing"], QUIET, ("missing", 2)),
        (["missing", "vanished", "new"], QUIET, ("vanished", 2)),
        (["steady", "vanished", "regressed"], QUIET, ("regressed", 1)),
        (["inconclusive", "regressed"], QUIET, ("regressed", 1)),
        (["regressed", "heavier"], QUIET, ("heavier", 1)),
        (["heavier", "diverged", "regressed"], QUIET, ("diverged", 1)),
        (["diverged"], [], ("diverged", 1)),
    ],
)
def test_the_worst_row_decides(
    words: list[str], controls: list[str], answer: tuple[str, int]
) -> None:
    assert _answer(_result(words, controls)) == answer


@pytest.mark.parametrize(
    "words, answer",
    [
        (["steady"], ("inconclusive", 3)),
        (["improved"], ("inconclusive", 3)),
        (["regressed"], ("inconclusive", 3)),
        (["regressed", "new"], ("new", 2)),
        (["regressed", "missing"], ("missing", 2)),
        (["regressed", "vanished"], ("vanished", 2)),
        (["regressed", "heavier"], ("heavier", 1)),
        (["regressed", "diverged"], ("diverged", 1)),
    ],
)
def test_noisy_controls_discredit_the_clock_and_nothing_else(
    words: list[str], answer: tuple[str, int]
) -> None:
    assert _answer(_result(words, NOISY)) == answer


@pytest.mark.parametrize("control", [v.value for v in Verdict if v is not Verdict.STEADY])
def test_a_control_that_is_not_steady_is_noisy(control: str) -> None:
    found = _result(["steady"], ["steady", control, "steady"])
    assert [each.verdict.value for each in found.noisy] == [control]
    assert found.exit_code == 3


@pytest.mark.parametrize("controls", [[], QUIET, NOISY])
@pytest.mark.parametrize("allow_new", [False, True])
def test_no_rows_are_never_green(controls: list[str], *, allow_new: bool) -> None:
    assert _answer(_result([], controls, allow_new=allow_new)) == ("inconclusive", 3)


@settings(deadline=None, derandomize=True)
@given(
    words=st.lists(VERDICTS, max_size=8),
    controls=st.lists(VERDICTS, max_size=4),
    allow_new=st.booleans(),
)
def test_green_means_that_every_row_and_control_is_proven(
    words: list[str], controls: list[str], *, allow_new: bool
) -> None:
    judged = set(words) - ({"new"} if allow_new else set())
    proven = judged and judged <= {"steady", "improved"} and set(controls) <= {"steady"}
    assert (_result(words, controls, allow_new=allow_new).exit_code == 0) == bool(proven)


@settings(deadline=None, derandomize=True)
@given(words=st.lists(VERDICTS, min_size=1, max_size=8), data=st.data())
def test_the_verdict_is_that_of_a_row_whatever_their_order(
    words: list[str], data: st.DataObject
) -> None:
    found = _result(words, QUIET).verdict
    assert found.value in words
    assert _result(data.draw(st.permutations(words)), QUIET).verdict is found


def test_a_verdict_without_a_clock_has_no_times_and_cannot_be_changed() -> None:
    names = Row(node="n", method="m", workload="", name="m")
    found = RowResult.untimed(names, Verdict.DIVERGED, "because")
    assert (found.row, found.verdict, found.why) == (names, Verdict.DIVERGED, "because")
    assert found.interval is None
    assert math.isnan(found.was)
    assert math.isnan(found.now)
    with pytest.raises(FrozenInstanceError):
        found.why = ""  # type: ignore[misc]


@pytest.mark.parametrize(
    "node, known, names",
    [
        ("a.py::test_x", {}, ("test_x", "", "test_x")),
        ("a.py::test_x[1-2]", {}, ("test_x", "1-2", "test_x[1-2]")),
        ("a.py::TestY::test_x[a::b]", {}, ("TestY::test_x", "a::b", "TestY::test_x[a::b]")),
        ("a.py::test_x[a[0]]", {}, ("test_x", "a[0]", "test_x[a[0]]")),
        ("a.py::test_x[m-w]", {"method": "m", "workload": "w"}, ("m", "w", "m[w]")),
        ("a.py::test_x[3]", {"workload": 3}, ("test_x", "3", "test_x[3]")),
    ],
)
def test_a_row_is_named_by_its_parameters_or_its_function(
    node: str, known: dict[str, object], names: tuple[str, str, str]
) -> None:
    found = rows_of({node: known})[node]
    assert (found.method, found.workload, found.name) == names
    assert (found.node, found.file, found.line) == (node, "", 0)


def test_a_row_knows_where_its_test_stands() -> None:
    found = rows_of({"t/a.py::test_x": {"file": "t/a.py", "line": 12}})["t/a.py::test_x"]
    assert (found.file, found.line) == ("t/a.py", 12)


@settings(deadline=None, derandomize=True)
@given(
    nodes=st.lists(
        st.builds(
            "{}.py::{}{}".format,
            st.sampled_from("ab"),
            st.sampled_from(["test", "T::test"]),
            st.sampled_from(["", "[1]", "[2]"]),
        ),
        unique=True,
    )
)
def test_names_tell_rows_apart(nodes: list[str]) -> None:
    found = rows_of({node: {} for node in nodes})
    assert list(found) == nodes
    assert len({each.name for each in found.values()}) == len(nodes)
    short = {node: node.split("::", 1)[1] for node in nodes}
    for node, each in found.items():
        alone = list(short.values()).count(short[node]) == 1
        assert each.name == (short[node] if alone else node)
