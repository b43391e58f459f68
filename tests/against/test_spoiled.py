"""A run of pytest-benchmark that times nothing, or not in seconds, is never green."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_against import beside
from pytest_against.spoiled import in_seconds

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home")

FAST = ("--benchmark-max-time=0", "--benchmark-min-rounds=1", "--benchmark-warmup=off")
NEIGHBOURS = """
def pytest_addoption(parser):
    parser.addoption("--codspeed", action="store_true")
    parser.addoption("--parallel-threads", default=1)
"""
TESTS = """
import time, pytest

def test_right(benchmark):
    benchmark(abs, -1)

def test_wrong(benchmark):
    assert benchmark(abs, -1) == 2

def test_left(benchmark):
    benchmark(abs, -1)
    pytest.skip("not today")

@pytest.mark.xfail(reason="known")
def test_known(benchmark):
    assert not benchmark(abs, -1)

def test_halfway(benchmark):
    benchmark(lambda: pytest.fail("within the call"))

@pytest.fixture
def broken():
    yield
    raise ValueError("late")

def test_torn(benchmark, broken):
    benchmark(abs, -1)

@pytest.mark.benchmark(timer=time.perf_counter_ns)
def test_ticks(benchmark):
    benchmark(abs, -1)

@pytest.mark.benchmark(timer=time.process_time)
def test_clock(benchmark):
    benchmark.pedantic(sum, (range(10000),), iterations=5)

def test_silent(benchmark):
    pass

def test_other():
    pass
"""


@pytest.fixture
def ran(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Run tests; return the exit code, and what was said."""
    monkeypatch.setattr(beside, "keep_memory", lambda: True)  # it would stay for other tests
    pytester.makeconftest(NEIGHBOURS)
    pytester.makepyfile(TESTS)

    def run(*argv: str) -> tuple[int, str]:
        found = pytester.inline_run(*FAST, *argv)
        return int(found.ret or 0), "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize(
    "timer, known",
    [
        (time.perf_counter, True),
        (time.process_time, True),
        (time.monotonic, True),
        (time.time, True),
        (time.perf_counter_ns, False),
        (time.time_ns, False),
        (lambda: time.perf_counter() * 1e3, False),
    ],
)
def test_a_clock_of_seconds_is_told_from_one_of_less(timer: Any, *, known: bool) -> None:
    assert in_seconds(timer) is known


REFUSED = {
    "--dist=load": "pytest-xdist runs tests side by side, which has no times; leave out -n",
    "--codspeed": "pytest-codspeed stands in for pytest-benchmark; leave out --codspeed",
    "--parallel-threads=2": "pytest-run-parallel runs each test side by side with itself",
    "--benchmark-disable": "with --benchmark-disable there are no times; leave it out",
    "--benchmark-timer=time.time_ns": "time.time_ns does not count seconds, as which it is saved",
}


SAVES = ("--benchmark-json=a.json", "--benchmark-save=a", "--benchmark-autosave")


@pytest.mark.parametrize("option", REFUSED)
@pytest.mark.parametrize("asked", ["--benchmark-only", *SAVES])
def test_what_has_no_times_is_refused_in_one_line(
    ran: Callable[..., tuple[int, str]], asked: str, option: str
) -> None:
    code, said = ran(asked, option)
    assert code == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in said.splitlines() if line.startswith("ERROR: ")]
    assert line.startswith(f"ERROR: {REFUSED[option]}")
    assert "Traceback" not in said


def test_the_runner_of_codspeed_is_refused_too(
    ran: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODSPEED_ENV", "runner")
    assert ran("--benchmark-only", "-k", "right")[0] == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    "chosen, code, timed",
    [("right", 0, True), ("right or left", 0, True)]
    + [(name, 5, False) for name in ("left", "known", "silent", "other", "known or silent")],
)
def test_nothing_timed_is_no_success(
    ran: Callable[..., tuple[int, str]], chosen: str, code: int, *, timed: bool
) -> None:
    found, said = ran("--benchmark-only", "-k", chosen)
    assert (found, "no benchmark was timed" in said) == (code, not timed)


@pytest.mark.parametrize("only", [["--benchmark-only"], []])
def test_only_what_passed_in_seconds_is_saved(
    ran: Callable[..., tuple[int, str]], only: list[str]
) -> None:
    code, said = ran("--benchmark-json=a.json", *only)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "its timer time.perf_counter_ns does not count seconds" in said.replace(
        "<built-in function perf_counter_ns>", "time.perf_counter_ns"
    )
    benchmarks = json.loads(Path("a.json").read_text())["benchmarks"]
    assert [each["name"] for each in benchmarks] == ["test_right", "test_clock"]


def test_where_benchmarks_are_not_all_that_was_asked_for_none_is_no_matter(
    ran: Callable[..., tuple[int, str]],
) -> None:
    assert ran("-k", "other")[0] == 0
    addopts = "addopts=--benchmark-disable --benchmark-json=a.json"  # which other runs may have
    assert ran("-k", "right", "-o", addopts)[0] == 0
    assert ran("-k", "right", "--benchmark-only", "--collect-only")[0] == 0
    assert ran("-k", "right", "-p", "no:benchmark")[0] == pytest.ExitCode.USAGE_ERROR
