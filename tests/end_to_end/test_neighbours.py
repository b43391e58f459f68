"""The suite of this project beside other plugins: it runs, or says in one line what it refuses.

What is not installed is skipped; the dependency group `neighbours` has them all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from tests.end_to_end.conftest import FEW, TOY, Project

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("home")]

ROOT: Final = Path(__file__).parents[2]
FAST: Final = ("--benchmark-max-time=0.01", "-k=maximum and float32-1e3 and forward")
ROWS: Final = 3


def ran(*argv: str, **more: str) -> tuple[int, str]:
    """Run the benchmarks of this project; return the exit code and what was said."""
    # Without a baseline, whose times no busy machine has.
    options = ("--override-ini=against_baselines=none", *FAST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "benchmarks", *options, *argv],
        cwd=ROOT,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def needs(*modules: str) -> None:
    for module in modules:
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


@pytest.mark.parametrize(
    "module, argv, times",
    [
        ("pytest_asyncio", [], 1),
        ("pytest_repeat", ["--count=2"], 2),
        ("pytest_rerunfailures", ["--reruns=2"], 1),
        ("pytest_randomly", ["-p", "randomly"], 1),
        ("pytest_timeout", ["--timeout=60"], 1),
        ("xdist", ["-n", "0"], 1),
        ("pytest_cov", ["--cov=relu_impls", "--cov-report="], 1),
        ("pytest_codspeed", [], 1),
        ("pytest_run_parallel", [], 1),
    ],
)
def test_with_these_it_times_the_rows_that_were_asked_for(
    tmp_path: Path, module: str, argv: Sequence[str], times: int
) -> None:
    needs(module)
    saved = tmp_path / "saved.json"
    more = {"COVERAGE_FILE": str(tmp_path / "coverage")}
    code, said = ran("--benchmark-only", f"--benchmark-json={saved}", *argv, **more)
    assert code == 0, said
    assert len(json.loads(saved.read_text())["benchmarks"]) == ROWS * times


@pytest.mark.parametrize(
    "module, argv, words",
    [
        ("xdist", ["--benchmark-only", "-n", "2"], "pytest-xdist runs tests side by side"),
        ("pytest", ["--benchmark-only", "--benchmark-disable"], "with --benchmark-disable there"),
        ("pytest_codspeed", ["--codspeed"], "--codspeed or CODSPEED_ENV switches pytest-benchmark"),
        ("pytest_codspeed", ["--codspeed", "--benchmark-only"], "--codspeed or CODSPEED_ENV switc"),
        (
            "pytest_run_parallel",
            ["--benchmark-only", "--parallel-threads=2"],
            "pytest-run-parallel runs each test side by side with itself",
        ),
    ],
)
def test_these_are_refused_in_one_line(module: str, argv: Sequence[str], words: str) -> None:
    needs(module)
    code, said = ran(*argv)
    assert code == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in said.splitlines() if line.startswith("ERROR: ")]
    assert line.startswith(f"ERROR: {words}")
    assert "Traceback" not in said


@pytest.mark.parametrize("name, value", [("PYTHONOPTIMIZE", "2"), ("NPY_ENABLE_CPU_FEATURES", "X")])
def test_these_variables_do_not_stop_it(name: str, value: str) -> None:
    code, said = ran("--benchmark-only", **{name: value})
    assert code == 0, said


def test_a_suite_in_codspeeds_style_is_judged_where_its_plugin_is_switched_on(
    project: Callable[..., Project],
) -> None:
    needs("pytest_codspeed")
    marked = """
import pytest
from pytest_codspeed import BenchmarkFixture
from toy import text, total

@pytest.mark.benchmark(max_rounds=3)
def test_text():
    text(10)

def test_total(benchmark: BenchmarkFixture):
    benchmark(total, 10)
"""
    it = project({**TOY, "benchmarks/test_toy.py": marked}, CODSPEED_ENV="runner")
    done = it.against(*FEW, "--codspeed")
    assert done.code in {0, 3}, done.err
    assert done.rows.keys() == {"test_text", "test_total"}
