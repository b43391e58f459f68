"""The stored lane holds today's trials against the baseline's, and says what it cannot."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks import stored as lane
from benchmarks.baselines import Baseline, stored_row
from benchmarks.errors import CannotJudgeError
from benchmarks.gate import Gate
from benchmarks.judge import Verdict
from benchmarks.lab import Lab
from benchmarks.machine import this_machine
from benchmarks.outcome import Outcome, RowOutcome
from benchmarks.progress import Display
from benchmarks.rows import Row
from benchmarks.series import Series
from benchmarks.stored import RECORDED, STORED, against_baseline, record
from benchmarks.suite import SUITE, by_name
from tests.test_baselines import MEASURES

ROWS: Final = [by_name(name, "float64-1e3") for name in ("maximum", "fmax", "clip_inf")]
GATE: Final = Gate(suite=SUITE, root=Path(), settings=STORED, display=Display(1))
RECORDER: Final = replace(GATE, settings=RECORDED)


def baseline_of(rows: Sequence[Row], spread: float = 0.001) -> Baseline:
    rng = random.Random(1)
    recordings = [[rng.gauss(0.5, spread) for _ in range(10)] for _ in range(2)]
    stored = {
        row.name: stored_row(row, recordings, [1e-6] * 20, [0.1] * 20, MEASURES) for row in rows
    }
    return Baseline(
        machine=this_machine().as_dict(),
        commit="0123456789",
        recorded="2026-01-02T03:04:05+00:00",
        accepted="",
        rows=stored,
    )


def measure(
    monkeypatch: pytest.MonkeyPatch,
    factors: Mapping[str, float],
    failed: Mapping[str, RowOutcome] | None = None,
    spread: float = 0.001,
) -> None:
    """Replace the processes: each trial of a row takes its factor times as long."""
    rng = random.Random(2)

    def add_trials(_: Lab, count: int, series: Mapping[str, Series], *_others: Any) -> None:
        for name, s in series.items():
            for _trial in range(count if s.verdict is None else 0):
                method = name.split("[")[0]
                ratio = rng.gauss(0.5, spread) + math.log(factors.get(method, 1))
                s.add(ratio, 1e-6, kernel=0.1)

    def exact(_: Lab, rows: Sequence[Row]) -> Any:
        return {row.name: MEASURES for row in rows}, dict(failed or {})

    monkeypatch.setattr(Lab, "add_trials", add_trials)
    monkeypatch.setattr(lane, "_exact", exact)


def judged(rows: Sequence[Row], baseline: Baseline) -> Outcome:
    return against_baseline(GATE, rows, baseline, baseline.rows)


def test_the_same_times_are_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    found = judged(ROWS, baseline_of(ROWS))
    assert [row.verdict for row in found.rows] == [Verdict.STEADY] * 3
    assert found.exit_code == 0


def test_a_slower_row_is_regressed_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {"fmax": 1.25})
    found = judged(ROWS, baseline_of(ROWS))
    assert {row.method for row in found.rows if row.verdict is Verdict.REGRESSED} == {"fmax"}
    assert found.exit_code == 1


def test_a_slowdown_within_the_limit_is_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {"fmax": 1.05})
    assert judged(ROWS, baseline_of(ROWS)).exit_code == 0


def test_times_that_vary_too_much_are_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {}, spread=0.5)
    found = judged(ROWS, baseline_of(ROWS, spread=0.5))
    assert found.exit_code == 3


def test_drift_widens_every_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    calm = baseline_of(ROWS)
    first = calm.rows[ROWS[0].name]
    drifted = replace(first, recordings=(first.recordings[0], tuple(v + 0.2 for v in first.values)))
    moved = replace(calm, rows={**calm.rows, ROWS[0].name: drifted})
    measure(monkeypatch, {"clip_inf": 1.25})
    assert judged(ROWS, moved).counts[Verdict.REGRESSED] == 0


def test_a_row_that_is_not_in_the_baseline_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    found = judged(ROWS, baseline_of(ROWS[1:]))
    assert {row.row for row in found.rows if row.verdict is Verdict.MISSING} == {ROWS[0].name}
    assert found.exit_code == 2


def test_a_row_that_is_only_in_the_baseline_has_vanished(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    found = judged(ROWS[1:], baseline_of(ROWS))
    assert {row.row for row in found.rows if row.verdict is Verdict.VANISHED} == {ROWS[0].name}
    assert found.exit_code == 2


def test_everything_renamed_is_never_green(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    renamed = [replace(row, method=f"new_{row.method}") for row in ROWS]
    assert judged(renamed, baseline_of(ROWS)).exit_code == 2


def test_a_changed_workload_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    changed = [replace(ROWS[0], workload_digest="other"), *ROWS[1:]]
    found = judged(changed, baseline_of(ROWS))
    assert found.rows[0].verdict is Verdict.MISSING
    assert "its input is not the one" in found.rows[0].why


def failure() -> dict[str, RowOutcome]:
    row = ROWS[1]
    outcome = RowOutcome(
        row=row.name,
        method=row.method,
        workload=row.workload,
        verdict=Verdict.DIVERGED,
        why="result has dtype float32, expected float64",
    )
    return {row.name: outcome}


def test_what_needs_no_clock_is_decided_before_any_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {}, failure())
    found = judged(ROWS, baseline_of(ROWS))
    assert (found.verdict, found.exit_code, found.trials) == (Verdict.DIVERGED, 1, 0)
    assert any("2 rows passed the exact checks and were not timed" in note for note in found.notes)


def test_the_verdict_says_which_software_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    calm = baseline_of(ROWS)
    older = replace(calm, machine={**calm.machine, "numpy": "1.0"})
    assert any("numpy 1.0 -> " in note for note in judged(ROWS, older).notes)
    assert "software since the baseline: unchanged" in judged(ROWS, calm).notes


def test_the_verdict_says_how_certain_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    notes = judged(ROWS, baseline_of(ROWS)).notes
    assert any(note.startswith("this lane is certain to within") for note in notes)


def test_a_recording_has_two_series_of_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    found = record(RECORDER, ROWS, None, "a reason").baseline
    assert found.accepted == "a reason"
    assert list(found.rows) == [row.name for row in ROWS]
    assert [len(r) for r in found.rows[ROWS[0].name].recordings] == [10, 10]


def test_large_rows_are_in_no_baseline_and_are_judged_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measure(monkeypatch, {})
    large = by_name("maximum", "float64-1e6")
    found = {row.row: row for row in judged([*ROWS, large], baseline_of(ROWS)).rows}
    assert found[large.name].verdict is Verdict.MISSING
    assert found[large.name].why == "baselines leave 1e6 out; judge it with --base"


@pytest.mark.parametrize("budget, trials", [(1e-9, 10), (600.0, 80)])
def test_a_recording_that_is_never_certain_ends_with_its_budget(
    monkeypatch: pytest.MonkeyPatch, budget: float, trials: int
) -> None:
    measure(monkeypatch, {}, spread=0.5)
    recorder = replace(RECORDER, settings=replace(RECORDED, budget=budget))
    found = record(recorder, ROWS, None, "").baseline
    assert [len(r) for r in found.rows[ROWS[0].name].recordings] == [trials, trials]


def test_a_recording_is_judged_against_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {"maximum": 1.5})
    change = record(RECORDER, ROWS, baseline_of(ROWS), "").change
    assert change is not None
    assert {row.method for row in change.rows if row.verdict is Verdict.REGRESSED} == {"maximum"}
    assert change.exit_code == 1


def test_wrong_answers_are_never_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {}, failure())
    with pytest.raises(CannotJudgeError, match="1 rows fail the exact checks, fmax"):
        record(RECORDER, ROWS, None, "")


def test_wrong_answers_to_timed_calls_are_never_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    timed = Lab.add_trials

    def add_trials(lab: Lab, count: int, series: Mapping[str, Series], *others: Any) -> None:
        timed(lab, count, series, *others)
        series[ROWS[1].name].diverge("digest is a, expected b")

    monkeypatch.setattr(Lab, "add_trials", add_trials)
    with pytest.raises(CannotJudgeError, match=r"fmax\[float64-1e3\] diverges: digest is a"):
        record(RECORDER, ROWS, None, "")


def test_trials_without_a_spread_are_never_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    recorder = replace(RECORDER, settings=replace(RECORDED, trials=3))
    with pytest.raises(CannotJudgeError, match=r"3 trials .* ask for 4 or more with --trials"):
        record(recorder, ROWS, None, "")


@pytest.mark.parametrize("calm", [0, 1])
def test_what_was_hardly_ever_timed_in_calm_is_never_recorded(
    monkeypatch: pytest.MonkeyPatch, calm: int
) -> None:
    measure(monkeypatch, {})
    timed = Lab.add_trials

    def add_trials(lab: Lab, count: int, series: Mapping[str, Series], *others: Any) -> None:
        timed(lab, count, series, *others)
        busy = series[ROWS[1].name]
        busy.without_calm += len(busy.values[calm:])
        del busy.values[calm:]

    monkeypatch.setattr(Lab, "add_trials", add_trials)
    with pytest.raises(CannotJudgeError, match=rf"fmax\[float64-1e3\] had calm in {calm} of \d\d"):
        record(RECORDER, ROWS, None, "")


def test_what_changed_while_it_was_recorded_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {})
    heads = iter(["one", "another"])
    monkeypatch.setattr(lane, "describe_head", lambda _: next(heads))
    with pytest.raises(CannotJudgeError, match="was one at first and is another in the end"):
        record(RECORDER, ROWS, None, "")


def test_a_folder_without_the_package_is_not_timed() -> None:
    elsewhere = replace(GATE, root=Path(__file__).parent)
    with pytest.raises(CannotJudgeError, match=r"no package relu_impls in .*; run the command"):
        against_baseline(elsewhere, ROWS, baseline_of(ROWS), {})


def test_certainty_that_is_none_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    measure(monkeypatch, {}, spread=200.0)
    notes = judged(ROWS, baseline_of(ROWS, spread=200.0)).notes
    assert any("certain to within nothing" in note for note in notes)
