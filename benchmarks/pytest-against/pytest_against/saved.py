"""Saved runs and baselines: files of pytest-benchmark's JSON, read, checked and written.

A file is one process, and so one trial, unless it is a stored baseline, which holds several.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path
from typing import Any, Final

from _pytest.mark.expression import Expression

from pytest_against import files
from pytest_against.formats import SCHEMA, Extra, Times, benchmark, dump, line, parse, rounded
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
    """What is stored of one row.

    Attributes
    ----------
    row : Row
        Its names.
    group : str
        That of pytest-benchmark; empty for none.
    recordings : tuple of tuple of float
        Natural logarithm of the time over that of the clock, for each trial of each recording;
        empty if plain pytest-benchmark saved it.
    seconds : tuple of float
        Seconds per call, for each trial.
    exact : mapping of str to int
        Numbers that need no clock.
    inputs : str
        Digest of the input data; empty if unknown.
    """

    row: Row
    group: str = ""
    recordings: tuple[tuple[float, ...], ...] = ()
    seconds: tuple[float, ...] = ()
    exact: Mapping[str, int] = field(default_factory=dict)
    inputs: str = ""

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
    """A stored baseline.

    Attributes
    ----------
    machine : mapping of str to str
        Where it was recorded, and with which software, as `machine.Machine.as_dict` has it.
    commit : str
        The commit that was measured, with ``+`` if the working tree differed from it.
    recorded : str
        When, in ISO 8601.
    accepted : str
        Why a change for the worse was accepted when it was recorded; empty if there was none.
    rows : mapping of str to BaselineRow
        The rows by node id.
    """

    machine: Mapping[str, str]
    commit: str
    recorded: str
    accepted: str
    rows: Mapping[str, BaselineRow]


@dataclass(frozen=True, slots=True)
class File:
    """What a file holds.

    Attributes
    ----------
    path : Path
        The file.
    digest : str
        The same for all copies of a run, however they are formatted.
    host : str
        Name of the machine, if plain pytest-benchmark saved it; else empty.
    content : Baseline
        The rest, as far as it is known.
    """

    path: Path
    digest: str
    host: str
    content: Baseline


def load_file(path: Path) -> File:
    """Read a file that `write_run` or any release of pytest-benchmark from 3 on has saved.

    Raises
    ------
    CannotJudgeError
        If it is none or cannot be believed; says where and why.
    """
    mend = "save another: pytest --benchmark-only --benchmark-save=NAME"
    with _refusing(path, "a saved run of pytest-benchmark", mend):
        return _file(path)


def load_baseline(path: Path, command: str) -> Baseline:
    """Read a baseline; `command` is what is typed to run one of ours, for messages.

    Raises
    ------
    CannotJudgeError
        If there is none, or it cannot be believed; says which command mends it.
    """
    if not path.is_file():
        what = f"no baseline for this class of machines ({short(path)}); record it"
        if os.path.lexists(path):
            what = f"{short(path)} is no regular file; remove it, and record the baseline"
        raise CannotJudgeError(f"{what}: {command} baseline")
    with _refusing(path, "a baseline", f'replace it: {command} baseline --accept "it was broken"'):
        found = _file(path).content
        for place, row in enumerate(found.rows.values()):
            if len(row.values) < FEWEST:
                raise ValueError(f"fewer than {FEWEST} trials - at `$.benchmarks[{place}]`")
        return found


@contextmanager
def _refusing(path: Path, what: str, mend: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RecursionError) as error:
        raise CannotJudgeError(f"{short(path)} is not {what} ({short(error)}); {mend}") from None


def _file(path: Path) -> File:
    run = parse(files.read_bytes(path))
    names = rows_of({each.fullname: each.known() for each in run.benchmarks})
    rows = {
        each.fullname: BaselineRow(
            row=names[each.fullname], group=line(each.group), **_stored(each.times())
        )
        for each in run.benchmarks
    }
    times = [(node, row.seconds, row.recordings) for node, row in rows.items()]
    identity = repr((run.datetime, run.extra.trial, times))
    content = Baseline(
        machine=run.machine,
        commit=run.commit,
        recorded=run.datetime,
        accepted=run.extra.accepted,
        rows=rows,
    )
    digest = hashlib.blake2b(identity.encode()).hexdigest()
    return File(path, digest, run.host, content)


def _stored(found: Times | BaselineRow) -> dict[str, Any]:
    names = ("recordings", "seconds", "exact", "inputs")
    return {name: getattr(found, name) for name in names}


def check_writable(path: Path) -> None:
    """Raise CannotJudgeError if a file could not be written: before a measurement, not after it."""
    with _writing(path):
        files.check(path)


def write_text(path: Path, text: str) -> None:
    """Write a file as `files.replace` does; CannotJudgeError names it if that fails."""
    with _writing(path):
        files.replace(path, text)


def path_for(class_name: str, folder: Path) -> Path:
    """Return where the baseline of a class of machines belongs; pytest-benchmark numbers runs."""
    return folder / class_name / "0000_baseline.json"


def write_baseline(baseline: Baseline, path: Path) -> list[str]:
    """Write a baseline, whole or not at all.

    Returns
    -------
    list of str
        Node ids of rows that are left out, since they have fewer than two trials; CannotJudgeError
        is raised if none is left.
    """
    kept = {node: row for node, row in baseline.rows.items() if len(row.values) >= FEWEST}
    if not kept:
        raise CannotJudgeError(f"no row was timed in {FEWEST} trials; record when less else runs")
    write_text(path, _as_json(replace(baseline, rows=kept)))
    return [node for node in baseline.rows if node not in kept]


def write_run(trials: Trials, about: Baseline, folder: Path) -> int:
    """Write a file for each trial into a new folder, all of them or none.

    Parameters
    ----------
    trials : sequence of sequence of mapping of str to Timing
        The trials of each recording.  One that could time nothing has no file.
    about : Baseline
        What else is known; its times are not used.
    folder : Path
        The folder to make; it also names the run.

    Returns
    -------
    int
        Number of files; CannotJudgeError is raised if there would be none, or nowhere to put them.
    """
    if folder.exists():
        raise CannotJudgeError(f"{short(folder)} is there already; remove it, or name another")
    texts, number = {}, count(1)
    for recording, each in enumerate(trials):
        for trial, place in zip(each, number, strict=False):
            alone = [*[()] * recording, [trial]]  # in its place among the recordings
            rows = {n: row.timed(alone) for n, row in about.rows.items() if n in trial}
            if rows:
                texts[place] = _as_json(replace(about, rows=rows), place, recording)
    if not texts:
        raise CannotJudgeError("no trial could time a row; record when less else runs")
    with _writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
            # Within the temporary folder, so that moving it away leaves nothing to clean up amiss.
            inner = Path(temporary, folder.name)
            for place, text in texts.items():
                files.replace(inner / f"{place:04}_{folder.name}.json", text)
            inner.rename(folder)
    return len(texts)


def _as_json(baseline: Baseline, trial: int = 0, recording: int = 0) -> str:
    head = {
        "machine_info": {key: line(value) for key, value in baseline.machine.items()},
        "commit_info": {"id": line(baseline.commit)},
        "datetime": baseline.recorded,
        "version": line(baseline.machine["pytest_benchmark"]),
    }
    extra = Extra(SCHEMA, line(baseline.accepted), trial, recording)
    rows = [(row.row, row.group, _stored(row)) for row in baseline.rows.values()]
    return dump(head, extra, [benchmark(r.node, r.method, r.workload, g, t) for r, g, t in rows])


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        with files.naming(path):
            yield
    except OSError as error:
        raise CannotJudgeError(str(error)) from None


def find_runs(name: str, storage: Path) -> list[Path]:
    """Return the file of this name, the files in the folder of this name, or the saved runs.

    Parameters
    ----------
    name : str
        A path, or what was given to ``record`` or to ``--benchmark-save``.
    storage : Path
        Folder of pytest-benchmark's storage.
    """
    path = Path(name)
    with suppress(OSError):  # before Python 3.14, for a name that no file can have
        if path.exists() and not path.is_dir():
            return [path]
        saved = [*storage.glob("*/*.json"), *storage.glob("*/*/*.json")]
        named = (file for file in saved if _saved_as(file, storage) == name)
        return sorted(path.glob("*.json")) or sorted(named)
    return []


def _saved_as(file: Path, storage: Path) -> str:
    _, *folders, _ = file.relative_to(storage).parts
    number, _, rest = file.stem.partition("_")
    return folders[0] if folders else rest if number.isdecimal() else file.stem


def sources(name: str, storage: Path) -> list[Path]:
    """Return what `find_runs` finds, and the folders of which all files are read."""
    found = find_runs(name, storage)
    return [*found, *dict.fromkeys(file.parent for file in found if file != Path(name))]


def matcher(expression: str) -> Callable[..., bool]:
    """Return what tells whether one of the names of a row matches, as ``pytest -k`` does.

    ``method[workload]`` is also found as ``method-workload``; all match if the expression is empty.

    Raises
    ------
    CannotJudgeError
        If it is no expression.
    """

    def matches(*names: str) -> bool:
        spellings = [*names, *(name.replace("[", "-", 1).removesuffix("]") for name in names)]

        def has(word: str, /, **more: object) -> bool:
            if more:
                raise SyntaxError("names take nothing in brackets")
            return any(word.lower() in name.lower() for name in spellings)

        return not expression.strip() or compiled.evaluate(has)

    try:
        compiled = Expression.compile(expression)
        matches("")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise CannotJudgeError(
            f"--rows {short(repr(expression))} is no expression; join parts of names by and, or, "
            "not and brackets"
        ) from None
    return matches
