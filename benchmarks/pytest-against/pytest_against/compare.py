"""Saved runs, judged against the first of them by the rule of the gate; no clock.

Where both sides have ratios to the clock, those are compared, with the drift that recordings of
identical code showed; elsewhere seconds are, for want of anything better.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path, PurePath
from statistics import median
from typing import Final

from pytest_against.baseline import certainty, drifts
from pytest_against.checks import increases
from pytest_against.formats import PLACE, SOFTWARE
from pytest_against.model import (
    CannotJudgeError,
    Result,
    RowResult,
    Verdict,
    rows_of,
    short,
)
from pytest_against.saved import FEWEST, Baseline, BaselineRow, File, find_runs, load_file, matcher
from pytest_against.stats import Plan, Sample

_NO_SAMPLE: Final = "one process is no sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Trials of one suite with one set of software on one machine."""

    name: str
    files: Sequence[File]
    rows: Mapping[str, BaselineRow]

    @property
    def trials(self) -> int:
        """Most that a row has."""
        return max(len(row.seconds) for row in self.rows.values())


def compare(  # noqa: PLR0913 - each is a thing of its own
    old: str,
    news: Sequence[str],
    *,
    storage: Path,
    expression: str,
    limit: float,
    command: str,
) -> list[Result]:
    """Judge each of some saved runs against the first; all of them share one rate of errors.

    Each is what `find_runs` takes; `limit` is a fraction, and `command` what is typed to run one
    of ours.  CannotJudgeError is raised if they are not comparable, or one cannot be believed.
    """
    sides = [read(name, storage, command) for name in (old, *news)]
    seen: dict[str, Path] = {}
    for file in chain.from_iterable(side.files for side in sides):
        if file.digest in seen:
            raise CannotJudgeError(
                f"{short(seen[file.digest])} and {short(file.path)} are the same run, and compared "
                "with itself it would prove nothing; name another"
            )
        seen[file.digest] = file.path
    first, *others = _chosen(sides, expression)
    for other in others:
        _check_machine(first.files[0], other.files[0])
        if not first.rows.keys() & other.rows.keys():
            one, another = (short(each.rows[min(each.rows)].row.name) for each in (first, other))
            raise CannotJudgeError(
                f"{short(first.name)} and {short(other.name)} have no row in common ({one} in one, "
                f"{another} in the other); compare runs of the same suite"
            )
    return _results(first, others, limit, command)


def baselines(old: Baseline, new: Baseline, limit: float) -> Result:
    """Judge a new recording against the baseline that it is to replace."""
    sides = [
        Side(name=name, files=[File(Path(name), name, "", content)], rows=content.rows)
        for name, content in ((old.name, old), ("the new recording", new))
    ]
    first, other = _chosen(sides, "")
    return _results(first, [other], limit)[0]


def read(name: str, storage: Path, command: str) -> Side:
    """Read the trials of a side; CannotJudgeError says why they are none of one."""
    files = [load_file(path) for path in find_runs(name, storage)]
    if not files:
        raise CannotJudgeError(
            f"no file, folder or saved run {short(repr(name))} that has JSON; save one: "
            f"{command} record NAME"
        )
    for file in files[1:]:
        _check_machine(files[0], file)
        if changed := _software_change(files[0], file):
            mixed = f"{short(name)} mixes {short(changed)}"
            raise CannotJudgeError(f"{mixed}; give the runs of each as a side")
    found = defaultdict(list)
    for file in files:
        for node, row in file.content.rows.items():
            found[node].append(row)
    rows = {node: _merged(rows) for node, rows in found.items()}
    return Side(name=name, files=files, rows=rows)


def _merged(rows: Sequence[BaselineRow]) -> BaselineRow:
    """Put the trials of several files together; recordings stay apart."""
    first, *others = rows
    if any(row.inputs != first.inputs for row in others):
        node = short(first.row.node)
        raise CannotJudgeError(f"{node} was saved with different inputs; save all runs anew")
    timed = rows if all(row.recordings for row in rows) else []
    columns = zip_longest(*(row.recordings for row in timed), fillvalue=())
    exact: dict[str, int] = {}
    for name, value in chain.from_iterable(row.exact.items() for row in rows):
        exact[name] = max(value, exact.get(name, value))
    return replace(
        first,
        seconds=tuple(chain.from_iterable(row.seconds for row in rows)),
        recordings=tuple(tuple(chain.from_iterable(column)) for column in columns),
        exact=exact,
    )


def _check_machine(one: File, other: File) -> None:
    here, there = _place(one), _place(other)
    if here != there:
        raise CannotJudgeError(
            f"{short(one.path)} was saved on {here}, but {short(other.path)} on {there}; times of "
            "different machines cannot be compared: save both on the same one"
        )


def _place(file: File) -> str:
    words = [file.host, *(file.content.machine[key] for key in PLACE)]
    known = ", ".join(word for word in words if word not in {"", "unknown"})
    return short(known) or "an unknown machine"


