"""Reports of several classes of machines in, one comparison out: a column for each class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.errors import CannotJudgeError
from benchmarks.judge import Verdict
from benchmarks.outcome import PROVEN
from benchmarks.reports import Report, ReportRow
from benchmarks.tables import code, markdown_table, text_table

_ORDER: Final = {verdict: rank for rank, verdict in enumerate(Verdict)}
_WORST_FIRST: Final = (1, 2, 3, 0)
_WORDS: Final = {0: "steady", 1: "failed", 2: "cannot be judged", 3: "inconclusive"}
_MOST_ROWS: Final = 100
"""Rows of the table, so that a comment has room for it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The reports of several classes of machines.

    Attributes
    ----------
    reports : mapping of str to Report
        By name of the class of machines.
    """

    reports: Mapping[str, Report]

    @property
    def rows(self) -> list[str]:
        """Names of all rows, in the order in which they are first met."""
        return list(dict.fromkeys(row.row for r in self.reports.values() for row in r.rows))

    def absent(self, machine_class: str) -> list[str]:
        """Return the rows that others judged and this class did not."""
        here = {row.row for row in self.reports[machine_class].rows}
        return [name for name in self.rows if name not in here]

    @property
    def exits(self) -> dict[str, int]:
        """Exit code of each class; one that passed on fewer rows than others cannot be judged."""
        return {
            name: 2 if report.exit_code == 0 and self.absent(name) else report.exit_code
            for name, report in self.reports.items()
        }

    @property
    def exit_code(self) -> int:
        """The worst: 1 proven worse, 2 cannot be judged, 3 inconclusive, 0 proven steady."""
        return min(self.exits.values(), key=_WORST_FIRST.index)


def join(reports: Sequence[Report]) -> Joined:
    """Put reports side by side.

    Parameters
    ----------
    reports : sequence of Report
        One of each class of machines.

    Raises
    ------
    CannotJudgeError
        If two of them are of one class of machines.
    """
    by_class: dict[str, Report] = {}
    for report in reports:
        first = by_class.setdefault(report.machine_class, report)
        if first is not report:
            raise CannotJudgeError(
                f"{first.file} and {report.file} are both of the class {report.machine_class}; "
                "give one report of each class"
            )
    return Joined(by_class)


def text(joined: Joined) -> str:
    """Return the comparison for a terminal or a log."""
    columns, lines = _table(joined, str)
    table = [text_table(columns, lines)] if lines else []
    return "\n\n".join([_headline(joined), *table, "\n".join(_classes(joined, str))]) + "\n"


def markdown(joined: Joined) -> str:
    """Return the comparison for a page."""
    columns, lines = _table(joined, code)
    table = [markdown_table(columns, lines)] if lines else []
    notes = "\n".join(f"* {line}" for line in _classes(joined, code))
    return "\n\n".join([f"**{_headline(joined)}**", *table, notes]) + "\n"


def _headline(joined: Joined) -> str:
    codes = list(joined.exits.values())
    counts = ", ".join(f"{codes.count(n)} {_WORDS[n]}" for n in _WORST_FIRST if n in codes)
    many = "class" if len(codes) == 1 else "classes"
    return f"{_WORDS[joined.exit_code]}: {counts} of {len(codes)} {many} of machines"


def _classes(joined: Joined, quote: Callable[[str], str]) -> list[str]:
    """Say of each class what it found, and what it did not look at."""
    lines = []
    for name, report in joined.reports.items():
        if report.why:
            lines.append(f"{name}: {report.verdict.value}, {quote(report.why)}")
            continue
        words = f"{name}: {report.verdict.value}, {len(report.rows)} rows"
        absent = joined.absent(name)
        lines.append(f"{words}; not judged: {len(absent)} of the others'" if absent else words)
    return lines


def _table(joined: Joined, name_of: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    by_class = {
        name: {row.row: row for row in report.rows} for name, report in joined.reports.items()
    }
    worst = {
        name: min(_ORDER[rows[name].verdict] for rows in by_class.values() if name in rows)
        for name in joined.rows
    }
    limit = min(_ORDER[verdict] for verdict in PROVEN)
    notable = sorted((n for n in joined.rows if worst[n] < limit), key=worst.__getitem__)
    lines = [
        [name_of(name), *(_cell(rows.get(name)) for rows in by_class.values())]
        for name in notable[:_MOST_ROWS]
    ]
    if len(notable) > _MOST_ROWS:
        lines.append([f"and {len(notable) - _MOST_ROWS} more", *("" for _ in by_class)])
    return ["row", *by_class], lines


def _cell(row: ReportRow | None) -> str:
    if row is None:
        return "not judged"
    if row.ratio is None or row.low is None or row.high is None:
        return row.verdict.value
    return f"{row.verdict.value} {row.ratio:.3f} ({row.low:.3f} to {row.high:.3f})"
