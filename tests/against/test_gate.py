"""Side by side: what is decided without a clock, what is timed, and what becomes of it all."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import gate
from pytest_against.checks import Check, Checked
from pytest_against.gate import (
    LEAST_SECONDS,
    MOST_CONTROLS,
    PRECISION,
    SPARE_SECONDS,
    TRIAL_SECONDS,
    against_revision,
)
from pytest_against.model import CannotJudgeError, Limits, Progress, Suite
from pytest_against.returned import BY_CALL, BY_RUN, NOT_PLAIN, Returned
from pytest_against.trials import HowToTime, TrialResult
from pytest_against.workers import Tree
from tests.against.repository import put, repository
from tests.against.simulated import (
    FAILED,
    LIMITS,
    NO_CALL,
    NODES,
    PASSED,
    SKIPPED,
    A,
    B,
    C,
    Machine,
    collected,
    gated,
    own,
    side,
    words,
)


@pytest.mark.parametrize(
    "factor, word, exit_code",
    [
        (1.25, "regressed", 1),
        (1.04, "regressed", 1),
        (1.02, "steady", 0),
        (1.0, "steady", 0),
        (0.98, "steady", 0),
        (0.9, "improved", 0),
    ],
)
def test_a_row_is_what_its_times_prove_and_no_other_is(
    factor: float, word: str, exit_code: int
) -> None:
    found = gated(factors={B: factor})
    assert words(found) == {A: "steady", B: word, C: "steady"}
    assert (found.exit_code, found.notes) == (exit_code, [])
    (its,) = (each for each in found.rows if each.row.node == B)
    assert its.interval is not None
    assert its.interval.low < math.log(factor) < its.interval.high
    assert its.now / its.was == pytest.approx(math.exp(its.interval.mean))


def test_what_is_too_noisy_to_tell_is_inconclusive() -> None:
    found = gated(machine=Machine(spreads={A: 1.0}))
    assert (words(found)[A], found.exit_code, found.trials) == ("inconclusive", 3, LIMITS.trials)


HEAVY: Final = replace(PASSED, exact={"peak_bytes": 9000})
UNKNOWN: Final = replace(PASSED, outcome="")  # the base has it, and it was not run
UNTIMED: Final = {
    # name: head, base, the base's own, verdict, words, exit code
    "fails": (FAILED, PASSED, PASSED, "diverged", "assert 1 == 2", 1),
    "fails on both": (FAILED, FAILED, PASSED, "not judged", "fails on both sides: assert 1", 2),
    "fails, new": (FAILED, None, None, "diverged", "assert 1 == 2", 1),
    "heavier": (HEAVY, PASSED, PASSED, "heavier", "peak_bytes is 9,000, was 1,000", 1),
    "gone": (None, None, PASSED, "vanished", "in the base, but not in the working tree", 2),
    "gone, unknown": (None, None, UNKNOWN, "vanished", "in the base, but not in the working", 2),
    "gone, skipped": (None, None, SKIPPED, None, "", 0),
    "gone, package": (None, PASSED, None, "vanished", "in the base, but not in the working", 2),
    "skipped": (SKIPPED, PASSED, PASSED, "vanished", "but skipped (needs a GPU) in the w", 2),
    "skipped now": (SKIPPED, SKIPPED, PASSED, "vanished", "but skipped (needs a GPU) in the w", 2),
    "skipped, failed before": (SKIPPED, FAILED, PASSED, "vanished", "but skipped (needs a ", 2),
    "calls no more": (NO_CALL, PASSED, None, "vanished", "but never calls `bench", 2),
    "calls no more, both": (NO_CALL, NO_CALL, PASSED, "vanished", "but never calls `bench", 2),
    "new": (PASSED, None, None, "new", "not in the base; another may have it, and --al", 2),
    "new, skipped before": (PASSED, None, SKIPPED, "new", "not in the base; another may have", 2),
    "imports what is new": (PASSED, None, PASSED, "not judged", "not in the base as it is now", 2),
    "uses what is new": (PASSED, FAILED, PASSED, "not judged", "assert 1 == 2) in the base as", 2),
    "unknown before": (PASSED, FAILED, UNKNOWN, "not judged", "assert 1 == 2) in the base as", 2),
    "mended": (PASSED, FAILED, FAILED, "new", "failed (assert 1 == 2) in the base; another", 2),
    "runs now": (PASSED, SKIPPED, SKIPPED, "new", "skipped (needs a GPU) in the base; another", 2),
    "calls now": (PASSED, NO_CALL, NO_CALL, "new", "never calls `benchmark` in the base; ano", 2),
    "other input": (replace(PASSED, inputs="v"), PASSED, PASSED, "not judged", "its input dep", 2),
    "skipped on both": (SKIPPED, SKIPPED, SKIPPED, None, "skipped: 1 row", 0),
    "skipped and new": (SKIPPED, None, None, None, "skipped: 1 row", 0),
    "no call on both": (NO_CALL, NO_CALL, NO_CALL, None, "no call of `benchmark`, and so noth", 0),
    "less": (PASSED, HEAVY, PASSED, "steady", "", 0),
    "only skipped before": (None, SKIPPED, None, None, "", 0),
}
Side = Check | None


@pytest.mark.parametrize("case", UNTIMED.values(), ids=UNTIMED)
def test_what_a_clock_has_no_say_in(case: tuple[Side, Side, Side, str | None, str, int]) -> None:
    now, then, its, verdict, why, exit_code = case

    def checked(one: Side) -> Checked:
        return side({A: PASSED, **({B: one} if one else {}), C: PASSED})

    had = own([A, B, C] if its else [A, C])
    had = replace(had, checks={B: its} if its and its is not UNKNOWN else {})
    found = gated(checked(now), checked(then), had)
    assert (found.exit_code, words(found).get(B)) == (exit_code, verdict)
    assert words(found).get(A) == (None if exit_code == 1 else "steady")
    said = [*found.notes, *(each.why for each in found.rows if each.row.node == B)]
    assert any(why in each for each in said) or not why
    assert (found.trials == 0) == (exit_code == 1)


def test_rows_of_the_head_come_first_with_its_files_and_lines_and_then_those_that_are_gone() -> (
    None
):
    nodes = {C: {"file": "tests/new.py", "line": 7, "method": "m", "workload": "w"}, A: {}}
    head = Checked(replace(collected([]), nodes=nodes), {C: PASSED, A: PASSED})
    found = gated(head, side([A, B, C]), own(NODES))
    assert list(words(found)) == [C, A, B, *NODES[3:]]
    row = found.rows[0].row
    assert (row.file, row.line, row.name) == ("tests/new.py", 7, "m[w]")


@pytest.mark.parametrize("rows, controls", [(1, 1), (3, 3), (4, 4), (5, 3), (8, 4), (100, 4)])
def test_the_second_copy_rides_along_on_some_rows_spread_over_all(rows: int, controls: int) -> None:
    nodes = [f"test_it.py::test_it[{number}]" for number in range(rows)]
    machine = Machine()
    found = gated(side(nodes), side(nodes), machine=machine)
    assert machine.asked[0][2] == nodes[:: math.ceil(rows / MOST_CONTROLS)]
    assert len(found.controls) == controls <= MOST_CONTROLS


@pytest.mark.parametrize(
    "again, more, word, exit_code",
    [
        (1.1, {"factors": {B: 1.5}}, "regressed", 3),
        (0.9, {"factors": {B: 1.5}}, "regressed", 3),
        (1.1, {"fails": {B: 3}}, "diverged", 1),  # needs no clock
    ],
)
def test_no_time_is_believed_if_a_control_is_not_steady(
    again: float, more: dict[str, Any], word: str, exit_code: int
) -> None:
    found = gated(again={A: again}, **more)
    assert (words(found)[B], len(found.noisy), found.exit_code) == (word, 1, exit_code)


@pytest.mark.parametrize(
    "change, notes",
    [
        ({"warnings": ("W",)}, ["other warnings than in the base: 2 rows"]),
        (
            {"result": Returned(why=NOT_PLAIN)},
            [f"results that are not compared, {NOT_PLAIN}: 2 rows, test_it[b-1e3], test_it[c-1e3]"],
        ),
    ],
)
def test_what_is_no_fault_is_noted(change: dict[str, Any], notes: list[str]) -> None:
    other = replace(PASSED, **change)
    found = gated(side({A: PASSED, B: other, C: other}))
    assert (found.notes, found.exit_code) == (notes, 0)


def test_results_that_are_not_compared_are_named_by_reason_a_few_of_each() -> None:
    call, run = (replace(PASSED, result=Returned(why=why)) for why in (BY_CALL, BY_RUN))
    head = side({**dict.fromkeys(NODES[:4], call), NODES[4]: PASSED, NODES[5]: run})
    base = side({**dict.fromkeys(NODES[:4], PASSED), NODES[4]: call, NODES[5]: PASSED})
    three = [f"test_it[{name}-1e3]" for name in "abc"]
    assert gated(head, base).notes == [
        f"results that are not compared, {BY_CALL}: 5 rows, {', '.join(three)} and 2 more",
        f"results that are not compared, {BY_RUN}: 1 row, test_it[f-1e3]",
    ]


def test_what_cannot_be_collected_of_the_base_is_noted() -> None:
    mend = "; import what is new inside of a test, or in a file of its own"
    why = {"tests/test_old.py": "ImportError: no f"}
    found = gated(side([A]), side([A], why), own([], why))
    assert found.notes == [
        f"tests/test_old.py of {what} cannot be collected: ImportError: no f{mend}"
        for what in ("the base", "the tests that the base had")
    ]


def test_nothing_is_judged_if_all_that_the_base_had_is_unknown() -> None:
    words = "tests that the base had cannot be collected: it was killed; choose a base whose"
    with pytest.raises(CannotJudgeError, match=words):
        gated(side([A]), side([A]), own([], {"": "it was killed"}))


@pytest.mark.parametrize("rows", [1, 10, 1000])
def test_the_fewer_rows_there_are_the_more_time_each_has(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[partial[Any]] = []
    monkeypatch.setattr(gate, "side_by_side", jobs.extend)
    said: list[tuple[str, int]] = []
    progress = Progress(lambda *words: said.append(words), lambda _: None)
    limits, nodes = Limits(limit=0.05, timeout=7.0), ["x"] * rows
    gate.run_trials_of({}, limits, progress, 2, nodes, ["x"])
    assert said == [(f"{rows} row{'s' * (rows > 1)} undecided", 2 * rows)]
    precision = pytest.approx(math.log1p(0.05) * PRECISION)
    most, least = max(TRIAL_SECONDS, SPARE_SECONDS / rows), LEAST_SECONDS / rows
    how = HowToTime(most, precision, 7.0, least=least)  # type: ignore[arg-type]
    assert [job.args[1:4] for job in jobs] == [(nodes, ["x"], how)] * 2


NOBODY: Final = Progress(lambda *_: None, lambda _: None)


def test_sides_lie_in_folders_whose_names_are_equally_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file lies is part of what a process holds in memory."""
    root = repository(tmp_path)
    put(root, "tests/test_a.py", "uncommitted")
    found: dict[str, list[str]] = {}
    places: list[Path] = []

    def look(name: str, place: Path) -> None:
        places.append(place)
        files = ("pkg/__init__.py", "tests/test_a.py")
        found[name] = [(place / file).read_text() for file in files]

    def run(jobs: Sequence[partial[Any]]) -> list[Checked]:
        look("own", jobs[0].args[1].root)
        for job in jobs[1:]:
            look(job.args[0].name, job.args[0].root)
        return [own([A]), side([A]), side([A])]

    def run_trials(sides: Mapping[str, Tree], *asked: Any, **long: Any) -> list[TrialResult]:
        look("again", sides["again"].root)
        return Machine()(*asked[2:], **long)

    monkeypatch.setattr(gate, "side_by_side", run)
    monkeypatch.setattr(gate, "run_trials_of", run_trials)
    suite = Suite(root=root, packages=("pkg",))
    result = against_revision(suite, "v1", LIMITS, NOBODY, allow_new=True)
    assert (result.exit_code, result.allow_new, result.base[:4]) == (0, True, "v1 (")
    assert result.machine["system"]
    base = ["old", "uncommitted"]
    assert found.pop("again") == base
    assert found == {"own": ["old", "old test"], "head": ["new", "uncommitted"], "base": base}
    assert len({len(str(place)) for place in places}) == 1
    assert not any(place.exists() for place in places)


