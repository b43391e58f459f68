"""A report goes to every file that was asked for, also when all it can say is that it failed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from benchmarks.errors import CannotJudgeError
from benchmarks.exact import WrongAnswerError
from benchmarks.outputs import FAULTS, Outputs

FAILED = "Failed: {}".format


def _outputs(folder: Path, *sources: Path) -> Outputs[str]:
    files = {
        "--upper": (folder / "upper", str.upper),
        "--title": (None, str.title),
        "--lower": (folder / "lower", str.lower),
    }
    return Outputs[str].asked_for(files, sources)


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()}


def test_a_report_is_written_to_each_file_that_was_asked_for(tmp_path: Path) -> None:
    _outputs(tmp_path).write("Found")
    assert _contents(tmp_path) == {"upper": "FOUND", "lower": "found"}


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    files = {"--x": (tmp_path / "x", str), "--y": (tmp_path / "no" / "y", str)}
    outputs = Outputs[str].asked_for(files)
    with pytest.raises(FileNotFoundError, match="no is not there"):
        outputs.check()
    assert _contents(tmp_path) == {}


def test_a_failure_is_reported_where_it_can_be_when_one_file_cannot_be_written(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "upper"
    os.mkfifo(pipe)
    (tmp_path / "lower").write_text("steady", "utf-8")
    with (
        pytest.raises(OSError, match="expected a file"),
        _outputs(tmp_path).even_if_it_fails(FAILED),
    ):
        pytest.fail("it was not checked")
    assert _contents(tmp_path) == {
        "lower": f"failed: {pipe} is a device or a pipe, expected a file"
    }
    assert pipe.is_fifo()


def test_a_file_for_two_reports_is_refused_under_whatever_names(tmp_path: Path) -> None:
    (tmp_path / "lower").symlink_to("upper")
    with pytest.raises(CannotJudgeError) as caught:
        _outputs(tmp_path).check()
    assert str(caught.value) == (
        f"{tmp_path / 'lower'} is asked for by --upper and by --lower; name a file for each"
    )


@pytest.mark.parametrize("source", ["lower", "../{}/lower", "../{}"])
def test_a_report_never_takes_the_place_of_what_is_read(source: str, tmp_path: Path) -> None:
    (tmp_path / "lower").write_text("A run", "utf-8")
    outputs = _outputs(tmp_path, tmp_path / source.format(tmp_path.name))
    with (
        pytest.raises(CannotJudgeError, match=r"is among what is read \(.*; write the repor"),
        outputs.even_if_it_fails(FAILED),
    ):
        pytest.fail("it was not checked")
    assert _contents(tmp_path)["lower"] == "A run"


def test_a_report_never_takes_the_place_of_what_turns_out_to_be_read(tmp_path: Path) -> None:
    (tmp_path / "lower").write_text("A baseline", "utf-8")
    outputs = _outputs(tmp_path)
    with (
        pytest.raises(CannotJudgeError, match="lower is among what is read"),
        outputs.even_if_it_fails(FAILED),
    ):
        outputs.keep_out_of(tmp_path / "lower")
    contents = _contents(tmp_path)
    assert contents["lower"] == "A baseline"
    assert contents["upper"].startswith("FAILED: ")


@pytest.mark.parametrize("error", [CannotJudgeError, WrongAnswerError, OSError])
def test_a_failure_replaces_the_report_of_an_earlier_run(
    error: type[Exception], tmp_path: Path
) -> None:
    outputs = _outputs(tmp_path)
    outputs.write("Steady")
    with pytest.raises(error, match="Why"), outputs.even_if_it_fails(FAILED):
        raise error("Why")
    assert _contents(tmp_path) == {"upper": "FAILED: WHY", "lower": "failed: why"}
    assert error in FAULTS


@pytest.mark.parametrize(
    "error, words",
    [
        (KeyboardInterrupt(), "failed: interrupted"),
        (ZeroDivisionError("by zero"), "failed: zerodivisionerror: by zero"),
        (SystemExit(0), "failed: systemexit: 0"),
    ],
)
def test_an_interruption_or_a_mistake_of_ours_replaces_it_too_and_passes(
    error: BaseException, words: str, tmp_path: Path
) -> None:
    outputs = _outputs(tmp_path)
    outputs.write("Steady")
    with pytest.raises(type(error)) as caught, outputs.even_if_it_fails(FAILED):
        raise error
    assert caught.value is error
    assert _contents(tmp_path) == {"upper": words.upper(), "lower": words}


def test_the_first_error_is_shown_when_its_report_cannot_be_written(tmp_path: Path) -> None:
    def full(_: str) -> str:
        raise OSError(errno.ENOSPC, "No space left")

    outputs = Outputs[str].asked_for(
        {"--x": (tmp_path / "x", full), "--y": (tmp_path / "y", str)},
    )
    with pytest.raises(CannotJudgeError, match="Why"), outputs.even_if_it_fails(str):
        raise CannotJudgeError("Why")
    assert _contents(tmp_path) == {"y": "Why"}
