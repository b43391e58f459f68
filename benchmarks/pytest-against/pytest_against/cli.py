"""The commands' arguments; what carries a command out is loaded once Ctrl-C is one line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pytest_against import console, report

_EXIT_CODES: Final = (
    "exit codes: 0 done, or proven not to be worse; 1 proven to be worse; 2 cannot be judged or "
    "done, with the reason; 3 inconclusive; 130 interrupted"
)
_STORAGE: Final = Path(".benchmarks")


def main(
    argv: Sequence[str] | None = None, program: str = console.PROGRAM, paths: Sequence[str] = ()
) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of this process by default.
    program : str
        What was typed to run it, for messages.
    paths : sequence of str
        The files and folders that have the benchmarks, if none are given.
    """
    options = parser(program).parse_args(argv)
    options.program, options.paths = program, options.paths or list(paths)
    return console.guarded(f"{program} {options.command}", lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    from pytest_against import commands  # noqa: PLC0415 - it takes a second, and may fail

    return commands.COMMANDS[options.command](options)


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of all commands; `program` is what is typed to run it."""
    every = argparse.ArgumentParser(
        prog=program,
        description="judge what benchmarks return, what they cost and how long they take",
        epilog=_EXIT_CODES,
        allow_abbrev=False,
    )
    parsers = every.add_subparsers(dest="command", required=True)

    def add(name: str, words: str) -> argparse.ArgumentParser:
        its = parsers.add_parser(name, help=words, description=words, allow_abbrev=False)
        its.set_defaults(paths=())
        return its

    its = add("gate", "judge the working tree")
    its.add_argument("--base", metavar="REV", help="git revision to judge against, side by side")
    its.add_argument("--allow-new", action="store_true", help="rows that REV lacks do not decide")
    _add_limits(its, "limit", "trials", "budget", "timeout")
    _add_files(its, "json", "markdown")
    _add_tests(its)
    its = add("baseline", "record the baseline of this class of machines")
    its.add_argument("--accept", metavar="WHY", default="", help="record a change for the worse")
    _add_limits(its, "limit", "trials", "budget", "timeout")
    _add_tests(its)
    its = add("record", "save a run of several trials")
    its.add_argument("name", metavar="NAME", help="of the run; compare takes it")
    its.add_argument("--storage", type=Path, metavar="FOLDER", default=_STORAGE)
    _add_limits(its, "trials", "budget", "timeout")
    _add_tests(its)
    its = add("compare", "judge saved runs against the first")
    its.add_argument("old", metavar="OLD", help="a name, a file or a folder")
    its.add_argument("new", metavar="NEW", nargs="+")
    its.add_argument("--storage", type=Path, metavar="FOLDER", default=_STORAGE)
    its.add_argument("--sort", choices=report.SORTS, default="ratio", help="default: %(default)s")
    its.add_argument("--group", choices=report.GROUPS, default="", help="a table for each")
    _add_limits(its, "limit")
    _add_files(its, "json", "markdown", "csv")
    _add_rows(its)
    its = add("join", "put the reports of several gates together")
    its.add_argument("reports", metavar="JSON", nargs="+", type=Path)
    _add_files(its, "markdown")
    return every


def _add_tests(its: argparse.ArgumentParser) -> None:
    _add_rows(its)
    its.add_argument("paths", nargs="*", metavar="PATH", help="as pytest takes them")


def _add_rows(its: argparse.ArgumentParser) -> None:
    its.add_argument("--rows", metavar="EXPR", default="", help="only these; as pytest -k")


def _add_limits(its: argparse.ArgumentParser, *names: str) -> None:
    for name, kind, words in (
        ("limit", console.fraction, "tolerated slowdown, as 3%% or 0.03"),
        ("trials", console.whole, "most trials"),
        ("budget", console.positive, "most seconds"),
        ("timeout", console.positive, "seconds without a word after which a process has hung"),
    ):
        if name in names:
            its.add_argument(f"--{name}", type=kind, metavar=name.upper(), help=words)


def _add_files(its: argparse.ArgumentParser, *names: str) -> None:
    for name in names:
        its.add_argument(f"--{name}", type=Path, metavar="FILE", help="write the report there")
