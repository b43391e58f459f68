"""Measuring a history: every release in every round, in an order drawn at random."""

from __future__ import annotations

import hashlib
import json
import math
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.behaviour import Observation
from benchmarks.errors import CannotJudgeError
from benchmarks.gate import Gate
from benchmarks.history import Facts, History, HistoryRow, Trial
from benchmarks.history_log import Log
from benchmarks.lab import Lab
from benchmarks.machine import this_machine
from benchmarks.releases import Releases, every_minor, pip_install, resolve
from benchmarks.rows import Row
from benchmarks.selection import select
from benchmarks.trial import HEAD

_BEHAVIOUR_TIMEOUT: Final = 60.0


def begun(log: Log, gate: Gate, expression: str, releases: Sequence[str] | None) -> History:
    """Begin a log of what is going to be measured.

    Parameters
    ----------
    log : Log
        Where it is noted.
    gate : Gate
        What is measured.
    expression : str
        The rows, as ``pytest -k``.
    releases : sequence of str or None
        Of NumPy; the newest patch of every minor release by default.

    Raises
    ------
    CannotJudgeError
        If there is a log already, no such row or no such release.
    """
    rows = select(gate.suite.rows(), expression)
    log.check_absent()
    gate.display.stage("looking for releases of NumPy", 0)
    found = resolve(releases, pip_install) if releases else every_minor(pip_install)
    history = History(
        releases=tuple(found),
        rows=tuple(_rows(rows)),
        facts={},
        trials=[],
        machine=_machine(),
        code=_code(gate),
    )
    log.begin(history)
    return history


def resumed(log: Log, gate: Gate) -> History:
    """Return what a log holds already.

    Raises
    ------
    CannotJudgeError
        If it holds nothing, or what it holds was measured elsewhere or of other code.
    """
    history = log.read()
    known = {row.name: row for row in gate.suite.rows()}
    gone = [row.name for row in history.rows if row.name not in known]
    here = {
        "machine": _machine() == history.machine,
        "code": _code(gate) == history.code,
        "rows": not gone and _rows([known[r.name] for r in history.rows]) == [*history.rows],
    }
    other = [name for name, same in here.items() if not same]
    if other:
        raise CannotJudgeError(
            f"{log.path} was measured with another {' and other '.join(other)}; remove it, and "
            "leave --resume out"
        )
    return history


def _rows(rows: Sequence[Row]) -> list[HistoryRow]:
    sizes: dict[str, int] = {}
    for row in rows:
        if row.workload not in sizes:
            sizes[row.workload] = next(iter(row.inputs().operands.values())).size
    return [
        HistoryRow(
            name=row.name,
            method=row.method,
            workload=row.workload,
            size=sizes[row.workload],
            digest=row.workload_digest,
        )
        for row in rows
    ]


def _machine() -> dict[str, str]:
    machine = this_machine().as_dict()
    return {name: machine[name] for name in ("system", "machine", "cpu", "simd", "python")}


def _code(gate: Gate) -> str:
    """Digest of the package: trials of different code are no sample."""
    found = hashlib.blake2b(digest_size=8)
    for file in sorted((gate.sources / gate.suite.package).rglob("*.py")):
        found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Measurement:
    """Adds to a history what it lacks.

    Attributes
    ----------
    gate : Gate
        What is measured, and how.
    log : Log
        Where it is noted at once.
    releases : Releases
        The environments.
    """

    gate: Gate
    log: Log
    releases: Releases

    def complete(self, history: History) -> History:
        """Run rounds until there are as many as the settings say, or the budget is used up.

        Raises
        ------
        CannotJudgeError
            If a release cannot be installed, or a trial crashes; the log keeps what it has.
        """
        start, settings = time.monotonic(), self.gate.settings
        labs = {release: self._lab(release, start) for release in history.releases}
        for release in history.releases:
            if release not in history.facts:
                facts = self._facts(history, release, labs[release])
                self.log.add_facts(release, facts)
                history = replace(history, facts={**history.facts, release: facts})
        longest = 0.0
        number = max((trial.round for trial in history.trials), default=0)
        while history.rounds < settings.trials:
            began = time.monotonic()
            if began - start + longest > settings.budget:
                break
            number += 1
            for release in random.sample(history.releases, len(history.releases)):
                trial = self._trial(history, number, release, labs[release])
                self.log.add_trial(trial)
                history = replace(history, trials=[*history.trials, trial])
            longest = max(longest, time.monotonic() - began)
        return history

    def _lab(self, release: str, start: float) -> Lab:
        """Return where processes of a release are started."""
        gate = self.gate
        gate.display.stage(f"environment of NumPy {release}", 0)
        return gate.lab(start, self.releases.python(release))

    def _facts(self, history: History, release: str, lab: Lab) -> Facts:
        lines = lab.exact(history.rows, HEAD, words=f"exact checks, NumPy {release}")[HEAD].rows
        measured = {name: line["arms"][HEAD] for name, line in lines.items()}
        failures = {name: found["wrong"] for name, found in measured.items() if "wrong" in found}
        return Facts(failures=failures, behaviour=_behaviour(lab.root, lab.python, release))

    def _trial(self, history: History, number: int, release: str, lab: Lab) -> Trial:
        failures = history.facts[release].failures
        names = tuple(row.name for row in history.rows if row.name not in failures)
        lab.display.stage(f"round {number}, NumPy {release}", len(names))
        report = lab.trials(1, (HEAD,), names, seconds=lab.settings.row_seconds)[0]
        for name, why in report.wrong.items():
            raise CannotJudgeError(f"{name} diverges on NumPy {release}: {why}; leave it out")
        lines = report.rows
        ratios = {n: lines[n]["log_ratios"] for n in names}
        # Without calm to time it in, a row has no time.
        seconds = {
            n: lines[n]["seconds"] * math.exp(r[HEAD]) for n, r in ratios.items() if HEAD in r
        }
        return Trial(number, release, seconds)


def _behaviour(root: Path, python: str, release: str) -> dict[str, dict[str, Observation]]:
    """Ask a release what it does with special numbers, and make sure that it is that release."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [python, "-m", "benchmarks.behaviour"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_BEHAVIOUR_TIMEOUT,
        )
    except subprocess.SubprocessError as error:
        words = str(getattr(error, "stderr", "") or error).strip().rpartition("\n")[2]
        raise CannotJudgeError(
            f"the methods cannot be asked on NumPy {release} ({words}); leave it out of --releases"
        ) from None
    found: dict[str, Any] = json.loads(done.stdout)
    if found["numpy"] != release:
        raise CannotJudgeError(
            f"the environment of NumPy {release} has {found['numpy']}; unset PYTHONPATH, or remove "
            f"{Path(python).parents[1]}"
        )
    return {
        method: {dtype: Observation.from_dict(seen) for dtype, seen in dtypes.items()}
        for method, dtypes in found["methods"].items()
    }
