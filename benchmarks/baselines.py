"""Stored baselines: one file of pytest-benchmark's JSON for each class of machines.

What is stored for a row is a ratio to the clock, fixed work that is timed in the same trial, and
one to its reference kernel, for every trial of every recording; seconds are there for people, and
for pytest-benchmark's own tools.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from pytest_benchmark.stats import Stats

from benchmarks.errors import CannotJudgeError
from benchmarks.exact import Measures
from benchmarks.files import write_atomically
from benchmarks.judge import drift
from benchmarks.machine import Machine
from benchmarks.rows import Row

# Counts up when what is stored changes, or how it is timed: older times would not compare.
SCHEMA: Final = 4
NAME: Final = "0000_baseline.json"
"""Name of the file in the folder of a class of machines; pytest-benchmark numbers its runs."""

_LARGEST: Final = 64 * 1024 * 1024
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """What a baseline holds for a row.

    Attributes
    ----------
    method, workload, group, fullname, workload_digest : str
        As those of the `Row`.
    recordings : tuple of tuple of float
        Natural logarithm of the time over that of the clock, for each trial of each recording.
    seconds : tuple of float
        Seconds per call, for each trial.
    kernel : tuple of float
        Natural logarithm of the time over that of the kernel, for each trial.
    measures : Measures
        What needs no clock.
    """

    method: str
    workload: str
    group: str
    fullname: str
    workload_digest: str
    recordings: tuple[tuple[float, ...], ...]
    seconds: tuple[float, ...]
    kernel: tuple[float, ...]
    measures: Measures

    @property
    def name(self) -> str:
        """Key of the row."""
        return f"{self.method}[{self.workload}]"

    @property
    def values(self) -> tuple[float, ...]:
        """The trials of all recordings."""
        return tuple(chain.from_iterable(self.recordings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A stored baseline.

    Attributes
    ----------
    machine : mapping of str to str
        Where it was recorded, and with which software.
    commit : str
        The commit that was measured, with ``+`` if the working tree differed from it.
    recorded : str
        When, in ISO 8601.
    accepted : str
        Why a change for the worse was accepted when it was recorded; empty if there was none.
    rows : mapping of str to StoredRow
        The rows by name.
    """

    machine: Mapping[str, str]
    commit: str
    recorded: str
    accepted: str
    rows: Mapping[str, StoredRow]

    def drift(self, workload: str) -> float:
        """Return the drift to allow for on a workload; see `judge.drift`."""
        return drift(row.recordings for row in self.rows.values() if row.workload == workload)


def path_for(machine: Machine, folder: Path) -> Path:
    """Return where the baseline of a machine's class belongs."""
    return folder / machine.class_name / NAME


def stored_row(
    row: Row,
    recordings: Sequence[Sequence[float]],
    seconds: Sequence[float],
    kernel: Sequence[float],
    measures: Measures,
) -> StoredRow:
    """Return what to store for a row."""
    return StoredRow(
        method=row.method,
        workload=row.workload,
        group=row.group,
        fullname=row.fullname,
        workload_digest=row.workload_digest,
        recordings=tuple(tuple(round(v, _DIGITS) for v in values) for values in recordings),
        seconds=tuple(seconds),
        kernel=tuple(round(v, _DIGITS) for v in kernel),
        measures=measures,
    )


