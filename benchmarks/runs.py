"""Saved runs of any suite, as pytest-benchmark's JSON: read, checked and written.

A file is one process, and so one trial, unless it is a stored baseline, which holds several.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from benchmarks import baselines
from benchmarks.baselines import SCHEMA, Baseline, StoredRow
from benchmarks.errors import CannotJudgeError
from benchmarks.exact import Measures
from benchmarks.machine import Machine

_LARGEST: Final = 64 * 1024 * 1024
_SHORTEST, _LONGEST = 1e-15, 1e9
"""Seconds that a call can take; what lies outside is a mistake, and would overflow."""

_STEEPEST: Final = math.log(_LONGEST / _SHORTEST)
_SOFTWARE: Final = ("python", "numpy", "python_implementation", "python_version")
_MALFORMED: Final = (OSError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRow:
    """What saved runs hold of one row.

    Attributes
    ----------
    name, method, workload : str
        Its names; those of a plain benchmark are its node, its function and its parameters.
    workload_digest : str
        Digest of the input data; empty if none was saved.
    seconds : tuple of float
        Seconds per call, for each trial.
    recordings : tuple of tuple of float
        Natural logarithm of the time over that of the clock, for each trial of each recording;
        empty unless every trial has one.
    measures : Measures or None
        What needs no clock; None if it was not saved.
    """

    name: str
    method: str
    workload: str
    workload_digest: str
    seconds: tuple[float, ...]
    recordings: tuple[tuple[float, ...], ...]
    measures: Measures | None

    @property
    def ratios(self) -> tuple[float, ...]:
        """The log ratios of all trials; empty if there are none."""
        return tuple(chain.from_iterable(self.recordings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one file holds.

    Attributes
    ----------
    path : Path
        The file.
    content : str
        Digest of its bytes.
    machine : str
        The machine or the class of machines: runs of different ones cannot be compared.
    info : mapping of str to str
        The machine and its software in detail.
    commit : str
        The code that was measured.
    rows : mapping of str to SavedRow
        The rows by pytest node.
    """

    path: Path
    content: str
    machine: str
    info: Mapping[str, str]
    commit: str
    rows: Mapping[str, SavedRow]

    @property
    def software(self) -> dict[str, str]:
        """What a run depends on apart from the machine and the code."""
        return {name: self.info[name] for name in _SOFTWARE if name in self.info}


def read(path: Path) -> Run:
    """Read a file.

    Raises
    ------
    CannotJudgeError
        If it is no saved run, or what it holds cannot be believed; one line says why.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST:,} bytes")
        content = path.read_bytes()
        found = json.loads(content.decode("utf-8"))
        json.dumps(found, ensure_ascii=False).encode()  # half a character could not be printed
        return _run(path, hashlib.blake2b(content).hexdigest(), found)
    except (*_MALFORMED, RecursionError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise CannotJudgeError(
            f"{path} is not a saved run of pytest-benchmark ({what}); save another"
        ) from None


def _run(path: Path, content: str, found: Mapping[str, Any]) -> Run:
    schema = found.get("extra_info", {}).get("schema")
    if schema not in {None, SCHEMA}:
        raise ValueError(f"schema {schema!r} instead of {SCHEMA}")
    rows: dict[str, SavedRow] = {}
    for benchmark in found["benchmarks"]:
        node = _name(benchmark["fullname"])
        if node in rows:
            raise ValueError(f"{node} is in it twice")
        rows[node] = _row(node, benchmark, ours=schema is not None)
    if not rows:
        raise ValueError("it has no rows")
    machine, info = _place(found["machine_info"])
    return Run(
        path=path,
        content=content,
        machine=machine,
        info=info,
        commit=str((found.get("commit_info") or {}).get("id") or "unknown"),
        rows=rows,
    )


def _place(info: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return what tells machines apart, the class of ours or the node and CPU, and the details."""
    words = {k: " ".join(v.split()) for k, v in info.items() if isinstance(v, str)}
    if words.keys() == {field.name for field in fields(Machine)}:
        return Machine(**words).class_name, words
    cpu = info.get("cpu")
    if isinstance(cpu, Mapping):
        # On virtual machines, whose names hide the CPU, the family and model tell it.
        parts = [cpu.get(name) for name in ("brand_raw", "family", "model")]
        words["cpu"] = " ".join(str(part) for part in parts if part is not None)
    known = [words.get(name) for name in ("node", "system", "machine", "cpu")]
    return ", ".join(filter(None, known)) or "an unknown machine", words


