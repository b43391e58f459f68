"""What is written is read as it was; runs are found by name, and rows as pytest -k finds tests."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import saved
from pytest_against.model import CannotJudgeError
from pytest_against.saved import (
    Baseline,
    BaselineRow,
    Timing,
    Trials,
    load_baseline,
    load_file,
    matcher,
)
from tests.against.runs import ABOUT, NODES, STOCK, changed, file, folder, recorded, trials

BASELINES: Final = sorted(Path(__file__).parents[2].glob("benchmarks/baselines/*/*.json"))
TIMINGS: Final = st.builds(Timing, st.floats(-55, 55), st.floats(1e-15, 1e9))
TRIALS: Final = st.lists(
    st.lists(st.dictionaries(st.sampled_from(NODES), TIMINGS), max_size=4), max_size=3
)


@given(found=TRIALS)
def test_what_was_written_is_loaded_but_for_rows_of_one_trial(
    found: Trials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("baselines") / "class" / "0000_baseline.json"
    baseline = replace(recorded(found), accepted="it is right so")
    kept = {node: row for node, row in baseline.rows.items() if len(row.seconds) > 1}
    if not kept:
        with pytest.raises(CannotJudgeError, match="no row was timed in 2 trials"):
            saved.write_baseline(baseline, path)
        assert not path.exists()
        return
    left_out = [node for node in baseline.rows if node not in kept]
    assert saved.write_baseline(baseline, path) == left_out
    assert load_baseline(path, "it") == replace(baseline, rows=kept)
    # A review sees a line for each row.
    lines = path.read_text("utf-8").splitlines()
    assert sum('"fullname"' in line for line in lines) == len(kept)


@given(found=TRIALS)
def test_each_file_of_a_run_holds_exactly_what_its_own_trial_timed(
    found: Trials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("runs") / "run"
    flat = [(number, trial) for number, each in enumerate(found) for trial in each]
    timed = {n: each for n, each in enumerate(flat, start=1) if each[1]}
    if not timed:
        with pytest.raises(CannotJudgeError, match="no trial could time a row"):
            folder(place, found)
        assert not place.exists()
        return
    assert saved.write_run(found, ABOUT, place) == len(timed)
    assert sorted(path.name for path in place.iterdir()) == [f"{n:04}_run.json" for n in timed]
    for number, (recording, trial) in timed.items():
        alone = [*[()] * recording, [trial]]
        wanted = {node: row.timed(alone) for node, row in ABOUT.rows.items() if node in trial}
        assert load_file(place / f"{number:04}_run.json").content.rows == wanted
        for node, row in wanted.items():
            assert row.seconds == (float(f"{trial[node].seconds:.6g}"),)
            assert row.values == (round(trial[node].log_ratio, 6),)


@pytest.mark.parametrize("path", BASELINES, ids=lambda path: path.parent.name)
def test_a_stored_baseline_of_schema_4_is_read(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))["benchmarks"]
    rows = load_baseline(saved.path_for(path.parent.name, path.parents[1]), "it").rows.values()
    for each, row in zip(stored, rows, strict=True):
        extra, names = each["extra_info"], each["params"]
        assert row.row.node == each["fullname"]
        assert (row.row.method, row.row.workload) == (names["method"], names["workload"])
        assert [list(recording) for recording in row.recordings] == extra["recordings"]
        assert (list(row.seconds), row.inputs) == (extra["seconds"], extra["workload_digest"])
        assert row.exact == {key: extra["measures"][key] for key in ("peak_bytes", "passes")}


@pytest.mark.parametrize("name", ["baseline.json", "run/0001_run.json"])
def test_the_stock_tool_reads_what_was_written(name: str, tmp_path: Path) -> None:
    file(tmp_path / "baseline.json", trials(number=6))
    folder(tmp_path / "run", trials())
    command = [sys.executable, "-m", "pytest_benchmark", "compare", str(tmp_path / name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "test_forward[maximum-float64-1e3]" in done.stdout


def test_a_copy_is_known_however_it_is_formatted_and_equal_times_are_no_copy(
    tmp_path: Path,
) -> None:
    copy, original = changed(STOCK[5, "before"], tmp_path / "copy.json"), STOCK[5, "before"]
    assert copy.read_bytes() != original.read_bytes()
    assert load_file(copy).digest == load_file(original).digest
    assert load_file(copy).digest != load_file(STOCK[5, "after"]).digest
    place = Path(folder(tmp_path / "run", [[{NODES[0]: Timing(0.1, 1e-6)}] * 2]))
    first, second = (load_file(path) for path in sorted(place.iterdir()))
    assert first.content == second.content
    assert first.digest != second.digest


@pytest.mark.parametrize(
    "version, encoding", [(4, "utf-8"), (5, "utf-8-sig"), (5, "utf-16"), (5, "utf-32")]
)
def test_a_file_of_another_project_is_one_trial_of_medians(
    version: int, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    path.write_text(STOCK[version, "before"].read_text("utf-8"), encoding)
    found, plain = load_file(path), json.loads(path.read_bytes())
    assert {node: row.seconds for node, row in found.content.rows.items()} == {
        each["fullname"]: (each["stats"]["median"],) for each in plain["benchmarks"]
    }
    row = found.content.rows["test_words.py::test_sorted[10]"]
    names = (row.row.method, row.row.workload, row.row.file)
    assert names == ("test_sorted", "10", "test_words.py")
    assert (row.values, row.exact, row.inputs, row.group) == ((), {}, "", "")
    assert (found.host, found.content.commit) == ("somewhere", "unversioned")
    assert tuple(found.content.machine.values()) == (
        *("Linux", "x86_64", "AMD EPYC 25 17", "unknown"),
        *("CPython 3.11.7", "unknown", plain["version"], "unknown"),
    )


def read(tmp_path: Path, extra: Any = None, **more: Any) -> tuple[Baseline, BaselineRow]:
    """Return what a changed plain file holds, and the first of its rows."""

    def change(found: dict[str, Any]) -> None:
        found.update({"version": "unknown", **more})
        found["benchmarks"][0].update(fullname="test_it.py::test_it[a::b[1]]", extra_info=extra)
        found["benchmarks"][0].update(params={"method": "x", "odd": math.nan}, param=math.inf)

    found = load_file(changed(STOCK[5, "before"], tmp_path / "run.json", change))
    assert found.host == ("" if "machine_info" in more else "somewhere")
    return found.content, next(iter(found.content.rows.values()))


@pytest.mark.parametrize(
    "extra, exact, inputs",
    [
        ({"exact": {"gain": -1}, "inputs": "w", "recordings": []}, {"gain": -1}, "w"),
        ({"exact": "yes", "inputs": "w"}, {}, ""),
        ({"exact": {"a": 10**400}}, {}, ""),
        (None, {}, ""),
    ],
)
def test_what_a_plain_run_says_of_itself_is_kept_if_it_is_what_we_mean(
    extra: Any, exact: dict[str, int], inputs: str, tmp_path: Path
) -> None:
    _, row = read(tmp_path, extra)
    assert (row.row.method, row.row.workload) == ("test_it", "a::b[1]")
    assert (row.exact, row.inputs, row.recordings) == (exact, inputs, ())


@pytest.mark.parametrize(
    "info, machine",
    [
        ({"cpu": None, "python_version": None, "node": 3}, {}),
        ({"cpu": {"brand": "Old  CPU\x00", "model": 7}}, {"cpu": "Old CPU 7"}),
        ({"cpu": "A\ud800 CPU", "simd": "avx2", "node": "x"}, {"cpu": "A CPU", "simd": "avx2"}),
        ({"python": "PyPy 7", "cpu": {}}, {"python": "PyPy 7"}),
    ],
)
def test_what_is_not_said_of_a_machine_is_unknown(
    info: dict[str, Any], machine: dict[str, str], tmp_path: Path
) -> None:
    found, _ = read(tmp_path, machine_info=info)
    assert found.machine == dict.fromkeys(ABOUT.machine, "unknown") | machine


def test_a_commit_says_whether_the_tree_differed_from_it(tmp_path: Path) -> None:
    for info, commit in (
        (None, "unknown"),
        ({"id": None, "dirty": None}, "unknown"),
        ({"id": "abc", "dirty": False}, "abc"),
        ({"id": "abc", "dirty": True}, "abc+"),
    ):
        assert read(tmp_path, commit_info=info)[0].commit == commit


def test_a_name_is_a_file_a_folder_of_json_or_what_was_saved_under_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = Path("storage")
    for name in ("machine/0002_it.json", "machine/0001_it.json", "m/kept/0001_kept.json"):
        (storage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(STOCK[5, "before"], storage / name)
    (storage / "machine" / "notes.txt").write_text("no run")
    shutil.copy(STOCK[5, "after"], storage / "machine" / "other.json")
    Path("it").mkdir()  # a folder without JSON does not hide what has its name
    place, many = storage / "machine", sorted((storage / "machine").glob("*_it.json"))
    for name, runs, folders in [
        ("it", many, [place]),
        ("kept", [storage / "m/kept/0001_kept.json"], [storage / "m/kept"]),
        ("other", [place / "other.json"], [place]),
        (str(place), [*many, place / "other.json"], [place]),
        (str(many[0]), many[:1], []),
        ("x", [], []),
        ("x" * 5000, [], []),
    ]:
        assert saved.find_runs(name, storage) == runs
        assert saved.sources(name, storage) == [*runs, *folders]


def test_rows_are_chosen_as_pytest_chooses_tests() -> None:
    names = ["maximum[a-1e6]", "fmax[a-1e3]", "Where[b-1e3]"]
    for expression, places in (
        (" \t", [0, 1, 2]),
        ("MAX and not where", [0, 1]),
        ("(1e6 or where) and not(maximum)", [2]),
        ("maximum-a-1e6 or where[b", [0, 2]),
        ("maximum-a-1e6] or True or None", []),
    ):
        matches = matcher(expression)
        assert [place for place, name in enumerate(names) if matches(name)] == places
    assert matcher("b and c")("a b", "c d")
    assert not matcher("bc")("a b", "c d")


@pytest.mark.parametrize(
    "expression",
    [
        *("maximum and", "maximum where", "()", "maximum & where", "(maximum\nor where)"),
        *("'maximum'", "\udc80", "maximum\x00", "maximum(x=1)", "maximum and maximum(x=1)"),
        *(5000 * "(" + "maximum" + 5000 * ")", 5000 * "not " + "maximum"),
    ],
    ids=lambda expression: repr(expression[:25]),
)
def test_what_is_no_expression_is_refused_in_one_short_line(expression: str) -> None:
    with pytest.raises(
        CannotJudgeError, match=r"^--rows .* is no expression, or too long; join"
    ) as caught:
        matcher(expression)("maximum")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