def save(baseline: Baseline, path: Path, trial: int = 0) -> None:
    """Write a baseline, whole or not at all; the number of a trial tells it from equal ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "machine_info": dict(baseline.machine),
        "commit_info": {"id": baseline.commit},
        "datetime": baseline.recorded,
        "version": baseline.machine["pytest_benchmark"],
        "extra_info": {"schema": SCHEMA, "accepted": baseline.accepted, "trial": trial},
    }
    lines = [json.dumps(_as_benchmark(row), allow_nan=False) for row in baseline.rows.values()]
    # A line per row, so that a review shows what changed.
    rows = ",\n".join(lines)
    write_atomically(path, f'{json.dumps(head)[:-1]},\n"benchmarks": [\n{rows}\n]}}\n')


def _as_benchmark(row: StoredRow) -> dict[str, Any]:
    stats: Any = Stats()  # type: ignore[no-untyped-call]
    for value in row.seconds:
        stats.update(value)
    name, parameters = row.fullname.split("::")[-1], f"{row.method}-{row.workload}"
    return {
        "group": row.group,
        "name": name,
        "fullname": row.fullname,
        "params": {"method": row.method, "workload": row.workload},
        "param": parameters,
        "stats": {key: _short(value) for key, value in stats.as_dict().items()} | {"iterations": 1},
        "extra_info": {
            "workload_digest": row.workload_digest,
            "recordings": row.recordings,
            "kernel": row.kernel,
            "seconds": [_short(value) for value in row.seconds],
            "measures": asdict(row.measures),
        },
    }


def _short(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def load(path: Path, command: str) -> Baseline:
    """Read a baseline.

    Parameters
    ----------
    path : Path
        The file.
    command : str
        What is typed to run a command of the suite, for messages.

    Raises
    ------
    CannotJudgeError
        If there is none, or the file is not one; says which command mends it.
    """
    if not path.is_file():
        raise CannotJudgeError(
            f"no baseline for this class of machines ({path}); record it: {command} baseline"
        )
    try:
        return _from_json(json.loads(_text(path)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"
        raise CannotJudgeError(f"{path} is not a baseline ({what}); {_replace(command)}") from None


def load_for(machine: Machine, folder: Path, command: str) -> Baseline:
    """Read the baseline of a machine's class.

    Parameters
    ----------
    machine : Machine
        The machine.
    folder : Path
        Where the suite keeps its baselines.
    command : str
        As that of `load`.

    Raises
    ------
    CannotJudgeError
        As `load`; also if it was recorded on another class of machines.
    """
    path = path_for(machine, folder)
    found = load(path, command)
    recorded_on = Machine(**found.machine).class_name
    if recorded_on != machine.class_name:
        raise CannotJudgeError(
            f"{path} was recorded on another class of machines, {recorded_on}; {_replace(command)}"
        )
    return found


def _replace(command: str) -> str:
    return f'replace it: {command} baseline --accept "it was broken"'


def _text(path: Path) -> str:
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    return path.read_text("utf-8")


def _from_json(found: Mapping[str, Any]) -> Baseline:
    extra = found["extra_info"]
    if extra["schema"] != SCHEMA:
        raise ValueError(f"schema {extra['schema']!r} instead of {SCHEMA}")
    rows = [_row_from_json(benchmark) for benchmark in found["benchmarks"]]
    if not rows:
        raise ValueError("it has no rows")
    if len({row.name for row in rows}) < len(rows):
        raise ValueError("a row is in it twice")
    machine = {str(key): str(value) for key, value in found["machine_info"].items()}
    Machine(**machine)  # raises TypeError if it is not all there
    return Baseline(
        machine=machine,
        commit=str(found["commit_info"]["id"]),
        recorded=str(found["datetime"]),
        accepted=str(extra["accepted"]),
        rows={row.name: row for row in rows},
    )


def _row_from_json(benchmark: Mapping[str, Any]) -> StoredRow:
    extra = benchmark["extra_info"]
    recordings = tuple(tuple(map(float, values)) for values in extra["recordings"])
    seconds = tuple(map(float, extra["seconds"]))
    name = str(benchmark["fullname"])
    _check(name, chain.from_iterable(recordings), positive=False)
    kernel = tuple(map(float, extra["kernel"]))
    _check(name, kernel, positive=False)
    _check(name, seconds, positive=True)
    if min(map(len, recordings), default=0) <= 1:
        raise ValueError(f"{name} has a recording of fewer than two trials")
    if not kernel:
        raise ValueError(f"{name} has no ratio to its kernel")
    return StoredRow(
        method=str(benchmark["params"]["method"]),
        workload=str(benchmark["params"]["workload"]),
        group=str(benchmark["group"]),
        fullname=name,
        workload_digest=str(extra["workload_digest"]),
        recordings=recordings,
        seconds=seconds,
        kernel=kernel,
        measures=Measures.from_dict(extra["measures"]),
    )


def _check(name: str, values: Iterable[float], *, positive: bool) -> None:
    for value in values:
        if not math.isfinite(value) or (positive and value <= 0):
            raise ValueError(f"{name} has the time {value}")
