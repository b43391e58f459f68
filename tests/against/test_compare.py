"""Saved runs are judged by the rule of the gate, and one process of each proves nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.compare import baselines
from pytest_against.model import CannotJudgeError, Result, Verdict
from pytest_against.saved import load_file
from pytest_against.stats import ERROR, Errors, difference, drift
from tests.against.runs import (
    ANYTHING,
    LIMIT,
    NODES,
    STOCK,
    about,
    changed,
    file,
    judged,
    ours,
    places,
    recorded,
    times,
    trials,
)

SLOW: Final = "maximum[float64-1e3]"
OTHER: Final = "fmax[float64-1e3]"


def verdicts(result: Result) -> dict[str, str]:
    return {row.row.name: row.verdict.value for row in result.rows}


def plain(place: Path, seconds: Sequence[float], *nodes: str, **more: Any) -> str:
    """Write plain runs, in each of which every row takes the same time."""
    place.mkdir()
    for number, value in enumerate(seconds):
        benchmarks = [{"fullname": node, "stats": {"median": value}} for node in nodes]
        found = {"machine_info": {"node": "here"}, "datetime": f"{place.name}{number}", **more}
        (place / f"{number}.json").write_text(json.dumps({**found, "benchmarks": benchmarks}))
    return str(place)


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
def test_the_interval_decides(
    options: dict[str, Any], limit: float, word: str, exit_code: int, tmp_path: Path
) -> None:
    found = judged(ours(tmp_path, "a"), ours(tmp_path, "b", seed=2, **options), limit=limit)
    assert verdicts(found)[SLOW] == word
    assert (found.exit_code, found.trials) == (exit_code, 20)
    if "slower" in options and "drift" not in options:
        assert verdicts(found)[OTHER] == "steady"


def test_the_interval_is_that_of_the_rule_over_all_rows_and_sides(tmp_path: Path) -> None:
    old, one, two = (ours(tmp_path, name, seed=i, drift=0.01) for i, name in enumerate("abc"))
    results = judged(old, one, two)
    baselines_of = [recorded(trials(seed=i, drift=0.01)) for i in (0, 2)]
    then, now = (each.rows[NODES[0]].values for each in baselines_of)
    allowed = max(drift(row.recordings for row in each.rows.values()) for each in baselines_of)
    assert allowed > 0
    errors = Errors(low=ERROR / (2 * 2), high=ERROR * 6 / math.pi**2)
    assert results[1].rows[0].interval == difference(now, then, errors, allowed)
    shown = f"up to {math.expm1(allowed):.1%} is allowed for the drift"
    assert any(note.startswith(shown) for note in results[1].notes)


def test_a_folder_holds_the_trials_of_the_baseline_it_was_recorded_with(tmp_path: Path) -> None:
    many, new = ours(tmp_path, "many", drift=0.1), ours(tmp_path, "new", seed=2)
    one = file(tmp_path / "one.json", trials(drift=0.1))
    from_many, from_one = judged(many, new), judged(one, new)
    assert from_many.rows == from_one.rows
    assert from_many.notes[0].startswith(f"{many} has 20 processes, ")
    assert from_one.notes[1:] == from_many.notes[1:]


def test_a_new_recording_is_judged_against_the_baseline_it_replaces() -> None:
    old = recorded(trials())
    assert baselines(old, recorded(trials(seed=2)), LIMIT).exit_code == 0
    found = baselines(old, recorded(trials(seed=2, slower=1.25)), LIMIT)
    assert verdicts(found) == {SLOW: "regressed", OTHER: "steady"}
    assert found.base == "the baseline of 2026-01-02 (0123456789)"
    other = {node: replace(row, inputs="x") for node, row in old.rows.items()}
    assert baselines(old, replace(old, rows=other), LIMIT).exit_code == 2


@pytest.mark.parametrize("version", [4, 5])
def test_one_process_a_side_gives_ratios_and_no_verdict(version: int) -> None:
    old, new = (STOCK[version, name] for name in ("before", "after"))
    found = judged(old, new)
    assert set(verdicts(found).values()) == {"not judged"}
    assert found.exit_code == 2
    for row in found.rows:
        then, now = (load_file(path).content.rows[row.row.node].seconds[0] for path in (old, new))
        assert math.exp(row.interval.mean) == pytest.approx(now / then)
        assert (row.interval.low, row.interval.high) == (-math.inf, math.inf)
        assert (row.was, row.now) == (then, now)
    assert "pytest-against record NAME --trials 20" in found.notes[-1]


def test_one_process_on_one_side_is_not_judged_either(tmp_path: Path) -> None:
    one = Path(ours(tmp_path, "one")) / "0001_one.json"
    many = ours(tmp_path, "many", seed=2)
    assert judged(one, many).exit_code == judged(many, one).exit_code == 2


def test_two_releases_of_the_plugin_can_be_compared() -> None:
    found = judged(STOCK[4, "before"], STOCK[5, "before"])
    assert len(found.rows) == 3
    assert "software: pytest_benchmark 4.0.0 -> 5.3.1" in found.notes


def test_many_plain_runs_are_judged_by_seconds(tmp_path: Path) -> None:
    def side(name: str, factor: float) -> Path:
        (tmp_path / name).mkdir()
        for i in range(5):
            path = tmp_path / name / f"{i}.json"
            changed(STOCK[5, "before"], path, times(factor * (1 + 1e-4 * i)))
        return tmp_path / name

    old = side("old", 1.0)
    assert judged(old, side("same", 1.00005)).exit_code == 0
    found = judged(old, side("slow", 1.25))
    assert set(verdicts(found).values()) == {"regressed"}
    assert any(note.startswith("3 rows are compared by seconds") for note in found.notes)
    assert any(note.startswith("certain to within 0.") for note in found.notes)


def test_rows_of_one_side_only_are_listed(tmp_path: Path) -> None:
    old = plain(tmp_path / "old", [1, 1.001], "t.py::a", "t.py::b")
    new = plain(tmp_path / "new", [1, 1.001], "t.py::b", "t.py::c")
    found = judged(old, new)
    assert verdicts(found) == {"a": "vanished", "b": "steady", "c": "new"}
    assert found.exit_code == 2
    assert verdicts(judged(old, new, rows="b")) == {"b": "steady"}


def test_rows_of_the_same_name_are_told_apart_by_their_nodes(tmp_path: Path) -> None:
    old = plain(tmp_path / "old", [1, 1.001], "one.py::a", "one.py::b")
    new = plain(tmp_path / "new", [1, 1.001], "two.py::a", "one.py::b")
    found = verdicts(judged(old, new))
    assert found == {"one.py::a": "vanished", "b": "steady", "two.py::a": "new"}


def test_where_one_run_has_no_ratios_seconds_are_compared_without_drift(tmp_path: Path) -> None:
    old, new = ours(tmp_path, "old", drift=0.3), Path(ours(tmp_path, "new", seed=2, drift=0.3))
    path = new / "0001_new.json"
    changed(path, path, lambda found: found.pop("extra_info"))
    found = judged(old, new)
    assert any(note.startswith("2 rows are compared by seconds") for note in found.notes)
    logs = [math.log(1e-6 + 1e-9 * trial) for trial in range(20)]
    wanted = difference(logs, logs, Errors(low=ERROR / 2, high=ERROR * 6 / math.pi**2))
    interval = found.rows[0].interval
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high))


def test_the_largest_of_what_the_files_of_a_side_say_is_what_it_takes(tmp_path: Path) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", about(exact={"passes": 2}), seed=2)
    path = Path(old) / "0001_a.json"
    changed(path, path, lambda f: f["benchmarks"][0]["extra_info"].update(exact={"passes": 2}))
    assert verdicts(judged(old, new))[SLOW] == "steady"


@pytest.mark.parametrize(
    "rows, found",
    [("TestIt", "a"), ("test_x.py", "a"), ("not test_x", "c"), ("here", ""), ("folder", "")],
)
def test_files_and_classes_choose_rows_and_folders_do_not(
    rows: str, found: str, tmp_path: Path
) -> None:
    nodes = ("folder/test_x.py::TestIt::a", "folder/test_y.py::c")
    old, new = (plain(tmp_path / name, [1, 1.001], *nodes) for name in ("old", "new"))
    if found:
        assert [name[-1] for name in verdicts(judged(old, new, rows=rows))] == [found]
    else:
        words = f"--rows '{rows}' matches none of 2 rows of .*old; they are named as in TestIt::a"
        with pytest.raises(CannotJudgeError, match=words):
            judged(old, new, rows=rows)


def test_everything_renamed_is_refused(tmp_path: Path) -> None:
    old, new = plain(tmp_path / "old", [1], "a"), plain(tmp_path / "new", [1], "b")
    with pytest.raises(CannotJudgeError, match=r"no row in common \(a in one, b in the other\)"):
        judged(old, new)


@pytest.mark.parametrize(
    "now, word",
    [
        ({"peak_bytes": 8192, "passes": 2}, "heavier"),
        ({"peak_bytes": 8192 + 819 + 2048 + 1, "passes": 1}, "heavier"),
        ({"peak_bytes": 8192 + 819 + 2048, "passes": 1}, "steady"),
        ({"peak_bytes": 1, "passes": 0}, "steady"),
        ({"other": 7}, "steady"),
    ],
)
def test_what_needs_no_clock_is_decided_without_it(
    now: dict[str, int], word: str, tmp_path: Path
) -> None:
    found = judged(ours(tmp_path, "a"), ours(tmp_path, "b", about(exact=now), seed=2))
    assert verdicts(found) == {SLOW: word, OTHER: "steady"}
    assert found.exit_code == (word == "heavier")


@pytest.mark.parametrize("inputs, words", [("x", "w in .* and x in "), ("", "w in .* and unknown")])
def test_a_row_of_other_inputs_is_not_judged(inputs: str, words: str, tmp_path: Path) -> None:
    found = judged(ours(tmp_path, "a"), ours(tmp_path, "b", about(inputs=inputs), slower=9))
    assert (verdicts(found)[SLOW], found.exit_code) == ("not judged", 2)
    assert re.search(f"its inputs have digest {words}", found.rows[0].why)
    assert not any("record more" in note for note in found.notes)


def test_each_new_side_is_judged_against_the_first(tmp_path: Path) -> None:
    old = ours(tmp_path, "a")
    bad, good = ours(tmp_path, "b", slower=1.3, seed=2), ours(tmp_path, "c", seed=3)
    results = judged(old, bad, good)
    assert [each.exit_code for each in results] == [1, 0]
    assert [(each.base, each.head) for each in results] == [(old, bad), (old, good)]


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_whatever_stands_in_a_file_it_is_judged_or_refused_in_one_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("spoiled")
    mine = file(place / "ours.json", trials(number=4))
    source = data.draw(st.sampled_from([Path(mine), STOCK[4, "before"], STOCK[5, "after"]]))
    found = json.loads(source.read_text("utf-8"))
    container, key = data.draw(st.sampled_from(places(found)))
    container[key] = data.draw(ANYTHING)
    (place / "spoiled.json").write_text(json.dumps(found), "utf-8")
    try:
        result = judged(source, place / "spoiled.json")
    except CannotJudgeError as error:
        assert str(error).isprintable()  # noqa: PT017 - some changes are no fault
        return
    assert repr(result).encode()


@settings(deadline=None)
@given(
    old=st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=6),
    new=st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=6),
)
def test_green_means_proven_and_needs_two_processes_a_side(
    old: list[float], new: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("sides")
    found = judged(plain(place / "old", old, "a"), plain(place / "new", new, "a"))
    interval = found.rows[0].interval
    if min(len(old), len(new)) < 2:
        assert found.verdict is Verdict.UNJUDGED
    elif found.exit_code == 0:
        assert interval.high < math.log1p(LIMIT)
    elif found.exit_code == 1:
        assert interval.low > math.log1p(LIMIT)
