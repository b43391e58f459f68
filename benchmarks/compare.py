"""Two sides in, an outcome out: saved runs judged by the rule of the gate; no clock, no file.

Where both sides carry ratios to the clock, those are compared, with the drift that recordings of
identical code showed; elsewhere seconds are, for want of anything better.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from benchmarks.errors import CannotJudgeError
from benchmarks.gate import compare_measures
from benchmarks.judge import Interval, Policy, Verdict
from benchmarks.outcome import Outcome, RowOutcome, decided
from benchmarks.runs import SavedRow
from benchmarks.selection import matcher
from benchmarks.series import Series
from benchmarks.sides import Side, check_distinct, check_same_machine, software_change
from benchmarks.tables import factor_within

FEWEST: Final = 2
"""Processes on each side without which nothing can be proven."""


def compare(sides: Sequence[Side], expression: str, limit: float, command: str) -> list[Outcome]:
    """Judge sides against the first of them.

    Parameters
    ----------
    sides : sequence of Side
        The old one, and one or more new ones.
    expression : str
        The rows to judge, as ``pytest -k``; all of them if empty.
    limit : float
        Tolerated slowdown, as a fraction.
    command : str
        What is typed to run a command of the suite, for messages.

    Returns
    -------
    list of Outcome
        One for each new side; all their intervals hold together.

    Raises
    ------
    CannotJudgeError
        If they are not comparable.
    """
    check_distinct(run for side in sides for run in side.runs)
    old, *news = (_chosen(side, expression) for side in sides)
    for new in news:
        check_same_machine(old, new)
        _check_rows(old, new)
    intervals = sum(len(old.rows.keys() & new.rows.keys()) for new in news)
    outcomes = [_outcome(old, new, limit, intervals) for new in news]
    return [_with_advice(outcome, command) for outcome in outcomes]


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """Return one outcome for several: the worst row of all of them decides."""
    if len(outcomes) == 1:
        return outcomes[0]
    return replace(
        outcomes[0],
        rows=[row for outcome in outcomes for row in outcome.rows],
        head=", ".join(outcome.head for outcome in outcomes),
        trials=sum(outcome.trials for outcome in outcomes),
        notes=[f"{outcome.head}: {note}" for outcome in outcomes for note in outcome.notes],
    )


def _chosen(side: Side, expression: str) -> Side:
    matches = matcher(expression)
    rows = {n: row for n, row in side.rows.items() if matches(row.method, row.workload)}
    if not rows:
        example = next(iter(side.rows.values())).name
        raise CannotJudgeError(
            f"--rows {expression!r} matches none of {len(side.rows)} rows of {side.name}; they "
            f"are named as in {example}"
        )
    return replace(side, rows=rows)


def _check_rows(old: Side, new: Side) -> None:
    common = old.rows.keys() & new.rows.keys()
    if not common:
        one, other = (next(iter(side.rows.values())).name for side in (old, new))
        raise CannotJudgeError(
            f"{old.name} and {new.name} have no row in common ({one} in one, {other} in the "
            "other); compare runs of the same suite"
        )
    for node in common:
        one, other = (side.rows[node].workload_digest for side in (old, new))
        if one != other:
            raise CannotJudgeError(
                f"the input of {old.rows[node].name} has digest {one or 'unknown'} in {old.name} "
                f"and {other or 'unknown'} in {new.name}; save both runs with the same workloads"
            )


def _outcome(old: Side, new: Side, limit: float, intervals: int) -> Outcome:
    rows = [
        _judged(old, new, node, limit, intervals)
        if node in old.rows and node in new.rows
        else _one_sided(old, new, node)
        for node in dict.fromkeys([*old.rows, *new.rows])
    ]
    return Outcome(
        rows=rows,
        controls=[],
        base=old.name,
        head=new.name,
        limit=limit,
        seconds=0.0,
        trials=new.trials,
        machine=new.runs[0].info,
        notes=_notes(old, new, rows),
    )


def _one_sided(old: Side, new: Side, node: str) -> RowOutcome:
    if node in old.rows:
        why = f"in {old.name}, but not in {new.name}"
        return decided(old.rows[node], Verdict.VANISHED, why)
    why = f"not in {old.name}: nothing to compare it with"
    return decided(new.rows[node], Verdict.NEW, why)


def _judged(old: Side, new: Side, node: str, limit: float, intervals: int) -> RowOutcome:
    then, now = old.rows[node], new.rows[node]
    if then.measures is not None and now.measures is not None:
        failure = compare_measures(now, now.measures, then.measures)
        if failure is not None:
            return failure
    before, after, drift = _logs(then), _logs(now), 0.0
    if _by_ratio(then, now):
        before, after = then.ratios, now.ratios
        drift = max(old.drift(then.workload), new.drift(now.workload))
    if min(len(before), len(after)) < FEWEST:
        difference = statistics.fmean(after) - statistics.fmean(before)
        return replace(
            decided(now, Verdict.UNJUDGED, "one process is no sample"),
            interval=Interval(difference, -math.inf, math.inf, len(after)),
            was=statistics.median(then.seconds),
            now=statistics.median(now.seconds),
        )
    series = Series(now, before, drift, list(after), list(now.seconds))
    series.look(Policy(limit=limit, rows=intervals, looks=(len(after),)))
    return series.outcome()


def _by_ratio(then: SavedRow, now: SavedRow) -> bool:
    return bool(then.ratios and now.ratios)


def _logs(row: SavedRow) -> tuple[float, ...]:
    return tuple(map(math.log, row.seconds))


def _notes(old: Side, new: Side, rows: Sequence[RowOutcome]) -> list[str]:
    notes = [f"{old.name} has {_processes(old)}, {new.name} has {_processes(new)}"]
    common = [n for n in old.rows if n in new.rows]
    by_ratio = sum(_by_ratio(old.rows[node], new.rows[node]) for node in common)
    if by_ratio:
        notes.append(f"{by_ratio} rows are compared by their ratio to the clock")
    drift = max(side.drift(row.workload) for side in (old, new) for row in side.rows.values())
    if drift:
        allowed = f"up to {math.expm1(drift):.1%} is allowed for"
        notes.append(f"{allowed} the drift between recordings of identical code")
    if by_ratio < len(common):
        notes.append(
            f"{len(common) - by_ratio} rows are compared by seconds: what the machine did "
            "otherwise in between counts as a difference"
        )
    notes += _certainty(rows)
    changed = software_change(old.runs[0], new.runs[0])
    notes.append(f"software: {changed or 'unchanged'}")
    notes += [
        f"{side.name} has runs of {len(side.commits)} commits"
        for side in (old, new)
        if len(side.commits) > 1
    ]
    return notes


def _with_advice(outcome: Outcome, command: str) -> Outcome:
    """Say how to get a verdict where there is none."""
    if not outcome.counts[Verdict.UNJUDGED]:
        return outcome
    advice = (
        "one process is no sample, however many rounds it runs: nothing is proven, and no verdict "
        f"given; record more: {command} record NAME --trials 20 (or save several plain runs: "
        "pytest --benchmark-only --benchmark-save=NAME)"
    )
    return replace(outcome, notes=[*outcome.notes, advice])


def _certainty(rows: Sequence[RowOutcome]) -> list[str]:
    intervals = [row.interval for row in rows if row.interval is not None]
    widths = [i.high - i.low for i in intervals if math.isfinite(i.high - i.low)]
    if not widths:
        return []
    half, every = (factor_within(width / 2) for width in (statistics.median(widths), max(widths)))
    return [f"certain to within {half} on half of the rows that were judged, {every} on all"]


def _processes(side: Side) -> str:
    return f"{side.trials} process{'es' * (side.trials > 1)}"
