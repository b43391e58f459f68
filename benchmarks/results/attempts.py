"""Logs that a study goes on with: a line of JSON for each attempt."""

from pathlib import Path
from typing import TypeVar

import msgspec

from pytest_against.model import CannotJudgeError, short

T = TypeVar("T")


def append(attempt: object, log: Path) -> None:
    """Add a line to a log."""
    with log.open("ab") as file:
        file.write(msgspec.json.encode(attempt) + b"\n")


def load(log: Path, kind: type[T], what: str) -> list[T]:
    """Read the attempts of a log, none if there is no such file; `what` is what one is called.

    A line that is none is refused, as the last one of a log whose writer was killed.
    """
    found = []
    for number, line in enumerate(log.read_bytes().splitlines() if log.exists() else (), 1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except msgspec.MsgspecError as error:
            raise CannotJudgeError(
                f"{short(log)}, line {number} is no {what}: {short(error)}; remove it, or name "
                "another file with --log"
            ) from None
    return found
