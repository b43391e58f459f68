"""The worst row decides, and nothing is green unless it is proven."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.judge import Verdict
from benchmarks.outcome import Outcome, RowOutcome

QUIET: Final = ["steady", "steady"]
NOISY: Final = ["steady", "inconclusive"]
VERDICTS: Final = st.sampled_from([verdict.value for verdict in Verdict])


def _row(word: str) -> RowOutcome:
    return RowOutcome(row=f"m[{word}]", method="m", workload=word, verdict=Verdict(word))


def _outcome(words: list[str], controls: list[str]) -> Outcome:
    return Outcome(
        rows=[_row(word) for word in words],
        controls=[_row(word) for word in controls],
        base="old",
        head="new",
        limit=0.03,
        seconds=1.0,
        trials=8,
        machine={},
    )


def test_nothing_is_said_of_a_run_that_could_not_be_judged() -> None:
    for words in ([], ["steady"], ["regressed"]):
        outcome = replace(_outcome(words, QUIET), why="no baseline")
        assert (outcome.verdict, outcome.exit_code) == (Verdict.UNJUDGED, 2)


@pytest.mark.parametrize(
    "words, verdict, code",
    [
        (["new", "steady"], "steady", 0),
        (["new", "improved"], "improved", 0),
        (["new", "inconclusive"], "inconclusive", 3),
        (["new", "vanished"], "vanished", 2),
        (["new", "regressed"], "regressed", 1),
        (["new", "diverged"], "diverged", 1),
        (["new", "new"], "new", 2),
        ([], "inconclusive", 3),
    ],
)
def test_new_rows_that_are_allowed_leave_the_answer_to_the_others(
    words: list[str], verdict: str, code: int
) -> None:
    outcome = replace(_outcome(words, QUIET), allow_new=True)
    assert (outcome.verdict.value, outcome.exit_code) == (verdict, code)
    assert outcome.counts[Verdict.NEW] == words.count("new")


@pytest.mark.parametrize(
    "words, controls, verdict, code",
    [
        (["steady"], QUIET, "steady", 0),
        (["improved"], QUIET, "improved", 0),
        (["improved", "steady", "improved"], QUIET, "steady", 0),
        (["steady", "inconclusive"], QUIET, "inconclusive", 3),
        (["improved", "inconclusive"], QUIET, "inconclusive", 3),
        (["steady", "new", "inconclusive"], QUIET, "new", 2),
        (["steady", "new", "missing"], QUIET, "missing", 2),
        (["missing", "vanished", "new"], QUIET, "vanished", 2),
        (["steady", "vanished", "regressed"], QUIET, "regressed", 1),
        (["inconclusive", "regressed"], QUIET, "regressed", 1),
        (["regressed", "heavier"], QUIET, "heavier", 1),
        (["heavier", "diverged", "regressed"], QUIET, "diverged", 1),
        (["diverged"], [], "diverged", 1),
        (["heavier", "steady"], [], "heavier", 1),
    ],
)
def test_worst_row_decides(words: list[str], controls: list[str], verdict: str, code: int) -> None:
    outcome = _outcome(words, controls)
    assert (outcome.verdict.value, outcome.exit_code) == (verdict, code)


@pytest.mark.parametrize(
    "words, verdict, code",
    [
        (["steady"], "inconclusive", 3),
        (["improved"], "inconclusive", 3),
        (["regressed"], "inconclusive", 3),
        (["regressed", "steady"], "inconclusive", 3),
        (["regressed", "new"], "new", 2),
        (["regressed", "missing"], "missing", 2),
        (["regressed", "vanished"], "vanished", 2),
        (["regressed", "heavier"], "heavier", 1),
        (["regressed", "diverged"], "diverged", 1),
    ],
)
def test_noisy_controls_discredit_the_clock_and_nothing_else(
    words: list[str], verdict: str, code: int
) -> None:
    outcome = _outcome(words, NOISY)
    assert (outcome.verdict.value, outcome.exit_code) == (verdict, code)


@pytest.mark.parametrize("control", [v.value for v in Verdict if v is not Verdict.STEADY])
def test_control_that_is_not_steady_is_noisy(control: str) -> None:
    outcome = _outcome(["steady"], ["steady", control, "steady"])
    assert [row.verdict.value for row in outcome.noisy] == [control]
    assert outcome.exit_code == 3


@pytest.mark.parametrize("controls", [[], QUIET, NOISY])
def test_no_rows_are_never_green(controls: list[str]) -> None:
    outcome = _outcome([], controls)
    assert (outcome.verdict, outcome.exit_code) == (Verdict.INCONCLUSIVE, 3)


def test_rows_are_counted_by_verdict() -> None:
    counts = _outcome(["steady", "new", "steady"], ["regressed"]).counts
    assert counts == {Verdict.STEADY: 2, Verdict.NEW: 1}
    assert counts[Verdict.REGRESSED] == 0


@settings(deadline=None, derandomize=True)
@given(words=st.lists(VERDICTS, max_size=8), controls=st.lists(VERDICTS, max_size=4))
def test_green_means_that_every_row_and_control_is_proven(
    words: list[str], controls: list[str]
) -> None:
    proven = bool(words) and set(words) <= {"steady", "improved"} and set(controls) <= {"steady"}
    assert (_outcome(words, controls).exit_code == 0) == proven


@settings(deadline=None, derandomize=True)
@given(words=st.lists(VERDICTS, min_size=1, max_size=8), data=st.data())
def test_order_of_rows_does_not_matter(words: list[str], data: st.DataObject) -> None:
    other = data.draw(st.permutations(words))
    assert _outcome(other, QUIET).verdict is _outcome(words, QUIET).verdict


@settings(deadline=None, derandomize=True)
@given(words=st.lists(VERDICTS, min_size=1, max_size=8))
def test_verdict_is_that_of_a_row(words: list[str]) -> None:
    assert _outcome(words, QUIET).verdict.value in words


def test_row_without_times_has_none() -> None:
    row = _row("new")
    assert row.interval is None
    assert math.isnan(row.was)
    assert math.isnan(row.now)
    assert replace(row, why="because").why == "because"
