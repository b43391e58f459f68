"""The records that travel between the rooms: what is asked for, and what was found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

WORKING_TREE: Final = "the working tree"
_LONGEST: Final = 200


class CannotJudgeError(Exception):
    """Something that a verdict needs is missing or wrong: exit code 2.

    Its text is one line that says what was given, what was expected and what mends it.
    """


def short(value: object) -> str:
    """Return text for a message: one line of at most 200 characters, the middle left out."""
    text = " ".join(str(value).encode("utf-8", "backslashreplace").decode().split())
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    half = _LONGEST // 2 - 2
    return text if len(text) <= _LONGEST else f"{text[:half]}...{text[-half:]}"


class Verdict(Enum):
    """The answer for a row, the worst first."""

    DIVERGED = "diverged"
    REGRESSED = "regressed"
    HEAVIER = "heavier"
    MISSING = "missing"
    VANISHED = "vanished"
    NEW = "new"
    UNJUDGED = "not judged"
    INCONCLUSIVE = "inconclusive"
    STEADY = "steady"
    IMPROVED = "improved"


FAILURES: Final = frozenset({Verdict.DIVERGED, Verdict.REGRESSED, Verdict.HEAVIER})
PROVEN: Final = frozenset({Verdict.STEADY, Verdict.IMPROVED})
CANNOT_JUDGE: Final = frozenset({Verdict.MISSING, Verdict.VANISHED, Verdict.NEW, Verdict.UNJUDGED})


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of log ratios, and the interval that holds its true value.

    Attributes
    ----------
    mean, low, high : float
        Natural logarithms of factors; 0 is unchanged.
    trials : int
        Number of trials behind it.
    """

    mean: float
    low: float
    high: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A benchmark by its names.

    Attributes
    ----------
    node : str
        Node id of the test, relative to the root of the project.
    method, workload : str
        Its parameters of these names if it has both; else the name of the function, with that of
        its class, and the id of all its parameters.
    name : str
        Key in tables: ``method[workload]``, or the node id where that would be ambiguous.
    file : str
        File of the test, relative to the root of the project; empty if unknown.
    line : int
        Line of the test in its file, counted from 1; 0 if unknown.
    """

    node: str
    method: str
    workload: str
    name: str
    file: str = ""
    line: int = 0


def rows_of(nodes: Mapping[str, Mapping[str, object]]) -> dict[str, Row]:
    """Return the rows of some tests by node id.

    Parameters
    ----------
    nodes : mapping of str to mapping
        By node id what is known of a test: ``method`` and ``workload`` if its parameters have
        these names, ``file``, ``line``.
    """
    found = {}
    for node, known in nodes.items():
        function, _, parameters = node.split("::", 1)[-1].partition("[")
        method = str(known.get("method") or function)
        workload = str(known.get("workload") or parameters.removesuffix("]"))
        found[node] = (method, workload, f"{method}[{workload}]" if workload else method)
    often = Counter(name for *_, name in found.values())
    return {
        node: Row(
            node=node,
            method=method,
            workload=workload,
            name=name if often[name] == 1 else node,
            file=str(nodes[node].get("file", "")),
            line=int(str(nodes[node].get("line", 0))),
        )
        for node, (method, workload, name) in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is tolerated, and how long one may look."""

    limit: float = 0.03
    """Tolerated slowdown, as a fraction: 0.03 is 3 %."""
    trials: int = 96
    """Most trials."""
    budget: float = 240.0
    """Seconds for the whole judgement."""
    timeout: float = 60.0
    """Seconds without a word from a process after which it counts as hung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Which tests are judged, and how pytest runs them."""

    root: Path
    """Root of the project: pytest's ``rootdir``."""
    arguments: tuple[str, ...] = ()
    """Files, folders and node ids, relative to the root."""
    keyword: str = ""
    marks: str = ""
    """The expressions of ``-k`` and ``-m``; empty for all tests."""
    packages: tuple[str, ...] = ()
    """Folders of the packages under test, relative to the root."""
    options: tuple[str, ...] = ()
    """What else each run of pytest is given, such as its configuration file."""


