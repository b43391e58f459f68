"""A worker names the line that is at fault, in whichever file, and what the tests import."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import hypothesis
import numpy as np
import pytest

from tests.against.repository import put
from tests.against.test_worker import TEXT, Played, wanted

pytestmark = pytest.mark.usefixtures("home")

IMPORTS = "import pkg\n"


@pytest.mark.parametrize(
    "package, test, fault",
    [
        ("x = 1\ny = (\n", IMPORTS, "pkg/__init__.py:2: SyntaxError: '(' was never closed"),
        ("\nimport nothing_at_all", IMPORTS, "pkg/__init__.py:2: ModuleNotFoundError: No module"),
        ("from pkg import mod", IMPORTS, "pkg/mod.py:3: ValueError: no number"),
        ("import json\njson.loads('{')", IMPORTS, "pkg/__init__.py:2: json.decoder.JSONDecodeEr"),
        ("exec('1 +')", IMPORTS, "pkg/__init__.py:1: "),
        ("", "from pkg import gone\n", "test_it.py:1: ImportError: cannot import name 'gone'"),
        ("", "x = 1\ny = )\n", "test_it.py:2: SyntaxError: unmatched ')'"),
        ("", "def test_it(benchmark, benchmark): ...", "test_it.py:1: SyntaxError: "),
    ],
)
def test_the_line_that_is_at_fault_is_named(
    package: str, test: str, fault: str, tmp_path: Path
) -> None:
    put(tmp_path, "pkg/__init__.py", package)
    put(tmp_path, "pkg/mod.py", "\n\nraise ValueError('no number')\n")
    played = Played(tmp_path, f"{test}{TEXT}", {"tests": []}, path=[str(tmp_path)])
    assert played.said[0]["broken"]["test_it.py"].startswith(fault)


def test_what_no_line_of_the_project_is_at_fault_for_has_its_words_alone(tmp_path: Path) -> None:
    put(tmp_path, "inner/empty.py")
    argv = [f"--rootdir={tmp_path / 'inner'}", str(tmp_path / "test_it.py")]
    played = Played(tmp_path, f"raise OSError('no')\n{TEXT}", {"tests": []}, arguments=argv)
    assert [*played.said[0]["broken"].values()] == ["OSError: no"]


def test_what_only_plugins_import_is_not_told(tmp_path: Path) -> None:
    order = {"tests": ["test_it.py::test_it"], "imports": True}
    found = Played(tmp_path, f"import numpy\n{TEXT}", order).said[-2]["distributions"]
    assert found == {"numpy": np.__version__}  # and not those that have plugins


@pytest.mark.parametrize("asked", [True, False])
def test_what_the_tests_import_is_told_if_it_is_asked_for(tmp_path: Path, *, asked: bool) -> None:
    text = f"import hypothesis, msgspec, numpy\n{TEXT}"
    order = {"tests": ["test_it.py::test_it"], "imports": asked}
    found = Played(tmp_path, text, order, packages=["msgspec"]).said[-2]["distributions"]
    assert (found.get("numpy"), found.get("hypothesis")) == (
        (np.__version__, hypothesis.__version__) if asked else (None, None)
    )
    # Neither what is under test, nor what runs it, nor what merely extends pytest.
    assert found.keys().isdisjoint({"msgspec", "pytest", "pytest-benchmark", "pytest-against"})


def test_options_of_the_suite_reach_it_where_it_knows_them(tmp_path: Path) -> None:
    put(
        tmp_path,
        "conftest.py",
        "import json\n\ndef pytest_addoption(parser):\n    add = parser.addoption\n"
        "    add('--size', type=int, default=100)\n    add('-S', choices=['very fast', 'slow'])\n"
        "    add('--mode', choices=['very fast', 'slow'])\n    add('--cfg', type=json.loads)\n"
        "    add('--two', nargs=2)\n    add('--full', action='store_true')\n",
    )
    test = (
        "def test_it(benchmark, request):\n    o = request.config.option\n    benchmark(int)\n"
        "    assert (o.size, o.S, o.mode, o.cfg) == (5000, 'very fast', 'very fast', {'a b': 1})\n"
        "    assert (o.two, o.full) == (['--x y', 'b'], True)\n"
    )
    known = [["--size=5000"], ["-Svery fast"], ["--mode=very fast"], ['--cfg={"a b": 1}']]
    known += [["--two", "--x y", "b"], ["--full"]]
    own = [["--gone=1"], ["--gone=1 2"], ["-G1 2"], ["-n", "2"], *known]
    played = Played(tmp_path, test, {"tests": ["test_it.py::test_it"]}, own_options=own)
    assert played.done["it"]["outcome"] == "passed"


KINDS: Final = """
import asyncio, unittest, pytest

async def later():
    return 1

def test_named(request):
    request.getfixturevalue("benchmark")(abs, -1)

def test_other(request):
    request.getfixturevalue("tmp_path")

@pytest.mark.benchmark
def test_body():
    abs(-1)

@pytest.mark.benchmark
class TestKind(unittest.TestCase):
    def test_method(self):
        abs(-1)

def test_elsewhere(benchmark):
    import os
    import deep.inside
    os.chdir("/")
    benchmark(abs, -1)

def test_coroutine(benchmark):
    benchmark(later)

def test_run(benchmark):
    assert benchmark(lambda: asyncio.run(later())) == 1
"""


def test_a_call_that_cannot_be_timed_has_failed_and_one_asked_for_by_name_is_timed(
    tmp_path: Path,
) -> None:
    method = "test_it.py::TestKind::test_method"
    put(tmp_path, "deep/inside.py", "")
    order = wanted("named", "other", "body", "coroutine", "run", "elsewhere")
    order["tests"].append(method)
    put(tmp_path, "../copied/beside.py", "")
    text = f"import sys\nsys.path.append('{tmp_path.parent}/copied')\nimport beside\n{KINDS}"
    text += "\nsys.modules['odd'] = type('Odd', (), {'__getattr__': lambda *_: 7})()\n"
    played = Played(tmp_path, text, order, project=str(tmp_path.parent / "copied"))
    found = played.done
    assert list(found) == ["named", "body", "coroutine", "run", "elsewhere", "method"]
    assert played.said[-2]["files"] == ["beside.py", "deep/inside.py", "test_it.py"]
    whys = {name: each["why"].partition(",")[0] for name, each in found.items() if "why" in each}
    assert whys == {
        "coroutine": "Failed: it returned a coroutine",
        "method": "its body is not timed",
    }
    assert all("peak_bytes" in found[name]["exact"] for name in ("named", "body", "run"))
