"""Exact measures are stored for every row, are right, and are never half written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.command import main
from benchmarks.errors import CannotJudgeError
from benchmarks.exact import Measures, digest, measure
from benchmarks.expectations import Expectation, load, record
from benchmarks.expectations import differences as differences_of
from benchmarks.rows import Row
from benchmarks.suite import SUITE, all_rows, by_name, default_rows
from benchmarks.workloads import WORKLOADS

ROW: Final = by_name("maximum", "float64-1e3")
ROWS: Final = [ROW, by_name("multiply", "float32-1e3"), by_name("mask_assign", "float64-1e3")]
MATRICES: Final = [row for row in default_rows() if len(WORKLOADS[row.workload].shape) > 1]
MEASURES: Final = measure(ROW)
REFRESH: Final = f"{SUITE.command} expect"
STORED: Final = load(SUITE.expectations, SUITE.command)


def differences(row: Row, measures: Measures, stored: Mapping[str, Expectation]) -> list[str]:
    return differences_of(row, measures, stored, SUITE.command)


def _wrong(x: NDArray[Any]) -> NDArray[Any]:
    return x + 1


def test_every_row_has_an_expectation() -> None:
    missing = {row.name for row in all_rows()} - set(STORED)
    assert not missing, f"record them with {REFRESH}"


def test_every_expectation_belongs_to_a_row() -> None:
    unused = set(STORED) - {row.name for row in all_rows()}
    assert not unused, f"remove them with {REFRESH}"


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.name)
def test_stored_workload_is_the_one_of_the_row(row: Row) -> None:
    assert STORED[row.name].workload_digest == row.workload_digest


@pytest.mark.parametrize("row", default_rows(), ids=lambda row: row.name)
def test_stored_digest_is_that_of_the_independent_answer(row: Row) -> None:
    case = row.case()
    result = case.written[case.returned] if isinstance(case.returned, str) else case.returned
    written = [case.written[name] for name in case.operands if name in case.written]
    assert STORED[row.name].measures.digest == digest(result, *written)
    assert STORED[row.name].measures.dtype == str(result.dtype)


def test_row_that_is_not_stored_says_how_to_record_it() -> None:
    (words,) = differences(ROW, MEASURES, {})
    assert words == "no expectation is stored for this row; record it: python -m benchmarks expect"


def test_stored_row_has_no_difference() -> None:
    assert differences(ROW, MEASURES, STORED) == []


def test_changed_workload_is_named_with_both_digests() -> None:
    changed = replace(ROW, workload_digest="0123456789abcdef")
    (words,) = differences(changed, MEASURES, STORED)
    assert f"digest is 0123456789abcdef, expected {ROW.workload_digest}" in words
    assert "the input changed under the same name" in words


def test_changed_measure_is_named_with_both_values() -> None:
    heavier = replace(MEASURES, passes=2, dtype="float32")
    found = differences(ROW, heavier, STORED)
    assert found == ["dtype is float32, expected float64", "passes is 2, expected 1"]


@pytest.mark.parametrize(
    "expected, raised, words",
    [
        ((), (), []),
        ((DeprecationWarning,), ("DeprecationWarning",), []),
        ((DeprecationWarning,), (), ["warnings is none, expected DeprecationWarning"]),
        ((), ("UserWarning",), ["warnings is UserWarning, expected none"]),
    ],
)
def test_warnings_are_those_of_the_row_and_not_those_that_were_stored(
    expected: tuple[type[Warning], ...], raised: tuple[str, ...], words: list[str]
) -> None:
    row = replace(ROW, warns=expected)
    assert differences(row, replace(MEASURES, warnings=raised), STORED) == words


def test_row_expects_the_warnings_of_its_contract() -> None:
    row = by_name("maximum_positional", "float64-1e3")
    deprecated = np.lib.NumpyVersion(np.__version__) >= "2.4.0"
    assert row.warns == ((DeprecationWarning,) if deprecated else ())
    assert measure(row).warnings == tuple(category.__name__ for category in row.warns)
    assert ROW.warns == ()


@pytest.mark.parametrize("row", MATRICES, ids=lambda row: row.name)
def test_several_dimensions_take_the_memory_of_this_release(row: Row) -> None:
    assert differences(row, measure(row), STORED) == []


def test_memory_that_only_this_release_takes_is_expected_and_never_stored(tmp_path: Path) -> None:
    path = tmp_path / "expectations.json"
    hungry = replace(ROW, more_bytes=10_000)
    (words,) = differences(hungry, MEASURES, STORED)
    assert words.startswith("peak_bytes is ")
    heavier = replace(MEASURES, peak_bytes=MEASURES.peak_bytes + 10_000)
    assert differences(hungry, heavier, STORED) == []
    record([hungry], path)
    assert load(path, "")[ROW.name].measures.peak_bytes == MEASURES.peak_bytes - 10_000


def test_older_releases_take_more_in_several_dimensions_only() -> None:
    older = np.lib.NumpyVersion(np.__version__) < "2.3.0"
    assert by_name("mask_float", "float64-3e4-fortran").more_bytes == (65536 if older else 0)
    assert by_name("mask_float", "float64-3e4").more_bytes == 0


FIELDS: Final = {name: value for name, value in asdict(MEASURES).items() if name != "warnings"} | {
    "workload_digest": "d"
}


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        SUITE.expectations.read_bytes()[:-100],
        b'{"\xff\xfe": 1}',
        b"[]",
        b"null",
        b"1",
        b"[" * 100_000,
        b'{"row": 1}',
        b'{"row": []}',
        b'{"row": {}}',
        json.dumps({"row": FIELDS | {"surplus": 1}}).encode(),
        json.dumps({"row": {k: v for k, v in FIELDS.items() if k != "passes"}}).encode(),
    ],
    ids=lambda content: content and content[:12].decode("latin-1") + f"...{len(content)}",
)
def test_unreadable_file_is_named_with_the_command_that_rewrites_it(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "expectations.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CannotJudgeError, match="holds no expectations") as caught:
        load(path, SUITE.command)
    assert str(path) in str(caught.value)
    assert REFRESH in str(caught.value)


def test_recorded_rows_are_loaded_as_they_were_measured(tmp_path: Path) -> None:
    path = tmp_path / "expectations.json"
    assert record(ROWS, path) == 3
    stored = load(path, SUITE.command)
    assert list(stored) == [row.name for row in ROWS]
    assert all(differences(row, measure(row), stored) == [] for row in ROWS)


def test_recorded_file_has_a_line_per_row_so_that_a_review_shows_what_changed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "expectations.json"
    record(ROWS, path)
    lines = path.read_text().splitlines()
    assert [line.split('"')[1] for line in lines[1:-1]] == [row.name for row in ROWS]


def test_recording_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    record(ROWS, first)
    record(ROWS, second)
    assert first.read_bytes() == second.read_bytes()


def _raising(x: NDArray[Any]) -> None:
    raise TypeError(f"no {x.dtype}")


def test_row_that_raises_is_named(tmp_path: Path) -> None:
    path = tmp_path / "expectations.json"
    with pytest.raises(
        CannotJudgeError, match=r"raises TypeError: no float\d\d; mend it"
    ) as caught:
        record([replace(ROW, function=_raising)], path)
    assert ROW.name in str(caught.value)
    assert not path.exists()


def _crashing() -> Iterator[Row]:
    yield ROW
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "rows, error",
    [([ROW, replace(ROW, function=_wrong)], ValueError), (_crashing(), KeyboardInterrupt)],
    ids=["wrong answer", "interrupted"],
)
def test_failed_recording_keeps_the_old_file_and_leaves_no_other(
    rows: Any, error: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "expectations.json"
    path.write_text("old")
    with pytest.raises(error):
        record(rows, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError("disk full")

    path = tmp_path / "expectations.json"
    path.write_text("old")
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        record(ROWS, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_warnings_are_not_stored_because_they_belong_to_the_release(tmp_path: Path) -> None:
    path = tmp_path / "expectations.json"
    record([by_name("maximum_positional", "float64-1e3")], path)
    assert "arning" not in path.read_text()


def test_rows_that_are_gone_are_no_longer_stored(tmp_path: Path) -> None:
    path = tmp_path / "expectations.json"
    record(ROWS, path)
    record(ROWS[:1], path)
    assert list(load(path, SUITE.command)) == [ROW.name]


def test_command_records_every_row_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded: list[str] = []

    def note(rows: Iterable[Row], path: Path) -> int:
        recorded.extend(row.name for row in rows)
        assert path == SUITE.expectations
        return 7

    monkeypatch.setattr("benchmarks.expectations.record", note)
    assert main("benchmarks.suite", ["expect"]) == 0
    assert recorded == list(STORED)
    assert f"{SUITE.expectations}: 7 rows" in capsys.readouterr().out
