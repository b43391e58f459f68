"""Saved runs are judged by the rule of the gate; one process proves nothing; some are refused."""

from __future__ import annotations

import math
import re
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against.compare import baselines
from pytest_against.model import ERROR, CannotJudgeError, Result, Verdict
from pytest_against.saved import Baseline, load_run
from pytest_against.stats import Errors, difference, drift
from tests.against import runs
from tests.against.runs import ABOUT, LIMIT, NODES, STOCK, changed, judged, recorded, trials
from tests.against.stores import side

SLOW: Final = "maximum[float64-1e3]"
OTHER: Final = "fmax[float64-1e3]"


def verdicts(result: Result) -> dict[str, str]:
    return {row.row.name: row.verdict.value for row in result.rows}


def ours(tmp_path: Path, name: str, known: Baseline = ABOUT, **options: Any) -> str:
    """Write the files of a run; its name, and how long its rows took."""
    return runs.folder(tmp_path / name, trials(**options), known)


def medians(path: Path) -> dict[str, float]:
    return {row.fullname: row.stats.median for row in load_run(path).benchmarks}


@pytest.mark.parametrize(
    "options, limit, word, exit_code",
    [
        ({}, LIMIT, "steady", 0),
        ({"slower": 1.25}, LIMIT, "regressed", 1),
        ({"slower": 1.05}, LIMIT, "steady", 0),
        ({"slower": 1.05}, 0.02, "regressed", 1),
        ({"slower": 0.8}, LIMIT, "improved", 0),
        ({"spread": 0.5}, LIMIT, "inconclusive", 3),
        ({"slower": 1.25, "drift": 0.3}, LIMIT, "inconclusive", 3),
    ],
)
def test_the_interval_decides_in_files_and_between_baselines(
    options: dict[str, Any], limit: float, word: str, exit_code: int, tmp_path: Path
) -> None:
    found = judged(ours(tmp_path, "a"), ours(tmp_path, "b", seed=2, **options), limit=limit)
    assert verdicts(found)[SLOW] == word
    assert (found.exit_code, found.trials) == (exit_code, 20)
    if exit_code < 2:
        assert verdicts(found)[OTHER] == "steady"
    again = baselines(recorded(trials()), recorded(trials(seed=2, **options)), limit)
    assert again.rows == found.rows
    assert again.base == "the baseline of 2026-01-02 (0123456789)"


def test_the_interval_is_that_of_the_rule_over_all_rows_and_sides(tmp_path: Path) -> None:
    old, one, two = (ours(tmp_path, name, seed=i, drift=0.01) for i, name in enumerate("abc"))
    results = judged(old, one, two)
    baselines_of = [recorded(trials(seed=i, drift=0.01)) for i in (0, 2)]
    then, now = (each.rows[NODES[0]].values for each in baselines_of)
    allowed = max(drift(row.recordings for row in each.rows.values()) for each in baselines_of)
    assert allowed > 0
    errors = Errors(low=ERROR / (2 * 2), high=ERROR * 6 / math.pi**2)
    assert results[1].rows[0].interval == difference(now, then, errors, allowed)
    shown = f"with up to {math.expm1(allowed):.1%} for the drift"
    assert any(shown in note for note in results[1].notes)
    assert [(each.base, each.head) for each in results] == [(old, one), (old, two)]


def test_a_folder_holds_the_trials_of_the_baseline_it_was_recorded_with(tmp_path: Path) -> None:
    many, new = ours(tmp_path, "many", drift=0.1), ours(tmp_path, "new", seed=2)
    one = runs.file(tmp_path / "one.json", trials(drift=0.1))
    from_many, from_one = judged(many, new), judged(one, new)
    assert from_many.rows == from_one.rows
    assert from_many.notes[0] == f"{many} has 20 processes, {new} has 20 processes"
    assert from_one.notes[1:] == from_many.notes[1:]
    assert list(verdicts(judged(many, new, rows="test_forward[max"))) == [SLOW]


