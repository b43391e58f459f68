"""Saved runs, judged against the first of them by the rule of the gate; no clock.

It ends green only if two sides, of one known state of the code each, were measured under the same
conditions, and every row is proven.  Where both sides have ratios to the clock, those are compared,
with the drift that recordings of identical code showed; elsewhere seconds are, for want of anything
better.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Final

from pytest_against import conditions, saved_side
from pytest_against.baseline import certainty, drifts
from pytest_against.checks import increases
from pytest_against.formats import UNKNOWN
from pytest_against.model import (
    CannotJudgeError,
    Result,
    Row,
    RowResult,
    Verdict,
    count,
    few,
    rows_of,
    short,
)
from pytest_against.rowlimits import ANY, RowLimits
from pytest_against.sample import Sample
from pytest_against.saved import FEWEST, Baseline, BaselineRow, matcher, spellings
from pytest_against.saved_side import Asked, Options, Side
from pytest_against.stats import Plan
from pytest_against.terms import Terms

DECISIVE: Final = ("timer", "disable_gc")
"""Options of pytest-benchmark with which times are others."""

_NO_SAMPLE: Final = "one process is no sample"


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sides, and what is tolerated between them."""

    old: Side
    new: Side
    names: Mapping[str, Row]
    asked: Asked
    limits: RowLimits
    allow_new: bool

    @property
    def common(self) -> list[str]:
        """Node ids of the rows that both have."""
        return [node for node in self.old.rows if node in self.new.rows]


def compare(
    old: str, news: Sequence[str], asked: Asked, limits: RowLimits, *, allow_new: bool = False
) -> list[Result]:
    """Judge each of some saved runs against the first; all of them share one rate of errors.

    Each is what `store.find_runs` takes.  CannotJudgeError is raised if they are not comparable, or
    one cannot be believed.
    """
    read = [saved_side.read(name, asked) for name in (old, *news)]
    seen: dict[bytes, Path] = {}
    for digest, path in chain.from_iterable(side.runs for side in read):
        if digest in seen:
            raise CannotJudgeError(
                f"{short(seen[digest])} and {short(path)} are the same run, and compared with "
                "itself it would prove nothing; name another"
            )
        seen[digest] = path
    names = _chosen(read, asked.rows)
    for name in asked.exact:
        _check_exact(name, read, names)
    first, *others = read
    pairs = [_Pair(first, other, names, asked, limits, allow_new) for other in others]
    for pair in pairs:
        _check(pair)
    return _results(pairs)


def baselines(old: Baseline, new: Baseline, limit: float) -> Result:
    """Judge a new recording against the baseline that it is to replace."""
    then, now = Side(name=old.name, rows=old.rows), Side(name="the new recording", rows=new.rows)
    asked = Asked(storage=Path(), command="", assumed=frozenset(("machine", *DECISIVE)))
    pair = _Pair(then, now, _chosen([then, now], ""), asked, RowLimits(limit), allow_new=False)
    return replace(_results([pair])[0], machine=new.machine)


def _chosen(read: Sequence[Side], expression: str) -> dict[str, Row]:
    """Return the rows that match, named so that no two have the same name."""
    known = {n: asdict(row.row) for side in read for n, row in side.rows.items()}
    names = rows_of({**{n: {} for side in read for n in side.odd}, **known})
    matches = matcher(expression)
    kept = {node: row for node, row in names.items() if matches(*spellings(row))}
    for side in read:
        there = {**side.rows, **side.odd}
        if not kept.keys() & there.keys():
            raise CannotJudgeError(
                f"--rows {short(repr(expression))} matches none of {count(len(there))} of "
                f"{short(side.name)}; they are named as in {short(names[min(there)].name)}"
            )
    return kept


def _check_exact(name: str, read: Sequence[Side], names: Mapping[str, Row]) -> None:
    """Refuse a number that no row of a side has, and which would not be judged."""
    for side in read:
        if not any(name in row.exact for node, row in side.rows.items() if node in names):
            raise CannotJudgeError(
                f"--exact {short(name)}: no row of {short(side.name)} has a whole number of this "
                "name in extra_info; give the name of one that both sides have"
            )


