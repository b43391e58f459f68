"""Other tools are asked about the same rows, and what they say is read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from benchmarks.results import rivals
from benchmarks.workloads import WORKLOADS
from pytest_against.model import CannotJudgeError
from relu_impls import METHODS, Kind
from tests.against.repository import git, put

ROW: Final = "relu[float32-1e3]"
ASV: Final = """
| Change   | Before [a2fc5e1d] <main~1> | After [9770d3be] <main> | Ratio | Benchmark (Parameter) |
|----------|------------|-------------|---------|--------------------------------------------------|
| +        | 5.12±0.7μs | 10.1±0.8μs  |    1.98 | rows.Rows.time_row('maximum_zeros[float32-1e3]') |
|          | 19.3±1μs   | 19.6±0.8μs  |    1.02 | rows.Rows.time_row('maximum_zeros[float32-3e4]') |
| -        | 19.3±1μs   | 9.6±0.8μs   |    0.50 | rows.Rows.time_row('fmax[float32-3e4]')          |
| ~        | 19.3±9μs   | 29.6±8μs    |   ~1.50 | rows.Rows.time_row('clip[float32-3e4]')          |
"""


def test_what_asv_calls_slower_is_read_from_its_table() -> None:
    rows = {"fmax[float32-3e4]", "clip[float32-3e4]"}
    rows |= {f"maximum_zeros[float32-{size}]" for size in ("1e3", "3e4")}
    assert rivals.slower(ASV) == ({"maximum_zeros[float32-1e3]"}, rows)


def test_rows_that_write_over_what_they_read_are_left_out() -> None:
    found = rivals.rows_of("(maximum or relu or backward) and float32-1e3")
    assert found[ROW] == "relu"
    kinds = {METHODS[method].kind for method in found.values()}
    assert Kind.OUT in kinds
    assert not kinds & {Kind.IN_PLACE, Kind.BACKWARD_IN_PLACE}


@pytest.mark.parametrize("name", [ROW, "relu_backward[float32-1e3]"])
def test_a_row_is_called_as_the_suite_calls_it(name: str) -> None:
    space: dict[str, Any] = {}
    exec(rivals.ROWS.format(root="here", names=[name]), space)  # noqa: S102 - as tools do
    sys.path.remove("here")
    function, arguments = space["ready"](name)
    method, workload = METHODS[name.partition("[")[0]], WORKLOADS["float32-1e3"]
    right = method.function(*(workload.operands(each)[0] for each in method.kind.arguments))
    np.testing.assert_array_equal(function(*arguments), right)


def test_both_sides_of_codspeed_are_compared_by_their_medians(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        stats = {"median_ns": 130.0 if cwd.name == "new" else 115.0}
        rows = {"benchmarks": [{"name": f"test_row[{ROW}]", "stats": stats}]}
        put(cwd, ".codspeed/results_1.json", json.dumps(rows))
        return subprocess.CompletedProcess(command, 0, "", "")

    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(rivals, "rows_of", lambda _: {ROW: "relu"})
    found = rivals.codspeed(tmp_path / "old", tmp_path / "new", sys.executable, "")
    assert {rule: ROW in red for rule, red in found.red.items()} == {
        "codspeed median:5%": True,
        "codspeed median:10%": True,
        "codspeed median:20%": False,
    }


@pytest.mark.parametrize("lost", [False, True])
def test_asv_compares_both_as_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lost: bool
) -> None:
    before, after = tmp_path / "before", tmp_path / "after_"
    for root, text in ((before, "old"), (after, "new")):
        put(root, "relu_impls/m.py", text)
        git(root, "init", "--quiet", "--initial-branch=main")
    done: list[str] = []

    def run(command: list[str], root: Path, codes: Collection[int] = (0,)) -> str:
        done.append(command[3])
        assert (root, codes) == (tmp_path, {"machine": (0,), "setup": {1}}.get(done[-1], {0, 1}))
        return "" if lost else f"| + | 1 | 2 | 2.0 | rows.Rows.time_row('{ROW}') |"

    monkeypatch.setattr(rivals, "run", run)
    monkeypatch.setattr(rivals, "rows_of", lambda _: {ROW: "relu"})
    judged = partial(rivals.asv, before, after, "python", "")
    if lost:
        with pytest.raises(CannotJudgeError, match=r"asv timed 0 rows, and not relu\[float32-1e3"):
            judged()
    else:
        assert judged().red == {"asv continuous": {ROW}}
    assert done == ["machine", "setup", "continuous"]
    texts = [git(before, "show", f"{name}:relu_impls/m.py") for name in ("main~1", "main")]
    assert texts == ["old", "new"]