def test_one_process_on_a_side_gives_ratios_and_no_verdict(tmp_path: Path) -> None:
    old, new = STOCK[4, "before"], STOCK[5, "after"]
    found = judged(old, new)
    assert set(verdicts(found).values()) == {"not judged"}
    for row in found.rows:
        then, now = (medians(path)[row.row.node] for path in (old, new))
        assert math.exp(row.interval.mean) == pytest.approx(now / then)
        assert (row.interval.low, row.interval.high) == (-math.inf, math.inf)
        assert (row.was, row.now) == pytest.approx((then, now))
    assert "pytest-against record NAME --trials 20" in found.why
    assert any(note.startswith("software: pytest_benchmark 4.0.0 -> 5.3.1") for note in found.notes)
    one, many = Path(ours(tmp_path, "one")) / "0001_one.json", ours(tmp_path, "many", seed=2)
    assert found.exit_code == judged(one, many).exit_code == judged(many, one).exit_code == 2
    row = judged(many, one).rows[0]
    seconds = [medians(path)[row.row.node] for path in Path(many).iterdir()]
    assert row.was == pytest.approx(median(seconds))


@given(
    old=st.lists(st.floats(1e-4, 1e8), min_size=1, max_size=6),
    new=st.lists(st.floats(1e-4, 1e8), min_size=1, max_size=6),
)
def test_green_means_proven_and_needs_two_processes_a_side(
    old: list[float], new: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("sides")
    found = judged(side(place / "old", old), side(place / "later", new))
    interval = found.rows[0].interval
    if min(len(old), len(new)) < 2:
        assert found.verdict is Verdict.UNJUDGED
    elif found.exit_code == 0:
        assert interval.high < math.log1p(LIMIT)
    elif found.exit_code == 1:
        assert interval.low > math.log1p(LIMIT)


def test_many_plain_runs_are_judged_by_seconds(tmp_path: Path) -> None:
    old, same, slow = (
        side(tmp_path / name, [factor * (1 + 1e-4 * i) for i in range(5)], ["t.py::a", "t.py::b"])
        for name, factor in (("old", 1.0), ("same", 1.00005), ("slow", 1.25))
    )
    assert judged(old, same).exit_code == 0
    found = judged(old, slow)
    assert verdicts(found) == {"a": "regressed", "b": "regressed"}
    assert any(note.startswith("2 rows compared by seconds") for note in found.notes)
    assert any(note.startswith("certain to within 0.") for note in found.notes)
    assert not any("drift" in note for note in found.notes)  # none is known, and none allowed for


def test_where_one_run_has_no_ratios_seconds_are_compared_without_drift(tmp_path: Path) -> None:
    old, new = (ours(tmp_path, name, seed=i, drift=0.3) for i, name in enumerate(("old", "new")))
    path = Path(new) / "0001_new.json"
    changed(path, path, lambda found: found.pop("extra_info"))
    assert judged(old, new).exit_code == 2  # timed otherwise
    found = judged(old, new, assumed={"timer", "disable_gc"})
    assert any(note.startswith("2 rows compared by seconds") for note in found.notes)
    assert not any("drift" in note for note in found.notes)
    logs = [math.log(1e-6 + 1e-9 * trial) for trial in range(20)]
    wanted = difference(logs, logs, Errors(low=ERROR / 2, high=ERROR * 6 / math.pi**2))
    interval = found.rows[0].interval
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high))


def test_rows_of_one_side_only_are_listed_and_names_are_distinct(tmp_path: Path) -> None:
    old = side(tmp_path / "old", [1, 1.001], ["one.py::a", "one.py::b"])
    new = side(tmp_path / "new", [1.0001, 1.0011], ["two.py::a", "one.py::b"])
    found = judged(old, new)
    assert verdicts(found) == {"one.py::a": "vanished", "b": "steady", "two.py::a": "new"}
    assert found.exit_code == 2
    assert verdicts(judged(old, new, rows="b")) == {"b": "steady"}
    with pytest.raises(
        CannotJudgeError, match=r"no row in common \(one.* in one, two.* in the oth"
    ):
        judged(old, new, rows="a")


