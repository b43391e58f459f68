"""The exact measures that every row is held to, stored beside the code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.errors import CannotJudgeError
from benchmarks.exact import Measures, WrongAnswerError, measure
from benchmarks.files import write_atomically
from benchmarks.rows import Row


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is stored for a row: its measures, and the input they belong to."""

    workload_digest: str
    measures: Measures


def load(path: Path, command: str) -> dict[str, Expectation]:
    """Read stored expectations by row name.

    Parameters
    ----------
    path : Path
        The file.
    command : str
        What is typed to run a command of the suite, for messages.

    Raises
    ------
    CannotJudgeError
        If the file cannot be read as expectations.
    """
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {name: _from_json(stored) for name, stored in rows.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CannotJudgeError(
            f"{path} holds no expectations ({error}); rewrite it: {command} expect"
        ) from None


def _from_json(stored: Mapping[str, Any]) -> Expectation:
    fields = dict(stored)
    return Expectation(fields.pop("workload_digest"), Measures.from_dict(fields))


def record(rows: Iterable[Row], path: Path) -> int:
    """Measure `rows` and replace the stored expectations; return how many there are now.

    Raises
    ------
    WrongAnswerError, CannotJudgeError
        If a row's answer is wrong, or there is none; what was stored is left as it was.
    """
    lines = []
    for row in rows:
        stored = asdict(_measure(row)) | {"workload_digest": row.workload_digest}
        # Both belong to the NumPy release, not to the row: the contract says which apply.
        del stored["warnings"]
        stored["peak_bytes"] -= row.more_bytes
        lines.append(f"{json.dumps(row.name)}: {json.dumps(stored)}")
    # A line per row, so that a review shows what changed.
    write_atomically(path, "{\n" + ",\n".join(lines) + "\n}\n")
    return len(lines)


def _measure(row: Row) -> Measures:
    try:
        return measure(row)
    except WrongAnswerError:
        raise
    except Exception as error:
        raise CannotJudgeError(
            f"{row.name} raises {type(error).__name__}: {error}; mend it"
        ) from error


def differences(
    row: Row, measures: Measures, stored: Mapping[str, Expectation], command: str
) -> list[str]:
    """Name every way in which a row differs from what is stored for it, with both values."""
    if row.name not in stored:
        return [f"no expectation is stored for this row; record it: {command} expect"]
    expected = stored[row.name]
    if row.workload_digest != expected.workload_digest:
        changed = f"workload digest is {row.workload_digest}, expected {expected.workload_digest}"
        return [f"{changed}: the input changed under the same name"]
    return measures.differences(on_this_numpy(row, expected))


def on_this_numpy(row: Row, expected: Expectation) -> Measures:
    """Return the stored measures, with the warnings and the memory of this release of NumPy."""
    warns = tuple(sorted(category.__name__ for category in row.warns))
    peak = expected.measures.peak_bytes + row.more_bytes
    return replace(expected.measures, warnings=warns, peak_bytes=peak)
