"""Results in; text, Markdown, JSON, CSV or annotations of GitHub out."""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from pytest_against.model import CANNOT_JUDGE, FAILURES, PROVEN, Result, RowResult, Verdict

_ROUNDS_UP: Final = 0.9995
"""Fraction of a unit that three digits would write as 1000 of the smaller unit."""


def plain(words: str, most: int = 600) -> str:
    """Return words on one line of at most `most` characters, for a terminal or a log.

    A question mark stands for what cannot be printed, such as an escape or half a surrogate pair,
    and within what GitHub takes for a command: ``::`` at the start of a line, indented or not, and
    ``##[`` anywhere in it.
    """
    line = " ".join(words.split())
    line = line if len(line) <= most else f"{line[: most - 3]}..."
    line = "".join(c if c.isprintable() else "?" for c in line)
    return re.sub(r"^:(?=:)|#(?=#\[)", "?", line)


def code(words: str) -> str:
    """Return words as code, so that nothing in them is Markdown, HTML or a mention."""
    line = plain(words).replace("`", "'")
    return f"`{line}`" if line else ""


def _text_table(table: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    lines = ("  ".join(map(str.ljust, cells, widths)) for cells in table)
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _markdown_table(table: Sequence[Sequence[str]]) -> str:
    lines = [[cell.replace("|", r"\|") for cell in cells] for cells in table]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


@dataclass(frozen=True, slots=True)
class Style:
    """How a report is written: what passes all that it quotes, and what makes a table.

    A table is made from lines of cells, the names of the columns first.
    """

    quote: Callable[[str], str]
    table: Callable[[Sequence[Sequence[str]]], str]
    strong: str = ""
    bullet: str = ""
    heading: str = ""


TEXT: Final = Style(plain, _text_table)
PAGE: Final = Style(code, _markdown_table, strong="**", bullet="* ", heading="## ")


def count(rows: int) -> str:
    """Return a number of rows in words."""
    return "1 row" if rows == 1 else f"{rows} rows"


def listed(between: str, *words: str | None) -> str:
    """Return those words that are known, with `between` between them."""
    return between.join(filter(None, words))


def duration(seconds: float) -> str:
    """Return a time with three significant digits and its unit; empty if it is not known."""
    if not math.isfinite(seconds):
        return ""
    units = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6))
    found = (f"{seconds / s:.3g} {unit}" for unit, s in units if seconds >= _ROUNDS_UP * s)
    return next(found, f"{seconds / 1e-9:.3g} ns")


ORDER: Final = {verdict: rank for rank, verdict in enumerate(Verdict)}
"""Rank of each verdict, the worst first."""

SORTS: Final[Mapping[str, Callable[[RowResult], Any]]] = {
    "name": lambda row: row.row.name,
    "ratio": lambda row: (row.interval is None, -_slowdown(row), row.row.name),
    "time": lambda row: (math.inf if math.isnan(row.now) else -row.now, row.row.name),
}
"""What rows are sorted by: their name, the slowest change first, or the longest time first."""

GROUPS: Final = ("", "method", "workload")
"""What rows are put into tables by; empty for one table."""

_COLUMNS: Final = ("row", "verdict", "was", "is", "factor", "interval", "trials", "why")
_NUMBERS: Final = ("ratio", "low", "high", "trials", "was", "now")
_LARGEST_EXPONENT: Final = 700.0
_UNBOUNDED: Final = math.log(1e6)
_SUSPICIOUS: Final = math.log(0.5)
_SUSPICION: Final = "more than twice as fast: does it still do the work?"


@dataclass(frozen=True, slots=True)
class View:
    """How the rows of a comparison are arranged: `sort` is of `SORTS`, `group` of `GROUPS`."""

    sort: str = "ratio"
    group: str = ""

    def tables(self, result: Result) -> dict[str, list[RowResult]]:
        """Return the rows of each table by its title."""
        tables: dict[str, list[RowResult]] = {}
        for row in sorted(result.rows, key=SORTS[self.sort]):
            tables.setdefault(getattr(row.row, self.group) if self.group else "", []).append(row)
        return dict(sorted(tables.items()))


def text(result: Result) -> str:
    """Return the report for a terminal or a log: the answer, and the rows worth a look."""
    return _report(result, TEXT, {"": _notable(result)})


def markdown(result: Result) -> str:
    """Return the report for a page; the table of all rows is folded."""
    report = _report(result, PAGE, {"": _notable(result)})
    if not result.rows:
        return report
    summary = f"<details><summary>all {count(len(result.rows))}</summary>"
    return f"{report}\n{summary}\n\n{_table(result.rows, PAGE)}\n\n</details>\n"


