"""The options of a gate, as ``pytest --against-...`` and ``pytest-against gate --...`` have them.

It loads next to nothing, since the idle plugin names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Option:
    """What is said of an option to whoever asks for help, and how its value is read."""

    help: str
    metavar: str = ""
    """What its value is called; empty for a switch."""
    reader: str = "word"
    """What reads its value, of `arguments.READERS`."""

    def declared(self) -> dict[str, Any]:
        """Return what argparse takes, but for how it is read."""
        kind = {"metavar": self.metavar} if self.metavar else {"action": "store_true"}
        return {**kind, "help": self.help}


GATE: Final = {
    "python": Option("the interpreter of REV's side", "PYTHON"),
    "install": Option("build both sides, each in an environment of its own"),
    "cores": Option("cores of code with threads (default: 1)", "N", "whole"),
    "shard": Option("judge this part of the rows, as 2/8; join puts all together", "K/N"),
    "allow-new": Option("rows that the base lacks do not decide"),
    "limit": Option("tolerated slowdown (default: 3%%, without REV 10%%)", "PERCENT", "fraction"),
    "trials": Option("most trials (default with REV: 96)", "N", "whole"),
    "budget": Option("most seconds (default with REV: 240)", "SECONDS", "positive"),
    "timeout": Option(
        "a test that says nothing for so long has hung (default: 60)", "SECONDS", "positive"
    ),
    "json": Option("write the report there, for programs", "FILE", "file"),
    "markdown": Option("write the report there, for a page", "FILE", "file"),
    "junit": Option("write the report there, as JUnit's XML", "FILE", "file"),
    "html": Option("write the report there, as one page for a browser", "FILE", "file"),
}
"""By name; REV, the base, is what they are about."""
