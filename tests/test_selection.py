"""Rows are chosen as pytest -k chooses tests, and a choice of none is an error."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.errors import CannotJudgeError
from benchmarks.rows import Row
from benchmarks.selection import select
from benchmarks.suite import default_rows

NAMES: Final = [
    ("maximum", "float64-1e6"),
    ("maximum", "float32-1e3"),
    ("clip_out", "float64-1e6"),
    ("Where", "int8-1e3"),
]
ROWS: Final = [
    replace(default_rows()[0], method=method, workload=workload) for method, workload in NAMES
]
WORDS: Final = st.sampled_from(
    ["maximum", "not", "and", "or", "(", ")", "(x=", "=", ",", "²", "-1", "'a'", "[", "None", " "]
)


def _chosen(expression: str) -> list[int]:
    return [ROWS.index(row) for row in select(ROWS, expression)]


@pytest.mark.parametrize(
    "expression, chosen",
    [
        ("", [0, 1, 2, 3]),
        (" \t", [0, 1, 2, 3]),
        ("maximum", [0, 1]),
        ("MAXIMUM", [0, 1]),
        ("where", [3]),
        ("axim", [0, 1]),
        ("float64", [0, 2]),
        ("maximum and float64", [0]),
        ("maximum or where", [0, 1, 3]),
        ("not maximum", [2, 3]),
        ("not maximum and not where", [2]),
        ("float64 or where and maximum", [0, 2]),
        ("(float64 or where) and not maximum", [2, 3]),
        ("not (maximum or where)", [2]),
        ("maximum[float64-1e6]", [0]),
        ("maximum-float64-1e6", [0]),
        ("Maximum[Float64-1E6] or where-int8-1e3", [0, 3]),
        ("um[float32", [1]),
        ("1e3]", [1, 3]),
    ],
)
def test_expression_chooses_rows_in_their_order(expression: str, chosen: list[int]) -> None:
    assert _chosen(expression) == chosen


@pytest.mark.parametrize(
    "expression, chosen",
    [
        ("", []),
        ("maximum", []),
        ("float64", []),
        ("1e6", [0, 2]),
        ("1E6 and not maximum", [2]),
        ("maximum[float64-1e6]", [0]),
        ("float64 and not 1e6", []),
    ],
)
def test_rows_to_ask_for_are_chosen_when_the_expression_names_them(
    expression: str, chosen: list[int]
) -> None:
    small = replace(ROWS[0], method="small")
    asked = [replace(row, asked_as="1e6") if "1e6" in row.name else row for row in ROWS]
    found = select([small, *asked], f"small or ({expression})" if expression else "")
    assert [asked.index(row) for row in found[1:] if row.asked_as] == chosen


@pytest.mark.parametrize("row", default_rows()[::20], ids=lambda row: row.name)
def test_both_spellings_of_a_name_choose_the_row(row: Row) -> None:
    for spelling in (row.name, f"{row.method}-{row.workload}"):
        assert row.name in [found.name for found in select(default_rows(), spelling)]


@pytest.mark.parametrize("expression", ["minimum", "maximum and where", "not 1e", "True", "None"])
def test_choice_of_none_is_an_error_that_says_how_rows_are_named(expression: str) -> None:
    with pytest.raises(CannotJudgeError, match="matches none of 4 rows") as caught:
        select(ROWS, expression)
    assert repr(expression) in str(caught.value)
    assert "maximum[float64-1e6]" in str(caught.value)


def test_no_rows_match_nothing() -> None:
    with pytest.raises(CannotJudgeError, match="'maximum' matches none of 0 rows"):
        select([], "maximum")


@pytest.mark.parametrize(
    "expression",
    [
        "maximum and",
        "or maximum",
        "maximum where",
        "(maximum",
        "maximum)",
        "()",
        "not",
        "maximum & where",
        "maximum, where",
        "maximum\nor where",
        "'maximum'",
        "\udc80",
        "maximum\x00",
        "maximum(x=1)",
        "maximum(x='",
        "maximum(x=²)",
        "maximum(x=" + 5000 * "9" + ")",
        5000 * "(" + "maximum" + 5000 * ")",
        5000 * "not " + "maximum",
        5000 * "maximum and " + "maximum",
    ],
    ids=lambda expression: repr(expression[:20]),
)
def test_what_is_no_expression_is_an_error(expression: str) -> None:
    with pytest.raises(CannotJudgeError, match="is no expression"):
        select(ROWS, expression)


@settings(deadline=None, derandomize=True, max_examples=500)
@given(expression=st.one_of(st.text(), st.lists(WORDS, max_size=12).map("".join)))
def test_any_text_chooses_rows_or_cannot_be_judged(expression: str) -> None:
    try:
        found = select(ROWS, expression)
    except CannotJudgeError as error:
        assert "--rows" in str(error)  # noqa: PT017 - most texts are errors, some are not
    else:
        assert found
        assert found == [row for row in ROWS if row in found]
