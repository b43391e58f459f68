"""The arguments of the commands, and how each is read."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pytest_against import report, stock
from pytest_against.model import short


def _checked(text: str, number: str, unit: float, end: float, expected: str) -> float:
    """Return what a number of units says, if it lies between 0 and an end."""
    with suppress(ValueError):
        if 0 < float(number) / unit < end:
            return float(number) / unit
    raise argparse.ArgumentTypeError(f"{short(text)} is no {expected}")


def fraction(text: str) -> float:
    """Return a limit: ``3%``, ``200%`` or ``0.03``."""
    unit, end = (100, math.inf) if text.endswith("%") else (1, 1)  # who writes 3 may mean 3 %
    return _checked(text, text.removesuffix("%"), unit, end, "limit; write 3%, 200% or 0.03")


def positive(text: str) -> float:
    """Return a number of seconds."""
    return _checked(text, text, 1, math.inf, "number of seconds above 0")


def whole(text: str) -> int:
    """Return a number of trials, or of cores."""
    digits = text if text.isascii() and text.isdigit() else ""
    return int(_checked(text, digits, 1, 10_001, "whole number from 1 to 10000"))


_STOCK: Final = "columns group-by name time-unit between import-mode netrc"
_SWITCHES: Final = "verbose quiet"  # of pytest-benchmark, too
_LETTERS: Final = {"--rows": "-k", "--storage": "-s", "--verbose": "-v", "--quiet": "-q"}
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "--base": {"metavar": "REV", "help": "git revision to judge against, side by side"},
    "--python": {"metavar": "PYTHON", "help": "the interpreter of REV's side"},
    "--install": {"action": "store_true", "help": "build both sides, each has an environment"},
    "--cores": {"type": whole, "metavar": "N", "help": "of code with threads (default: 1)"},
    "--shard": {"metavar": "K/N", "help": "judge this part of the rows; join puts all together"},
    "--allow-new": {"action": "store_true", "help": "rows that the base lacks do not decide"},
    "--accept": {"metavar": "WHY", "default": "", "help": "record a change for the worse"},
    "name": {"metavar": "NAME", "help": "of the run; compare takes it"},
    "sides": {
        "metavar": "RUN",
        "nargs": "*",
        "help": "the old one first: a name, a number, a pattern, a file or a folder",
    },
    "--storage": {"metavar": "FOLDER", "type": stock.storage, "default": Path(".benchmarks")},
    "--sort": {
        "choices": (*report.SORTS, *stock.SORTS),
        "default": "",
        "help": "default: worst, of verdicts",
    },
    "--only": {"choices": ("changed",), "default": "", "help": "leave steady rows out"},
    "--by": {"choices": ("name",), "default": "", "help": "the files of tests may have moved"},
    "--limits": {"metavar": "FILE", "type": Path, "help": "limits of some rows, in TOML"},
    "--exact": {
        "metavar": "NAME",
        "action": "append",
        "default": [],
        "help": "a number of extra_info that must not grow",
    },
    "--assume": {
        "metavar": "WHAT",
        "action": "append",
        "default": [],
        "help": "a condition that is the same, though no file says so",
    },
    "--plain": {"action": "store_true", "help": "no verdict: the tables of pytest-benchmark"},
    **{f"--{name}": {"metavar": "X", "help": "with --plain"} for name in _STOCK.split()},
    **{f"--{name}": {"action": "store_true", "help": "with --plain"} for name in _SWITCHES.split()},
    "--histogram": {"metavar": "X", "nargs": "?", "const": "histogram", "help": "with --plain"},
    "--group": {"choices": report.GROUPS, "default": "", "help": "a table for each"},
    "runs": {"metavar": "RUN", "nargs": "+", "help": "saved runs, or the JSON of gates"},
    "-o": {"dest": "html", "metavar": "FILE", "type": Path, "required": True, "help": "the page"},
    "reports": {"metavar": "JSON", "nargs": "+", "type": Path},
    "--limit": {"type": fraction, "help": "tolerated slowdown, as 3%% or 0.03"},
    "--trials": {"type": whole, "help": "most trials"},
    "--budget": {"type": positive, "help": "most seconds"},
    "--timeout": {
        "type": positive,
        "help": "seconds without a word after which a process has hung",
    },
    "--json": {"metavar": "FILE", "type": Path, "help": "write the report there"},
    "--markdown": {"metavar": "FILE", "type": Path, "help": "write the report there"},
    "--junit": {"metavar": "FILE", "type": Path, "help": "write the report there, as XML"},
    "--html": {"metavar": "FILE", "type": Path, "help": "write the report there, as one page"},
    "--csv": {
        "metavar": "FILE",
        "type": Path,
        "nargs": "?",
        "const": Path("compare.csv"),
        "help": "write the report there",
    },
    "--rows": {"metavar": "EXPR", "default": "", "help": "only these; as pytest -k"},
    "paths": {"metavar": "PATH", "nargs": "*", "help": "as pytest takes them"},
}
_TIMING: Final = "--trials --budget --timeout"
_ARGUMENTS: Final = {
    "gate": "--base --python --install --cores --shard --allow-new --limit --json --markdown "
    f"--junit --html {_TIMING} --rows paths",
    "baseline": f"--accept --limit {_TIMING} --rows paths",
    "record": f"name --storage {_TIMING} --rows paths",
    "compare": "sides --storage --sort --group --only --by --limit --limits --allow-new --exact "
    "--assume --json --markdown --html --csv --rows --plain --histogram "
    f"--{_STOCK.replace(' ', ' --')} --{_SWITCHES.replace(' ', ' --')}",
    "join": "reports --markdown",
    "report": "runs -o --storage",
}
_COMMANDS: Final = {
    "gate": "judge the working tree",
    "baseline": "record the baseline of this class of machines",
    "record": "save a run of several trials",
    "compare": "judge saved runs against the first",
    "join": "put the reports of several gates together",
    "report": "show saved runs, or the JSON of gates, on one page",
}


def parser(program: str) -> argparse.ArgumentParser:
    """Return what reads the arguments of a program."""
    found = argparse.ArgumentParser(
        prog=program,
        description="judge what benchmarks return, what they cost and how long they take",
        epilog="exit codes: 0 done, or proven not to be worse; 1 proven to be worse; 2 cannot be "
        "judged or done, with the reason; 3 inconclusive; 130 interrupted",
        allow_abbrev=False,
    )
    parsers = found.add_subparsers(dest="command", required=True)
    for command, words in _COMMANDS.items():
        its = parsers.add_parser(command, help=words, description=words, allow_abbrev=False)
        its.set_defaults(paths=(), rows="")
        for argument in _ARGUMENTS[command].split():
            its.add_argument(
                *filter(None, [argument, _LETTERS.get(argument)]), **_OPTIONS[argument]
            )
    return found
