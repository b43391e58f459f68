"""Sides that do not share an interpreter: compiled packages, and other releases."""

from __future__ import annotations

import json
import re
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pytest_against.environments import environment
from pytest_against.machine import cores
from tests.against.repository import put
from tests.end_to_end.conftest import COMMAND, FEW, Project

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
from summed import total


def test_total(benchmark):
    assert benchmark(total, 10000) == 10000 * 9999 / 2


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
    put(it.root, "ext/sum.c", SUM.replace("i < n", "i < 2 * n").replace("+= i;", "+= i * (i < n);"))
    short = ("--against-trials", "4", "--against-budget", "20", "--against-limit", "30%")
    done = it.against("--against-install", *short)
    assert done.code not in {0, 2}, done.err
    rows = {row["row"]: row for row in done.report["rows"]}
    assert rows["test_nothing"]["verdict"] != "regressed"  # it is the same on both sides
    assert rows["test_total"]["verdict"] in {"regressed", "inconclusive"}
    assert rows["test_total"]["ratio"] > 1.3
    assert {row["verdict"] for row in done.report["controls"]} <= {"steady", "inconclusive"}
    put(it.root, "ext/sum.c", "#error no\n")
    done = it.against("--against-install")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert re.search(r"`.*pip .*` failed: ", done.err)


def test_a_shard_on_another_interpreter_and_more_cores_is_judged_and_no_whole(
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
    shard = ("--against-shard", "1/2", "--against-cores", str(cores()))
    done = it.against(
        *FEW, *shard, f"--against-python={other}", "benchmarks/test_toy.py::test_total"
    )
    assert done.code in {0, 3}, done.err
    assert done.rows.keys() == {"test_total[100]"}
    assert "only on the base: summed" in done.report["notes"]
    (it.home / "1.json").write_text(json.dumps(done.report))
    done = it.run(*COMMAND, "join", str(it.home / "1.json"))
    assert done.err.startswith("pytest-against join: shards of system Linux, machine ")
    assert "are missing: 2/2" in done.err
