"""What is written is read as it was; what cannot be believed is refused in one line."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.model import CannotJudgeError
from pytest_against.saved import (
    Timing,
    Trials,
    check_writable,
    load_baseline,
    load_file,
    path_for,
    write_baseline,
    write_run,
    write_text,
)
from tests.against.runs import (
    ABOUT,
    NODES,
    STOCK,
    Change,
    changed,
    file,
    folder,
    recorded,
    trials,
)

COMMAND: Final = "pytest-against"
BASELINES: Final = sorted(Path(__file__).parents[2].glob("benchmarks/baselines/*/*.json"))
TIMINGS: Final = st.builds(Timing, st.floats(-55, 55), st.floats(1e-15, 1e9))
TRIALS: Final = st.lists(
    st.lists(st.dictionaries(st.sampled_from(NODES), TIMINGS), max_size=4), max_size=3
)


def _written(path: Path) -> Path:
    return Path(file(path, trials(number=6)))


@settings(deadline=None)
@given(found=TRIALS)
def test_what_was_written_is_loaded_but_for_rows_of_one_trial(
    found: Trials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("baselines") / "class" / "0000_baseline.json"
    baseline = replace(recorded(found), accepted="it is right so")
    kept = {node: row for node, row in baseline.rows.items() if len(row.seconds) > 1}
    if not kept:
        with pytest.raises(CannotJudgeError, match="no row was timed in 2 trials"):
            write_baseline(baseline, path)
        assert not path.exists()
        return
    assert write_baseline(baseline, path) == [node for node in baseline.rows if node not in kept]
    assert load_baseline(path, COMMAND) == replace(baseline, rows=kept)
    assert [each.name for each in path.parent.iterdir()] == ["0000_baseline.json"]


def test_a_review_sees_one_line_for_each_row(tmp_path: Path) -> None:
    lines = _written(tmp_path / "a.json").read_text("utf-8").splitlines()
    assert sum('"fullname"' in line for line in lines) == len(NODES) == 2


def test_the_folder_of_a_baseline_names_the_class_of_machines() -> None:
    assert path_for("linux-x", Path("all")) == Path("all", "linux-x", "0000_baseline.json")


@pytest.mark.parametrize("path", BASELINES, ids=lambda path: path.parent.name)
def test_a_stored_baseline_of_schema_4_is_read(path: Path) -> None:
    baseline = load_baseline(path, COMMAND)
    saved = json.loads(path.read_text("utf-8"))["benchmarks"]
    assert [row.row.node for row in baseline.rows.values()] == [each["fullname"] for each in saved]
    for each, row in zip(saved, baseline.rows.values(), strict=True):
        extra = each["extra_info"]
        names = each["params"]
        assert (row.row.method, row.row.workload) == (names["method"], names["workload"])
        assert [list(recording) for recording in row.recordings] == extra["recordings"]
        assert list(row.seconds) == extra["seconds"]
        assert row.inputs == extra["workload_digest"]
        assert row.exact == {key: extra["measures"][key] for key in ("peak_bytes", "passes")}


@pytest.mark.parametrize("name", ["baseline", "trial"])
def test_the_stock_tool_reads_what_was_written(name: str, tmp_path: Path) -> None:
    paths = {"baseline": _written(tmp_path / "baseline.json")}
    paths["trial"] = Path(folder(tmp_path / "run", trials())) / "0001_run.json"
    command = [sys.executable, "-m", "pytest_benchmark", "compare", str(paths[name])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "test_forward[maximum-float64-1e3]" in done.stdout


@settings(deadline=None)
@given(found=TRIALS)
def test_each_file_of_a_run_holds_exactly_what_its_own_trial_timed(
    found: Trials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("runs") / "run"
    flat = [(number, trial) for number, each in enumerate(found) for trial in each]
    timed = {n: each for n, each in enumerate(flat, start=1) if each[1]}
    if not timed:
        with pytest.raises(CannotJudgeError, match="no trial could time a row"):
            write_run(found, ABOUT, place)
        assert not place.exists()
        return
    assert write_run(found, ABOUT, place) == len(timed)
    assert sorted(path.name for path in place.iterdir()) == [f"{n:04}_run.json" for n in timed]
    for number, (recording, trial) in timed.items():
        rows = load_file(place / f"{number:04}_run.json").content.rows
        assert rows.keys() == trial.keys()
        for node, row in rows.items():
            assert row.recordings == (*[()] * recording, (round(trial[node].log_ratio, 6),))
            assert row.seconds == (float(f"{trial[node].seconds:.6g}"),)
            about = replace(ABOUT.rows[node], recordings=row.recordings, seconds=row.seconds)
            assert row == about


def test_trials_that_took_the_same_times_by_chance_are_told_apart(tmp_path: Path) -> None:
    place = Path(folder(tmp_path / "run", [[{NODES[0]: Timing(0.1, 1e-6)}] * 2]))
    first, second = (load_file(path) for path in sorted(place.iterdir()))
    assert first.content == second.content
    assert first.digest != second.digest


def test_a_copy_is_known_however_it_is_formatted(tmp_path: Path) -> None:
    copy = changed(STOCK[5, "before"], tmp_path / "copy.json")
    assert copy.read_bytes() != STOCK[5, "before"].read_bytes()
    assert load_file(copy).digest == load_file(STOCK[5, "before"]).digest
    assert load_file(copy).digest != load_file(STOCK[5, "after"]).digest


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def write(*_: object) -> None:
        written.append(1)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("pytest_against.files.replace", write)
    with pytest.raises(KeyboardInterrupt):
        folder(tmp_path / "run", trials())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_never_overwritten(tmp_path: Path) -> None:
    folder(tmp_path / "run", trials(number=2))
    before = sorted(path.read_bytes() for path in (tmp_path / "run").iterdir())
    with pytest.raises(CannotJudgeError, match="run is there already; remove it, or name another"):
        folder(tmp_path / "run", trials(number=4))
    assert sorted(path.read_bytes() for path in (tmp_path / "run").iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize(
    "write",
    [
        check_writable,
        lambda path: write_text(path, "text"),
        lambda path: write_baseline(recorded(trials()), path),
        lambda path: write_run(trials(), ABOUT, path),
    ],
    ids=["check", "text", "baseline", "run"],
)
def test_what_cannot_be_written_is_one_line_with_the_file_and_the_remedy(
    write: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(CannotJudgeError, match=r"cannot be written .*; make room for it, or name"):
        write(tmp_path / "file" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("path", STOCK.values(), ids=lambda path: path.stem)
def test_a_file_of_another_project_is_one_trial_of_medians(path: Path) -> None:
    found = load_file(path)
    saved = json.loads(path.read_text())
    assert {node: row.seconds for node, row in found.content.rows.items()} == {
        each["fullname"]: (each["stats"]["median"],) for each in saved["benchmarks"]
    }
    row = found.content.rows["test_words.py::test_sorted[10]"]
    assert (row.row.method, row.row.workload, row.row.file) == (
        "test_sorted",
        "10",
        "test_words.py",
    )
    assert (row.values, row.exact, row.inputs, row.group) == ((), {}, "", "")
    assert (found.host, found.content.commit) == ("somewhere", "unversioned")
    assert found.content.machine == {
        "system": "Linux",
        "machine": "x86_64",
        "cpu": "AMD EPYC 25 17",
        "simd": "unknown",
        "python": "CPython 3.11.7",
        "numpy": "unknown",
        "pytest_benchmark": saved["version"],
    }


def _first(found: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = found["benchmarks"][0]
    return first


def _plain(tmp_path: Path, change: Change) -> Any:
    found = load_file(changed(STOCK[5, "before"], tmp_path / "run.json", change))
    return found, next(iter(found.content.rows.values()))


def test_brackets_and_colons_in_a_parameter_are_part_of_it(tmp_path: Path) -> None:
    _, row = _plain(tmp_path, lambda f: _first(f).update(fullname="test_it.py::test_it[a::b[1]]"))
    assert (row.row.method, row.row.workload) == ("test_it", "a::b[1]")


@pytest.mark.parametrize(
    "extra, exact, inputs",
    [
        ({"exact": {"gain": -1}, "inputs": "w", "note": []}, {"gain": -1}, "w"),
        ({"exact": "yes", "inputs": "w"}, {}, ""),
        ({"exact": {"a": 10**400}}, {}, ""),
        (None, {}, ""),
        ("words", {}, ""),
    ],
)
def test_what_a_plain_run_says_of_itself_is_kept_if_it_is_what_we_mean(
    extra: Any, exact: dict[str, int], inputs: str, tmp_path: Path
) -> None:
    _, row = _plain(tmp_path, lambda f: _first(f).update(extra_info=extra))
    assert (row.exact, row.inputs) == (exact, inputs)


@pytest.mark.parametrize(
    "info, machine",
    [
        ({}, {}),
        ({"cpu": None, "python_version": None, "node": 3}, {}),
        ({"cpu": {}}, {}),
        ({"cpu": {"brand": "Old  CPU\x00", "model": 7}}, {"cpu": "Old CPU 7"}),
        (
            {"cpu": "Some\ud800 CPU", "simd": "avx2", "node": "x"},
            {"cpu": "Some CPU", "simd": "avx2"},
        ),
        ({"python": "PyPy 7", "numpy": ""}, {"python": "PyPy 7", "numpy": ""}),
    ],
)
def test_what_is_not_said_of_a_machine_is_unknown(
    info: dict[str, Any], machine: dict[str, str], tmp_path: Path
) -> None:
    def change(found: dict[str, Any]) -> None:
        found["machine_info"] = info
        del found["version"]

    found, _ = _plain(tmp_path, change)
    assert found.host == ""
    assert found.content.machine == dict.fromkeys(ABOUT.machine, "unknown") | machine


@pytest.mark.parametrize(
    "info, commit",
    [
        (None, "unknown"),
        ({}, "unknown"),
        ({"id": None, "dirty": None}, "unknown"),
        ({"id": "abc", "dirty": False}, "abc"),
        ({"id": "abc", "dirty": True}, "abc+"),
    ],
)
def test_a_commit_says_whether_the_tree_differed_from_it(
    info: Any, commit: str, tmp_path: Path
) -> None:
    found, _ = _plain(tmp_path, lambda f: f.update(commit_info=info))
    assert found.content.commit == commit


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_no_fault(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(STOCK[5, "before"].read_text("utf-8"), encoding)
    assert load_file(path).content == load_file(STOCK[5, "before"]).content


def test_numbers_that_are_not_read_may_be_anything(tmp_path: Path) -> None:
    odd = {"x": [math.nan, math.inf]}
    _, row = _plain(tmp_path, lambda f: _first(f).update(params=odd, param=math.nan))
    assert row.row.method == "test_join"
