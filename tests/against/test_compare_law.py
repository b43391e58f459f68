"""Green means proven, whatever stores hold: two sides of one known state, measured alike."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.model import CannotJudgeError, Verdict
from tests.against.runs import LIMIT, judged
from tests.against.stores import COMMIT, MACHINE, OPTIONS, entry

NODES: Final = ("a.py::one", "a.py::two[1]")
MAY: Final[Mapping[str, Any]] = {
    "commit": st.sampled_from([None, {"id": "unversioned"}, {"id": "2" * 40}, {"dirty": True}]),
    "machine": st.sampled_from(
        [{}, {"node": "x"}, {"cpu": None}, {"cpu": None, "node": None}, {"size": 2}, {"size": 3}]
    ),
    "python": st.sampled_from(["3.12.4", "3.13.1"]),
    "options": st.sampled_from([None, {"timer": "x"}, {"disable_gc": True}, {"min_rounds": 9}]),
    "twice": st.booleans(),
    "stats": st.sampled_from([None, {}, {"median": 0}, {"median": math.nan}]),
    "outcome": st.sampled_from(["passed", "failed"]),
}
"""What may be odd in a run; most are as usual."""

RUNS: Final[st.SearchStrategy[dict[str, Any]]] = st.builds(
    dict,
    seconds=st.floats(0.9, 1.1),
    rows=st.sampled_from([NODES, NODES, NODES[:1]]),
    odd=st.dictionaries(st.sampled_from(sorted(MAY)), st.none(), max_size=1).flatmap(
        lambda chosen: st.fixed_dictionaries({name: MAY[name] for name in chosen})
    ),
)
NEARLY_ALIKE: Final = st.builds(
    lambda seconds, number, odd, first: [
        {"seconds": seconds + k / 1e4, "rows": NODES, "odd": odd if k >= first else {}}
        for k in range(number)
    ],
    st.sampled_from([1.0, 0.5]),
    st.integers(2, 5),
    RUNS.map(lambda run: run["odd"]),
    st.sampled_from([0, 1, 9]),
)
"""Runs that have a chance to be green: all, some or none of them are odd alike."""
SIDES: Final = st.lists(RUNS, min_size=1, max_size=4) | NEARLY_ALIKE | NEARLY_ALIKE


def written(place: Path, side: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """Write a side, and return what its files hold."""
    place.mkdir()
    files = []
    for number, run in enumerate(side):
        odd = run["odd"]
        rows = [entry(node, 1e-5 * run["seconds"]) for node in run["rows"]]
        if "options" in odd:
            rows[0]["options"] = odd["options"] and {**OPTIONS, **odd["options"]}
        if "stats" in odd:
            rows[0]["stats"] = odd["stats"]
        if "outcome" in odd:
            rows[0]["outcome"] = odd["outcome"]
        commit = odd["commit"] and {**COMMIT, **odd["commit"]} if "commit" in odd else COMMIT
        machine = {**MACHINE, **odd.get("machine", {})}
        found = {
            "machine_info": {**machine, "python_version": odd.get("python", "3.12.4")},
            "commit_info": commit,
            "benchmarks": [*rows, *rows[: odd.get("twice", 0)]],
            "datetime": f"2026-01-02T03:04:{start + number:02}+00:00",
            "version": "5.2.3",
        }
        (place / f"{number:04}_run.json").write_text(json.dumps(found))
        files.append(found)
    return files


def one(values: list[Any], *unknown: Any) -> bool:
    """Return whether all are the same, and known."""
    return all(value == values[0] and value not in unknown for value in values)


def alike(files: list[dict[str, Any]], *sides: list[dict[str, Any]]) -> bool:
    """Return whether runs were measured under the same conditions, each side in a known state."""
    machines = [file["machine_info"] for file in files]
    states = [
        one([(file["commit_info"] or {}).get(key) for file in side], *unknown)
        for side in sides
        for key, unknown in (("id", (None, "unversioned")), ("dirty", (True,)))
    ]
    rows = [row for file in files for row in file["benchmarks"]]
    return (
        all(states)
        and all(one([file["machine_info"]["python_version"] for file in side]) for side in sides)
        and (one([m["cpu"] for m in machines], None) or one([m["node"] for m in machines], None))
        and one([m.get("size") for m in machines])
        and all(  # of each row: others may have another timer
            one([(row["options"] or {}).get(name) for row in rows if row["name"] == its], None)
            for its in {row["name"] for row in rows}
            for name in ("timer", "disable_gc")
        )
    )


@settings(max_examples=200, deadline=None)
@given(old=SIDES, new=SIDES)
def test_it_ends_green_only_if_everything_is_known_alike_and_proven(
    old: list[dict[str, Any]],
    new: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("stores")
    then, now = written(place / "old", old, 0), written(place / "new", new, 30)
    try:
        found = judged(place / "old", place / "new")
    except CannotJudgeError as error:
        assert str(error).isprintable()  # noqa: PT017 - many are no fault
        return
    if found.exit_code:
        assert found.why or any(row.why for row in found.rows)
        return
    assert alike([*then, *now], then, now)
    for file in [*then, *now]:
        names = [row["fullname"] for row in file["benchmarks"]]
        assert len({*names}) == len(names)
        assert all(row["stats"]["median"] > 0 for row in file["benchmarks"])
        assert all(row.get("outcome") != "failed" for row in file["benchmarks"])
    assert {row.row.node for row in found.rows} == {
        row["fullname"] for file in [*then, *now] for row in file["benchmarks"]
    }
    for side, its in ((old, then), (new, now)):
        for node in NODES:
            number = sum(node in run["rows"] for run in side)
            assert number == 0 or 2 * number >= len(its)
    for row in found.rows:
        assert row.verdict in {Verdict.STEADY, Verdict.IMPROVED}
        assert row.interval.high < math.log1p(LIMIT)


def test_a_usual_store_is_green(tmp_path: Path) -> None:
    usual = {"seconds": 1.0, "rows": NODES, "odd": {}}
    for start, name in ((0, "old"), (30, "new")):
        side = [{**usual, "seconds": 1 + (start + k) / 1e5} for k in range(3)]
        assert alike(written(tmp_path / name, side, start))
    assert judged(tmp_path / "old", tmp_path / "new").exit_code == 0


@pytest.mark.parametrize("there, code", [(1, 2), (2, 2), (5, 2), (6, 0), (11, 0), (12, 0), (0, 2)])
@pytest.mark.parametrize("late", ["old", "new"])
def test_what_most_runs_of_a_side_lack_is_never_green(
    late: str, there: int, code: int, tmp_path: Path
) -> None:
    for start, name in ((0, "old"), (30, "new")):
        side = [{"seconds": 1 + (start + k) / 1e5, "rows": NODES, "odd": {}} for k in range(12)]
        for run in side[there:] if name == late else ():
            run["rows"] = NODES[:1]
        written(tmp_path / name, side, start)
    found = judged(tmp_path / "old", tmp_path / "new")
    assert found.exit_code == code
    if 0 < there < 6:
        words = f"in {there} of 12 runs of {tmp_path / late} only: an id that varies"
        assert [row.why.startswith(words) for row in found.rows] == [False, True]
