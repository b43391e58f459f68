"""The commands that people run, each in a fresh process."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.expectations import load
from benchmarks.machine import this_machine
from benchmarks.pool import Pool
from benchmarks.suite import SUITE, all_rows, by_name, default_rows

ROOT: Final = Path(__file__).parents[1]
ROW: Final = "maximum-float32-1e3"
STORED: Final = load(SUITE.expectations, SUITE.command)["maximum[float32-1e3]"]
QUICK: Final = ("--benchmark-only", "--benchmark-max-time=0.01")

PLANT: Final = """\
import dataclasses, tracemalloc, warnings
import numpy as np
import benchmarks.suite

known = []

def planted(x):
{body}

methods = benchmarks.suite.METHODS
method = dataclasses.replace(methods[{name!r}], function=planted)
benchmarks.suite.METHODS = {{**methods, {name!r}: method}}
"""
"""A plugin that replaces the function of a method."""


def _plant(folder: Path, *body: str, name: str = "maximum") -> None:
    indented = "\n".join("    " + line for line in body)
    (folder / "plant.py").write_text(PLANT.format(body=indented, name=name))


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command."""

    exit: int
    output: str


def _python(*arguments: str, path: Path | None = None) -> Run:
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=kept | {"PYTHONPATH": str(path or "")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    return Run(done.returncode, done.stdout)


def _pytest(*arguments: str, rows: str = ROW, path: Path | None = None) -> Run:
    options = ["-p", "no:cacheprovider", "benchmarks", "-k", rows]
    return _python("-m", "pytest", *options, *arguments, path=path)


def _saved(path: Path) -> list[dict[str, Any]]:
    benchmarks: list[dict[str, Any]] = json.loads(path.read_text())["benchmarks"]
    return benchmarks


def test_benchmarks_are_skipped_by_default() -> None:
    run = _pytest()
    assert run.exit == 0
    assert "1 skipped" in run.output
    assert "passed" not in run.output


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "run.json"
    run = _pytest(*QUICK, f"--benchmark-json={path}", rows=f"{ROW} or copyto-float64-3e4-sorted")
    assert run.exit == 0, run.output
    assert "2 passed" in run.output
    return path


def test_saved_row_carries_its_exact_measures(saved: Path) -> None:
    info = next(b for b in _saved(saved) if ROW in b["name"])["extra_info"]
    assert info["workload_digest"] == STORED.workload_digest
    assert info["warnings"] == []
    for name in ("digest", "dtype", "passes", "touched_bytes"):
        assert info[name] == getattr(STORED.measures, name)
    assert 4000 <= info["peak_bytes"] < 6100


def test_saved_iterations_are_the_calls_of_a_round(saved: Path) -> None:
    for key, index in ((("maximum", "float32-1e3"), 0), (("copyto", "float64-3e4-sorted"), 1)):
        row = by_name(*key)
        bench = _saved(saved)[index]
        assert bench["stats"]["iterations"] == Pool(row.inputs()).copies
        assert bench["group"] == row.group
        assert bench["stats"]["rounds"] == len(bench["stats"]["data"]) >= 5


def test_saved_times_are_those_of_one_call(tmp_path: Path) -> None:
    source = "import itertools\ntime = itertools.count()\ndef tick():\n    return next(time)\n"
    (tmp_path / "ticks.py").write_text(source)
    path = tmp_path / "run.json"
    run = _pytest(*QUICK, "--benchmark-timer=ticks.tick", f"--benchmark-json={path}", path=tmp_path)
    assert run.exit == 0, run.output
    stats = _saved(path)[0]["stats"]
    assert stats["iterations"] > 1
    assert stats["min"] == stats["max"] == 1 / stats["iterations"]
    assert "baseline: not used: its seconds are those of time.perf_counter" in run.output


def test_saved_machine_is_the_class_of_machine_and_not_its_name(saved: Path) -> None:
    info = json.loads(saved.read_text())["machine_info"]
    assert info == this_machine().as_dict()
    assert platform.node() not in info.values()


def test_saved_runs_are_compared(tmp_path: Path) -> None:
    storage = f"file://{tmp_path}"
    for name in ("before", "after"):
        run = _pytest(*QUICK, f"--benchmark-storage={storage}", f"--benchmark-save={name}")
        assert run.exit == 0, run.output
    table = _python("-m", "pytest_benchmark", f"--storage={storage}", "compare")
    assert table.exit == 0
    now = _pytest(*QUICK, f"--benchmark-storage={storage}", "--benchmark-compare")
    assert now.exit == 0, now.output
    assert "INTERNALERROR" not in now.output
    for output, names in ((table.output, ["0001_befor", "0002_after"]), (now.output, ["NOW"])):
        assert all(f"test_forward[{ROW}] ({name}" in output for name in names)


def test_nothing_to_compare_with_is_said_and_is_no_crash(tmp_path: Path) -> None:
    run = _pytest(*QUICK, f"--benchmark-storage=file://{tmp_path}", "--benchmark-compare")
    assert run.exit == 0
    assert "Can't compare. No benchmark files" in run.output
    assert "INTERNALERROR" not in run.output


def test_choice_of_no_row_is_no_success() -> None:
    run = _pytest(*QUICK, rows="no_such_row")
    assert run.exit == pytest.ExitCode.NO_TESTS_COLLECTED, run.output


def test_rows_are_not_timed_side_by_side(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    path = tmp_path / "run.json"
    run = _pytest(*QUICK, "-n", "1", f"--benchmark-json={path}")
    assert run.exit == pytest.ExitCode.USAGE_ERROR, run.output
    assert "pytest-xdist is on" in run.output
    assert "leave out -n" in run.output
    assert not path.exists() or not path.read_text()


FAULTS: Final = {
    "wrong value": (
        ["return np.maximum(x, 0.25)"],
        ROW,
        ["diverges: result has 0.25 at [", "expected 0."],
    ),
    "wrong dtype": (
        ["return np.maximum(x, np.float64(0))"],
        ROW,
        ["diverges: result has dtype float64, expected float32"],
    ),
    "changes its input": (
        ["x[x < 0] = 0", "return x.copy()"],
        ROW,
        ["diverges: read-only argument x has 0.0 at [", "expected -0."],
    ),
    "returns its input": (
        ["return np.maximum(x, 0, out=x)"],
        ROW,
        ["diverges: read-only argument x has 0.0 at ["],
    ),
    "wrong once, after the warm-up": (
        ["known.append(x)", "x[0] = 9 if len(known) == 200 else x[0]", "return np.maximum(x, 0)"],
        ROW,
        ["diverges: read-only argument x has 9.0 at [0]"],
    ),
    "returns what it computed before": (
        [
            "if tracemalloc.is_tracing() or type(x) is not np.ndarray or not known:",
            "    known[:] = [np.maximum(x, 0)]",
            "return known[0]",
        ],
        "maximum-float64-1e6",
        [" is implausible: 16,000,000 bytes in ", " GB/s, but this machine moves "],
    ),
    "extra copy": (
        ["copy = x.copy()", "return np.maximum(copy, 0)"],
        ROW,
        ["peak_bytes is 8,", "expected 4,", "passes is 2, expected 1", "16,000, expected 8,000"],
    ),
    "extra warning": (
        ["warnings.warn('slow', UserWarning, stacklevel=1)", "return np.maximum(x, 0)"],
        ROW,
        ["warnings is UserWarning, expected none"],
    ),
}


@pytest.mark.parametrize("body, row, words", FAULTS.values(), ids=FAULTS)
def test_fault_fails_the_row_in_words_and_keeps_it_from_being_saved(
    body: list[str], row: str, words: Sequence[str], tmp_path: Path
) -> None:
    _plant(tmp_path, *body)
    path = tmp_path / "run.json"
    rows = f"maximum-{row.removeprefix('maximum-')} or fmax-float32-1e3"
    run = _pytest("-p", "plant", *QUICK, f"--benchmark-json={path}", rows=rows, path=tmp_path)
    assert run.exit == 1, run.output
    message = next(line for line in run.output.splitlines() if line.startswith("maximum["))
    assert message.startswith(f"maximum[{row.removeprefix('maximum-')}]")
    assert [word for word in words if word not in message] == []
    assert "Traceback" not in run.output
    assert "1 failed, 1 passed" in run.output
    assert [bench["name"] for bench in _saved(path)] == ["test_forward[fmax-float32-1e3]"]


@pytest.mark.parametrize(
    "body",
    ["return np.maximum(x, 1)", "assert type(x) is np.ndarray; return np.maximum(x, 0)"],
    ids=["before it is timed", "after it was timed"],
)
def test_run_in_which_every_row_failed_saves_no_row(body: str, tmp_path: Path) -> None:
    _plant(tmp_path, body)
    path = tmp_path / "run.json"
    run = _pytest("-p", "plant", *QUICK, f"--benchmark-json={path}", path=tmp_path)
    assert run.exit == 1
    assert "1 failed" in run.output
    assert not path.exists() or _saved(path) == []


def test_every_call_of_an_in_place_method_gets_data_that_are_not_rectified(tmp_path: Path) -> None:
    body = ("assert (x < 0).any()", "return np.maximum(x, 0, out=x)")
    _plant(tmp_path, *body, name="maximum_inplace")
    # The assertion is two passes more; they are told only after every timed call succeeded.
    run = _pytest("-p", "plant", *QUICK, rows="maximum_inplace-float32-1e3", path=tmp_path)
    assert "passes is 3, expected 1" in run.output
    assert "AssertionError" not in run.output


def _collected(*arguments: str) -> Run:
    options = ["-p", "no:cacheprovider", "--collect-only", "-q", "--benchmark-only"]
    return _python("-m", "pytest", *options, *arguments)


@pytest.mark.parametrize(
    "selection, word",
    [
        (["benchmarks", "-k", "article"], "article"),
        (["benchmarks/test_article.py"], "article"),
        (["benchmarks", "-k", "1E6"], "1e6"),
        (["benchmarks", "-k", "1e3x1e3"], "1e3x1e3"),
        (["benchmarks/test_inplace.py::test_inplace[copyto-float64-1e6]"], "copyto[float64-1e6]"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_large_rows_are_collected_when_they_are_asked_for(selection: list[str], word: str) -> None:
    found = [line for line in _collected(*selection).output.splitlines() if "::" in line]
    assert sorted(found) == sorted(row.fullname for row in all_rows() if word in row.name)


def test_large_rows_are_left_out_by_default_and_the_header_says_how_to_run_them() -> None:
    run = _collected("benchmarks", "-v")
    assert f"{len(default_rows())}/{len(all_rows())} tests" in run.output
    assert "left out unless asked for: -k 1e6, -k 1e3x1e3, -k article" in run.output
    assert not [
        row for row in all_rows() if row.asked_as and f"[{row.method}-{row.workload}]" in run.output
    ]


@pytest.mark.slow
def test_article_shows_what_rectified_data_do_to_a_figure() -> None:
    quick = ("--benchmark-only", "--benchmark-max-time=0.1", "--benchmark-min-rounds=1")
    run = _pytest(*quick, rows="article and mask_assign")
    assert run.exit == 0, run.output
    assert "2 passed" in run.output
    section = run.output.partition("fresh and rectified")[2]
    assert "mask_assign: " in section
    assert " ms on rectified data" in section
