"""The plugin: ``pytest --against REV``, and the baseline beside ``pytest --benchmark-only``.

It imports nothing but its hook and the names of its settings until it is asked for something.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_against import hooks, terms

_SAVES = ("json", "save", "autosave")
_MARK = (
    "against(limit, floor, tolerance, results, may_fail): by what the row is judged with --against"
)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add what a suite may say."""
    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the settings."""
    add = parser.getgroup("against", "benchmarks against those of a git revision").addoption
    add("--against", metavar="REV", help="judge the working tree against REV, side by side")
    add("--against-python", metavar="PYTHON", help="the interpreter of REV's side")
    add("--against-cores", metavar="N", help="cores of code with threads (default: 1)")
    add("--against-shard", metavar="K/N", help="judge this part of the rows, as 2/8")
    install = "build both sides, each in an environment of its own"
    add("--against-install", action="store_true", help=install)
    add("--against-limit", metavar="PERCENT", help="tolerated slowdown (default: 3%%)")
    add("--against-trials", metavar="N", help="most trials (default: 96)")
    add("--against-budget", metavar="SECONDS", help="most seconds (default: 240)")
    add("--against-timeout", metavar="SECONDS", help="a test that says nothing has hung (60)")
    add("--against-json", metavar="FILE", help="write the verdict for programs")
    add("--against-markdown", metavar="FILE", help="write the report for a page")
    add("--against-junit", metavar="FILE", help="write the report as JUnit's XML")
    add("--against-html", metavar="FILE", help="write the report as one page for a browser")
    add("--against-allow-new", action="store_true", help="rows that REV lacks do not decide")
    defaults = {"against_baselines": "benchmarks/baselines"}
    for name, words in terms.SETTINGS.items():
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
    from pytest_against import arguments, around  # noqa: PLC0415

    parsers: dict[str, Callable[[str], object]] = {
        "limit": arguments.fraction,
        "trials": arguments.whole,
        "budget": arguments.positive,
        "timeout": arguments.positive,
        "cores": arguments.whole,
        "shard": str,
        "json": Path,
        "markdown": Path,
        "junit": Path,
        "html": Path,
    }
    options = argparse.Namespace(
        base=option.against,
        python=option.against_python,
        install=option.against_install,
        allow_new=option.against_allow_new,
        program=around.PROGRAM,
    )
    try:
        for name, parse in parsers.items():
            text = getattr(option, f"against_{name}")
            setattr(options, name, None if text is None else parse(text))
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(str(error)) from None

    def judge() -> int:
        around.claim(options)
        from pytest_against import commands  # noqa: PLC0415 - it takes a second, and may fail

        return commands.gate(config, options)

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
    if only:
        if words := refusal(config):
            raise pytest.UsageError(words)
        from pytest_against.beside import Beside  # noqa: PLC0415

        config.pluginmanager.register(Beside(config), "against-beside")
