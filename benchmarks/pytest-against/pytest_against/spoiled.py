"""What spoils the times of pytest-benchmark's own runs: refused before it, not saved after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from time import perf_counter
from typing import Any, Final

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from pytest_benchmark.utils import load_timer

_MOMENT: Final = 1e-3
"""Seconds by which it is known whether a clock counts seconds."""
_MOST: Final = 100
"""Times as fast as time that a clock of seconds never runs, with threads or not."""


def in_seconds(timer: Callable[[], float]) -> bool:
    """Return whether a clock counts seconds, and not milliseconds or less."""
    start, began = perf_counter(), timer()
    while perf_counter() - start < _MOMENT:
        pass
    return timer() - began < _MOST * (perf_counter() - start)


def in_codspeed(config: pytest.Config) -> bool:
    """Return whether pytest-codspeed measures, for which it switches pytest-benchmark off."""
    known = config.getoption("codspeed", default=None)
    return bool(known) or (known is not None and "CODSPEED_ENV" in os.environ)


def refusal(config: pytest.Config) -> str:
    """Return why benchmarks would have no times, or wrong ones; empty if they have."""
    option = vars(config.option)
    timer: Any = load_timer(option["benchmark_timer"])  # type: ignore[no-untyped-call]
    if option.get("dist", "no") != "no":
        return (
            "pytest-xdist runs tests side by side, which has no times; leave out -n, or give -n 0"
        )
    if in_codspeed(config):
        return "pytest-codspeed stands in for pytest-benchmark; leave out --codspeed, CODSPEED_ENV"
    if str(option.get("parallel_threads", 1)) != "1":
        return (
            "pytest-run-parallel runs each test side by side with itself, which has no times; "
            "leave out --parallel-threads"
        )
    if option["benchmark_disable"] and not option["benchmark_enable"]:
        return "with --benchmark-disable there are no times; leave it out, or give -o addopts="
    if not in_seconds(timer.target):
        return f"{timer} does not count seconds, as which it is saved; leave out --benchmark-timer"
    return ""


class Watched:
    """The plugin that keeps what is wrong from being saved, and nothing from being a success."""

    def __init__(self, *, only: bool) -> None:
        self._only = only
        self._passed = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Fail a test whose own clock counts something else."""
        mark = item.get_closest_marker("benchmark")
        timer = mark.kwargs.get("timer") if mark else None
        if timer is not None and not in_seconds(timer):
            pytest.fail(f"its timer {timer} does not count seconds, as which it is saved")
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Mark the times of a test that fails or is skipped, so that they are not saved."""
        report = yield
        fixture = (getattr(item, "funcargs", None) or {}).get("benchmark")
        # That of pytest-codspeed is one by its class, and has nothing of it.
        if isinstance(fixture, BenchmarkFixture) and hasattr(fixture, "has_error"):
            fixture.has_error = fixture.has_error or report.outcome != "passed"
            timed = fixture.stats is not None and not fixture.has_error
            self._passed += timed and report.when == "teardown"
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Be no success if only benchmarks were asked for, and none was timed."""
        asked = self._only and not session.config.option.collectonly
        if asked and session.exitstatus == pytest.ExitCode.OK and not self._passed:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say that nothing was timed."""
        if self._only and not self._passed:
            terminalreporter.write_line("no benchmark was timed")
