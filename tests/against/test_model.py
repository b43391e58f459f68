"""The worst row decides, and nothing is green unless it is proven."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, product
from typing import Any, Final

import pytest

from pytest_against.model import Result, RowResult, Verdict, rows_of
from tests.against.results import STEADY, result, row

WORST_FIRST: Final = (
    *("diverged", "heavier", "regressed", "vanished", "missing", "new", "not judged"),
    *("inconclusive", "steady", "improved"),
)


def _result(words: Sequence[str], *controls: str, **more: Any) -> Result:
    rows = [row(f"m{number}", word) for number, word in enumerate(words)]
    return result(*rows, controls=[row("m", word) for word in controls], **more)


@pytest.mark.parametrize("control", WORST_FIRST)
@pytest.mark.parametrize("allow_new", [False, True])
def test_the_worst_row_decides_and_no_time_is_believed_beside_a_noisy_control(
    control: str, *, allow_new: bool
) -> None:
    for words in chain.from_iterable(product(WORST_FIRST, repeat=n) for n in range(4)):
        found = _result(words, "steady", control, allow_new=allow_new)
        noisy = [] if control == "steady" else [control]
        assert [each.verdict.value for each in found.noisy] == noisy
        believed = [each for each in words if not (noisy and each == "regressed")]
        if allow_new and set(words) != {"new"}:
            believed = [each for each in believed if each != "new"]
        if noisy or not words:
            believed.append("inconclusive")
        assert found.verdict.value == min(believed, key=WORST_FIRST.index)


def test_the_exit_code_says_proven_steady_worse_not_judged_or_inconclusive() -> None:
    codes = {verdict.value: _result([verdict.value]).exit_code for verdict in Verdict}
    proven = {"steady": 0, "improved": 0, "diverged": 1, "regressed": 1, "heavier": 1}
    unproven = dict.fromkeys(("missing", "vanished", "new", "not judged"), 2) | {"inconclusive": 3}
    assert codes == proven | unproven


@pytest.mark.parametrize("words", [[], ["steady"], ["regressed", "new"]])
def test_nothing_is_said_of_a_run_that_could_not_be_judged(words: list[str]) -> None:
    found = _result(words, why="no baseline")
    assert (found.verdict, found.exit_code) == (Verdict.UNJUDGED, 2)
    assert found.counts == Counter(map(Verdict, words))


def test_a_verdict_without_a_clock_has_no_times() -> None:
    found = RowResult.untimed(STEADY.row, Verdict.DIVERGED, "because")
    assert (found.row, found.verdict, found.why) == (STEADY.row, Verdict.DIVERGED, "because")
    assert (found.interval, math.isnan(found.was), math.isnan(found.now)) == (None, True, True)


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
    assert (found.node, found.method, found.workload, found.name) == (node, *names)
    assert (found.file, found.line) == ("", 0)
    placed = rows_of({node: {**known, "file": "t/a.py", "line": 12}})[node]
    assert placed == replace(found, file="t/a.py", line=12)


def test_a_name_that_several_rows_would_have_is_their_node() -> None:
    nodes = ["a.py::test", "b.py::test", "a.py::T::test", "b.py::test[1]", "a.py::test[2]"]
    found = rows_of({node: {} for node in nodes})
    assert [each.name for each in found.values()] == [*nodes[:2], "T::test", "test[1]", "test[2]"]
    assert list(found) == nodes
