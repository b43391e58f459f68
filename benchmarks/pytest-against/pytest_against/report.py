"""Results in; text, Markdown, JSON or CSV out."""

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, Final

from pytest_against.model import PROVEN, Result, RowResult, Verdict, count
from pytest_against.quoting import PAGE, TEXT, Style, duration, listed, plain

ORDER: Final = {verdict: rank for rank, verdict in enumerate(Verdict)}  # the worst first
GROUPS: Final = ("", "method", "workload")  # a table for each; empty for one table
SORTS: Final[Mapping[str, Callable[[RowResult], Any]]] = {  # the slowest change, the longest time
    "worst": lambda row: (ORDER[row.verdict], -_slowdown(row), row.row.name),
    "name": lambda row: row.row.name,
    "ratio": lambda row: (row.interval is None, -_slowdown(row), row.row.name),
    "time": lambda row: (math.inf if math.isnan(row.now) else -row.now, row.row.name),
}
_CSV: Final = (
    *("head", "row", "method", "workload", "verdict"),
    *("ratio", "low", "high", "trials", "was", "now", "why"),
)
_LARGEST_EXPONENT: Final = 700.0
_UNBOUNDED: Final = math.log(1e6)


@dataclass(frozen=True, slots=True)
class View:
    """Which rows of a comparison are shown, and in what order."""

    sort: str = "worst"  # of `SORTS`
    group: str = ""  # of `GROUPS`
    changed: bool = False  # only rows that are not steady


def text(
    result: Result, style: Style = TEXT, tables: Mapping[str, Sequence[RowResult]] | None = None
) -> str:
    """Return the report; `tables` are rows by title, by default one of those worth a look."""
    if tables is None:
        odd = (row for row in result.rows if row.verdict not in PROVEN or _suspicion(row))
        tables = {"": worst_first(odd)}
    parts = [headline(result, style)]
    for title, rows in tables.items():
        parts += [style.quote(title)] if title else []
        parts += [_table(rows, style)] if rows else []
    numpy = result.machine.get("numpy")
    software = listed(", ", result.machine.get("python"), numpy and f"NumPy {numpy}")
    where = style.quote(listed("; ", hardware(result.machine), software))
    lines = [
        f"{subject(result, style)}: {count(result.trials, 'trial')}, {result.seconds:.0f} s",
        *([f"on {where}"] if where else []),
        *([controls(result, style)] if result.controls else []),
        *map(style.quote, result.notes),
    ]
    return "\n\n".join([*parts, "\n".join(f"{style.bullet}{line}" for line in lines)]) + "\n"


def markdown(result: Result) -> str:
    """Return the report for a page; the table of all rows is folded."""
    report = text(result, PAGE)
    if not result.rows:
        return report
    summary = f"<details><summary>all {count(len(result.rows))}</summary>"
    return f"{report}\n{summary}\n\n{_table(result.rows, PAGE)}\n\n</details>\n"


def changes(result: Result) -> str:
    """Return every row, the worst first: what changed from one baseline to the next."""
    return f"{headline(result)}\n\n{_table(worst_first(result.rows), TEXT)}\n"


def _tables(result: Result, view: View) -> dict[str, list[RowResult]]:
    """Return the rows of each table by its title."""
    tables: dict[str, list[RowResult]] = {}
    for row in sorted(result.rows, key=SORTS[view.sort]):
        if not (view.changed and row.verdict is Verdict.STEADY):
            tables.setdefault(getattr(row.row, view.group) if view.group else "", []).append(row)
    return dict(sorted(tables.items()))


def comparison(results: Sequence[Result], style: Style, view: View) -> str:
    """Return the reports on several results; in a terminal the answer stands below them."""
    written = "\n".join(
        f"{style.heading}{subject(each, style)}\n\n{text(each, style, _tables(each, view))}"
        for each in results
    )
    return f"{written}\n{headline(together(results))}\n" if style.answer_last else written


def comparison_csv(results: Sequence[Result], view: View) -> str:
    """Return the rows for a spreadsheet; times are in seconds, the ratios are factors."""
    file = io.StringIO()
    table = csv.DictWriter(file, _CSV, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for result in results:
        for row in chain(*_tables(result, view).values()):
            found = _json_row(row, head=result.head)
            table.writerow({k: plain(v) if isinstance(v, str) else v for k, v in found.items()})
    return file.getvalue()


def as_json(*results: Result, heads: bool = False) -> str:
    """Return the report for programs; with `heads`, each row names that of its result.

    Of several results, what is said of all comes first, and of each stands below `results`.
    """
    rows = [(row, {"head": each.head} if heads else {}) for each in results for row in each.rows]
    found = {
        **_json_about(together(results)),
        "rows": [_json_row(row, **head) for row, head in rows],
        **({"results": [_json_about(each) for each in results]} if len(results) > 1 else {}),
    }
    written = json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False)
    return written.encode("utf-8", "replace").decode("utf-8") + "\n"


def _json_about(result: Result) -> dict[str, Any]:
    """Return all but the rows."""
    return {
        "verdict": result.verdict.value,
        "exit": result.exit_code,
        "why": result.why,
        "base": result.base,
        "head": result.head,
        "limit": result.limit,
        "shard": result.shard,
        "seconds": round(result.seconds, 1),
        "trials": result.trials,
        "machine": dict(result.machine),
        "notes": list(result.notes),
        "controls": [_json_row(row) for row in result.controls],
    }


