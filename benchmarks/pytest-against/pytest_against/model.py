"""The records that travel between the rooms: what is asked for, and what was found."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from typing import Final

from pytest_against.terms import USUAL, Terms

WORKING_TREE: Final = "the working tree"
ERROR: Final = 0.01  # probability of a red gate without a slowdown, and of a green one with one


class CannotJudgeError(Exception):
    """Something that a verdict needs is missing or wrong: exit code 2.

    Its text is one line that says what was given, what was expected and what mends it.
    """


def short(value: object, longest: int = 200) -> str:
    """Return text for a message: one line of at most so many characters, the middle left out."""
    text = " ".join(str(value).encode("utf-8", "backslashreplace").decode().split())
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    half = longest // 2 - 2
    return text if len(text) <= longest else f"{text[:half]}...{text[-half:]}"


def count(number: int, what: str = "row") -> str:
    """Return a number of rows, or of what else there are some, in words."""
    return f"{number} {what}{'s' * (number != 1)}"


def few(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def some(names: Sequence[str]) -> str:
    """Return how many rows there are, and the names of a few."""
    return f"{count(len(names))}, {few([*map(short, names)])}"


class Verdict(Enum):
    """The answer for a row, in the order of reports."""

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

_DECIDES: Final = (  # the first of them that a row has
    Verdict.DIVERGED,
    Verdict.HEAVIER,
    Verdict.REGRESSED,  # after what is proven without a clock
    Verdict.VANISHED,
    Verdict.MISSING,
    Verdict.NEW,
    Verdict.UNJUDGED,
    Verdict.INCONCLUSIVE,
    Verdict.STEADY,
    Verdict.IMPROVED,
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of log ratios, 0 if unchanged, and the interval that holds its true value."""

    mean: float
    low: float
    high: float
    trials: int

    def proves(self, limit: float) -> Verdict | None:
        """Return what it proves about a slowdown of more than `limit`, a fraction, if anything."""
        bound = math.log1p(limit)
        if self.low > bound:
            return Verdict.REGRESSED
        if self.high < -bound:
            return Verdict.IMPROVED
        return Verdict.STEADY if self.high < bound else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A benchmark by its names."""

    node: str  # node id; the file in it is relative to the root of the project
    method: str  # the parameter of this name, else that of the function
    workload: str  # the parameter of this name, else the id of all of them
    name: str  # key in tables: method[workload], or the node id where that would be ambiguous
    file: str = ""  # empty if unknown
    line: int = 0  # counted from 1; 0 if unknown


def rows_of(nodes: Mapping[str, Mapping[str, object]]) -> dict[str, Row]:
    """Return rows by node id; known of a test may be its method, workload, file and line."""
    found = {}
    for node, known in nodes.items():
        function, _, rest = node.split("::", 1)[-1].partition("[")
        parameters, _, part = rest.rpartition("]")  # what follows is a part of the test
        method = str(known.get("method") or function + part)
        workload = str(known.get("workload") or parameters)
        name = f"{method}[{workload}]" if workload else method
        file, line = str(known.get("file", "")), int(str(known.get("line", 0)))
        found[node] = Row(
            node=node, method=method, workload=workload, name=name, file=file, line=line
        )
    often = Counter(row.name for row in found.values())
    return {n: row if often[row.name] == 1 else replace(row, name=n) for n, row in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is tolerated, and how long one may look."""

    limit: float = 0.03  # tolerated slowdown, as a fraction: 0.03 is 3 %
    trials: int = 96
    budget: float = 240.0  # seconds for the whole judgement
    error: float = ERROR  # probability of a wrong answer, whichever way
    timeout: float = 60.0  # seconds without a word from a process after which it counts as hung
    cores: int = 1  # that both sides of a trial share, in turns


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOn:
    """What the sides run on, where that is not this interpreter and a core for each trial."""

    python: str = ""  # the interpreter of the base
    install: bool = False  # each side is built, and installed in an environment of its own


