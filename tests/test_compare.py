"""Saved runs are judged by the rule of the gate, and one process of each proves nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import compare_report
from benchmarks.compare import compare, together
from benchmarks.compare_report import View
from benchmarks.errors import CannotJudgeError
from benchmarks.judge import Verdict, difference
from benchmarks.outcome import Outcome
from benchmarks.runs import Run, SavedRow
from benchmarks.sides import Side
from benchmarks.suite import SUITE
from tests.saved import ANYTHING, STOCK, changed, file, folder, places, recorded, side_of, times

LIMIT: Final = 0.1
ROW: Final = "maximum[float64-1e3]"


def judged(*sides: Side, rows: str = "", limit: float = LIMIT) -> Outcome:
    return together(compare(sides, rows, limit, SUITE.command))


def ours(tmp_path: Path, name: str, **options: Any) -> Side:
    return side_of(folder(tmp_path / name, recorded(**options)))


def verdicts(outcome: Outcome) -> dict[str, str]:
    return {row.row: row.verdict.value for row in outcome.rows}


def made_up(name: str, seconds: Sequence[float], *nodes: str) -> Side:
    """Return a side of plain runs, in each of which every row takes the same time."""
    rows = {
        node: SavedRow(
            name=node,
            method=node,
            workload="",
            workload_digest="",
            seconds=tuple(seconds),
            recordings=(),
            measures=None,
        )
        for node in nodes
    }
    run = Run(path=Path(name), content=name, machine="here", info={}, commit="c", rows=rows)
    return Side(name=name, runs=[run], rows=rows)


def test_the_same_times_are_steady(tmp_path: Path) -> None:
    found = judged(ours(tmp_path, "a", seed=1), ours(tmp_path, "b", seed=2))
    assert set(verdicts(found).values()) == {"steady"}
    assert (found.exit_code, found.trials) == (0, 20)


def test_a_slower_row_is_regressed_and_no_other(tmp_path: Path) -> None:
    found = judged(ours(tmp_path, "a"), ours(tmp_path, "b", factor=math.log(1.25), seed=2))
    assert verdicts(found) == {ROW: "regressed", "fmax[float64-1e3]": "steady"}
    assert found.exit_code == 1


def test_a_faster_row_is_improved(tmp_path: Path) -> None:
    found = judged(ours(tmp_path, "a"), ours(tmp_path, "b", factor=-math.log(1.25), seed=2))
    assert verdicts(found)[ROW] == "improved"
    assert found.exit_code == 0


def test_a_slowdown_within_the_limit_is_steady(tmp_path: Path) -> None:
    sides = ours(tmp_path, "a"), ours(tmp_path, "b", factor=math.log(1.05), seed=2)
    assert judged(*sides).exit_code == 0
    assert judged(*sides, limit=0.02).exit_code == 1


def test_times_that_vary_too_much_are_inconclusive(tmp_path: Path) -> None:
    found = judged(ours(tmp_path, "a", spread=0.5), ours(tmp_path, "b", spread=0.5, seed=2))
    assert found.exit_code == 3


def test_the_interval_is_that_of_the_judge_over_all_rows_and_sides(tmp_path: Path) -> None:
    old, one, two = (ours(tmp_path, name, seed=i) for i, name in enumerate("abc"))
    node = next(node for node, row in old.rows.items() if row.name == ROW)
    then, now = old.rows[node].ratios, two.rows[node].ratios
    drift = max(old.drift("float64-1e3"), two.drift("float64-1e3"))
    wanted = difference(now, then, 0.01 / (2 * 2 * 2), drift)
    found = next(
        row for row in compare([old, one, two], "", LIMIT, SUITE.command)[1].rows if row.row == ROW
    )
    assert found.interval == wanted


def test_a_stored_baseline_is_a_side(tmp_path: Path) -> None:
    base = side_of(file(tmp_path / "base.json", recorded()))
    found = judged(base, ours(tmp_path, "b", factor=0.3, seed=2))
    assert verdicts(found)[ROW] == "regressed"


def test_drift_between_recordings_widens_the_interval(tmp_path: Path) -> None:
    drifted = ours(tmp_path, "a", drift=0.3)
    found = judged(drifted, ours(tmp_path, "b", factor=math.log(1.25), seed=2))
    assert found.counts[Verdict.REGRESSED] == 0
    # Twice the standard deviation of two values that are 0.3 apart, as a factor.
    assert any(note.startswith("up to 52.8% is allowed for the drift") for note in found.notes)


@pytest.mark.parametrize("version", [4, 5])
def test_one_process_a_side_gives_ratios_and_no_verdict(version: int) -> None:
    old, new = (side_of(STOCK[version, name]) for name in ("before", "after"))
    found = judged(old, new)
    assert set(verdicts(found).values()) == {"not judged"}
    assert found.exit_code == 2
    for row, node in zip(found.rows, old.rows, strict=True):
        assert row.interval is not None
        factor = new.rows[node].seconds[0] / old.rows[node].seconds[0]
        assert math.exp(row.interval.mean) == pytest.approx(factor)
        assert (row.interval.low, row.interval.high) == (-math.inf, math.inf)
    assert any("python -m benchmarks record NAME --trials 20" in note for note in found.notes)


def test_one_process_on_one_side_is_not_judged_either(tmp_path: Path) -> None:
    one = side_of(folder(tmp_path / "one", recorded()) / "0001_one.json")
    many = ours(tmp_path, "many", seed=2)
    assert judged(one, many).exit_code == judged(many, one).exit_code == 2


def test_two_releases_of_the_plugin_can_be_compared() -> None:
    old, new = (side_of(STOCK[version, "before"]) for version in (4, 5))
    assert len(judged(old, new).rows) == len(old.rows) == 3


def test_many_plain_runs_are_judged_by_seconds(tmp_path: Path) -> None:
    def side(name: str, factor: float) -> Side:
        (tmp_path / name).mkdir()
        for i in range(5):
            path = tmp_path / name / f"{i}.json"
            changed(STOCK[5, "before"], path, times(factor * (1 + 1e-4 * i)))
        return side_of(tmp_path / name)

    old = side("old", 1.0)
    assert judged(old, side("same", 1.00005)).exit_code == 0
    found = judged(old, side("slow", 1.25))
    assert set(verdicts(found).values()) == {"regressed"}
    assert any(note.startswith("3 rows are compared by seconds") for note in found.notes)


def test_rows_of_one_side_only_are_listed() -> None:
    old, new = made_up("old", [1, 1.001], "a", "b"), made_up("new", [1, 1.001], "b", "c")
    found = judged(old, new)
    assert verdicts(found) == {"a": "vanished", "b": "steady", "c": "new"}
    assert found.exit_code == 2


def test_everything_renamed_is_refused() -> None:
    with pytest.raises(CannotJudgeError, match=r"no row in common \(a in one, b in the other\)"):
        judged(made_up("old", [1, 1], "a"), made_up("new", [1, 1], "b"))


def test_rows_that_match_nothing_are_refused() -> None:
    with pytest.raises(CannotJudgeError, match="--rows 'x' matches none of 1 rows of old"):
        judged(made_up("old", [1, 1], "a"), made_up("new", [1, 1], "a"), rows="x")


def test_only_the_rows_that_match_are_compared() -> None:
    old, new = made_up("old", [1, 1], "a", "b"), made_up("new", [1, 1], "b", "c")
    assert verdicts(judged(old, new, rows="b")) == {"b": "steady"}


def test_other_inputs_under_the_same_name_are_refused(tmp_path: Path) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", seed=2)
    node, row = next(iter(new.rows.items()))
    other = replace(new, rows={**new.rows, node: replace(row, workload_digest="x")})
    with pytest.raises(CannotJudgeError, match=r"has digest w in .* and x in "):
        judged(old, other)


@pytest.mark.parametrize(
    "change, verdict",
    [({"digest": "x"}, "diverged"), ({"dtype": "float32"}, "diverged"), ({"passes": 2}, "heavier")],
)
def test_what_needs_no_clock_is_decided_without_it(
    change: dict[str, Any], verdict: str, tmp_path: Path
) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", seed=2)
    node, row = next(iter(new.rows.items()))
    assert row.measures is not None
    measures = replace(row.measures, **change)
    other = replace(new, rows={**new.rows, node: replace(row, measures=measures)})
    found = judged(old, other)
    assert (verdicts(found)[row.name], found.exit_code) == (verdict, 1)


def test_each_new_side_is_judged_against_the_first(tmp_path: Path) -> None:
    old = ours(tmp_path, "a")
    good, bad = ours(tmp_path, "b", seed=2), ours(tmp_path, "c", factor=0.3, seed=3)
    outcomes = compare([old, bad, good], "", LIMIT, SUITE.command)
    assert [o.exit_code for o in outcomes] == [1, 0]
    assert [o.base for o in outcomes] == [old.name] * 2
    assert together(outcomes).exit_code == 1


def test_a_run_is_not_compared_with_itself(tmp_path: Path) -> None:
    side = ours(tmp_path, "a")
    with pytest.raises(CannotJudgeError, match="are the same run"):
        judged(side, side)


def test_the_verdict_says_which_software_changed(tmp_path: Path) -> None:
    old, new = ours(tmp_path, "a"), ours(tmp_path, "b", seed=2)
    newer = [replace(run, info={**run.info, "numpy": "9.9"}) for run in new.runs]
    notes = judged(old, replace(new, runs=newer)).notes
    assert any(note.startswith("software: numpy") and "9.9" in note for note in notes)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(data=st.data())
def test_whatever_stands_in_a_file_it_is_judged_or_refused_in_one_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("spoiled")
    ours_of = file(place / "ours.json", recorded(trials=4))
    source = data.draw(st.sampled_from([ours_of, STOCK[4, "before"], STOCK[5, "after"]]))
    found = json.loads(source.read_text("utf-8"))
    container, key = data.draw(st.sampled_from(places(found)))
    container[key] = data.draw(ANYTHING)
    spoiled = place / "spoiled.json"
    spoiled.write_text(json.dumps(found), "utf-8")
    try:
        outcomes = compare([side_of(source), side_of(spoiled)], "", LIMIT, SUITE.command)
    except CannotJudgeError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert compare_report.as_json(outcomes).encode()
    for render in (compare_report.text, compare_report.markdown, compare_report.as_csv):
        assert render(outcomes, View()).encode()


@settings(deadline=None, derandomize=True)
@given(
    old=st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=6),
    new=st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=6),
)
def test_green_means_proven_and_needs_two_processes_a_side(
    old: list[float], new: list[float]
) -> None:
    found = judged(made_up("old", old, "a"), made_up("new", new, "a"))
    interval = found.rows[0].interval
    assert interval is not None
    if min(len(old), len(new)) < 2:
        assert found.exit_code == 2
    elif found.exit_code == 0:
        assert interval.high < math.log1p(LIMIT)
    elif found.exit_code == 1:
        assert interval.low > math.log1p(LIMIT)
