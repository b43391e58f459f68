"""Runs are found by file, folder, name, number and pattern, as the stock command finds them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from pytest_against import store
from tests.against.runs import STOCK

FILES: Final = (
    *("machine/0002_it.json", "machine/0001_it.json"),
    *("m/kept/0001_kept.json", "m/0001_more.json"),
)


def test_a_name_is_a_file_a_folder_of_json_or_what_was_saved_under_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = Path("storage")
    for name in FILES:
        (storage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(STOCK[5, "before"], storage / name)
    (storage / "machine" / "notes.txt").write_text("no run")
    shutil.copy(STOCK[5, "after"], storage / "machine" / "other.json")
    Path("it").mkdir()  # a folder without JSON does not hide what has its name
    place, many = storage / "machine", sorted((storage / "machine").glob("*_it.json"))
    for name, runs, folders in [
        ("it", many, [place]),
        ("kept", [storage / "m/kept/0001_kept.json"], [storage / "m/kept"]),
        ("other", [place / "other.json"], [place]),
        (str(place), [*many, place / "other.json"], [place]),
        ("machine", [*many, place / "other.json"], [place]),
        ("0001", [storage / "m/0001_more.json", many[0]], [storage / "m", place]),
        ("0001_mo", [storage / "m/0001_more.json"], [storage / "m"]),
        ("m/0001", [storage / "m/0001_more.json"], [storage / "m"]),
        ("mach*/000*", many, [place]),
        ("storage/mac*/*_it.json", many, [place]),
        ("storage/m/k*", [storage / "m/kept/0001_kept.json"], [storage / "m/kept"]),
        ("*/nothing", [], []),
        (
            f"{tmp_path}/storage/m/k*",
            [tmp_path / "storage/m/kept/0001_kept.json"],
            [tmp_path / "storage/m/kept"],
        ),
        ("", [], []),
        (str(many[0]), many[:1], []),
        ("x", [], []),
        ("x" * 5000, [], []),
    ]:
        assert store.find_runs(name, storage) == runs
        assert store.sources(name, storage) == [*runs, *folders]


def test_who_asks_for_what_is_not_there_is_told_what_is(tmp_path: Path) -> None:
    assert str(store.missing("x", tmp_path, "it")) == (
        "no file, folder or saved run 'x' that has JSON; save one: it record NAME"
    )
    for number in range(20):
        place = tmp_path / "machine" / f"{number:04}_name{number:02}.json"
        place.parent.mkdir(exist_ok=True)
        place.touch()
    words = str(store.missing("x", tmp_path, "it"))
    assert f"below {tmp_path} are name00, name01, " in words
    assert "name11 and 8 more; save one" in words
