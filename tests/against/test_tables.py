"""Nothing that is quoted ends a line or a cell, is a command, or cannot be printed."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.report import PAGE, TEXT, Style, code, count, duration, listed, plain
from tests.against.results import ODD


@pytest.mark.parametrize(
    "words, line",
    [
        ("test_a.py::test[x-1]", "test_a.py::test[x-1]"),
        (" two\r\n lines\u2028\x85\tmore ", "two lines more"),
        ("\x1b[2J\x07", "?[2J?"),
        ("half \ud800 a pair", "half ? a pair"),
        ("turned \u202e round", "turned ? round"),
        ("\n ::error::forged", "?:error::forged"),
        ("a ##[error]forged", "a ?#[error]forged"),
        ("été 猫 🙂", "été 猫 🙂"),
        ("x" * 601, "x" * 597 + "..."),
        ("", ""),
    ],
)
def test_words_are_one_line_that_no_terminal_or_log_obeys(words: str, line: str) -> None:
    assert plain(words) == line


def test_the_longest_line_can_be_chosen() -> None:
    assert plain("x" * 10, 10) == "x" * 10
    assert plain("x" * 11, 10) == "x" * 7 + "..."


@settings(deadline=None, derandomize=True)
@given(words=ODD)
def test_any_words_can_be_printed_on_one_line(words: str) -> None:
    line = plain(words)
    assert line.isprintable()
    assert line == line.strip() == line.encode().decode()
    assert not line.startswith("::")
    assert "##[" not in line
    assert plain(line) == line


@settings(deadline=None, derandomize=True)
@given(words=ODD)
def test_any_words_are_one_span_of_code(words: str) -> None:
    assert re.fullmatch("(`[^`\n]+`)?", code(words))


@settings(deadline=None, derandomize=True)
@given(cells=st.lists(st.lists(ODD, min_size=3, max_size=3), min_size=1, max_size=4))
@pytest.mark.parametrize("style, extra", [(TEXT, 0), (PAGE, 1)])
def test_a_table_has_a_line_for_each_line_and_its_cells(
    style: Style, extra: int, cells: list[list[str]]
) -> None:
    table = style.table([[style.quote(cell) for cell in line] for line in cells]).split("\n")
    assert len(table) == len(cells) + extra
    if style is PAGE:
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {4}


def test_columns_of_text_are_aligned() -> None:
    assert TEXT.table([["row", "why"], ["longer", ""], ["x", "y z"]]) == (
        "  row     why\n  longer\n  x       y z"
    )


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.5e-9, "0.5 ns"),
        (999.4e-9, "999 ns"),
        (999.6e-9, "1 us"),
        (1.00e-6, "1 us"),
        (12.34e-6, "12.3 us"),
        (999.7e-6, "1 ms"),
        (1.234e-3, "1.23 ms"),
        (0.9997, "1 s"),
        (123.4, "123 s"),
        (math.nan, ""),
        (math.inf, ""),
    ],
)
def test_duration_has_three_digits_and_a_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@settings(deadline=None, derandomize=True)
@given(seconds=st.floats(1e-9, 999))
def test_duration_is_never_written_with_an_exponent(seconds: float) -> None:
    number, unit = duration(seconds).split(" ")
    assert "e" not in number
    scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]
    assert float(number) * scale == pytest.approx(seconds, rel=0.006)


def test_rows_are_counted_and_unknown_words_left_out() -> None:
    assert [count(0), count(1), count(2)] == ["0 rows", "1 row", "2 rows"]
    assert listed(", ", "a", None, "", "b") == "a, b"
