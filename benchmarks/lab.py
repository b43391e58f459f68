"""The stages of a judgement that start processes: exact measures, and trials until all is clear."""

from __future__ import annotations

import math
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.judge import Policy
from benchmarks.progress import Display
from benchmarks.rows import Named, Suite
from benchmarks.series import Series
from benchmarks.trial import CLOCK, COPY, HEAD, Request
from benchmarks.trials import Report, run_trials

LOOKS: Final = (12, 18, 24, 32, 42, 56, 74, 96, 128, 170)
"""Numbers of trials after which rows may be decided."""

SIDE_BY_SIDE: Final = 2
"""Most trials at a time, one to a core: what one costs the other, both arms of it share."""

_PRECISION: Final = 1 / 3
"""Part of the limit to within which one process has to know a log ratio."""


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
        Most time for a row in a trial, in seconds.
    spare_seconds : float
        Time that the rows of a trial may share when there are so few of them that they get more.
    timeout : float
        Seconds after which a silent trial counts as hung.
    side_by_side : int
        Most trials at a time.
    enough_rows : int
        Rows from which on trials that share nothing run side by side: with fewer, they would often
        time the same one, and slow each other down where it needs much of the caches.
    """

    limit: float = 0.03
    trials: int = 96
    budget: float = 115.0
    row_seconds: float = 0.02
    spare_seconds: float = 5.0
    timeout: float = 60.0
    side_by_side: int = SIDE_BY_SIDE
    enough_rows: int = 0

    @property
    def looks(self) -> tuple[int, ...]:
        """The planned looks, the last one at the most trials."""
        return (*(look for look in LOOKS if look < self.trials), self.trials)

    def workers(self, rows: int) -> int:
        """Return the number of trials at a time on this machine, if they time so many rows."""
        return max(1, min(self.side_by_side, cores())) if rows >= self.enough_rows else 1

    def policy(self, rows: int) -> Policy:
        """Return the rule for a number of intervals that must hold together."""
        return Policy(limit=self.limit, rows=max(1, rows), looks=self.looks)


@dataclass(slots=True, kw_only=True)
class Lab:
    """Where processes are started.

    Attributes
    ----------
    suite : Suite
        What is measured.
    root : Path
        Folder that the suite is imported from.
    arms : mapping of str to str
        Folder of the package by name of the arm.
    reference : str
        The arm that times are divided by.
    settings : Settings
        How to judge.
    display : Display
        Told what is going on.
    start : float
        When the budget began to run, by `time.monotonic`.
    python : str
        The interpreter, and with it the NumPy, that processes run on.
    fastest : float
        Time of the clock's fixed work in calm so far, in seconds; 0 if there is none.
    answers : dict of str to str
        Digests of what the head answered to the exact checks, by name of the row.
    """

    suite: Suite
    root: Path
    arms: Mapping[str, str]
    reference: str
    settings: Settings
    display: Display
    start: float
    python: str = sys.executable
    fastest: float = 0.0
    answers: dict[str, str] = field(default_factory=dict)

    def exact(
        self, rows: Sequence[Named], *arms: str, words: str = "exact checks"
    ) -> dict[str, Report]:
        """Take the exact measures of some arms, side by side: they need no quiet."""
        self.display.stage(words, len(arms) * len(rows))
        names = tuple(row.name for row in rows)
        requests = [self._request((arm,), names) for arm in arms]
        timeout, display = self.settings.timeout, self.display
        reports = run_trials(requests, self.root, timeout, display.row, self.python)
        found = dict(zip(arms, reports, strict=True))
        measured = {name: line["arms"][HEAD] for name, line in found[HEAD].rows.items()}
        self.answers |= {n: line["digest"] for n, line in measured.items() if "digest" in line}
        return found

    def decide(self, series: Mapping[str, Series], controls: Mapping[str, Series]) -> int:
        """Run trials until all is decided, or the trials or the budget are used up.

        Parameters
        ----------
        series, controls : mapping of str to Series
            By name of the row: the head, and the copy of the base.

        Returns
        -------
        int
            Number of trials.
        """
        every = [*series.values(), *controls.values()]
        policy = self.settings.policy(len(every))
        longest, number = 0.0, 0
        while every and not all(s.verdict for s in every) and number < self.settings.trials:
            look = next(look for look in policy.looks if look > number)
            undecided = sum(s.verdict is None for s in every)
            count = min(self.settings.workers(undecided), look - number)
            began = time.monotonic()
            self.add_trials(count, series, controls, f"trial {number + count}")
            number += count
            # Later trials are shorter, because fewer rows are undecided.
            longest = max(0.8 * longest, time.monotonic() - began)
            spent = time.monotonic() - self.start + longest > self.settings.budget
            if number in policy.looks or (spent and number > policy.looks[0]):
                for s in every:
                    if s.verdict is None:
                        s.look(policy)
            if spent:
                break
        return number

    def add_trials(
        self, count: int, series: Mapping[str, Series], controls: Mapping[str, Series], words: str
    ) -> None:
        """Run some trials of what is undecided, side by side; a wrong answer decides at once."""
        undecided = [name for name, s in series.items() if s.verdict is None]
        copied = [name for name, s in controls.items() if s.verdict is None]
        names = tuple(dict.fromkeys([*undecided, *copied]))
        self.display.stage(f"{words}, {len(undecided)} rows undecided", count * len(names))
        seconds = max(self.settings.row_seconds, self.settings.spare_seconds / max(1, len(names)))
        for report in self.trials(count, tuple(self.arms), names, tuple(copied), seconds):
            for name in undecided:
                line = report.rows[name]
                if HEAD in line["log_ratios"]:
                    series[name].add(line["log_ratios"][HEAD], line["seconds"], line.get("kernel"))
                else:
                    series[name].without_calm += 1
                if name in report.wrong:
                    series[name].diverge(report.wrong[name])
            for name in copied:
                line = report.rows[name]
                controls[name].add(line["log_ratios"][COPY], line["seconds"])

    def trials(
        self,
        count: int,
        arms: tuple[str, ...],
        rows: tuple[str, ...],
        controls: tuple[str, ...] = (),
        seconds: float = 0.0,
    ) -> list[Report]:
        """Run fresh processes side by side."""
        requests = [self._request(arms, rows, controls, seconds) for _ in range(count)]
        timeout, display = self.settings.timeout, self.display
        reports = run_trials(requests, self.root, timeout, display.row, self.python)
        if self.reference == CLOCK:
            clock = (line["seconds"] for report in reports for line in report.rows.values())
            self.fastest = min(clock, default=self.fastest)
        return reports

    def _request(
        self,
        arms: tuple[str, ...],
        rows: tuple[str, ...],
        controls: tuple[str, ...] = (),
        seconds: float = 0.0,
    ) -> Request:
        return Request(
            suite=self.suite.name,
            arms={arm: self.arms[arm] for arm in arms},
            rows=rows,
            reference=self.reference,
            controls=controls,
            seconds=seconds,
            precision=_PRECISION * math.log1p(self.settings.limit),
            fastest=self.fastest,
            seed=random.getrandbits(48),
            answers={n: self.answers[n] for n in rows if n in self.answers} if seconds else {},
        )


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
