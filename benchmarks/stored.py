"""The stored lane: the working tree against a baseline that was recorded earlier.

It notices what the side-by-side lane cannot, because there both sides run on the same software:
an upgrade of NumPy or Python.  It sees less, because machines drift between recordings.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from benchmarks import expectations
from benchmarks.baselines import Baseline, StoredRow, stored_row
from benchmarks.errors import CannotJudgeError
from benchmarks.exact import Measures
from benchmarks.gate import Gate, compare_measures, judged
from benchmarks.judge import Verdict, interval
from benchmarks.lab import LOOKS, Lab, Settings
from benchmarks.machine import this_machine
from benchmarks.outcome import Outcome, RowOutcome, decided
from benchmarks.rows import Row
from benchmarks.series import Series
from benchmarks.snapshots import describe_head
from benchmarks.tables import factor_within
from benchmarks.trial import HEAD

STORED: Final = Settings(
    limit=0.10,
    trials=LOOKS[-1],
    budget=170.0,
    row_seconds=0.0007,
    spare_seconds=0.0,
    enough_rows=100,
)
"""Defaults of this lane: wider, because what is compared was measured at different times."""

RECORDED: Final = replace(STORED, trials=160, budget=600.0)
"""Defaults for recording a baseline."""

RECORDINGS: Final = 2
"""Recordings in one baseline: how far they lie apart tells the drift of the machine."""

_FEWEST_IN_CALM: Final = 2
_FEWEST_RECORDED: Final = _FEWEST_IN_CALM * RECORDINGS
_FEWEST_TRIALS: Final = 10
_PRECISION: Final = 0.25
"""Part of the limit within which the mean of a recording has to be known."""


def against_baseline(
    gate: Gate, rows: Sequence[Row], baseline: Baseline, chosen: Mapping[str, StoredRow]
) -> Outcome:
    """Judge the working tree, on the software it runs on, against a stored baseline.

    Parameters
    ----------
    gate : Gate
        What is judged, where, and how.
    rows : sequence of Row
        The rows to judge.
    baseline : Baseline
        What they are held against.
    chosen : mapping of str to StoredRow
        The rows of it that should be there; those that are not among `rows` have vanished.

    Raises
    ------
    CannotJudgeError
        If a trial fails.
    """
    start = time.monotonic()
    lab = gate.lab(start)
    _, outcomes = _exact(lab, rows)
    outcomes |= _set_differences(rows, chosen, gate.suite.command)

    def series_of(row: Row) -> Series:
        return Series(row, baseline.rows[row.name].values, baseline.drift(row.workload))

    base = f"the baseline of {baseline.recorded[:10]} ({baseline.commit[:10]})"
    found = judged(lab, rows, outcomes, series_of, base=base)
    return replace(found, notes=[*_notes(baseline, found.rows), *found.notes])


@dataclass(frozen=True, slots=True)
class Recorded:
    """A new baseline, and how it compares with the one before.

    Attributes
    ----------
    baseline : Baseline
        What was recorded.
    change : Outcome or None
        The judgement of the new recordings against the old ones, None if there were none.
    """

    baseline: Baseline
    change: Outcome | None


def record(gate: Gate, rows: Sequence[Row], old: Baseline | None, accept: str) -> Recorded:
    """Record a baseline from fresh processes, and judge it against the old one.

    Parameters
    ----------
    gate : Gate
        What is recorded, where, and how.
    rows : sequence of Row
        The rows to record.
    old : Baseline or None
        The baseline to compare with.
    accept : str
        Why a change for the worse is accepted; stored in the baseline.

    Raises
    ------
    CannotJudgeError
        If a row's answer or cost is not what is stored for it, a trial fails, there are too few
        of them for a spread, or the commit changed meanwhile.
    """
    if gate.settings.trials < _FEWEST_RECORDED:
        raise CannotJudgeError(
            f"{gate.settings.trials} trials in {RECORDINGS} recordings have no spread; ask for "
            f"{_FEWEST_RECORDED} or more with --trials"
        )
    start, commit = time.monotonic(), describe_head(gate.root)
    lab = gate.lab(start)
    measures, failed = _exact(lab, rows)
    if failed:
        first = next(iter(failed.values()))
        raise CannotJudgeError(
            f"{len(failed)} rows fail the exact checks, {first.row} among them ({first.why}): "
            f"mend them, or record what is intended: {gate.suite.command} expect"
        )
    recordings = []
    for number in range(1, RECORDINGS + 1):
        series = {row.name: Series(row) for row in rows}
        share = len(range(number, gate.settings.trials + 1, RECORDINGS))
        done, end = 0, start + gate.settings.budget * number / RECORDINGS
        while done < share and not all(s.verdict for s in series.values()):
            if done >= _FEWEST_TRIALS and time.monotonic() > end:
                break
            unsettled = sum(s.verdict is None for s in series.values())
            count = min(gate.settings.workers(unsettled), share - done)
            done += count
            lab.add_trials(count, series, {}, f"recording {number}, trial {done}")
            _check_answers(series)
            if done >= _FEWEST_TRIALS:
                _settle(series, gate.settings)
        _check_calm(series)
        recordings.append(series)
    stored = {
        row.name: stored_row(
            row,
            [recording[row.name].values for recording in recordings],
            [s for recording in recordings for s in recording[row.name].seconds],
            [k for recording in recordings for k in recording[row.name].kernel],
            measures[row.name],
        )
        for row in rows
    }
    now = describe_head(gate.root)
    if now != commit:
        raise CannotJudgeError(
            f"the working tree was {commit} at first and is {now} in the end, so that nobody knows "
            "what was measured; record it again"
        )
    baseline = Baseline(
        machine=this_machine().as_dict(),
        commit=commit,
        recorded=datetime.now(UTC).isoformat(timespec="seconds"),
        accepted=accept,
        rows=stored,
    )
    return Recorded(baseline, None if old is None else _change(gate, rows, baseline, old, start))


def _check_answers(series: Mapping[str, Series]) -> None:
    """Refuse to record the times of a wrong answer."""
    for name, s in series.items():
        if s.wrong:
            raise CannotJudgeError(f"{name} diverges: {s.wrong}; mend it")


def _check_calm(series: Mapping[str, Series]) -> None:
    """Refuse to store a row that was hardly ever timed in calm."""
    for name, s in series.items():
        if min(len(s.values), len(s.kernel)) < _FEWEST_IN_CALM:
            raise CannotJudgeError(
                f"{name} had calm in {len(s.values)} of {len(s.values) + s.without_calm} trials "
                f"and its kernel in {len(s.kernel)}: record it again when less else runs, or allow "
                "more with --trials and --budget"
            )


def _settle(series: Mapping[str, Series], settings: Settings) -> None:
    """Record no more of the rows whose mean is known well enough."""
    policy = settings.policy(len(series))
    for s in series.values():
        found = interval(s.values, policy.error)
        if found.high - found.mean <= _PRECISION * math.log1p(settings.limit):
            s.verdict = Verdict.STEADY


def _exact(lab: Lab, rows: Sequence[Row]) -> tuple[dict[str, Measures], dict[str, RowOutcome]]:
    """Take the exact measures, and hold them to the stored expectations on any machine."""
    lines = lab.exact(rows, HEAD)[HEAD].rows
    measures, failed = {}, {}
    suite = lab.suite
    expected = expectations.load(suite.expectations, suite.command)
    for row in rows:
        found = lines[row.name]["arms"][HEAD]
        if "wrong" in found:
            failed[row.name] = decided(row, Verdict.DIVERGED, found["wrong"])
            continue
        measures[row.name] = Measures.from_dict(found)
        if row.name not in expected:
            failed[row.name] = decided(
                row, Verdict.MISSING, f"no expectation is stored: {suite.command} expect"
            )
            continue
        then = expectations.on_this_numpy(row, expected[row.name])
        failure = compare_measures(row, measures[row.name], then)
        if failure is not None:
            failed[row.name] = failure
    return measures, failed


def _set_differences(
    rows: Sequence[Row], stored_rows: Mapping[str, StoredRow], command: str
) -> dict[str, RowOutcome]:
    anew = f"record it anew: {command} baseline"
    found = {}
    for row in rows:
        stored = stored_rows.get(row.name)
        if stored is None:
            why = f"not in the baseline; {anew}"
            if row.asked_as:
                why = f"baselines leave {row.asked_as} out; judge it with --base"
            found[row.name] = decided(row, Verdict.MISSING, why)
        elif stored.workload_digest != row.workload_digest:
            why = f"its input is not the one that was recorded; {anew}"
            found[row.name] = decided(row, Verdict.MISSING, why)
    here = {row.name for row in rows}
    for name, stored in stored_rows.items():
        if name not in here:
            found[name] = RowOutcome(
                row=name,
                method=stored.method,
                workload=stored.workload,
                verdict=Verdict.VANISHED,
                why=f"in the baseline, but not in the run; restore it, or {anew}",
            )
    return found


def _notes(baseline: Baseline, rows: Sequence[RowOutcome]) -> list[str]:
    notes = [f"software since the baseline: {_software(baseline)}"]
    intervals = [row.interval for row in rows if row.interval is not None]
    widths = [(i.high - i.low) / 2 for i in intervals if math.isfinite(i.high - i.low)]
    if widths:
        half, every = factor_within(statistics.median(widths)), factor_within(max(widths))
        workloads = {row.workload for row in baseline.rows.values()}
        drift = math.expm1(max(map(baseline.drift, workloads)))
        notes.append(
            f"this lane is certain to within {half} on half of the rows and {every} on "
            f"all, with up to {drift:.1%} for the drift between recordings of identical code"
        )
    if baseline.accepted:
        notes.append(f"accepted when the baseline was recorded: {baseline.accepted}")
    return notes


def _software(baseline: Baseline) -> str:
    now = this_machine().as_dict()
    changed = [
        f"{name} {baseline.machine[name]} -> {now[name]}"
        for name in ("python", "numpy", "simd")
        if baseline.machine[name] != now[name]
    ]
    return ", ".join(changed) or "unchanged"


def _change(gate: Gate, rows: Sequence[Row], new: Baseline, old: Baseline, start: float) -> Outcome:
    """Judge new recordings against old ones, all trials at one look."""
    outcomes = _set_differences(rows, old.rows, gate.suite.command)
    policy = gate.settings.policy(len(rows))
    for row in rows:
        if row.name not in outcomes:
            then, now = old.rows[row.name], new.rows[row.name]
            drift = max(old.drift(row.workload), new.drift(row.workload))
            series = Series(row, then.values, drift, list(now.values), list(now.seconds))
            series.sightings = 1
            series.look(policy)
            outcomes[row.name] = series.outcome()
    return Outcome(
        rows=list(outcomes.values()),
        controls=[],
        base=f"the baseline of {old.recorded[:10]} ({old.commit[:10]})",
        head="the new recording",
        limit=gate.settings.limit,
        seconds=time.monotonic() - start,
        trials=max(len(row.seconds) for row in new.rows.values()),
        machine=new.machine,
        notes=[f"software since the baseline: {_software(old)}"],
    )
