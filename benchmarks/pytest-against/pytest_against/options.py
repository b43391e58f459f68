"""The settings, and the options of ``pytest --against-...`` and ``pytest-against gate --...``.

It loads next to nothing, since the idle plugin names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_SWITCH: Final = {"action": "store_true"}

GATE: Final[Mapping[str, Mapping[str, Any]]] = {
    "python": {"metavar": "PYTHON", "help": "the interpreter of REV's side"},
    "install": {"help": "build both sides, each in an environment of its own", **_SWITCH},
    "cores": {"metavar": "N", "help": "cores of code with threads (default: 1)"},
    "shard": {
        "metavar": "K/N",
        "help": "judge this part of the rows, as 2/8; join puts all together",
    },
    "allow-new": {"help": "rows that the base lacks do not decide", **_SWITCH},
    "limit": {"metavar": "PERCENT", "help": "tolerated slowdown (default: 3%%, without REV 10%%)"},
    "trials": {"metavar": "N", "help": "most trials (default with REV: 96)"},
    "budget": {"metavar": "SECONDS", "help": "most seconds (default with REV: 240)"},
    "timeout": {
        "metavar": "SECONDS",
        "help": "a test that says nothing for so long has hung (default: 60)",
    },
    "json": {"metavar": "FILE", "help": "write the report there, for programs"},
    "markdown": {"metavar": "FILE", "help": "write the report there, for a page"},
    "junit": {"metavar": "FILE", "help": "write the report there, as JUnit's XML"},
    "html": {"metavar": "FILE", "help": "write the report there, as one page for a browser"},
}
"""What argparse takes, by name; `arguments.READERS` read the values."""

SETTINGS: Final = {
    "against_packages": "folders of the packages under test (default: those of src/, or the root)",
    "against_baselines": "folder of the baselines (default: benchmarks/baselines)",
    "against_limit": "tolerated slowdown (default: 3%)",
    "against_floor": "seconds per call; a smaller difference does not count (default: 0)",
    "against_tolerance": "by which numbers in results may differ, as 1e-6 (default: 0)",
    "against_results": "whether results are compared (default: true)",
}
"""The settings, and what each is for."""
