"""The benchmark suite: which rows it has, which of them run, and what is saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest

import benchmarks
from benchmarks import conftest as plugin
from benchmarks.rows import all_rows, parameters
from benchmarks.workloads import WORKLOADS, Signs
from relu_impls import METHODS, Kind, Method
from relu_impls.methods import ARTICLE
from tests.relu.calls import every_method

FOLDER: Final = Path(benchmarks.__file__).parent
BASELINES: Final = sorted(FOLDER.glob("baselines/*/*.json"))
ROWS: Final = all_rows()
DEFAULT: Final = [row for row in ROWS if not row.asked_as]


@pytest.mark.parametrize("path", BASELINES, ids=lambda path: path.parent.name)
def test_rows_are_those_of_the_stored_baselines(path: Path) -> None:
    stored = json.loads(path.read_text())["benchmarks"]
    assert [row.node for row in DEFAULT] == [bench["fullname"] for bench in stored]
    assert [row.group for row in DEFAULT] == [bench["group"] for bench in stored]
    infos = [bench["extra_info"] for bench in stored]
    digests = [info.get("inputs", info.get("workload_digest")) for info in infos]
    assert [row.workload.digest for row in DEFAULT] == digests


def test_some_baseline_is_stored() -> None:
    assert BASELINES


def test_nodes_are_unique() -> None:
    assert [node for node, count in Counter(row.node for row in ROWS).items() if count > 1] == []


@every_method
def test_method_runs_on_every_random_workload_whose_dtype_it_accepts(method: Method) -> None:
    found = [row.workload.name for row in DEFAULT if row.method is method]
    wanted = [
        w.name
        for w in WORKLOADS.values()
        if (w.signs is Signs.RANDOM or method.contract.data_dependent)
        and not w.asked_as
        and method.contract.accepts(np.dtype(w.dtype))
    ]
    assert found == wanted != []


def test_rows_to_ask_for() -> None:
    asked = Counter(row.asked_as for row in ROWS if row.asked_as != "article")
    assert asked == {"": len(DEFAULT), "1e6": 2 * len(METHODS), "1e3x1e3": len(METHODS)}


def test_article_runs_each_of_its_methods_and_those_in_place_twice() -> None:
    found = Counter(row.method.name for row in ROWS if row.asked_as == "article")
    assert found == {
        name: 2 if method.kind is Kind.IN_PLACE else 1
        for name, method in METHODS.items()
        if method.source == ARTICLE or name in {"relu", "relu_out", "relu_inplace"}
    }
    assert {row.group for row in ROWS if "article" in row.node} == {
        "forward article",
        "derivative article",
    }


def test_every_row_is_timed_by_its_test() -> None:
    for test in {row.test for row in ROWS}:
        found = [f"::{test}[{'-'.join(map(str, p.values))}]" for p in parameters(test)]
        assert found == ["::" + row.node.partition("::")[2] for row in ROWS if row.test == test]


@pytest.mark.parametrize(
    "keyword, arguments, words",
    [
        ("", ["benchmarks"], ""),
        ("", ["/article/1e6"], ""),
        ("article and relu", [], "article"),
        ("1E6", [], "1e6"),
        ("1e3x1e3 or 1e6", [], "1e3x1e3 1e6"),
        ("", ["benchmarks/test_article.py"], "article"),
        ("", ["a.py", "benchmarks/test_inplace.py::test_inplace[copyto-float64-1e6]"], "1e6"),
    ],
)
def test_large_rows_run_when_they_are_asked_for(
    keyword: str, arguments: list[str], words: str
) -> None:
    left_out: list[Any] = []
    config: Any = SimpleNamespace(
        args=arguments,
        option=SimpleNamespace(keyword=keyword),
        hook=SimpleNamespace(pytest_deselected=lambda *, items: left_out.extend(items)),
    )
    items: list[Any] = [
        SimpleNamespace(path=FOLDER / "renamed.py", callspec=SimpleNamespace(params=params))
        for params in [{"workload": row.workload.name, "repeat": 1} for row in ROWS]
    ]
    others: list[Any] = [
        SimpleNamespace(path=FOLDER / "plain.py"),
        SimpleNamespace(path=FOLDER / "x.py", callspec=SimpleNamespace(params={"a": 1})),
        SimpleNamespace(path=Path("x.py"), callspec=SimpleNamespace(params={"workload": "1e6"})),
    ]
    kept = [
        item for item, row in zip(items, ROWS, strict=True) if row.asked_as in ("", *words.split())
    ]
    every = [*items, *others]
    plugin.pytest_collection_modifyitems(config, every)
    assert every == [*kept, *others]
    assert left_out == [item for item in items if item not in kept]


def _pytest(*arguments: str, path: str, python: Sequence[str] = ()) -> Any:
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTEST_ADDOPTS", "PYTEST_AGAINST"}}
    return subprocess.run(
        # Without baselines: how long a row takes here is no matter.
        [sys.executable, *python, "-m", "pytest", "-o", "against_baselines=none", *arguments],
        cwd=FOLDER.parent,
        env=kept | {"PYTHONPATH": os.pathsep.join([path, *sys.path]), "HOME": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_collected_nodes_are_the_rows_by_file(tmp_path: Path) -> None:
    run = _pytest("benchmarks", "--benchmark-only", "--collect-only", "-q", path=str(tmp_path))
    found = [line for line in run.stdout.splitlines() if "::" in line]
    tests = ["test_forward", "test_derivative", "test_backward", "test_inplace"]
    assert found == [row.node for test in tests for row in DEFAULT if row.test == test]
    assert f"{len(ROWS) - len(DEFAULT)} deselected" in run.stdout


PLANT: Final = """\
import dataclasses
import sys

