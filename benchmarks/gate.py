"""The gate: the working tree's package against the one at a git revision, side by side."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import snapshots
from benchmarks.errors import CannotJudgeError
from benchmarks.exact import Measures
from benchmarks.judge import Verdict
from benchmarks.lab import LOOKS, Lab, Settings
from benchmarks.machine import this_machine
from benchmarks.outcome import FAILURES, WORKING_TREE, Outcome, RowOutcome, decided
from benchmarks.progress import Display
from benchmarks.rows import Named, Row, Suite
from benchmarks.selection import matcher
from benchmarks.series import SIGHTINGS, Series
from benchmarks.trial import BASE, CLOCK, COPY, HEAD
from benchmarks.trials import Report

__all__ = ["LOOKS", "SIGHTINGS", "Gate", "Series", "Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is judged, where, and how.

    Attributes
    ----------
    suite : Suite
        What is measured.
    root : Path
        Folder of the working tree that the suite is imported from.
    settings : Settings
        How to judge.
    display : Display
        Told what is going on.
    """

    suite: Suite
    root: Path
    settings: Settings
    display: Display

    @property
    def sources(self) -> Path:
        """Folder of the working tree that has the package's folder."""
        return self.root / self.suite.sources

    def lab(self, start: float, python: str = sys.executable) -> Lab:
        """Return where the working tree is timed by the clock, with no other arm beside it.

        Parameters
        ----------
        start : float
            When the budget began to run, by `time.monotonic`.
        python : str
            The interpreter, and with it the NumPy, that it runs on.

        Raises
        ------
        CannotJudgeError
            If there is no package.
        """
        snapshots.check_package(self.sources, self.suite.package)
        return Lab(
            suite=self.suite,
            root=self.root,
            arms={HEAD: str(self.sources)},
            reference=CLOCK,
            settings=self.settings,
            display=self.display,
            start=start,
            python=python,
        )

    def against_revision(self, rows: Sequence[Row], revision: str, expression: str = "") -> Outcome:
        """Judge the working tree against a git revision, measured side by side, now.

        Parameters
        ----------
        rows : sequence of Row
            The rows to judge.
        revision : str
            Any name of a commit.
        expression : str
            What the rows were chosen by: no method that it leaves out is missed.

        Raises
        ------
        CannotJudgeError
            If something is missing that a verdict needs.
        """
        start = time.monotonic()
        commit = snapshots.find_commit(self.root, revision)
        with _arms(self.suite.package, self.sources, commit) as arms:
            lab = Lab(
                suite=self.suite,
                root=self.root,
                arms=arms,
                reference=BASE,
                settings=self.settings,
                display=self.display,
                start=start,
            )
            reports = lab.exact(rows, HEAD, BASE)
            outcomes = _exact_outcomes(rows, reports[HEAD], reports[BASE])
            gone = set(reports[BASE].methods[BASE]) - set(reports[HEAD].methods[HEAD])
            outcomes |= _vanished(sorted(gone), self.suite.rows(), expression)
            return judged(lab, rows, outcomes, Series, base=str(commit))


def judged(
    lab: Lab,
    rows: Sequence[Row],
    outcomes: Mapping[str, RowOutcome],
    series_of: Callable[[Row], Series],
    *,
    base: str,
) -> Outcome:
    """Time what is still open, unless something failed already, and put the verdicts together.

    Parameters
    ----------
    lab : Lab
        Where processes are started.
    rows : sequence of Row
        The rows to judge; they give the order.
    outcomes : mapping of str to RowOutcome
        What needed no clock, by name of the row.
    series_of : callable
        Returns the trials of a row, none so far, with what they are held against.
    base : str
        What the working tree is held against, in words.
    """
    undecided = [row for row in rows if row.name not in outcomes]
    series, controls, trials = {}, {}, 0
    if not any(found.verdict in FAILURES for found in outcomes.values()):
        series = {row.name: series_of(row) for row in undecided}
        controls = {row.name: series_of(row) for row in _controls(undecided) if COPY in lab.arms}
        trials = lab.decide(series, controls)
    found = {**outcomes, **{name: s.outcome() for name, s in series.items()}}
    order = dict.fromkeys(row.name for row in rows if row.name in found)
    return Outcome(
        rows=[found[name] for name in order | found],
        # A control that no look was taken at was not judged, and says nothing of the machine.
        controls=[s.outcome() for s in controls.values() if s.interval is not None],
        base=base,
        head=WORKING_TREE,
        limit=lab.settings.limit,
        seconds=time.monotonic() - lab.start,
        trials=trials,
        machine=this_machine().as_dict(),
        notes=_notes(len(undecided), trials, lab.settings),
    )


