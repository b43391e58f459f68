"""Choosing rows by an expression, as ``pytest -k`` chooses tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from _pytest.mark.expression import Expression

from benchmarks.errors import CannotJudgeError
from benchmarks.rows import Row


def select(rows: Sequence[Row], expression: str) -> list[Row]:
    """Return the rows whose names match.

    Parameters
    ----------
    rows : sequence of Row
        All rows.
    expression : str
        Parts of names joined by ``and``, ``or``, ``not`` and brackets; all rows if empty, but
        for those that have to be asked for.

    Raises
    ------
    CannotJudgeError
        If it is not an expression, or matches nothing.
    """
    matches = matcher(expression)
    found = [
        row
        for row in rows
        if row.asked_as in expression.lower() and matches(row.method, row.workload)
    ]
    if not found:
        example = f"; they are named as in {rows[0].name}" if rows else ""
        raise CannotJudgeError(f"--rows {expression!r} matches none of {len(rows)} rows{example}")
    return found


def matcher(expression: str) -> Callable[[str, str], bool]:
    """Return what tells whether a method on a workload matches.

    Raises
    ------
    CannotJudgeError
        If it is not an expression.
    """
    if not expression.strip():
        return lambda method, workload: True  # noqa: ARG005
    try:
        compiled = Expression.compile(expression)
    # Beyond syntax: a digit that is no number, and brackets deeper than Python parses.
    except (SyntaxError, ValueError, RecursionError) as error:
        raise CannotJudgeError(
            f"--rows {expression!r} is no expression ({error}); write one as for pytest -k"
        ) from None
    return lambda method, workload: compiled.evaluate(partial(_within, method, workload))


def _within(method: str, workload: str, part: str, /, **options: object) -> bool:
    if options:
        raise CannotJudgeError(f"--rows is no expression: {part} takes no options")
    # The test's name joins its parameters by a dash; both spellings are found.
    names = (f"{method}[{workload}]".lower(), f"{method}-{workload}".lower())
    return any(part.lower() in name for name in names)