def changes(result: Result) -> str:
    """Return every row, the worst first: what changed from one baseline to the next."""
    return f"{headline(result)}\n\n{_table(_worst_first(result.rows), TEXT)}\n"


def as_json(result: Result) -> str:
    """Return the report for programs; factors are 1.0 where nothing changed."""
    return _dumped(_as_dict(result))


def comparison_text(results: Sequence[Result], view: View) -> str:
    """Return the report on several results for a terminal; the answer stands below the rows."""
    return f"{_comparison(results, view, TEXT)}\n{headline(together(results))}\n"


def comparison_markdown(results: Sequence[Result], view: View) -> str:
    """Return the report on several results for a page."""
    return _comparison(results, view, PAGE)


def comparison_json(results: Sequence[Result]) -> str:
    """Return the report on several results as that on one; each row names its ``head``."""
    rows = [{"head": result.head, **_json_row(row)} for result in results for row in result.rows]
    return _dumped({**_as_dict(together(results)), "rows": rows})


def comparison_csv(results: Sequence[Result], view: View) -> str:
    """Return the rows for a spreadsheet; times are in seconds, the ratios are factors."""
    file = io.StringIO()
    names = ("head", "row", "method", "workload", "verdict", *_NUMBERS, "why")
    table = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for result in results:
        for row in (row for rows in view.tables(result).values() for row in rows):
            found = {"head": result.head, **_json_row(row)}
            table.writerow({k: plain(v) if isinstance(v, str) else v for k, v in found.items()})
    return file.getvalue()


def together(results: Sequence[Result]) -> Result:
    """Return one result for several against the same base: the worst row of all decides."""
    if len(results) == 1:
        return results[0]
    return replace(
        results[0],
        rows=[row for result in results for row in result.rows],
        controls=[row for result in results for row in result.controls],
        head=", ".join(result.head for result in results),
        trials=sum(result.trials for result in results),
        notes=[f"{result.head}: {note}" for result in results for note in result.notes],
        why="; ".join(result.why for result in results if result.why),
    )


def annotations(result: Result) -> list[str]:
    """Return GitHub's commands that show each failed or unproven row at the line of its test.

    The worst come first, since GitHub shows ten errors and ten warnings of a step.  A slower row
    is only a warning if identical code did not come out steady: no time is believed then.
    """
    if result.why:
        return [f"::error title={result.verdict.value}::{_escaped(result.why)}"]
    errors = (FAILURES | CANNOT_JUDGE) - ({Verdict.REGRESSED} if result.noisy else set())
    levels = ("warning", "error") if result.exit_code else ("notice", "notice")  # new, but allowed
    lines = []
    for row in _worst_first(row for row in result.rows if row.verdict not in PROVEN):
        title = f"{row.row.name} {row.verdict.value}"
        named = {"file": row.row.file, "line": str(row.row.line or ""), "title": title}
        place = ",".join(f"{k}={_escaped(v, ':,')}" for k, v in named.items() if v)
        words = "; ".join(filter(None, (measured(row), row.why))) or row.verdict.value
        lines.append(f"::{levels[row.verdict in errors]} {place}::{_escaped(words)}")
    return lines


def _escaped(words: str, signs: str = "") -> str:
    """Escape as GitHub documents it; there are no line breaks left to escape."""
    return "".join(f"%{ord(c):02X}" if c in "%" + signs else c for c in plain(words))


def headline(result: Result, style: Style = TEXT) -> str:
    """Return the answer in one line, with its counts or what kept it from being found."""
    found = ", ".join(f"{result.counts[v]} {v.value}" for v in Verdict if result.counts[v])
    words = style.quote(result.why) or f"{found or 'no rows'} of {count(len(result.rows))}"
    return f"{style.strong}{result.verdict.value}{style.strong}: {words}"


def subject(result: Result, style: Style) -> str:
    """Return what was compared with what."""
    sides = f"{style.quote(result.head)} against {style.quote(result.base)}"
    return f"{sides}, limit {100 * result.limit:.3g}%"


def hardware(machine: Mapping[str, str]) -> str:
    """Return what is known of a class of machines; empty if nothing is."""
    system = listed(" ", machine.get("system"), machine.get("machine"))
    return listed(", ", machine.get("cpu"), machine.get("simd"), system)


def measured(row: RowResult) -> str:
    """Return the factor of the times and its interval; empty if none was measured."""
    factor, span, _ = _numbers(row)
    return factor and f"{factor} ({span})"


