"""A line is changed in place on a real terminal only; everywhere else plain lines are written."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.plants import ROOT, shown_on

pytest.importorskip("resource", reason="this is about terminals")

SHOW: Final = """
from benchmarks.progress import Display
with Display(100) as display:
    display.stage("exact checks", 2)
    display.row("maximum[float64-1e3]")
"""
PLAIN: Final = "exact checks; 100 s left"


def _environment(**more: str) -> dict[str, str]:
    unset = ("TERM", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
    return {n: v for n, v in os.environ.items() if n not in unset} | {"TERM": "xterm"} | more


def _on_a_terminal(**environment: str) -> str:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SHOW], cwd=ROOT, env=_environment(**environment), stderr=theirs
    ):
        os.close(theirs)
        return shown_on(ours)


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1"}, {"TTY_INTERACTIVE": "1"}])
def test_a_file_has_plain_lines_whatever_the_environment_wishes(
    environment: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", f"{PLAIN}\n")


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": "unknown"}])
def test_a_terminal_that_cannot_change_a_line_has_plain_lines(
    environment: dict[str, str],
) -> None:
    assert _on_a_terminal(**environment) == f"{PLAIN}\r\n"


def test_a_terminal_shows_the_row_in_a_line_that_changes() -> None:
    shown = _on_a_terminal()
    assert "exact checks: maximum[float64-1e3]" in shown
    assert "\x1b[" in shown
    assert PLAIN not in shown
