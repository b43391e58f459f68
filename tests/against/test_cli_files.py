"""Reports that are true or gone, a lock for each user, and a line of progress."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_against import around, files
from pytest_against.model import CannotJudgeError

Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Two files with reports of before."""
    found = [tmp_path / "a.json", tmp_path / "b.md"]
    for path in found:
        path.write_text("old")
    return found


def reports(
    paths: Iterable[Path | None], render: Callable[[str], str] = "written: {}".format
) -> Any:
    asked = [(path, render) for path in paths]
    return around.reports(asked, "shown: {}\n".format, lambda why, _: f"refused, {why}")


def claim(paths: Iterable[Path], *sources: Path) -> None:
    around.claim(Namespace(**dict(zip(("json", "html"), paths, strict=False))), sources)


def texts(paths: list[Path]) -> list[str]:
    return [path.read_text() if path.exists() else "" for path in paths]


def test_a_result_is_printed_and_written(paths: list[Path], capsys: Capture) -> None:
    with reports([*paths, None]) as write:
        write("steady")
    assert capsys.readouterr().out == "shown: steady\n"
    assert texts(paths) == ["written: steady"] * 2


@pytest.mark.parametrize(
    "error, why",
    [
        (CannotJudgeError("no commit"), "no commit"),
        (KeyboardInterrupt(), "interrupted"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_an_earlier_report_never_survives_a_refusal(
    paths: list[Path], error: BaseException, why: str, capsys: Capture
) -> None:
    with pytest.raises(type(error)), reports(paths):
        raise error
    assert texts(paths) == [f"written: refused, {why}"] * 2
    assert capsys.readouterr().out == ""


def test_on_a_full_disk_no_old_report_stays_and_the_others_are_written(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    replace, (bad, good) = files.replace, paths

    def full(path: Path, text: str) -> None:
        if path == bad:
            raise OSError(f"{path} cannot be written")
        replace(path, text)

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(OSError, match=r"a\.json cannot be written"), reports(paths) as write:
        write("steady")
    assert capsys.readouterr().out == "shown: steady\n"
    assert texts(paths) == ["", "written: steady"]
    bad.write_text("old")
    with pytest.raises(CannotJudgeError, match="no commit"), reports([bad, good]):
        raise CannotJudgeError("no commit")
    assert texts(paths) == ["", "written: refused, no commit"]


def test_a_report_is_written_even_if_it_cannot_be_printed(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError("gone")

    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(OSError, match="cannot be printed"), reports(paths) as write:
        write("steady")
    assert texts(paths) == ["written: steady"] * 2


@pytest.mark.parametrize(
    "names, source, words",
    [
        (["a.json", "link.json"], "runs", "asked for twice; name another"),
        (["link.json"], "a.json", "is what the report is made of"),
        (["runs/new.json"], "runs", "is what the report is made of"),
        (["runs"], "a.json", "it is a folder"),
        (["runs/0000_baseline.json"], "a.json", "is a baseline; name another file for the report"),
    ],
)
def test_what_cannot_be_written_is_known_before_a_measurement(
    names: list[str], source: str, words: str, paths: list[Path]
) -> None:
    folder = paths[0].parent
    (folder / "link.json").symlink_to("a.json")
    (folder / "runs").mkdir()
    claim([folder / "runs/new.md"], folder / "runs")
    with pytest.raises((CannotJudgeError, OSError), match=words):
        claim([paths[1], *(folder / name for name in names)][-2:], folder / source)
    assert texts(paths) == ["old", "old"]


def test_an_earlier_report_is_none_from_the_beginning(paths: list[Path]) -> None:
    first, second = paths
    second.unlink()
    claim(paths)
    assert first.read_text().startswith("not finished")
    assert not second.exists()  # there was none to be mistaken


def test_all_reports_say_the_same_or_that_there_is_none(paths: list[Path], capsys: Capture) -> None:
    def render(result: str) -> str:
        if result == "steady" and rendered:
            raise ZeroDivisionError("a fault")
        rendered.append(result)
        return f"written: {result}"

    rendered: list[str] = []
    with pytest.raises(ZeroDivisionError), reports(paths, render) as write:
        write("steady")
    assert texts(paths) == ["written: refused, a fault"] * 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("home_is", ["a folder", "a file", "unknown"])
def test_one_measurement_at_a_time(
    home_is: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    if home_is == "a file":
        (home / ".cache").write_text("")
    if home_is == "unknown":
        monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    words = "another measurement runs"
    with around.only_one(), pytest.raises(CannotJudgeError, match=words), around.only_one():
        pytest.fail("both have it")
    with around.only_one():
        files = [*(home / ".cache" if home_is == "a folder" else tmp_path).iterdir()]
        assert {file.suffix for file in files} == {".lock", ".txt"}
        for file in files:
            assert str(getattr(os, "getuid", str)()) in file.name  # one for each user


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(b"\xff")])
def test_who_measures_may_be_unknown(spoil: Callable[[Path], object], home: Path) -> None:
    words = "another measurement runs on this machine; wait until it is done, or end it"
    with around.only_one():
        (file,) = (home / ".cache").glob("*.txt")
        spoil(file)
        with pytest.raises(CannotJudgeError, match=f"^{words}$"), around.only_one():
            pytest.fail("both have it")
    file.unlink(missing_ok=True)
    file.mkdir()  # so that nothing can be written there
    with around.only_one():
        assert file.is_dir()


def test_without_any_place_for_a_lock_there_is_a_reason(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".cache").write_text("a file")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(home / ".cache"))
    with pytest.raises(OSError), around.only_one():  # noqa: PT011 - the system's words
        pytest.fail("it began")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with around.progress(-1.0) as progress:
        progress.stage("checks", 0)
        progress.row("a")
        for rows in (2, 2, 1):
            progress.stage(f"{rows} rows undecided", rows)
            progress.row("a")


def test_progress_is_one_line_on_a_terminal_and_a_line_for_each_stage_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(None, monkeypatch)
    told(shown := io.StringIO(), monkeypatch)
    stages = ["checks", "2 rows undecided", "1 rows undecided"]
    assert shown.getvalue().splitlines() == [f"{stage}; 0 s left" for stage in stages]
    told(shown := Terminal(), monkeypatch)
    assert "1 rows undecided; 0 s left" in shown.getvalue()
    assert "\n" not in shown.getvalue()
