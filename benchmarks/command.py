"""The command line: arguments, files and exit codes, and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from benchmarks.commands import COMMANDS
from benchmarks.interrupts import INTERRUPTED, WORDS, interrupt_on_signals
from benchmarks.options import Parser
from benchmarks.outputs import FAULTS
from benchmarks.project import Command, Project

_PURPOSE: Final = "judge what functions return, what they cost and how long they take"
_EXIT_CODES: Final = (
    "exit codes: 0 done, or proven not to be worse; 1 proven to be worse; 2 cannot be judged or "
    "done, with the reason; 3 inconclusive; 130 interrupted"
)


def main(
    suite: str, argv: Sequence[str] | None = None, commands: Sequence[Command] = COMMANDS
) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    suite : str
        Import name of the module whose ``SUITE`` is measured; it belongs to the package that
        is run, so that messages can name the command.
    argv : sequence of str, optional
        Arguments; those of this process by default.
    commands : sequence of Command
        What can be run; by default, what every suite can be given to.
    """
    _open_streams()
    project = Project(suite)
    arguments = _parser(project, commands).parse_args(argv)
    interrupt_on_signals()
    try:
        code: int = arguments.run(project, arguments)
        sys.stdout.flush()  # what cannot be written must be known before the exit code is
    except FAULTS as error:
        _say(f"{project.command} {arguments.command}: {error}")
        return 2
    except Exception:  # noqa: BLE001 - Python would exit with 1, which means proven to be worse
        with suppress(OSError):
            traceback.print_exc()
        _say(
            f"{project.command} {arguments.command}: this is a fault of the suite, and nothing was "
            "judged; report it with the lines above"
        )
        return 2
    except KeyboardInterrupt:
        _say(WORDS)
        return INTERRUPTED
    finally:
        _let_go()
    return code


def _open_streams() -> None:
    """Open what was closed: Python has None for it, and the next file would get its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _say(words: str) -> None:
    """Say something in one line."""
    with suppress(OSError):  # what failed may be the place that messages go to
        print(" ".join(words.split()), file=sys.stderr)  # noqa: T201


def _let_go() -> None:
    """Drop what cannot be written: Python would try again at exit, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _parser(project: Project, commands: Sequence[Command]) -> argparse.ArgumentParser:
    parser = Parser(prog=project.command, description=_PURPOSE, epilog=_EXIT_CODES)
    parsers = parser.add_subparsers(dest="command", required=True)
    for command in commands:
        its_parser = parsers.add_parser(command.name, help=command.help, description=command.help)
        command.add_arguments(its_parser)
        its_parser.set_defaults(run=command.run)
    return parser
