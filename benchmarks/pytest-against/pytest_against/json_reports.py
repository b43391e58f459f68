"""The JSON of gates and comparisons, from anywhere: read, and judged anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from pytest_against.files import read_bytes
from pytest_against.model import CannotJudgeError, Interval, Result, Row, RowResult, Verdict, count
from pytest_against.quoting import plain
from pytest_against.report import together

_ROUNDING: Final = 1e-6  # of a log ratio, since factors are written with seven digits
_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Seconds = Annotated[float, msgspec.Meta(ge=0)]
_Whole = Annotated[int, msgspec.Meta(ge=0)]
_Shard = Annotated[str, msgspec.Meta(pattern=r"^([1-9][0-9]{0,3}/[1-9][0-9]{0,3})?$")]


class _Row(msgspec.Struct):
    row: str
    node: str
    method: str
    workload: str
    file: str
    line: _Whole
    verdict: Verdict
    ratio: _Positive | None
    low: _Positive | None
    high: _Positive | None
    trials: _Whole
    was: _Seconds | None
    now: _Seconds | None
    why: str
    limit: _Seconds | None = None
    may_fail: bool = False
    head: str = ""


class _About(msgspec.Struct, kw_only=True):
    verdict: Verdict
    exit: int
    why: str
    base: str
    head: str
    limit: _Seconds
    seconds: _Seconds
    trials: _Whole
    machine: dict[str, str]
    notes: list[str]
    controls: list[_Row]
    shard: _Shard = ""


class _Report(_About, kw_only=True):
    rows: list[_Row]
    results: list[_About] = []


def load(path: Path) -> Result:
    """Read the JSON of a gate; refuse what does not follow from its rows, controls and limit."""
    found = load_all(path)
    if len(found) > 1:
        words = f"compares {len(found)} runs, and only gates are joined; report shows it"
        raise CannotJudgeError(f"{plain(str(path), 200)} {words}")
    return found[0]


def load_all(path: Path) -> list[Result]:
    """Read the JSON of a gate, or of a comparison, which may have several results."""
    try:
        return _results(msgspec.json.decode(read_bytes(path), type=_Report))
    except (OSError, ValueError, RecursionError) as error:
        what = f"{plain(str(path), 200)} is not the report of a gate: {plain(str(error), 300)}"
        raise CannotJudgeError(f"{what}; write one with gate --json FILE") from None


def _results(found: _Report) -> list[Result]:
    rows: dict[str, list[_Row]] = {each.head: [] for each in found.results}
    for row in found.rows if rows else ():
        rows.setdefault(row.head, []).append(row)
    if len(rows) != len(found.results):
        raise ValueError("its rows are not those of its results")
    parts = [(each, rows[each.head]) for each in found.results] or [(found, found.rows)]
    said = [(each.verdict, each.exit) for each, _ in [*parts, (found, ())]]
    for allow_new in (False, True):
        results = [replace(_result(*part), allow_new=allow_new) for part in parts]
        if said == [(each.verdict, each.exit_code) for each in [*results, together(results)]]:
            return results
    words = f"it says {found.verdict.value}, exit code {found.exit}"
    raise ValueError(f"{words}; its rows and reason do not")


def _result(about: _About, rows: Sequence[_Row]) -> Result:
    if len({row.row for row in rows}) < len(rows):
        raise ValueError("a row is in it twice")
    names = ("why", "base", "head", "limit", "seconds", "trials", "machine", "notes", "shard")
    given: dict[str, Any] = {name: getattr(about, name) for name in names}
    judged, controls = ([_row(row, about.limit) for row in its] for its in (rows, about.controls))
    return Result(rows=judged, controls=controls, **given)


def _row(found: _Row, limit: float) -> RowResult:
    """Return a row whose factors prove its verdict."""
    mean = math.log(found.ratio or math.nan)
    low = math.log(found.low) if found.low else -math.inf
    high = math.log(found.high or math.inf)
    bound = math.log1p(limit if found.limit is None else found.limit)
    proven = {
        Verdict.REGRESSED: low > bound - _ROUNDING,
        Verdict.STEADY: high < bound + _ROUNDING,
        Verdict.IMPROVED: high < _ROUNDING - bound,
    }
    unproven = found.verdict in proven and not (found.trials > 1 and proven[found.verdict])
    if unproven or low > high or mean < low or mean > high:
        trials = count(found.trials, "trial")
        given = f"low {found.low}, ratio {found.ratio}, high {found.high}, {trials}"
        words = f"{found.verdict.value} by {given}, limit {limit}"
        raise ValueError(f"{plain(found.row, 100)} is {words}")
    names = {name: getattr(found, name) for name in ("node", "method", "workload", "file", "line")}
    return RowResult(
        row=Row(name=found.row, **names),
        verdict=found.verdict,
        interval=Interval(mean, low, high, found.trials) if found.trials else None,
        was=math.nan if found.was is None else found.was,
        now=math.nan if found.now is None else found.now,
        why=found.why,
        limit=found.limit,
        may_fail=found.may_fail,
    )