def _check(pair: _Pair) -> None:
    """Refuse sides of different machines, and those that have no row in common."""
    old, new = pair.old, pair.new
    both = old.conditions.together(new.conditions)
    both.check(f"{short(old.name)} and {short(new.name)} were saved on", pair.asked.assumed)
    then, now = ({**side.rows, **side.odd}.keys() & pair.names.keys() for side in (old, new))
    if then & now:
        return
    one, another = (short(pair.names[min(nodes)].name) for nodes in (then, now))
    functions = ({node.partition("::")[2] for node in nodes} - {""} for nodes in (then, now))
    moved = len(set.intersection(*functions))
    hint = "compare runs of the same suite"
    if moved:
        hint = f"but {count(moved)} but for the names of files; compare those: --by name"
    raise CannotJudgeError(
        f"{short(old.name)} and {short(new.name)} have no row in common ({one} in one, "
        f"{another} in the other); {hint}"
    )


def _results(pairs: Sequence[_Pair]) -> list[Result]:
    intervals = sum(len(pair.common) for pair in pairs)
    return [_result(pair, max(1, intervals)) for pair in pairs]


def _result(pair: _Pair, intervals: int) -> Result:
    old, new = pair.old, pair.new
    then, now = drifts(old.rows.values()), drifts(new.rows.values())
    allowed = {name: max(then.get(name, 0.0), now.get(name, 0.0)) for name in {**then, **now}}
    plan = Plan(limit=pair.limits.limit, rows=intervals, looks=(max(1, new.trials),))
    doubts = [
        *filter(None, (old.doubt, new.doubt)),
        *conditions.doubts(old.conditions, new.conditions, pair.asked.assumed),
    ]
    nodes = dict.fromkeys(chain(old.rows, new.rows, old.odd, new.odd))
    rows = [_row_result(pair, n, allowed, plan) for n in nodes if n in pair.names]
    why = "; ".join(filter(None, [*doubts, _unproven(pair, rows)]))
    if doubts:
        rows = [_doubted(row, doubts[0].partition(";")[0]) for row in rows]
    machine = new.conditions.machine() if new.runs else {}
    drifted = max(allowed.values(), default=0.0)
    return Result(
        rows=rows,
        base=old.name,
        head=new.name,
        limit=pair.limits.limit,
        trials=new.trials,
        machine={key: "" if value == UNKNOWN else value for key, value in machine.items()},
        notes=_notes(pair, rows, drifted),
        why=why,
        allow_new=pair.allow_new,
    )


def _doubted(row: RowResult, why: str) -> RowResult:
    """Return what was found, without a verdict."""
    return replace(row, verdict=Verdict.UNJUDGED, why=why) if row.interval else row


def _unproven(pair: _Pair, rows: Iterable[RowResult]) -> str:
    """Return why no row at all is proven, and what to do about it."""
    found = {row.why for row in rows if row.interval}
    if found != {_NO_SAMPLE}:
        return ""
    return (
        f"{_NO_SAMPLE}, however many rounds it runs, and so the factors prove nothing; record "
        f"more: {pair.asked.command} record NAME --trials 20 (or save several plain runs: pytest "
        "--benchmark-only --benchmark-save=NAME), or compare without a verdict: --plain"
    )


def _row_result(pair: _Pair, node: str, allowed: Mapping[str, float], plan: Plan) -> RowResult:
    row, old, new = pair.names[node], pair.old, pair.new
    verdict = Verdict.UNJUDGED
    for side in (old, new):
        if node in side.odd:
            return RowResult.untimed(row, verdict, f"in {side.name}: {side.odd[node]}")
    if node not in new.rows:
        verdict, why = Verdict.VANISHED, f"in {old.name}, but not in {new.name}"
    elif node not in old.rows:
        verdict, why = Verdict.NEW, f"not in {old.name}: nothing to compare it with"
    elif otherwise := _measured_otherwise(pair, node):
        why = otherwise
    elif seldom := old.seldom(node) or new.seldom(node):
        why = seldom
    else:
        then, now = old.rows[node], new.rows[node]
        limit = pair.limits.of((row.name, row.node), median(then.seconds))
        found = _timed(replace(then, row=row), now, allowed, plan, Terms(limit=limit))
        more = increases(now.exact, then.exact, plan.limit)
        return replace(found, verdict=Verdict.HEAVIER, why="; ".join(more)) if more else found
    return RowResult.untimed(row, verdict, why)


