"""What cannot be believed is refused in one line, which says where it is and what mends it."""

from __future__ import annotations

import errno
import json
import math
import os
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.formats import SCHEMA
from pytest_against.model import CannotJudgeError
from pytest_against.saved import load_baseline, load_file
from tests.against.runs import ANYTHING, STOCK, Change, changed, file, folder, places, trials

COMMAND: Final = "pytest-against"
REPLACE: Final = f'; replace it: {COMMAND} baseline --accept "it was broken"'
CONTENTS: Final = {
    "empty": b"",
    "truncated": b'{"benchmarks": [{"gro',
    "no UTF-8": b"\xff\xfe\x00",
    "nested": b"[" * 100_000,
    "long number": b"[" + b"9" * 5000 + b"]",
    "list": b"[]",
    "null": b"null",
    "no keys": b"{}",
    "number": b"7",
    "text": b'"text"',
}


def _refused(path: Path) -> tuple[str, str]:
    """Return how a file is refused as a saved run, and how as a baseline."""
    with pytest.raises(CannotJudgeError) as as_run:
        load_file(path)
    with pytest.raises(CannotJudgeError) as as_baseline:
        load_baseline(path, COMMAND)
    for line in (str(as_run.value), str(as_baseline.value)):
        assert line.isprintable()
        assert len(line) < 800
        assert str(path) in line
    return str(as_run.value), str(as_baseline.value)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_what_is_no_saved_file_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "0000_baseline.json"
    path.write_bytes(content)
    as_run, as_baseline = _refused(path)
    assert f"{path} is not a saved run of pytest-benchmark (" in as_run
    assert as_run.endswith("; save another: pytest --benchmark-only --benchmark-save=NAME")
    assert f"{path} is not a baseline (" in as_baseline
    assert as_baseline.endswith(REPLACE)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    assert all("it has more than 67,108,864 bytes" in line for line in _refused(path))


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and links of POSIX")
@pytest.mark.parametrize("target", ["/dev/zero", "run.json", "folder", "pipe", "nothing"])
def test_what_is_no_file_or_never_ends_is_refused_unread(target: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "run.json"
    path.symlink_to(tmp_path / target)
    as_run, as_baseline = _refused(path)
    assert "it is no regular file" in as_run
    assert as_baseline == (
        f"{path} is no regular file; remove it, and record the baseline: {COMMAND} baseline"
    )


def test_a_disk_that_fills_up_leaves_no_run_and_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotJudgeError, match="No space left on device") as caught:
        folder(tmp_path / "run", trials())
    assert str(caught.value).count("cannot be written") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_baseline_names_the_command_that_records_it(tmp_path: Path) -> None:
    path = tmp_path / "0000_baseline.json"
    assert _refused(path)[1] == (
        f"no baseline for this class of machines ({path}); record it: {COMMAND} baseline"
    )


