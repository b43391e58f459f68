"""A saved run is read as it was saved, by whichever project, or refused in one line."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.baselines import SCHEMA
from benchmarks.errors import CannotJudgeError
from benchmarks.runs import read, write
from tests.saved import STOCK, changed, file, folder, recorded, side_of

NODE: Final = "test_words.py::test_sorted[10]"


@pytest.mark.parametrize("path", STOCK.values(), ids=lambda path: path.stem)
def test_a_file_of_another_project_is_one_trial_of_medians(path: Path) -> None:
    run = read(path)
    saved = {
        b["fullname"]: b["stats"]["median"] for b in json.loads(path.read_text())["benchmarks"]
    }
    assert {node: row.seconds for node, row in run.rows.items()} == {
        node: (median,) for node, median in saved.items()
    }
    row = run.rows[NODE]
    assert (row.name, row.method, row.workload) == (NODE, "test_sorted", "10")
    assert (row.ratios, row.measures, row.workload_digest) == ((), None, "")
    assert run.machine == "somewhere, Linux, x86_64, AMD EPYC 25 17"


def test_a_folder_has_the_trials_of_the_recording_it_was_written_from(tmp_path: Path) -> None:
    baseline = recorded(trials=5)
    side = side_of(folder(tmp_path / "run", baseline))
    assert side.trials == len(side.runs) == 5
    for row in side.rows.values():
        assert row.seconds == baseline.rows[row.name].seconds
        assert row.recordings == baseline.rows[row.name].recordings
        assert row.measures == baseline.rows[row.name].measures


def test_a_row_that_needed_fewer_trials_is_in_fewer_files(tmp_path: Path) -> None:
    few, many = recorded(trials=4), recorded(trials=7)
    first, second = many.rows
    uneven = replace(many, rows={first: few.rows[first], second: many.rows[second]})
    side = side_of(folder(tmp_path / "run", uneven))
    assert len(side.runs) == 7
    for row in side.rows.values():
        assert row.seconds == uneven.rows[row.name].seconds
        assert row.recordings == uneven.rows[row.name].recordings


def test_a_baseline_holds_the_same_trials_in_one_file(tmp_path: Path) -> None:
    many = side_of(folder(tmp_path / "run", recorded(drift=0.1)))
    one = side_of(file(tmp_path / "one.json", recorded(drift=0.1)))
    assert (one.rows, one.trials, len(one.runs)) == (many.rows, many.trials, 1)
    assert one.drift("float64-1e3") == many.drift("float64-1e3") > 0


def test_writing_leaves_nothing_else_behind(tmp_path: Path) -> None:
    assert write(recorded(trials=3), tmp_path / "a" / "run") == 3
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["run"]
    names = sorted(path.name for path in (tmp_path / "a" / "run").iterdir())
    assert names == ["0001_run.json", "0002_run.json", "0003_run.json"]


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []

    def save(*_: object) -> None:
        saved.append(1)
        if len(saved) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.baselines.save", save)
    with pytest.raises(KeyboardInterrupt):
        write(recorded(), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_never_overwritten(tmp_path: Path) -> None:
    folder(tmp_path / "run", recorded(trials=2))
    before = sorted(path.read_bytes() for path in (tmp_path / "run").iterdir())
    with pytest.raises(OSError, match="not empty"):
        write(recorded(trials=3), tmp_path / "run")
    assert sorted(path.read_bytes() for path in (tmp_path / "run").iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_stock_tool_reads_a_trial(tmp_path: Path) -> None:
    path = folder(tmp_path / "run", recorded()) / "0001_run.json"
    command = [sys.executable, "-m", "pytest_benchmark", "compare", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "test_forward[maximum-float64-1e3]" in done.stdout


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"{}", b"7", b'"text"', b"[" * 100_000],
    ids=["empty", "truncated", "no UTF-8", "list", "null", "no keys", "number", "text", "nested"],
)
def test_what_is_no_saved_run_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(CannotJudgeError, match="is not a saved run") as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with path.open("wb") as stream:
        stream.truncate(65 * 1024 * 1024)
    with pytest.raises(CannotJudgeError, match="more than 67,108,864 bytes"):
        read(path)


def _first(found: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = found["benchmarks"][0]
    return first


def _median(value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: _first(found)["stats"].update(median=value)


SPOILED: Final[dict[str, tuple[Callable[[dict[str, Any]], None], str]]] = {
    "no rows": (lambda f: f.update(benchmarks=[]), "it has no rows"),
    "twice": (lambda f: f["benchmarks"].append(_first(f)), "is in it twice"),
    "no name": (lambda f: _first(f).update(fullname=None), "None is no name"),
    "line break": (lambda f: _first(f).update(fullname="a\nb"), "is no name"),
    "no stats": (lambda f: _first(f).pop("stats"), "stats"),
    "no machine": (lambda f: f.pop("machine_info"), "machine_info"),
    "other schema": (
        lambda f: f.update(extra_info={"schema": 99}),
        f"schema 99 instead of {SCHEMA}",
    ),
    "zero": (_median(0), "has the time 0"),
    "too short": (_median(1e-320), "has the time 1e-320"),
    "too long": (_median(1e300), "has the time 1e\\+300"),
    "negative": (_median(-1e-6), "has the time -1e-06"),
    "NaN": (_median(math.nan), "has the time nan"),
    "infinite": (_median(math.inf), "has the time inf"),
    "huge": (_median(10**400), "too large"),
    "text": (_median("1"), "has the time '1'"),
    "true": (_median(True), "has the time True"),  # noqa: FBT003
}


@pytest.mark.parametrize("change, words", SPOILED.values(), ids=SPOILED)
def test_a_run_that_cannot_be_believed_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    path = changed(STOCK[5, "before"], tmp_path / "run.json", change)
    with pytest.raises(CannotJudgeError, match=words) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_ratios_and_times_must_be_as_many(tmp_path: Path) -> None:
    path = file(tmp_path / "a.json", recorded())
    short = changed(path, path, lambda f: _first(f)["extra_info"]["seconds"].pop())
    with pytest.raises(CannotJudgeError, match="20 ratios and 19 times"):
        read(short)


def test_a_ratio_that_no_two_times_have_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path / "a.json", recorded())
    steep = changed(
        path, path, lambda f: _first(f)["extra_info"]["recordings"][0].__setitem__(0, 1e3)
    )
    with pytest.raises(CannotJudgeError, match="has the log ratio 1000"):
        read(steep)


def test_brackets_and_colons_in_a_parameter_are_part_of_it(tmp_path: Path) -> None:
    node = "test_words.py::test_it[a::b[1]]"
    path = changed(
        STOCK[5, "before"], tmp_path / "run.json", lambda f: _first(f).update(fullname=node)
    )
    row = read(path).rows[node]
    assert (row.method, row.workload) == ("test_it", "a::b[1]")


@settings(deadline=None, derandomize=True, max_examples=200)
@given(data=st.data())
def test_any_prefix_of_a_file_is_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = STOCK[4, "after"].read_bytes().rstrip()
    path = tmp_path_factory.mktemp("prefix") / "run.json"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(CannotJudgeError, match="is not a saved run"):
        read(path)


def test_trials_that_took_the_same_times_by_chance_are_told_apart(tmp_path: Path) -> None:
    once = recorded()
    rows = {
        name: replace(row, recordings=((0.1, 0.1),), seconds=(1e-6, 1e-6), kernel=(0.2, 0.2))
        for name, row in once.rows.items()
    }
    write(replace(once, rows=rows), tmp_path / "run")
    first, second = (read(path) for path in sorted((tmp_path / "run").iterdir()))
    assert first.content != second.content
