"""The gate: the working tree's package against the one at a git revision, side by side."""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import snapshots
from benchmarks.exact import Measures
from benchmarks.judge import Interval, Policy, Verdict, decide, interval
from benchmarks.machine import this_machine
from benchmarks.outcome import FAILURES, Outcome, RowOutcome
from benchmarks.progress import Display
from benchmarks.rows import Row, Suite
from benchmarks.trial import BASE, COPY, HEAD, Request
from benchmarks.trials import Report, run_trial

LOOKS: Final = (8, 11, 15, 20, 26, 33)
"""Numbers of trials after which rows may be decided."""

SIGHTINGS: Final = 2
"""Looks in a row at which a regression must be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to judge.

    Attributes
    ----------
    limit : float
        Tolerated slowdown, as a fraction.
    trials : int
        Most trials.
    budget : float
        Most seconds for everything.
    row_seconds : float
        Time for a row in a trial, in seconds.
    timeout : float
        Seconds after which a silent trial counts as hung.
    """

    limit: float = 0.03
    trials: int = LOOKS[-1]
    budget: float = 110.0
    row_seconds: float = 0.005
    timeout: float = 60.0

    @property
    def looks(self) -> tuple[int, ...]:
        """The planned looks, the last one at the most trials."""
        return (*(look for look in LOOKS if look < self.trials), self.trials)


