"""A file is replaced as a whole or not at all, and read only if it ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import files
from pytest_against.model import short

posix = pytest.mark.skipif(os.name != "posix", reason="needs pipes, links and permissions of POSIX")


@pytest.mark.parametrize("text", ["héllo\n", os.fsdecode(b"h\xc3\xa9 \xff")])
def test_a_new_file_holds_the_text_with_escapes_for_what_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "new"
    files.replace(path, text)
    assert path.read_text("utf-8") == text.replace("\udcff", "\\udcff")


def test_text_is_on_disk_before_it_replaces_the_old_file_and_nothing_else_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("a longer text than the new one")
    seen = []
    monkeypatch.setattr(
        os, "fsync", lambda number: seen.append((path.read_text()[:8], os.fstat(number).st_size))
    )
    files.replace(path, "newer")
    assert seen == [("a longer", 5)]
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "newer")]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.chmod", "pathlib.Path.replace"])
def test_a_failed_write_keeps_the_old_file_leaves_no_other_and_says_what_to_do(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(step, full)
    with pytest.raises(files.CannotWriteError) as caught:
        files.replace(path, "new")
    why = "cannot be written (No space left on device); make room for it, or name another place"
    assert str(caught.value) == f"{path} {why}"
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "old")]


@posix
def test_a_link_is_followed_and_kept_and_one_to_itself_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "file", tmp_path / "link"
    link.symlink_to(target)
    files.replace(link, "new")
    assert (link.is_symlink(), target.read_text()) == (True, "new")
    link.unlink()
    link.symlink_to(link)
    files.check(link)
    files.replace(link, "newer")
    assert link.read_text() == "newer"


@posix
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444, 0o755])
def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(
    mode: int, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    before = os.umask(~mode & 0o777)
    try:
        files.replace(path, "old")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & mode
    path.chmod(mode)
    files.replace(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


def test_a_place_that_can_be_written_is_accepted_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    for place in ("file", "new", "folder/of/file"):
        files.check(tmp_path / place)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "old")]


@posix
@pytest.mark.parametrize("act", [files.check, lambda path: files.replace(path, "x")])
@pytest.mark.parametrize(
    "place, words",
    [
        ("folder", "it is a folder"),
        ("pipe", "it is a device or a pipe"),
        ("zero", "it is a device or a pipe"),
        ("file/below", "(Not a directory|File exists)"),
    ],
)
def test_a_place_that_takes_no_file_is_refused_and_left_as_it_is(
    act: Any, place: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(files.CannotWriteError, match=f"{place} cannot be written .{words}.; make"):
        act(tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "pipe", "zero"]
    assert (tmp_path / "pipe").is_fifo()


@posix
@pytest.mark.parametrize("target", ["/dev/zero", "link", "folder", "pipe", "nothing", "large"])
def test_what_is_no_file_too_large_or_never_ends_is_not_read(target: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(64 * 1024 * 1024)
        assert len(files.read_bytes(tmp_path / "large")) == 64 * 1024 * 1024
        stream.truncate(64 * 1024 * 1024 + 1)
    (tmp_path / "link").symlink_to(tmp_path / target)
    with pytest.raises(ValueError, match=r"no regular file|more than 67,108,864 bytes"):
        files.read_bytes(tmp_path / "link")


@given(text=st.text() | st.text(alphabet="a\n\x1b\ud800\u2028é", max_size=500))
def test_words_in_a_message_are_one_short_printable_line(text: str) -> None:
    assert short(text).isprintable()
    assert len(short(text)) <= 200
    assert short("an é in one line") == "an é in one line"
    assert short("a" * 300 + "z") == "a" * 98 + "..." + "a" * 97 + "z"
