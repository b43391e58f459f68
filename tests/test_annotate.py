"""Each failed row is shown at the line of its method, whatever its words are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.annotate import Place, annotate
from benchmarks.judge import Verdict
from benchmarks.reports import Report, ReportRow
from tests.plants import ROOT
from tests.test_reports import FOUND

PLACES: Final = {"slow": Place("package/module.py", 7)}


def _row(verdict: Verdict, why: str = "", **more: Any) -> ReportRow:
    fields = {"row": "slow[1e3]", "method": "slow", "ratio": None, "low": None, "high": None}
    return ReportRow(verdict=verdict, why=why, **{**fields, **more})


def _report(*rows: ReportRow, why: str = "") -> Report:
    return Report(
        file="gate.json",
        verdict=Verdict.REGRESSED,
        exit_code=1,
        machine_class="arm",
        base="v1",
        head="the working tree",
        rows=rows,
        why=why,
    )


def _lines(*rows: ReportRow) -> list[str]:
    return annotate(_report(*rows), PLACES)


AT: Final = "::error file=package/module.py,line=7,title=slow[1e3] "


@pytest.mark.parametrize(
    "row, line",
    [
        (
            _row(Verdict.REGRESSED, "slower", ratio=1.25, low=1.2, high=1.3),
            f"{AT}regressed::1.250 times as long (1.200 to 1.300); slower",
        ),
        (_row(Verdict.DIVERGED, "dtype is f4"), f"{AT}diverged::dtype is f4"),
        (_row(Verdict.HEAVIER), f"{AT}heavier::heavier"),
        (_row(Verdict.MISSING, "record it"), f"{AT}missing::record it"),
        (
            _row(Verdict.VANISHED, row="gone", method="gone"),
            "::error title=gone vanished::vanished",
        ),
        (_row(Verdict.DIVERGED, "50%\r\nof, it: all"), f"{AT}diverged::50%25%0D%0Aof, it: all"),
        (
            _row(Verdict.DIVERGED, "w", row="a,b:c%\n"),
            "::error file=package/module.py,line=7,title=a%2Cb%3Ac%25%0A diverged::w",
        ),
    ],
)
def test_a_failed_row_is_an_error_at_the_line_of_its_method(row: ReportRow, line: str) -> None:
    assert _lines(row) == [line]


@pytest.mark.parametrize(
    "verdict, code", [(Verdict.INCONCLUSIVE, 3), (Verdict.VANISHED, 2)], ids=["3", "2"]
)
def test_a_slower_row_is_left_out_where_no_time_is_believed(verdict: Verdict, code: int) -> None:
    rows = (_row(Verdict.REGRESSED, "slower", ratio=1.25), _row(Verdict.VANISHED, row="gone"))
    report = replace(_report(*rows), verdict=verdict, exit_code=code)
    assert [line.partition("title=")[2] for line in annotate(report, PLACES)] == [
        "gone vanished::vanished"
    ]


@pytest.mark.parametrize("verdict", [Verdict.DIVERGED, Verdict.HEAVIER])
def test_a_slower_row_is_shown_beside_what_failed_without_a_clock(verdict: Verdict) -> None:
    report = replace(_report(_row(Verdict.REGRESSED), _row(verdict)), verdict=verdict)
    assert len(annotate(report, PLACES)) == 2


@pytest.mark.parametrize("verdict", [Verdict.STEADY, Verdict.IMPROVED, Verdict.INCONCLUSIVE])
def test_a_row_that_did_not_fail_has_no_annotation(verdict: Verdict) -> None:
    assert _lines(_row(verdict, "why", ratio=1.0, low=0.9, high=1.1)) == []


def test_a_run_that_could_not_be_judged_is_an_error_of_its_own() -> None:
    report = replace(_report(why="no baseline:\n record it"), verdict=Verdict.UNJUDGED)
    assert annotate(report, PLACES) == ["::error title=not judged::no baseline:%0A record it"]


def test_new_rows_that_were_allowed_are_shown_and_are_no_error() -> None:
    report = replace(_report(_row(Verdict.NEW, "not in the base")), exit_code=0)
    (line,) = annotate(report, PLACES)
    assert line == AT.replace("::error", "::notice") + "new::not in the base"


def test_the_slowest_row_comes_first_because_only_so_many_are_shown() -> None:
    rows = [
        _row(Verdict.REGRESSED, row=f"slow[{ratio}]", ratio=ratio, low=ratio, high=ratio)
        for ratio in (1.1, 3.0, 2.0)
    ]
    assert [line.split("title=")[1][:9] for line in _lines(*rows)] == [
        "slow[3.0]",
        "slow[2.0]",
        "slow[1.1]",
    ]


def _unescaped(text: str) -> str:
    for escaped, plain in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escaped, plain)
    return text


@given(name=st.text(), why=st.text(min_size=1))
def test_any_words_are_one_command_of_which_nothing_is_lost(name: str, why: str) -> None:
    (line,) = _lines(_row(Verdict.DIVERGED, why, row=name))
    assert not re.search(r"[\r\n]", line)
    found = re.fullmatch(
        r"::error file=package/module\.py,line=7,title=([^:,]*)::(.*)", line, re.DOTALL
    )
    assert found is not None, line
    assert _unescaped(found[1]) == f"{name} diverged"
    assert _unescaped(found[2]) == why


def _run(path: Path, **row: str) -> subprocess.CompletedProcess[str]:
    found: dict[str, Any] = json.loads(json.dumps(FOUND))
    found["rows"][1] |= row
    path.write_text(json.dumps(found), "utf-8")
    command = [sys.executable, "-m", "benchmarks", "annotate", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_finds_the_line_of_the_function(tmp_path: Path) -> None:
    done = _run(tmp_path / "gate.json", row="fmax[float32-1e3]", method="fmax")
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(
        r"::error file=relu_impls/forward\.py,line=(\d+),title=fmax\[float32-1e3\] regressed::"
        r"1\.250 times as long \(1\.200 to 1\.300\); slower than the limit\n",
        done.stdout,
    )
    assert found is not None, done.stdout
    source = (ROOT / "relu_impls" / "forward.py").read_text("utf-8").splitlines()
    assert source[int(found[1]) - 1].startswith("def fmax(")


def test_a_method_that_is_gone_has_an_annotation_without_a_line(tmp_path: Path) -> None:
    done = _run(tmp_path / "gate.json", row="gone", method="gone")
    assert done.stdout.startswith("::error title=gone regressed::")


def test_what_is_no_report_is_refused_in_one_line(tmp_path: Path) -> None:
    done = _run(tmp_path / "gate.json", verdict="fine")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("python -m benchmarks annotate: ")
    assert len(done.stderr.splitlines()) == 1
