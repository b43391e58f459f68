"""What ``pytest --benchmark-only`` gets: the lock, a look at the baseline, and no false times."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_against import beside, cli, commands, saved
from pytest_against.machine import this_machine
from pytest_against.model import rows_of
from tests.against import runs

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home")

HERE = this_machine()
CLASS = Path("benchmarks/baselines", HERE.class_name, "0000_baseline.json")
NODES = tuple(f"test_it.py::test_{name}" for name in ("one", "two", "three", "silent"))
TESTS = """
def test_one(benchmark):
    benchmark(sum, range(50))

def test_two(benchmark):
    benchmark.pedantic(sum, (range(50),), rounds=20)

def test_three(benchmark):
    assert benchmark(sum, range(3)) == 4

def test_unknown(benchmark):
    benchmark(sum, range(50))

def test_silent(benchmark):
    pass

def test_plain():
    pass
"""
FAST = ("--benchmark-max-time=0", "--benchmark-min-rounds=5", "--benchmark-warmup=off")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "keep_memory", lambda: True)  # it would stay for other tests


def stored(seconds: float, **machine: str) -> None:
    """Store a baseline in which each call takes so long."""
    rows = rows_of({node: {"file": "test_it.py"} for node in NODES})
    about = replace(
        runs.ABOUT,
        machine={**HERE.as_dict(), **machine},
        rows={node: saved.BaselineRow(row=row) for node, row in rows.items()},
    )
    trial = dict.fromkeys(NODES, saved.Timing(0.0, seconds))
    saved.write_baseline(runs.recorded([[trial] * 3, [trial] * 3], about), CLASS)


def ran(pytester: pytest.Pytester, *argv: str) -> tuple[dict[str, str], int]:
    """Return how tests ended, and the exit code."""
    pytester.makepyfile(test_it=TESTS)
    found = pytester.inline_run("--benchmark-only", *FAST, *argv)
    calls = [r for r in found.getreports("pytest_runtest_logreport") if r.when == "call"]
    outcomes: dict[str, str] = {r.nodeid.partition("::test_")[2]: r.outcome for r in calls}
    return outcomes, int(found.ret or 0)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


def header(capsys: pytest.CaptureFixture[str]) -> str:
    return next(line for line in said(capsys).splitlines() if line.startswith("baseline: "))


def test_times_as_in_the_baseline_pass(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(seconds=1.0)
    outcomes, _ = ran(pytester, "--benchmark-json=a.json")
    assert (outcomes["one"], outcomes["two"], outcomes["three"]) == ("passed", "passed", "failed")
    shown = said(capsys)
    assert f"baseline: {runs.ABOUT.recorded} ({runs.ABOUT.commit[:10]})" in shown
    assert "times the baseline" not in shown
    benchmarks = json.loads(Path("a.json").read_text())["benchmarks"]
    factors = {each["name"]: each["extra_info"].get("baseline_factor") for each in benchmarks}
    assert factors["test_one"] < 0.1
    assert factors["test_unknown"] is None


def test_what_looks_slower_is_shown_and_passes(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(seconds=1e-12)
    monkeypatch.setattr(beside, "grossly_slower", lambda *_: None)  # a busy moment has passed
    outcomes, _ = ran(pytester)
    assert (outcomes["one"], outcomes["two"]) == ("passed", "passed")
    shown = said(capsys)
    assert "times the baseline, one process each" in shown
    assert "2 of 2 rows; one process is no sample, for a verdict: pytest-against gate" in shown


def test_what_is_grossly_slower_fails_and_is_not_saved(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(seconds=1e-12)
    monkeypatch.setattr(
        beside, "grossly_slower", lambda asked, _: 2.5 if asked.setup is None else None
    )
    outcomes, code = ran(pytester, "-k", "one or two or unknown", "--benchmark-json=a.json")
    assert outcomes == {"one": "failed", "two": "failed", "unknown": "passed"}
    assert code == 1
    shown = said(capsys)
    assert f"{NODES[0]} is grossly slower than its baseline: " in shown
    assert "2.50 times the slowest; for a verdict: pytest-against gate" in shown
    benchmarks = json.loads(Path("a.json").read_text())["benchmarks"]
    assert [each["name"] for each in benchmarks] == ["test_unknown"]


@pytest.mark.parametrize(
    "argv, words",
    [
        (["-n", "2"], "--benchmark-disable is automatically activated if xdist is on"),
        (
            ["--benchmark-timer=time.perf_counter_ns"],
            "time.perf_counter_ns counts nanoseconds, which would be saved as seconds; leave out",
        ),
    ],
)
def test_what_would_mean_nothing_is_refused(
    pytester: pytest.Pytester, argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes, code = ran(pytester, *argv)
    assert (outcomes, code) == ({}, pytest.ExitCode.USAGE_ERROR)
    assert words in said(capsys)


def test_one_measurement_at_a_time(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    with cli.only_one():
        outcomes, code = ran(pytester)
        assert (outcomes, code) == ({}, pytest.ExitCode.USAGE_ERROR)
        assert "another measurement runs on this machine" in said(capsys)
    assert ran(pytester)[0]["one"] == "passed"
    assert ran(pytester)[0]["one"] == "passed"  # the lock goes with the run


def test_seconds_of_another_clock_are_not_compared(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(seconds=1e-12)
    outcomes, _ = ran(pytester, "--benchmark-timer=time.process_time")
    assert outcomes["one"] == "passed"
    assert "not used: its seconds are those of time.perf_counter, not of time.pro" in header(capsys)


def test_without_a_baseline_the_header_says_so(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(pytester)[0]["one"] == "passed"
    assert "none for this class of machines; record one: pytest-against baseline" in header(capsys)
    stored(seconds=1e-12, cpu="another")
    assert ran(pytester)[0]["one"] == "passed"
    assert "not used: " in header(capsys)


@pytest.mark.parametrize("argv", [["--benchmark-disable"], ["--against=x", "--collect-only"], []])
def test_it_stands_aside_elsewhere(
    pytester: pytest.Pytester, argv: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(commands, "gate", lambda *_: 3)
    pytester.makepyfile(test_it=TESTS)
    config = pytester.parseconfigure(*argv)
    assert not config.pluginmanager.has_plugin("against-beside")


def test_disabled_benchmarks_have_no_times(pytester: pytest.Pytester) -> None:
    stored(seconds=1e-12)
    pytester.makepyfile(test_it=TESTS)

    class Disabling:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(self, item: pytest.Item) -> None:
            session: Any = item.config._benchmarksession  # type: ignore[attr-defined]  # noqa: SLF001
            session.disabled = True

    options = ("--benchmark-only", *FAST, "-k", "one")
    pytester.inline_run(*options, plugins=[Disabling()]).assertoutcome(passed=1)
