"""What is written is read as it was; runs are found by name, and rows as pytest -k finds tests."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import saved, saved_side
from pytest_against.conditions import facts
from pytest_against.formats import UNKNOWN
from pytest_against.model import CannotJudgeError
from pytest_against.saved import (
    BaselineRow,
    Timing,
    Trials,
    load_baseline,
    load_run,
    matcher,
)
from pytest_against.saved_side import Asked
from tests.against.runs import ABOUT, NODES, STOCK, changed, file, folder, recorded, trials

BASELINES: Final = sorted(Path(__file__).parents[2].glob("benchmarks/baselines/*/*.json"))
TIMINGS: Final = st.builds(Timing, st.floats(-55, 55), st.floats(1e-15, 1e9))
TRIALS: Final = st.lists(
    st.lists(st.dictionaries(st.sampled_from(NODES), TIMINGS), max_size=4), max_size=3
)


def rows(path: Path) -> Mapping[str, BaselineRow]:
    """Return the rows of a side that is this file."""
    asked = Asked(storage=path.parent, command="it")
    return saved_side.read(str(path), asked).rows


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
        assert rows(place / f"{number:04}_run.json") == wanted
        for node, row in wanted.items():
            assert row.seconds == (float(f"{trial[node].seconds:.6g}"),)
            assert row.values == (round(trial[node].log_ratio, 6),)


@pytest.mark.parametrize("path", BASELINES, ids=lambda path: path.parent.name)
def test_a_stored_baseline_is_read_also_one_of_schema_4(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))["benchmarks"]
    rows = load_baseline(saved.path_for(path.parent.name, path.parents[1]), "it").rows.values()
    for each, row in zip(stored, rows, strict=True):
        extra, names = each["extra_info"], each["params"]
        assert row.row.node == each["fullname"]
        assert (row.row.method, row.row.workload) == (names["method"], names["workload"])
        assert [list(recording) for recording in row.recordings] == extra["recordings"]
        inputs = extra["inputs"] if "inputs" in extra else extra["workload_digest"]
        assert (list(row.seconds), row.inputs) == (extra["seconds"], inputs)
        measures = extra["exact"] if "exact" in extra else extra["measures"]
        assert row.exact == {key: measures[key] for key in ("peak_bytes", "passes")}


@pytest.mark.parametrize(
    "name, version, good",
    [
        ("zope.interface", "1!2.0rc1+cu121", True),
        ("--index-url", "1", False),
        ("a b", "1", False),
        ("a", "1 --pre", False),
        ("a", "1\n", False),
        ("a", "", False),
    ],
)
def test_what_was_installed_is_stored_as_pip_takes_it(
    name: str, version: str, tmp_path: Path, *, good: bool
) -> None:
    given = replace(recorded(trials(number=6)), distributions={name: version})
    path = tmp_path / "baseline.json"
    saved.write_baseline(given, path)
    if good:
        assert load_baseline(path, "it").distributions == {name: version}
    else:
        with pytest.raises(CannotJudgeError, match=r"extra_info|distributions"):
            load_baseline(path, "it")


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
    assert load_run(copy).digest == load_run(original).digest
    assert load_run(copy).digest != load_run(STOCK[5, "after"]).digest
    place = Path(folder(tmp_path / "run", [[{NODES[0]: Timing(0.1, 1e-6)}] * 2]))
    first, second = sorted(place.iterdir())
    assert rows(first) == rows(second)
    assert load_run(first).digest != load_run(second).digest


@pytest.mark.parametrize(
    "version, encoding", [(4, "utf-8"), (5, "utf-8-sig"), (5, "utf-16"), (5, "utf-32")]
)
def test_a_file_of_another_project_is_one_trial_of_medians(
    version: int, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    path.write_text(STOCK[version, "before"].read_text("utf-8"), encoding)
    found, plain = rows(path), json.loads(path.read_bytes())
    assert {node: row.seconds for node, row in found.items()} == {
        each["fullname"]: (each["stats"]["median"],) for each in plain["benchmarks"]
    }
    row = found["test_words.py::test_sorted[10]"]
    names = (row.row.method, row.row.workload, row.row.file)
    assert names == ("test_sorted", "10", "test_words.py")
    assert (row.values, row.exact, row.inputs, row.group) == ((), {}, "", "")
    run = load_run(path)
    assert run.commit == UNKNOWN  # which pytest-benchmark calls "unversioned"
    assert facts(run).items() >= {
        ("system", "Linux"),
        ("machine", "x86_64"),
        ("host", "somewhere"),
        ("cpu", "AMD EPYC (family 25 model 17)"),
        ("python", "CPython 3.11.7"),
        ("pytest_benchmark", plain["version"]),
    }


def read(tmp_path: Path, extra: Any = None, **more: Any) -> Path:
    """Write a changed plain file."""

    def change(found: dict[str, Any]) -> None:
        found.update({"version": "unknown", **more})
        found["benchmarks"][0].update(fullname="test_it.py::test_it[a::b[1]]", extra_info=extra)
        found["benchmarks"][0].update(params={"method": "x", "odd": math.nan}, param=math.inf)

    return changed(STOCK[5, "before"], tmp_path / "run.json", change)


@pytest.mark.parametrize(
    "extra, exact, inputs",
    [
        ({"exact": {"gain": -1}, "inputs": "w", "recordings": []}, {"gain": -1}, "w"),
        ({"exact": "yes", "inputs": "w"}, {}, ""),
        ({"exact": {"a": 10**400}}, {}, ""),
        (["exact"], {}, ""),
        (None, {}, ""),
    ],
)
def test_what_a_plain_run_says_of_itself_is_kept_if_it_is_what_we_mean(
    extra: Any, exact: dict[str, int], inputs: str, tmp_path: Path
) -> None:
    row = rows(read(tmp_path, extra))["test_it.py::test_it[a::b[1]]"]
    assert (row.row.method, row.row.workload) == ("test_it", "a::b[1]")
    assert (row.exact, row.inputs, row.recordings) == (exact, inputs, ())


@pytest.mark.parametrize(
    "info, said",
    [
        (None, {}),
        ({"cpu": None, "python_version": None, "node": None}, {}),
        ({"cpu": {"brand": "Old  CPU\x00", "model": 7}}, {"cpu": "Old CPU (model 7)"}),
        ({"cpu": {"model": 7, "hz_actual": 3}}, {"cpu.model": "7"}),
        ({"cpu": "A\ud800 CPU", "simd": "avx2", "node": "x"}, {"cpu": "A CPU", "simd": "avx2"}),
        ({"python": "PyPy 7", "cpu": {}}, {"python": "PyPy 7"}),
        ({"release": "6.1", "node": "h"}, {"kernel": "6.1", "host": "h"}),
        ({"words": {"size": 3, "of": ["a", 1]}}, {"words.size": "3", "words.of": "a 1"}),
    ],
)
def test_what_is_said_of_a_machine_is_read_by_name_and_nothing_is_made_up(
    info: dict[str, Any] | None, said: dict[str, str], tmp_path: Path
) -> None:
    assert facts(load_run(read(tmp_path, machine_info=info))) == said


def test_a_commit_says_whether_the_tree_differed_from_it(tmp_path: Path) -> None:
    for info, commit in (
        (None, "unknown"),
        ({"id": None, "dirty": None}, "unknown"),
        ({"id": "unversioned", "dirty": False}, "unknown"),
        ({"id": "abc", "dirty": False}, "abc"),
        ({"id": "abc", "dirty": True}, "abc+"),
    ):
        assert load_run(read(tmp_path, commit_info=info)).commit == commit


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
