"""Several results are told apart, arranged as wished, and the worst of them decides."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import Final

import pytest

from pytest_against.model import Result
from pytest_against.report import (
    GROUPS,
    SORTS,
    View,
    comparison_csv,
    comparison_json,
    comparison_markdown,
    comparison_text,
    together,
)
from tests.against.results import ROWS, SLOWER, SMALL, STEADY

OTHER: Final = replace(SMALL, head="B", rows=(replace(STEADY, now=1.0),), notes=("N",), trials=4)


def _names(table: str) -> list[str]:
    return re.findall(r"^(?:  |\| `)(\w+)\[1e3\]", table, re.MULTILINE)


def test_a_comparison_is_sorted_and_grouped_as_wished() -> None:
    found = replace(SMALL, rows=[*ROWS[:5], STEADY, SLOWER])
    by_name = sorted(each.row.method for each in found.rows)
    by_ratio = ["worst", "worse", "slow", "even", "steady", "unclear", "new"]
    by_time = ["slow", "even", "new", "steady", "unclear", "worse", "worst"]
    for sort, names in {"name": by_name, "ratio": by_ratio, "time": by_time}.items():
        assert _names(comparison_text([found], View(sort))) == names
        assert _names(comparison_markdown([found], View(sort))) == names
        lines = list(csv.DictReader(io.StringIO(comparison_csv([found], View(sort)))))
        assert [line["method"] for line in lines] == names
    assert set(SORTS) == {"name", "ratio", "time"}
    assert list(View(group=GROUPS[1]).tables(found)) == by_name
    assert list(View(group=GROUPS[2]).tables(found)) == ["1e3"]


def test_a_comparison_says_of_each_row_whose_it_is() -> None:
    page = comparison_markdown([SMALL, OTHER], View())
    assert re.findall("^## .*$", page, re.MULTILINE) == [
        "## `the working tree` against `v1 (a1b2c3d)`, limit 3%",
        "## `B` against `v1 (a1b2c3d)`, limit 3%",
    ]
    found = json.loads(comparison_json([SMALL, OTHER]))
    heads = [(each["head"], each["row"]) for each in found["rows"]]
    whole = "the working tree"
    assert heads == [(whole, "even[1e3]"), (whole, "slow[1e3]"), ("B", "even[1e3]")]
    assert (found["verdict"], found["exit"], found["trials"]) == ("regressed", 1, 15)
    assert found["head"] == "the working tree, B"
    assert found["notes"] == ["the working tree: Mind the step.", "B: N"]
    assert comparison_csv([OTHER], View()) == (
        "head,row,method,workload,verdict,ratio,low,high,trials,was,now,why\n"
        "B,even[1e3],even,1e3,steady,1.0,0.99,1.01,8,2e-06,1.0,\n"
    )


@pytest.mark.parametrize(
    "results, code",
    [
        ([SMALL], 1),
        ([OTHER, SMALL], 1),
        ([OTHER, OTHER], 0),
        ([OTHER, replace(OTHER, why="unreadable")], 2),
        ([OTHER, replace(OTHER, controls=[ROWS[2]])], 3),
    ],
)
def test_the_worst_of_several_decides(results: list[Result], code: int) -> None:
    assert together(results).exit_code == code
    assert (together(results) is results[0]) == (len(results) == 1)
