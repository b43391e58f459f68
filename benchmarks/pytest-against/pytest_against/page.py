"""One page that shows what was found: a file of its own, which loads nothing.

Python puts the figures into the page as JSON, and the scripts in ``html`` draw them.  Charts are
plain SVG: the three that are needed take 300 lines, where the smallest library with logarithmic
axes and a tree of elements that a screen reader and a style sheet reach takes 490,000 bytes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from statistics import median, quantiles
from typing import Any, Final

from pytest_against import report
from pytest_against.model import CANNOT_JUDGE, PROVEN, Result, Row, RowResult, Verdict, count
from pytest_against.quoting import TEXT, duration, listed, plain
from pytest_against.rowlimits import ANY
from pytest_against.saved import BaselineRow

_COLUMNS: Final = (
    *("row", "head", "verdict", "was", "now", "ratio", "low", "high", "trials", "why"),
    *("limit", "kind"),
)
_TIMES: Final = (
    *("row", "method", "facet", "x", "size", "nbytes", "median", "low", "high", "trials"),
)
_MAY_FAIL: Final = "may fail"
_RANK: Final = {verdict.value: rank for verdict, rank in report.ORDER.items()} | {
    _MAY_FAIL: report.ORDER[Verdict.STEADY] - 0.5  # after all that decides, and is not proven
}
_SCRIPTS: Final = ("charts.js", "page.js", "table.js")
_NUMBER: Final = re.compile(r"(?:\w+=)?(\d+(?:\.\d+)?(?:e\d+)?(?:x\d+(?:\.\d+)?(?:e\d+)?)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a suite knows of a row, and the engine does not."""

    size: float = 0
    """Number of elements that a call goes through; 0 if unknown."""
    nbytes: float = 0
    """Bytes that a call has to read and to write at least; 0 if unknown."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What its method promises, by title."""

    def checked(self) -> About:
        """Return the same as plain numbers and words; an error if it is none."""
        size, nbytes = float(self.size), float(self.nbytes)
        if not (0 <= size < math.inf and 0 <= nbytes < math.inf):
            raise ValueError(f"size is {size:g}, nbytes is {nbytes:g}; give 0 for unknown")
        facts = {str(title): str(fact) for title, fact in self.facts.items()}
        return About(size=size, nbytes=nbytes, facts=facts)


Describe = Callable[[Row], About]


def unknown(_: Row) -> About:
    """Know nothing of a row."""
    return About()


def judged(results: Sequence[Result], describe: Describe = unknown) -> str:
    """Return the page of one verdict, or of several against the same base."""
    found, whole = json.loads(report.as_json(*results, heads=True)), report.together(results)
    drawn = (_terms(row, whole.limit) for row in whole.rows)
    rows = [row | its for row, its in zip(found["rows"], drawn, strict=True)]
    rows.sort(key=lambda row: (_RANK[row["kind"]], -(row["ratio"] or 1)))
    controls = [report.controls(each, TEXT) for each in results if each.controls]
    cost = f"{count(whole.trials, 'trial')}, {sum(each.seconds for each in results):.0f} s"
    return _page(
        {
            "kind": "judged",
            "verdict": whole.verdict.value,
            "answer": answer(whole),
            "detail": [*filter(None, [whole.why]), report.subject(whole, TEXT)],
            "notes": [cost, *dict.fromkeys(controls), *whole.notes],
            "machines": [[_place(each), dict(each.machine)] for each in results if each.machine],
            "limit": whole.limit,
            "base": whole.base,
            "heads": list(dict.fromkeys(each.head for each in results)),
            "columns": _COLUMNS,
            "rows": [[row[name] for name in _COLUMNS] for row in rows],
            "facts": _facts([row.row for row in whole.rows], describe),
        },
        "\n".join(map(report.text, results)),
    )


def _terms(row: RowResult, limit: float) -> dict[str, Any]:
    """Return what a row is drawn by: a limit of its own, what it decides, and both in words."""
    own = row.limit if row.limit not in {None, limit, ANY} else None
    decides = not row.may_fail or row.verdict in PROVEN
    words = f"its limit is {100 * own:.3g} %" if own else "", "" if decides else _MAY_FAIL
    return {
        "limit": own,
        "kind": row.verdict.value if decides else _MAY_FAIL,
        "why": listed("; ", row.why, *words),
    }


def _place(result: Result) -> str:
    return listed(", ", result.head, result.shard and f"shard {result.shard}")


def times(
    name: str,
    rows: Sequence[BaselineRow],
    machine: Mapping[str, str],
    notes: Sequence[str],
    describe: Describe = unknown,
) -> str:
    """Return the page of a single run, of which nothing can be proven."""
    lines = [_times(row, describe(row.row)) for row in rows]
    trials = max(len(row.seconds) for row in rows)
    found = {
        "kind": "run",
        "verdict": None,
        "answer": f"Times of {count(len(rows))}",
        "detail": [f"{name}: up to {count(trials, 'trial')} of a row"],
        "notes": ["one run proves nothing about a change: give two to see what changed", *notes],
        "machines": [[name, dict(machine)]],
        "limit": 0,
        "base": "",
        "heads": [],
        "columns": _TIMES,
        "rows": [[line[name] for name in _TIMES] for line in lines],
        "facts": _facts([row.row for row in rows], describe),
    }
    table = [
        ["row", "median"],
        *([plain(x["row"]), duration(x["median"])] for x in lines),
    ]
    return _page(found, TEXT.table(table))


