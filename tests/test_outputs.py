"""A report goes to every file that was asked for, also when all it can say is that it failed."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from benchmarks.errors import CannotJudgeError
from benchmarks.exact import WrongAnswerError
from benchmarks.outputs import FAULTS, Outputs


def _outputs(folder: Path) -> Outputs[str]:
    return Outputs[str].checked(
        (folder / "upper", str.upper), (None, str.title), (folder / "lower", str.lower)
    )


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_a_report_is_written_to_each_file_that_was_asked_for(tmp_path: Path) -> None:
    _outputs(tmp_path).write("Found")
    assert _contents(tmp_path) == {"upper": "FOUND", "lower": "found"}


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no is not there"):
        Outputs[str].checked((tmp_path / "x", str), (tmp_path / "no" / "y", str))
    assert _contents(tmp_path) == {}


@pytest.mark.parametrize("error", [CannotJudgeError, WrongAnswerError, OSError])
def test_a_failure_replaces_the_report_of_an_earlier_run(
    error: type[Exception], tmp_path: Path
) -> None:
    outputs = _outputs(tmp_path)
    outputs.write("Steady")
    with pytest.raises(error, match="Why"), outputs.even_if_it_fails("Failed: {}".format):
        raise error("Why")
    assert _contents(tmp_path) == {"upper": "FAILED: WHY", "lower": "failed: why"}
    assert error in FAULTS


def test_an_interruption_or_a_mistake_of_ours_leaves_the_files_as_they_were(
    tmp_path: Path,
) -> None:
    outputs = _outputs(tmp_path)
    outputs.write("Before")
    for error in (KeyboardInterrupt, ZeroDivisionError):
        with pytest.raises(error), outputs.even_if_it_fails("Failed: {}".format):
            raise error
    assert _contents(tmp_path) == {"upper": "BEFORE", "lower": "before"}


def test_the_first_error_is_shown_when_its_report_cannot_be_written(tmp_path: Path) -> None:
    def full(_: str) -> str:
        raise OSError(errno.ENOSPC, "No space left")

    outputs = Outputs[str].checked((tmp_path / "x", full))
    with pytest.raises(CannotJudgeError, match="Why"), outputs.even_if_it_fails(str):
        raise CannotJudgeError("Why")
    assert _contents(tmp_path) == {}
