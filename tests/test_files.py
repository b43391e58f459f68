"""A file is replaced as a whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.files import check_writable, write_atomically


def _fail(*_: object) -> NoReturn:
    raise OSError("disk full")


def test_new_file_holds_the_text(tmp_path: Path) -> None:
    path = tmp_path / "new"
    write_atomically(path, "héllo\n")
    assert path.read_bytes() == "héllo\n".encode()


def test_old_contents_are_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a much longer text than the new one")
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.chmod", "pathlib.Path.replace"])
def test_failed_write_keeps_the_old_file_and_leaves_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(step, _fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_that_cannot_be_encoded_is_written_as_an_escape(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, os.fsdecode(b"h\xc3\xa9 \xff"))
    assert path.read_text("utf-8") == "h\u00e9 \\udcff"


def test_text_is_on_disk_before_it_replaces_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    seen = []
    monkeypatch.setattr(
        os, "fsync", lambda number: seen.append((path.read_text(), os.fstat(number).st_size))
    )
    write_atomically(path, "newer")
    assert seen == [("old", 5)]


def test_symbolic_link_is_followed_and_kept(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "file"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.fixture(params=[0o022, 0o027, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What is taken from the permissions of new files."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_new_file_has_the_permissions_that_any_new_file_has(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444, 0o755])
def test_a_file_that_is_replaced_keeps_its_permissions(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(mode)
    write_atomically(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


def test_directory_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing" / "file", "new")


def test_file_that_can_be_written_is_accepted_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    check_writable(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "place, words",
    [
        ("missing/file", "missing is not there, and file belongs into it"),
        ("folder", "folder is a folder, expected a file"),
        ("pipe", "pipe is a device or a pipe, expected a file"),
    ],
)
def test_place_that_takes_no_file_is_refused_and_left_as_it_is(
    place: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=words):
        check_writable(tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]
    assert (tmp_path / "pipe").is_fifo()