def answer(found: Result) -> str:
    """Return what changed, and whether it is proven, in one sentence."""
    rows = [row for row in found.rows if not row.may_fail] or found.rows
    if found.verdict in PROVEN:
        rows = [row for row in rows if row.verdict in PROVEN]  # and none that is new
    every, counts = count(len(rows)), Counter(row.verdict for row in rows)
    one, number = len(rows) == 1, counts[found.verdict]
    some = every if one else f"{number} of {every}"
    wrong = "fails its test, or returns" if number == 1 else "fail their test, or return"
    takes, its = ("takes", "it counts") if number == 1 else ("take", "they count")
    of_all = all(row.limit in {None, found.limit} for row in rows)
    limit = f"{100 * found.limit:.3g} %" if of_all else "its limit"
    if found.why or not found.rows:
        return "Nothing was judged"
    if found.noisy and found.verdict is Verdict.INCONCLUSIVE:
        return "Nothing is proven: identical code did not come out steady"
    if found.verdict in CANNOT_JUDGE:
        return f"Not judged: {some} {_is_or_are(found)} {found.verdict.value}"
    faster = counts[Verdict.IMPROVED]
    none = f"{every} is not" if one else f"none of {every} is"
    steady = f"Proven: {none} slower by more than {limit}"
    return {
        Verdict.DIVERGED: f"Wrong: {some} {wrong} something else",
        Verdict.REGRESSED: f"Slower: {some} by more than {limit}, which is proven",
        Verdict.HEAVIER: f"Heavier: {some} {takes} more memory, or more of what {its}",
        Verdict.INCONCLUSIVE: f"Not proven: {some} may be slower by more than {limit}, or not",
        Verdict.STEADY: steady + (f", and {faster} faster" if faster else ""),
        Verdict.IMPROVED: f"Proven: {every} faster by more than {limit}",
    }[found.verdict]


def _is_or_are(found: Result) -> str:
    return "is" if found.counts[found.verdict] == 1 else "are"


def _times(row: BaselineRow, about: About) -> dict[str, Any]:
    seconds, (size, facet) = row.seconds, _size(row)
    low, _, high = quantiles(seconds, n=4) if len(seconds) > 1 else [median(seconds)] * 3
    return {
        "row": row.row.name,
        "method": row.row.method,
        "facet": facet,
        "x": about.size or size,
        "size": about.size,
        "nbytes": about.nbytes,
        "median": median(seconds),
        "low": low,
        "high": high,
        "trials": len(seconds),
    }


def _size(row: BaselineRow) -> tuple[float, str]:
    """Return the number in a row's parameters, 0 without exactly one, and what else they say.

    ``1e3``, ``n=1000`` and ``30x40`` are numbers; ``float32`` is a word.
    """
    words = re.split(r"[-\s]", row.group or row.row.workload)
    numbers = [found for word in words if (found := _NUMBER.fullmatch(word))]
    if len(numbers) != 1:
        return 0, " ".join(words)
    size = 1.0
    for part in numbers[0][1].split("x"):
        size *= float(part)
    return size, " ".join(word for word in words if word != numbers[0][0])


def _facts(rows: Sequence[Row], describe: Describe) -> list[list[str]]:
    """Return the titles, and a line for each method of which something is known."""
    found = {row.method: describe(row).facts for row in rows}
    titles = list(dict.fromkeys(title for facts in found.values() for title in facts))
    lines = [[m, *(facts.get(t, "") for t in titles)] for m, facts in found.items() if facts]
    return [["method", *titles], *lines] if lines else []


def _page(data: Mapping[str, Any], text: str) -> str:
    """Return the page; here, and nowhere else, words from outside become part of HTML."""
    folder = resources.files("pytest_against") / "html"
    template, style = ((folder / each).read_text("utf-8") for each in ("page.html", "page.css"))
    script = "".join((folder / each).read_text("utf-8") for each in _SCRIPTS)
    written = json.dumps(_plain(data), allow_nan=False, separators=(",", ":"))
    filled = {
        "title": html.escape(_plain(data["answer"])),
        "text": html.escape(text),
        "style": style,
        "style_digest": _digest(style),
        "script": script,
        "script_digest": _digest(script),
        "data": written.replace("<", r"\u003c"),
    }
    return re.sub(r"\{(\w+)\}", lambda each: filled[each[1]], template)


def _digest(code: str) -> str:
    """Return what tells the browser that this code, and no other, may run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}"


def _plain(value: Any) -> Any:
    """Return data with all its words printable: none turns around what stands beside it."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
