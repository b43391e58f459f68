"""Comparisons in; text, Markdown, CSV or JSON out: every row, sorted and grouped as wished."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.compare import together
from benchmarks.outcome import Outcome, RowOutcome
from benchmarks.report import COLUMNS, as_dict, cells, headline, page_headline
from benchmarks.tables import markdown_table, percent, text_table

SORTS: Final[Mapping[str, Callable[[RowOutcome], Any]]] = {
    "name": lambda row: row.row,
    "ratio": lambda row: -math.inf if row.interval is None else -row.interval.mean,
    "time": lambda row: math.inf if math.isnan(row.now) else -row.now,
}
"""What rows are sorted by: their name, the slowest change first, or the longest time first."""

GROUPS: Final[Mapping[str, Callable[[RowOutcome], str]]] = {
    "method": lambda row: row.method,
    "workload": lambda row: row.workload,
}


def _ungrouped(_: RowOutcome) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class View:
    """How rows are arranged.

    Attributes
    ----------
    sort : str
        One of `SORTS`.
    group : str
        One of `GROUPS`; empty for one table.
    """

    sort: str = "ratio"
    group: str = ""

    def tables(self, outcome: Outcome) -> Iterator[tuple[str, list[RowOutcome]]]:
        """Yield the title and the rows of each table."""
        rows = sorted(outcome.rows, key=lambda row: row.row)
        rows.sort(key=SORTS[self.sort])
        key = GROUPS.get(self.group, _ungrouped)
        for title in sorted({key(row) for row in rows}):
            yield title, [row for row in rows if key(row) == title]


def text(outcomes: Sequence[Outcome], view: View) -> str:
    """Return the report for a terminal or a log."""
    parts = []
    for outcome in outcomes:
        parts.append(f"{outcome.head} against {outcome.base}, limit {percent(outcome.limit)}")
        for title, rows in view.tables(outcome):
            table = text_table(COLUMNS, [cells(row) for row in rows])
            parts.append(f"{title}\n{table}" if title else table)
        parts.append("\n".join([headline(outcome), *outcome.notes]))
    return "\n\n".join(parts) + "\n"


def markdown(outcomes: Sequence[Outcome], view: View) -> str:
    """Return the report for a page."""
    parts = []
    for outcome in outcomes:
        parts.append(f"## {outcome.head} against {outcome.base}, limit {percent(outcome.limit)}")
        parts.append(page_headline(outcome))
        for title, rows in view.tables(outcome):
            table = markdown_table(COLUMNS, [cells(row) for row in rows])
            parts.append(f"### {title}\n\n{table}" if title else table)
        parts.append("\n".join(f"* {note}" for note in outcome.notes))
    return "\n\n".join(parts) + "\n"


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Return the report for programs, as that of the gate; each row names its ``head``."""
    found = as_dict(together(outcomes))
    found["rows"] = [
        {"head": outcome.head, **row} for outcome in outcomes for row in as_dict(outcome)["rows"]
    ]
    return json.dumps(found, indent=1, allow_nan=False) + "\n"


def as_csv(outcomes: Sequence[Outcome], view: View) -> str:
    """Return the rows for a spreadsheet; times are in seconds, the ratios are factors."""
    columns = ["head", "row", "method", "workload", "verdict", "was", "now"]
    columns += ["ratio", "low", "high", "trials", "why"]
    file = io.StringIO()
    table = csv.DictWriter(file, columns, lineterminator="\n")
    table.writeheader()
    for outcome in outcomes:
        numbers = {row["row"]: row for row in as_dict(outcome)["rows"]}
        for _, rows in view.tables(outcome):
            for row in rows:
                times = {"was": _seconds(row.was), "now": _seconds(row.now)}
                table.writerow({"head": outcome.head, **numbers[row.row], **times})
    return file.getvalue()


def _seconds(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"
