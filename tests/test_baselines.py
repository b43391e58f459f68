"""A stored baseline is read as it was written, or refused with the command that mends it."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.baselines import SCHEMA, Baseline, StoredRow, load, load_for, path_for, save
from benchmarks.errors import CannotJudgeError
from benchmarks.exact import Measures
from benchmarks.machine import this_machine

ROOT: Final = Path(__file__).parents[1]
COMMAND: Final = "python -m benchmarks"
MEASURES: Final = Measures("d", "float64", 8, 1, 16, ("RuntimeWarning",))
ROW: Final = StoredRow(
    method="maximum",
    workload="float64-1e3",
    group="forward float64-1e3",
    fullname="benchmarks/test_forward.py::test_forward[maximum-float64-1e3]",
    workload_digest="w",
    recordings=((0.10, 0.12), (0.14, 0.15)),
    seconds=(1e-6, 1.1e-6, 1.2e-6, 1.3e-6),
    kernel=(0.2, 0.21, 0.22, 0.23),
    measures=MEASURES,
)
OTHER: Final = replace(
    ROW,
    method="fmax",
    fullname=ROW.fullname.replace("maximum", "fmax"),
    recordings=((0.1, 0.2),) * 2,
)
BASELINE: Final = Baseline(
    machine=this_machine().as_dict(),
    commit="0123456789",
    recorded="2026-01-02T03:04:05+00:00",
    accepted="",
    rows={row.name: row for row in (ROW, OTHER)},
)


def saved(path: Path) -> dict[str, Any]:
    save(BASELINE, path)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    save(BASELINE, tmp_path / "a" / "0000_baseline.json")
    assert load(tmp_path / "a" / "0000_baseline.json", COMMAND) == BASELINE


def test_saving_leaves_nothing_else_behind(tmp_path: Path) -> None:
    save(BASELINE, tmp_path / "0000_baseline.json")
    assert [path.name for path in tmp_path.iterdir()] == ["0000_baseline.json"]


def test_a_review_sees_one_line_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "0000_baseline.json"
    save(BASELINE, path)
    lines = path.read_text("utf-8").splitlines()
    assert sum('"fullname"' in line for line in lines) == len(BASELINE.rows) == 2


def test_the_folder_names_the_class_of_machines_and_no_software(tmp_path: Path) -> None:
    machine = replace(this_machine(), cpu="Some CPU @ 3 GHz (x)", simd="avx2")
    upgraded = replace(machine, numpy="9.9", python="CPython 9.9", pytest_benchmark="9.9")
    path = path_for(machine, tmp_path)
    assert path == path_for(upgraded, tmp_path)
    assert path != path_for(replace(machine, cpu="Another"), tmp_path)
    assert path.parent.parent == tmp_path
    assert path.name == "0000_baseline.json"


def test_pytest_benchmark_compares_a_baseline(tmp_path: Path) -> None:
    save(BASELINE, tmp_path / "0000_baseline.json")
    command = [sys.executable, "-m", "pytest_benchmark", f"--storage=file://{tmp_path}", "compare"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "test_forward[maximum-float64-1e3]" in done.stdout


def _recorded(shift: float, spread: float, rows: int) -> Baseline:
    rng = random.Random(1)
    found = {
        str(n): replace(
            ROW,
            method=str(n),
            recordings=tuple(
                tuple(rng.gauss(where, spread) for _ in range(20)) for where in (0, shift)
            ),
        )
        for n in range(rows)
    }
    return replace(BASELINE, rows=found)


def test_recordings_that_differ_by_no_more_than_their_trials_explain_show_no_drift() -> None:
    assert _recorded(0, 0.05, 200).drift("float64-1e3") < 0.01


def test_drift_is_twice_the_deviation_between_recordings() -> None:
    # Two values that are 0.1 apart have a standard deviation of 0.0707.
    assert math.isclose(_recorded(0.1, 0.05, 200).drift("float64-1e3"), 0.1414, rel_tol=0.1)


def test_drift_is_that_of_the_workload() -> None:
    quiet = replace(OTHER, workload="other", recordings=((0.1, 0.2), (0.1, 0.2)))
    baseline = replace(BASELINE, rows={ROW.name: ROW, quiet.name: quiet})
    assert baseline.drift("other") == 0
    assert baseline.drift("float64-1e3") > 0


def test_the_trials_of_all_recordings_count() -> None:
    assert ROW.values == (0.10, 0.12, 0.14, 0.15)


def test_a_missing_baseline_names_the_command_that_records_it(tmp_path: Path) -> None:
    with pytest.raises(CannotJudgeError, match=r"no baseline .*python -m benchmarks baseline"):
        load(tmp_path / "0000_baseline.json", COMMAND)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"{}", b"7", b'"text"', b"[" * 100_000],
    ids=["empty", "truncated", "no UTF-8", "list", "null", "no keys", "number", "text", "nested"],
)
def test_what_is_no_baseline_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "0000_baseline.json"
    path.write_bytes(content)
    with pytest.raises(CannotJudgeError, match="python -m benchmarks baseline") as caught:
        load(path, COMMAND)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def no_rows(found: dict[str, Any]) -> None:
    found["benchmarks"] = []


def other_schema(found: dict[str, Any]) -> None:
    found["extra_info"]["schema"] = 99


def twice(found: dict[str, Any]) -> None:
    found["benchmarks"].append(found["benchmarks"][0])


def no_time(value: Any) -> Callable[[dict[str, Any]], None]:
    def change(found: dict[str, Any]) -> None:
        found["benchmarks"][0]["extra_info"]["seconds"][0] = value

    return change


def no_ratio(found: dict[str, Any]) -> None:
    found["benchmarks"][0]["extra_info"]["recordings"][0][0] = math.nan


def one_trial(found: dict[str, Any]) -> None:
    found["benchmarks"][0]["extra_info"]["recordings"] = [[0.1]]


def no_kernel(found: dict[str, Any]) -> None:
    found["benchmarks"][0]["extra_info"]["kernel"] = []


def no_machine(found: dict[str, Any]) -> None:
    del found["machine_info"]["cpu"]


def wrong_measure(found: dict[str, Any]) -> None:
    found["benchmarks"][0]["extra_info"]["measures"]["peak_bytes"] = "8"


@pytest.mark.parametrize(
    "change, words",
    [
        (no_rows, "it has no rows"),
        (other_schema, f"schema 99 instead of {SCHEMA}"),
        (twice, "a row is in it twice"),
        (no_time(0), "has the time 0"),
        (no_time(-1), "has the time -1"),
        (no_time(math.nan), "has the time nan"),
        (no_time(math.inf), "has the time inf"),
        (no_ratio, "has the time nan"),
        (one_trial, "fewer than two trials"),
        (no_kernel, "no ratio to its kernel"),
        (no_machine, "cpu"),
        (wrong_measure, "peak_bytes is '8', expected int"),
    ],
)
def test_a_baseline_that_cannot_be_believed_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    path = tmp_path / "0000_baseline.json"
    found = saved(path)
    change(found)
    path.write_text(json.dumps(found), "utf-8")
    with pytest.raises(CannotJudgeError, match=words):
        load(path, COMMAND)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "0000_baseline.json"
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(CannotJudgeError, match="more than 67,108,864 bytes"):
        load(path, COMMAND)


def test_a_link_is_followed_and_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "0000_baseline.json"
    real.write_text("old", "utf-8")
    link.symlink_to(real)
    save(BASELINE, link)
    assert link.is_symlink()
    assert load(link, COMMAND) == load(real, COMMAND) == BASELINE


def test_a_baseline_of_the_class_of_machines_is_loaded(tmp_path: Path) -> None:
    machine = this_machine()
    save(BASELINE, path_for(machine, tmp_path))
    upgraded = replace(machine, numpy="9.9")
    assert load_for(machine, tmp_path, COMMAND) == BASELINE
    assert load_for(upgraded, tmp_path, COMMAND) == BASELINE


def test_a_baseline_that_was_copied_from_another_class_is_refused(tmp_path: Path) -> None:
    other = replace(this_machine(), cpu="Another")
    save(BASELINE, path_for(other, tmp_path))
    with pytest.raises(CannotJudgeError, match="recorded on another class of machines") as caught:
        load_for(other, tmp_path, COMMAND)
    assert str(path_for(other, tmp_path)) in str(caught.value)
    assert this_machine().class_name in str(caught.value)