@dataclass(slots=True)
class Series:
    """The trials of one row so far."""

    row: Row
    values: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    sightings: int = 0
    verdict: Verdict | None = None
    interval: Interval | None = None

    def look(self, policy: Policy) -> None:
        """Decide the row if the trials prove something."""
        self.interval = interval(self.values, policy.error)
        found = decide(self.interval, policy.limit)
        if found is Verdict.REGRESSED:
            self.sightings += 1
            if self.sightings < SIGHTINGS:
                return
        else:
            self.sightings = 0
        self.verdict = found


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is judged, where, and how.

    Attributes
    ----------
    suite : Suite
        What is measured.
    root : Path
        Folder of the working tree that has the package's folder.
    settings : Settings
        How to judge.
    display : Display
        Told what is going on.
    """

    suite: Suite
    root: Path
    settings: Settings
    display: Display

    def against_revision(self, rows: Sequence[Row], revision: str) -> Outcome:
        """Judge the working tree against a git revision, measured side by side, now.

        Parameters
        ----------
        rows : sequence of Row
            The rows to judge.
        revision : str
            Any name of a commit.

        Raises
        ------
        CannotJudgeError
            If something is missing that a verdict needs.
        """
        start = time.monotonic()
        commit = snapshots.find_commit(self.root, revision)
        with _arms(self.suite.package, self.root, commit) as arms:
            run = _Run(self, arms, start)
            outcomes = run.exact(rows)
            timed = [row for row in rows if row.name not in outcomes]
            timing = Timing()
            if not any(found.verdict in FAILURES for found in outcomes.values()):
                timing = run.times(timed)
        outcomes.update({s.row.name: _outcome(s) for s in timing.series})
        order = dict.fromkeys(row.name for row in rows if row.name in outcomes)
        return Outcome(
            rows=[outcomes[name] for name in order | outcomes],
            controls=[_outcome(s) for s in timing.controls],
            base=str(commit),
            head="the working tree",
            limit=self.settings.limit,
            seconds=time.monotonic() - start,
            trials=timing.trials,
            machine=this_machine().as_dict(),
            notes=_notes(len(timed), timing.trials),
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """The series of all rows and controls, and the number of trials behind them."""

    series: Sequence[Series] = ()
    controls: Sequence[Series] = ()
    trials: int = 0


def _notes(passed: int, trials: int) -> list[str]:
    if trials or not passed:
        return []
    return [f"{passed} rows passed the exact checks and were not timed: mend the others first"]


@contextmanager
def _arms(package: str, root: Path, commit: snapshots.Commit) -> Iterator[dict[str, str]]:
    """Lay out the arms in folders of the same kind, and remove them afterwards."""
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        arms = {arm: Path(folder, arm) for arm in (HEAD, BASE, COPY)}
        for place in arms.values():
            place.mkdir()
        snapshots.working_tree(root, package, arms[HEAD])
        snapshots.at_commit(root, commit, package, arms[BASE])
        snapshots.at_commit(root, commit, package, arms[COPY])
        yield {arm: str(place) for arm, place in arms.items()}


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the gate: the stages that start processes."""

    gate: Gate
    arms: Mapping[str, str]
    start: float

    def exact(self, rows: Sequence[Row]) -> dict[str, RowOutcome]:
        """Compare what needs no clock; return the rows that are decided by it."""
        self.gate.display.stage("exact checks", 2 * len(rows))
        names = tuple(row.name for row in rows)
        with ThreadPoolExecutor(2) as pool:
            head, base = pool.map(lambda arm: self._trial((arm,), names), (HEAD, BASE))
        found = {}
        for row in rows:
            verdict = self._compare(row, head, base)
            if verdict is not None:
                found[row.name] = verdict
        measured = {row.method for row in self.gate.suite.rows()}
        for method in sorted(set(base.methods[BASE]) - measured - set(head.methods[HEAD])):
            found[method] = RowOutcome(
                row=method,
                method=method,
                workload="",
                verdict=Verdict.VANISHED,
                why="in the base, but no longer in the working tree",
            )
        return found

    def _compare(self, row: Row, head: Report, base: Report) -> RowOutcome | None:
        if row.method not in base.methods[BASE]:
            return _decided(row, Verdict.NEW, "not in the base: nothing to compare it with")
        now, then = (report.rows[row.name]["arms"] for report in (head, base))
        wrong = now[HEAD].get("wrong")
        if wrong:
            return _decided(row, Verdict.DIVERGED, wrong)
        if "wrong" in then[BASE]:
            return None  # the head mends what the base got wrong
        return _heavier(row, Measures.from_dict(now[HEAD]), Measures.from_dict(then[BASE]))

    def times(self, rows: Sequence[Row]) -> Timing:
        """Time until every row and control is decided, the trials are used up, or the budget is."""
        series = {row.name: Series(row) for row in rows}
        controls = {name: Series(series[name].row) for name in _controls(rows)}
        every = [*series.values(), *controls.values()]
        policy = Policy(
            limit=self.gate.settings.limit, rows=len(every), looks=self.gate.settings.looks
        )
        longest, trials = 0.0, 0
        for trials in range(1, self.gate.settings.trials + 1):
            began = time.monotonic()
            self._time(series, controls, trials)
            longest = max(0.8 * longest, time.monotonic() - began)
            spent = time.monotonic() - self.start + longest > self.gate.settings.budget
            if trials in policy.looks or spent:
                for s in every:
                    if s.verdict is None:
                        s.look(policy)
            if spent or all(s.verdict for s in every):
                break
        return Timing(list(series.values()), list(controls.values()), trials)

    def _time(self, series: dict[str, Series], controls: dict[str, Series], number: int) -> None:
        undecided = [name for name, s in series.items() if s.verdict is None]
        copied = [name for name, s in controls.items() if s.verdict is None]
        names = tuple(dict.fromkeys([*undecided, *copied]))
        self.gate.display.stage(f"trial {number}, {len(undecided)} rows undecided", len(names))
        report = self._trial(
            (HEAD, BASE, COPY), names, tuple(copied), self.gate.settings.row_seconds
        )
        for name, line in report.rows.items():
            if series[name].verdict is None:
                series[name].values.append(line["log_ratios"][HEAD])
                series[name].seconds.append(line["seconds"])
            if name in copied:
                controls[name].values.append(line["log_ratios"][COPY])
                controls[name].seconds.append(line["seconds"])

    def _trial(
        self,
        arms: tuple[str, ...],
        rows: tuple[str, ...],
        controls: tuple[str, ...] = (),
        seconds: float = 0.0,
    ) -> Report:
        request = Request(
            suite=self.gate.suite.name,
            arms={arm: self.arms[arm] for arm in arms},
            rows=rows,
            controls=controls,
            seconds=seconds,
            seed=random.getrandbits(48),
        )
        return run_trial(request, self.gate.root, self.gate.settings.timeout, self.gate.display.row)


def _controls(rows: Sequence[Row]) -> list[str]:
    """Choose the first row of each group: each kind of call, on each input."""
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(row.group, row.name)
    return list(first.values())


def _decided(row: Row, verdict: Verdict, why: str) -> RowOutcome:
    return RowOutcome(
        row=row.name, method=row.method, workload=row.workload, verdict=verdict, why=why
    )


def _heavier(row: Row, now: Measures, then: Measures) -> RowOutcome | None:
    different = now.answer_differences(then)
    if different:
        return _decided(row, Verdict.DIVERGED, "; ".join(different))
    heavier = now.increases(then)
    return _decided(row, Verdict.HEAVIER, "; ".join(heavier)) if heavier else None


def _outcome(series: Series) -> RowOutcome:
    found = series.interval or interval(series.values, 0.5)
    was = median(series.seconds) if series.seconds else math.nan
    return RowOutcome(
        row=series.row.name,
        method=series.row.method,
        workload=series.row.workload,
        verdict=series.verdict or Verdict.INCONCLUSIVE,
        interval=found,
        was=was,
        now=was * math.exp(found.mean),
        why=_why(series),
    )


def _why(series: Series) -> str:
    if series.verdict is Verdict.REGRESSED:
        return "slower than the limit"
    return "" if series.verdict else "the trials do not prove it either way"
