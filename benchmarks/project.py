"""What every command has at hand: the suite, a gate, and the options that they share."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.errors import CannotJudgeError
from benchmarks.gate import Gate, Settings
from benchmarks.lock import only_one
from benchmarks.options import fraction, positive, whole
from benchmarks.progress import Display
from benchmarks.rows import Suite, command


@dataclass(frozen=True, slots=True)
class Project:
    """The project that a command is run for.

    Attributes
    ----------
    suite_name : str
        Import name of the module whose ``SUITE`` is measured.
    """

    suite_name: str

    @property
    def command(self) -> str:
        """What is typed to run its commands, as ``python -m benchmarks``."""
        return command(self.suite_name)

    def suite(self) -> Suite:
        """Import the suite and its rows, and the package as it stands in the working tree.

        Raises
        ------
        CannotJudgeError
            If that fails, whatever the reason.
        """
        try:
            suite: Suite = importlib.import_module(self.suite_name).SUITE
            suite.rows()
        except (Exception, SystemExit) as error:
            raise CannotJudgeError(
                "the package of the working tree cannot be imported: "
                f"{type(error).__name__}: {error}; mend it"
            ) from error
        return suite

    @contextmanager
    def gate(self, settings: Settings) -> Iterator[Gate]:
        """Yield a gate that is alone on the machine and shows what it does."""
        with only_one(), Display(settings.budget) as display:
            yield Gate(suite=self.suite(), root=Path.cwd(), settings=settings, display=display)


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Attributes
    ----------
    name, help : str
        What it is called, and what it is for.
    add_arguments : callable
        Takes the parser of the command and adds its arguments.
    run : callable
        Takes the project and the arguments, does it and returns the exit code.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Project, argparse.Namespace], int]


def add_limits(
    parser: argparse.ArgumentParser, defaults: Mapping[str, Settings], *names: str
) -> None:
    """Add the options that say how long to measure and how much to tolerate.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        What they are added to.
    defaults : mapping of str to Settings
        What holds where an option is not given, by the words that say when.
    *names : str
        Which of `limit`, `trials`, `budget` and `timeout`; all of them by default.
    """
    for name in names or _LIMITS:
        limit = _LIMITS[name]
        values = {when: format(getattr(s, name), limit.form) for when, s in defaults.items()}
        if len(set(values.values())) == 1:
            values = {"": next(iter(values.values()))}
        listed = ", ".join(f"{value} {when}".strip() for when, value in values.items())
        words = f"{limit.help} (default: {listed})".replace("%", "%%")
        parser.add_argument(f"--{name}", type=limit.read, metavar=limit.metavar, help=words)


def settings(default: Settings, arguments: argparse.Namespace) -> Settings:
    """Return the default settings with those of `add_limits` that were given."""
    given = {name: getattr(arguments, name, None) for name in _LIMITS}
    return replace(default, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class _Limit:
    """An option that stands for a field of the settings."""

    read: Callable[[str], float]
    help: str
    form: str
    metavar: str | None = None


_LIMITS: Final = {
    "limit": _Limit(fraction, "tolerated slowdown, as 3% or 0.03", ".0%"),
    "trials": _Limit(whole, "most trials, each a fresh process", "d"),
    "budget": _Limit(positive, "most for everything", "g", "SECONDS"),
    "timeout": _Limit(positive, "most for a process to be silent", "g", "SECONDS"),
}
