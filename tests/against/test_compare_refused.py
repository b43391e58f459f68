"""Sides that are not comparable are refused in one line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against.model import CannotJudgeError
from tests.against.runs import ABOUT, STOCK, about, changed, judged, ours

SAME: Final = "are the same run, and compared with itself it would prove nothing; name another"
MACHINES: Final = "times of different machines cannot be compared: save both on the same one"


def test_a_run_is_not_compared_with_itself_or_a_copy(tmp_path: Path) -> None:
    copy = changed(STOCK[5, "after"], tmp_path / "copy.json")
    for other in (STOCK[5, "after"], copy):
        with pytest.raises(CannotJudgeError, match=SAME):
            judged(STOCK[5, "after"], other)


@pytest.mark.parametrize(
    "info", [{"node": "elsewhere"}, {"cpu": {"brand_raw": "Other"}}, {"simd": "avx2"}], ids=str
)
def test_runs_of_two_machines_are_refused_on_two_sides_and_on_one(
    info: dict[str, Any], tmp_path: Path
) -> None:
    other = changed(
        STOCK[5, "after"], tmp_path / "other.json", lambda found: found["machine_info"].update(info)
    )
    with pytest.raises(CannotJudgeError, match=MACHINES):
        judged(STOCK[5, "before"], other)
    shutil.copy(STOCK[5, "before"], tmp_path)
    with pytest.raises(CannotJudgeError, match=MACHINES):
        judged(tmp_path, STOCK[5, "after"])


def test_software_is_named_between_sides_and_refused_within_one(tmp_path: Path) -> None:
    newer = replace(ABOUT, machine={**ABOUT.machine, "numpy": "9.9"})
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", newer, seed=2)
    assert "software: numpy 2.4.6 -> 9.9" in judged(old, new).notes
    shutil.copy(Path(new) / "0001_b.json", old)
    with pytest.raises(CannotJudgeError, match=r"a mixes numpy 2.4.6 -> 9.9; give the runs of"):
        judged(old, new)


def test_trials_with_other_inputs_are_no_side(tmp_path: Path) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", about(inputs="x"), seed=2)
    shutil.copy(Path(new) / "0001_b.json", old)
    with pytest.raises(CannotJudgeError, match="was saved with different inputs"):
        judged(old, STOCK[5, "after"])


def test_runs_of_several_commits_are_said_to_be(tmp_path: Path) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", seed=2)
    path = Path(new) / "0001_b.json"
    changed(path, path, lambda found: found["commit_info"].update(dirty=True))
    assert f"{new} has runs of 2 commits" in judged(old, new).notes


@pytest.mark.parametrize("name", ["x", "x" * 5000])
def test_what_is_not_there_names_the_command_that_records_it(name: str) -> None:
    words = f"no file, folder or saved run '{name[:90]}.*; save one: pytest-against record NAME"
    with pytest.raises(CannotJudgeError, match=words):
        judged(name, STOCK[5, "after"])
