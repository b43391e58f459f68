"""What `benchmark` returned is compared across the sides, for any suite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_against.returned import BY_CALL, BY_RUN, NOT_PLAIN
from tests.against.repository import put
from tests.end_to_end.conftest import FEW, Project

pytestmark = pytest.mark.slow

PACKAGE = """
import os, random

def exact(): return {"a": [1, 2.0], "b": "text"}
def near(): return [1.0, 2.0]
def off(): return 1
def chance(): return random.random()
def where(): return os.getcwd()
def thing(): return object()
def failing(): return 1
"""
TESTS = """
import pytest, what

def test_exact(benchmark): assert benchmark(what.exact)
@pytest.mark.against(tolerance=0.2)
def test_near(benchmark): benchmark(what.near)
@pytest.mark.against(results=False)
def test_off(benchmark): benchmark(what.off)
def test_chance(benchmark): benchmark(what.chance)
def test_where(benchmark): benchmark(what.where)
def test_thing(benchmark): benchmark(what.thing)
@pytest.mark.against(may_fail=True)
class TestIt:
    @pytest.mark.against(limit="50%", floor=1)
    def test_failing(self, benchmark): assert benchmark(what.failing) == 1
"""
FILES = {
    "what.py": PACKAGE,
    "test_what.py": TESTS,
    "pytest.ini": "[pytest]\nagainst_packages = what.py\n",
}


def test_results_that_differ_diverge_and_those_of_chance_or_within_a_tolerance_do_not(
    project: Callable[..., Project],
) -> None:
    it = project(FILES)
    changed = PACKAGE.replace('"text"', '"another"').replace("[1.0", "[1.1")
    changed = changed.replace("off(): return 1", "off(): return 2")
    changed = changed.replace("failing(): return 1", "failing(): return 2")
    put(it.root, "what.py", changed)
    done = it.against(*FEW, f"--against-junit={it.home / 'report.xml'}")
    assert (done.code, done.rows) == (
        1,
        {"test_exact": "diverged", "TestIt::test_failing": "diverged"},
    )
    words = "the base, {'a': [1, 2.0], 'b': 'another'} and not {'a': [1, 2.0], 'b': 'text'}, though"
    assert words in done.report["rows"][0]["why"]
    assert [note for note in done.report["notes"] if "not compared" in note] == [
        "results that are not compared, since a mark or a setting says so: 1 row, test_off",
        f"results that are not compared, {BY_CALL}: 1 row, test_chance",
        f"results that are not compared, {BY_RUN}: 1 row, test_where",
        f"results that are not compared, {NOT_PLAIN}: 1 row, test_thing",
    ]
    assert 'failures="1"' in (it.home / "report.xml").read_text()


def test_a_mark_that_has_no_sense_is_one_line(project: Callable[..., Project]) -> None:
    it = project({**FILES, "test_what.py": TESTS.replace('"50%"', '"half"')})
    done = it.against(*FEW)
    assert done.code == 2
    words = "the mark against of test_what.py::TestIt::test_failing: limit: half is no limit"
    assert words in done.err.splitlines()[-1]
