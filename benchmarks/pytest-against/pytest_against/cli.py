"""The command line: the commands, what each takes, and which one is run.

It loads little, so that what ends a command that is still being loaded is one line, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pytest_against import arguments, around, picture, report, stock, store
from pytest_against.arguments import READERS
from pytest_against.options import GATE

_STOCK: Final = "columns group-by name time-unit between import-mode netrc"
_SWITCHES: Final = "verbose quiet"  # of pytest-benchmark, too
_LETTERS: Final = {"--rows": "-k", "--storage": "-s", "--verbose": "-v", "--quiet": "-q"}
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "--base": {"metavar": "REV", "help": "git revision to judge against, side by side"},
    **{
        f"--{name}": {**option, **({"type": READERS[name]} if name in READERS else {})}
        for name, option in GATE.items()
    },
    "--accept": {"metavar": "WHY", "default": "", "help": "record a change for the worse"},
    "name": {"metavar": "NAME", "help": "of the run; compare takes it"},
    "sides": {
        "metavar": "RUN",
        "nargs": "*",
        "help": "the old one first: a name, a number, a pattern, a file or a folder",
    },
    "--storage": {
        "metavar": "FOLDER",
        "type": stock.storage,
        "default": Path(".benchmarks"),
        "help": "where runs are saved (default: .benchmarks, which git may ignore)",
    },
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
    "-o": {
        "dest": "html",
        "metavar": "FILE",
        "type": arguments.shown,
        "required": True,
        "help": "the page, .html, or a chart of it, .svg",
    },
    "--chart": {
        "choices": picture.CHARTS,
        "default": "",
        "help": "of the factors, of their course over several runs, or of the times of one run",
    },
    "reports": {"metavar": "JSON", "nargs": "+", "type": Path},
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
    "report": "runs -o --chart --storage",
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


def _sources(options: argparse.Namespace) -> list[Path]:
    """Return what a report is made of."""
    given = vars(options)
    names = [*given.get("sides", ()), *given.get("runs", ())]
    runs = [path for name in names for path in store.sources(name, options.storage)]
    return [*given.get("reports", ()), *filter(None, [given.get("limits")]), *runs]


def main(
    argv: Sequence[str] | None = None, program: str = around.PROGRAM, paths: Sequence[str] = ()
) -> int:
    """Run a command and return its exit code; `paths` has the benchmarks if none are given."""
    options = parser(program).parse_args(argv)
    options.program, options.paths = program, options.paths or list(paths)

    def run() -> int:
        around.claim(options, _sources(options))
        from pytest_against import commands  # noqa: PLC0415 - it takes a second, and may fail

        return commands.COMMANDS[options.command](options)

    return around.guarded(f"{program} {options.command}", run)
