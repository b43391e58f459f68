"""A side is trials of one suite, one machine and one set of software, each of them once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.errors import CannotJudgeError
from benchmarks.sides import check_distinct, check_same_machine, sources
from tests.saved import STOCK, changed, file, folder, recorded, side_of, times

NODE: Final = "test_words.py::test_sorted[10]"


@pytest.fixture
def saves(tmp_path: Path) -> Path:
    """A folder of four plain runs of another project."""
    place = tmp_path / "saves"
    place.mkdir()
    for number in range(1, 5):
        changed(STOCK[5, "before"], place / f"000{number}_it.json", times(1 + number / 100))
    return place


def test_each_file_in_a_folder_is_a_trial(saves: Path) -> None:
    side = side_of(saves)
    assert side.trials == 4
    first = json.loads(STOCK[5, "before"].read_text())["benchmarks"]
    median = next(b["stats"]["median"] for b in first if b["fullname"] == NODE)
    assert side.rows[NODE].seconds == pytest.approx([median * n for n in (1.01, 1.02, 1.03, 1.04)])


def test_what_is_not_json_is_left_out_of_a_folder(saves: Path) -> None:
    (saves / "notes.txt").write_text("not a run")
    assert side_of(saves).trials == 4


def test_a_row_of_some_files_has_their_trials(saves: Path) -> None:
    path = saves / "0001_it.json"
    changed(path, path, lambda found: found["benchmarks"].pop())
    counts = {len(row.seconds) for row in side_of(saves).rows.values()}
    assert counts == {3, 4}


@pytest.mark.parametrize("name", ["x", "empty", "x" * 5000])
def test_what_is_not_there_names_the_command_that_records_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    words = f"no file, folder or saved run '{name}' that has JSON.*record NAME"
    with pytest.raises(CannotJudgeError, match=words):
        side_of(name)


def test_a_folder_without_json_does_not_hide_a_saved_run(
    saves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(saves, tmp_path / ".benchmarks" / "machine" / "it")
    monkeypatch.chdir(tmp_path)
    Path("it").mkdir()
    assert side_of("it").trials == 4


def test_the_sources_of_a_side_are_its_files_and_the_folders_that_are_read(
    saves: Path, tmp_path: Path
) -> None:
    files = sorted(saves.iterdir())
    assert sources(str(files[0])) == files[:1]
    assert sources(str(saves)) == [*files, saves]
    storage = tmp_path / "storage"
    place = shutil.copytree(saves, storage / "machine" / "run")
    assert sources("run", storage) == [*sorted(place.iterdir()), place]
    assert sources("no-such", storage) == []


def test_one_broken_file_spoils_a_folder(saves: Path) -> None:
    (saves / "0005_it.json").write_text("{")
    with pytest.raises(CannotJudgeError, match=r"0005_it.json is not a saved run"):
        side_of(saves)


@pytest.mark.parametrize("path", ["machine/it", "machine/it/it"])
def test_a_name_finds_what_was_saved_under_it(path: str, saves: Path, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    place = (storage / path).parent
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(saves, place)
    changed(STOCK[5, "after"], storage / "machine" / "0001_other.json")
    assert side_of("it", storage).trials == 4
    assert side_of("other", storage).trials == 1


def _machine(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["machine_info"].update({name: value})


@pytest.mark.parametrize(
    "change, words",
    [
        (_machine("node", "elsewhere"), "times of different machines cannot be compared"),
        (_machine("cpu", {"brand_raw": "Other"}), "times of different machines"),
        (_machine("python_version", "3.99.0"), "mixes python_version .* -> 3.99.0"),
    ],
)
def test_a_side_of_two_machines_or_pythons_is_refused(
    saves: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    changed(STOCK[5, "after"], saves / "0005_it.json", change)
    with pytest.raises(CannotJudgeError, match=words):
        side_of(saves)


def test_our_machines_are_told_apart_by_their_class(tmp_path: Path) -> None:
    one = file(tmp_path / "one.json", recorded())
    same = changed(one, tmp_path / "same.json", _machine("python", "CPython 9.9"))
    other = changed(one, tmp_path / "other.json", _machine("cpu", "Another"))
    check_same_machine(side_of(one), side_of(same))
    with pytest.raises(CannotJudgeError, match="different machines"):
        check_same_machine(side_of(one), side_of(other))
    with pytest.raises(CannotJudgeError, match="different machines"):
        check_same_machine(side_of(one), side_of(STOCK[5, "after"]))


def test_a_copy_of_a_run_is_no_other_run(saves: Path) -> None:
    shutil.copy(saves / "0001_it.json", saves / "0005_it.json")
    with pytest.raises(CannotJudgeError, match="are the same run"):
        side_of(saves)


def test_a_side_given_twice_is_refused(saves: Path) -> None:
    side = side_of(saves)
    with pytest.raises(CannotJudgeError, match="are the same run"):
        check_distinct([*side.runs, *side.runs])


def _extra(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["benchmarks"][0]["extra_info"].update({name: value})


def test_trials_with_other_inputs_are_no_side(tmp_path: Path) -> None:
    place = folder(tmp_path / "run", recorded(trials=4))
    changed(place / "0002_run.json", place / "0002_run.json", _extra("workload_digest", "other"))
    with pytest.raises(CannotJudgeError, match="was saved with different inputs"):
        side_of(place)


def test_trials_with_other_results_are_no_side(tmp_path: Path) -> None:
    place = folder(tmp_path / "run", recorded(trials=4))
    path = place / "0002_run.json"
    found = json.loads(path.read_text())
    measures = found["benchmarks"][0]["extra_info"]["measures"] | {"digest": "other"}
    changed(path, path, _extra("measures", measures))
    with pytest.raises(CannotJudgeError, match="digest is other, expected d"):
        side_of(place)
