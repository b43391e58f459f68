"""What GitHub shows at the lines of a change."""

from __future__ import annotations

import os

from pytest_against import report
from pytest_against.model import PROVEN, Result, Verdict
from pytest_against.quoting import listed, plain


def commands(result: Result) -> str:
    """Return what shows each failed or unproven row at the line of its test; GitHub obeys it.

    The worst come first, since GitHub shows ten errors and ten warnings of a step.  A slower row
    is only a warning if identical code did not come out steady: no time is believed then.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return ""

    def escaped(words: str, signs: str = "") -> str:  # as GitHub documents it
        return "".join(f"%{ord(c):02X}" if c in "%" + signs else c for c in plain(words))

    if result.why:
        return f"::error title={result.verdict.value}::{escaped(result.why)}\n"
    warned = {Verdict.INCONCLUSIVE, *([Verdict.REGRESSED] if result.noisy else [])}
    lines = ""
    for row in report.worst_first(row for row in result.rows if row.verdict not in PROVEN):
        title = f"{row.row.name} {row.verdict.value}"
        named = {"file": row.row.file, "line": row.row.line, "title": title}
        place = ",".join(f"{k}={escaped(str(v), ':,')}" for k, v in named.items() if v)
        words = listed("; ", report.measured(row), row.why) or row.verdict.value
        level = "warning" if row.verdict in warned else "error"
        # New, but allowed; or it may fail.
        level = level if result.exit_code and not row.may_fail else "notice"
        lines += f"::{level} {place}::{escaped(words)}\n"
    return lines
