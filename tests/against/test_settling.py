"""What the numbers of another day leave open is settled by running what was recorded again."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import Mock

import pytest

from pytest_against import baseline, environments, gate, settling, trees
from pytest_against.baseline import BASELINE_LIMITS
from pytest_against.machine import installed
from pytest_against.model import (
    CannotJudgeError,
    Interval,
    Progress,
    Result,
    RowResult,
    RunsOn,
    Suite,
    Verdict,
)
from pytest_against.saved import Baseline
from tests.against.simulated import A, B, C, row, stored, words

V = Verdict
SHA: Final = "0123456789abcdef"
SUITE: Final = Suite(root=Path("somewhere"), arguments=("tests",), keyword="it", marks="slow")


def result(found: dict[str, Verdict], mean: float = 0.0, **more: Any) -> Result:
    span = Interval(mean, mean - 0.01, mean + 0.01, 4)
    rows = [RowResult(row=row(n), verdict=verdict, interval=span) for n, verdict in found.items()]
    return Result(rows=rows, **{"base": "b", "head": "h", "limit": 0.1, "trials": 4, **more})


OPEN: Final = {
    # what numbers say: rows that are left open
    (V.STEADY, V.IMPROVED, V.STEADY): [],
    (V.STEADY, V.REGRESSED, V.INCONCLUSIVE): [B, C],
    (V.VANISHED, V.MISSING, V.INCONCLUSIVE): [B, C],
    (V.DIVERGED, V.REGRESSED, V.INCONCLUSIVE): [],
    (V.HEAVIER, V.STEADY, V.INCONCLUSIVE): [],
}


@pytest.mark.parametrize("found, nodes", OPEN.items())
def test_open_is_what_numbers_do_not_prove_unless_something_fails_without_a_clock(
    found: tuple[Verdict, ...], nodes: list[str]
) -> None:
    assert settling.left_open(result(dict(zip((A, B, C), found, strict=True)))) == nodes


def test_what_may_fail_keeps_nothing_from_being_settled() -> None:
    found = result({A: V.DIVERGED, B: V.INCONCLUSIVE})
    rows = [replace(found.rows[0], may_fail=True), found.rows[1]]
    assert settling.left_open(replace(found, rows=rows)) == [B]


SETTLED: Final = [
    # by numbers, side by side, in the end
    (V.REGRESSED, V.STEADY, V.STEADY),
    (V.REGRESSED, V.IMPROVED, V.IMPROVED),
    (V.REGRESSED, V.INCONCLUSIVE, V.INCONCLUSIVE),
    (V.REGRESSED, V.REGRESSED, V.REGRESSED),
    (V.INCONCLUSIVE, V.STEADY, V.STEADY),
    (V.INCONCLUSIVE, V.REGRESSED, V.REGRESSED),
    (V.INCONCLUSIVE, V.HEAVIER, V.HEAVIER),
    (V.INCONCLUSIVE, V.DIVERGED, V.DIVERGED),
    # the revision lacks the row, or gives it another input
    (V.INCONCLUSIVE, V.NEW, V.INCONCLUSIVE),
    (V.REGRESSED, V.UNJUDGED, V.REGRESSED),
    (V.REGRESSED, None, V.REGRESSED),
    # it has no number; the revision has it, or has not
    (V.MISSING, V.STEADY, V.STEADY),
    (V.MISSING, V.REGRESSED, V.REGRESSED),
    (V.MISSING, V.INCONCLUSIVE, V.INCONCLUSIVE),
    (V.MISSING, V.NEW, V.NEW),
    (V.MISSING, V.UNJUDGED, V.MISSING),
    (V.MISSING, None, V.MISSING),
]


@pytest.mark.parametrize("numbers, beside, verdict", SETTLED)
def test_what_is_seen_side_by_side_counts_and_other_rows_stay(
    numbers: Verdict, beside: Verdict | None, verdict: Verdict
) -> None:
    again = result({B: beside} if beside else {}, notes=["again"])
    found = settling.settled(result({A: V.STEADY, B: numbers}, notes=["numbers"]), again)
    assert words(found) == {A: "steady", B: verdict.value}
    assert (found.trials, found.notes[0], found.notes[-1]) == (8, "numbers", "again")


def test_a_settled_row_says_what_the_numbers_were_and_the_note_how_far_the_machine_is_off() -> None:
    by_numbers = result({A: V.STEADY, B: V.REGRESSED, C: V.INCONCLUSIVE}, math.log(1.25))
    again = result({B: V.STEADY, C: V.REGRESSED}, math.log(1.125))
    found = settling.settled(by_numbers, again)
    assert [each.why for each in found.rows] == [
        "",
        "settled side by side; regressed by what was recorded (factor 1.250)",
        "settled side by side; inconclusive by what was recorded (factor 1.250)",
    ]
    assert found.rows[1].interval == again.rows[0].interval
    assert "; ".join(found.notes) == (
        "2 rows that the numbers leave open settled side by side with the revision of b; "
        "those not slower side by side differ by up to 25.0% from what was recorded"
    )


def test_a_settled_row_that_is_faster_says_how_much_could_hide() -> None:
    again = result({B: V.IMPROVED}, -math.log(2))
    found = settling.settled(result({A: V.STEADY, B: V.INCONCLUSIVE}), again)
    (note,) = [each for each in found.notes if "faster" in each]
    assert "could become 2.20 times as slow and stay green" in note


def test_a_row_without_a_number_is_settled_too() -> None:
    open_ = RowResult(row=row(B), verdict=V.INCONCLUSIVE)
    found = settling.settled(replace(result({}), rows=[open_]), result({B: V.STEADY}))
    assert (
        found.rows[0].why == "settled side by side; inconclusive by what was recorded (no number)"
    )
    assert found.notes == [
        "1 row that the numbers leave open settled side by side with the revision of b"
    ]


@pytest.mark.parametrize("allow_new, code", [(False, 2), (True, 0)])
def test_a_row_that_is_neither_stored_nor_in_the_revision_is_new_and_may_be_allowed(
    code: int, *, allow_new: bool
) -> None:
    by_numbers = result({A: V.STEADY, B: V.MISSING, C: V.MISSING})
    found = settling.settled(by_numbers, result({B: V.NEW, C: V.STEADY}))
    assert words(found) == {A: "steady", B: "new", C: "steady"}
    assert found.notes[0].startswith("1 row that the numbers leave open settled side by side")
    assert replace(found, allow_new=allow_new).exit_code == code


def test_noise_side_by_side_makes_no_row_red() -> None:
    noisy = RowResult(row=row(C), verdict=V.INCONCLUSIVE)
    again = result({B: V.REGRESSED}, controls=[noisy])
    found = settling.settled(result({A: V.STEADY, B: V.REGRESSED}), again)
    assert (found.verdict, found.exit_code) == (V.INCONCLUSIVE, 3)


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> tuple[Mock, Mock]:
    """Return both lanes, which find a row open and settle it."""
    numbers = Mock(return_value=result({A: V.STEADY, B: V.REGRESSED}))
    beside = Mock(return_value=result({B: V.STEADY}))
    monkeypatch.setattr(baseline, "against_baseline", numbers)
    monkeypatch.setattr(gate, "against_revision", beside)
    monkeypatch.setattr(trees, "find_commit", lambda _, name: trees.Commit(name, name))
    return numbers, beside


def held(then: Baseline) -> Result:
    return settling.against_baseline(SUITE, then, BASELINE_LIMITS, Progress(Mock(), Mock()))


def test_only_open_rows_run_again_and_both_ways_share_the_error_and_the_budget(
    lanes: tuple[Mock, Mock],
) -> None:
    assert held(stored(commit=SHA)).exit_code == 0
    ((suite, _, first, _), _), ((only, sha, second, _), _) = (lane.call_args for lane in lanes)
    assert (suite, sha) == (SUITE, SHA)
    assert only == replace(SUITE, arguments=(B,), keyword="", marks="")
    assert first.error == second.error == BASELINE_LIMITS.error / 2
    assert first.budget == pytest.approx(settling.NUMBERS * BASELINE_LIMITS.budget)
    assert 0.9 * BASELINE_LIMITS.budget < second.budget < BASELINE_LIMITS.budget


def test_nothing_runs_again_if_nothing_is_open(lanes: tuple[Mock, Mock]) -> None:
    numbers, beside = lanes
    numbers.return_value = result({A: V.STEADY})
    assert held(stored(commit=SHA)) == numbers.return_value
    beside.assert_not_called()


OLDER: Final = {**stored().machine, "python": "CPython 3.10.1"}
NOT_AGAIN: Final = {
    "another Python": ({"machine": OLDER}, "it ran on another Python (python CPython 3.10.1 -> "),
    "changed files": ({"commit": f"{SHA}+"}, f"files differed from {SHA}+ when it was recorded"),
    "no commit": ({"commit": ""}, "files differed from "),
}


@pytest.mark.parametrize("about, why", NOT_AGAIN.values(), ids=NOT_AGAIN)
def test_what_cannot_run_as_it_did_leaves_the_numbers_with_all_of_the_budget(
    lanes: tuple[Mock, Mock], about: dict[str, Any], why: str
) -> None:
    numbers, beside = lanes
    found = held(stored(**about))
    assert found.rows == numbers.return_value.rows
    assert found.notes[0].startswith(
        f"1 row could not be settled side by side with what was recorded: {why}"
    )
    assert numbers.call_args.args[2] == BASELINE_LIMITS
    beside.assert_not_called()
    numbers.return_value = result({A: V.STEADY})
    assert held(stored(**about)).notes == ()


def test_with_another_numpy_the_revision_runs_on_that_which_was_recorded(
    lanes: tuple[Mock, Mock], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, beside = lanes
    monkeypatch.setattr(environments, "environment", made := Mock(return_value="a python"))
    assert held(stored(machine={**stored().machine, "numpy": "2.0.1"})).exit_code == 0
    made.assert_called_once_with(["numpy==2.0.1"])
    assert beside.call_args.kwargs == {"runs_on": RunsOn(python="a python")}
    made.side_effect = CannotJudgeError("no network")
    (note,) = held(stored(machine={**stored().machine, "numpy": "2.0.1"})).notes
    assert note.endswith("what was recorded: no network")


def test_with_another_release_of_any_library_the_revision_runs_on_that_which_was_recorded(
    lanes: tuple[Mock, Mock], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, beside = lanes
    monkeypatch.setattr(environments, "environment", made := Mock(return_value="a python"))
    here = {name: installed(name) for name in ("numpy", "hypothesis")}
    assert held(stored(distributions=here)).exit_code == 0
    made.assert_not_called()
    assert held(stored(distributions={**here, "hypothesis": "1.0", "gone": "2"})).exit_code == 0
    made.assert_called_once_with(["hypothesis==1.0", "gone==2"])
    assert beside.call_args.kwargs == {"runs_on": RunsOn(python="a python")}


def test_a_revision_that_fails_to_run_leaves_the_numbers(lanes: tuple[Mock, Mock]) -> None:
    numbers, beside = lanes
    beside.side_effect = CannotJudgeError("no commit '0123' in somewhere")
    found = held(stored(commit=SHA))
    assert (found.rows, found.exit_code) == (numbers.return_value.rows, 1)
    assert found.notes[0].endswith("what was recorded: no commit '0123' in somewhere")