def _report(result: Result, style: Style, tables: Mapping[str, Sequence[RowResult]]) -> str:
    parts = [headline(result, style)]
    for title, rows in tables.items():
        parts += [style.quote(title)] if title else []
        parts += [_table(rows, style)] if rows else []
    parts.append("\n".join(f"{style.bullet}{line}" for line in _method(result, style)))
    return "\n\n".join(parts) + "\n"


def _comparison(results: Sequence[Result], view: View, style: Style) -> str:
    return "\n".join(
        f"{style.heading}{subject(result, style)}\n\n{_report(result, style, view.tables(result))}"
        for result in results
    )


def _table(rows: Iterable[RowResult], style: Style) -> str:
    return style.table([_COLUMNS, *(_cells(row, style) for row in rows)])


def _notable(result: Result) -> list[RowResult]:
    return _worst_first(r for r in result.rows if r.verdict not in PROVEN or _suspicious(r))


def _worst_first(rows: Iterable[RowResult]) -> list[RowResult]:
    return sorted(rows, key=lambda row: (ORDER[row.verdict], -_slowdown(row)))


def _slowdown(row: RowResult) -> float:
    """Return the log ratio; 0 if it is not known."""
    return row.interval.mean if row.interval and not math.isnan(row.interval.mean) else 0.0


def _suspicious(row: RowResult) -> bool:
    return row.interval is not None and row.interval.high < _SUSPICIOUS


def _cells(row: RowResult, style: Style) -> list[str]:
    why = row.why or (_SUSPICION if _suspicious(row) else "")
    numbers = (duration(row.was), duration(row.now), *_numbers(row))
    return [style.quote(row.row.name), row.verdict.value, *numbers, style.quote(why)]


def _numbers(row: RowResult) -> tuple[str, str, str]:
    """Return the factor of the times, its interval, and the number of trials."""
    found = row.interval
    if found is None:
        return "", "", ""
    factor = f"{math.exp(found.mean):.3f}" if found.mean < _UNBOUNDED else "unbounded"
    bounded = found.low > -math.inf and found.high < _UNBOUNDED
    span = f"{math.exp(found.low):.3f} to {math.exp(found.high):.3f}" if bounded else "unbounded"
    return factor, span, str(found.trials)


def _method(result: Result, style: Style) -> list[str]:
    """Return who was held against whom, how long, and where."""
    numpy = result.machine.get("numpy")
    software = listed(", ", result.machine.get("python"), numpy and f"NumPy {numpy}")
    where = style.quote(listed("; ", hardware(result.machine), software))
    return [
        f"{subject(result, style)}: {result.trials} trials, {result.seconds:.0f} s",
        *([f"on {where}"] if where else []),
        *([_controls(result, style)] if result.controls else []),
        *map(style.quote, result.notes),
    ]


def _controls(result: Result, style: Style) -> str:
    total = len(result.controls)
    if result.noisy:
        names = ", ".join(style.quote(row.row.name) for row in result.noisy[:3])
        return (
            f"identical code did not come out steady on {count(len(result.noisy))} of {total} "
            f"({names}): no time is believed; run it again when less else runs, or with more trials"
        )
    # The lower ends are corrected for all rows, and so say less of a single one.
    widest = max((row.interval.high for row in result.controls if row.interval), default=math.inf)
    within = f", within {math.expm1(widest):.1%}" if widest < _UNBOUNDED else ""
    return f"identical code came out steady on {count(total)}{within}"


def _as_dict(result: Result) -> dict[str, Any]:
    return {
        "verdict": result.verdict.value,
        "exit": result.exit_code,
        "why": result.why,
        "base": result.base,
        "head": result.head,
        "limit": result.limit,
        "seconds": round(result.seconds, 1),
        "trials": result.trials,
        "machine": dict(result.machine),
        "notes": list(result.notes),
        "rows": [_json_row(row) for row in result.rows],
        "controls": [_json_row(row) for row in result.controls],
    }


def _json_row(row: RowResult) -> dict[str, Any]:
    names, found = asdict(row.row), row.interval
    logs = (found.mean, found.low, found.high) if found else (math.nan,) * 3
    numbers = (*map(_factor, logs), found.trials if found else 0, *map(_number, (row.was, row.now)))
    return {
        "row": names.pop("name"),
        **names,
        "verdict": row.verdict.value,
        **dict(zip(_NUMBERS, numbers, strict=True)),
        "why": row.why,
    }


def _factor(log_ratio: float) -> float | None:
    return _number(math.exp(log_ratio)) if abs(log_ratio) < _LARGEST_EXPONENT else None


def _number(value: float) -> float | None:
    """Return a number with seven digits; None where JSON has none for it."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def _dumped(found: Mapping[str, Any]) -> str:
    written = json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False)
    return written.encode("utf-8", "replace").decode("utf-8") + "\n"
