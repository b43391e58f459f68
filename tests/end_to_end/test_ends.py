"""However a run ends, there is one line, the right exit code, and nothing left."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_against import around
from tests.against.repository import put
from tests.end_to_end.conftest import AGAINST, COMMAND, PACKAGE, TESTS, Project

Make = Callable[..., Project]


def running(project: Project) -> bool:
    """Return whether a process of a project is left; on Linux only."""
    mark = os.fsencode(f"HOME={project.home}")
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environment.read_bytes().split(b"\0"):
                return True
        except OSError:
            pass  # it has ended, or is another user's
    return False


@pytest.mark.parametrize(
    "fault, words",
    [
        ("os._exit(0)", "the run of the head exited with 0 at "),
        ("os.kill(os.getpid(), 11)", "the run of the head was killed by signal 11 at "),
        ("time.sleep(600)", "the run of the head said nothing for 5 s at "),
    ],
)
def test_a_test_that_ends_its_process_or_hangs_has_failed_and_the_others_are_checked(
    project: Make, fault: str, words: str
) -> None:
    it = project()
    broken = PACKAGE.replace("def text(n):", f"def text(n):\n    {fault}")
    put(it.root, "toy/__init__.py", f"import os, time\n\n\n{broken}")
    done = it.against("--against-timeout", "5" if "sleep" in fault else "60")
    assert (done.code, done.report["verdict"]) == (1, "diverged")
    (row,) = done.report["rows"]
    words = f"its process ended: {words}benchmarks/test_toy.py::test_text"
    assert (row["verdict"], row["why"].startswith(words)) == ("diverged", True)
    assert (
        "not timed, though the checks passed: 2 rows; mend the others first" in done.report["notes"]
    )
    assert not running(it)


def test_what_a_package_does_at_its_exit_changes_no_answer(project: Make) -> None:
    it = project()
    at_exit = "import atexit, os\natexit.register(os._exit, 0)\n"
    put(it.root, "toy/__init__.py", at_exit + PACKAGE.replace("i * i", "i"))
    done = it.against()
    assert (done.code, done.report["exit"], done.report["verdict"]) == (1, 1, "diverged")


def test_a_package_that_cannot_be_imported_is_named_with_its_line(project: Make) -> None:
    it = project()
    put(it.root, "toy/__init__.py", PACKAGE.replace("range(n))\n\n", "range(n)\n\n", 1))
    done = it.against()
    words = "benchmarks/test_toy.py cannot be collected on the head: toy/__init__.py:2: SyntaxError"
    assert (done.code, done.report["why"].startswith(words)) == (2, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize(
    "numbers", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM, signal.SIGINT]]
)
def test_interrupted_it_leaves_nothing(project: Make, numbers: list[int]) -> None:
    it = project()
    Path(it.report).write_text('{"verdict": "steady"}')
    child = it.start(*AGAINST, "HEAD", f"--against-json={it.report}", "--against-trials", "96")
    assert child.stderr is not None
    assert any("undecided" in line for line in iter(child.stderr.readline, ""))
    time.sleep(0.2)  # workers are starting, or have started
    for number in numbers:
        child.send_signal(number)
        time.sleep(0.01)
    done = it.finish(child)
    assert done.code == 130
    assert done.err == "pytest --against: interrupted; nothing was judged or recorded\n"
    assert (done.report["verdict"], done.report["why"]) == ("not judged", "interrupted")
    deadline = time.monotonic() + 60
    while running(it) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(it)


@pytest.mark.parametrize(
    "scipy, code, words",
    [
        ("import os, signal, time; os.kill(os.getpid(), 15); time.sleep(600)", 130, "interrupted"),
        ("raise ImportError('no such\\nlibrary')", 2, "cannot be loaded (no such library)"),
        ("", 2, "cannot be loaded ("),
    ],
)
def test_what_ends_it_while_it_is_loaded(
    project: Make, tmp_path: Path, scipy: str, code: int, words: str
) -> None:
    put(tmp_path, "first/scipy/__init__.py", scipy)
    done = project(PYTHONPATH=str(tmp_path / "first")).run(*COMMAND, "compare", "old", "new")
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert done.err.startswith(f"pytest-against compare: {words}")


def test_a_second_gate_says_who_measures(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    it = project()
    monkeypatch.setenv("HOME", str(it.home))
    with around.only_one():
        done = it.run("-m", "pytest", "--against=HEAD")
    words = f"another measurement runs on this machine: process {os.getpid()} in {Path.cwd()}, for "
    assert (done.code, words in done.err) == (2, True)


@pytest.mark.parametrize(
    "tests, words",
    [
        ("import toy\n\n\ndef test_it():\n    pass\n", "no test on the head uses the fixture `be"),
        (TESTS.replace("from toy", "from toys"), "benchmarks/test_toy.py cannot be collected on"),
    ],
)
def test_a_suite_without_benchmarks_is_no_success(project: Make, tests: str, words: str) -> None:
    it = project()
    put(it.root, "benchmarks/test_toy.py", tests)
    done = it.against()
    assert (done.code, words in done.report["why"]) == (2, True)
