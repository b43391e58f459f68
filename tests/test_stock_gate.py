"""What pytest-benchmark's own gate lets pass in silence; these are reasons for having another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

LIMIT: Final = "--benchmark-compare-fail=min:5%"
TESTS: Final = """
import time

def test_fast(benchmark):
    benchmark.pedantic(time.sleep, args=(0.0001,), rounds=2)

def test_slow(benchmark):
    benchmark.pedantic(time.sleep, args=(0.0001,), rounds=2)
"""
RENAMED: Final = TESTS.replace("test_", "test_renamed_")
FEWER: Final = TESTS[: TESTS.index("def test_slow")]


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a run."""

    exit: int
    output: str


@dataclass(frozen=True, slots=True)
class Stock:
    """A project that uses the stock gate."""

    folder: Path

    @property
    def baseline(self) -> Path:
        return self.folder / "baseline.json"

    def run(self, source: str, *arguments: str, only: bool = True) -> Run:
        """Run the tests in `source`; only the benchmarks, unless told otherwise."""
        (self.folder / "test_it.py").write_text(source)
        plugins = ("-p", "no:cacheprovider", "-p", "pytest_benchmark.plugin")
        command = [sys.executable, "-m", "pytest", *plugins, f"--rootdir={self.folder}"]
        unset = ("COV", "PYTEST", "PYTHONPATH")
        kept = {name: v for name, v in os.environ.items() if not name.startswith(unset)}
        done = subprocess.run(
            [*command, *["--benchmark-only"] * only, "test_it.py", *arguments],
            cwd=self.folder,
            env=kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return Run(done.returncode, done.stdout)

    def compare(
        self, source: str, *arguments: str, limits: Sequence[str] = (LIMIT,), only: bool = True
    ) -> Run:
        """Run the tests in `source` against the baseline."""
        against = f"--benchmark-compare={self.baseline}"
        return self.run(source, against, *limits, *arguments, only=only)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    stock = Stock(tmp_path_factory.mktemp("stock"))
    run = stock.run(TESTS, f"--benchmark-json={stock.baseline}")
    assert run.exit == 0, run.output
    found: dict[str, Any] = json.loads(stock.baseline.read_text())
    return found


@pytest.fixture
def stock(tmp_path: Path, recorded: dict[str, Any]) -> Stock:
    """Return a project with a baseline that any run is ten times as slow as."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    faster = json.loads(json.dumps(recorded))
    for bench in faster["benchmarks"]:
        bench["stats"] |= {"min": bench["stats"]["min"] / 10}
    (tmp_path / "baseline.json").write_text(json.dumps(faster))
    return Stock(tmp_path)


def _keep(stock: Stock, *names: str, seconds: float | None = None) -> None:
    """Leave only some rows in the baseline, perhaps with another time."""
    found = json.loads(stock.baseline.read_text())
    found["benchmarks"] = [bench for bench in found["benchmarks"] if bench["name"] in names]
    for bench in found["benchmarks"]:
        bench["stats"]["min"] = bench["stats"]["min"] if seconds is None else seconds
    stock.baseline.write_text(json.dumps(found))


def _is_silent(run: Run) -> bool:
    return "Performance has regressed" not in run.output and "ERROR" not in run.output


def test_regression_in_a_row_that_is_in_both_runs_is_red(stock: Stock) -> None:
    run = stock.compare(TESTS)
    assert run.exit == 1, run.output
    assert "Performance has regressed" in run.output


def test_row_that_is_absent_from_the_baseline_passes(stock: Stock) -> None:
    _keep(stock, "test_slow", seconds=10)
    run = stock.compare(TESTS)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "2 passed" in run.output


def test_row_that_vanished_passes(stock: Stock) -> None:
    _keep(stock, "test_slow")
    run = stock.compare(FEWER)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "1 passed" in run.output
    assert "test_slow" not in run.output


def test_run_in_which_everything_was_renamed_passes(stock: Stock) -> None:
    run = stock.compare(RENAMED)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "2 passed" in run.output


def test_baseline_without_rows_passes(stock: Stock) -> None:
    _keep(stock)
    run = stock.compare(TESTS)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "2 passed" in run.output


@pytest.mark.parametrize("option", ["--benchmark-compare", "--benchmark-compare={baseline}"])
def test_baseline_that_is_not_there_or_no_json_is_refused(option: str, stock: Stock) -> None:
    stock.baseline.write_text("")
    storage = f"--benchmark-storage=file://{stock.folder / 'none'}"
    run = stock.run(TESTS, storage, option.format(baseline=stock.baseline), LIMIT)
    assert run.exit == pytest.ExitCode.USAGE_ERROR, run.output
    assert "--benchmark-compare-fail requires valid --benchmark-compare" in run.output


def test_run_that_deselects_all_benchmarks_passes_if_any_other_test_is_left(stock: Stock) -> None:
    run = stock.compare(TESTS + "\ndef test_plain(): pass\n", "-k", "plain")
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "1 skipped, 2 deselected" in run.output


def test_run_that_collects_nothing_is_stopped_by_pytest_alone(stock: Stock) -> None:
    run = stock.compare(TESTS, "-k", "no_such_row")
    assert _is_silent(run), run.output
    assert run.exit == pytest.ExitCode.NO_TESTS_COLLECTED


def test_run_in_which_all_benchmarks_are_skipped_passes(stock: Stock) -> None:
    skipped = "import pytest\npytestmark = pytest.mark.skip\n" + TESTS
    run = stock.compare(skipped)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "2 skipped" in run.output


@pytest.mark.parametrize("lax, code", [(1, 0), (0, 1)], ids=["lax last", "lax first"])
def test_first_of_two_thresholds_is_ignored(lax: int, code: int, stock: Stock) -> None:
    limits = [LIMIT]
    limits.insert(lax, "--benchmark-compare-fail=min:99999%")
    run = stock.compare(TESTS, limits=limits)
    assert run.exit == code, run.output


ENDS: Final = {
    "raises": ("raise ValueError", 1),
    "is killed": ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    "ends as if all were well": ("os._exit(0)", 0),
}


@pytest.mark.parametrize("body, code", ENDS.values(), ids=ENDS)
def test_run_that_ends_in_the_midst_passes_if_the_benchmark_says_so(
    body: str, code: int, stock: Stock
) -> None:
    source = f"import os, signal\n{TESTS}\ndef test_last(benchmark):\n    benchmark(ends)\n"
    run = stock.compare(f"{source}\ndef ends():\n    {body}\n")
    assert run.exit == code, run.output
    assert _is_silent(run) or code


def test_run_in_which_xdist_switches_the_benchmarks_off_passes(stock: Stock) -> None:
    pytest.importorskip("xdist")
    _keep(stock, "test_fast", "test_slow", seconds=1e-9)
    also = ("-p", "xdist.plugin", "-n", "1", "-o", "addopts=")
    run = stock.compare(TESTS, *also, only=False)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "2 passed" in run.output
    assert "Benchmarks are automatically disabled because xdist plugin is active" in run.output


def test_baseline_of_another_machine_passes_with_a_warning(stock: Stock) -> None:
    found = json.loads(stock.baseline.read_text())
    found["machine_info"] = {"cpu": "a machine that is far slower"}
    for bench in found["benchmarks"]:
        bench["stats"]["min"] = 1000.0  # seconds, however busy this machine is
    stock.baseline.write_text(json.dumps(found))
    run = stock.compare(TESTS)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "Benchmark machine_info is different" in run.output


def test_regressed_run_that_was_saved_is_the_next_baseline_and_passes(stock: Stock) -> None:
    store = ("--benchmark-autosave", f"--benchmark-storage=file://{stock.folder / 'saved'}")
    stock.run(TESTS, *store)
    slower = TESTS.replace("0.0001", "0.01")
    against_latest = (*store, "--benchmark-compare", LIMIT.replace("5", "400"))
    first = stock.run(slower, *against_latest)
    again = stock.run(slower, *against_latest)
    assert (first.exit, again.exit) == (1, 0), again.output
    assert "Performance has regressed" in first.output
    assert _is_silent(again)


def test_row_that_does_other_work_under_the_same_name_passes(stock: Stock) -> None:
    _keep(stock, "test_fast", "test_slow", seconds=0.005)
    run = stock.compare(TESTS.replace("time.sleep, args=(0.0001,)", "sorted, args=([],)"))
    assert (run.exit, _is_silent(run)) == (0, True), run.output


def test_row_that_times_another_method_than_its_name_says_passes(stock: Stock) -> None:
    source = """
import time

METHODS = {"slow": lambda: time.sleep(0.1), "fast": lambda: None}

for name, method in METHODS.items():
    def bench(benchmark):
        benchmark.pedantic(lambda: method(), rounds=2)  # the last one, whatever the name
    globals()[f"test_{name}"] = bench
"""
    _keep(stock, "test_fast", "test_slow", seconds=0.005)
    run = stock.compare(source)
    assert (run.exit, _is_silent(run)) == (0, True), run.output
    assert "2 passed" in run.output


@pytest.mark.parametrize(
    "seconds, code", [(float("nan"), 0), (float("inf"), 0), (-1.0, 0), (0.0, 1)]
)
def test_time_that_no_clock_can_have_measured_is_compared_with(
    seconds: float, code: int, stock: Stock
) -> None:
    _keep(stock, "test_fast", "test_slow", seconds=seconds)
    run = stock.compare(TESTS)
    assert run.exit == code, run.output
