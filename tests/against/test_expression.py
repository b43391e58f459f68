"""Rows are chosen as pytest -k chooses tests."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

import pytest
from _pytest.mark.expression import Expression
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.model import CannotJudgeError
from pytest_against.saved import matcher

NAMES: Final = (
    "maximum[float64-1e6]",
    "maximum[float32-1e3]",
    "clip_out[float64-1e6]",
    "Where[int8-1e3]",
)
WORDS: Final = st.sampled_from(
    ["maximum", "1e3]", "not", "and", "or", "(", ")", "=", ",", "²", "-1", "'a'", "[", "None", "#"]
)


def _within(name: str, part: str, /, **_: object) -> bool:
    spellings = (name.lower(), re.sub(r"\[(.*)\]", r"-\1", name).lower())
    return any(part.lower() in spelling for spelling in spellings)


def chosen(expression: str) -> list[int]:
    matches = matcher(expression)
    return [place for place, name in enumerate(NAMES) if matches(name)]


@pytest.mark.parametrize(
    "expression, places",
    [
        ("", [0, 1, 2, 3]),
        (" \t", [0, 1, 2, 3]),
        ("maximum", [0, 1]),
        ("MAXIMUM", [0, 1]),
        ("where", [3]),
        ("axim", [0, 1]),
        ("minimum", []),
        ("True or None", []),
        ("maximum and float64", [0]),
        ("maximum or where", [0, 1, 3]),
        ("not maximum", [2, 3]),
        ("not not maximum", [0, 1]),
        ("not maximum and not where", [2]),
        ("float64 or where and maximum", [0, 2]),
        ("(float64 or where) and not(maximum)", [2, 3]),
        ("not (maximum or where)", [2]),
        ("maximum[float64-1e6]", [0]),
        ("maximum-float64-1e6", [0]),
        ("Maximum[Float64-1E6] or where-int8-1e3", [0, 3]),
        ("um[float32", [1]),
        ("1e3]", [1, 3]),
        ("not " * 100 + "maximum", [0, 1]),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_expression_chooses_rows(expression: str, places: list[int]) -> None:
    assert chosen(expression) == places


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
        "(maximum, where)",
        "maximum # where",
        "maximum\nor where",
        "(maximum\nor where)",
        "'maximum'",
        "\udc80",
        "maximum\x00",
        "maximum(where)",
        "maximum(x=1)",
        5000 * "(" + "maximum" + 5000 * ")",
        5000 * "not " + "maximum",
    ],
    ids=lambda expression: repr(expression[:20]),
)
def test_what_is_no_expression_is_refused_in_one_short_line(expression: str) -> None:
    with pytest.raises(CannotJudgeError, match=r"^--rows .* is no expression; join") as caught:
        matcher(expression)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_part_is_sought_in_each_name_and_never_across_two() -> None:
    assert matcher("b and c")("a b", "c d")
    assert not matcher("bc")("a b", "c d")


@settings(deadline=None, max_examples=500)
@given(expression=st.text() | st.lists(WORDS, min_size=1, max_size=12).map(" ".join))
def test_rows_are_chosen_as_pytest_chooses_them_or_not_at_all(expression: str) -> None:
    try:
        found = chosen(expression)
    except CannotJudgeError:
        return
    if expression.strip():
        compiled = Expression.compile(expression)  # what we accept, pytest accepts
        holds = [compiled.evaluate(partial(_within, name)) for name in NAMES]
        assert found == [place for place, held in enumerate(holds) if held]
