"""The plugin: ``pytest --against REV``, and the baseline beside ``pytest --benchmark-only``.

Until it is asked for something, it imports nothing but its options and its settings.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import pytest

from pytest_against.options import GATE, SETTINGS

if TYPE_CHECKING:
    from pytest_against.model import Row
    from pytest_against.page import About

_SAVES = ("json", "save", "autosave")
_OF_ITS_OWN = ("--collect-only", "--co", *(f"--benchmark-{name}" for name in (*_SAVES, "compare")))
_MARK = (
    "against(limit, floor, tolerance, results, may_fail): by what the row is judged with --against"
)


class Hooks:
    """What a suite may say in its conftest.py."""

    @pytest.hookspec(firstresult=True)
    def pytest_against_about(self, row: Row) -> About | None:
        """Return what is known of a row, for the page that shows it."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add what a suite may say."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the settings."""
    add = parser.getgroup("against", "benchmarks against those of a git revision").addoption
    add("--against", metavar="REV", help="judge the working tree against REV, side by side")
    for name, option in GATE.items():
        # pytest looks through all options for one like it, where it is to choose the name itself.
        add(f"--against-{name}", dest=f"against_{name.replace('-', '_')}", **option)
    defaults = {"against_baselines": "benchmarks/baselines"}
    for name, words in SETTINGS.items():
        if name == "against_packages":
            parser.addini(name, words, type="args")
        else:
            parser.addini(name, words, default=defaults.get(name, ""))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Judge, instead of running the tests here."""
    option = config.option
    if option.help or option.version:
        return None
    if option.against is None:
        asked = [name for name, value in vars(option).items() if value and "against_" in name]
        if asked:  # and would be passed over, as if all had been judged
            words = f"--{asked[0].replace('_', '-')} needs --against REV, the revision to judge"
            raise pytest.UsageError(f"{words} against")
        return None
    for word in map(str, config.invocation_params.args):
        if (flag := word.partition("=")[0]) in _OF_ITS_OWN:
            words = "is for a run of pytest's own; leave it out, or --against"
            raise pytest.UsageError(f"{flag} {words}")
    from pytest_against import arguments, around  # noqa: PLC0415

    given = argparse.Namespace(base=option.against, program=around.PROGRAM)
    try:
        for name in GATE:
            word = name.replace("-", "_")
            value, read = getattr(option, f"against_{word}"), arguments.READERS.get(name, str)
            setattr(given, word, read(value) if isinstance(value, str) else value)
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(str(error)) from None

    def judge() -> int:
        around.claim(given)
        from pytest_against import commands  # noqa: PLC0415 - it takes a second, and may fail

        return commands.gate(config, given)

    return around.guarded("pytest --against", judge)


def pytest_configure(config: pytest.Config) -> None:
    """Stand beside ``--benchmark-only``, which times each test in one process, and what saves."""
    config.addinivalue_line("markers", _MARK)

    def given(name: str) -> object:  # pytest-benchmark may be switched off
        return config.getoption(f"benchmark_{name}", default=None)

    only = bool(given("only"))
    if config.option.against is not None or not (only or any(map(given, _SAVES))):
        return
    from pytest_against.spoiled import Watched, refusal  # noqa: PLC0415

    config.pluginmanager.register(Watched(only=only), "against-watched")
    line = [str(word).partition("=")[0] for word in config.invocation_params.args]
    # What addopts has may be meant for other runs.
    asked = only or any(f"--benchmark-{name}" in line for name in _SAVES)
    asked = asked and not (config.option.help or config.option.collectonly)
    if asked and (words := refusal(config)):
        raise pytest.UsageError(words)
    if only:
        from pytest_against.beside import Beside  # noqa: PLC0415

        config.pluginmanager.register(Beside(config), "against-beside")
