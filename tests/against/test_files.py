"""A file is replaced as a whole or not at all, and read only if it ends."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import files, saved
from pytest_against.model import short
from tests.against.runs import STOCK

posix = pytest.mark.skipif(os.name != "posix", reason="needs pipes, links and permissions of POSIX")


def _fail(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_new_file_holds_the_text(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "new"
    files.replace(path, "héllo\n")
    assert path.read_bytes() == "héllo\n".encode()


def test_old_contents_are_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a much longer text than the new one")
    files.replace(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.chmod", "pathlib.Path.replace"])
def test_failed_write_keeps_the_old_file_leaves_no_other_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(step, _fail)
    with pytest.raises(OSError, match="cannot be written") as caught:
        files.replace(path, "new")
    assert str(caught.value) == (
        f"{path} cannot be written (No space left on device); make room for it, or name another "
        "place"
    )
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_that_cannot_be_encoded_is_written_as_an_escape(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.replace(path, os.fsdecode(b"h\xc3\xa9 \xff"))
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
    files.replace(path, "newer")
    assert seen == [("old", 5)]


@posix
def test_symbolic_link_is_followed_and_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "file", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    files.replace(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@posix
def test_link_to_itself_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    files.check(link)
    files.replace(link, "new")
    assert link.read_text() == "new"


@pytest.fixture(params=[0o022, 0o027, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What is taken from the permissions of new files."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@posix
def test_a_new_file_has_the_permissions_that_any_new_file_has(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.replace(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@posix
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444, 0o755])
def test_a_file_that_is_replaced_keeps_its_permissions(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(mode)
    files.replace(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


@pytest.mark.parametrize("place", ["file", "folder/of/file"])
def test_place_that_can_be_written_is_accepted_and_left_as_it_is(
    place: str, tmp_path: Path
) -> None:
    files.check(tmp_path / place)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("old")
    files.check(tmp_path / "file")
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
def test_place_that_takes_no_file_is_refused_and_left_as_it_is(
    act: object, place: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=f"{place} cannot be written .{words}.; make room"):
        act(tmp_path / place)  # type: ignore[operator]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "pipe", "zero"]
    assert (tmp_path / "pipe").is_fifo()


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(64 * 1024 * 1024 + 1)
    with pytest.raises(ValueError, match="more than 67,108,864 bytes"):
        files.read_bytes(path)


@posix
@pytest.mark.parametrize("target", ["/dev/zero", "link", "folder", "pipe", "nothing"])
def test_what_is_no_file_or_never_ends_is_not_read(target: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / target)
    with pytest.raises(ValueError, match="no regular file"):
        files.read_bytes(tmp_path / "link")


@pytest.fixture
def saves(tmp_path: Path) -> Path:
    """A folder of two runs."""
    place = tmp_path / "saves"
    place.mkdir()
    for number in (1, 2):
        shutil.copy(STOCK[5, "before"], place / f"000{number}_it.json")
    (place / "notes.txt").write_text("no run")
    return place


def test_a_name_is_a_file_or_the_json_in_a_folder(saves: Path, tmp_path: Path) -> None:
    runs = sorted(saves.glob("*.json"))
    assert saved.find_runs(str(saves), tmp_path) == runs
    assert saved.find_runs(str(runs[0]), tmp_path) == runs[:1]


@pytest.mark.parametrize("path", ["machine/it", "machine/it/it"])
def test_a_name_finds_what_was_saved_under_it(
    path: str, saves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = tmp_path / "storage"
    place = (storage / path).parent
    shutil.copytree(saves, place)
    shutil.copy(STOCK[5, "after"], storage / "machine" / "other.json")
    monkeypatch.chdir(tmp_path)
    Path("it").mkdir()  # a folder without JSON does not hide it
    assert saved.find_runs("it", storage) == sorted(place.glob("*_it.json"))
    assert saved.find_runs("other", storage) == [storage / "machine" / "other.json"]
    assert saved.sources("it", storage) == [*sorted(place.glob("*_it.json")), place]


@pytest.mark.parametrize("name", ["x", "x" * 5000])
def test_nothing_is_found_where_nothing_is(name: str, tmp_path: Path) -> None:
    assert saved.find_runs(name, tmp_path) == []


def test_the_sources_of_a_file_are_the_file_alone(saves: Path, tmp_path: Path) -> None:
    path = saves / "0001_it.json"
    assert saved.sources(str(path), tmp_path) == [path]
    assert saved.sources(str(saves), tmp_path) == [*sorted(saves.glob("*.json")), saves]


@settings(deadline=None)
@given(text=st.text() | st.text(alphabet="a\n\x1b\ud800\u2028é", max_size=500))
def test_words_in_a_message_are_one_short_printable_line(text: str) -> None:
    found = short(text)
    assert found.isprintable()
    assert len(found) <= 200


def test_short_words_are_kept_and_long_ones_lose_their_middle() -> None:
    assert short("an é in one line") == "an é in one line"
    assert short("a" * 300 + "z") == "a" * 98 + "..." + "a" * 97 + "z"