@pytest.mark.parametrize(
    "rows, found",
    [("TestIt", "a"), ("test_x.py", "a"), ("not test_x", "c"), ("here", ""), ("folder", "")],
)
def test_files_and_classes_choose_rows_and_folders_do_not(
    rows: str, found: str, tmp_path: Path
) -> None:
    nodes = ("folder/test_x.py::TestIt::a", "folder/test_y.py::c")
    old, new = (
        side(tmp_path / name, [each, each + 0.001], nodes)
        for name, each in (("old", 1), ("new", 1.0001))
    )
    if found:
        assert [name[-1] for name in verdicts(judged(old, new, rows=rows))] == [found]
    else:
        words = f"--rows '{rows}' matches none of 2 rows of .*old; they are named as in TestIt::a"
        with pytest.raises(CannotJudgeError, match=words):
            judged(old, new, rows=rows)


@pytest.mark.parametrize(
    "now, word",
    [
        ({"peak_bytes": 8192, "passes": 2}, "heavier"),
        ({"peak_bytes": 8192 + 819 + 2048 + 1, "passes": 1}, "heavier"),
        ({"peak_bytes": 8192 + 819 + 2048, "passes": 0}, "steady"),
        ({"other": 7}, "steady"),
    ],
)
def test_what_needs_no_clock_is_decided_without_it_by_the_largest_of_a_side(
    now: dict[str, int], word: str, tmp_path: Path
) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", runs.about(exact=now), seed=2)
    found = judged(old, new)
    assert verdicts(found) == {SLOW: word, OTHER: "steady"}
    assert found.exit_code == (word == "heavier")
    assert all(row.interval for row in found.rows)  # what is heavier has its time, too
    path = Path(old) / "0001_a.json"
    changed(path, path, lambda f: f["benchmarks"][0]["extra_info"].update(exact=now))
    assert verdicts(judged(old, new))[SLOW] == "steady"


@pytest.mark.parametrize("inputs, words", [("x", "w in .* and x in "), ("", "w in .* and unknown")])
def test_a_row_of_other_inputs_is_not_judged(inputs: str, words: str, tmp_path: Path) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", runs.about(inputs=inputs), slower=9)
    found = judged(old, new)
    assert (verdicts(found)[SLOW], found.exit_code) == ("not judged", 2)
    assert re.search(f"its inputs have digest {words}", found.rows[0].why)
    assert not any("record more" in note for note in found.notes)
    changed(Path(new) / "0001_b.json", Path(old) / "new.json", lambda f: f.update(datetime="x"))
    whys = {row.row.name: row.why for row in judged(old, new).rows}
    assert "was saved with different inputs" in whys[SLOW]


@pytest.mark.parametrize(
    "info", [{"node": "elsewhere", "cpu": None}, {"cpu": {"brand_raw": "Other"}}], ids=str
)
def test_a_copy_and_another_machine_are_refused_on_two_sides_and_on_one(
    info: dict[str, Any], tmp_path: Path
) -> None:
    before, after, other, copy = (
        STOCK[5, "before"],
        STOCK[5, "after"],
        tmp_path / "a",
        tmp_path / "b",
    )
    changed(after, other, lambda found: found["machine_info"].update(info))
    changed(after, copy)
    (tmp_path / "mixed").mkdir()
    for number, path in enumerate([before, other]):
        shutil.copy(path, tmp_path / "mixed" / f"{number}.json")
    for old, new, words in (
        (after, after, "are the same run, and compared with itself"),
        (after, copy, "are the same run, and compared with itself"),
        (before, other, "different machines cannot be compared"),
        (tmp_path / "mixed", after, "different machines cannot be compared"),
        ("x", after, "no file, folder or saved run 'x'.*; save one: pytest-against record NAME"),
    ):
        with pytest.raises(CannotJudgeError, match=words):
            judged(old, new)


def test_software_is_named_between_sides_and_refused_within_one(tmp_path: Path) -> None:
    newer = replace(ABOUT, machine={**ABOUT.machine, "numpy": "9.9"})
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", newer, seed=2)
    assert "software: numpy 2.4.6 -> 9.9" in judged(old, new).notes
    shutil.copy(Path(new) / "0001_b.json", old)
    with pytest.raises(CannotJudgeError, match=r"a mixes numpy 2.4.6, 9.9; give the runs of"):
        judged(old, new)
