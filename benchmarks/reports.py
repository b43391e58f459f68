"""Reading the JSON of a gate, which may come from anywhere: it is checked before it is used."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.errors import CannotJudgeError
from benchmarks.judge import Verdict
from benchmarks.machine import Machine
from benchmarks.outcome import PROVEN

EXITS: Final = frozenset({0, 1, 2, 3})
_LARGEST: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """The verdict on one row.

    Attributes
    ----------
    row, method : str
        Its name, and that of its method.
    verdict : Verdict
        The answer.
    ratio, low, high : float or None
        Factor of the times and its interval; None if not measured or unbounded.
    why : str
        The reason.
    """

    row: str
    method: str
    verdict: Verdict
    ratio: float | None
    low: float | None
    high: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a gate wrote for programs.

    Attributes
    ----------
    file : str
        Where it was read.
    verdict : Verdict
        The answer for the whole run.
    exit_code : int
        Its exit code.
    machine_class : str
        Name of the class of machines it ran on.
    base, head : str
        What was compared with what.
    rows : tuple of ReportRow
        The rows.
    why : str
        Why nothing could be judged; empty if something was.
    """

    file: str
    verdict: Verdict
    exit_code: int
    machine_class: str
    base: str
    head: str
    rows: tuple[ReportRow, ...]
    why: str


def load(path: Path, command: str) -> Report:
    """Read the report of a gate.

    Parameters
    ----------
    path : Path
        A file that ``gate --json`` wrote.
    command : str
        What is typed to run a command of the suite, for messages.

    Raises
    ------
    CannotJudgeError
        If it cannot be read as one.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST:,} bytes")  # noqa: TRY301
        return _from_json(str(path), json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise CannotJudgeError(
            f"{path} is not the report of a gate ({what}); write one: {command} gate --json FILE"
        ) from None


def _from_json(file: str, found: Mapping[str, Any]) -> Report:
    machine = Machine(**{key: _text(value) for key, value in found["machine"].items()})
    if found["exit"] not in EXITS:
        raise ValueError(f"exit code {found['exit']!r}")
    rows = tuple(_row(row) for row in found["rows"])
    if len({row.row for row in rows}) < len(rows):
        raise ValueError("a row is in it twice")
    verdicts = {row.verdict for row in rows}
    if found["exit"] == 0 and not (verdicts & PROVEN and verdicts <= PROVEN | {Verdict.NEW}):
        raise ValueError("exit code 0, and not every row is proven steady")
    return Report(
        file=file,
        verdict=Verdict(found["verdict"]),
        exit_code=int(found["exit"]),
        machine_class=machine.class_name,
        base=_text(found["base"]),
        head=_text(found["head"]),
        rows=rows,
        why=_text(found.get("why", "")),
    )


def _row(found: Mapping[str, Any]) -> ReportRow:
    return ReportRow(
        row=_text(found["row"]),
        method=_text(found["method"]),
        verdict=Verdict(found["verdict"]),
        ratio=_factor(found["ratio"]),
        low=_factor(found["low"]),
        high=_factor(found["high"]),
        why=_text(found["why"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} instead of a text")
    return value


def _factor(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{value!r} is no factor")
    return number
