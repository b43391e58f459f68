"""The gate when it is misused, interrupted or short of something: a line that says so, exit 2."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from benchmarks.reports import load
from benchmarks.suite import SUITE
from tests.lanes import ROWS, one_line
from tests.plants import BENCHMARKS, Repository, shown_on

resource = pytest.importorskip("resource", reason="this is about signals, limits and terminals")

PROC: Final = Path("/proc")

needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="reads the list of processes there")


@pytest.fixture
def start(repository: Repository) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts gates, all of which have ended after the test."""
    processes = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        processes.append(repository.start("--base", "HEAD", *arguments))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def _until_it_says(words: str, process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    assert any(words in line for line in process.stderr), f"ended without {words!r}"


def _trials(repository: Repository) -> set[int]:
    found = set()
    for place in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if (place / "cwd").readlink() != repository.root:
                continue
            if b"benchmarks.trial" in (place / "cmdline").read_bytes():
                found.add(int(place.name))
    return found


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@needs_proc
@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize("stage", ["exact checks", "trial 2"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["gate alone", "whole group"])
def test_interrupt_ends_everything_and_says_so(
    send: Callable[[int, int], None],
    name: str,
    stage: str,
    start: Callable[..., subprocess.Popen[str]],
    repository: Repository,
) -> None:
    rows = ("--rows", "1e6") if stage == "exact checks" else ROWS
    path = repository.folder / "verdict.json"
    path.write_text('{"verdict": "steady", "exit": 0}')
    process = start(*rows, "--json", str(path))
    _until_it_says(stage, process)
    assert _within(5, lambda: bool(_trials(repository)))
    send(process.pid, signal.Signals[name])
    output, errors = process.communicate(timeout=2)
    assert (process.returncode, output) == (130, "")
    assert errors.splitlines()[-1] == "interrupted; nothing was judged or recorded"
    assert "Traceback" not in errors
    # A trial that was being started at that very moment ends because nobody speaks to it.
    assert _within(2, lambda: not _trials(repository))
    assert repository.left_behind == []
    report = load(path, SUITE.command)
    assert (report.verdict.value, report.exit_code, report.why) == ("not judged", 2, "interrupted")


@needs_proc
def test_killed_gate_leaves_no_process_and_no_lock(
    start: Callable[..., subprocess.Popen[str]], repository: Repository
) -> None:
    process = start(*ROWS)
    _until_it_says("trial 2", process)
    process.kill()
    process.wait()
    assert _within(5, lambda: not _trials(repository))
    assert repository.gate("--base", "HEAD", *ROWS, "--trials", "2").exit in {0, 3}


def test_second_gate_is_turned_away_and_the_first_goes_on(
    start: Callable[..., subprocess.Popen[str]], repository: Repository
) -> None:
    first = start("--rows", "1e6")
    _until_it_says("exact checks", first)
    line = one_line(repository.gate("--base", "HEAD", *ROWS))
    assert line.endswith("another gate is measuring on this machine; wait until it is done")
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    assert first.wait(5) == 130


REFUSED: Final = {
    "no such revision": (["--base", "no-such"], "no commit 'no-such' in "),
    "empty revision": (["--base="], "no commit '' in "),
    "option as revision": (["--base=--output=x"], "no commit '--output=x' in "),
    "two revisions": (["--base", "HEAD..HEAD"], "no commit 'HEAD..HEAD' in "),
    "all but a revision": (["--base", "^HEAD"], "'^HEAD' is not one commit"),
    "rows that match nothing": (["--base", "HEAD", "--rows", "qqq"], "--rows 'qqq' matches none"),
    "rows that are no expression": (["--base", "HEAD", "--rows", "and"], "is no expression"),
    "no folder for JSON": (["--base", "HEAD", "--json", "no/such/x"], "no/such is not"),
    "two reports in a file": (
        ["--base", "HEAD", "--json", "x", "--markdown", "./x"],
        "x is asked for by --json and by --markdown; name a file for each",
    ),
    "JSON is a folder": (["--base", "HEAD", "--json", "benchmarks"], "benchmarks is a folder"),
    "no folder for Markdown": (["--base", "HEAD", "--markdown", "no/such/x"], "no/such is not"),
}


@pytest.mark.parametrize("arguments, words", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_in_one_line_before_anything_is_measured(
    arguments: list[str], words: str, repository: Repository
) -> None:
    before = repository.state
    run = repository.gate(*arguments)
    assert words in one_line(run)
    assert "exact checks" not in run.errors
    assert repository.left_behind == []
    (repository.root / "x").unlink(missing_ok=True)
    assert repository.state == before


@pytest.mark.parametrize("against", [("--base", "no-such"), ()], ids=["side by side", "stored"])
def test_report_of_an_earlier_gate_does_not_stand_for_one_that_could_not_judge(
    against: tuple[str, ...], repository: Repository
) -> None:
    shutil.rmtree(repository.root / "benchmarks" / "baselines")
    path, page = repository.folder / "verdict.json", repository.folder / "page.md"
    path.write_text('{"verdict": "steady", "exit": 0}')
    line = one_line(repository.gate(*against, "--json", str(path), "--markdown", str(page)))
    report = load(path, SUITE.command)
    assert (report.verdict.value, report.exit_code, report.rows) == ("not judged", 2, ())
    assert line == f"{SUITE.command} gate: {report.why}"
    assert page.read_text("utf-8").startswith("**not judged**: `")


@pytest.mark.parametrize("option", ["--json", "--markdown"])
@pytest.mark.parametrize("against", [("--base", "HEAD"), ()], ids=["side by side", "stored"])
@pytest.mark.parametrize("place", ["expectations.json", "baselines/new.json"])
def test_report_never_takes_the_place_of_what_is_stored(
    place: str, against: tuple[str, ...], option: str, repository: Repository
) -> None:
    path = repository.root / "benchmarks" / place
    before = repository.state
    line = one_line(repository.gate(*against, option, str(path)))
    assert f"{path} is among what is read" in line
    assert line.endswith("; write the report elsewhere")
    assert repository.state == before


USAGE: Final = {
    "no value for --base": (["--base"], "--base: expected one argument"),
    "limit of nothing": (["--base", "HEAD", "--limit", "0"], "'0' is no limit"),
    "limit that is no number": (["--base", "HEAD", "--limit", "x%"], "'x%' is no limit"),
    "one trial": (["--base", "HEAD", "--trials", "1"], "'1' trials are no sample"),
    "more trials than a number": (["--trials", "9" * 20], "; ask for 2 to 1000000"),
    "more time than a clock has": (["--timeout", "1e10"], "seconds, at most 1000000"),
    "no time": (["--base", "HEAD", "--budget", "nan"], "'nan' is not a positive number"),
    "unknown option": (["--base", "HEAD", "--fast"], "unrecognized arguments: --fast"),
}


@pytest.mark.parametrize("arguments, words", USAGE.values(), ids=USAGE)
def test_bad_usage_is_refused_with_the_usage(
    arguments: list[str], words: str, repository: Repository
) -> None:
    run = repository.gate(*arguments)
    assert (run.exit, run.output) == (2, "")
    assert words in run.errors.splitlines()[-1]
    assert "Traceback" not in run.errors


@pytest.mark.parametrize("size", [0, 4096], ids=["full", "nearly full"])
def test_full_disk_is_said_in_one_line(size: int, repository: Repository) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    line = one_line(repository.gate("--base", "HEAD", *ROWS, preexec_fn=limit))
    assert re.search("No usable temporary directory|File too large", line)
    assert repository.left_behind == []


@needs_proc
def test_interrupted_recording_leaves_nothing_behind(repository: Repository) -> None:
    shutil.rmtree(repository.root / "benchmarks" / "baselines")
    process = repository.launch(*BENCHMARKS, "baseline")
    _until_it_says("exact checks", process)
    assert _within(5, lambda: bool(_trials(repository)))
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=5)
    assert (process.returncode, output) == (130, "")
    assert errors.splitlines()[-1] == "interrupted; nothing was judged or recorded"
    assert _within(2, lambda: not _trials(repository))
    assert repository.left_behind == []
    assert not (repository.root / "benchmarks" / "baselines").exists()


def test_terminal_shows_the_row_the_undecided_rows_and_the_time_left(
    repository: Repository,
) -> None:
    ours, theirs = os.openpty()
    process = repository.start("--base", "HEAD", *ROWS, stderr=theirs)
    os.close(theirs)
    shown = shown_on(ours)
    output, _ = process.communicate(timeout=60)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"trial \d+, 8 rows undecided: \w+\[float\d\d-1e3\]? .*\d+ s left", plain)
    assert output.count("8 rows") == 1
