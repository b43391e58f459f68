"""Words, numbers and tables for a terminal or a page: the one place that quotes.

What reports and messages quote comes from anywhere: names of tests, revisions, errors.  All of it
passes `plain` or `code`, so that nothing in it ends a line or a cell, or is a command.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

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
