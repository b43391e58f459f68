"""Saved runs and baselines: files of pytest-benchmark's JSON, read, checked and written.

A file is one process, and so one trial, unless it is a stored baseline, which holds several.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path, PurePath
from typing import Any, Final

from _pytest.mark.expression import Expression

from pytest_against import files
from pytest_against.conditions import Conditions, facts
from pytest_against.formats import Extra, Run, Times, benchmark, dump, line, read, rounded
from pytest_against.model import CannotJudgeError, Row, rows_of, short

FEWEST: Final = 2
"""Trials of a row without which nothing can be proven."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a trial found of a row: its natural log ratio to the clock, and seconds per call."""

    log_ratio: float
    seconds: float


Trials = Sequence[Sequence[Mapping[str, Timing]]]
"""By node id what each trial of each recording timed; a row that it could not time is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRow:
    """What is stored of one row."""

    row: Row
    group: str = ""
    """That of pytest-benchmark; empty for none."""
    recordings: tuple[tuple[float, ...], ...] = ()
    """Natural logarithm of the time over that of the clock, for each trial of each recording;
    empty if plain pytest-benchmark saved it."""
    seconds: tuple[float, ...] = ()
    """Per call, for each trial."""
    exact: Mapping[str, int] = field(default_factory=dict)
    """Numbers that need no clock."""
    inputs: str = ""
    """Digest of the input data; empty if unknown."""

    @property
    def values(self) -> tuple[float, ...]:
        """The log ratios of all recordings."""
        return tuple(chain.from_iterable(self.recordings))

    def timed(self, trials: Trials) -> BaselineRow:
        """Return the row with the times of these trials instead, to six digits."""
        node = self.row.node
        found = [[trial[node] for trial in recording if node in trial] for recording in trials]
        return replace(
            self,
            recordings=tuple(tuple(round(each.log_ratio, 6) for each in part) for part in found),
            seconds=tuple(rounded(each.seconds) for each in chain.from_iterable(found)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A stored baseline."""

    machine: Mapping[str, str]
    """Where it was recorded, and with which software, as `machine.Machine.as_dict` has it."""
    commit: str
    """What was measured, with ``+`` if the working tree differed from it."""
    recorded: str
    """When, in ISO 8601."""
    accepted: str
    """Why a change for the worse was accepted; empty if there was none."""
    distributions: Mapping[str, str] = field(default_factory=dict)
    """Versions of what the tests import, by the name of the distribution; empty if unknown."""
    marks: str = ""
    """The expression of ``-m`` by which its rows were chosen; empty for all, or unknown."""
    keyword: str = ""
    """That of ``-k``."""
    rows: Mapping[str, BaselineRow]
    """By node id."""

    def has_all(self, marks: str) -> bool:
        """Return whether it is known to have no row but those that an expression chooses."""
        return marks in {"", self.marks}

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"the baseline of {self.recorded[:10]} ({self.commit[:10]})"


def load_run(path: Path) -> Run:
    """Read a file that `write_run` or any release of pytest-benchmark from 3 on has saved.

    CannotJudgeError says where and why it cannot be believed.
    """
    mend = "save another: pytest --benchmark-only --benchmark-save=NAME"
    with _refused(path, "a saved run of pytest-benchmark", mend):
        return read(path)


def load_baseline(path: Path, command: str) -> Baseline:
    """Read a baseline; CannotJudgeError says why it cannot be, and which `command` mends it."""
    if not path.is_file():
        what = f"no baseline for this class of machines ({short(path)}); record it"
        if os.path.lexists(path):
            what = f"{short(path)} is no regular file; remove it, and record the baseline"
        raise CannotJudgeError(f"{what}: {command} baseline")
    mend = f'replace it: {command} baseline --accept "it was broken"'
    with _refused(path, "a baseline", mend):
        return _baseline(read(path))


@contextmanager
def _refused(path: Path, what: str, mend: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RecursionError) as error:
        raise CannotJudgeError(f"{short(path)} is not {what} ({short(error)}); {mend}") from None


def _baseline(run: Run) -> Baseline:
    for name, why in run.odd.items():
        raise ValueError(f"{name}: {why}")
    names = rows_of({each.fullname: each.known() for each in run.benchmarks})
    if len(names) < len(run.benchmarks):
        raise ValueError("a name is in it twice")
    rows = {}
    for node, each in zip(names, run.benchmarks, strict=True):
        if each.times is None or len(each.times.seconds) < FEWEST:
            raise ValueError(f"{node} has fewer than {FEWEST} trials")
        rows[node] = BaselineRow(row=names[node], group=line(each.group), **_stored(each.times))
    where = Conditions()
    where.add(facts(run))
    return Baseline(
        machine=where.machine(),
        commit=run.commit,
        recorded=line(run.datetime),
        accepted=line(run.extra_info.accepted),
        distributions=run.extra_info.distributions,
        marks=run.extra_info.marks,
        keyword=run.extra_info.keyword,
        rows=rows,
    )