HERE: Final = RunsOn()


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the rows, which one of some machines judges; its error rate is a part, too."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return what is written as ``2/8``."""
        digits = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        number, of = map(int, digits.groups()) if digits else (0, 0)
        if not 1 <= number <= of:
            words = f"{short(text)} is no shard; write 1/8 to 8/8 for the shards of eight machines"
            raise CannotJudgeError(words)
        return cls(number, of)

    def has(self, node: str) -> bool:
        """Return whether a row belongs to it, whatever other rows there are."""
        digest = blake2b(node.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}" if self.of > 1 else ""


WHOLE: Final = Shard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Which tests are judged, and how pytest runs them; its paths are relative to the root."""

    root: Path  # pytest's `rootdir`
    arguments: tuple[str, ...] = ()  # files, folders and node ids
    keyword: str = ""  # the expression of -k; empty for all tests
    marks: str = ""  # that of -m
    packages: tuple[str, ...] = ()  # folders of the packages under test; none for the default
    options: tuple[str, ...] = ()  # of each run of pytest, such as its configuration file
    own_options: tuple[tuple[str, ...], ...] = ()  # those of its conftest files, in words
    shard: Shard = WHOLE  # the rows of these tests that are judged
    terms: Terms = USUAL  # of rows whose mark says nothing else


OnRow = Callable[[str], None]  # told the node id of each row that begins


@dataclass(frozen=True, slots=True)
class Progress:
    """Whom to tell what is going on."""

    stage: Callable[[str, int], None]  # told its name, and how many rows it goes through
    row: OnRow


class Mode(Enum):
    """What a worker does with the tests."""

    CHECKS = "checks"
    TIMING = "timing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a worker is asked to do."""

    mode: Mode
    arguments: tuple[str, ...]  # those of pytest
    path: tuple[str, ...]  # folders to import from before all others
    packages: tuple[str, ...] = ()  # import names of the packages under test
    own_options: tuple[tuple[str, ...], ...] = ()  # of the suite, where it knows them


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """The verdict on one row."""

    row: Row
    verdict: Verdict
    interval: Interval | None = None  # log ratio of the times; None if none was measured
    was: float = math.nan  # seconds per call before; NaN if not measured
    now: float = math.nan
    why: str = ""  # for a row worth a look
    limit: float | None = None  # tolerated slowdown, if not that of the run
    may_fail: bool = False  # it is reported, and does not decide

    @classmethod
    def untimed(cls, row: Row, verdict: Verdict, why: str, *, may_fail: bool = False) -> RowResult:
        """Return a verdict that needed no clock."""
        return cls(row=row, verdict=verdict, why=why, may_fail=may_fail)

    @property
    def failed(self) -> bool:
        """Whether it makes the run fail."""
        return self.verdict in FAILURES and not self.may_fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The verdict on a whole run."""

    rows: Sequence[RowResult]
    base: str  # in words, as the head
    head: str
    limit: float  # tolerated slowdown, as a fraction
    controls: Sequence[RowResult] = ()  # identical code, judged by the same rule
    seconds: float = 0.0
    trials: int = 0
    machine: Mapping[str, str] = field(default_factory=dict)  # and its software
    notes: Sequence[str] = ()  # what the reader has to know to believe it
    why: str = ""  # nothing could be judged; empty if something was
    allow_new: bool = False  # new rows do not decide as long as others are there
    shard: str = ""  # as 2/8, if it is one

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
        """The answer for the whole run; times are believed only if all controls are steady."""
        if self.why:
            return Verdict.UNJUDGED
        # What may fail decides nothing, unless there is nothing else.
        found = {r.verdict for r in self.rows if not r.may_fail} or {
            r.verdict if r.verdict in PROVEN else Verdict.INCONCLUSIVE for r in self.rows
        }
        if self.allow_new and len(found) > 1:
            found.discard(Verdict.NEW)
        if self.noisy or not found:
            found = found - {Verdict.REGRESSED} | {Verdict.INCONCLUSIVE}
        return next(verdict for verdict in _DECIDES if verdict in found)

    @property
    def exit_code(self) -> int:
        """0 proven steady, 1 proven worse, 2 cannot be judged, 3 inconclusive."""
        if self.verdict in FAILURES | CANNOT_JUDGE:
            return 1 if self.verdict in FAILURES else 2
        return 0 if self.verdict in PROVEN else 3
