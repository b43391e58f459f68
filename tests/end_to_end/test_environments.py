"""Sides that do not share an interpreter: compiled packages, and other releases."""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pytest_against.environments import environment
from pytest_against.machine import cores
from tests.against.repository import put
from tests.end_to_end.conftest import COMMAND, FEW, ROWS, Project

pytestmark = pytest.mark.slow
Make = Callable[..., Project]

SUM: Final = """\
#include <Python.h>

static PyObject *total(PyObject *self, PyObject *arg) {
    long n = PyLong_AsLong(arg);
    volatile double found = 0;
    for (long i = 0; i < n; i++) found += i;
    return PyFloat_FromDouble(found);
}

static PyMethodDef methods[] = {{"total", total, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_sum", NULL, -1, methods};
PyMODINIT_FUNC PyInit__sum(void) { return PyModule_Create(&module); }
"""
COMPILED: Final = {
    "summed/__init__.py": "from summed._sum import total\n",
    "ext/sum.c": SUM,  # which is not in the package
    "pyproject.toml": """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "summed"
version = "1.0"

[tool.setuptools]
packages = ["summed"]
ext-modules = [{ name = "summed._sum", sources = ["ext/sum.c"] }]
""",
    "tests/test_sum.py": """\
import pytest
from summed import total


@pytest.mark.parametrize("n", [100, 10000])
def test_total(benchmark, n):
    assert benchmark(total, n) == n * (n - 1) / 2


def test_nothing(benchmark):
    benchmark(total, 0)
""",
}
# The setuptools that is here builds, and nothing is fetched.
OFFLINE: Final = {"PIP_NO_BUILD_ISOLATION": "0", "UV_NO_BUILD_ISOLATION": "1"}
COMPILER: Final = (sysconfig.get_config_var("CC") or "cc").split()[0]


@pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"there is no compiler: {COMPILER}")
def test_a_compiled_package_is_built_and_judged(project: Make) -> None:
    pytest.importorskip("setuptools", "77")
    it = project(COMPILED, **OFFLINE)
    short = ("--against-install", "--against-trials", "4", "--against-budget", "20")
    done = it.against("--against-install", *FEW)
    assert done.code in {0, 3}, done.err
    assert set(done.rows.values()) <= {"steady", "improved", "inconclusive"}
    put(it.root, "ext/sum.c", SUM.replace("i < n", "i < 2 * n").replace("+= i;", "+= i * (i < n);"))
    done = it.against(*short, "--against-limit", "30%")
    assert done.code not in {0, 2}, done.err
    rows = {row["row"]: row for row in done.report["rows"]}
    assert rows["test_nothing"]["verdict"] != "regressed"
    assert rows["test_total[10000]"]["verdict"] in {"regressed", "inconclusive"}
    assert rows["test_total[10000]"]["ratio"] > 1.3
    put(it.root, "ext/sum.c", "#error no\n")
    done = it.against(*short)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "install --no-deps" in done.err
    assert "error: " in done.err
    done = it.against("summed", *short)
    assert "summed lies in a package under test" in done.err


def test_another_interpreter_is_the_base_and_what_differs_is_named(
    project: Make, tmp_path: Path
) -> None:
    wheel = tmp_path / "wheel"
    put(wheel, "pyproject.toml", COMPILED["pyproject.toml"].partition("\n[tool")[0])
    put(wheel, "summed.py")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in OFFLINE.items():
            patch.setenv(name, value)
        other = environment(tree=wheel, folder=tmp_path / "kept")
    it = project()
    done = it.against(*FEW, f"--against-python={other}")
    assert done.code in {0, 3}, done.err
    assert done.rows.keys() == ROWS
    assert "other software than on the base: summed 1.0 -> none" in done.report["notes"]
    done = it.against(*FEW, f"--against-python={sys.executable}")
    assert done.code in {0, 3}, done.err
    done = it.against("--against-python=no-such-python")
    assert done.err.startswith("pytest --against: no-such-python is no interpreter; name one")


def test_shards_on_more_cores_are_one_judgement(project: Make) -> None:
    it = project()
    reports, rows = [], set[str]()
    for shard in ("1/2", "2/2"):
        done = it.against(*FEW, "--against-shard", shard, "--against-cores", str(cores()))
        assert done.code in {0, 3}, done.err
        rows |= done.rows.keys()
        reports.append(it.home / f"{shard[0]}.json")
        reports[-1].write_text(json.dumps(done.report))
    assert rows == ROWS
    done = it.run(*COMMAND, "join", *map(str, reports))
    assert done.code in {0, 3}, done.err
    assert "of 3 rows, 2 shards" in done.out
    done = it.run(*COMMAND, "join", str(reports[1]))
    assert done.err.startswith("pytest-against join: shards of system Linux, machine ")
    assert "are missing: 1/2" in done.err
