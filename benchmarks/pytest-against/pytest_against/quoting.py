"""Words of others in reports: in a terminal, a log, Markdown or a table, nothing in them acts."""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_LARGEST_TABLE: Final = 400_000  # bytes


def plain(words: str, most: int = 600) -> str:
    """Return words on one line of at most `most` characters, for a terminal or a log.

    An escape stands for what cannot be printed, and a question mark within what GitHub takes for a
    command: ``::`` at the start of a line, indented or not, and ``##[`` anywhere in it.
    """
    line = " ".join(words.split())
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line[: 2 * most])
    line = line if len(line) <= most else f"{line[: most - 3]}..."
    return re.sub(r"^:(?=:)|#(?=#\[)", "?", line)


def code(words: str) -> str:
    """Return words as code, so that nothing in them is Markdown, HTML or a mention."""
    line = plain(words)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " * (len(fence) > 1)  # or a quote at an end would be one of the fence's
    return f"{fence}{space}{line}{space}{fence}" if line else ""


def printed(words: str) -> str:
    """Return words as `plain` does, with escapes for what the terminal has no code for."""
    codes = getattr(sys.stdout, "encoding", None) or "utf-8"
    return plain(words).encode(codes, "backslashreplace").decode(codes)


def _width(words: str) -> int:
    """Return how many columns of a terminal words take."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in words)
    return len(words) + wide - sum(map(bool, map(unicodedata.combining, words)))


def _text_table(table: Sequence[Sequence[str]]) -> str:
    widths = [max(map(_width, cells)) for cells in zip(*table, strict=True)]
    lines = (
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(cells, widths, strict=True))
        for cells in table
    )
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _markdown_table(table: Sequence[Sequence[str]]) -> str:
    lines = [[cell.replace("|", r"\|") for cell in cells] for cells in table]
    lines.insert(1, ["---"] * len(lines[0]))
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines).encode("utf-8", "replace")
    if len(text) > _LARGEST_TABLE:  # a page takes 1 MiB, and there may be two of them
        text = text[: text.rindex(b"\n", 0, _LARGEST_TABLE)]
        text += f"\n| and {len(lines) - len(text.splitlines())} more |".encode()
    return text.decode()


@dataclass(frozen=True, slots=True)
class Style:
    """How a report is written: what passes all that it quotes, and what makes a table."""

    quote: Callable[[str], str]
    table: Callable[[Sequence[Sequence[str]]], str]
    strong: str = ""
    bullet: str = ""
    heading: str = ""
    answer_last: bool = False  # in a terminal, the end is what is seen


TEXT: Final = Style(printed, _text_table, answer_last=True)
PAGE: Final = Style(code, _markdown_table, strong="**", bullet="* ", heading="## ")


def listed(between: str, *words: str | None) -> str:
    """Return those words that are known, with `between` between them."""
    return between.join(filter(None, words))


def duration(seconds: float) -> str:
    """Return a time with three significant digits and its unit; empty if it is not known."""
    if not math.isfinite(seconds):
        return ""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= 0.9995 * scale:  # three digits would write 1000 of the smaller unit
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
