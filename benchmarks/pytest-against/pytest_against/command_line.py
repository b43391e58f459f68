"""What is judged, as pytest is configured: tests, packages, and options of each run of pytest."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.config import get_config

from pytest_against import marks
from pytest_against.model import CannotJudgeError, Suite, short

_FLAGS: Final = ("--noconftest", "--keep-duplicates", "--collect-in-virtualenv", "--runxfail")
"""Options of pytest's own without a value that decide which tests there are, and what they do."""
_OURS: Final = ("pytest_against.plugin", "no:pytest_against.plugin", "no:against")


class _Noted(argparse.Action):
    """An option that only notes how it was written."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - as argparse calls it
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        flag = str(option_string)
        if isinstance(values, str):  # which may begin with a dash
            words = [f"{flag}={values}" if flag.startswith("--") else f"{flag}{values}"]
        else:
            words = [flag, *(values or ())]
        namespace.noted.append(words)


def suite_of(config: pytest.Config) -> Suite:
    """Return what is judged, as pytest is configured."""
    option, given = config.option, _given(config)
    kept = [f"-c={_relative(config, str(config.inipath))}"] if config.inipath else []
    kept.append(f"--import-mode={option.importmode}")
    kept += [words[0] for words in given if words[0] in _FLAGS]
    cut = [words[0].partition("=")[2] for words in given if words[0].startswith("--confcutdir=")]
    for flag, values in (
        # Which pytest looks for by itself, and in a word of its own.
        ("-p", [name for name in option.plugins if name not in _OURS]),
        ("-o", option.override_ini),
        ("-W", option.pythonwarnings),
        ("--deselect", option.deselect),
        ("--ignore", _below(config, option.ignore or ())),
        ("--ignore-glob", _below(config, option.ignore_glob or ())),
        ("--confcutdir", _below(config, cut)),
    ):
        kept += [word for value in values or () for word in (flag, value)]
    return Suite(
        root=config.rootpath,
        arguments=tuple(_relative(config, argument) for argument in config.args),
        keyword=option.keyword,
        marks=option.markexpr,
        packages=tuple(marks.setting(config, "against_packages")),
        options=tuple(kept),
        own_options=_of_others(given),
        terms=marks.of_settings(config),
    )


def _given(config: pytest.Config) -> list[list[str]]:
    """Return each option by its words, as pytest reads them: of the settings, then of the line."""
    reader = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for action in config._parser.optparser._actions:  # noqa: SLF001 - nothing public tells them
        if action.option_strings:
            flags, nargs = action.option_strings, action.nargs
            reader.add_argument(*flags, dest="noted", nargs=nargs, action=_Noted)
    noted = argparse.Namespace(noted=[])
    environment = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    line = (str(word) for word in config.invocation_params.args)
    reader.parse_known_args([*config.getini("addopts"), *environment, *line], noted)
    return list(noted.noted)


def _of_others(given: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the options that neither pytest nor what times here has: those of a conftest.py."""
    plain = get_config()._parser  # noqa: SLF001 - pytest as it is without a project
    return tuple(
        tuple(words)
        for words in given
        if not words[0].startswith(("--against", "--benchmark-")) and not knows(plain, words)
    )


def knows(parser: pytest.Parser, option: Sequence[str]) -> bool:
    """Return whether a parser of pytest's knows an option, which is given by its words."""
    # By its flag alone: with its value, an unknown one that has a blank in it passes for a file.
    flag = option[0].partition("=")[0] if option[0].startswith("--") else option[0][:2]
    try:
        return not parser.parse_known_and_unknown_args([flag])[1]
    except pytest.UsageError:  # it wants its value
        return True


def _below(config: pytest.Config, paths: Iterable[str]) -> list[str]:
    """Return paths relative to the root, without those outside, where no test is judged."""
    found = []
    for path in paths:
        with suppress(CannotJudgeError):
            found.append(_relative(config, path))
    return found


def _relative(config: pytest.Config, argument: str) -> str:
    """Return a file, a folder or a node id relative to the root."""
    path, *rest = argument.split("::")
    place = Path(config.invocation_params.dir, path)
    try:
        inside = place.resolve().relative_to(config.rootpath.resolve())
    except ValueError:
        raise CannotJudgeError(
            f"{short(argument)} is not below {config.rootpath}, the root of the project; "
            "name files and folders in it"
        ) from None
    return "::".join([inside.as_posix(), *rest])