def test_more_cores_than_there_are_are_refused(tmp_path: Path) -> None:
    limits = replace(LIMITS, cores=9999)
    with pytest.raises(CannotJudgeError, match=r"may use \d+ cores, and not 9999, by aff"):
        against_revision(Suite(root=tmp_path), "v1", limits, NOBODY)


def test_a_revision_that_is_not_there_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "side_by_side", pytest.fail)
    with pytest.raises(CannotJudgeError, match="no commit 'v7'"):
        against_revision(Suite(root=repository(tmp_path)), "v7", LIMITS, NOBODY)


def test_what_grows_with_other_software_is_a_note_and_all_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, then = side({A: HEAVY, B: PASSED, C: NO_CALL}), side({A: PASSED, B: PASSED, C: NO_CALL})
    monkeypatch.setattr(gate, "side_by_side", lambda _: [own([A, B, C]), now, then])
    monkeypatch.setattr(gate, "run_trials_of", lambda *asked, **long: Machine()(*asked[3:], **long))
    monkeypatch.setattr(gate, "check", lambda *_: side({C: NO_CALL}))
    suite = Suite(root=repository(tmp_path), packages=("pkg",))
    found = gate.between(suite, sys.executable, sys.executable, LIMITS, NOBODY)
    assert words(found) == {A: "steady", B: "steady"}
    assert found.notes[0] == "more peak_bytes than in the base: 1 row"
