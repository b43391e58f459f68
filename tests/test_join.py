"""Several classes of machines are compared in one table, and the worst of them decides."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import CannotJudgeError
from benchmarks.join import Joined, join, markdown, text
from benchmarks.judge import Verdict
from benchmarks.reports import Report, ReportRow
from tests.plants import ROOT
from tests.test_reports import FOUND


def _row(name: str, verdict: Verdict, *factors: float) -> ReportRow:
    ratio, low, high = factors or (None, None, None)
    method = name.partition("[")[0]
    return ReportRow(
        row=name, method=method, verdict=verdict, ratio=ratio, low=low, high=high, why=""
    )


def _report(
    machine: str, exit_code: int, *rows: ReportRow, file: str = "", why: str = ""
) -> Report:
    verdict = {0: Verdict.STEADY, 1: Verdict.REGRESSED, 2: Verdict.MISSING}.get(
        exit_code, Verdict.INCONCLUSIVE
    )
    return Report(
        file=file or f"{machine}.json",
        verdict=verdict,
        exit_code=exit_code,
        machine_class=machine,
        base="v1",
        head="the working tree",
        rows=rows,
        why=why,
    )


EVEN: Final = _row("even[1e3]", Verdict.STEADY, 1.0, 0.99, 1.01)
SLOW: Final = _row("slow[1e3]", Verdict.REGRESSED, 1.25, 1.2, 1.3)
SAME: Final = _row("slow[1e3]", Verdict.STEADY, 1.0, 0.98, 1.02)

TEXT: Final = """\
failed: 1 failed, 1 steady of 2 classes of machines

  row        arm                               intel
  slow[1e3]  regressed 1.250 (1.200 to 1.300)  steady 1.000 (0.980 to 1.020)

arm: regressed, 2 rows
intel: steady, 2 rows
"""

MARKDOWN: Final = """\
**failed: 1 failed, 1 steady of 2 classes of machines**

| row | arm | intel |
|---|---|---|
| `slow[1e3]` | regressed 1.250 (1.200 to 1.300) | steady 1.000 (0.980 to 1.020) |

* arm: regressed, 2 rows
* intel: steady, 2 rows
"""


def test_a_row_worth_a_look_has_a_cell_for_every_class() -> None:
    joined = join([_report("arm", 1, EVEN, SLOW), _report("intel", 0, EVEN, SAME)])
    assert text(joined) == TEXT
    assert markdown(joined) == MARKDOWN


def test_nothing_worth_a_look_needs_no_table() -> None:
    joined = join([_report("arm", 0, EVEN), _report("intel", 0, EVEN)])
    assert text(joined).splitlines()[0] == "steady: 2 steady of 2 classes of machines"
    assert "even" not in text(joined) + markdown(joined)


@pytest.mark.parametrize(
    "exits, worst",
    [
        ([0], 0),
        ([0, 0], 0),
        ([0, 3], 3),
        ([3, 2, 0], 2),
        ([0, 1, 2, 3], 1),
        ([3, 1], 1),
    ],
)
def test_the_worst_class_decides(exits: list[int], worst: int) -> None:
    joined = join([_report(f"class-{i}", code, EVEN) for i, code in enumerate(exits)])
    assert joined.exit_code == worst


@given(exits=st.lists(st.sampled_from([0, 1, 2, 3]), min_size=1))
def test_green_needs_every_class_to_be_green(exits: list[int]) -> None:
    joined = join([_report(f"class-{i}", code, EVEN) for i, code in enumerate(exits)])
    assert (joined.exit_code == 0) == (set(exits) == {0})
    assert joined.exit_code in exits


def test_two_reports_of_one_class_are_refused() -> None:
    reports = [_report("arm", 0, EVEN, file="a"), _report("arm", 0, EVEN, file="b")]
    with pytest.raises(CannotJudgeError) as caught:
        join(reports)
    assert str(caught.value) == "a and b are both of the class arm; give one report of each class"


def test_a_class_that_passed_on_fewer_rows_than_others_cannot_be_judged() -> None:
    joined = join([_report("arm", 0, EVEN, SAME), _report("intel", 0, EVEN)])
    assert (joined.exits, joined.exit_code) == ({"arm": 0, "intel": 2}, 2)
    assert "intel: steady, 1 rows; not judged: 1 of the others'" in text(joined)


def test_a_class_that_could_not_judge_says_why_and_is_not_passed_over() -> None:
    joined = join([_report("arm", 0, EVEN), _report("intel", 2, why="no `b`; record\n<one>")])
    assert (joined.exits, joined.exit_code) == ({"arm": 0, "intel": 2}, 2)
    assert text(joined).endswith("intel: missing, no `b`; record\n<one>\n")
    assert markdown(joined).endswith("* intel: missing, `no 'b'; record <one>`\n")


def test_a_row_that_a_class_did_not_judge_is_not_called_steady() -> None:
    joined = join([_report("arm", 1, EVEN, SLOW), _report("intel", 1, EVEN)])
    assert "| not judged |" in markdown(joined)


def test_the_worst_rows_come_first_and_the_table_has_an_end() -> None:
    rows = [_row(f"late[{i}]", Verdict.INCONCLUSIVE) for i in range(150)]
    lines = markdown(join([_report("arm", 1, *rows, SLOW)])).splitlines()
    assert lines[4].startswith("| `slow[1e3]` | regressed ")
    assert len([line for line in lines if "late[" in line]) == 99
    assert "| and 51 more |  |" in lines


@given(name=st.text(min_size=1))
def test_a_name_cannot_leave_its_cell(name: str) -> None:
    page = markdown(Joined({"arm": _report("arm", 1, _row(name, Verdict.DIVERGED))}))
    (line,) = [line for line in page.split("\n") if line.startswith("| `")]
    cell = re.fullmatch(r"\| `([^`]*)` \| diverged \|", line)
    assert cell is not None, line
    assert not re.search(r"(?<!\\)\|", cell[1])


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "join", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _written(path: Path, **machine: str) -> str:
    found: dict[str, Any] = json.loads(json.dumps(FOUND))
    found["machine"] |= machine
    path.write_text(json.dumps(found), "utf-8")
    return str(path)


def test_the_command_writes_the_comparison_and_exits_with_the_worst(tmp_path: Path) -> None:
    files = [_written(tmp_path / "a.json"), _written(tmp_path / "b.json", machine="aarch64")]
    page = tmp_path / "page.md"
    done = _run(*files, "--markdown", str(page))
    assert done.returncode == 1
    assert done.stdout.startswith("failed: 2 failed of 2 classes of machines\n")
    assert page.read_text("utf-8").startswith("**failed: 2 failed of 2 classes of machines**\n")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["a.json", "a.json"], "are both of the class"),
        (["a.json", "none.json"], "none.json is not the report of a gate"),
        (["a.json", "--markdown", "no/such/x"], "no/such is not there"),
        (["a.json", "--markdown", "a.json"], "a.json is among what is read"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    report = Path(_written(tmp_path / "a.json"))
    before = report.read_bytes()
    placed = [a if a.startswith("--") else str(tmp_path / a) for a in arguments]
    done = _run(*placed)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("python -m benchmarks join: ")
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
    assert report.read_bytes() == before


def test_a_page_of_earlier_reports_does_not_stand_for_some_that_cannot_be_joined(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.md"
    page.write_text("**steady**")
    done = _run(*[_written(tmp_path / "a.json")] * 2, "--markdown", str(page))
    why = done.stderr.removeprefix("python -m benchmarks join: ").strip()
    assert page.read_text("utf-8") == f"**cannot be judged**: `{why}`\n"
