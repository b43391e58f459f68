"""Reports that are true or gone, a lock for each user, and a line of progress."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pytest_against import cli, files
from pytest_against.model import CannotJudgeError

pytestmark = pytest.mark.usefixtures("home")


class Writing:
    """Reports of a text, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.paths = [folder / "a.json", folder / "b.md"]
        self.old()

    def old(self) -> None:
        for path in self.paths:
            path.write_text("old")

    def __call__(self, *sources: Path, paths: list[Path | None] | None = None) -> Any:
        asked = [
            (path, lambda text, n=n: f"{n}: {text}")
            for n, path in enumerate(self.paths if paths is None else paths)
        ]
        return cli.reports(
            asked, lambda text: f"shown: {text}\n", lambda why, _: f"refused: {why}", sources
        )

    def texts(self) -> list[str]:
        return [path.read_text() if path.exists() else "" for path in self.paths]


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path)


def test_a_result_is_printed_and_written(
    writing: Writing, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing() as write:
        write("steady")
    assert capsys.readouterr().out == "shown: steady\n"
    assert writing.texts() == ["0: steady", "1: steady"]


@pytest.mark.parametrize(
    "error, why",
    [
        (CannotJudgeError("no commit"), "no commit"),
        (KeyboardInterrupt(), "interrupted"),
        (MemoryError(), "MemoryError"),
        (OSError("too many"), "too many"),
    ],
)
def test_an_earlier_report_never_survives_a_refusal(
    writing: Writing, error: BaseException, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)), writing():
        raise error
    assert writing.texts() == [f"0: refused: {why}", f"1: refused: {why}"]
    assert capsys.readouterr().out == ""


def test_on_a_full_disk_the_verdict_is_printed_and_no_old_one_stays(
    writing: Writing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace = files.replace

    def full(path: Path, text: str) -> None:
        if path == writing.paths[0]:
            raise OSError(f"{path} cannot be written")
        replace(path, text)

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(OSError, match=r"a\.json cannot be written"), writing() as write:
        write("steady")
    assert capsys.readouterr().out == "shown: steady\n"
    assert writing.texts() == ["", "1: steady"]
    writing.old()
    with pytest.raises(CannotJudgeError), writing():
        raise CannotJudgeError("why")
    assert writing.texts() == ["", "1: refused: why"]


def test_a_report_is_written_even_if_it_cannot_be_printed(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError("gone")

    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(OSError, match="cannot be printed"), writing() as write:
        write("steady")
    assert writing.texts() == ["0: steady", "1: steady"]


def test_what_cannot_be_written_is_known_before_a_measurement(
    writing: Writing, tmp_path: Path
) -> None:
    (tmp_path / "link.json").symlink_to("a.json")
    runs = tmp_path / "runs"
    runs.mkdir()
    refused: list[tuple[list[Path | None], list[Path]]] = [
        ([tmp_path / "a.json", tmp_path / "link.json"], []),
        ([tmp_path / "link.json"], [tmp_path / "a.json"]),
        ([runs / "new.json"], [runs]),
    ]
    for paths, sources in refused:
        with pytest.raises(CannotJudgeError, match="name another"), writing(*sources, paths=paths):
            pytest.fail("it began")
    with pytest.raises(OSError, match="it is a folder"), writing(paths=[runs]):
        pytest.fail("it began")
    assert writing.texts() == ["old", "old"]
    with writing(runs, paths=[runs / "new.md", None]) as write:
        write("steady")
    assert (runs / "new.md").read_text() == "0: steady"


def test_one_measurement_at_a_time(home: Path) -> None:
    words = "another measurement runs"
    with cli.only_one(), pytest.raises(CannotJudgeError, match=words), cli.only_one():
        pytest.fail("both have it")
    with cli.only_one():
        assert len(list((home / ".cache").iterdir())) == 1


def refuse(*_: object, **__: object) -> Any:
    raise PermissionError(13, "read-only")


@pytest.mark.parametrize("why", ["no folder", "no home"])
def test_without_a_home_to_write_in_the_lock_is_elsewhere(
    why: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    if why == "no home":
        monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    else:
        (home / ".cache").write_text("a file")
    with cli.only_one():
        (lock,) = tmp_path.iterdir()
        assert str(getattr(os, "getuid", lambda: "")()) in lock.name  # one for each user
        with pytest.raises(CannotJudgeError), cli.only_one():
            pytest.fail("both have it")


def test_without_any_place_for_a_lock_there_is_a_reason(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".cache").write_text("a file")
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    with pytest.raises(OSError), cli.only_one():  # noqa: PT011 - the system's words
        pytest.fail("it began")


def told(budget: float = 9.0) -> None:
    with cli.progress(budget) as progress:
        progress.stage("checks", 0)
        progress.row("a")
        for rows in (2, 2, 1):
            progress.stage(f"{rows} rows undecided", rows)
            progress.row("a")


def test_progress_is_a_line_for_each_stage_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    told()
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(";")[0] for line in lines] == [
        "checks",
        "2 rows undecided",
        "1 rows undecided",
    ]
    assert all(line.endswith(" s left") for line in lines)


def test_progress_is_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    told(budget=-1)
    assert "\n" not in shown.getvalue()
    assert "1 rows undecided; 0 s left" in shown.getvalue()


def test_progress_needs_no_place_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    told()
