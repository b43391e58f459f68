"""What the mark ``against`` of tests and settings say of how rows are judged: read and checked."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest

from pytest_against import arguments
from pytest_against.model import CannotJudgeError, short
from pytest_against.terms import MARK, USUAL, Terms


def _seconds(text: str) -> float:
    if text == "0":
        return 0.0
    return arguments.positive(text)


def _tolerance(text: str) -> float:
    if text == "0":
        return 0.0
    return arguments.fraction(text)


def _flag(text: str) -> bool:
    words = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(f"{short(text)} is neither; write true or false")
    return words[text.lower()]


READ: Final[Mapping[str, Callable[[str], object]]] = {
    "limit": arguments.fraction,
    "floor": _seconds,
    "tolerance": _tolerance,
    "results": _flag,
    "may_fail": _flag,
}
"""How each of the terms is read, by its name."""


def read(said: Mapping[str, object], otherwise: Terms, where: str) -> Terms:
    """Return the terms that are said, the others as they are otherwise; refuse what has no sense.

    `where` says who says so.
    """
    found = {}
    for name, value in said.items():
        if name not in READ:
            known = ", ".join(READ)
            raise CannotJudgeError(f"{where}: there is no {short(name)}; give one of {known}")
        try:
            found[name] = READ[name](str(value))
        except argparse.ArgumentTypeError as error:
            raise CannotJudgeError(f"{where}: {name}: {error}") from None
    return replace(otherwise, **found)  # type: ignore[arg-type]


def of_rows(nodes: Mapping[str, Mapping[str, object]], otherwise: Terms) -> dict[str, Terms]:
    """Return the terms of rows by node id, from what is known of each test."""
    return {
        node: read(said, otherwise, f"the mark {MARK} of {node}")
        if isinstance(said := known.get(MARK), Mapping)
        else otherwise
        for node, known in nodes.items()
    }


def of_settings(config: pytest.Config) -> Terms:
    """Return the terms of all rows whose mark says nothing else."""
    found = USUAL
    for name in ("floor", "tolerance", "results"):
        if text := config.getini(f"{MARK}_{name}"):
            found = read({name: text}, found, f"the setting {MARK}_{name}")
    return found
