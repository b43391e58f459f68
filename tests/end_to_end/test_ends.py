"""However a run ends, there is one line, the right exit code, and nothing left."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_against import cli
from tests.against.repository import put
from tests.end_to_end.conftest import PACKAGE, TESTS, Project, interrupted

Make = Callable[..., Project]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.mark.parametrize(
    "fault, words",
    [
        ("os._exit(0)", "the run of the head exited with 0 at "),
        ("os.kill(os.getpid(), 11)", "the run of the head was killed by signal 11 at "),
        ("time.sleep(600)", "the run of the head said nothing for 5 s at "),
    ],
)
def test_a_test_that_ends_its_process_or_hangs_is_named(
    project: Make, fault: str, words: str
) -> None:
    it = project()
    broken = PACKAGE.replace("def text(n):", f"def text(n):\n    {fault}")
    put(it.root, "toy/__init__.py", f"import os, time\n\n\n{broken}")
    done = it.against("--against-timeout", "5" if "sleep" in fault else "60")
    assert (done.code, done.report["verdict"]) == (2, "not judged")
    last = done.err.splitlines()[-1]
    assert last.startswith("pytest --against: " + words)
    assert "at benchmarks/test_toy.py::test_text" in last
    assert done.report["why"] in last
    assert it.processes() == []


@linux
@pytest.mark.parametrize(
    "numbers", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM, signal.SIGINT]]
)
def test_interrupted_it_leaves_nothing(project: Make, numbers: list[int]) -> None:
    it = project()
    (it.home / "report.json").write_text('{"verdict": "steady"}')
    done = interrupted(it, numbers, "--against-trials", "96")
    assert done.code == 130
    assert done.err == "pytest --against: interrupted; nothing was judged or recorded\n"
    assert (done.report["verdict"], done.report["why"]) == ("not judged", "interrupted")
    assert it.left() == []
    deadline = time.monotonic() + 60
    while it.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert it.processes() == []


COMMAND = "import sys; from pytest_against.cli import main; sys.exit(main())"


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
    it = project(PYTHONPATH=str(tmp_path / "first"))
    done = it.run("-c", COMMAND, "compare", "old", "new")
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert done.err.startswith(f"pytest-against compare: {words}")


def test_a_second_measurement_waits_for_the_first(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = project()
    monkeypatch.setenv("HOME", str(it.home))
    with cli.only_one():
        found = [it.run("-m", "pytest", words) for words in ("--against=HEAD", "--benchmark-only")]
    assert [done.code for done in found] == [2, 4]
    for done in found:
        assert "another measurement runs on this machine; wait until it is done" in done.err


def test_a_suite_without_benchmarks_is_no_success(project: Make) -> None:
    it = project()
    put(it.root, "benchmarks/test_toy.py", "import toy\n\n\ndef test_plain():\n    pass\n")
    done = it.against()
    assert done.code == 2
    assert "no test on the head uses the fixture `benchmark`" in done.report["why"]
    put(it.root, "benchmarks/test_toy.py", TESTS.replace("from toy", "from toys"))
    done = it.against()
    assert done.code == 2
    assert "benchmarks/test_toy.py cannot be collected on the" in done.report["why"]
