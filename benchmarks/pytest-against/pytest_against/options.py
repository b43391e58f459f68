"""The settings, and the options of ``pytest --against-...`` and ``pytest-against gate --...``.

It loads next to nothing, since the idle plugin names them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple


class Option(NamedTuple):  # a dataclass takes a millisecond to make
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

SETTINGS: Final = {
    "against_packages": "folders of the packages under test (default: those of src/, or the root)",
    "against_baselines": "folder of the baselines (default: benchmarks/baselines)",
    "against_limit": "tolerated slowdown (default: 3%)",
    "against_floor": "seconds per call; a smaller difference does not count (default: 0)",
    "against_tolerance": "by which numbers in results may differ, as 1e-6 (default: 0)",
    "against_results": "whether results are compared (default: true)",
}
"""The settings, and what each is for."""