def _timed(
    then: BaselineRow, now: BaselineRow, allowed: Mapping[str, float], plan: Plan, terms: Terms
) -> RowResult:
    before, after, drifted = then.values, now.values, allowed[now.row.workload]
    if not (before and after):
        before, after = (tuple(map(math.log, row.seconds)) for row in (then, now))
        drifted = 0.0
    sample = Sample(then.row, before, drifted, list(after), list(now.seconds), terms=terms)
    if min(len(before), len(after)) < FEWEST:
        was = median(then.seconds)
        return replace(sample.result(), verdict=Verdict.UNJUDGED, was=was, why=_NO_SAMPLE)
    sample.look(plan)
    found = sample.result()
    return replace(found, why=f"{found.why} (any is allowed)") if terms.limit == ANY else found


def _measured_otherwise(pair: _Pair, node: str) -> str:
    """Return which input or option was another, or is not known; times cannot be compared then."""
    found = []
    was, its = (side.rows[node].inputs or UNKNOWN for side in (pair.old, pair.new))
    if was != its:
        digests = f"digest {was} in {pair.old.name} and {its} in {pair.new.name}"
        found.append(f"its inputs have {digests}; save both runs with the same")
    then, now = (side.options.get(node, {}) for side in (pair.old, pair.new))
    for name in DECISIVE:
        one, another = (each.get(name, [UNKNOWN]) for each in (then, now))
        known = one == another and len(one) == 1 and one != [UNKNOWN]
        if not known and name not in pair.asked.assumed:
            words = f"{name} {', '.join(one)} -> {', '.join(another)}"
            found.append(f"{words}: save both with the same, or say that they are: --assume {name}")
    return "; ".join(found)


def _notes(pair: _Pair, rows: Sequence[RowResult], drifted: float) -> list[str]:
    """Say what the reader has to know of the sides, and how certain the verdicts are."""
    old, new, both = pair.old, pair.new, (pair.old, pair.new)
    notes = [", ".join(f"{s.name} has {s.trials} process{'es' * (s.trials > 1)}" for s in both)]
    notes += [*old.notes, *new.notes]
    common = [node for node in pair.common if node in pair.names]
    by_ratio = sum(bool(old.rows[n].recordings and new.rows[n].recordings) for n in common)
    if by_ratio:
        notes.append(f"{count(by_ratio)} compared by their ratio to the clock")
    if by_ratio < len(common):
        notes.append(
            f"{count(len(common) - by_ratio)} compared by seconds: what the machine did otherwise "
            "in between counts as a difference"
        )
    if new.runs:
        notes += conditions.notes(old.conditions, new.conditions)
    for what, said in (("options", old.options), ("extra_info", old.extra)):
        now = new.options if what == "options" else new.extra
        if found := _changed(common, said, now):
            hint = "; what must not grow is judged by --exact NAME"
            notes.append(f"{what}: {found}{hint if what == 'extra_info' else ''}")
    for side in both:
        its = [row for n, row in side.rows.items() if n in pair.names and not row.recordings]
        if few := [row for row in its if len(row.seconds) < len(side.runs)]:
            notes.append(
                f"{count(len(few))} not in all runs of {side.name}, such as {few[0].row.name}: an "
                "id that varies, as that of a set, or a test that is skipped"
            )
    return [*notes, *certainty(rows, drifted if by_ratio else 0.0)]


def _changed(
    nodes: Sequence[str],
    then: Mapping[str, Options],
    now: Mapping[str, Options],
) -> str:
    """Return what the runs of either side agree on, but not the sides, and on how many rows."""
    found: dict[str, int] = {}
    for node in nodes:
        one, another = then.get(node, {}), now.get(node, {})
        for name in sorted({*one, *another} - {*DECISIVE}):
            was, its = one.get(name, [UNKNOWN]), another.get(name, [UNKNOWN])
            if was != its and len(was) == len(its) == 1:
                words = f"{name} {was[0]} -> {its[0]}"
                found[words] = found.get(words, 0) + 1
    return few([f"{what} ({count(number)})" for what, number in found.items()])
