"""The stored lane holds today's trials against the baseline's, and says what it cannot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import Mock, call

import pytest

from pytest_against import baseline, trees
from pytest_against.baseline import BASELINE_LIMITS, ENOUGH_ROWS
from pytest_against.checks import Check
from pytest_against.machine import installed
from pytest_against.model import WORKING_TREE, Limits, Progress, Suite
from pytest_against.stats import LOOKS, drift
from pytest_against.timing import Measured
from pytest_against.trials import HowToTime, TrialResult
from pytest_against.untimed import REPEATS
from tests.against.simulated import (
    AT,
    FAILED,
    NO_CALL,
    NODES,
    PASSED,
    SKIPPED,
    A,
    B,
    C,
    Machine,
    held,
    side,
    stored,
    words,
)


@pytest.mark.parametrize(
    "factor, word, exit_code",
    [(1.0, "steady", 0), (1.05, "steady", 0), (1.25, "regressed", 1), (0.7, "improved", 0)],
)
def test_a_row_is_what_its_times_prove_and_no_other_is(
    factor: float, word: str, exit_code: int
) -> None:
    found = held(factors={B: factor})
    assert words(found) == {A: "steady", B: word, C: "steady"}
    assert (found.exit_code, found.limit, found.controls) == (exit_code, 0.10, [])
    assert (found.base, found.head) == ("the baseline of 2026-01-02 (0123456789)", WORKING_TREE)


def test_times_that_vary_too_much_are_inconclusive() -> None:
    found = held(then=stored(spread=0.5), spreads=0.5)
    assert (found.exit_code, found.trials) == (3, LOOKS[-1])


UNTIMED: Final = {
    # name: head, whether it is stored, verdict, words, exit code
    "fails": (FAILED, True, "diverged", "assert 1 == 2", 1),
    "fails, new": (FAILED, False, "diverged", "assert 1 == 2", 1),
    "gone": (None, True, "vanished", "in the baseline, but not in the working tree; restore", 2),
    "skipped": (SKIPPED, True, "vanished", "but skipped (needs a GPU) in the working tree", 2),
    "calls no more": (NO_CALL, True, "vanished", "but never calls `benchmark` in the working", 2),
    "not stored": (PASSED, False, "missing", "not in the baseline; record it anew with the", 2),
    "other input": (replace(PASSED, inputs="v"), True, "missing", "its input is not the one th", 2),
    "heavier": (replace(PASSED, exact={"peak_bytes": 9000}), True, "heavier", "peak_bytes is 9", 1),
    "lighter": (replace(PASSED, exact={"peak_bytes": 9}), True, "steady", "", 0),
    "skipped, new": (SKIPPED, False, None, "", 0),
}


@pytest.mark.parametrize("now, known, verdict, why, exit_code", UNTIMED.values(), ids=UNTIMED)
def test_what_a_clock_has_no_say_in(
    now: Check | None, verdict: str | None, why: str, exit_code: int, *, known: bool
) -> None:
    head = side({A: PASSED, **({B: now} if now else {}), C: PASSED})
    found = held(head, stored([A, B, C] if known else [A, C]))
    assert (found.exit_code, words(found).get(B)) == (exit_code, verdict)
    assert words(found).get(A) == (None if exit_code == 1 else "steady")
    assert any(why in each.why for each in found.rows if each.row.node == B) or not why


def test_rows_of_which_none_is_stored_are_missing() -> None:
    found = held(then=stored([]))
    assert (found.exit_code, found.trials) == (2, 0)


def test_rows_that_are_gone_come_last_and_no_two_have_the_same_name() -> None:
    other = C.replace("test_it.py", "test_old.py")
    found = held(side([C, A]), stored([*NODES, other]))
    assert list(words(found)) == [C, A, B, *NODES[3:], other]
    assert [each.row.name for each in found.rows[:3]] == [C, "test_it[a-1e3]", "test_it[b-1e3]"]


def test_drift_widens_the_intervals_of_its_workload_as_the_baseline_names_it() -> None:
    rows = {**stored(drift=0.0).rows, A: stored(drift=0.1).rows[A]}
    for node, workload in ((A, "large"), (B, "small"), (C, "small")):
        rows[node] = replace(rows[node], row=replace(rows[node].row, workload=workload, line=99))
    assert baseline.drifts(rows.values()) == {
        "large": drift([rows[A].recordings]),
        "small": drift(rows[node].recordings for node in (B, C)),
    }
    result = held(then=replace(stored(), rows=rows), factors=dict.fromkeys((A, B), 1.25))
    assert words(result) == {A: "inconclusive", B: "regressed", C: "steady"}
    assert [each.row.line for each in result.rows] == [0, 1, 2]  # as the working tree has them


def test_the_notes_say_what_changed_how_certain_it_is_and_what_was_accepted() -> None:
    then = stored(accepted="a better sum")
    older = replace(then, machine={**then.machine, "numpy": "1.0"})
    software, certain, accepted = held(then=older).notes
    assert software.startswith("software since the baseline: numpy 1.0 -> ")
    assert certain.startswith("certain to within 0.")
    assert accepted == "accepted when the baseline was recorded: a better sum"


def test_the_notes_name_each_library_that_is_another_release_than_was_recorded() -> None:
    here = {"numpy": installed("numpy"), "hypothesis": installed("hypothesis")}
    for then, changed in (
        (here, "unchanged"),
        ({**here, "hypothesis": "1.0"}, f"hypothesis 1.0 -> {here['hypothesis']}"),
        ({**here, "no-such-thing": "2"}, "no-such-thing 2 -> none"),
    ):
        # What is told of the machine counts for baselines only that know nothing more.
        machine = {**stored().machine, "numpy": "1.0"}
        note, *_ = held(then=stored(distributions=then, machine=machine)).notes
        assert note == f"software since the baseline: {changed}"


def test_certainty_that_is_none_is_no_error() -> None:
    limits = Limits(limit=0.1, trials=2, budget=1e9)
    then = stored([A], spread=20.0, drift=99.0)
    software, certain, *_ = held(side([A]), then, spreads=20.0, limits=limits).notes
    assert software == "software since the baseline: unchanged"
    assert certain.startswith(
        "certain to within any factor on half of the judged rows and any factor"
    )
    assert certain.endswith("with up to any factor for the drift between recordings")
    _, fit = held(side([A]), limits=replace(BASELINE_LIMITS, budget=1e-9)).notes
    assert f" of at least {LOOKS[0]} trials fit" in fit


OTHER: Final = "lib/test_other.py::TestX::test_y[b]"
CHOICES: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    "all": ({}, [A, B, OTHER]),
    "a folder": ({"arguments": ("tests",)}, [A, B]),
    "two": ({"arguments": (A, "lib")}, [A, OTHER]),
    "a name": ({"keyword": "test_it and not a-1e3"}, [B]),
    "a class": ({"keyword": "TestX"}, [OTHER]),
    "a file's name": ({"keyword": "test_other.py"}, [OTHER]),
    "no folder's name": ({"keyword": "lib or tests/"}, []),
    "both": ({"keyword": "b", "arguments": ("tests",)}, [B]),
    "a mark": ({"marks": "slow"}, []),
}


@pytest.mark.parametrize("there", [A, C])
@pytest.mark.parametrize("choice, expected", CHOICES.values(), ids=CHOICES)
def test_only_rows_that_were_asked_for_are_missed(
    monkeypatch: pytest.MonkeyPatch, choice: dict[str, Any], expected: list[str], there: str
) -> None:
    suite, nobody = Suite(root=Path("somewhere"), **choice), Progress(Mock(), Mock())
    tree = Mock(return_value=nullcontext((side([there]), Mock(), Machine(at=AT))))
    monkeypatch.setattr(baseline, "working_tree", tree)
    found = baseline.against_baseline(suite, stored([A, B, OTHER]), BASELINE_LIMITS, nobody)
    tree.assert_called_once_with(suite, 60.0, nobody, pytest.approx(math.log(1.1 * 1.05)))
    assert words(found).keys() == {there, *expected}
    assert (words(found)[there] == "steady") == (there == A)
    assert found.machine["python"].startswith(("CPython", "PyPy"))


@pytest.mark.parametrize(
    "then, now, missed",
    [
        ({"marks": "not slow"}, {"marks": "not slow"}, [B]),
        ({"marks": "not slow"}, {}, [B]),
        ({}, {"marks": "not slow"}, []),
        ({"marks": "not slow"}, {"marks": "slow"}, []),
        ({"keyword": "quick"}, {"keyword": "quick"}, [B]),  # a mark, which -k finds, too
        ({"keyword": "quick"}, {"keyword": "other"}, []),
    ],
)
def test_rows_that_are_gone_are_missed_if_the_baseline_was_chosen_alike(
    monkeypatch: pytest.MonkeyPatch, then: dict[str, Any], now: dict[str, Any], missed: list[str]
) -> None:
    tree = Mock(return_value=nullcontext((side([A]), Mock(), Machine(at=AT))))
    monkeypatch.setattr(baseline, "working_tree", tree)
    suite, nobody = Suite(root=Path("somewhere"), **now), Progress(Mock(), Mock())
    its = stored([A, B], **then)
    found = baseline.against_baseline(suite, its, BASELINE_LIMITS, nobody)
    assert words(found) == {A: "steady"} | dict.fromkeys(missed, "vanished")


@pytest.mark.parametrize("more, word", [(9000, "heavier"), (5500, "steady")])
def test_a_number_has_grown_only_if_it_is_so_each_time(
    more: int, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, then = ({A: replace(PASSED, exact={"peak_bytes": n})} for n in (9000, more))
    again = Mock(return_value=side(then))
    tree = Mock(return_value=nullcontext((side({**head, B: PASSED}), again, Machine(at=AT))))
    monkeypatch.setattr(baseline, "working_tree", tree)
    suite, nobody = Suite(root=Path("somewhere")), Progress(Mock(), Mock())
    found = baseline.against_baseline(suite, stored([A, B]), BASELINE_LIMITS, nobody)
    assert again.call_args_list == [call([A])] * REPEATS
    assert words(found)[A] == word
    note = "numbers that are not compared, since they differ from run to run: 1 row, test_it[a-1e3]"
    assert (note in found.notes) == (word == "steady")


def test_trials_of_the_working_tree_hand_on_the_time_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[partial[Any]] = []
    clocks: list[float] = []
    checked, said = side([A]), list[tuple[str, int]]()

    def run(given: Sequence[partial[Any]]) -> list[Any]:
        jobs[:] = given
        found = {str(n): Measured(0.0, clock, 3) for n, clock in enumerate(clocks)}
        return [checked if said[-1][0][:6] == "checks" else TrialResult(found, {}, {})]

    monkeypatch.setattr(baseline, "side_by_side", run)
    monkeypatch.setattr(baseline, "own_cores", range)
    monkeypatch.setattr(trees, "lay_out", lay_out := Mock())
    progress = Progress(lambda *words: said.append(words), lambda _: None)
    (tmp_path / "pkg").mkdir()
    suite = Suite(root=tmp_path, packages=("pkg",))
    with baseline.working_tree(suite, 7.0, progress, 0.5) as (head, again, run_trials):
        tree, *asked = jobs[0].args
        assert (head, asked) == (checked, [7.0, progress.row])
        lay_out.assert_called_once_with(tmp_path, ("pkg",), tree.root, None)
        assert tree.root.parent.is_dir()
        assert again([A]) == checked
        assert jobs[0].args[1:] == (7.0, progress.row, [A])
        said.pop()
        for rows, at_a_time, fastest, measured in (
            (1, 1, math.inf, []),
            (ENOUGH_ROWS - 1, 1, math.inf, [3e-5, 2e-5]),
            (ENOUGH_ROWS, 2, 2e-5, [4e-5]),
            (500, 2, 2e-5, []),
        ):
            clocks[:] = measured
            run_trials(2, ["x"] * rows)
            how = HowToTime(baseline.ROW_SECONDS, math.inf, 7.0, fastest, alike=0.5)
            assert [job.args[2:4] for job in jobs] == [(how, core) for core in range(at_a_time)]
            assert said[-1][1] == at_a_time * rows
    assert said[:2] == [("checks", 0), ("1 row undecided", 1)]
    assert not tree.root.parent.exists()


def test_the_notes_name_what_is_set_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    then = stored()
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert (
        "set otherwise since the baseline: MALLOC_TRIM_THRESHOLD_ not set -> 1000000"
        in held(then=then).notes
    )


def test_the_notes_say_how_much_could_hide_where_the_code_is_faster_than_its_baseline() -> None:
    (note,) = (note for note in held(factors={B: 0.5, C: 0.8}).notes if "faster" in note)
    assert note.startswith("faster than the baseline: 2 rows; test_it[b-1e3] could become 2.2")
    assert note.endswith(" times as slow and stay green: record the baseline anew")
    assert not any("faster" in note for note in held().notes)


MARKS: Final[list[tuple[dict[str, str], float, str, int]]] = [
    ({}, 1.2, "regressed", 1),
    ({"limit": "30%"}, 1.2, "steady", 0),
    ({"limit": "1%"}, 1.05, "regressed", 1),
    ({"floor": "1e-5"}, 1.2, "steady", 0),  # a call takes 16 us
    ({"may_fail": "True"}, 1.2, "regressed", 0),
]


@pytest.mark.parametrize("mark, factor, word, exit_code", MARKS)
def test_a_mark_moves_the_limit_of_its_row_or_lets_it_fail(
    mark: dict[str, str], factor: float, word: str, exit_code: int
) -> None:
    head = side()
    head.collected.nodes[B]["against"] = mark  # type: ignore[index]
    found = held(head, factors={B: factor})
    assert (words(found)[B], found.exit_code) == (word, exit_code)


def test_what_may_fail_may_diverge() -> None:
    head = side({A: PASSED, B: FAILED, C: PASSED})
    head.collected.nodes[B]["against"] = {"may_fail": "True"}  # type: ignore[index]
    found = held(head)
    assert (words(found), found.exit_code) == ({A: "steady", B: "diverged", C: "steady"}, 0)
