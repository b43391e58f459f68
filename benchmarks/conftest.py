"""Connects the rows to pytest-benchmark."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.case import Case
from benchmarks.rows import Row
from benchmarks.workloads import WORKLOADS
from pytest_against.machine import this_machine
from pytest_against.spoiled import in_codspeed
from relu_impls import METHODS

if TYPE_CHECKING:
    from pytest_against.model import Row as EngineRow
    from pytest_against.page import About


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what would skip every row, and call that a success."""
    if in_codspeed(config):
        words = "--codspeed or CODSPEED_ENV switches pytest-benchmark off, which these tests need"
        raise pytest.UsageError(f"{words}; leave it out: pytest --benchmark-only")


@pytest.fixture
def case(method: str, workload: str, benchmark: Any, pytestconfig: pytest.Config) -> Case:
    """Return the row of the method and the workload, ready to be called."""
    return Case(Row(METHODS[method], WORKLOADS[workload]), benchmark, pytestconfig.option)


def pytest_benchmark_generate_machine_info() -> dict[str, str]:
    """Describe the machine as baselines do, without its name or what changes from run to run."""
    return this_machine().as_dict()


@pytest.hookimpl(optionalhook=True)  # an older engine lacks it
def pytest_against_about(row: "EngineRow") -> "About":
    """Say what the engine's page shows of a method, and how large its input is."""
    from benchmarks.about import about  # noqa: PLC0415 - each process that is timed loads this file

    return about(row)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the rows that have to be asked for, by -k or by the name of a test, and are not."""
    # Not by the folders, which may be called anything.
    tests = [name for argument in config.args if ".py" in (name := Path(argument).name)]
    asked = " ".join([config.option.keyword, *tests]).lower()
    left_out = [item for item in items if _asked_as(item) not in asked]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if _asked_as(item) in asked]


def _asked_as(item: pytest.Item) -> str:
    """Return the word by which a test has to be asked for, whatever plugins made of its name."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if item.path.parent != Path(__file__).parent or "workload" not in parameters:
        return ""
    return Row(METHODS[parameters["method"]], WORKLOADS[parameters["workload"]]).asked_as


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say how the rows that are left out can be run."""
    words = dict.fromkeys(f"-k {w.asked_as}" for w in WORKLOADS.values() if w.asked_as)
    only = config.getoption("benchmark_only", default=False)
    return [f"left out unless asked for: {', '.join(words)}"] if only else []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show what it does to a figure when a method in place finds its work done already."""
    benchmarks: list[Any] = getattr(getattr(config, "_benchmarksession", None), "benchmarks", [])
    times = {bench.name: bench.stats.median * 1e3 for bench in benchmarks if bench}
    lines = [
        f"{fresh}: {times[fresh]:.1f} ms on fresh, {done:.1f} ms on rectified data"
        for name, done in times.items()
        if (fresh := name.replace("-rectified]", "]")) != name and fresh in times
    ]
    if lines:
        terminalreporter.section("fresh and rectified")
        why = "of ten calls on one array, as in the article, nine are on rectified data"
        terminalreporter.write_line("\n".join([*lines, why]))
