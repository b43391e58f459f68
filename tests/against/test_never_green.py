"""Nothing to judge is never green: each case passes silently in the stock gate."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against.checks import Check
from pytest_against.compare import baselines
from pytest_against.model import CannotJudgeError, Result
from pytest_against.saved import load_baseline, path_for, write_baseline
from pytest_against.trials import TrialResult
from tests.against.runs import recorded, trials
from tests.against.simulated import (
    FAILED,
    NO_CALL,
    NODES,
    PASSED,
    SKIPPED,
    A,
    B,
    Machine,
    gated,
    held,
    own,
    side,
    stored,
    words,
)

Lane = Callable[..., Result]


def _beside(now: dict[str, Check], then: Sequence[str], **more: Any) -> Result:
    return gated(side(now), side(then), own(then), **more)


def _against_stored(now: dict[str, Check], then: Sequence[str], **more: Any) -> Result:
    return held(side(now), stored(then), **more)


every_lane = pytest.mark.parametrize("lane", [_beside, _against_stored], ids=["base", "stored"])

TWO: Final = {A: PASSED, B: PASSED}
CASES: Final[dict[str, tuple[dict[str, Check], list[str], set[str]]]] = {
    # name: what there is now, what there was, verdicts of what is not steady
    "a row is new": (TWO, [A], {"new", "missing"}),
    "a row vanished": ({A: PASSED}, [A, B], {"vanished"}),
    "a row is skipped": ({A: PASSED, B: SKIPPED}, [A, B], {"vanished"}),
    "the fixture is switched off": (dict.fromkeys((A, B), NO_CALL), [A, B], {"vanished"}),
    "a row calls no more": ({A: PASSED, B: NO_CALL}, [A, B], {"vanished"}),
    "everything was renamed": (TWO, list(NODES[2:4]), {"new", "missing", "vanished"}),
    "the baseline is empty": (TWO, [], {"new", "missing"}),
    "all is deselected": ({}, [A, B], {"vanished"}),
}


@every_lane
@pytest.mark.parametrize("now, then, verdicts", CASES.values(), ids=CASES)
def test_what_has_nothing_to_be_compared_with_cannot_be_judged(
    now: dict[str, Check], then: list[str], verdicts: set[str], lane: Lane
) -> None:
    found = lane(now, then)
    assert (found.exit_code, found.verdict.value in verdicts) == (2, True)
    assert set(words(found).values()) <= verdicts | {"steady"}
    assert set(words(found)) == {*now, *then}


@every_lane
@pytest.mark.parametrize(
    "now", [{}, {A: NO_CALL}, {A: SKIPPED, B: SKIPPED}], ids=["nothing", "no call", "skipped"]
)
def test_a_run_without_anything_to_time_is_refused(now: dict[str, Check], lane: Lane) -> None:
    with pytest.raises(CannotJudgeError, match="none of the tests has a call to time"):
        lane(now, [])


@every_lane
def test_a_workload_that_changed_under_its_name_is_not_compared(lane: Lane) -> None:
    found = lane({A: PASSED, B: replace(PASSED, inputs="another")}, [A, B])
    assert (found.exit_code, words(found)[A]) == (2, "steady")
    assert words(found)[B] in {"missing", "not judged"}


@every_lane
@pytest.mark.parametrize("fails", [0, 5])
def test_an_answer_that_is_wrong_once_it_is_timed_has_diverged(fails: int, lane: Lane) -> None:
    found = lane(TWO, [A, B], fails={B: fails})
    assert (found.exit_code, words(found)[B]) == (1, "diverged")


@every_lane
def test_a_wrong_answer_has_diverged_before_anything_is_timed(lane: Lane) -> None:
    found = lane({A: PASSED, B: FAILED}, [A, B])
    assert (found.exit_code, found.trials, words(found)) == (1, 0, {B: "diverged"})


@every_lane
def test_rows_that_no_trial_could_time_are_not_green(lane: Lane) -> None:
    found = lane(TWO, [A, B], absent={B: range(999)})
    assert found.exit_code in {2, 3}
    assert words(found)[B] in {"not judged", "inconclusive"}


@every_lane
def test_a_trial_that_is_killed_ends_the_gate(lane: Lane) -> None:
    class Killed(Machine):
        def __call__(self, *asked: Any) -> list[TrialResult]:
            found = super().__call__(*asked)
            if self.number > 4:
                raise CannotJudgeError("the run of the head was killed by signal 9")
            return found

    with pytest.raises(CannotJudgeError, match="killed by signal 9"):
        lane(TWO, [A, B], machine=Killed())


@every_lane
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_times_that_are_no_numbers_prove_nothing(value: float, lane: Lane) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        lane(TWO, [A, B], machine=Machine(at=value))


def _stored(path: Path) -> dict[str, Any]:
    write_baseline(recorded(trials()), path)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_an_empty_baseline_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "0000_baseline.json"
    for content in ("", "{}", json.dumps(_stored(path) | {"benchmarks": []})):
        path.write_text(content)
        with pytest.raises(CannotJudgeError, match="is not a baseline"):
            load_baseline(path, "pytest-against")


@pytest.mark.parametrize("seconds", [0, -1e-6, math.nan, math.inf])
def test_a_baseline_with_impossible_times_is_refused(seconds: float, tmp_path: Path) -> None:
    path = tmp_path / "0000_baseline.json"
    found = _stored(path)
    found["benchmarks"][0]["extra_info"]["seconds"][0] = seconds
    path.write_text(json.dumps(found))
    with pytest.raises(CannotJudgeError, match="is not a baseline"):
        load_baseline(path, "pytest-against")


def test_the_baseline_of_another_class_of_machines_is_not_used(tmp_path: Path) -> None:
    _stored(path_for("linux-one", tmp_path))
    with pytest.raises(CannotJudgeError, match="no baseline for this class of machines"):
        load_baseline(path_for("linux-other", tmp_path), "pytest-against")


def test_a_regressed_run_does_not_become_the_next_baseline_unseen() -> None:
    old, new = (recorded(trials(slower, seed=seed)) for seed, slower in enumerate((1.0, 1.25)))
    assert baselines(old, new, 0.1).exit_code == 1
