"""The stored lane holds today's trials against the baseline's, and says what it cannot."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import baseline, trees
from pytest_against.baseline import (
    BASELINE_LIMITS,
    RECORD_LIMITS,
    Recorded,
    against_baseline,
    chosen,
    drifts,
    record,
)
from pytest_against.checks import Check, Checked
from pytest_against.looks import RunTrials
from pytest_against.model import CannotJudgeError, Limits, Progress, Row, Suite
from pytest_against.stats import LOOKS, drift
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
    row,
    side,
    stored,
    words,
)

NOBODY: Final = Progress(lambda *_: None, lambda _: None)
SUITE: Final = Suite(root=Path("somewhere"))


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
    assert (found.base, found.head) == (
        "the baseline of 2026-01-02 (0123456789)",
        "the working tree",
    )


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
    assert (found.trials == 0) == (exit_code == 1)


def test_rows_that_are_there_come_first_and_then_those_that_are_gone() -> None:
    assert list(words(held(side([C, A]), stored(NODES)))) == [C, A, B, *NODES[3:]]


def test_no_two_rows_have_the_same_name() -> None:
    other = B.replace("test_it.py", "test_old.py")
    found = held(side([A, B]), stored([A, B, other]))
    assert [each.row.name for each in found.rows] == ["test_it[a-1e3]", B, other]


def test_drift_widens_the_intervals_of_its_workload_only() -> None:
    def workload(node: str) -> Row:
        return replace(row(node), workload="large" if node == A else "small")

    then = stored(drift=0.0)
    shaky = stored(drift=0.1).rows[A]
    rows = {**then.rows, A: shaky}
    then = replace(then, rows={n: replace(r, row=workload(n)) for n, r in rows.items()})
    found = drifts(then)
    assert found["large"] == drift([shaky.recordings]) > 0.1
    assert found["small"] == drift(then.rows[n].recordings for n in (B, C)) < 0.01
    factors = dict.fromkeys((A, B), 1.25)
    assert words(held(then=then, factors=factors)) == {
        A: "inconclusive",
        B: "regressed",
        C: "steady",
    }


def test_the_workload_is_that_of_the_baseline_whatever_it_is_called_today() -> None:
    nodes = {A: {"method": "m", "workload": "<object at 0x7f>", "line": 7}}
    head = side([A])
    found = held(replace(head, collected=replace(head.collected, nodes=nodes)), stored([A]))
    assert found.exit_code == 0
    assert (found.rows[0].row.name, found.rows[0].row.line) == ("m[<object at 0x7f>]", 7)


def test_rows_of_which_none_is_stored_are_missing() -> None:
    assert (held(then=stored([])).exit_code, held(then=stored([])).trials) == (2, 0)


def test_the_notes_say_what_changed_how_certain_it_is_and_what_was_accepted() -> None:
    then = stored(accepted="a better sum")
    older = replace(then, machine={**then.machine, "numpy": "1.0"})
    software, certain, accepted = held(then=older).notes
    assert software.startswith("software since the baseline: numpy 1.0 -> ")
    assert certain.startswith("this lane is certain to within 0.")
    assert accepted == "accepted when the baseline was recorded: a better sum"
    assert held(then=stored()).notes[0] == "software since the baseline: unchanged"


def test_certainty_that_is_none_is_no_error() -> None:
    limits = Limits(limit=0.1, trials=2, budget=1e9)
    found = held(side([A]), stored([A], spread=20.0), spreads=20.0, limits=limits)
    assert (
        "certain to within any factor on half of the rows and any factor on all" in found.notes[1]
    )
    unseen = held(side([A]), limits=replace(BASELINE_LIMITS, budget=1e-9))
    assert not any("certain" in note for note in unseen.notes)
    assert f"2 of at least {LOOKS[0]} trials fit" in unseen.notes[-1]


OTHER: Final = "lib/test_other.py::TestX::test_y[b]"
CHOICES: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    "all": ({}, [A, B, OTHER]),
    "a folder": ({"arguments": ("tests",)}, [A, B]),
    "a file": ({"arguments": ("lib/test_other.py",)}, [OTHER]),
    "a test": ({"arguments": ("tests/test_it.py::test_it",)}, [A, B]),
    "two": ({"arguments": (A, "lib")}, [A, OTHER]),
    "a name": ({"keyword": "test_it and not a-1e3"}, [B]),
    "a class": ({"keyword": "TestX"}, [OTHER]),
    "a file's name": ({"keyword": "test_other.py"}, [OTHER]),
    "no folder's name": ({"keyword": "lib or tests/"}, []),
    "both": ({"keyword": "b", "arguments": ("tests",)}, [B]),
    "a mark": ({"marks": "slow"}, []),
}


@pytest.mark.parametrize("choice, expected", CHOICES.values(), ids=CHOICES)
def test_only_rows_that_were_asked_for_are_missed(
    choice: dict[str, Any], expected: list[str]
) -> None:
    suite, then = replace(SUITE, **choice), stored([A, B, OTHER])
    assert list(chosen(then, suite, ()).rows) == expected
    assert list(chosen(then, suite, {A}).rows) == [n for n in (A, B, OTHER) if n in {A, *expected}]


def _stand_in(
    monkeypatch: pytest.MonkeyPatch, head: Checked, machine: Machine, commits: Sequence[str] = "aa"
) -> None:
    @contextmanager
    def working_tree(
        suite: Suite, timeout: float, progress: Progress
    ) -> Iterator[tuple[Checked, RunTrials]]:
        assert (suite.root, timeout, progress) == (SUITE.root, 60.0, NOBODY)
        yield head, machine

    monkeypatch.setattr(baseline, "working_tree", working_tree)
    heads = iter(commits)
    monkeypatch.setattr(trees, "describe_head", lambda _: next(heads))


def test_the_working_tree_is_held_against_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _stand_in(monkeypatch, side([A, C]), Machine(at=AT))
    found = against_baseline(replace(SUITE, keyword="not b-1e3"), stored(), BASELINE_LIMITS, NOBODY)
    assert words(found) == {A: "steady", C: "steady"}
    assert found.machine["python"].startswith(("CPython", "PyPy"))


def _record(trials: int = 40) -> Recorded:
    return record(SUITE, "a reason", replace(RECORD_LIMITS, trials=trials), NOBODY)


def test_a_recording_has_all_that_a_baseline_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    head = side({A: PASSED, B: SKIPPED, C: replace(PASSED, inputs="v")})
    _stand_in(monkeypatch, head, Machine(at=AT))
    found = _record().baseline
    assert (found.commit, found.accepted, list(found.rows)) == ("a", "a reason", [A, C])
    its = found.rows[C]
    assert (its.row.node, its.exact, its.inputs) == (C, PASSED.exact, "v")
    assert [len(each) for each in its.recordings] == [10, 10]
    assert len(its.seconds) == 20
    assert its.seconds[3] == pytest.approx(1e-5 * math.exp(its.values[3]), rel=1e-4)
    monkeypatch.undo()
    assert held(head, found).exit_code == 0


def test_what_changed_while_it_was_recorded_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(monkeypatch, side(), Machine(at=AT), ["one", "another"])
    with pytest.raises(CannotJudgeError, match="was one at first and is another in the end"):
        _record()


def test_trials_without_a_spread_are_refused_before_anything_is_measured() -> None:
    with pytest.raises(CannotJudgeError, match=r"3 trials .* ask for 4 or more with --trials"):
        _record(3)
