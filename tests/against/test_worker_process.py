"""A worker as a process: what it reads, says, and is not confused by."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("home")

WANTED = {"tests": ["test_it.py::test_it"]}
TEXT = "def test_it(benchmark): benchmark(abs, -1)"


def process(folder: Path, text: str, *orders: dict[str, Any], **request: Any) -> Any:
    """Run a worker as the referee starts it; return its code, what it said, and its errors."""
    (folder / "test_it.py").write_text(text)
    asked = {"mode": "checks", "arguments": ["test_it.py"], "path": [], "packages": []} | request
    lines = "".join(json.dumps(order) + "\n" for order in (asked, *orders))
    command = [sys.executable, "-P", "-m", "pytest_against.worker"]
    done = subprocess.run(
        command, input=lines, cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_what_tests_and_their_copies_read_and_print_is_no_order_and_no_answer(
    tmp_path: Path,
) -> None:
    text = """
import os, sys
def test_it(benchmark):
    assert os.environ["PYTEST_AGAINST"] == "checks"
    assert "first" in sys.path
    assert os.read(0, 10) == b""
    print('{"end": 7}')
    os.write(1, b"raw")
    if os.fork():
        os.wait()
    benchmark(abs, -1)
"""
    code, said, printed = process(tmp_path, text, WANTED, path=["first"])
    words = ["collected", "begins", "done", "end", "end"]
    assert (code, [next(iter(each)) for each in said]) == (0, words)
    assert said[2]["outcome"] == "passed"
    assert '{"end": 7}' in printed
    assert "raw" in printed


def test_what_is_asked_for_does_not_undo_what_is_blocked(tmp_path: Path) -> None:
    (tmp_path / "flaky.py").write_text("def pytest_collection_modifyitems(items): items.clear()")
    arguments = ["-p", "flaky", "-o", "addopts=--no-such-option", "test_it.py"]
    _, said, _ = process(tmp_path, TEXT, {"tests": []}, arguments=arguments, path=[str(tmp_path)])
    assert list(said[0]["collected"]) == WANTED["tests"]


def test_pytest_may_end_before_it_collects(tmp_path: Path) -> None:
    code, said, printed = process(tmp_path, "", arguments=["no_such.py"])
    assert (code, said) == (0, [{"end": 4, "origins": {}}, {"end": 4}])
    assert "file or directory not found: no_such.py" in printed


@pytest.mark.parametrize(
    "orders, words",
    [
        ([], ["collected"]),
        ([WANTED, {"begin": True}, {"go": True}], ["collected", "begins", "at", "done", "end"]),
    ],
)
def test_whoever_waits_for_a_referee_that_has_left_ends(
    tmp_path: Path, orders: list[dict[str, Any]], words: list[str]
) -> None:
    code, said, _ = process(tmp_path, TEXT, *orders, mode="timing")
    assert (code, [next(iter(each)) for each in said]) == (1, words)
