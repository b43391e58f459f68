"""Timing a row with pytest-benchmark: restored data before each round, checked answers after."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final, NoReturn

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.alone import faster_half
from benchmarks.bandwidth import implausible
from benchmarks.baselines import StoredRow
from benchmarks.exact import measure
from benchmarks.expectations import Expectation, differences
from benchmarks.gross import factor, gross_regression
from benchmarks.pool import Pool
from benchmarks.rows import Case, Row

_WARMUP_ROUNDS: Final = 2
_MOST_ROUNDS: Final = 10_000

Progress = Callable[[str, str], None]
"""Told the name of a row and what is being done with it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What rows are held to.

    Attributes
    ----------
    expectations : mapping of str to Expectation
        Exact measures by row name.
    rows : mapping of str to StoredRow
        The baseline of this class of machines by row name; empty if there is none.
    command : str
        What is typed to run a command of the suite, for messages.
    """

    expectations: Mapping[str, Expectation]
    rows: Mapping[str, StoredRow]
    command: str


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to time a row.

    Attributes
    ----------
    max_seconds : float
        Time for all rounds, including restoring and checking, in seconds.
    min_rounds : int
        Fewest rounds, however long they take.
    """

    max_seconds: float
    min_rounds: int

    def rounds(self, seconds: float) -> int:
        """Return the number of rounds to run when one takes `seconds`."""
        return max(self.min_rounds, min(_MOST_ROUNDS, int(self.max_seconds / seconds)))


def time_row(
    row: Row,
    benchmark: BenchmarkFixture,
    stored: Stored,
    budget: Budget,
    progress: Progress,
) -> None:
    """Time a row and fail unless it gave the right answers in a believable time.

    Parameters
    ----------
    row : Row
        What to time.
    benchmark : BenchmarkFixture
        Where the times go.
    stored : Stored
        What the row is held to.
    budget : Budget
        How long to go on.
    progress : Progress
        Told what is going on.
    """
    benchmark.group = row.group
    # A row that fails, however it does, must not reach a saved run and become a baseline.
    benchmark.has_error = True
    progress(row.name, "preparing")
    try:
        case = row.case()
    except ValueError as error:
        _fail(f"{row.name}: {error}")
    with warnings.catch_warnings():
        # The exact measures tell which warnings are raised.
        warnings.simplefilter("ignore")
        _rounds(row, case, benchmark, budget, progress)
    progress(row.name, "measuring memory and passes")
    _check_exact(row, benchmark, stored)
    if benchmark.stats is not None:
        _check_time(row, case, benchmark, stored)
    benchmark.has_error = False


def _check_time(row: Row, case: Case, benchmark: BenchmarkFixture, stored: Stored) -> None:
    stats: Any = benchmark.stats
    seconds, faster = median(stats.stats.data), faster_half(stats.stats.data)
    baseline = stored.rows.get(row.name)
    if baseline is not None:
        benchmark.extra_info["baseline_factor"] = round(factor(faster, baseline), 4)
    reason = implausible(seconds, case)
    if reason is None and baseline is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reason = gross_regression(row, faster, baseline, stored.command)
    if reason is not None:
        _fail(f"{row.name} is {reason}")


def _rounds(
    row: Row,
    case: Case,
    benchmark: BenchmarkFixture,
    budget: Budget,
    progress: Progress,
) -> None:
    pool = Pool(case.inputs)
    done = 0
    rounds = _WARMUP_ROUNDS

    def restore() -> None:
        pool.refill()
        if benchmark.stats is not None:
            # pedantic() refuses iterations beside a setup, but a batch is as many calls.
            benchmark.stats.iterations = pool.copies

    def check() -> None:
        nonlocal done
        difference = pool.difference(case)
        if difference is not None:
            _fail(f"{row.name} diverges: {difference}")
        done += 1
        progress(row.name, f"round {done} of {rounds}")

    seconds = math.inf
    for _ in range(_WARMUP_ROUNDS):
        start = time.perf_counter()
        pool.refill()
        pool.run(row.function)
        check()
        seconds = min(seconds, time.perf_counter() - start)
    done, rounds = 0, budget.rounds(seconds)
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        pool.run, args=(row.function,), setup=restore, teardown=lambda _: check(), rounds=rounds
    )


def _check_exact(row: Row, benchmark: BenchmarkFixture, stored: Stored) -> None:
    measures = measure(row)
    benchmark.extra_info.update(asdict(measures), workload_digest=row.workload_digest)
    found = differences(row, measures, stored.expectations, stored.command)
    if found:
        _fail(f"{row.name}: " + "; ".join(found))


def _fail(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)
