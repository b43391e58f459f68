"""Verdicts in; text, Markdown or JSON out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

from benchmarks.judge import Interval, Verdict
from benchmarks.outcome import Outcome, RowOutcome
from benchmarks.tables import code, markdown_table, percent, text_table

_WORTH_A_LOOK: Final = frozenset(Verdict) - {Verdict.STEADY, Verdict.IMPROVED}
_ORDER: Final = {verdict: rank for rank, verdict in enumerate(Verdict)}
COLUMNS: Final = ("row", "verdict", "was", "is", "factor", "interval", "trials", "why")
_LARGEST_EXPONENT: Final = 700.0
_SUSPICIOUS: Final = math.log(0.5)
_ROUNDS_UP: Final = 0.9995
"""Fraction of a unit that three digits would write as 1000 of the smaller unit."""


def headline(outcome: Outcome) -> str:
    """Return the answer in one line, with its counts or what kept it from being found."""
    if outcome.why:
        return f"{outcome.verdict.value}: {' '.join(outcome.why.split())}"
    counts = ", ".join(
        f"{outcome.counts[verdict]} {verdict.value}"
        for verdict in Verdict
        if outcome.counts[verdict]
    )
    return f"{outcome.verdict.value}: {counts or 'no rows'} of {_rows(len(outcome.rows))}"


def page_headline(outcome: Outcome) -> str:
    """Return the answer in one line of Markdown."""
    if outcome.why:
        # It quotes names and errors, in which anything may stand.
        return f"**{outcome.verdict.value}**: {code(outcome.why)}"
    return f"**{headline(outcome)}**"


def text(outcome: Outcome) -> str:
    """Return the report for a terminal or a log."""
    parts = [headline(outcome)]
    notable = _notable(outcome.rows)
    if notable:
        parts.append(text_table(COLUMNS, [cells(row) for row in notable]))
    parts.extend(["\n".join(_method(outcome))])
    return "\n\n".join(parts) + "\n"


def markdown(outcome: Outcome) -> str:
    """Return the report for a page; the table of all rows is folded."""
    parts = [page_headline(outcome)]
    notable = _notable(outcome.rows)
    if notable:
        parts.append(markdown_table(COLUMNS, [cells(row) for row in notable]))
    parts.append("\n".join(f"* {line}" for line in _method(outcome)))
    if outcome.rows:
        every = markdown_table(COLUMNS, [cells(row) for row in outcome.rows])
        summary = f"all {_rows(len(outcome.rows))}"
        parts.append(f"<details><summary>{summary}</summary>\n\n{every}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def changes(outcome: Outcome) -> str:
    """Return what changed from one baseline to the next: every row, the worst first."""
    rows = sorted(outcome.rows, key=lambda row: (_ORDER[row.verdict], -_mean(row)))
    return "\n\n".join([headline(outcome), text_table(COLUMNS, [cells(row) for row in rows])])


def as_json(outcome: Outcome) -> str:
    """Return the report for programs; factors are 1.0 where nothing changed."""
    return json.dumps(as_dict(outcome), indent=1, allow_nan=False) + "\n"


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """Return what the report for programs says."""
    return {
        "verdict": outcome.verdict.value,
        "exit": outcome.exit_code,
        "why": outcome.why,
        "base": outcome.base,
        "head": outcome.head,
        "limit": outcome.limit,
        "seconds": round(outcome.seconds, 1),
        "trials": outcome.trials,
        "machine": dict(outcome.machine),
        "notes": list(outcome.notes),
        "rows": [_json_row(row) for row in outcome.rows],
        "controls": [_json_row(row) for row in outcome.controls],
    }


def duration(seconds: float) -> str:
    """Return a time with three significant digits and its unit."""
    if not math.isfinite(seconds):
        return ""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= _ROUNDS_UP * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _notable(rows: Iterable[RowOutcome]) -> list[RowOutcome]:
    """Return the rows worth a look, the worst first."""
    found = [row for row in rows if row.verdict in _WORTH_A_LOOK or _suspicious(row)]
    return sorted(found, key=lambda row: (_ORDER[row.verdict], -_mean(row)))


def _suspicious(row: RowOutcome) -> bool:
    return row.interval is not None and row.interval.high < _SUSPICIOUS


def _mean(row: RowOutcome) -> float:
    return 0.0 if row.interval is None else row.interval.mean


def cells(row: RowOutcome) -> list[str]:
    """Return what stands in the columns of a row."""
    why = " ".join(row.why.split())  # a line break would end the table
    if _suspicious(row):
        why = "more than twice as fast: does it still do the work?"
    return [
        row.row,
        row.verdict.value,
        duration(row.was),
        duration(row.now),
        "" if row.interval is None else f"{math.exp(row.interval.mean):.3f}",
        _span(row.interval),
        "" if row.interval is None else str(row.interval.trials),
        why,
    ]


def _span(interval: Interval | None) -> str:
    if interval is None:
        return ""
    if not math.isfinite(interval.low) or interval.high > math.log(1e6):
        return "unbounded"
    return f"{math.exp(interval.low):.3f} to {math.exp(interval.high):.3f}"


def _method(outcome: Outcome) -> list[str]:
    machine = outcome.machine
    arms = f"{outcome.head} against {outcome.base}, limit {percent(outcome.limit)}"
    hardware = f"{machine['cpu']}, {machine['simd']}, {machine['system']} {machine['machine']}"
    lines = [
        f"{arms}: {outcome.trials} trials, {outcome.seconds:.0f} s",
        f"on {hardware}; {machine['python']}, NumPy {machine['numpy']}",
    ]
    if outcome.controls:
        lines.append(_controls(outcome))
    return [*lines, *outcome.notes]


def _controls(outcome: Outcome) -> str:
    if outcome.noisy:
        names = ", ".join(row.row for row in outcome.noisy[:3])
        return (
            f"identical code did not come out steady on {_rows(len(outcome.noisy))} of "
            f"{len(outcome.controls)} ({names}): no time is believed; run it again on a quieter "
            "machine, or with more --trials"
        )
    intervals = [row.interval for row in outcome.controls if row.interval is not None]
    widest = max((max(abs(each.low), abs(each.high)) for each in intervals), default=0.0)
    return (
        f"identical code came out steady on {_rows(len(outcome.controls))}, "
        f"within {math.expm1(widest):.1%}"
    )


def _json_row(row: RowOutcome) -> dict[str, Any]:
    interval = row.interval
    return {
        "row": row.row,
        "method": row.method,
        "workload": row.workload,
        "verdict": row.verdict.value,
        "ratio": None if interval is None else _factor(interval.mean),
        "low": None if interval is None else _factor(interval.low),
        "high": None if interval is None else _factor(interval.high),
        "trials": 0 if interval is None else interval.trials,
        "why": row.why,
    }


def _factor(log_ratio: float) -> float | None:
    """Return a factor; None where JSON has no number for it."""
    return round(math.exp(log_ratio), 6) if abs(log_ratio) < _LARGEST_EXPONENT else None