def _row(node: str, benchmark: Mapping[str, Any], *, ours: bool) -> SavedRow:
    extra = benchmark.get("extra_info") or {}
    params = benchmark.get("params") or {}
    digest = extra.get("workload_digest", "")
    function, _, rest = node.partition("[")
    names = (node, function.rpartition("::")[2], rest.removesuffix("]"))
    if digest:
        method, workload = _name(params["method"]), _name(params["workload"])
        names = (f"{method}[{workload}]", method, workload)
    seconds = extra["seconds"] if ours else [benchmark["stats"]["median"]]
    recordings = extra["recordings"] if ours else []
    row = SavedRow(
        name=names[0],
        method=names[1],
        workload=names[2],
        workload_digest=str(digest),
        seconds=tuple(_number(node, value) for value in seconds),
        recordings=tuple(tuple(_number(node, v) for v in values) for values in recordings),
        measures=_measures(extra.get("measures", extra)) if digest else None,
    )
    if not row.seconds or (ours and len(row.ratios) != len(row.seconds)):
        raise ValueError(f"{node} has {len(row.ratios)} ratios and {len(row.seconds)} times")
    for value in row.seconds:
        if not _SHORTEST <= value <= _LONGEST:
            raise ValueError(f"{node} has the time {value}")
    for value in row.ratios:
        if abs(value) > _STEEPEST:
            raise ValueError(f"{node} has the log ratio {value}")
    return row


def _measures(extra: Mapping[str, Any]) -> Measures | None:
    if "digest" not in extra:
        return None
    names = [field.name for field in fields(Measures)]
    found = Measures.from_dict({name: extra[name] for name in names if name in extra})
    for words in (found.digest, found.dtype, *found.warnings):
        _name(words)
    return found


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not value:
        raise TypeError(f"{value!r} is no name")
    return value


def _number(node: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{node} has the time {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{node} has the time {value}")
    return float(value)


def write(recorded: Baseline, folder: Path) -> int:
    """Write a file for each trial into a new folder, all of them or none.

    Parameters
    ----------
    recorded : Baseline
        What was recorded; a row that needed fewer trials than others is not in the last files.
    folder : Path
        The folder to make; it also names the run.

    Returns
    -------
    int
        Number of files.

    Raises
    ------
    OSError
        If it is there already, or cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        # Within the temporary folder, so that moving it away leaves nothing to clean up amiss.
        place = Path(temporary, folder.name)
        place.mkdir()
        trials = _trials(recorded)
        for number, trial in enumerate(trials, start=1):
            # Late trials hold few rows, and the same times by chance: they are not one run twice.
            baselines.save(trial, place / f"{number:04}_{folder.name}.json", number)
        place.rename(folder)
    return len(trials)


def _trials(recorded: Baseline) -> list[Baseline]:
    """Take a recording apart; its parts keep their places among the recordings."""
    columns = zip(*(row.recordings for row in recorded.rows.values()), strict=True)
    places = [
        (recording, trial)
        for recording, column in enumerate(columns)
        for trial in range(max(map(len, column)))
    ]
    return [
        replace(
            recorded,
            rows={
                name: _trial(row, recording, trial)
                for name, row in recorded.rows.items()
                if trial < len(row.recordings[recording])
            },
        )
        for recording, trial in places
    ]


def _trial(row: StoredRow, recording: int, trial: int) -> StoredRow:
    index = sum(map(len, row.recordings[:recording])) + trial
    return replace(
        row,
        recordings=(*((),) * recording, (row.recordings[recording][trial],)),
        seconds=(row.seconds[index],),
        kernel=(row.kernel[index],),
    )
