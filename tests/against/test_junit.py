"""JUnit's XML says what the report says, and is no success where that is none."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pytest_against.junit import junit
from pytest_against.model import Result
from tests.against.results import GREEN, SLOWER, SMALL, STEADY, factors, result, row

NOISY = row("even", "inconclusive", factors(1, 0.9, 1.1))


@pytest.mark.parametrize(
    "found, tests, kinds",
    [
        (GREEN, 1, ""),
        (SMALL, 2, "failure"),
        (result(replace(SLOWER, may_fail=True), STEADY), 2, "skipped"),
        (result(SLOWER, STEADY, controls=[NOISY]), 2, "skipped"),
        (result(STEADY, controls=[NOISY]), 2, "skipped"),  # and so is the whole run
        (result(row("new", "new"), STEADY), 2, "error"),
        (result(row("new", "new"), STEADY, allow_new=True), 2, "skipped"),
        (result(row("odd", "inconclusive"), STEADY), 2, "skipped"),
        (result(why="nothing <was> there\x00"), 1, "error"),
        (result(row("gone", "vanished", file="")), 1, "error"),
    ],
)
def test_each_row_is_a_test(found: Result, tests: int, kinds: str) -> None:
    suite = ET.fromstring(junit(found)).find("testsuite")  # noqa: S314 - we wrote it
    assert suite is not None
    assert suite.get("tests") == str(tests) == str(len(suite))
    assert " ".join(each.tag for case in suite for each in case) == kinds
    counted = [suite.get(name) for name in ("failures", "errors", "skipped")]
    assert counted == [str(kinds.count(kind)) for kind in ("failure", "error", "skipped")]


def test_a_row_is_found_where_its_test_is() -> None:
    suite = ET.fromstring(junit(SMALL)).find("testsuite")  # noqa: S314 - we wrote it
    assert suite is not None
    case = suite[1]
    assert (case.get("classname"), case.get("name")) == ("test_it", "slow[1e3]")
    assert (case.get("file"), case.get("line")) == ("test_it.py", "7")
    words = "regressed; 1.250 (1.200 to 1.300); slower than the limit"
    assert case[0].get("message") == words
