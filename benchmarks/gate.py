"""The gate: the working tree's package against the one at a git revision, side by side."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import snapshots
from benchmarks.exact import Measures
from benchmarks.judge import Verdict
from benchmarks.lab import LOOKS, Lab, Settings
from benchmarks.machine import this_machine
from benchmarks.outcome import FAILURES, Outcome, RowOutcome
from benchmarks.progress import Display
from benchmarks.rows import Row, Suite
from benchmarks.series import SIGHTINGS, Series
from benchmarks.trial import BASE, COPY, HEAD
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
            series, controls, trials = {}, {}, 0
            timed = [row for row in rows if row.name not in outcomes]
            if not any(found.verdict in FAILURES for found in outcomes.values()):
                series = {row.name: Series(row) for row in timed}
                controls = {row.name: Series(row) for row in _controls(timed)}
                trials = lab.decide(series, controls)
        outcomes |= {name: s.outcome() for name, s in series.items()}
        order = dict.fromkeys(row.name for row in rows if row.name in outcomes)
        return Outcome(
            rows=[outcomes[name] for name in order | outcomes],
            controls=[s.outcome() for s in controls.values()],
            base=str(commit),
            head="the working tree",
            limit=self.settings.limit,
            seconds=time.monotonic() - start,
            trials=trials,
            machine=this_machine().as_dict(),
            notes=not_timed(len(timed), trials),
        )


def not_timed(passed: int, trials: int) -> list[str]:
    """Say that rows were not timed because others failed what needs no clock."""
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


def _controls(rows: Sequence[Row]) -> list[Row]:
    """Choose the first row of each group: each kind of call, on each input."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.group, row)
    return list(first.values())


def _exact_outcomes(rows: Sequence[Row], head: Report, base: Report) -> dict[str, RowOutcome]:
    """Decide what needs no clock; rows that pass are not among the outcomes."""
    decided = {row.name: _exact_outcome(row, head, base) for row in rows}
    found = {name: outcome for name, outcome in decided.items() if outcome is not None}
    for method in sorted(set(base.methods[BASE]) - set(head.methods[HEAD])):
        found[method] = RowOutcome(
            row=method,
            method=method,
            workload="",
            verdict=Verdict.VANISHED,
            why="in the base, but no longer in the working tree",
        )
    return found


def _exact_outcome(row: Row, head: Report, base: Report) -> RowOutcome | None:
    if row.method not in base.methods[BASE]:
        return decided(row, Verdict.NEW, "not in the base: nothing to compare it with")
    now, then = head.rows[row.name]["arms"][HEAD], base.rows[row.name]["arms"][BASE]
    if "wrong" in now:
        return decided(row, Verdict.DIVERGED, now["wrong"])
    if "wrong" in then:
        return None  # the head mends what the base got wrong
    return compare_measures(row, Measures.from_dict(now), Measures.from_dict(then))


def compare_measures(row: Row, now: Measures, then: Measures) -> RowOutcome | None:
    """Return the failure of a row whose answer changed or costs more, None if it passes."""
    different = now.answer_differences(then)
    if different:
        return decided(row, Verdict.DIVERGED, "; ".join(different))
    heavier = now.increases(then)
    return decided(row, Verdict.HEAVIER, "; ".join(heavier)) if heavier else None


def decided(row: Row, verdict: Verdict, why: str) -> RowOutcome:
    """Return a verdict that needed no clock."""
    return RowOutcome(
        row=row.name, method=row.method, workload=row.workload, verdict=verdict, why=why
    )
