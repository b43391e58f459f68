"""Failed rows as the workflow commands that GitHub shows at a line of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.judge import Verdict
from benchmarks.outcome import CANNOT_JUDGE, FAILURES
from benchmarks.reports import Report, ReportRow

_FAILED: Final = FAILURES | CANNOT_JUDGE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function is defined.

    Attributes
    ----------
    file : str
        Path from the root of the repository, with ``/``.
    line : int
        Its first line, from 1.
    """

    file: str
    line: int


def annotate(report: Report, places: Mapping[str, Place]) -> list[str]:
    """Return an annotation for each row that failed, the slowest first, or for the whole run.

    A slower row is left out if the run did not fail: identical code did not come out steady then,
    so that no time is believed.  An annotation stands at a line of someone's change and reads as a
    finding about it, whatever its level and its words; what is no finding stands in the report.

    Parameters
    ----------
    report : Report
        What the gate found.
    places : mapping of str to Place
        Where the methods are defined, by name; a method without one has no line to show it at.
    """
    if report.why:
        return [f"::error title={report.verdict.value}::{_message(report.why)}"]
    believed = _FAILED if report.verdict in FAILURES else _FAILED - {Verdict.REGRESSED}
    failed = [row for row in report.rows if row.verdict in believed]
    failed.sort(key=lambda row: -(row.ratio or 0.0))
    level = "error" if report.exit_code else "notice"  # new rows may be allowed
    return [_annotation(level, row, places.get(row.method)) for row in failed]


def _annotation(level: str, row: ReportRow, place: Place | None) -> str:
    properties = {} if place is None else {"file": place.file, "line": str(place.line)}
    properties["title"] = f"{row.row} {row.verdict.value}"
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {listed}::{_message(_words(row))}"


def _words(row: ReportRow) -> str:
    parts = [row.why] if row.why else []
    if row.ratio is not None and row.low is not None and row.high is not None:
        parts.insert(0, f"{row.ratio:.3f} times as long ({row.low:.3f} to {row.high:.3f})")
    return "; ".join(parts) or row.verdict.value


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
