"""What ``pytest --benchmark-only`` gets: the lock, kept memory, and a look at the baseline."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from statistics import median
from typing import Final

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from pytest_against import around, commands
from pytest_against.baseline import ROW_SECONDS
from pytest_against.calls import Call, Swap
from pytest_against.heap import keep_memory
from pytest_against.machine import Clock, Core
from pytest_against.model import CannotJudgeError, some
from pytest_against.saved import BaselineRow
from pytest_against.timing import FEWEST_CALM, absolute, fastest

GROSS: Final = 0.5
"""Fraction by which one process must exceed every trial of the baseline to fail."""

_CLOCK: Final = "time.perf_counter"
_WORTH_A_LOOK: Final = 1.1
_MOST_SHOWN: Final = 10
_CONFIRMATIONS: Final = 3  # moments at which a call must be grossly slower
_APART: Final = 0.3  # seconds between them
_WAIT: Final = 600.0  # seconds for others to be done: the budget of a recording


class Beside:
    """The plugin; pytest.UsageError if others measure here all the time, or a setting is wrong."""

    def __init__(self, config: pytest.Config) -> None:
        lock = ExitStack()
        try:
            lock.enter_context(around.only_one(_WAIT))
            config.add_cleanup(lock.close)
            self._stored, self._words = _baseline(config)
        except (CannotJudgeError, OSError) as error:
            raise pytest.UsageError(str(error)) from None
        keep_memory()
        self._factors: dict[str, float] = {}
        self._unsure: list[str] = []
        self._met: tuple[BenchmarkFixture, Call] | None = None
        config.pluginmanager.register(Swap(self._remember, once=False))

    def pytest_report_header(self) -> str:
        """Say what times are held against."""
        return f"baseline: {self._words}"

    def _remember(self, fixture: BenchmarkFixture, asked: Call) -> None:
        self._met = fixture, asked

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Hold the times of a test that has passed against its baseline."""
        self._met = None
        result = yield
        stored = self._stored.get(item.nodeid)
        if stored is None or self._met is None:
            return result
        fixture, asked = self._met
        if fixture.stats is None:
            return result
        seconds = fastest(fixture.stats.stats.data, 2)
        factor = seconds / median(stored.seconds)
        self._factors[item.nodeid] = fixture.extra_info["baseline_factor"] = round(factor, 4)
        gross = seconds > max(stored.seconds) * (1 + GROSS)
        found = grossly_slower(asked, stored) if gross else None
        if found is not None and math.isnan(found):
            self._unsure.append(item.nodeid)
        elif found is not None:
            fixture.has_error = True  # it must not reach a saved run and become a baseline
            pytest.fail(
                f"{item.nodeid} is grossly slower than its baseline: {factor:.2f} times the "
                f"typical trial, {found:.2f} times the slowest; for a verdict: {around.PROGRAM} "
                "gate",
                pytrace=False,
            )
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the rows that look slower."""
        slower = [(node, f) for node, f in self._factors.items() if f > _WORTH_A_LOOK]
        if not slower:
            return
        terminalreporter.section("times the baseline, one process each")
        for node, factor in sorted(slower, key=lambda pair: -pair[1])[:_MOST_SHOWN]:
            terminalreporter.write_line(f"{factor:6.2f}  {node}")
        terminalreporter.write_line(
            f"{len(slower)} of {len(self._factors)} rows; one process is no sample, for a verdict: "
            f"{around.PROGRAM} gate"
        )
        if self._unsure:
            terminalreporter.write_line(
                "the machine is too busy to tell whether a row is grossly slower: "
                f"{some(self._unsure)}; run it again when less else runs"
            )


def _baseline(config: pytest.Config) -> tuple[Mapping[str, BaselineRow], str]:
    """Return the rows of this class of machines, and what the header says of them."""
    timer = str(config.option.benchmark_timer)
    if timer != _CLOCK:
        return {}, f"not used: its seconds are those of {_CLOCK}, not of {timer}"
    path = commands.baseline_path(config)
    if not path.exists():
        return {}, f"none for this class of machines; record one: {around.PROGRAM} baseline"
    try:
        found = commands.load_baseline(path, around.PROGRAM)
    except CannotJudgeError as error:
        return {}, f"not used: {error}"
    return found.rows, f"{found.recorded} ({found.commit[:10]})"


def grossly_slower(asked: Call, stored: BaselineRow) -> float | None:
    """Return by what factor a call exceeds the slowest trial, None unless that is gross.

    It is NaN if the machine is too busy to tell.
    A process is one sample, so that it is held against the largest of the baseline's trials, and
    only half as much again is gross, at each of a few moments that are apart.  Calm is what it was
    when the baseline was recorded: a machine that is busy all the time looks calm to a new clock.
    """
    rng = random.Random()  # noqa: S311 - places in memory, not secrets
    clock = Clock(median(stored.seconds) / math.exp(median(stored.values)))
    factors = []
    for moment in range(_CONFIRMATIONS):
        time.sleep(_APART if moment else 0.0)
        times = absolute(asked, clock, Core, ROW_SECONDS, rng)
        if len(times) < FEWEST_CALM:
            return math.nan
        log_ratio = math.log(fastest(times, 2) / clock.seconds)
        factors.append(math.exp(log_ratio - max(stored.values)))
        if factors[-1] <= 1 + GROSS:
            return None
    return min(factors)
