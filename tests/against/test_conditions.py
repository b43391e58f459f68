"""Runs are compared if their files say that they were measured alike; the unsaid is unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against.model import CannotJudgeError, Result
from tests.against.runs import ABOUT, NODES, folder, judged, trials
from tests.against.stores import JOIN, SPLIT, Change, side

AFTER: Final = (1.0001, 1.0011, 0.9991)


def machine(**more: Any) -> Change:
    return lambda found: found["machine_info"].update(more)


def cleared(found: dict[str, Any]) -> None:
    found.update(machine_info={})


def commit(**more: Any) -> Change:
    return lambda found: found.update(commit_info={**found["commit_info"], **more})


def options(**more: Any) -> Change:
    return lambda found: [row["options"].update(more) for row in found["benchmarks"]]


def without(name: str) -> Change:
    return lambda found: [row.pop(name) for row in found["benchmarks"]]


def between(
    place: Path, before: Change = bool, after: Change = bool, *seconds: float, **asked: Any
) -> Any:
    """Judge two sides, each of which was changed."""
    old = side(place / "before", change=before)
    return judged(old, side(place / "after", seconds or AFTER, change=after), **asked)


def said(found: Result) -> str:
    return "\n".join([found.why, *found.notes, *(row.why for row in found.rows)])


def test_a_name_saved_again_and_again_never_hides_its_newest_run(tmp_path: Path) -> None:
    old = side(tmp_path / "before")
    for number in range(11):
        new = side(tmp_path / "latest", [1 + number / 1000], change=commit(id=f"{number:040}"))
    new = side(tmp_path / "latest", [2.0], change=commit(id="f" * 40))
    words = r"latest has runs of several states of the code, 0+ in 0000_.* number 0011\), and save"
    with pytest.raises(CannotJudgeError, match=words):
        judged(old, new)
    assert judged(old, new, assumed={"commit"}).trials == 12  # and the newest counts as an outlier


@pytest.mark.parametrize(
    "change", [commit(dirty=True), commit(id="2" * 40), commit(id=None)], ids=count()
)
def test_a_side_is_of_one_commit_with_or_without_changes(change: Change, tmp_path: Path) -> None:
    new = side(tmp_path / "after", AFTER)
    side(tmp_path / "after", [1.0], change=change)
    with pytest.raises(CannotJudgeError, match="has runs of several states of the code"):
        judged(side(tmp_path / "before"), new)


@pytest.mark.parametrize("unknown", [None, {"id": None}, {"id": "unversioned"}, {}])
def test_code_that_no_commit_names_is_unknown(unknown: Any, tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        found["commit_info"] = unknown

    found = between(tmp_path, change, change)
    assert found.exit_code == 2
    assert "no commit was saved" in found.why
    assert "--assume commit" in found.why
    assert all(row.interval for row in found.rows)
    assert judged(found.base, found.head, assumed={"commit"}).exit_code == 0


def test_runs_with_changes_that_no_commit_has_may_be_of_several_states(tmp_path: Path) -> None:
    found = between(tmp_path, bool, commit(dirty=True))
    assert found.exit_code == 2
    assert "after is unknown, since each of 3 runs had changes that no commit has" in found.why
    assert "pytest-against record NAME, or say that they are the same: --assume commit" in found.why
    assert all(row.interval for row in found.rows)
    found = judged(found.base, found.head, assumed={"commit"})
    assert found.exit_code == 0
    assert "after is 1111111111+, with changes" in said(found)


def test_a_recording_is_of_one_state_and_two_with_changes_may_be_of_two(tmp_path: Path) -> None:
    changed = replace(ABOUT, commit=f"{ABOUT.commit}+")
    old = folder(tmp_path / "before", trials())
    found = judged(old, folder(tmp_path / "after", trials(seed=2), changed))
    assert found.exit_code == 0
    assert "after is 0123456789+, with changes" in said(found)
    assert "pytest_benchmark 5.3.1, kernel 6.1" in said(found)
    later = replace(changed, recorded="2026-01-02T04:04:05+00:00")
    for path in Path(folder(tmp_path / "later", trials(seed=3), later)).iterdir():
        path.rename(tmp_path / "after" / path.name)
    found = judged(old, found.head)
    assert found.exit_code == 2
    assert "each of 2 runs had changes" in found.why
    assert judged(old, found.head, assumed={"commit"}).exit_code == 0


@pytest.mark.parametrize("indent, keys", [(None, ""), (2, "sorted")])
def test_the_same_runs_in_another_form_are_not_two(
    indent: int | None,
    keys: str,
    tmp_path: Path,
) -> None:
    old, new = Path(side(tmp_path / "before")), tmp_path / "after"
    new.mkdir()
    for path in old.iterdir():
        content = json.loads(path.read_bytes())
        (new / path.name).write_text(
            f"{json.dumps(content, indent=indent, sort_keys=bool(keys))}\n"
        )
    with pytest.raises(CannotJudgeError, match="are the same run, and compared with itself"):
        judged(old, new)


@pytest.mark.parametrize(
    "change, words",
    [
        (machine(words={"size": 9}), "words.size unknown -> 9: not the same work"),
        (machine(backend="new"), "backend unknown -> new: not the same work"),
        (options(timer="perf_counter_ns"), "timer perf_counter -> perf_counter_ns: save both"),
        (options(disable_gc=True), "disable_gc False -> True: save both with the same"),
        (without("options"), "timer perf_counter -> unknown: save both with the same"),
    ],
    ids=count(),
)
def test_what_was_measured_otherwise_has_no_verdict(
    change: Change, words: str, tmp_path: Path
) -> None:
    for seconds in (AFTER, (0.5, 0.51, 0.52), (9, 9.1, 9.2)):
        place = tmp_path / str(seconds[0])
        found = between(place, bool, change, *seconds)
        assert found.exit_code == 2
        assert words in said(found)
        names = {"words.size", "backend", "timer", "disable_gc"}
        assert judged(found.base, found.head, assumed=names).exit_code < 2


def test_nanoseconds_are_shown_as_such(tmp_path: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        options(timer="time.perf_counter_ns")(found)
        for row in found["benchmarks"]:
            row["stats"]["median"] *= 1e9

    found = between(tmp_path, change, change)
    assert found.exit_code == 0
    assert [row.was for row in found.rows] == pytest.approx([1e-5, 1e-5], rel=0.01)


@pytest.mark.parametrize(
    "change, words",
    [
        (machine(release="6.18.0"), "software: kernel 6.1.0 -> 6.18.0"),
        (lambda found: found.update(version="5.3.1"), "pytest_benchmark 5.2.3 -> 5.3.1"),
        (machine(python_version="3.14.0"), "python CPython 3.12.4 -> CPython 3.14.0"),
        (machine(numpy="2.1"), "numpy unknown -> 2.1"),
        (machine(python_compiler="GCC 14"), "also different: python_compiler GCC 13.2.0 -> GCC 14"),
        (machine(node="other"), "hosts: bench-host, other"),
        (options(min_rounds=9), "options: min_rounds 5 -> 9 (2 rows)"),
        (lambda found: [r["extra_info"].update(size=2) for r in found["benchmarks"]], "size"),
    ],
    ids=count(),
)
def test_what_differs_besides_is_named(change: Change, words: str, tmp_path: Path) -> None:
    found = between(tmp_path, bool, change)
    assert found.exit_code == 0
    assert words in said(found)


def test_unchanged_is_said_of_what_both_sides_have_saved_only(tmp_path: Path) -> None:
    words = said(between(tmp_path))
    unchanged = "python CPython 3.12.4, pytest_benchmark 5.2.3, kernel 6.1.0"
    assert f"software unchanged: {unchanged}\n" in words
    assert "software unknown, since it was not saved: numpy\n" in words

    def nothing(found: dict[str, Any]) -> None:
        found.update(machine_info={}, version="unknown")

    words = said(between(tmp_path / "nothing", nothing, nothing))
    assert "software unchanged" not in words
    assert "not saved: python, numpy, pytest_benchmark, kernel" in words


@pytest.mark.parametrize(
    "change",
    [cleared, machine(node=None, cpu=None), machine(node="", cpu={"count": 4})],
    ids=count(),
)
def test_a_machine_that_is_not_named_is_unknown(change: Change, tmp_path: Path) -> None:
    found = between(tmp_path, change, change, 0.5, 0.51, 0.52)
    assert found.exit_code == 2
    assert "the machine is unknown" in found.why
    assert all(row.interval for row in found.rows)
    assert judged(found.base, found.head, assumed={"machine"}).exit_code == 0


def test_hosts_count_only_where_the_processor_is_unknown(tmp_path: Path) -> None:
    for name in ("before", "after"):
        for number, seconds in enumerate(AFTER):
            shift = 0.0001 * (name == "after")
            side(tmp_path / name, [seconds + shift], change=machine(node=f"{name}{number}"))
    found = judged(tmp_path / "before", tmp_path / "after")
    assert found.exit_code == 0
    assert "hosts: after0, after1, after2 and 3 more" in said(found)
    words = r"before and .*after were saved on host a, b: times of different machines cannot"
    with pytest.raises(CannotJudgeError, match=words):
        between(tmp_path / "x", machine(node="a", cpu=None), machine(node="b", cpu=None))
    assert between(tmp_path / "y", machine(cpu=None), machine(cpu=None)).exit_code == 0
    with pytest.raises(CannotJudgeError, match=r"were saved on cpu Example .* Other: times of"):
        between(tmp_path / "z", bool, machine(cpu={"brand": "Other"}))


def test_what_varies_within_a_row_has_no_verdict(tmp_path: Path) -> None:
    side(tmp_path / "after", AFTER, [SPLIT, JOIN])
    side(tmp_path / "after", [1.0], [SPLIT], change=options(disable_gc=True))
    found = judged(side(tmp_path / "before"), tmp_path / "after")
    verdicts = {row.row.node: row.verdict.value for row in found.rows}
    assert verdicts == {SPLIT: "not judged", JOIN: "steady"}
    assert "1 row not in all runs of" in said(found)


def test_a_row_that_was_run_again_is_not_judged_and_the_others_are(tmp_path: Path) -> None:
    def again(found: dict[str, Any]) -> None:
        found["benchmarks"].append(found["benchmarks"][0])

    found = between(tmp_path, bool, again)
    verdicts = {row.row.node: row.verdict.value for row in found.rows}
    assert verdicts == {SPLIT: "not judged", JOIN: "steady"}
    assert found.exit_code == 2
    assert "2 times" in said(found)


def test_numbers_that_a_test_names_are_compared_when_asked_for(tmp_path: Path) -> None:
    def doubled(by: int) -> Change:
        return lambda found: [row["extra_info"].update(n=by) for row in found["benchmarks"]]

    found = between(tmp_path, doubled(100), doubled(200))
    assert found.exit_code == 0
    assert "extra_info: n 100 -> 200 (2 rows); what must not grow is judged by --exact" in said(
        found
    )
    found = judged(found.base, found.head, exact=["n"])
    assert (found.exit_code, found.rows[0].why) == (1, "n is 200, was 100")
    assert judged(found.head, found.base, exact=["n"]).exit_code == 0
    many = {f"n{k}": k for k in range(9)}
    found = between(
        tmp_path / "many", bool, lambda each: each["benchmarks"][0]["extra_info"].update(many)
    )
    assert "and 6 more" in said(found)


def test_a_plain_run_and_a_recording_of_one_machine_differ_in_how_they_are_timed(
    tmp_path: Path,
) -> None:
    def here(run: dict[str, Any]) -> None:
        run["machine_info"]["cpu"] = {"brand_raw": "Some CPU", "family": 6, "model": 207}

    plain = side(tmp_path / "plain", nodes=NODES, change=here)
    recorded = folder(tmp_path / "recorded", trials(number=4))
    for pair in ((plain, recorded), (recorded, plain)):
        found = judged(*pair, assumed={"commit"})
        assert found.exit_code == 2
        assert "as pytest-against has it" in found.rows[0].why
        assert "--assume timer" in found.rows[0].why
    older = replace(ABOUT, machine={**ABOUT.machine, "cpu": "Some CPU (family 6 model 85)"})
    other = folder(tmp_path / "other", trials(number=4), older)
    words = r"cpu Some CPU \(family 6 model 207\), Some CPU \(family 6 model 85\): times of differ"
    with pytest.raises(CannotJudgeError, match=words):
        judged(plain, other)