def _software_change(one: File, other: File) -> str:
    then, now = one.content.machine, other.content.machine
    return ", ".join(f"{k} {then[k]} -> {now[k]}" for k in SOFTWARE if then[k] != now[k])


def _chosen(sides: Sequence[Side], expression: str) -> list[Side]:
    """Return the sides with the rows that match, named so that no two have the same name."""
    names = rows_of({n: asdict(row.row) for side in sides for n, row in side.rows.items()})
    matches = matcher(expression)
    # As for pytest, names of files and classes count, and those of folders do not.
    spelled = {n: PurePath(r.file).name + n.removeprefix(r.file) for n, r in names.items()}
    kept = {node for node, row in names.items() if matches(row.name, spelled[node])}
    for side in sides:
        if not kept & side.rows.keys():
            raise CannotJudgeError(
                f"--rows {short(repr(expression))} matches none of {len(side.rows)} rows of "
                f"{short(side.name)}; they are named as in {short(names[min(side.rows)].name)}"
            )
    return [
        replace(s, rows={n: replace(r, row=names[n]) for n, r in s.rows.items() if n in kept})
        for s in sides
    ]


def _results(old: Side, news: Sequence[Side], limit: float, command: str = "") -> list[Result]:
    intervals = sum(len(old.rows.keys() & new.rows.keys()) for new in news)
    found = []
    for new in news:
        then, now = drifts(old.rows.values()), drifts(new.rows.values())
        allowed = {name: max(then.get(name, 0.0), now.get(name, 0.0)) for name in {**then, **now}}
        plan = Plan(limit=limit, rows=intervals, looks=(new.trials,))
        rows = [_row_result(old, new, node, allowed, plan) for node in {**old.rows, **new.rows}]
        found.append(
            Result(
                rows=rows,
                base=old.name,
                head=new.name,
                limit=limit,
                trials=new.trials,
                machine=new.files[0].content.machine,
                notes=_notes(old, new, rows, max(allowed.values()), command),
            )
        )
    return found


def _row_result(
    old: Side, new: Side, node: str, allowed: Mapping[str, float], plan: Plan
) -> RowResult:
    then, now = old.rows.get(node), new.rows.get(node)
    if now is None:
        why = f"in {old.name}, but not in {new.name}"
        return RowResult.untimed(old.rows[node].row, Verdict.VANISHED, why)
    if then is None:
        why = f"not in {old.name}: nothing to compare it with"
        return RowResult.untimed(now.row, Verdict.NEW, why)
    if then.inputs != now.inputs:
        digests = f"digest {then.inputs or 'unknown'} in {old.name} and {now.inputs or 'unknown'}"
        why = f"its inputs have {digests} in {new.name}; save both runs with the same"
        return RowResult.untimed(now.row, Verdict.UNJUDGED, why)
    if more := increases(now.exact, then.exact, plan.limit):
        return RowResult.untimed(now.row, Verdict.HEAVIER, "; ".join(more))
    before, after, drifted = then.values, now.values, allowed[now.row.workload]
    if not (before and after):
        before, after = (tuple(map(math.log, row.seconds)) for row in (then, now))
        drifted = 0.0
    sample = Sample(now.row, before, drifted, list(after), list(now.seconds))
    if min(len(before), len(after)) < FEWEST:
        was = median(then.seconds)
        return replace(sample.result(), verdict=Verdict.UNJUDGED, was=was, why=_NO_SAMPLE)
    sample.look(plan)
    return sample.result()


def _notes(
    old: Side, new: Side, rows: Sequence[RowResult], drifted: float, command: str
) -> list[str]:
    """Say what the reader has to know of the sides, and how certain the verdicts are."""
    sides = (old, new)
    notes = [", ".join(f"{s.name} has {s.trials} process{'es' * (s.trials > 1)}" for s in sides)]
    common = [(row, new.rows[node]) for node, row in old.rows.items() if node in new.rows]
    by_ratio = sum(bool(then.recordings and now.recordings) for then, now in common)
    if by_ratio:
        notes.append(f"{by_ratio} rows are compared by their ratio to the clock")
    if by_ratio < len(common):
        notes.append(
            f"{len(common) - by_ratio} rows are compared by seconds: what the machine did "
            "otherwise in between counts as a difference"
        )
    notes.append(f"software: {_software_change(old.files[0], new.files[0]) or 'unchanged'}")
    for side in sides:
        commits = len({file.content.commit for file in side.files})
        notes += [f"{side.name} has runs of {commits} commits"] * (commits > 1)
    notes += certainty(rows, drifted if by_ratio else 0.0)
    if any(row.why == _NO_SAMPLE for row in rows):
        notes.append(
            f"{_NO_SAMPLE}, however many rounds it runs, and so there is no verdict; record more: "
            f"{command} record NAME --trials 20 (or save several plain runs: "
            "pytest --benchmark-only --benchmark-save=NAME)"
        )
    return notes
