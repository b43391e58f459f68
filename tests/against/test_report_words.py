"""Nothing that is quoted ends a line or a cell, is a command, or cannot be printed."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import github, join, report
from pytest_against.model import Result, Row, RowResult, Verdict
from pytest_against.quoting import PAGE, TEXT, Style, duration, plain
from pytest_against.report import View, comparison
from tests.against.results import (
    CONTROLS,
    MACHINE,
    ODD,
    ROWS,
    SLOWER,
    STEADY,
    WORST_FIRST,
    result,
    row,
)


@pytest.fixture(autouse=True, scope="module")
def _on_github() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_ACTIONS", "true")
        yield


def odd(name: str, why: str) -> Result:
    about = Row(node=name, method=name, workload=name, name=name, file=name, line=3)
    rows = [RowResult.untimed(about, verdict, why) for verdict in Verdict]
    more = {"base": name, "head": name, "notes": [why], "machine": dict.fromkeys(MACHINE, name)}
    return result(*rows, controls=[row("m", "inconclusive", name=name)], **more)


def both(found: Result, style: Style) -> str:
    """The reports of two machines, of which the other could not judge."""
    failed = result(why=found.base, head=found.head, machine={"cpu": f"{found.base}."})
    return join.rendered(join.joined([replace(found, rows=found.rows[:1]), failed]), style)


CODE: Final = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


RENDERED: Final[dict[str, Callable[[Result], str]]] = {
    "text": report.text,
    "page": report.markdown,
    "changes": report.changes,
    "annotations": github.commands,
    "compared": lambda found: comparison([found, found], TEXT, View("ratio", "method")),
    "compared page": lambda found: comparison([found, found], PAGE, View("time", "workload")),
    "compared csv": lambda found: report.comparison_csv([found, found], View("name")),
    "joined": lambda found: both(found, TEXT),
    "joined page": lambda found: both(found, PAGE),
}


@pytest.mark.parametrize("kind", RENDERED)
@settings(derandomize=True, max_examples=50)
@given(name=ODD.filter(str.strip), why=ODD.filter(str.strip))
def test_no_words_break_a_report(kind: str, name: str, why: str) -> None:
    written, usual = (RENDERED[kind](odd(*words)) for words in ((name, why), ("name", "why")))
    lines = written.split("\n")
    assert written.encode().decode() == written
    assert all(line.isprintable() for line in lines)
    assert len(lines) == len(usual.split("\n"))
    obeyed = [line for line in lines if line.strip().startswith("::") or "##[" in line]
    assert len(obeyed) == len(re.findall("^::", usual, re.MULTILINE))
    if kind.endswith("csv"):
        assert {len(cells) for cells in csv.reader(io.StringIO(written))} == {12}
    if kind.endswith("page"):
        assert re.sub(CODE, "", written) == re.sub(CODE, "", usual)
        table = [line for line in lines if line.startswith("| ")]
        columns = 4 if kind == "joined page" else 9
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {columns}


@pytest.mark.parametrize("kind", RENDERED)
def test_long_words_are_cut(kind: str) -> None:
    long = RENDERED[kind](odd("x" * 100_000, "y" * 100_000))
    assert max(map(len, long.splitlines())) < 6000


@pytest.mark.parametrize(
    "words, most, line",
    [
        ("test_a.py::test[x-1]", 600, "test_a.py::test[x-1]"),
        (" two\r\n lines\u2028\x85\tmore ", 600, "two lines more"),
        ("\x1b[2J\x07", 600, r"\x1b[2J\x07"),
        ("half \ud800 a pair, \u202e", 600, r"half \ud800 a pair, \u202e"),
        ("\n ::error::forged", 600, "?:error::forged"),
        ("a ##[error]forged", 600, "a ?#[error]forged"),
        ("été 猫 🙂", 600, "été 猫 🙂"),
        ("x" * 10, 10, "x" * 10),
        ("x" * 11, 10, "x" * 7 + "..."),
        ("", 600, ""),
    ],
)
def test_words_are_one_line_that_no_terminal_or_log_obeys(words: str, most: int, line: str) -> None:
    assert plain(words, most) == line
    assert plain(line) == line


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.5e-9, "0.5 ns"),
        (999.4e-9, "999 ns"),
        (999.6e-9, "1 us"),
        (123.4, "123 s"),
        (math.nan, ""),
        (math.inf, ""),
    ],
)
def test_duration_has_three_digits_and_a_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@settings(derandomize=True)
@given(seconds=st.floats(1e-9, 999))
def test_duration_is_never_written_with_an_exponent(seconds: float) -> None:
    number, unit = duration(seconds).split(" ")
    assert "e" not in number
    scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]
    assert float(number) * scale == pytest.approx(seconds, rel=0.006)


AT: Final = "file=test_it.py,line=7,title=slow[1e3] "
NOISY: Final = {"controls": (row("m", "inconclusive"),)}


@pytest.mark.parametrize(
    "each, more, line",
    [
        (SLOWER, {}, f"::error {AT}regressed::1.250 (1.200 to 1.300); slower than the limit"),
        (SLOWER, NOISY, f"::warning {AT}regressed::1.250 (1.200 to 1.300); slower than the limit"),
        (row("slow", "diverged", why="5%\nof: a,"), NOISY, f"::error {AT}diverged::5%25 of: a,"),
        (row("slow", "missing", why="record it"), {}, f"::error {AT}missing::record it"),
        (row("slow", "inconclusive"), {}, f"::warning {AT}inconclusive::inconclusive"),
        (row("x", "vanished", file="", line=0), {}, "::error title=x[1e3] vanished::vanished"),
        (row("slow", "new"), {"allow_new": True}, f"::notice {AT}new::new"),
        (SLOWER, {"why": "no base:\n 5%"}, "::error title=not judged::no base: 5%25"),
        (
            row("m", "diverged", why="w", name="a,b:c%\n::error::d", file="a,b.py"),
            {},
            "::error file=a%2Cb.py,line=7,title=a%2Cb%3Ac%25 %3A%3Aerror%3A%3Ad diverged::w",
        ),
    ],
)  # fmt: skip
def test_a_row_that_is_not_proven_is_shown_at_the_line_of_its_test(
    each: RowResult, more: dict[str, Any], line: str
) -> None:
    assert github.commands(result(STEADY, each, **more)) == f"{line}\n"


def test_the_worst_row_is_annotated_first_and_a_proven_row_not_at_all() -> None:
    found = github.commands(result(*ROWS))
    assert re.findall(r"^::\w+ .*?title=(\w+)", found, re.MULTILINE) == WORST_FIRST
    assert github.commands(result(STEADY, controls=CONTROLS)) == ""