def pytest_collection_finish(session):
    suite = sys.modules["benchmarks.conftest"]
    methods, works = suite.METHODS, suite.WORKLOADS
    wrong = dataclasses.replace(methods["maximum"], function=lambda x: abs(x))
    broken = dataclasses.replace(methods["fmax"], function=lambda x: x.nothing)
    suite.METHODS = {**methods, "maximum": wrong, "fmax": broken}
    changed = dataclasses.replace(works["float64-1e3"], digest="0")
    suite.WORKLOADS = {**works, "float64-1e3": changed}
    for name in ("article", "article-rectified"):
        small = dataclasses.replace(works[name], shape=(30, 50))
        suite.WORKLOADS[name] = dataclasses.replace(small, digest=small.measured_digest())
"""


@pytest.mark.parametrize("python", [(), ("-O",)], ids=" ".join)
def test_only_rows_that_passed_are_saved(python: Sequence[str], tmp_path: Path) -> None:
    (tmp_path / "plant.py").write_text(PLANT)
    path = tmp_path / "run.json"
    methods = "maximum or fmax or heaviside or mask_assign"
    run = _pytest(
        *("benchmarks", "-p", "plant", "--benchmark-only", "--benchmark-max-time=0.01"),
        *("--assert=plain", "-W", "ignore::pytest.PytestConfigWarning", f"--benchmark-json={path}"),
        *("-k", f"({methods}) and float32-1e3 or relu-float64-1e3 or mask_assign-article"),
        python=python,
        path=str(tmp_path),
    )
    assert run.returncode == 1, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    assert [line for line in lines if line.startswith("maximum[float32-1e3] diverges: result has ")]
    assert [line for line in lines if line.startswith("workload float64-1e3 has digest ")]
    assert "test_article[mask_assign-article]: " in run.stdout.partition("fresh and rectified")[2]
    assert "left out unless asked for: -k 1e6, -k 1e3x1e3, -k article" in lines
    saved = {bench["name"]: bench for bench in json.loads(path.read_text())["benchmarks"]}
    assert list(saved) == [
        "test_article[mask_assign-article]",
        "test_article[mask_assign-article-rectified]",
        "test_forward[maximum_out-float32-1e3]",
        "test_derivative[heaviside-float32-1e3]",
        "test_backward[backward_mask_assign-float32-1e3]",
        "test_inplace[maximum_inplace-float32-1e3]",
        "test_inplace[maximum_positional-float32-1e3]",
        "test_inplace[mask_assign-float32-1e3]",
    ]
    bench = saved["test_inplace[maximum_positional-float32-1e3]"]
    assert bench["group"] == "forward float32-1e3"
    assert bench["extra_info"] == {"inputs": "670a153b7afc5df6", "exact": {"passes": 1}}
    assert bench["stats"]["rounds"] >= 5


def test_fresh_and_rectified_data_are_compared() -> None:
    def summary(**seconds: float) -> list[str]:
        benches = [
            SimpleNamespace(
                name=f"t[{name.replace('_', '-')}]", stats=SimpleNamespace(median=value)
            )
            for name, value in seconds.items()
        ]
        lines: list[str] = []
        terminal: Any = SimpleNamespace(section=lines.append, write_line=lines.append)
        session = SimpleNamespace(benchmarks=benches)
        config: Any = SimpleNamespace(_benchmarksession=session)
        plugin.pytest_terminal_summary(terminal, config)
        return lines

    assert summary(a_article=0.2, b_article_rectified=0.1) == summary() == []
    section, text = summary(a_article=0.2, a_article_rectified=0.1)
    assert section == "fresh and rectified"
    assert text.startswith("t[a-article]: 200.0 ms on fresh, 100.0 ms on rectified data\n")