OnRow = Callable[[str], None]
"""Told the node id of each row that begins."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Whom to tell what is going on."""

    stage: Callable[[str, int], None]
    """Told the name of a stage, and how many rows it goes through."""
    row: OnRow


class Mode(Enum):
    """What a worker does with the tests."""

    COLLECT = "collect"
    CHECKS = "checks"
    TIMING = "timing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a worker is asked to do."""

    mode: Mode
    arguments: tuple[str, ...]
    """Those of pytest."""
    path: tuple[str, ...]
    """Folders to import from before all others."""
    packages: tuple[str, ...] = ()
    """Import names of the packages under test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """The verdict on one row.

    Attributes
    ----------
    row : Row
        Its names.
    verdict : Verdict
        The answer.
    interval : Interval or None
        Log ratio of the times, None if none was measured.
    was, now : float
        Seconds per call before and after; NaN if not measured.
    why : str
        The reason, for a row worth a look.
    """

    row: Row
    verdict: Verdict
    interval: Interval | None = None
    was: float = math.nan
    now: float = math.nan
    why: str = ""

    @classmethod
    def untimed(cls, row: Row, verdict: Verdict, why: str) -> RowResult:
        """Return a verdict that needed no clock."""
        return cls(row=row, verdict=verdict, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The verdict on a whole run.

    Attributes
    ----------
    rows : sequence of RowResult
        The rows that were judged.
    controls : sequence of RowResult
        Identical code, judged by the same rule.
    base, head : str
        What was compared with what, in words.
    limit : float
        Tolerated slowdown, as a fraction.
    seconds : float
        How long it took.
    trials : int
        Number of trials.
    machine : mapping of str to str
        Where, and with which software.
    notes : sequence of str
        What the reader has to know to believe it.
    why : str
        Why nothing could be judged; empty if something was.
    allow_new : bool
        Whether rows that have nothing to be compared with are left out of the answer, as long as
        others are there.
    """

    rows: Sequence[RowResult]
    base: str
    head: str
    limit: float
    controls: Sequence[RowResult] = ()
    seconds: float = 0.0
    trials: int = 0
    machine: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    why: str = ""
    allow_new: bool = False

    @property
    def counts(self) -> Counter[Verdict]:
        """Number of rows by verdict."""
        return Counter(row.verdict for row in self.rows)

    @property
    def noisy(self) -> list[RowResult]:
        """The controls that did not come out steady."""
        return [row for row in self.controls if row.verdict is not Verdict.STEADY]

    @property
    def verdict(self) -> Verdict:
        """The answer for the whole run.

        What is proven without a clock comes first.  Times are believed only if the controls,
        which run identical code, came out steady.
        """
        if self.why:
            return Verdict.UNJUDGED
        found = self.counts
        if self.allow_new and len(found) > 1:
            del found[Verdict.NEW]
        for verdict in (Verdict.DIVERGED, Verdict.HEAVIER):
            if found[verdict]:
                return verdict
        if found[Verdict.REGRESSED] and not self.noisy:
            return Verdict.REGRESSED
        for verdict in (Verdict.VANISHED, Verdict.MISSING, Verdict.NEW, Verdict.UNJUDGED):
            if found[verdict]:
                return verdict
        if self.noisy or found[Verdict.INCONCLUSIVE] or not self.rows:
            return Verdict.INCONCLUSIVE
        return Verdict.STEADY if found[Verdict.STEADY] else Verdict.IMPROVED

    @property
    def exit_code(self) -> int:
        """0 proven steady, 1 proven worse, 2 cannot be judged, 3 inconclusive."""
        if self.verdict in FAILURES:
            return 1
        if self.verdict in CANNOT_JUDGE:
            return 2
        return 3 if self.verdict is Verdict.INCONCLUSIVE else 0