def _notes(undecided: int, trials: int, settings: Settings) -> list[str]:
    """Say what kept rows from being judged."""
    fewest = settings.looks[0]
    if undecided and not trials:
        why = "passed the exact checks and were not timed: mend the others first"
        return [f"{undecided} rows {why}"]
    if 0 < trials < fewest:
        fit = f"{trials} of at least {fewest} trials fit in the budget of {settings.budget:g} s"
        return [f"{fit}: allow more with --budget, or judge fewer rows with --rows"]
    return []


@contextmanager
def _arms(package: str, sources: Path, commit: snapshots.Commit) -> Iterator[dict[str, str]]:
    """Lay out the arms in folders of the same kind, and remove them afterwards."""
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        arms = {arm: Path(folder, arm) for arm in (HEAD, BASE, COPY)}
        try:
            for place in arms.values():
                place.mkdir()
            snapshots.working_tree(sources, package, arms[HEAD])
            snapshots.at_commit(sources, commit, package, arms[BASE])
            snapshots.at_commit(sources, commit, package, arms[COPY])
        except OSError as error:
            raise CannotJudgeError(
                f"the package cannot be copied to {folder} ({error}); make room there, or name "
                "another folder in TMPDIR"
            ) from error
        yield {arm: str(place) for arm, place in arms.items()}


def _controls(rows: Sequence[Row]) -> list[Row]:
    """Choose the first row of each workload."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.workload, row)
    return list(first.values())


def _exact_outcomes(rows: Sequence[Row], head: Report, base: Report) -> dict[str, RowOutcome]:
    """Decide what needs no clock; rows that pass are not among the outcomes."""
    decided = {row.name: _exact_outcome(row, head, base) for row in rows}
    return {name: outcome for name, outcome in decided.items() if outcome is not None}


def _vanished(
    methods: Sequence[str], rows: Sequence[Row], expression: str
) -> dict[str, RowOutcome]:
    """Name the methods that are gone, and that the expression chooses on some workload."""
    matches = matcher(expression)
    workloads = {row.workload for row in rows}
    return {
        method: RowOutcome(
            row=method,
            method=method,
            workload="",
            verdict=Verdict.VANISHED,
            why="in the base, but not in the working tree; restore it, or choose another --base",
        )
        for method in methods
        if any(matches(method, workload) for workload in workloads)
    }


def _exact_outcome(row: Row, head: Report, base: Report) -> RowOutcome | None:
    now = head.rows[row.name]["arms"][HEAD]
    if "wrong" in now:
        return decided(row, Verdict.DIVERGED, now["wrong"])
    choice = "choose one that has it with --base, or let it pass with --allow-new"
    if row.method not in base.methods[BASE]:
        return decided(row, Verdict.NEW, f"not in the base; {choice}")
    then = base.rows[row.name]["arms"][BASE]
    if "wrong" in then:
        # The head mends it, and the time of a wrong answer is nothing to be held to.
        return decided(row, Verdict.NEW, f"the base has no right answer; {choice}")
    return compare_measures(row, Measures.from_dict(now), Measures.from_dict(then))


def compare_measures(row: Named, now: Measures, then: Measures) -> RowOutcome | None:
    """Return the failure of a row whose answer changed or costs more, None if it passes."""
    different = now.answer_differences(then)
    if different:
        return decided(row, Verdict.DIVERGED, "; ".join(different))
    heavier = now.increases(then)
    return decided(row, Verdict.HEAVIER, "; ".join(heavier)) if heavier else None
