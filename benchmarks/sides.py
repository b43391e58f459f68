"""The sides of a comparison: what one or many files of saved runs hold together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final

from benchmarks.errors import CannotJudgeError
from benchmarks.judge import drift
from benchmarks.runs import Run, SavedRow, read

STORAGE: Final = Path(".benchmarks")
"""Where pytest-benchmark keeps saved runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison: trials of the same suite with the same software on one machine.

    Attributes
    ----------
    name : str
        As it was given.
    runs : sequence of Run
        The files.
    rows : mapping of str to SavedRow
        The rows by pytest node, with the trials of all files.
    """

    name: str
    runs: Sequence[Run]
    rows: Mapping[str, SavedRow]

    @property
    def trials(self) -> int:
        """Number of processes."""
        return max(len(row.seconds) for row in self.rows.values())

    @property
    def commits(self) -> list[str]:
        """The code that was measured, without repetition."""
        return list(dict.fromkeys(run.commit for run in self.runs))

    def drift(self, workload: str) -> float:
        """Return the drift to allow for on a workload; see `judge.drift`."""
        return drift(row.recordings for row in self.rows.values() if row.workload == workload)


def read_side(name: str, command: str, storage: Path = STORAGE) -> Side:
    """Read one side of a comparison.

    Parameters
    ----------
    name : str
        A file, a folder of files, or the name under which runs were saved in `storage`.
    command : str
        What is typed to run a command of the suite, for messages.
    storage : Path
        Folder of pytest-benchmark's storage.

    Raises
    ------
    CannotJudgeError
        If there is nothing, or it cannot be believed; one line says why.
    """
    paths = _files(name, storage)
    if not paths:
        raise CannotJudgeError(
            f"no file, folder or saved run {name!r} that has JSON; save one: {command} record NAME"
        )
    runs = [read(path) for path in paths]
    check_distinct(runs)
    for run in runs[1:]:
        _check_same(name, runs[0], run)
    nodes = dict.fromkeys(node for run in runs for node in run.rows)
    rows = {node: _merged(node, [r.rows[node] for r in runs if node in r.rows]) for node in nodes}
    return Side(name=name, runs=runs, rows=rows)


def check_distinct(runs: Iterable[Run]) -> None:
    """Raise CannotJudgeError if a run is there twice, under whatever name."""
    seen: dict[str, Run] = {}
    for run in runs:
        if run.content in seen:
            raise CannotJudgeError(
                f"{seen[run.content].path} and {run.path} are the same run, and compared with "
                "itself it would prove nothing; name another"
            )
        seen[run.content] = run


def check_same_machine(old: Side, new: Side) -> None:
    """Raise CannotJudgeError unless both sides were measured on the same machine."""
    _check_machine(old.runs[0], new.runs[0])


def _check_machine(one: Run, other: Run) -> None:
    if one.machine != other.machine:
        raise CannotJudgeError(
            f"{one.path} was saved on {one.machine}, but {other.path} on {other.machine}; times "
            "of different machines cannot be compared: save both on the same one"
        )


def _check_same(name: str, one: Run, other: Run) -> None:
    _check_machine(one, other)
    if one.software != other.software:
        raise CannotJudgeError(
            f"{name} mixes {software_change(one, other)}; give the runs of each as a side"
        )


def software_change(one: Run, other: Run) -> str:
    """Say which software differs between two runs; empty if none does."""
    names = dict.fromkeys([*one.software, *other.software])
    values = {name: (one.software.get(name), other.software.get(name)) for name in names}
    return ", ".join(f"{name} {a} -> {b}" for name, (a, b) in values.items() if a != b)


def sources(name: str, storage: Path = STORAGE) -> list[Path]:
    """Return the files that a side is read from, and the folders whose files are all read.

    Parameters
    ----------
    name, storage
        As in `read_side`.

    Returns
    -------
    list of Path
        Empty if there is no such side.
    """
    files = _files(name, storage)
    folders = {file.parent for file in files if file != Path(name)}
    return [*files, *folders]


def _files(name: str, storage: Path) -> list[Path]:
    path = Path(name)
    found: list[Path] = []
    with suppress(OSError):  # before Python 3.14, for a name that no file can have
        found = [path] if path.is_file() else sorted(path.glob("*.json")) or _stored(name, storage)
    return found


def _stored(name: str, storage: Path) -> list[Path]:
    """Find what `record` or ``--benchmark-save`` wrote under a name."""
    files = [*storage.glob("*/*.json"), *storage.glob("*/*/*.json")]
    return sorted(file for file in files if _saved_as(file, storage) == name)


def _saved_as(file: Path, storage: Path) -> str:
    folders = file.relative_to(storage).parts[1:-1]
    number, _, rest = file.stem.partition("_")
    if folders:
        return folders[0]
    return rest if number.isdecimal() else file.stem


def _merged(node: str, rows: Sequence[SavedRow]) -> SavedRow:
    """Put the trials of several files together; recordings stay apart."""
    first = rows[0]
    for row in rows[1:]:
        if row.workload_digest != first.workload_digest:
            raise CannotJudgeError(f"{node} was saved with different inputs; save both runs anew")
        if (
            row.measures is not None
            and first.measures is not None
            and (different := row.measures.answer_differences(first.measures))
        ):
            raise CannotJudgeError(
                f"runs of one side differ in what {node} computes ({different[0]}); give the runs "
                "of each code as a side"
            )
    recordings: tuple[tuple[float, ...], ...] = ()
    if all(row.recordings for row in rows):
        columns = zip_longest(*(row.recordings for row in rows), fillvalue=())
        recordings = tuple(tuple(chain.from_iterable(column)) for column in columns)
    seconds = tuple(chain.from_iterable(row.seconds for row in rows))
    return replace(first, seconds=seconds, recordings=recordings)
