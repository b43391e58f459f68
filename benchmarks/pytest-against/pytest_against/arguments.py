"""The arguments of the commands, and how each is read."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pytest_against import report, stock
from pytest_against.model import short


def _checked(
    text: str, expected: str, end: float = math.inf, *, percent: bool = False, zero: bool = False
) -> float:
    """Return a number above 0, or 0 if it may be that, and below `end` if it is no percentage."""
    number = text.removesuffix("%") if percent else text
    unit, end = (1, end) if number == text else (100, math.inf)
    with suppress(ValueError):
        if 0 < (found := float(number) / unit) < end or (zero and found == 0):
            return abs(found)  # there is a -0.0
    raise argparse.ArgumentTypeError(f"{short(text) or 'nothing'} is no {expected}")


def fraction(text: str) -> float:
    """Return a limit: ``5%``, ``900%`` or ``0.05``."""
    words = "limit; write one above 0, as 5% or 900%, or below 1 without the sign, as 0.05"
    return _checked(text, words, 1, percent=True)  # who writes 3 may mean 3 %


def tolerance(text: str) -> float:
    """Return by what part numbers may differ: as a limit, or nothing."""
    words = "tolerance; write 0, or a number below 1, as 1e-9 or 0.1%"
    return _checked(text, words, 1, percent=True, zero=True)


def positive(text: str) -> float:
    """Return a number of seconds."""
    return _checked(text, "number of seconds above 0")


def floor(text: str) -> float:
    """Return seconds per call below which no difference counts, or none."""
    return _checked(text, "number of seconds; write 0 or more, as 1e-6", zero=True)


def whole(text: str) -> int:
    """Return a number of trials, or of cores."""
    if re.fullmatch("0*[1-9][0-9]{0,3}|0*10000", text):
        return int(text)
    words = f"{short(text) or 'nothing'} is no whole number from 1 to 10000"
    raise argparse.ArgumentTypeError(words)


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
    "join": "reports --markdown --html",
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
