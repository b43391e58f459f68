"""`compare` and `record` in fresh processes: what they print, write, refuse and leave behind."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from tests.plants import BENCHMARKS, Repository, slower
from tests.saved import STOCK, changed, folder, recorded, times

ROOT: Final = Path(__file__).parents[1]
ROWS: Final = ("--rows", "maximum and 1e3")
BEFORE: Final = str(STOCK[5, "before"])
AFTER: Final = str(STOCK[5, "after"])

records = pytest.mark.skipif(
    bool(np.lib.NumpyVersion(np.__version__) < "2.3.0"),
    reason="NumPy 2.0 takes one more cast buffer for a row than is stored, and rightly fails",
)


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command."""

    exit: int
    output: str
    errors: str


def run(*arguments: str, cwd: Path = ROOT) -> Run:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    place = tmp_path_factory.mktemp("sides")
    return {
        "old": str(folder(place / "old", recorded(seed=1))),
        "same": str(folder(place / "same", recorded(seed=2))),
        "slow": str(folder(place / "slow", recorded(seed=3, factor=0.3))),
    }


def test_identical_code_is_green(sides: dict[str, str]) -> None:
    found = run("compare", sides["old"], sides["same"])
    assert found.exit == 0, found.output
    assert "steady: 2 steady of 2 rows" in found.output


def test_a_slowdown_is_red_and_named(sides: dict[str, str]) -> None:
    found = run("compare", sides["old"], sides["slow"])
    assert found.exit == 1
    assert "maximum[float64-1e3]  regressed" in found.output


def test_the_worst_of_several_sides_decides(sides: dict[str, str]) -> None:
    found = run("compare", sides["old"], sides["slow"], sides["same"])
    assert found.exit == 1
    assert "regressed: 1 regressed, 1 steady of 2 rows" in found.output
    assert "steady: 2 steady of 2 rows" in found.output


@pytest.mark.parametrize("version", [4, 5])
def test_single_runs_of_another_project_give_ratios_no_verdict_and_two(version: int) -> None:
    before, after = (str(STOCK[version, name]) for name in ("before", "after"))
    found = run("compare", before, after)
    assert (found.exit, found.errors) == (2, "")
    assert "not judged: 3 not judged of 3 rows" in found.output
    assert not any(word in found.output for word in ("steady", "improved", "regressed"))
    assert "python -m benchmarks record NAME --trials 20" in found.output
    medians = [
        {b["fullname"]: b["stats"]["median"] for b in json.loads(Path(p).read_text())["benchmarks"]}
        for p in (before, after)
    ]
    for node, seconds in medians[0].items():
        line = next(line for line in found.output.splitlines() if node in line)
        assert f"{medians[1][node] / seconds:.3f}" in line


