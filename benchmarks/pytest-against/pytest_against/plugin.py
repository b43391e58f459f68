"""The plugin: ``pytest --against REV``, and the baseline beside ``pytest --benchmark-only``.

It imports nothing else until it is asked for something.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_against.beside import Beside

_PREFIX = "--against-"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the settings."""
    group = parser.getgroup("against", "benchmarks against those of a git revision")
    add = group.addoption
    add("--against", metavar="REV", help="judge the working tree against REV, side by side")
    add(f"{_PREFIX}limit", metavar="PERCENT", help="tolerated slowdown (default: 3%%)")
    add(f"{_PREFIX}trials", metavar="N", help="most trials (default: 96)")
    add(f"{_PREFIX}budget", metavar="SECONDS", help="most seconds (default: 240)")
    add(f"{_PREFIX}timeout", metavar="SECONDS", help="a test that says nothing has hung (60)")
    add(f"{_PREFIX}json", metavar="FILE", help="write the verdict for programs")
    add(f"{_PREFIX}markdown", metavar="FILE", help="write the report for a page")
    add(f"{_PREFIX}allow-new", action="store_true", help="rows that REV lacks do not decide")
    packages = "folders of the packages under test (default: those of src/, or of the root)"
    parser.addini("against_packages", packages, type="args")
    parser.addini("against_baselines", "folder of the baselines", default="benchmarks/baselines")
    parser.addini("against_limit", "tolerated slowdown (default: 3%)", default="")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Judge, instead of running the tests here."""
    option = config.option
    if option.against is None or option.help or option.version:
        return None
    from pytest_against import cli  # noqa: PLC0415

    try:
        options = argparse.Namespace(
            base=option.against,
            allow_new=option.against_allow_new,
            limit=_parsed(cli.fraction, option.against_limit),
            trials=_parsed(cli.whole, option.against_trials),
            budget=_parsed(cli.positive, option.against_budget),
            timeout=_parsed(cli.positive, option.against_timeout),
            json=_parsed(Path, option.against_json),
            markdown=_parsed(Path, option.against_markdown),
            program=cli.PROGRAM,
        )
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(str(error)) from None

    def judge() -> int:
        from pytest_against import commands  # noqa: PLC0415 - it takes a second, and may fail

        return commands.gate(config, options)

    return cli.guarded("pytest --against", judge)


def _parsed(parse: Callable[[str], Any], text: str | None) -> Any:
    return None if text is None else parse(text)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Stand beside ``--benchmark-only``, which times each test in one process."""
    if config.getoption("benchmark_only", default=False) and config.getoption("against") is None:
        from pytest_against.beside import Beside  # noqa: PLC0415

        beside: Beside = Beside(config)
        config.pluginmanager.register(beside, "against-beside")
