"""Connects the rows to pytest-benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from pytest_benchmark.utils import NameWrapper

from benchmarks import baselines, expectations
from benchmarks.baselines import Baseline
from benchmarks.errors import CannotJudgeError
from benchmarks.heap import keep_memory
from benchmarks.machine import this_machine
from benchmarks.rows import Row
from benchmarks.suite import SUITE, rectified_pairs
from benchmarks.timing import Budget, Progress, Stored, time_row

_QUIET_SECONDS = 1.0
"""Rows that take less than this need no progress line of their own."""

_TIMER = str(NameWrapper(time.perf_counter))  # type: ignore[no-untyped-call]
"""The clock of trials, as pytest-benchmark calls it."""

_CAUSE = (
    "",
    "Ten calls in a row on one array, as the article's `%timeit` makes them, are one call on",
    "fresh data and nine on rectified data.  Its 20.3 ms for `x[x < 0] = 0` is that mixture:",
    "the assignment is fast when no negative number is left to assign to.",
)


def pytest_benchmark_generate_machine_info() -> dict[str, str]:
    """Describe the machine without its name or anything else that changes from run to run."""
    return this_machine().as_dict()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the rows that have to be asked for, by -k or by the name of a test, and are not."""
    # Not the folders, which may be called anything.
    asked = " ".join([config.option.keyword, *(Path(arg).name for arg in config.args)]).lower()
    to_ask_for = {row.fullname for row in SUITE.rows() if row.asked_as not in asked}
    left_out = [item for item in items if item.nodeid in to_ask_for]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.nodeid not in to_ask_for]


def pytest_configure(config: pytest.Config) -> None:
    """Time in the same conditions as the trials of a baseline."""
    if config.option.benchmark_only:
        if config.getoption("dist", "no") != "no":
            raise pytest.UsageError(
                "pytest-xdist is on, but times taken side by side mean nothing; leave out -n"
            )
        keep_memory()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what times are held against, and how the rows that are left out can be run."""
    if not config.option.benchmark_only:
        return []
    baseline = _baseline(config.option.benchmark_timer)
    words = (
        baseline if isinstance(baseline, str) else f"{baseline.recorded} ({baseline.commit[:10]})"
    )
    lines = [f"baseline: {words}"]
    large = dict.fromkeys(row.asked_as for row in SUITE.rows() if row.asked_as)
    lines.append(f"left out unless asked for: {', '.join(f'-k {word}' for word in large)}")
    return lines


@lru_cache(maxsize=1)
def _baseline(timer: str) -> Baseline | str:
    """Return the baseline of this class of machines, or why times are held against none."""
    if timer != _TIMER:
        return f"not used: its seconds are those of {_TIMER}, not of {timer}"
    try:
        return baselines.load_for(this_machine(), SUITE.baselines, SUITE.command)
    except CannotJudgeError as error:
        return str(error)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show what it does to a figure when an in-place method finds its work done already."""
    session: Any = getattr(config, "_benchmarksession", None)
    benchmarks = [] if session is None else session.benchmarks
    seconds = {bench.name: bench.stats.median for bench in benchmarks if bench}
    _show_factors(terminalreporter, benchmarks)
    lines = [
        f"{method}: {fresh * 1e3:.1f} ms on fresh data, {done * 1e3:.1f} ms on rectified data"
        f" ({fresh / done:.1f} times)"
        for method, fresh, done in rectified_pairs(seconds)
    ]
    if lines:
        terminalreporter.section("fresh and rectified")
        for line in [*lines, *_CAUSE]:
            terminalreporter.write_line(line)


def _show_factors(terminal: pytest.TerminalReporter, benchmarks: list[Any]) -> None:
    found = {
        bench.name: bench.extra_info["baseline_factor"]
        for bench in benchmarks
        if bench and "baseline_factor" in bench.extra_info
    }
    if not found:
        return
    terminal.section("times the baseline, one process each")
    widest = max(map(len, found))
    for name, times in sorted(found.items(), key=lambda item: -item[1]):
        terminal.write_line(f"{name.ljust(widest)}  {times:.2f}")
    terminal.write_line(f"one process is no sample; for a verdict: {SUITE.command} gate")


@pytest.fixture(scope="session")
def stored(pytestconfig: pytest.Config) -> Stored:
    """Read what rows are held to."""
    baseline = _baseline(pytestconfig.option.benchmark_timer)
    try:
        expected = expectations.load(SUITE.expectations, SUITE.command)
    except CannotJudgeError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    rows = {} if isinstance(baseline, str) else baseline.rows
    return Stored(expected, rows, SUITE.command)


@pytest.fixture
def progress(pytestconfig: pytest.Config) -> Progress:
    """Show what a row is doing, once it takes long enough to make one wonder."""
    terminal = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    capture: Any = pytestconfig.pluginmanager.get_plugin("capturemanager")
    started = time.perf_counter()
    shown = False

    def show(row: str, step: str) -> None:
        nonlocal shown
        if terminal is None or time.perf_counter() - started < _QUIET_SECONDS:
            return
        with capture.global_and_fixture_disabled():
            if terminal.isatty:
                terminal.rewrite(f"{row}: {step} ", erase=True)
            elif not shown:
                terminal.write_line(f"  {row} ...")
        shown = True

    return show


@pytest.fixture
def run_row(
    benchmark: BenchmarkFixture,
    stored: Stored,
    progress: Progress,
    pytestconfig: pytest.Config,
) -> Callable[[Row], None]:
    """Time one row, check its answers, and hold it to its exact measures."""

    def run(row: Row) -> None:
        time_row(
            row,
            benchmark,
            stored,
            Budget(
                max_seconds=float(pytestconfig.option.benchmark_max_time),
                min_rounds=int(pytestconfig.option.benchmark_min_rounds),
            ),
            progress,
        )

    return run
