"""No name and no reason breaks a report, and annotations are commands of ours only."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, settings

from pytest_against import report
from pytest_against.model import Result, Row, RowResult, Verdict
from pytest_against.report import (
    View,
    changes,
    comparison_csv,
    comparison_markdown,
    comparison_text,
    markdown,
    text,
)
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


def _odd(name: str, why: str) -> Result:
    names = Row(node=name, method=name, workload=name, name=name, file=name, line=3)
    rows = [RowResult.untimed(names, verdict, why) for verdict in Verdict]
    about = {"base": name, "head": name, "notes": [why], "machine": dict.fromkeys(MACHINE, name)}
    return result(*rows, controls=[row("m", "inconclusive", name=name)], **about)


RENDERED: Final[dict[str, Callable[[Result], str]]] = {
    "text": text,
    "page": markdown,
    "changes": changes,
    "annotations": lambda found: "\n".join(report.annotations(found)),
    "compared": lambda found: comparison_text([found, found], View(group="method")),
    "compared page": lambda found: comparison_markdown([found, found], View("time", "workload")),
    "compared csv": lambda found: comparison_csv([found, found], View("name")),
}


@pytest.mark.parametrize("kind", RENDERED)
@settings(deadline=None, derandomize=True, max_examples=50)
@given(name=ODD.filter(str.strip), why=ODD.filter(str.strip))
def test_no_words_break_a_report(kind: str, name: str, why: str) -> None:
    written, usual = (RENDERED[kind](_odd(*words)) for words in ((name, why), ("name", "why")))
    lines = written.split("\n")
    assert written.encode().decode() == written
    assert all(line.isprintable() for line in lines)
    assert len(lines) == len(usual.split("\n"))
    commands = [line for line in lines if line.strip().startswith("::") or "##[" in line]
    assert len(commands) == len(re.findall("^::", usual, re.MULTILINE))
    if kind.endswith("csv"):
        assert {len(cells) for cells in csv.reader(io.StringIO(written))} == {12}
    if kind.endswith("page"):
        assert re.sub("`[^`]*`", "", written) == re.sub("`[^`]*`", "", usual)
        table = [line for line in lines if line.startswith("| ")]
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {9}


def test_long_words_are_cut() -> None:
    long = _odd("x" * 100_000, "y" * 100_000)
    for render in RENDERED.values():
        assert max(map(len, render(long).splitlines())) < 4000


AT: Final = "file=test_it.py,line=7,title=slow[1e3] "
NOISY: Final = {"controls": (row("m", "inconclusive"),)}


@pytest.mark.parametrize(
    "each, more, line",
    [
        (SLOWER, {}, f"::error {AT}regressed::1.250 (1.200 to 1.300); slower than the limit"),
        (SLOWER, NOISY, f"::warning {AT}regressed::1.250 (1.200 to 1.300); slower than the limit"),
        (row("slow", "diverged", why="5%\nof: a,"), NOISY, f"::error {AT}diverged::5%25 of: a,"),
        (row("slow", "heavier"), {}, f"::error {AT}heavier::heavier"),
        (row("slow", "missing", why="record it"), {}, f"::error {AT}missing::record it"),
        (row("slow", "inconclusive"), {}, f"::warning {AT}inconclusive::inconclusive"),
        (row("x", "vanished", file="", line=0), {}, "::error title=x[1e3] vanished::vanished"),
        (row("slow", "new"), {"allow_new": True}, f"::notice {AT}new::new"),
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
    assert report.annotations(result(STEADY, each, **more)) == [line]


def test_a_run_that_could_not_be_judged_has_an_annotation_of_its_own() -> None:
    failed = result(SLOWER, why="no baseline:\n record 100%")
    assert report.annotations(failed) == ["::error title=not judged::no baseline: record 100%25"]


def test_the_worst_row_is_annotated_first_and_a_proven_row_not_at_all() -> None:
    titles = [re.findall(r"title=(\w+)", line)[0] for line in report.annotations(result(*ROWS))]
    assert titles == WORST_FIRST
    assert report.annotations(result(STEADY, controls=CONTROLS)) == []
