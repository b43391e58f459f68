"""A side of a comparison: the runs of one state of the code, read one by one and put together."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from msgspec import ValidationError, convert

from pytest_against import store
from pytest_against.conditions import Conditions, facts
from pytest_against.formats import FASTEST, SLOWEST, UNKNOWN, Benchmark, Exact, Run, line
from pytest_against.model import CannotJudgeError, Row, rows_of, short
from pytest_against.saved import BaselineRow, load_run

Options = Mapping[str, list[str]]
"""By name what is said of an option, or of anything else, by the runs of a row."""

_NANOSECONDS: Final = "_ns"  # how timers end that count them; pytest-benchmark takes them as well
_OWN: Final = frozenset(("exact", "inputs"))  # what is read of extra_info in any case
_MOST: Final = 3  # values of something of which it is enough to know that it varies


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is compared, and how."""

    storage: Path
    command: str  # what is typed to run one of ours
    rows: str = ""  # an expression, as for -k; empty for all
    by_name: bool = False  # the files of tests do not count
    exact: Sequence[str] = ()  # numbers of extra_info that must not grow
    assumed: frozenset[str] = frozenset()  # what the user vouches for


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Trials of one state of the code with one set of software on one machine."""

    name: str
    rows: Mapping[str, BaselineRow]
    odd: Mapping[str, str] = field(default_factory=dict)  # why a row cannot be believed
    options: Mapping[str, Options] = field(default_factory=dict)  # of each row
    extra: Mapping[str, Options] = field(default_factory=dict)  # what it says of itself
    conditions: Conditions = field(default_factory=Conditions)
    runs: Sequence[tuple[bytes, Path]] = ()  # digests and files
    commit: str = UNKNOWN
    recorded: str = ""  # when the last was
    doubt: str = ""  # why there can be no verdict
    notes: Sequence[str] = ()

    @property
    def trials(self) -> int:
        """Its runs; a file that holds several has those of the row that has most."""
        return max(len(self.runs), *(len(row.seconds) for row in self.rows.values()), 0)

    def seldom(self, node: str) -> str:
        """Return why a row proves nothing: most plain runs lack it, and nobody knows why.

        Recordings have fewer trials of what is known sooner.
        """
        row = self.rows[node]
        if row.recordings or 2 * len(row.seconds) >= len(self.runs):
            return ""
        return (
            f"in {len(row.seconds)} of {len(self.runs)} runs of {self.name} only: an id that "
            "varies, as that of a set, or a test that is skipped; save runs that have it, or "
            "leave it out: --rows"
        )


def read(name: str, asked: Asked) -> Side:
    """Return what the runs of this name say together; CannotJudgeError if they are not one side."""
    paths, pool = store.find_runs(name, asked.storage), _Pool()
    for path in paths:
        run = load_run(path)
        if run.commit != pool.commit and pool.runs and "commit" not in asked.assumed:
            raise CannotJudgeError(
                f"{short(name)} has runs of several states of the code, {pool.commit[:10]} in "
                f"{short(pool.runs[-1][1].name)} and {run.commit[:10]} in {short(path.name)}; "
                "give runs of one state, by number or pattern (the last has number "
                f"{short(paths[-1].name.partition('_')[0])}), and save each under a name of its own"
            )
        pool.add(path, run, asked)
    if not paths:
        raise store.missing(name, asked.storage, asked.command)
    pool.conditions.check(f"{short(name)} was saved on", asked.assumed)
    pool.conditions.check_software(name, asked.assumed)
    return pool.side(name, asked)


@dataclass(slots=True)
class _Pool:
    """The runs of one state of the code."""

    commit: str = UNKNOWN
    recorded: str = ""
    runs: list[tuple[bytes, Path]] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)
    odd: dict[str, str] = field(default_factory=dict)
    _moments: set[object] = field(default_factory=set)
    _rows: dict[str, _Trials] = field(default_factory=dict)

    def add(self, path: Path, run: Run, asked: Asked) -> None:
        self.commit, self.recorded = run.commit, line(run.datetime)
        self.runs.append((run.digest, path))
        self._moments.add(run.datetime if run.ours else path)
        self.conditions.add(facts(run))
        names = [_name(row.fullname, asked) for row in run.benchmarks]
        for name, row in zip(names, run.benchmarks, strict=True):
            if (known := self._rows.get(name)) is None:
                known = self._rows[name] = _Trials(row)
            known.add(row, asked.exact)
        if len(self._rows) < len(names) or len({*names}) < len(names):
            often = Counter(names)
            self.odd |= {n: f"is in {path.name} {k} times" for n, k in often.items() if k > 1}
        for name, why in run.odd.items():
            self.odd[_name(name, asked)] = f"cannot be read in {path.name}: {why}"

    def side(self, name: str, asked: Asked) -> Side:
        doubt, notes = "", []
        if self.commit == UNKNOWN and "commit" not in asked.assumed:
            doubt = (
                f"the code of {short(name)} is unknown, since no commit was saved; save it in a "
                "repository, or say that its runs are of one state: --assume commit"
            )
        elif self.commit.endswith("+"):
            # One recording is of the copy of the tree that it began with.
            if (saved := len(self._moments)) > 1 and "commit" not in asked.assumed:
                doubt = (
                    f"the code of {short(name)} is unknown, since each of {saved} runs had changes "
                    "that no commit has, which may be others; commit them, or save all at once: "
                    f"{asked.command} record NAME, or say that they are the same: --assume commit"
                )
            notes = [f"{name} is {self.commit[:10]}+, with changes that no commit has"]
        odd = {node: row.why for node, row in self._rows.items() if row.why} | self.odd
        names = rows_of({node: row.first.known() for node, row in self._rows.items()})
        rows = {n: row.merged(names[n]) for n, row in self._rows.items() if n not in odd}
        for node, row in [*rows.items()]:
            wrong = (each for each in row.seconds if not FASTEST <= each <= SLOWEST)
            if (found := next(wrong, None)) is not None:
                odd[node] = f"takes {found:g} s"
                del rows[node]
        return Side(
            name=name,
            rows=rows,
            odd=odd,
            options={node: self._rows[node].options for node in rows},
            extra={node: self._rows[node].extra for node in rows},
            conditions=self.conditions,
            runs=self.runs,
            commit=self.commit,
            recorded=self.recorded,
            doubt=doubt,
            notes=notes,
        )


@dataclass(slots=True)
class _Trials:
    """The trials of a row, of several runs."""

    first: Benchmark
    why: str = ""  # it cannot be believed
    extra: dict[str, list[str]] = field(default_factory=dict)
    _seconds: array[float] = field(default_factory=lambda: array("d"))
    _recordings: list[array[float]] = field(default_factory=list)
    _exact: dict[str, int] = field(default_factory=dict)
    _inputs: set[str] = field(default_factory=set)
    _options: list[Mapping[str, Any] | None] = field(default_factory=list)

    def add(self, row: Benchmark, exact: Sequence[str]) -> None:
        if row.options not in self._options:
            self._options.append(row.options)
        if row.outcome is not None and row.outcome != "passed":
            self.why = f"its test did not pass: {short(row.outcome)}"
        if row.times is None:
            self._seconds.append(row.stats.median)
        else:
            self._seconds.extend(row.times.seconds)
            while len(self._recordings) < len(row.times.recordings):
                self._recordings.append(array("d"))
            for known, more in zip(self._recordings, row.times.recordings, strict=False):
                known.extend(more)
        said = row.times or (_said(row.extra_info, exact) if row.extra_info else _NOTHING)
        self._inputs.add(said.inputs)
        if len(self._inputs) > 1:
            self.why = "was saved with different inputs; save all runs anew"
        for name, value in said.exact.items():
            self._exact[name] = max(value, self._exact.get(name, value))
        for name, value in _scalars(row) if row.extra_info and row.times is None else ():
            values = self.extra.setdefault(name, [])
            if value not in values and len(values) < _MOST:
                values.append(value)

    @property
    def options(self) -> Options:
        """By name the values of options."""
        known = [options or {} for options in self._options]
        names = {name for options in known for name in options}
        return {n: sorted({str(options.get(n, UNKNOWN)) for options in known}) for n in names}

    def merged(self, row: Row) -> BaselineRow:
        timer = self.options.get("timer", ())
        unit = 1e-9 if timer and all(name.endswith(_NANOSECONDS) for name in timer) else 1.0
        timed = sum(map(len, self._recordings)) == len(self._seconds)
        return BaselineRow(
            row=row,
            group=line(self.first.group),
            recordings=tuple(map(tuple, self._recordings)) if timed else (),
            seconds=tuple(seconds * unit for seconds in self._seconds),
            exact=self._exact,
            inputs=max(self._inputs),
        )


def _name(node: str, asked: Asked) -> str:
    return node.partition("::")[2] or node if asked.by_name else node


_NOTHING: Final = Exact()


def _said(extra: Any, names: Sequence[str]) -> Exact:
    """Return what a plain run says of itself, if it is what we mean, and the numbers asked for."""
    if not isinstance(extra, dict):
        return _NOTHING
    try:
        found = convert(extra, Exact)
    except ValidationError:  # others may use our words for other things
        found = Exact()
    asked = {name: extra[name] for name in names if isinstance(extra.get(name), int | float)}
    more = {n: int(v) for n, v in asked.items() if math.isfinite(v) and v == int(v)}
    return Exact({**found.exact, **more}, line(found.inputs))


def _scalars(row: Benchmark) -> Iterator[tuple[str, str]]:
    if isinstance(row.extra_info, dict):
        for name, value in row.extra_info.items():
            if name not in _OWN and isinstance(value, str | int | float):
                yield line(name), line(str(value))