def together(results: Sequence[Result]) -> Result:
    """Return one result for several: the worst row of all decides, each by its own limit."""
    if len(results) == 1:
        return results[0]
    limit = results[0].limit
    return replace(
        results[0],
        rows=[
            row if row.limit or result.limit == limit else replace(row, limit=result.limit)
            for result in results
            for row in result.rows
        ],
        base=", ".join(dict.fromkeys(result.base for result in results)),
        allow_new=all(result.allow_new for result in results),
        controls=[row for result in results for row in result.controls],
        head=", ".join(dict.fromkeys(result.head for result in results)),
        shard="",
        trials=sum(result.trials for result in results),
        notes=list(dict.fromkeys(f"{r.head}: {note}" for r in results for note in r.notes)),
        why="; ".join(result.why for result in results if result.why),
    )


def headline(result: Result, style: Style = TEXT) -> str:
    """Return the answer in one line, with its counts or what kept it from being found."""
    counts = Counter(
        (row.verdict, row.may_fail and row.verdict not in PROVEN) for row in result.rows
    )
    found = ", ".join(
        f"{counts[v, may_fail]} {v.value}{' that may fail' * may_fail}"
        for v in Verdict
        for may_fail in (False, True)
        if counts[v, may_fail]
    )
    words = style.quote(result.why) or f"{found or 'no rows'} of {count(len(result.rows))}"
    but = ", but identical code was not steady" * bool(result.noisy)
    return f"{style.strong}{result.verdict.value}{style.strong}: {words}{but}"


def subject(result: Result, style: Style) -> str:
    """Return what was compared with what."""
    sides = f"{style.quote(result.head)} against {style.quote(result.base)}"
    shard = f"shard {result.shard}" if result.shard else ""
    return listed(", ", sides, f"limit {100 * result.limit:.3g}%", shard)


def hardware(machine: Mapping[str, str]) -> str:
    """Return what is known of a class of machines; empty if nothing is."""
    system = listed(" ", machine.get("system"), machine.get("machine"))
    return listed(", ", machine.get("cpu"), machine.get("simd"), system)


def measured(row: RowResult) -> str:
    """Return the factor of the times and its interval; empty if none was measured."""
    factor, span, _ = _numbers(row)
    return f"{factor} ({span})" if factor else ""


def controls(result: Result, style: Style) -> str:
    """Say what came of identical code, of which there is some."""
    if result.noisy:
        names = ", ".join(style.quote(row.row.name) for row in result.noisy[:3])
        return (
            f"identical code did not come out steady on {count(len(result.noisy))} of "
            f"{len(result.controls)} ({names}): no time is believed; run it again when less else "
            "runs, or with more trials"
        )
    # The lower ends are corrected for all rows, and so say less of a single one.
    widest = max((row.interval.high for row in result.controls if row.interval), default=math.inf)
    within = f", within {math.expm1(widest):.1%}" if widest < _UNBOUNDED else ""
    return f"identical code came out steady on {count(len(result.controls))}{within}"


def worst_first(rows: Iterable[RowResult]) -> list[RowResult]:
    """Return rows by their verdict, and the slower one first."""
    return sorted(rows, key=lambda row: (ORDER[row.verdict], -_slowdown(row)))


def _slowdown(row: RowResult) -> float:
    """Return the log ratio; 0 if it is not known."""
    return row.interval.mean if row.interval and not math.isnan(row.interval.mean) else 0.0


def _suspicion(row: RowResult) -> str:
    fast = row.interval is not None and row.interval.high < math.log(0.5)
    return "more than twice as fast: does it still do the work?" if fast else ""


def _table(rows: Iterable[RowResult], style: Style) -> str:
    table = [["row", "verdict", "was", "is", "factor", "interval", "trials", "why"]]
    for row in rows:
        why = style.quote(listed("; ", row.why or _suspicion(row), "may fail" * row.may_fail))
        measures = duration(row.was), duration(row.now), *_numbers(row)
        table.append([style.quote(row.row.name), row.verdict.value, *measures, why])
    return style.table(table)


def _numbers(row: RowResult) -> tuple[str, str, str]:
    """Return the factor of the times, its interval, and the number of trials."""
    found = row.interval
    if found is None:
        return "", "", ""
    factor = f"{math.exp(found.mean):.3f}" if found.mean < _UNBOUNDED else "unbounded"
    bounded = found.low > -math.inf and found.high < _UNBOUNDED
    span = f"{math.exp(found.low):.3f} to {math.exp(found.high):.3f}" if bounded else "unbounded"
    return factor, span, str(found.trials)


def _json_row(row: RowResult, **head: str) -> dict[str, Any]:
    names, found = asdict(row.row), row.interval
    return {
        **head,
        "row": names.pop("name"),
        **names,
        "verdict": row.verdict.value,
        "ratio": found and _factor(found.mean),
        "low": found and _factor(found.low),
        "high": found and _factor(found.high),
        "trials": found.trials if found else 0,
        "was": _number(row.was),
        "now": _number(row.now),
        "why": row.why,
        **{k: v for k, v in (("limit", row.limit), ("may_fail", row.may_fail)) if v},
    }


def _factor(log_ratio: float) -> float | None:
    return _number(math.exp(log_ratio)) if abs(log_ratio) < _LARGEST_EXPONENT else None


def _number(value: float) -> float | None:
    """Return a number with seven digits; None where JSON has none for it."""
    return float(f"{value:.7g}") if math.isfinite(value) else None
