"""The log of a history: a line of JSON for each step, so that what was measured is never lost."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.behaviour import Observation
from benchmarks.errors import CannotJudgeError
from benchmarks.history import Facts, History, HistoryRow, Trial

_SCHEMA: Final = 1


class Log:
    """A file that only grows.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def check_absent(self) -> None:
        """Raise CannotJudgeError if there is a history in it already."""
        if self.path.exists():
            raise CannotJudgeError(
                f"{self.path} has a history already; go on with --resume, or remove it"
            )

    def begin(self, history: History) -> None:
        """Start a new file with what is going to be measured."""
        self.check_absent()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._append(
            {
                "schema": _SCHEMA,
                "releases": history.releases,
                "rows": [asdict(row) for row in history.rows],
                "machine": dict(history.machine),
                "code": history.code,
            }
        )

    def add_facts(self, release: str, facts: Facts) -> None:
        """Note what is known of a release without a clock."""
        self._append({"release": release, "facts": asdict(facts)})

    def add_trial(self, trial: Trial) -> None:
        """Note what one process measured."""
        self._append(asdict(trial))

    def _append(self, found: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(found, allow_nan=False) + "\n")

    def read(self) -> History:
        """Return all that was measured; a last line that was cut short is taken off the file.

        Raises
        ------
        CannotJudgeError
            If there is nothing, or it is no history.
        """
        if not self.path.is_file():
            raise CannotJudgeError(f"no history {self.path} to go on with; leave --resume out")
        try:
            content = self.path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            lines = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
            history = _history(lines)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            raise CannotJudgeError(
                f"{self.path} is no history ({what}); remove it, and leave --resume out"
            ) from None
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
        return history


def _history(lines: list[dict[str, Any]]) -> History:
    head, *rest = lines
    if head["schema"] != _SCHEMA:
        raise ValueError(f"schema {head['schema']!r} instead of {_SCHEMA}")
    history = History(
        releases=tuple(map(str, head["releases"])),
        rows=tuple(HistoryRow(**row) for row in head["rows"]),
        facts={},
        trials=[],
        machine={str(name): str(value) for name, value in head["machine"].items()},
        code=str(head["code"]),
    )
    facts = {line["release"]: _facts(line["facts"]) for line in rest if "facts" in line}
    trials = [_trial(line) for line in rest if "facts" not in line]
    if {*facts, *(trial.release for trial in trials)} - set(history.releases):
        raise ValueError("a release in it is not among those that it names")
    return replace(history, facts=facts, trials=trials)


def _facts(found: Mapping[str, Any]) -> Facts:
    return Facts(
        failures=found["failures"],
        behaviour={
            method: {dtype: Observation.from_dict(seen) for dtype, seen in dtypes.items()}
            for method, dtypes in found["behaviour"].items()
        },
    )


def _trial(found: Mapping[str, Any]) -> Trial:
    seconds = {str(row): float(value) for row, value in found["seconds"].items()}
    for row, value in seconds.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{row} has the time {value}")
    return Trial(int(found["round"]), str(found["release"]), seconds)
