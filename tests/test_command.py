"""Whatever becomes of a command, its exit code and one line on its streams say so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.plants import BENCHMARKS, ROOT

pytest.importorskip("resource", reason="this is about signals and shells")

SCRIPT: Final = """
import os, signal, sys
from benchmarks.command import main
from benchmarks.errors import CannotJudgeError
from benchmarks.project import Command

def run(project, arguments):
    {body}
    return 0

sys.exit(main("benchmarks.suite", ["try"], [Command("try", "try", lambda parser: None, run)]))
"""


def _run(body: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT.format(body=body)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)


def test_an_error_is_said_in_one_line_whatever_its_words() -> None:
    done = _run("raise CannotJudgeError('a\\n  b\\r\\n\\tc')")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "python -m benchmarks try: a b c\n"


@pytest.mark.parametrize("error", ["ZeroDivisionError", "RecursionError", "UnicodeError"])
def test_a_fault_of_the_suite_is_shown_and_is_no_regression(error: str) -> None:
    done = _run(f"raise {error}('by zero')")
    assert (done.returncode, done.stdout) == (2, "")
    *lines, last = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == f"{error}: by zero"
    assert last == (
        "python -m benchmarks try: this is a fault of the suite, and nothing was judged; report it "
        "with the lines above"
    )


@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_that_ends_a_process_interrupts_the_command(name: str) -> None:
    done = _run(f"os.kill(os.getpid(), signal.{name})")
    assert done.returncode == 130
    assert done.stderr == "interrupted; nothing was judged or recorded\n"


@pytest.mark.usefixtures("hangup")
def test_a_signal_that_is_ignored_does_not_interrupt() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    done = _run("os.kill(os.getpid(), signal.SIGHUP)")
    assert (done.returncode, done.stderr) == (0, "")


SLOW: Final = """
import os, time
os.write(1, b"loading\\n")
time.sleep(60)
"""


def test_ctrl_c_while_the_command_is_loaded_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text(SLOW, "utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([*BENCHMARKS, "gate"], cwd=ROOT, env=environment, **pipes)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=5)
    assert (process.returncode, output) == (130, "")
    assert errors == "interrupted; nothing was judged or recorded\n"


CLOSED: Final = {">&-": (True, False), "2>&-": (False, True), ">&- 2>&-": (True, True)}


@pytest.mark.parametrize("closed", CLOSED)
def test_a_stream_that_is_closed_takes_nothing_and_the_other_its_own(closed: str) -> None:
    no_output, no_errors = CLOSED[closed]
    body = "print('said'); print('mended', file=sys.stderr); sys.stderr.flush()"
    command = f'exec "$0" -c "$1" {closed}'
    shell = ["/bin/sh", "-c", command, sys.executable, SCRIPT.format(body=body)]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout == ("" if no_output else "said\n")
    assert done.stderr == ("" if no_errors else "mended\n")


@pytest.mark.parametrize("closed", CLOSED)
def test_an_error_keeps_its_exit_code_where_a_stream_is_closed(closed: str) -> None:
    shell = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *BENCHMARKS, "compare", "x", "y"]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert ("no file, folder" in done.stderr) == ("2>&-" not in closed)
