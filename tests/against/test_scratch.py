"""Temporary files of a run lie in one folder, and what a killed run has left goes with the next."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_against import around, scratch

KILLED = """
import tempfile
from pytest_against import scratch
with scratch.folder():
    tempfile.mkdtemp()
    print("made", flush=True)
    input()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_temporary_files_lie_in_one_folder_that_goes_at_the_end(temporary: Path) -> None:
    with scratch.folder():
        (place,) = temporary.iterdir()
        assert Path(tempfile.mkdtemp()).parent == place
    assert [*temporary.iterdir()] == []
    assert tempfile.gettempdir() == str(temporary)


@pytest.mark.usefixtures("home")
def test_whoever_measures_has_such_a_folder(temporary: Path) -> None:
    with around.measuring(1.0):
        assert Path(tempfile.gettempdir()).parent == temporary


def test_what_a_killed_run_has_left_is_removed_and_nothing_else(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(temporary))
    (temporary / "pytest-against-notes").mkdir()
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", KILLED], stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"made"
        (theirs,) = {*temporary.iterdir()} - {temporary / "pytest-against-notes"}
        with scratch.folder():
            assert theirs.is_dir()  # its run goes on
        other.kill()
    assert theirs.is_dir()
    with scratch.folder():
        assert not theirs.exists()
    assert [*temporary.iterdir()] == [temporary / "pytest-against-notes"]
