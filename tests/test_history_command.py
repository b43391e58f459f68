"""`history` in fresh processes, with real releases of NumPy in environments of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from benchmarks.history_report import BEGIN, END

ROOT: Final = Path(__file__).parents[1]
RELEASES: Final = ("2.3.5", "2.4.6")
"""Both have wheels for every Python that is supported."""

ROWS: Final = "(maximum_positional or fmax) and float32-1e3"


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command."""

    exit: int
    output: str
    errors: str


def start(*arguments: str) -> subprocess.Popen[str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("COV", "PYTHONPATH"))}
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "history", *arguments],
        cwd=ROOT,
        env=kept | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(*arguments: str) -> Run:
    with start(*arguments) as process:
        output, errors = process.communicate(timeout=180)
    assert "Traceback" not in errors, errors
    return Run(process.returncode, output, errors)


def _one_line(found: Run) -> str:
    said = [line for line in found.errors.splitlines() if " s left" not in line]
    assert (found.exit, found.output, len(said)) == (2, "", 1), found.errors
    return said[0]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with environments, and a log of two rounds."""
    cache = tmp_path_factory.mktemp("history")
    found = run(
        *("--cache", str(cache), "--releases", *RELEASES, "--rows", ROWS, "--trials", "2"),
        *("--json", str(cache / "history.json"), "--markdown", str(cache / "history.md")),
    )
    if "pip cannot install" in found.errors:
        pytest.skip(found.errors)
    assert found.exit == 0, found.errors
    return cache


@pytest.mark.slow
def test_every_release_runs_once_in_every_round(measured: Path) -> None:
    lines = [json.loads(line) for line in (measured / "trials.jsonl").read_text().splitlines()]
    trials = [(line["round"], line["release"]) for line in lines if "round" in line]
    assert sorted(trials[:4]) == [(n, release) for n in (1, 2) for release in RELEASES]


@pytest.mark.slow
def test_each_trial_ran_on_its_release_and_the_known_warning_is_found(measured: Path) -> None:
    found = json.loads((measured / "history.json").read_text())
    assert found["releases"] == list(RELEASES)
    (warning,) = (d for d in found["differences"] if d["aspect"] == "warning")
    assert (warning["method"], warning["what"]) == (
        "maximum_positional",
        "DeprecationWarning, was none",
    )
    (known,) = (k for k in found["known"] if k["expected"] == "warning")
    assert known["agrees"] == "yes"


@pytest.mark.slow
def test_times_are_per_element_and_positive(measured: Path) -> None:
    found = json.loads((measured / "history.json").read_text())
    assert {row["row"] for row in found["rows"]} == {
        "maximum_positional[float32-1e3]",
        "fmax[float32-1e3]",
    }
    for row in found["rows"]:
        assert row["elements"] == 1000
        assert all(0 < row["seconds"][release] < 1 for release in RELEASES)
        assert [change["rounds"] for change in row["changes"]] == [2]
    page = (measured / "history.md").read_text()
    assert re.search(r"\| fmax \| [\d.]+ ", page)


@pytest.mark.slow
def test_a_history_goes_on_with_what_is_there(measured: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes((measured / "trials.jsonl").read_bytes() + b'{"round": 3, "rel')
    document = tmp_path / "document.md"
    document.write_text(f"{BEGIN}\n{END}\n")
    common = ("--cache", str(measured), "--log", str(log), "--resume")
    found = run(*common, "--trials", "3", "--readme", str(document))
    assert found.exit == 0, found.errors
    assert "exact checks" not in found.errors
    assert "3 rounds; more with" in found.output
    assert document.read_text().count("| fmax |") == 1
    again = run(*common, "--trials", "3")
    assert (again.exit, "round 4" in again.errors) == (0, False)


@pytest.mark.slow
def test_an_interrupted_history_keeps_its_trials(measured: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes((measured / "trials.jsonl").read_bytes())
    process = start("--cache", str(measured), "--log", str(log), "--resume", "--trials", "99")
    assert process.stderr is not None
    assert any("round 4" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == f"interrupted; --resume goes on with what is in {log}"
    assert sum('"round": 3' in line for line in log.read_text().splitlines()) == len(RELEASES)
    rest = run("--cache", str(measured), "--log", str(log), "--resume", "--trials", "3")
    assert (rest.exit, "3 rounds; more with" in rest.output) == (0, True)


def test_a_history_that_was_not_begun_is_not_to_be_resumed(tmp_path: Path) -> None:
    process = start("--cache", str(tmp_path / "cache"))
    assert process.stderr is not None
    assert any("looking for releases" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted; nothing was judged or recorded"


@pytest.mark.slow
def test_a_history_is_not_begun_over_another(measured: Path) -> None:
    before = (measured / "trials.jsonl").read_bytes()
    line = _one_line(run("--cache", str(measured), "--releases", *RELEASES))
    assert "go on with --resume" in line
    assert (measured / "trials.jsonl").read_bytes() == before


@pytest.mark.slow
def test_trials_of_other_code_are_not_mixed(measured: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    content = (measured / "trials.jsonl").read_text()
    log.write_text(re.sub(r'"code": "\w+"', '"code": "other"', content, count=1))
    line = _one_line(run("--cache", str(measured), "--log", str(log), "--resume"))
    assert "was measured with another code" in line


REFUSED: Final = {
    "no release": (["--releases", "x"], "'x' is no release of NumPy"),
    "no rows": (["--rows", "qqq", "--releases", "2.0.2"], "--rows 'qqq' matches none"),
    "nothing to resume": (["--resume"], "leave --resume out"),
    "rows on resuming": (["--resume", "--rows", "fmax"], "--resume takes releases and rows"),
    "no marks": (["--readme", str(ROOT / "LICENSE")], "no place for the history"),
    "two reports in a file": (
        ["--json", "x", "--markdown", "x"],
        "x is asked for by --json and by --markdown",
    ),
    "a report in the log": (["--log", "x", "--json", "x"], "is among what is read"),
    "no folder": (["--json", "no/such/x"], "no/such is not"),
}


@pytest.mark.parametrize("arguments, words", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_in_one_line_before_anything_is_made(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    line = _one_line(run("--cache", str(tmp_path / "cache"), *arguments))
    assert line.startswith("python -m benchmarks history: ")
    assert words in line
    assert not (tmp_path / "cache").exists()
