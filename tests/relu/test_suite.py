"""The benchmark suite: which rows it has, which of them run, and what is saved."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import Mock

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
ROWS: Final = all_rows()
DEFAULT: Final = [row for row in ROWS if not row.asked_as]


def of(test: str, rows: Any = ROWS) -> list[str]:
    """Return the nodes of a test."""
    return [row.node for row in rows if f"::{test}[" in row.node]


def test_rows_of_the_stored_baselines_always_run_under_the_same_name() -> None:
    paths = list(FOLDER.glob("baselines/*/*.json"))
    assert paths
    rows = {(row.node, row.group, row.workload.digest) for row in DEFAULT}
    for path in paths:
        stored = json.loads(path.read_text())["benchmarks"]
        infos = [bench["extra_info"] for bench in stored]
        digests = [info.get("inputs", info.get("workload_digest")) for info in infos]
        names = [(bench["fullname"], bench["group"]) for bench in stored]
        found = {(*pair, x) for pair, x in zip(names, digests, strict=True)}
        assert found - rows == set(), path  # later ones are new


def test_every_row_is_timed_by_one_test() -> None:
    tests = ("test_article", "test_forward", "test_derivative", "test_backward", "test_inplace")
    for test in tests:
        found = [f"::{test}[{'-'.join(map(str, p.values))}]" for p in parameters(test)]
        assert found == ["::" + node.partition("::")[2] for node in of(test)] != []
    assert Counter(row.node for row in ROWS) == Counter(n for test in tests for n in of(test))
    assert len({row.node for row in ROWS}) == len(ROWS)


@every_method
def test_method_runs_on_every_random_workload_whose_dtype_it_accepts(method: Method) -> None:
    found = [row.workload for row in ROWS if row.method is method and "article" not in row.node]
    assert found == [
        w
        for w in WORKLOADS.values()
        if (w.signs is Signs.RANDOM or method.contract.data_dependent)
        and "article" not in w.name
        and method.contract.accepts(np.dtype(w.dtype))
    ]
    assert any(row.method is method for row in DEFAULT)


def test_on_integers_the_public_functions_always_run_and_the_others_if_asked_for() -> None:
    rows = [row for row in ROWS if "int" in row.workload.name]
    always = {(row.method.name, row.workload.name) for row in rows if not row.asked_as}
    dtypes = ("int8", "uint8", "int32", "int64")
    functions = ("relu", "drelu", "relu_backward")
    assert always == {(name, f"{dtype}-3e4") for name in functions for dtype in dtypes}
    assert {row.asked_as for row in rows} == {"", "int"}


def test_article_runs_each_of_its_methods_and_those_in_place_twice() -> None:
    rows = [row for row in ROWS if "article" in row.node]
    assert Counter(row.method.name for row in rows) == {
        name: 2 if method.kind is Kind.IN_PLACE else 1
        for name, method in METHODS.items()
        if method.source == ARTICLE or name in {"relu", "relu_out", "relu_inplace"}
    }
    assert {row.group for row in rows} == {"forward article", "derivative article"}


@pytest.mark.parametrize(
    "keyword, arguments, words",
    [
        ("", ["benchmarks", "/article/1e6"], ""),
        ("article and relu", [], "article"),
        ("1E6 or 1e3x1e3", [], "1e6 1e3x1e3"),
        ("maximum and uint8", [], "int"),
        ("", ["benchmarks/test_article.py"], "article"),
        ("", ["a.py", "benchmarks/test_inplace.py::test_inplace[copyto-float64-1e6]"], "1e6"),
    ],
)
def test_large_rows_run_when_they_are_asked_for(
    keyword: str, arguments: list[str], words: str
) -> None:
    def item(path: Path, **parameters: object) -> Any:
        return SimpleNamespace(path=path, callspec=SimpleNamespace(params=parameters))

    left_out: list[Any] = []
    config: Any = SimpleNamespace(
        args=arguments,
        option=SimpleNamespace(keyword=keyword),
        hook=SimpleNamespace(pytest_deselected=lambda *, items: left_out.extend(items)),
    )
    rows = [
        item(FOLDER / "renamed.py", method=r.method.name, workload=r.workload.name, repeat=1)
        for r in ROWS
    ]
    plain: Any = SimpleNamespace(path=FOLDER / "plain.py")
    others = [plain, item(FOLDER / "x.py", a=1), item(Path("x.py"), workload="float64-1e6")]
    every = [*rows, *others]
    plugin.pytest_collection_modifyitems(config, every)
    runs = [row.asked_as in ("", *words.split()) for row in ROWS]
    assert every == [*(i for i, asked in zip(rows, runs, strict=True) if asked), *others]
    assert left_out == [i for i, asked in zip(rows, runs, strict=True) if not asked]


def run_pytest(path: str, *arguments: str, python: tuple[str, ...] = ()) -> Any:
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTEST_ADDOPTS", "PYTEST_AGAINST"}}
    # Without baselines: how long a row takes here is no matter.
    options = ("-o", "against_baselines=none", "benchmarks", "--benchmark-only")
    return subprocess.run(
        [sys.executable, *python, "-m", "pytest", *options, *arguments],
        cwd=FOLDER.parent,
        env=kept | {"PYTHONPATH": os.pathsep.join([path, *sys.path]), "HOME": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_collected_nodes_are_the_rows_by_file(tmp_path: Path) -> None:
    run = run_pytest(str(tmp_path), "--collect-only", "-q")
    found = [line for line in run.stdout.splitlines() if "::" in line]
    tests = ("test_forward", "test_derivative", "test_backward", "test_inplace")
    assert found == [node for test in tests for node in of(test, DEFAULT)]
    assert f"{len(ROWS) - len(DEFAULT)} deselected" in run.stdout
    assert "fresh and rectified" not in run.stdout


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
SOME: Final = "maximum or fmax or heaviside or mask_assign"


@pytest.mark.parametrize("python", [(), ("-O",)], ids=" ".join)
def test_only_rows_that_passed_are_saved(python: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "plant.py").write_text(PLANT)
    path = tmp_path / "run.json"
    run = run_pytest(
        *(str(tmp_path), "-p", "plant", "--benchmark-max-time=0.01", f"--benchmark-json={path}"),
        *("--assert=plain", "-W", "ignore::pytest.PytestConfigWarning"),
        *("-k", f"({SOME}) and float32-1e3 or relu-float64-1e3 or mask_assign-article"),
        python=python,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    for line in (
        r"maximum\[float32-1e3\] diverges: result has .*",
        r"workload float64-1e3 has digest .*",
        r"left out unless asked for: -k 1e6, -k 1e3x1e3, -k article, -k int",
        r"test_article\[mask_assign-article\]: [\d.]+ ms on fresh, [\d.]+ ms on rectified data",
    ):
        assert re.search(f"^{line}$", run.stdout, re.MULTILINE), line
    saved = {bench["name"]: bench for bench in json.loads(path.read_text())["benchmarks"]}
    assert list(saved) == [
        "test_article[mask_assign-article]",
        "test_article[mask_assign-article-rectified]",
        "test_forward[maximum_zeros-float32-1e3]",
        "test_forward[maximum_out-float32-1e3]",
        "test_derivative[heaviside-float32-1e3]",
        "test_derivative[sign_maximum-float32-1e3]",
        "test_backward[backward_where_maximum-float32-1e3]",
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
        named = {f"t[{name.replace('_', '-')}]": median for name, median in seconds.items()}
        times = [SimpleNamespace(name=n, stats=SimpleNamespace(median=m)) for n, m in named.items()]
        lines: list[str] = []
        terminal: Any = SimpleNamespace(section=lines.append, write_line=lines.append)
        config: Any = SimpleNamespace(_benchmarksession=SimpleNamespace(benchmarks=times))
        plugin.pytest_terminal_summary(terminal, config)
        return lines

    assert summary(a_article=0.2, b_article_rectified=0.1) == []
    _, text = summary(a_article=0.2, a_article_rectified=0.1)
    assert text.startswith("t[a-article]: 200.0 ms on fresh, 100.0 ms on rectified data\n")


def test_what_would_switch_every_row_off_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Mock()
    config.getoption.return_value = False
    monkeypatch.delenv("CODSPEED_ENV", raising=False)
    plugin.pytest_configure(config)
    monkeypatch.setenv("CODSPEED_ENV", "1")
    with pytest.raises(pytest.UsageError, match="CODSPEED_ENV switches pytest-benchmark off"):
        plugin.pytest_configure(config)
