"""Side by side: what is decided without a clock, what is timed, and what becomes of it all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import gate
from pytest_against.checks import Check, Checked
from pytest_against.gate import LONG, MOST_CONTROLS, SHORT, SHORT_TRIALS, against_revision
from pytest_against.model import CannotJudgeError, Limits, Progress, Suite
from pytest_against.stats import LOOKS
from pytest_against.trials import TrialResult
from tests.against.repository import repository
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


def test_identical_code_is_steady() -> None:
    found = gated()
    assert words(found) == dict.fromkeys((A, B, C), "steady")
    assert (found.exit_code, found.trials, found.notes) == (0, LOOKS[0], [])


@pytest.mark.parametrize(
    "factor, word, exit_code",
    [
        (1.25, "regressed", 1),
        (1.04, "regressed", 1),
        (1.02, "steady", 0),
        (0.98, "steady", 0),
        (0.9, "improved", 0),
    ],
)
def test_a_row_is_what_its_times_prove_and_no_other_is(
    factor: float, word: str, exit_code: int
) -> None:
    found = gated(factors={B: factor})
    assert words(found) == {A: "steady", B: word, C: "steady"}
    assert found.exit_code == exit_code
    (its,) = (each for each in found.rows if each.row.node == B)
    assert its.interval is not None
    assert its.interval.low < math.log(factor) < its.interval.high
    assert its.now / its.was == pytest.approx(math.exp(its.interval.mean))


def test_what_is_too_noisy_to_tell_is_inconclusive() -> None:
    found = gated(spreads={A: 1.0})
    assert (words(found)[A], found.exit_code, found.trials) == ("inconclusive", 3, LIMITS.trials)


def test_what_is_not_clear_after_some_short_trials_gets_long_ones() -> None:
    machine = Machine(spreads={A: 1.0})
    gated(machine=machine)
    short = [count for count, *_, long in machine.asked if not long]
    assert (sum(short), {long for *_, long in machine.asked[len(short) :]}) == (
        SHORT_TRIALS,
        {True},
    )


HEAVY: Final = replace(PASSED, exact={"peak_bytes": 9000})
UNTIMED: Final = {
    # name: head, base, whether its own tests had it, verdict, words, exit code
    "fails": (FAILED, PASSED, True, "diverged", "assert 1 == 2", 1),
    "fails on both": (FAILED, FAILED, True, "diverged", "assert 1 == 2", 1),
    "fails, new": (FAILED, None, False, "diverged", "assert 1 == 2", 1),
    "heavier": (HEAVY, PASSED, True, "heavier", "peak_bytes is 9,000, was 1,000", 1),
    "gone": (None, None, True, "vanished", "in the base, but not in the working tree", 2),
    "gone, package": (None, PASSED, False, "vanished", "in the base, but not in the working", 2),
    "skipped": (SKIPPED, PASSED, True, "vanished", "but skipped (needs a GPU) in the w", 2),
    "skipped, failed before": (SKIPPED, FAILED, True, "vanished", "but skipped (needs a ", 2),
    "calls no more": (NO_CALL, PASSED, True, "vanished", "but never calls `benchmark` in", 2),
    "calls no more, either": (NO_CALL, PASSED, False, "vanished", "but never calls `bench", 2),
    "new": (PASSED, None, False, "new", "not in the base; choose one that has it with --ba", 2),
    "mended": (PASSED, FAILED, True, "new", "failed (assert 1 == 2) in the base; choose one", 2),
    "runs now": (PASSED, SKIPPED, True, "new", "skipped (needs a GPU) in the base; choose one", 2),
    "calls now": (PASSED, NO_CALL, True, "new", "never calls `benchmark` in the base; choose", 2),
    "other input": (replace(PASSED, inputs="v"), PASSED, True, "not judged", "its input dep", 2),
    "skipped on both": (SKIPPED, SKIPPED, True, None, "skipped: 1 row", 0),
    "skipped and new": (SKIPPED, None, False, None, "skipped: 1 row", 0),
    "no call on both": (NO_CALL, NO_CALL, True, None, "no call of `benchmark`, and so nothing", 0),
    "less": (PASSED, HEAVY, True, "steady", "", 0),
    "only skipped before": (None, SKIPPED, False, None, "", 0),
}
Side = Check | None


@pytest.mark.parametrize("case", UNTIMED.values(), ids=UNTIMED)
def test_what_a_clock_has_no_say_in(case: tuple[Side, Side, bool, str | None, str, int]) -> None:
    now, then, had, verdict, why, exit_code = case

    def checked(one: Side) -> Checked:
        return side({A: PASSED, **({B: one} if one else {}), C: PASSED})

    found = gated(checked(now), checked(then), own([A, B, C] if had else [A, C]))
    assert (found.exit_code, words(found).get(B)) == (exit_code, verdict)
    assert words(found).get(A) == (None if exit_code == 1 else "steady")
    said = [*found.notes, *(each.why for each in found.rows if each.row.node == B)]
    assert any(why in each for each in said) or not why
    assert (found.trials == 0) == (exit_code == 1)


def test_rows_that_are_there_come_first_and_then_those_that_are_gone() -> None:
    found = gated(side([C, A]), side([A, B, C]), own(NODES))
    assert list(words(found)) == [C, A, B, *NODES[3:]]


def test_files_and_lines_are_those_of_the_head() -> None:
    nodes = {A: {"file": "tests/new.py", "line": 7, "method": "m", "workload": "w", "source": "s"}}
    head = Checked(replace(collected([A]), nodes=nodes), {A: PASSED})
    (found,) = gated(head, side([A])).rows
    assert (found.row.file, found.row.line, found.row.name) == ("tests/new.py", 7, "m[w]")


@pytest.mark.parametrize("rows, controls", [(1, 1), (3, 3), (4, 4), (5, 3), (8, 4), (100, 4)])
def test_the_second_copy_rides_along_on_some_rows_spread_over_all(rows: int, controls: int) -> None:
    nodes = [f"test_it.py::test_it[{number}]" for number in range(rows)]
    machine = Machine()
    found = gated(side(nodes), side(nodes), machine=machine)
    assert machine.asked[0][2] == nodes[:: math.ceil(rows / MOST_CONTROLS)]
    assert len(found.controls) == controls <= MOST_CONTROLS


@pytest.mark.parametrize("again", [1.1, 0.9])
def test_no_time_is_believed_if_a_control_is_not_steady(again: float) -> None:
    found = gated(factors={B: 1.5}, again={A: again})
    assert words(found)[B] == "regressed"
    assert (len(found.noisy), found.verdict.value, found.exit_code) == (1, "inconclusive", 3)


def test_what_needs_no_clock_is_believed_on_a_noisy_machine() -> None:
    found = gated(again={A: 1.1}, fails={B: 3})
    assert (len(found.noisy), found.exit_code, words(found)[B]) == (1, 1, "diverged")


def test_a_budget_that_ends_before_the_first_look_proves_nothing() -> None:
    found = gated(limits=replace(LIMITS, budget=0.1))
    assert (found.exit_code, found.controls) == (3, [])
    assert set(words(found).values()) == {"inconclusive"}
    assert all(each.interval and math.isinf(each.interval.high) for each in found.rows)
    (note,) = found.notes
    assert note.startswith(f"2 of at least {LOOKS[0]} trials fit in the budget of 0.1 s")


@pytest.mark.parametrize(
    "head, exit_code, new",
    [([A, B], 0, 0), ([A, B, C], 2, 0), ([A, B, C], 0, 1), ([C], 2, 1)],
)
def test_new_rows_decide_unless_they_are_allowed_beside_others(
    head: Sequence[str], exit_code: int, new: int
) -> None:
    found = gated(side(head), side([A, B] if len(head) > 1 else []), own([]))
    assert replace(found, allow_new=bool(new)).exit_code == exit_code
    assert ("new" in words(found).values()) == (C in head)


@pytest.mark.parametrize("also, exit_code", [(FAILED, 1), (None, 2)])
def test_new_rows_that_are_allowed_hide_nothing(also: Side, exit_code: int) -> None:
    head = side({A: PASSED, C: PASSED, **({B: also} if also else {})})
    found = gated(head, side([A, B]))
    assert replace(found, allow_new=True).exit_code == exit_code


NOTES: Final = {
    "another result than in the base, though the test passes": {"digest": "e"},
    "other warnings than in the base": {"warnings": ("DeprecationWarning",)},
}


@pytest.mark.parametrize("note, change", NOTES.items(), ids=NOTES)
def test_what_is_no_fault_is_noted(note: str, change: dict[str, Any]) -> None:
    head = side({A: PASSED, B: replace(PASSED, **change), C: replace(PASSED, **change)})
    found = gated(head)
    assert (found.notes, found.exit_code) == ([f"{note}: 2 rows"], 0)


def test_a_result_without_a_digest_is_none_that_differs() -> None:
    assert gated(side({A: replace(PASSED, digest="")}), side([A])).notes == []


def test_a_test_that_has_changed_is_noted() -> None:
    its = own([A, B])
    changed = {A: {**its.collected.nodes[A], "source": "t"}, B: its.collected.nodes[B]}
    found = gated(its=replace(its, collected=replace(its.collected, nodes=changed)))
    note = "a test that has changed, and is run on both sides as it is now: 1 row"
    assert found.notes == [note]


def test_what_cannot_be_collected_of_the_base_is_noted() -> None:
    why = {"tests/test_old.py": "ImportError: no f"}
    found = gated(side([A]), side([A], why), own([], {"": "it was killed"}))
    assert found.notes == [
        "tests/test_old.py of the base cannot be collected: ImportError: no f",
        "all of the tests that the base had cannot be collected: it was killed",
    ]


def _jobs(monkeypatch: pytest.MonkeyPatch) -> list[partial[Any]]:
    found: list[partial[Any]] = []
    monkeypatch.setattr(gate, "side_by_side", found.extend)
    return found


NOBODY: Final = Progress(lambda *_: None, lambda _: None)


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("rows", [1, 10, 1000])
def test_the_fewer_rows_there_are_the_more_time_each_has(
    rows: int, monkeypatch: pytest.MonkeyPatch, *, long: bool
) -> None:
    jobs = _jobs(monkeypatch)
    said: list[tuple[str, int]] = []
    progress = Progress(lambda *words: said.append(words), lambda _: None)
    gate.run_trials_of({}, Limits(limit=0.05, timeout=7.0), progress, 2, ["x"] * rows, ["x"], long)
    assert said == [(f"{rows} row{'s' * (rows > 1)} undecided", 2 * rows)]
    assert len(jobs) == 2
    _, nodes, controls, how, *_ = jobs[0].args
    assert (len(nodes), controls, how.timeout) == (rows, ["x"], 7.0)
    length = LONG if long else SHORT
    assert how.seconds == max(length.seconds, length.spare / rows)
    assert how.precision == pytest.approx(math.log1p(0.05) * length.precision)


def test_a_long_trial_has_more_time_and_is_more_precise_however_many_rows_there_are() -> None:
    assert LONG.seconds > SHORT.seconds
    assert LONG.spare > SHORT.spare
    assert LONG.precision < SHORT.precision


def test_sides_lie_in_folders_whose_names_are_equally_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file lies is part of what a process holds in memory."""
    root = repository(tmp_path)
    (root / "tests" / "test_a.py").write_text("uncommitted")
    found: dict[str, Path] = {}

    def run(jobs: Sequence[Callable[[], object]]) -> list[Checked]:
        own_tests, *others = jobs
        assert isinstance(own_tests, partial)
        found["own"] = own_tests.args[2]
        found.update({job.args[0].name: job.args[0].root for job in others})  # type: ignore[attr-defined]
        assert (found["head"] / "pkg/__init__.py").read_text() == "new"
        assert (found["base"] / "pkg/__init__.py").read_text() == "old"
        assert (found["base"] / "tests/test_a.py").read_text() == "uncommitted"
        assert (found["own"] / "tests/test_a.py").read_text() == "old test"
        return [own([A]), side([A]), side([A])]

    def run_trials(sides: Mapping[str, Any], *asked: Any) -> list[TrialResult]:
        found["again"] = sides["again"].root
        assert (found["again"] / "pkg/__init__.py").read_text() == "old"
        return Machine()(*asked[2:])

    monkeypatch.setattr(gate, "side_by_side", run)
    monkeypatch.setattr(gate, "run_trials_of", run_trials)
    suite = Suite(root=root, packages=("pkg",))
    result = against_revision(suite, "v1", LIMITS, NOBODY, allow_new=True)
    assert (result.exit_code, result.allow_new, result.base[:4]) == (0, True, "v1 (")
    assert result.machine["system"]
    assert len(found) == 4
    assert len({len(str(place)) for place in found.values()}) == 1
    assert not any(place.exists() for place in found.values())


def test_a_revision_that_is_not_there_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = _jobs(monkeypatch)
    with pytest.raises(CannotJudgeError, match="no commit 'v7'"):
        against_revision(Suite(root=repository(tmp_path)), "v7", LIMITS, NOBODY)
    assert jobs == []