def _first(found: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = found["benchmarks"][0]
    return first


def _median(value: Any) -> Change:
    return lambda found: _first(found)["stats"].update(median=value)


PLAIN: Final[dict[str, tuple[Change, str]]] = {
    "no rows": (lambda f: f.update(benchmarks=[]), "length >= 1 - at `$.benchmarks`"),
    "twice": (lambda f: f["benchmarks"].append(_first(f)), "::test_join is in it twice"),
    "no name": (lambda f: _first(f).pop("fullname"), "field `fullname` - at `$.benchmarks[0]`"),
    "empty name": (lambda f: _first(f).update(fullname=""), "at `$.benchmarks[0].fullname`"),
    "null as a name": (lambda f: _first(f).update(fullname=None), "got `null` - at `$.benchmarks["),
    "line break": (lambda f: _first(f).update(fullname="a\nb"), "Expected printable text - at `$"),
    "last line break": (lambda f: _first(f).update(fullname="a\n"), "Expected printable text"),
    "half a character": (lambda f: _first(f).update(fullname="\ud800"), "Expected printable text"),
    "half a commit": (lambda f: f["commit_info"].update(id="\ud800"), "at `$.commit_info.id`"),
    "half a date": (lambda f: f.update(datetime="\ud800"), "at `$.datetime`"),
    "no stats": (lambda f: _first(f).pop("stats"), "field `stats` - at `$.benchmarks[0]`"),
    "no machine": (lambda f: f.pop("machine_info"), "`machine_info`"),
    "schema": (lambda f: f.update(extra_info={"schema": 99}), f"schema 99 instead of {SCHEMA}"),
    "list as schema": (lambda f: f.update(extra_info={"schema": []}), "schema [] instead of"),
    "zero": (_median(0), "at `$.benchmarks[0].stats.median`"),
    "too short": (_median(1e-320), "Expected `float` >= 1e-15 - at"),
    "too long": (_median(1e300), "Expected `float` <= 1000000000.0 - at"),
    "negative": (_median(-1e-6), "Expected `float` >= 1e-15 - at"),
    "NaN": (_median(math.nan), "Expected `float` >= 1e-15 - at"),
    "infinite": (_median(math.inf), "Expected `float` <= 1000000000.0 - at"),
    "huge": (_median(10**400), "Number out of range - at"),
    "text": (_median("1"), "Expected `float`, got `str` - at"),
    "true": (_median(True), "Expected `float`, got `bool` - at"),  # noqa: FBT003
}  # fmt: skip


@pytest.mark.parametrize("change, words", PLAIN.values(), ids=PLAIN)
def test_a_run_that_cannot_be_believed_is_refused(
    change: Change, words: str, tmp_path: Path
) -> None:
    as_run, _ = _refused(changed(STOCK[5, "before"], tmp_path / "run.json", change))
    assert words in as_run


def _extra(**more: Any) -> Change:
    return lambda found: _first(found)["extra_info"].update(more)


STORED: Final[dict[str, tuple[Change, str]]] = {
    "text": (_extra(recordings=["99", "99"]), "extra_info.recordings[0]`"),
    "objects": (_extra(recordings=[{"3": 1, "4": 1}]), "got `object` - at `$.benchmarks[0].extra"),
    "steep": (_extra(recordings=[[56, 1]], seconds=[1, 1]), "Expected `float` <= 55.3"),
    "flat": (_extra(recordings=[[-1e308, 1]], seconds=[1, 1]), "Expected `float` >= -55.3"),
    "true": (_extra(recordings=[[True, 1]], seconds=[1, 1]), "got `bool`"),
    "NaN": (_extra(recordings=[[math.nan, 1]], seconds=[1, 1]), "Expected `float` >= -55.3"),
    "400 digits": (_extra(seconds=[10**400]), "out of range - at `$.benchmarks[0].extra_info.sec"),
    "zero": (_extra(seconds=[0]), "Expected `float` >= 1e-15"),
    "fewer times": (_extra(seconds=[1e-6]), "6 ratios and 1 times - at `$.benchm"),
    "no times": (_extra(seconds=[], recordings=[]), "0 ratios and 0 times"),
    "fraction": (_extra(exact={"passes": 1.5}), "got `float` - at `$.benchmarks[0]."),
    "large": (_extra(exact={"peak_bytes": 10**400}), "Expected `int` <= 9007199254740992"),
    "inputs": (_extra(inputs=3), "at `$.benchmarks[0].extra_info.inputs`"),
    "accepted": (lambda f: f["extra_info"].update(accepted="\ud800"), "`$.extra_info.accepted`"),
    "measures": (_extra(measures={"passes": 1}), "field `peak_bytes` - at"),
    "no recordings": (lambda f: _first(f)["extra_info"].pop("recordings"), "field `recordings`"),
}  # fmt: skip


@pytest.mark.parametrize("change, words", STORED.values(), ids=STORED)
def test_a_baseline_that_cannot_be_believed_is_refused(
    change: Change, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "0000_baseline.json"
    file(path, trials(number=6))
    for line in _refused(changed(path, path, change)):
        assert words in line


def test_a_run_is_no_baseline(tmp_path: Path) -> None:
    trial = Path(folder(tmp_path / "run", trials())) / "0001_run.json"
    for path in (trial, STOCK[5, "before"]):
        with pytest.raises(
            CannotJudgeError, match=r"fewer than 2 trials - at `\$.benchmarks\[0\]`"
        ):
            load_baseline(path, COMMAND)


def test_a_long_name_is_quoted_short(tmp_path: Path) -> None:
    def twice(found: dict[str, Any]) -> None:
        _first(found)["fullname"] = "x" * 100_000
        found["benchmarks"].append(_first(found))

    as_run, _ = _refused(changed(STOCK[5, "before"], tmp_path / "run.json", twice))
    assert "is in it twice" in as_run


@settings(deadline=None)
@given(data=st.data())
def test_any_prefix_of_a_file_and_any_bytes_are_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = STOCK[4, "after"].read_bytes().rstrip()
    prefix = st.integers(0, len(content) - 1).map(lambda length: content[:length])
    path = tmp_path_factory.mktemp("bytes") / "run.json"
    path.write_bytes(data.draw(prefix | st.binary()))
    _refused(path)


@settings(deadline=None, max_examples=250)
@given(data=st.data())
def test_whatever_stands_in_a_file_it_is_read_or_refused_in_one_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("spoiled")
    ours = file(place / "ours.json", trials(number=4))
    source = data.draw(st.sampled_from([Path(ours), STOCK[4, "before"], STOCK[5, "after"]]))
    found = json.loads(source.read_text("utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(found)))
        container[key] = data.draw(ANYTHING)
    spoiled = place / "spoiled.json"
    spoiled.write_text(json.dumps(found), "utf-8")
    for load in (load_file, lambda path: load_baseline(path, COMMAND)):
        try:
            repr(load(spoiled)).encode()
        except CannotJudgeError as error:
            assert str(error).isprintable()  # noqa: PT017 - some changes are no fault
            assert len(str(error)) < 800  # noqa: PT017