def _stored(found: Times | BaselineRow) -> dict[str, Any]:
    names = ("recordings", "seconds", "exact", "inputs")
    return {name: getattr(found, name) for name in names}


def path_for(class_name: str, folder: Path) -> Path:
    """Return where the baseline of a class of machines belongs; pytest-benchmark numbers runs."""
    return folder / class_name / "0000_baseline.json"


def write_baseline(baseline: Baseline, path: Path) -> list[str]:
    """Write a baseline, and return the node ids of rows left out, for fewer than two trials.

    CannotJudgeError is raised if none is left, or it cannot be written.
    """
    kept = {node: row for node, row in baseline.rows.items() if len(row.values) >= FEWEST}
    if not kept:
        raise CannotJudgeError(f"no row was timed in {FEWEST} trials; record when less else runs")
    files.replace(path, _as_json(replace(baseline, rows=kept)))
    return [node for node in baseline.rows if node not in kept]


def write_run(trials: Trials, about: Baseline, folder: Path) -> int:
    """Write a file for each trial into a new folder, which names the run: all of them or none.

    Returns their number; a trial that could time nothing has none.  The times of `about` are not
    used.  CannotJudgeError is raised if there would be no file, or nowhere to put them.
    """
    check_new(folder)
    texts, number = {}, count(1)
    for recording, each in enumerate(trials):
        for trial, place in zip(each, number, strict=False):
            alone = [*[()] * recording, [trial]]  # in its place among the recordings
            rows = {n: row.timed(alone) for n, row in about.rows.items() if n in trial}
            if rows:
                texts[place] = _as_json(replace(about, rows=rows), place, recording)
    if not texts:
        raise CannotJudgeError("no trial could time a row; record when less else runs")
    with files.naming(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
            # Within the temporary folder, so that moving it away leaves nothing to clean up amiss.
            inner = Path(temporary, folder.name)
            for place, text in texts.items():
                files.replace(inner / f"{place:04}_{folder.name}.json", text)
            inner.rename(folder)
    return len(texts)


def check_new(folder: Path) -> None:
    """Refuse the folder of a run if there is one already."""
    if folder.exists():
        raise CannotJudgeError(f"{short(folder)} is there already; remove it, or name another")
    files.check(folder)


def _as_json(baseline: Baseline, trial: int = 0, recording: int = 0) -> str:
    head = {
        "machine_info": {key: line(value) for key, value in baseline.machine.items()},
        "commit_info": {"id": line(baseline.commit)},
        "datetime": baseline.recorded,
        "version": line(baseline.machine["pytest_benchmark"]),
    }
    extra = Extra(
        accepted=line(baseline.accepted),
        trial=trial,
        recording=recording,
        distributions=dict(baseline.distributions),
        marks=baseline.marks,
        keyword=baseline.keyword,
    )
    rows = [benchmark(each.row, each.group, _stored(each)) for each in baseline.rows.values()]
    return dump(head, extra, rows)


def spellings(row: Row) -> tuple[str, str]:
    """Return the names by which ``pytest -k`` finds a row: without folders, but with its file."""
    return row.name, PurePath(row.file).name + row.node.removeprefix(row.file)


def matcher(expression: str) -> Callable[..., bool]:
    """Return what tells whether one of the names of a row matches, as ``pytest -k`` does.

    ``method[workload]`` is also found as ``method-workload``; all match if the expression is empty.
    CannotJudgeError is raised if it is none.
    """
    refused = CannotJudgeError(
        f"--rows {short(repr(expression))} is no expression, or too long; join parts of names by "
        "and, or, not and brackets"
    )

    def matches(*names: str) -> bool:
        spellings = [*names, *(name.replace("[", "-", 1).removesuffix("]") for name in names)]

        def has(word: str, /, **_: object) -> bool:
            return any(word.lower() in name.lower() for name in spellings)

        return not expression.strip() or compiled.evaluate(has)

    if "=" in expression:  # word(key=value), which is for marks
        raise refused
    try:
        compiled = Expression.compile(expression.strip())  # pytest's own, though private
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise refused from None
    return matches
