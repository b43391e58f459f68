"""What ``pytest --benchmark-only`` gets: the lock, a look at the baseline, and no false times."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_against import around, beside, saved
from pytest_against.beside import grossly_slower
from pytest_against.calls import Call
from pytest_against.machine import this_machine
from pytest_against.model import CannotJudgeError, rows_of
from tests.against import runs, simulated

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home")

HERE = this_machine()
CLASS = Path("benchmarks/baselines", HERE.class_name, "0000_baseline.json")
TESTS = """
def test_one(benchmark):
    benchmark(sum, range(50))

def test_two(benchmark):
    benchmark.pedantic(sum, setup=lambda: ((range(50),), {}), rounds=20)

def test_fast(benchmark):
    benchmark(sum, range(50))

def test_wrong(benchmark):
    assert benchmark(sum, range(3)) == 4

def test_silent(benchmark):
    pass

def test_unknown(benchmark):
    benchmark(sum, range(50))
"""
FAST = ("--benchmark-max-time=0", "--benchmark-min-rounds=5", "--benchmark-warmup=off")

Ran = Callable[..., tuple[dict[str, str], int, str]]


@pytest.fixture
def ran(
    pytester: pytest.Pytester,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Ran:
    """Run tests; return how they ended, the exit code, and what was said."""
    monkeypatch.setattr(beside, "keep_memory", lambda: True)  # it would stay for other tests
    pytester.makepyfile(test_it=TESTS)

    def run(*argv: str, plugin: object = None) -> tuple[dict[str, str], int, str]:
        plugins = [plugin] if plugin else []
        found = pytester.inline_run("--benchmark-only", *FAST, *argv, plugins=plugins)
        calls = [r for r in found.getreports("pytest_runtest_logreport") if r.when == "call"]
        outcomes = {r.nodeid.removeprefix("test_it.py::test_"): str(r.outcome) for r in calls}
        return outcomes, int(found.ret or 0), "".join(capsys.readouterr())

    return run


def store(**machine: str) -> None:
    """Store a baseline that all rows but one are slower than."""
    nodes = [f"test_it.py::test_{name}" for name in ("one", "two", "fast", "wrong", "silent")]
    names = rows_of({node: {} for node in nodes})
    rows = {node: saved.BaselineRow(row=names[node]) for node in nodes}
    about = replace(runs.ABOUT, machine={**HERE.as_dict(), **machine}, rows=rows)
    trial = {n: saved.Timing(0.0, 1e-3 if n.endswith("fast") else 1e-12) for n in nodes}
    saved.write_baseline(runs.recorded([[trial] * 3, [trial] * 3], about), CLASS)


def test_what_looks_slower_is_shown_and_what_grossly_is_fails_and_is_not_saved(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    store()
    stand_in = lambda asked, _: 2.5 if asked.setup is None else math.nan  # noqa: E731
    monkeypatch.setattr(beside, "grossly_slower", stand_in)
    outcomes, code, said = ran("--benchmark-json=a.json")
    assert [name for name, found in outcomes.items() if found == "failed"] == ["one", "wrong"]
    assert (len(outcomes), code) == (6, 1)
    assert f"baseline: {runs.ABOUT.recorded} ({runs.ABOUT.commit[:10]})\n" in said
    assert "test_it.py::test_one is grossly slower than its baseline: " in said
    assert "2.50 times the slowest; for a verdict: pytest-against gate" in said
    _, summary = said.split("times the baseline, one process each")
    assert all(f"  test_it.py::test_{name}\n" in summary for name in ("one", "two"))
    assert "2 of 3 rows; one process is no sample, for a verdict: pytest-against gate" in summary
    assert "is too busy to tell whether a row is grossly slower: 1 row, test_it.py::t" in summary
    benchmarks = json.loads(Path("a.json").read_text())["benchmarks"]
    factors = {each["name"]: each["extra_info"].get("baseline_factor") for each in benchmarks}
    assert "test_one" not in factors
    assert 0 < factors["test_fast"] < 1 < factors["test_two"]
    assert factors["test_unknown"] is None


def test_what_is_slower_and_not_grossly_passes(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    store()
    monkeypatch.setattr(beside, "grossly_slower", lambda *_: None)
    outcomes, _, said = ran()
    assert outcomes["one"] == "passed"
    assert "2 of 3 rows; one process is no sample" in said
    assert "too busy" not in said


def test_one_measurement_at_a_time(
    ran: Ran,
    pytester: pytest.Pytester,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beside, "_WAIT", 0.1)
    with around.only_one():
        found = pytester.inline_run("--benchmark-only")
        assert found.ret == pytest.ExitCode.USAGE_ERROR
        lines = capsys.readouterr().err.splitlines()
        waits, refused = (line for line in lines if "another measurement" in line)
        owner = f"another measurement runs on this machine: process {os.getpid()} in {Path.cwd()}, "
        assert waits.startswith(owner)
        assert waits.endswith(" s; waiting for up to 0.1 s until it is done")
        assert refused.startswith(f"ERROR: {owner}for ")
        assert refused.endswith(" s; wait until it is done, or end it")

    class Second:
        def pytest_collection_finish(self) -> None:
            with pytest.raises(CannotJudgeError, match="another measurement"), around.only_one():
                pytest.fail("two measure")

    for _ in range(2):  # the lock goes with the run
        assert ran(plugin=Second())[0]["one"] == "passed"


def test_a_plain_run_begins_once_another_measurement_is_done(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with ExitStack() as other:
        other.enter_context(around.only_one())

        def say(words: str) -> None:
            said.append(words)
            other.close()

        monkeypatch.setattr(around, "_say", say)
        assert ran()[0]["one"] == "passed"
    (words,) = said
    assert words.endswith("; waiting for up to 600 s until it is done")


OTHER_CLOCK = "its seconds are those of time.perf_counter, not of time.process_time"


@pytest.mark.parametrize(
    "machine, argv, words",
    [
        (None, [], "none for this class of machines; record one: pytest-against baseline"),
        ({"cpu": "another"}, [], "not used: "),
        ({}, ["--benchmark-timer=time.process_time"], f"not used: {OTHER_CLOCK}"),
    ],
)
def test_where_times_have_nothing_to_be_held_against_the_header_says_so(
    ran: Ran, machine: dict[str, str] | None, argv: list[str], words: str
) -> None:
    if machine is not None:
        store(**machine)
    outcomes, _, said = ran(*argv)
    assert outcomes["one"] == "passed"
    assert f"\nbaseline: {words}" in said
    assert "times the baseline" not in said


def test_a_setting_that_is_wrong_is_one_line(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    pytester.makepyprojecttoml("[tool.pytest]\nagainst_baselines = ['x']\n")
    assert pytester.inline_run("--benchmark-only").ret == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, capsys.readouterr().err.splitlines())
    assert line.startswith("ERROR: ")
    assert "'against_baselines' expects a string, got list: ['x']; write text" in line
    with around.only_one():  # the lock went with it
        pass


@pytest.mark.parametrize("argv", [["--benchmark-disable"], ["--against=x", "--benchmark-only"], []])
def test_it_stands_aside_elsewhere(pytester: pytest.Pytester, argv: list[str]) -> None:
    config = pytester.parseconfigure(*argv)
    assert not config.pluginmanager.has_plugin("against-beside")


def test_disabled_benchmarks_have_no_times(ran: Ran) -> None:
    class Disabling:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(self, item: pytest.Item) -> None:
            session: Any = item.config._benchmarksession  # type: ignore[attr-defined]  # noqa: SLF001
            session.disabled = True

    store()
    assert ran("-k", "one", plugin=Disabling())[:2] == ({"one": "passed"}, 5)


SLOWEST = replace(
    simulated.stored().rows[simulated.A],
    recordings=((0.5, 0.7), (0.6, 0.4)),
    seconds=(1.0, 4.0, 2.0),
)


@pytest.mark.parametrize(
    "times, factor",
    [
        ([1.0], None),
        ([1.49], None),
        ([9.0, 1.49], None),
        ([9.0, 9.0, 1.0], None),
        ([9.0, 0.0], math.nan),  # no calm
        ([1.51, 2.0, 9.0], 1.51),
        ([9.0, 5.0, 7.0], 5.0),
    ],
)
def test_gross_is_half_as_much_again_as_the_slowest_trial_at_each_of_three_moments(
    monkeypatch: pytest.MonkeyPatch, times: list[float], factor: float | None
) -> None:
    clocks, pauses, left = list[float](), list[float](), iter(times)

    def clock(seconds: float) -> SimpleNamespace:
        clocks.append(seconds)
        return SimpleNamespace(seconds=1e-5)

    def absolute(*_: object) -> list[float]:
        found = next(left)
        return [1e-5 * found * math.exp(0.7)] * (3 if found else 2)

    monkeypatch.setattr(beside, "Clock", clock)
    monkeypatch.setattr(beside, "absolute", absolute)
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert grossly_slower(Call(sum), SLOWEST) == (factor and pytest.approx(factor, nan_ok=True))
    assert pauses == [0.0, 0.3, 0.3][: len(times)]
    assert clocks == [pytest.approx(2.0 * math.exp(-0.55))]  # calm is what it was then


def test_of_what_has_no_calm_it_is_not_known() -> None:
    row = replace(SLOWEST, seconds=(1e-30, 3e-30))  # no machine is as fast as that
    assert math.isnan(grossly_slower(Call(lambda: None), row) or 0.0)
