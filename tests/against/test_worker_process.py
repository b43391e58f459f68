"""A worker as a process: what it reads, says, and is not confused by."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_against import worker

pytestmark = pytest.mark.usefixtures("home")


def process(folder: Path, text: str, *orders: dict[str, Any], **request: Any) -> Any:
    """Run a worker as the referee starts it; return what it said, and what it printed."""
    (folder / "test_it.py").write_text(text)
    asked = {"mode": "checks", "arguments": ["test_it.py"], "path": [], "packages": []} | request
    lines = "".join(json.dumps(order) + "\n" for order in (asked, *orders))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest_against.worker"],
        input=lines,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_what_tests_read_and_print_is_no_order_and_no_answer(tmp_path: Path) -> None:
    text = """
import os, sys
def test_it(benchmark):
    assert os.environ["PYTEST_AGAINST"] == "checks"
    assert "first" in sys.path
    assert os.read(0, 10) == b""
    print('{"end": 7}')
    os.write(1, b"raw")
    if os.fork() == 0:
        os._exit(benchmark(abs, -1) - 1)
    os.wait()
    benchmark(abs, -1)
"""
    wanted = {"tests": ["test_it.py::test_it"]}
    code, said, printed = process(tmp_path, text, wanted, path=["first"])
    assert (code, [next(iter(each)) for each in said]) == (
        0,
        ["collected", "begins", "done", "end", "end"],
    )
    assert said[2]["outcome"] == "passed"
    assert '{"end": 7}' in printed
    assert "raw" in printed


def test_what_is_asked_for_does_not_undo_what_is_blocked(tmp_path: Path) -> None:
    (tmp_path / "flaky.py").write_text("def pytest_collection_modifyitems(items): items.clear()")
    arguments = ["-p", "flaky", "-o", "addopts=--no-such-option", "test_it.py"]
    text = "def test_it(benchmark): benchmark(abs, -1)"
    _, said, _ = process(tmp_path, text, {"tests": []}, arguments=arguments, path=[str(tmp_path)])
    assert list(said[0]["collected"]) == ["test_it.py::test_it"]


def test_pytest_may_end_before_it_collects(tmp_path: Path) -> None:
    code, said, printed = process(tmp_path, "", arguments=["no_such.py"])
    assert (code, said) == (0, [{"end": 4, "origins": {}}, {"end": 4}])
    assert "file or directory not found: no_such.py" in printed


def test_once_all_is_timed_it_only_waits(tmp_path: Path) -> None:
    text = "def test_it(benchmark): benchmark(abs, -1)"
    orders = ({"tests": ["test_it.py::test_it"]}, {"begin": True}, {"go": True})
    code, said, _ = process(tmp_path, text, *orders, mode="timing")
    assert [next(iter(each)) for each in said] == ["collected", "begins", "at", "done", "end"]
    assert code == 1  # as whoever waits for a referee that has left


def test_without_a_referee_it_ends(tmp_path: Path) -> None:
    code, said, _ = process(tmp_path, "def test_it(benchmark): ...")
    assert (code, [next(iter(each)) for each in said]) == (1, ["collected"])


def test_a_copy_of_the_process_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    line = worker.Line.__new__(worker.Line)
    answers = io.BytesIO()
    line._answers, line._process = answers, os.getpid()  # type: ignore[assignment]  # noqa: SLF001
    line.say(here=1)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    line.say(there=1)
    assert answers.getvalue() == b'{"here": 1}\n'
