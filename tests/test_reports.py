"""The report of a gate is read as it was written, or refused with the command that writes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import CannotJudgeError
from benchmarks.judge import Verdict
from benchmarks.report import as_json
from benchmarks.reports import Report, ReportRow, load
from tests.test_report import MACHINE, SLOWER, SMALL, STEADY

COMMAND: Final = "python -m benchmarks"
FOUND: Final[dict[str, Any]] = json.loads(as_json(SMALL))
FOUND["machine"] = {**MACHINE, "pytest_benchmark": "5.3.1"}


def _load(path: Path, content: object) -> Report:
    path.write_text(json.dumps(content), "utf-8")
    return load(path, COMMAND)


def test_what_a_gate_wrote_is_read(tmp_path: Path) -> None:
    report = _load(tmp_path / "gate.json", FOUND)
    assert (report.verdict, report.exit_code) == (Verdict.REGRESSED, 1)
    assert report.machine_class == "linux-x86_64-genuineintel-6-85-avx512"
    assert (report.base, report.head) == ("v1 (a1b2c3d)", "the working tree")
    assert [row.row for row in report.rows] == [STEADY.row, SLOWER.row]
    assert report.rows[1] == ReportRow(
        row="slow[1e3]",
        method="slow",
        verdict=Verdict.REGRESSED,
        ratio=1.25,
        low=1.2,
        high=1.3,
        why="slower than the limit",
    )


def test_the_reason_of_a_gate_that_could_not_judge_is_read(tmp_path: Path) -> None:
    failed = json.loads(as_json(replace(SMALL, rows=(), why="no baseline; record it")))
    report = _load(tmp_path / "gate.json", failed | {"machine": FOUND["machine"]})
    assert (report.verdict, report.exit_code) == (Verdict.UNJUDGED, 2)
    assert (report.rows, report.why) == ((), "no baseline; record it")


def test_a_factor_that_was_not_measured_is_none(tmp_path: Path) -> None:
    found = json.loads(json.dumps(FOUND))
    found["rows"][0] |= {"ratio": None, "low": None, "high": None}
    row = _load(tmp_path / "gate.json", found).rows[0]
    assert (row.ratio, row.low, row.high) == (None, None, None)


def _set(*keys: str | int, value: object) -> Callable[[Any], None]:
    def change(found: Any) -> None:
        for key in keys[:-1]:
            found = found[key]
        found[keys[-1]] = value

    return change


def _drop(name: str) -> Callable[[Any], None]:
    return lambda found: found.pop(name)


CHANGES: Final = {
    "no verdict": (_drop("verdict"), "KeyError"),
    "no machine": (_drop("machine"), "KeyError"),
    "no rows": (_drop("rows"), "KeyError"),
    "unknown verdict": (_set("verdict", value="fine"), "'fine' is not a valid Verdict"),
    "unknown exit": (_set("exit", value=4), "exit code 4"),
    "green with a row that is red": (_set("exit", value=0), "not every row is proven steady"),
    "reason of numbers": (_set("why", value=1), "1 instead of a text"),
    "exit of a list": (_set("exit", value=[]), "TypeError"),
    "unknown machine": (_set("machine", value={}), "missing"),
    "surplus machine": (_set("machine", "host", value="h"), "unexpected keyword"),
    "machine of numbers": (_set("machine", "cpu", value=1), "1 instead of a text"),
    "row of numbers": (_set("rows", 0, "row", value=1), "1 instead of a text"),
    "reason of a list": (_set("rows", 0, "why", value=[]), "instead of a text"),
    "infinite factor": (_set("rows", 0, "ratio", value=float("inf")), "inf is no factor"),
    "negative factor": (_set("rows", 0, "low", value=-1), "-1 is no factor"),
    "factor of words": (_set("rows", 0, "high", value="high"), "could not convert"),
    "row twice": (_set("rows", 0, "row", value="slow[1e3]"), "a row is in it twice"),
    "rows of numbers": (_set("rows", value=[1]), "TypeError"),
}


@pytest.mark.parametrize("change, words", CHANGES.values(), ids=CHANGES)
def test_a_report_that_cannot_be_believed_is_refused(
    change: Callable[[Any], None], words: str, tmp_path: Path
) -> None:
    found = json.loads(json.dumps(FOUND))
    change(found)
    with pytest.raises(CannotJudgeError, match="is not the report of a gate") as caught:
        _load(tmp_path / "gate.json", found)
    assert words in str(caught.value)
    assert str(caught.value).endswith("write one: python -m benchmarks gate --json FILE")


NEW: Final = FOUND["rows"][1] | {"verdict": "new"}
GREEN: Final = FOUND | {"verdict": "steady", "exit": 0}


@pytest.mark.parametrize("rows", [[], [NEW]], ids=["no rows", "new rows only"])
def test_green_on_nothing_is_refused(rows: list[Any], tmp_path: Path) -> None:
    with pytest.raises(CannotJudgeError, match="exit code 0, and not every row is proven steady"):
        _load(tmp_path / "gate.json", GREEN | {"rows": rows})


def test_new_rows_beside_others_may_be_green(tmp_path: Path) -> None:
    report = _load(tmp_path / "gate.json", GREEN | {"rows": [FOUND["rows"][0], NEW]})
    assert (report.exit_code, report.rows[1].verdict) == (0, Verdict.NEW)


@given(
    content=st.binary(max_size=200) | st.recursive(st.none(), st.lists).map(repr).map(str.encode)
)
def test_no_content_ends_in_a_traceback_or_in_two_lines(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "gate.json"
    path.write_bytes(content)
    with pytest.raises(CannotJudgeError) as caught:
        load(path, COMMAND)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CannotJudgeError, match="No such file"):
        load(tmp_path / "gate.json", COMMAND)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "gate.json"
    with path.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(CannotJudgeError, match="more than 16,777,216 bytes"):
        load(path, COMMAND)