def test_the_json_is_that_of_the_gate(sides: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    found = run("compare", sides["old"], sides["slow"], sides["same"], "--json", str(path))
    verdict: dict[str, Any] = json.loads(path.read_text())
    assert (verdict["verdict"], verdict["exit"]) == ("regressed", found.exit)
    assert {"base", "head", "limit", "seconds", "trials", "machine", "rows"} <= verdict.keys()
    keys = ("row", "method", "workload", "verdict", "ratio", "low", "high", "trials", "why")
    assert all(set(keys) <= row.keys() for row in verdict["rows"])
    heads = [row["head"] for row in verdict["rows"]]
    assert heads == [sides["slow"]] * 2 + [sides["same"]] * 2
    slow = verdict["rows"][0]
    assert slow["low"] < slow["ratio"] < slow["high"]


def test_the_csv_has_a_line_for_each_row_and_side(sides: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    run("compare", sides["old"], sides["slow"], sides["same"], "--csv", str(path))
    lines = list(csv.DictReader(path.read_text().splitlines()))
    assert [line["verdict"] for line in lines] == ["regressed", "steady", "steady", "steady"]
    ratio, was, now = (float(lines[0][column]) for column in ("ratio", "was", "now"))
    assert ratio == pytest.approx(now / was, rel=1e-4)


def test_the_page_has_a_table_for_each_side(sides: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    run("compare", sides["old"], sides["slow"], sides["same"], "--markdown", str(path))
    page = path.read_text()
    assert page.count("## ") == 2
    assert page.count("| maximum[float64-1e3] |") == 2


@pytest.mark.parametrize(
    "option, first",
    [
        (["--sort", "name"], "test_words.py::test_join"),
        (["--sort", "time"], "test_words.py::test_sorted[100]"),
        (["--sort", "ratio"], "test_words.py::test_sorted[10]"),
    ],
)
def test_rows_are_sorted(option: list[str], first: str, tmp_path: Path) -> None:
    def slower_row(found: dict[str, Any]) -> None:
        for benchmark in found["benchmarks"]:
            benchmark["stats"]["median"] *= 1 + benchmark["fullname"].endswith("[10]")

    slow = changed(STOCK[5, "before"], tmp_path / "slow.json", slower_row)
    found = run("compare", BEFORE, str(slow), *option)
    rows = [line.split()[0] for line in found.output.splitlines() if "test_words" in line]
    assert rows[0] == first


@pytest.mark.parametrize(
    "group, titles", [("method", ["test_join", "test_sorted"]), ("workload", ["10", "100"])]
)
def test_rows_are_grouped(group: str, titles: list[str]) -> None:
    found = run("compare", BEFORE, AFTER, "--group", group)
    lines = found.output.splitlines()
    assert [line for line in lines if line in titles] == titles


REFUSED: Final = {
    "nothing there": (["no-such", AFTER], "no file, folder or saved run 'no-such'"),
    "no JSON": ([str(ROOT / ".github"), AFTER], ".github' that has JSON; save one"),
    "itself": ([BEFORE, BEFORE], "are the same run"),
    "a page": ([BEFORE, str(ROOT / "README.md")], "is not a saved run of pytest-benchmark"),
    "no such rows": ([BEFORE, AFTER, "--rows", "qqq"], "--rows 'qqq' matches none"),
    "no expression": ([BEFORE, AFTER, "--rows", "and"], "is no expression"),
    "no folder for CSV": ([BEFORE, AFTER, "--csv", "no/such/x"], "no/such is not"),
}


@pytest.mark.parametrize("arguments, words", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_in_one_line(arguments: list[str], words: str) -> None:
    found = run("compare", *arguments)
    assert (found.exit, found.output, len(found.errors.splitlines())) == (2, "", 1), found.errors
    assert found.errors.startswith("python -m benchmarks compare: ")
    assert words in found.errors


def test_a_report_of_an_earlier_comparison_does_not_stand_for_one_that_was_refused(
    tmp_path: Path,
) -> None:
    other = changed(STOCK[5, "after"], tmp_path / "b.json", lambda f: f.update(benchmarks=[]))
    path, table = tmp_path / "verdict.json", tmp_path / "rows.csv"
    path.write_text('{"verdict": "steady", "exit": 0}')
    refused = run("compare", BEFORE, str(other), "--json", str(path), "--csv", str(table))
    found = json.loads(path.read_text("utf-8"))
    assert (found["verdict"], found["exit"], found["rows"]) == ("not judged", 2, [])
    assert refused.errors == f"python -m benchmarks compare: {found['why']}\n"
    assert table.read_text("utf-8").startswith("head,row,")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.json", "rows.csv", path.name]


@pytest.mark.parametrize("option", ["--json", "--markdown", "--csv"])
@pytest.mark.parametrize("place", ["b.json", "runs/verdict"])
def test_a_report_never_takes_the_place_of_a_run(option: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    for name in ("b.json", "runs/c.json"):
        shutil.copy(AFTER, tmp_path / name)
    sides = (BEFORE, str(tmp_path / "b.json"), str(tmp_path / "runs"))
    refused = run("compare", *sides, option, str(tmp_path / place))
    assert (refused.exit, refused.output) == (2, "")
    assert refused.errors.endswith("; write the report elsewhere\n")
    assert "is among what is read" in refused.errors
    assert (tmp_path / "b.json").read_bytes() == Path(AFTER).read_bytes()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["c.json"]


@pytest.mark.parametrize("file", ["0001_before.json", "new.json"])
def test_a_report_never_takes_the_place_of_a_run_that_is_named(file: str, tmp_path: Path) -> None:
    place = folder(tmp_path / "runs" / "machine" / "before", recorded(trials=3))
    content = {path.name: path.read_bytes() for path in place.iterdir()}
    options = ("--storage", "runs", "--json", f"runs/machine/before/{file}")
    refused = run("compare", "before", "no-such", *options, cwd=tmp_path)
    assert (refused.exit, "is among what is read" in refused.errors) == (2, True)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == content


def test_names_are_looked_up_in_the_storage_that_is_given(tmp_path: Path) -> None:
    for seed, name in enumerate(("old", "new")):
        folder(tmp_path / "runs" / "machine" / name, recorded(seed=seed))
    found = run("compare", "old", "new", "--storage", "runs", cwd=tmp_path)
    assert found.exit == 0, found.errors


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x y", "a\nb"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    found = run("record", "--storage", str(tmp_path), "--", name)
    assert (found.exit, len(found.errors.splitlines())) == (2, 1), found.errors
    assert "is no name for a run" in found.errors
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@records
@pytest.mark.slow
def test_a_run_is_recorded_once_and_the_stock_plugin_reads_it(repository: Repository) -> None:
    found = repository.run(*BENCHMARKS, "record", "before", *ROWS, "--trials", "5")
    assert found.exit == 0, found.errors
    assert "5 trials of 8 rows" in found.output
    (place,) = (repository.root / ".benchmarks").glob("*/before")
    names = sorted(path.name for path in place.iterdir())
    assert names == [f"000{number}_before.json" for number in range(1, 6)]
    assert [path.name for path in place.parent.iterdir()] == ["before"]
    content = [path.read_bytes() for path in sorted(place.iterdir())]
    again = repository.run(*BENCHMARKS, "record", "before", *ROWS, "--trials", "4")
    assert (again.exit, len(again.errors.splitlines())) == (2, 1)
    assert "is there already" in again.errors
    assert [path.read_bytes() for path in sorted(place.iterdir())] == content
    command = [sys.executable, "-m", "pytest_benchmark", "compare", str(place / names[0])]
    done = subprocess.run(
        command, cwd=repository.folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "maximum-float64-1e3" in done.stdout) == (0, True), done.stderr


@records
@pytest.mark.slow
def test_the_stock_gate_compares_with_a_trial(repository: Repository) -> None:
    assert repository.run(*BENCHMARKS, "record", "before", *ROWS, "--trials", "4").exit == 0
    trial, *_ = sorted((repository.root / ".benchmarks").glob("*/before/*.json"))
    shutil.copy(ROOT / "pyproject.toml", repository.root)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--benchmark-only", "-k", "maximum_out and 1e3 and 32",
         f"--benchmark-compare={trial}", "--benchmark-save=plain", "benchmarks"],
        cwd=repository.root, env=repository.environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "before)" in done.stdout
    found = repository.run(
        *BENCHMARKS, "compare", "before", "plain", "--rows", "maximum_out and 1e3 and 32"
    )
    assert (found.exit, "not judged" in found.output) == (2, True), found.errors + found.output


@records
@pytest.mark.slow
def test_a_planted_slowdown_is_red_in_its_rows_only(repository: Repository) -> None:
    rows = ("--rows", "float64-3e4] and (fmax or maximum[ or clip_inf)", "--trials", "48")
    for name in ("before", "same"):
        assert repository.run(*BENCHMARKS, "record", name, *rows).exit == 0
    repository.plant(slower("fmax", 1.25))
    assert repository.run(*BENCHMARKS, "record", "slow", *rows).exit == 0
    same = repository.run(*BENCHMARKS, "compare", "before", "same")
    assert same.exit in {0, 3}, same.output
    path = repository.folder / "verdict.json"
    slow = repository.run(*BENCHMARKS, "compare", "before", "slow", "--json", str(path))
    red = [r["row"] for r in json.loads(path.read_text())["rows"] if r["verdict"] == "regressed"]
    assert (slow.exit, red) == (1, ["fmax[float64-3e4]"]), slow.output


@pytest.fixture
def recording(repository: Repository) -> Iterator[subprocess.Popen[str]]:
    process = repository.launch(*BENCHMARKS, "record", "before", *ROWS, "--trials", "50")
    yield process
    process.kill()
    process.communicate()


@records
@pytest.mark.slow
def test_an_interrupted_recording_leaves_nothing(
    recording: subprocess.Popen[str], repository: Repository
) -> None:
    assert recording.stderr is not None
    assert any("recording 1, trial 2" in line for line in recording.stderr)
    recording.send_signal(signal.SIGINT)
    output, errors = recording.communicate(timeout=5)
    assert (recording.returncode, output) == (130, "")
    assert errors.splitlines()[-1] == "interrupted; nothing was judged or recorded"
    assert not (repository.root / ".benchmarks").exists()
    assert repository.left_behind == []


def test_a_folder_of_plain_saves_is_a_sample(tmp_path: Path) -> None:
    for name, factor in (("old", 1.0), ("new", 1.25)):
        (tmp_path / name).mkdir()
        for i in range(4):
            path = tmp_path / name / f"000{i}_{name}.json"
            changed(STOCK[5, "before"], path, times(factor * (1 + 1e-4 * i)))
    found = run("compare", str(tmp_path / "old"), str(tmp_path / "new"))
    assert found.exit == 1
    assert "regressed: 3 regressed of 3 rows" in found.output
