"""Recording a baseline, and what refuses to replace it; in fresh processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from benchmarks.baselines import path_for
from benchmarks.machine import this_machine

pytestmark = pytest.mark.skipif(
    bool(np.lib.NumpyVersion(np.__version__) < "2.3.0"),
    reason="NumPy 2.0 takes one more cast buffer for a row than is stored, and rightly fails",
)

ROOT: Final = Path(__file__).parents[1]
ROWS: Final = ("--rows", "maximum and 1e3")


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command."""

    exit: int
    output: str


def run(tree: Path, *arguments: str) -> Run:
    # Coverage is of this project, and not of copies of it.
    unset = ("COV", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=tree,
        env=kept | {"PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return Run(done.returncode, done.stdout)


def stored(tree: Path) -> Path:
    return path_for(this_machine(), tree / "benchmarks" / "baselines")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a baseline of few trials."""
    tree = tmp_path_factory.mktemp("project")
    for name in ("relu_impls", "benchmarks"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("baselines"))
    suite = tree / "benchmarks" / "suite.py"
    # One workload is enough to see what is stored, and ten would take minutes.
    every, one = "in WORKLOADS.values()", "in list(WORKLOADS.values())[:1]"
    assert every in suite.read_text("utf-8")
    suite.write_text(suite.read_text("utf-8").replace(every, one), "utf-8")
    found = run(tree, "baseline", "--trials", "4")
    assert found.exit == 0, found.output
    return tree


@pytest.fixture
def tree(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded, tmp_path / "tree")
    return tmp_path / "tree"


def edit(path: Path, times: float) -> None:
    """Let the baseline claim that every row took so many times less."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for benchmark in found["benchmarks"]:
        extra = benchmark["extra_info"]
        extra["recordings"] = [
            [v - times + 0.001 * i for i, v in enumerate(r)]
            for r in (extra["recordings"][0] * 5,) * 2
        ]
    path.write_text(json.dumps(found), "utf-8")


@pytest.mark.slow
def test_a_recorded_baseline_is_what_the_gate_reads(tree: Path) -> None:
    found = run(tree, "gate", *ROWS, "--trials", "8")
    assert found.exit in {0, 3}, found.output
    assert "against the baseline of" in found.output
    assert "software since the baseline: unchanged" in found.output


@pytest.mark.slow
def test_a_gross_slowdown_is_red(tree: Path) -> None:
    edit(stored(tree), 2.0)
    found = run(tree, "gate", *ROWS)
    assert found.exit == 1, found.output
    assert "regressed" in found.output


@pytest.mark.slow
def test_a_change_for_the_worse_is_not_recorded_without_a_reason(tree: Path) -> None:
    edit(stored(tree), 2.0)
    before = stored(tree).read_bytes()
    refused = run(tree, "baseline", "--trials", "4")
    assert refused.exit == 1, refused.output
    assert "--accept" in refused.output
    assert stored(tree).read_bytes() == before


def test_without_a_baseline_the_gate_names_the_command_that_records_it(tree: Path) -> None:
    stored(tree).unlink()
    found = run(tree, "gate", *ROWS)
    assert found.exit == 2
    assert "record it: python -m benchmarks baseline" in found.output
    assert len(found.output.splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]"])
def test_a_broken_baseline_is_an_error_of_one_line(tree: Path, content: bytes) -> None:
    stored(tree).write_bytes(content)
    found = run(tree, "gate", *ROWS)
    assert found.exit == 2
    assert "is not a baseline" in found.output
    assert len(found.output.splitlines()) == 1


def test_a_broken_baseline_is_not_replaced_without_a_reason(tree: Path) -> None:
    stored(tree).write_bytes(b"{")
    found = run(tree, "baseline", "--trials", "4")
    assert found.exit == 2
    assert '--accept "it was broken"' in found.output
    assert stored(tree).read_bytes() == b"{"
