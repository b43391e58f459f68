"""Tables of text and of Markdown, and what stands in them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def text_table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return an indented table for a terminal or a log, with a cell per column in each line."""
    table = [columns, *lines]
    widths = [max(len(line[i]) for line in table) for i in range(len(columns))]
    return "\n".join(
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def markdown_table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table for a page; a bar within a cell does not end it."""
    head = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    body = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join([*head, *(f"| {' | '.join(line)} |" for line in body)])


def code(words: str) -> str:
    """Return words as code of one line, so that nothing in them is Markdown, HTML or a mention."""
    return f"`{' '.join(words.replace('`', chr(39)).split())}`"


def percent(fraction: float) -> str:
    """Return a fraction in percent, with no more digits than it has: 3%, 0.5%."""
    return f"{100 * fraction:.3g}%"


def factor_within(log_ratio: float) -> str:
    """Return half the width of an interval in percent; beyond a factor of a million, it is none."""
    return f"{math.expm1(log_ratio):.1%}" if log_ratio < math.log(1e6) else "nothing"
