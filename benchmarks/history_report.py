"""Findings in; text, Markdown or JSON out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.history import Change, HistoryRow
from benchmarks.history_findings import UNBOUNDED, Finding, Findings, span
from benchmarks.tables import markdown_table, percent, text_table

BEGIN: Final = "<!-- history: python -m benchmarks history --readme README.md -->"
END: Final = "<!-- end of history -->"

_DIFFERENCES: Final = ("method", "upgrade", "what changed", "dtypes of x", "how")
_KNOWN: Final = ("upgrade", "rows", "expected", "measured", "agrees", "source")
_NANO: Final = 1e9

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def text(found: Findings) -> str:
    """Return the report for a terminal or a log."""
    return "\n\n".join(_sections(found, text_table, "{}", "{}\n\n{}".format)) + "\n"


def markdown(found: Findings) -> str:
    """Return the report for a page."""
    return "\n\n".join(_sections(found, markdown_table, "**{}**", _folded)) + "\n"


def update(document: str, found: Findings) -> str:
    """Return a document with the report between `BEGIN` and `END` made anew; see `parts`."""
    before, after = parts(document)
    return f"{before}{BEGIN}\n\n{markdown(found)}\n{END}{after}"


def parts(document: str) -> tuple[str, str]:
    """Return what stands before and after the report in a document.

    Raises
    ------
    ValueError
        If the document does not contain both marks, in this order.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the history; put these two lines there: {BEGIN} {END}")
    return before, after


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _sections(
    found: Findings, table: Table, title: str, long: Callable[[str, str], str]
) -> list[str]:
    parts = [_conditions(found)]
    lines = [
        [d.method, f"{d.before} to {d.after}", d.aspect, ", ".join(d.dtypes), d.what]
        for d in found.differences
    ]
    parts.append(title.format("What changed in results, dtypes and warnings"))
    parts.append(table(_DIFFERENCES, lines) if lines else "Nothing.")
    if found.known:
        parts.append(title.format("What was known"))
        parts.append(table(_KNOWN, [_known_line(finding) for finding in found.known]))
    rows = found.history.rows
    for workload in dict.fromkeys(row.workload for row in rows):
        chosen = [row for row in rows if row.workload == workload]
        lines = [_line(found, row, title) for row in chosen]
        body = table(("method", *found.history.releases), lines)
        parts.append(long(f"{workload}: ns per element", body))
    return parts


def _conditions(found: Findings) -> str:
    history, machine = found.history, found.history.machine
    return (
        f"{history.rounds} rounds, each release once per round in an order drawn at random, on "
        f"{machine.get('cpu')}, {machine.get('simd')}; {machine.get('python')}.  Where a factor "
        f"stands, the time is proven to have changed by more than {percent(found.limit)} from the "
        "release before (in brackets, an interval; all of them hold together with a probability "
        "of 99 %); where none stands, nothing is proven."
    )


def _line(found: Findings, row: HistoryRow, title: str) -> list[str]:
    marks = {c.after: c for c in found.changes if c.row == row and c.proven}
    return [
        row.method,
        *(_cell(found, row, r, marks.get(r), title) for r in found.history.releases),
    ]


def _cell(found: Findings, row: HistoryRow, release: str, mark: Change | None, title: str) -> str:
    failure = found.history.facts[release].failures.get(row.name)
    if failure is not None:
        return f"cannot: {failure}"
    nanoseconds = found.history.seconds(row.name, release) / row.size * _NANO
    shown = "" if math.isnan(nanoseconds) else f"{nanoseconds:.3g}"
    return shown if mark is None else f"{shown} {title.format(span(mark.interval))}"


def _known_line(finding: Finding) -> list[str]:
    known = finding.known
    rows = ", ".join(known.methods) or "all"
    return [
        f"{finding.before} to {finding.after}",
        f"{rows} ({known.workloads})" if known.workloads else rows,
        known.aspect.value,
        finding.measured,
        finding.agrees,
        known.source,
    ]


def as_json(found: Findings) -> str:
    """Return the report for programs: seconds, and factors that are 1.0 where nothing changed."""
    history = found.history
    report: dict[str, Any] = {
        "releases": list(history.releases),
        "rounds": history.rounds,
        "limit": found.limit,
        "machine": dict(history.machine),
        "code": history.code,
        "rows": [_json_row(found, row) for row in history.rows],
        "differences": [
            {
                "method": d.method,
                "before": d.before,
                "after": d.after,
                "aspect": d.aspect,
                "dtypes": list(d.dtypes),
                "what": d.what,
            }
            for d in found.differences
        ],
        "known": [
            {
                "before": f.before,
                "after": f.after,
                "methods": list(f.known.methods),
                "workloads": f.known.workloads,
                "expected": f.known.aspect.value,
                "measured": f.measured,
                "agrees": f.agrees,
                "source": f.known.source,
            }
            for f in found.known
        ],
    }
    return json.dumps(report, indent=1, allow_nan=False) + "\n"


def _json_row(found: Findings, row: HistoryRow) -> dict[str, Any]:
    history = found.history
    seconds = {release: history.seconds(row.name, release) for release in history.releases}
    return {
        "row": row.name,
        "method": row.method,
        "workload": row.workload,
        "elements": row.size,
        "seconds": {r: None if math.isnan(value) else value for r, value in seconds.items()},
        "failures": {
            release: history.facts[release].failures[row.name]
            for release in history.releases
            if row.name in history.facts[release].failures
        },
        "changes": [
            {
                "before": c.before,
                "after": c.after,
                "ratio": math.exp(c.interval.mean),
                "low": _factor(c.interval.low),
                "high": _factor(c.interval.high),
                "rounds": c.interval.trials,
                "verdict": "not proven" if c.verdict is None else c.verdict.value,
            }
            for c in found.changes
            if c.row == row
        ],
    }


def _factor(log_ratio: float) -> float | None:
    return math.exp(log_ratio) if abs(log_ratio) < UNBOUNDED else None
