"""Other tools on the same rows: ``asv continuous``, and the walltime of pytest-codspeed."""

import json
import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.results.plants import PACKAGE, git
from benchmarks.results.stock import Judged, in_any_order, run
from benchmarks.rows import Row, all_rows
from pytest_against.model import CannotJudgeError
from pytest_against.saved import matcher

ASV: Final = "asv continuous"
LIMITS: Final = (5, 10, 20)
"""Percent by which a median of pytest-codspeed may be larger; 10 is the default of its service."""

ROWS: Final = """\
import sys

import numpy as np

sys.path.append({root!r})  # the last, so that the package under test is the one installed
from benchmarks.workloads import WORKLOADS
from relu_impls import METHODS

NAMES = {names!r}


def ready(name):
    method, _, workload = name.partition("[")
    method, workload = METHODS[method], WORKLOADS[workload.removesuffix("]")]
    x, (grad, *_) = workload.operands("x")[0], workload.operands("grad")
    out = np.empty_like(x, method.contract.result_dtype(x.dtype))
    given = {{"x": x, "grad": grad, "out": out, "mask": np.empty_like(x, bool)}}
    return method.function, [given[each] for each in method.kind.arguments]
"""
_FOR_ASV: Final = """

class Rows:
    params = NAMES

    def setup(self, name):
        self.function, self.arguments = ready(name)

    def time_row(self, name):
        self.function(*self.arguments)
"""
_FOR_PYTEST: Final = """

import pytest


@pytest.mark.parametrize("name", NAMES)
def test_row(benchmark, name):
    function, arguments = ready(name)
    benchmark(function, *arguments)
"""


def rows_of(expression: str) -> dict[str, str]:
    """Return names and methods of rows; not of those that write over what they read."""
    matches = matcher(expression)
    chosen = [row for row in all_rows() if row.asked_as in expression and matches(row.node)]
    kept = [row for row in chosen if not row.method.kind.writes & {"x", "grad"}]
    return {_name(row): row.method.name for row in kept}


def _name(row: Row) -> str:
    return f"{row.method.name}[{row.workload.name}]"


def asv(before: Path, after: Path, python: str, expression: str) -> Judged:
    """Commit both, and compare the commits by ``asv continuous`` with all its defaults.

    Its environment is made before the clock starts; the wheels of both commits are built after.
    """
    methods, home = rows_of(expression), before.parent
    timed = home / "timed"
    timed.mkdir()
    text = ROWS.format(root=str(before), names=[*methods]) + _FOR_ASV
    (timed / "rows.py").write_text(text, "utf-8")
    (timed / "__init__.py").touch()
    for name in ("README.md", "LICENSE"):  # which the build wants
        (before / name).touch()
    _commit(before)
    shutil.copytree(after / PACKAGE, before / PACKAGE, dirs_exist_ok=True)
    _commit(before)
    settings = {
        "version": 1,
        "project": PACKAGE,
        "repo": str(before),
        "branches": ["main"],
        "environment_type": "virtualenv",
        "pythons": [f"{sys.version_info.major}.{sys.version_info.minor}"],
        "matrix": {"req": {"numpy": [np.__version__], "pip": [""]}},
        "build_command": ["python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}"],
        "benchmark_dir": str(timed),
    }
    (home / "asv.conf.json").write_text(json.dumps(settings), "utf-8")
    command = [python, "-m", "asv"]
    run([*command, "machine", "--yes"], home)
    run([*command, "setup"], home, {1})  # see findings/asv-setup-ends-with-1.sh
    start = time.monotonic()
    compared = ["continuous", "--no-only-changed", "main~1", "main"]
    text = run([*command, *compared], home, {0, 1})  # of which 1 is that something is slower
    red, seen = slower(text)
    if lost := methods.keys() - seen:
        raise CannotJudgeError(f"asv timed {len(seen)} rows, and not {min(lost)}; run it by hand")
    return Judged(methods=methods, red={ASV: red}, seconds=time.monotonic() - start)


def _commit(root: Path) -> None:
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    git(root, "add", "--all")
    git(root, *author, "commit", "--quiet", "--allow-empty", "--message=next")


def slower(text: str) -> tuple[set[str], set[str]]:
    """Return the rows that a table of asv calls slower, and all that it has a ratio of."""
    found = re.findall(r"^\| ([-+ ~]?) .*\('(.*)'\) *\|$", text, re.MULTILINE)
    return {name for change, name in found if change == "+"}, {name for _, name in found}


def codspeed(before: Path, after: Path, python: str, expression: str) -> Judged:
    """Run the walltime of pytest-codspeed on each, with all its defaults; compare the medians."""
    methods = rows_of(expression)
    for root in (before, after):
        text = ROWS.format(root=str(root), names=[*methods]) + _FOR_PYTEST
        (root / "test_rows.py").write_text(text, "utf-8")
    # Without the settings of the project, whose benchmarks are skipped unless they are asked for.
    command = [python, "-m", "pytest", "test_rows.py", "-c", os.devnull, "--rootdir", "."]
    command += ["--codspeed", "--codspeed-mode=walltime", "--quiet"]
    seconds = in_any_order(command, before, after)
    old, new = (_medians(root) for root in (before, after))
    red = {
        f"codspeed median:{limit}%": {n for n in methods if new[n] > (1 + limit / 100) * old[n]}
        for limit in LIMITS
    }
    return Judged(methods=methods, red=red, seconds=seconds)


def _medians(root: Path) -> dict[str, float]:
    (file,) = (root / ".codspeed").glob("results_*.json")
    found = json.loads(file.read_text("utf-8"))["benchmarks"]
    return {each["name"].partition("[")[2][:-1]: each["stats"]["median_ns"] for each in found}
