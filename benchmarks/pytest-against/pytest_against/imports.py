"""What tests import: files of the project, and distributions that decide their speed."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Final

from pytest_against.machine import installed

_RUNS_TESTS: Final = frozenset(
    ("pytest", "pytest-benchmark", "pytest-against", "pluggy", "iniconfig", "packaging", "pygments")
)
"""Distributions that run tests: they have no part in the time of a call."""


def imported(packages: Iterable[str], before: Collection[str]) -> dict[str, str]:
    """Return the versions of what the tests import, by distribution; not of what is under test.

    That is what has been loaded since `before`, and whatever of that time it refers to.
    """
    new = {name: module for name, module in [*sys.modules.items()] if name not in before}
    inside = [getattr(each, "__dict__", {}) for each in new.values()]
    refers = (each for names in inside for each in [*names.values()] if type(each) is ModuleType)
    used = {*new, *(each.__name__ for each in refers)}
    modules = {name.partition(".")[0] for name in used}.difference(packages)
    known = packages_distributions()
    names = {name.lower() for each in modules for name in known.get(each, ())} - _RUNS_TESTS
    return {name: found for name in sorted(names) if (found := installed(name))}


def files(*roots: Path) -> list[str]:
    """Return the files below some folders that modules were imported from, relative to these."""
    # What stands there may be no module, or one that imports more when it is asked.
    inside = [getattr(each, "__dict__", {}).get("__file__") for each in [*sys.modules.values()]]
    paths = {Path(os.path.realpath(name)) for name in inside if isinstance(name, str)}
    real = [root.resolve() for root in roots]
    found = {path.relative_to(it) for path in paths for it in real if path.is_relative_to(it)}
    return sorted(path.as_posix() for path in found)
