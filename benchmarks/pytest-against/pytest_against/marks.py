"""What the mark ``against`` of tests and settings say of how rows are judged: read and checked."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

import pytest

from pytest_against import arguments
from pytest_against.model import CannotJudgeError, short
from pytest_against.options import SETTINGS
from pytest_against.terms import MARK, USUAL, Terms


def _flag(text: str) -> bool:
    words = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(f"{short(text)} is neither; write true or false")
    return words[text.lower()]


_NEAR: Final = 0.8
"""How similar a name is to that of a setting of ours from which on it is taken for one."""

READ: Final[Mapping[str, Callable[[str], object]]] = {
    "limit": arguments.fraction,
    "floor": arguments.floor,
    "tolerance": arguments.tolerance,
    "results": _flag,
    "may_fail": _flag,
}
"""How each of the terms is read, by its name."""


def unknown(name: str, known: Iterable[str]) -> str:
    """Say that there is no such name, and which is the nearest."""
    names = [*known]
    near = "".join(f"{each}, or another of " for each in get_close_matches(name, names, 1))
    return f"there is no {short(name)}; write {near or 'one of '}{', '.join(names)}"


def read(said: Mapping[str, object], otherwise: Terms, where: str) -> Terms:
    """Return the terms that are said, the others as they are otherwise; refuse what has no sense.

    `where` says who says so.
    """
    found = {}
    for name, value in said.items():
        if name not in READ:
            raise CannotJudgeError(f"{where}: {unknown(name, READ)}")
        try:
            found[name] = READ[name](str(value))
        except argparse.ArgumentTypeError as error:
            raise CannotJudgeError(f"{where}: {name}: {error}") from None
    return replace(otherwise, **found)  # type: ignore[arg-type]


def of_rows(nodes: Mapping[str, Mapping[str, object]], otherwise: Terms) -> dict[str, Terms]:
    """Return the terms of rows by node id, from what is known of each test."""
    return {
        node: read(said, otherwise, f"the mark {MARK} of {short(node)}")
        if isinstance(said := known.get(MARK), Mapping)
        else otherwise
        for node, known in nodes.items()
    }


def of_settings(config: pytest.Config) -> Terms:
    """Return the terms of all rows whose mark says nothing else."""
    _check_names(config)
    for name in SETTINGS:
        setting(config, name)
    found = USUAL
    for name in ("floor", "tolerance", "results"):
        if text := setting(config, f"{MARK}_{name}"):
            found = read({name: text}, found, f"the setting {MARK}_{name}")
    return found


def setting(config: pytest.Config, name: str) -> Any:
    """Return a setting; refuse one whose value is not of the type that pytest expects."""
    try:
        return config.getini(name)
    except pytest.UsageError as error:
        mend = 'write text as "5%", and packages as ["src/it"]'
        raise CannotJudgeError(f"{short(error)}; {mend}") from None


def _check_names(config: pytest.Config) -> None:
    """Refuse a setting that is none: pytest warns of it only where it runs tests."""
    for name in vars(config).get("_inicfg", ()):  # pytest's own, though private
        near = name.startswith(f"{MARK}_") or get_close_matches(name, SETTINGS, 1, _NEAR)
        if near and name not in SETTINGS:
            raise CannotJudgeError(f"the settings of pytest: {unknown(name, SETTINGS)}")
