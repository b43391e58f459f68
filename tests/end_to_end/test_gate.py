"""The gate on small projects: what is changed on purpose is found, and nothing else is red.

Times are measured on whatever machine this is, so that no verdict on a time is asserted alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.against.repository import commit, put
from tests.end_to_end.conftest import FEW, PACKAGE, ROWS, TESTS, Project

Make = Callable[..., Project]
STRANGERS = sorted(Path(__file__).with_name("strangers").glob("*.txt"))


@pytest.mark.slow
def test_identical_code_is_never_red(project: Make) -> None:
    done = project().against("--against-trials", "4", "--against-budget", "40")
    assert done.code in {0, 3}
    assert done.rows.keys() == ROWS
    assert set(done.rows.values()) <= {"steady", "improved", "inconclusive"}
    assert {row["verdict"] for row in done.report["controls"]} <= {"steady", "inconclusive"}
    assert done.out.startswith(done.report["verdict"])


@pytest.mark.slow
@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda path: path.stem)
def test_nor_is_that_of_suites_that_know_nothing_of_it(project: Make, stranger: Path) -> None:
    first, *parts = re.split(r"^=== (\S+)\n", stranger.read_text(), flags=re.MULTILINE)
    done = project(dict(zip(parts[::2], parts[1::2], strict=True))).against(*FEW)
    assert done.code in {0, 3}, done.err
    assert done.rows.keys() == set(first.split())
    assert set(done.rows.values()) <= {"steady", "improved", "inconclusive"}


@pytest.mark.slow
def test_a_planted_slowdown_is_red_in_the_rows_that_call_it(project: Make) -> None:
    it = project()
    slow = PACKAGE.replace("    return sum", "    sum(i * i for i in range(n))\n    return sum")
    put(it.root, "toy/__init__.py", slow)
    done = it.against("--against-limit", "30%", "--against-trials", "12")
    assert done.code not in {0, 2}
    rows = done.rows
    assert rows.keys() == ROWS
    assert rows.pop("test_text") != "regressed"
    assert set(rows.values()) <= {"regressed", "inconclusive"}
    slower = [row["ratio"] for row in done.report["rows"] if row["row"] in rows]
    assert min(slower) > 1.3


def test_a_wrong_answer_and_more_memory_are_proven_without_a_clock(project: Make) -> None:
    it = project()
    worse = PACKAGE.replace("i * i", "i + i").replace(
        'return ",', 'held = [n] * 9999\n    return ",'
    )
    put(it.root, "toy/__init__.py", worse)
    done = it.against()
    assert done.code == 1
    wrong = "diverged"
    assert done.rows == {
        "test_total[100]": wrong,
        "test_total[1000]": wrong,
        "test_text": "heavier",
    }
    first = done.report["rows"][0]
    assert first["why"].startswith(("assert", "AssertionError"))
    assert (first["file"], first["line"]) == ("benchmarks/test_toy.py", 5)


def test_an_earlier_revision_is_judged_and_what_is_new_or_vanished_since_is_no_success(
    project: Make,
) -> None:
    it = project()
    put(it.root, "toy/__init__.py", PACKAGE.replace("i * i", "i + i"))
    commit(it.root)
    put(it.root, "toy/__init__.py", PACKAGE)
    put(it.root, "benchmarks/test_toy.py", TESTS.replace("def test_text", "def test_words"))
    done = it.against(*FEW, revision="HEAD~1")
    assert done.code == 2
    assert "HEAD~1 (" in done.report["base"]
    rows = done.rows
    assert rows.pop("test_text") == "vanished"
    assert rows.keys() == ROWS - {"test_text"} | {"test_words"}
    assert set(rows.values()) <= {"steady", "improved", "inconclusive"}
    done = it.against(revision="no-such")
    assert (done.code, done.report["verdict"]) == (2, "not judged")
    assert done.err.startswith("pytest --against: no commit 'no-such' in ")
    assert done.err.count("\n") == 1


LATER = "\n\ndef later(n):\n    "
SURROUNDED = {
    "toy/__init__.py": f"{PACKAGE}{LATER}raise NotImplementedError\n",
    "benchmarks/test_toy.py": TESTS
    + "\n\ndef test_later(benchmark):\n    from toy import later\n    benchmark(later, 1)\n"
    + "\n\ndef test_plain():\n    pass\n",
    "pytest.ini": "[pytest]\naddopts = -n 2 --cov=toy -q\nfilterwarnings = error\nstrict = true\n"
    "testpaths = benchmarks\nmarkers = own\n",
    "conftest.py": """\
import os
import pytest


def pytest_addoption(parser):
    parser.addoption("--cov", action="append")


@pytest.fixture
def benchmark(benchmark):
    assert "PYTEST_XDIST_WORKER" not in os.environ
    benchmark.extra_info["exact"] = {"calls": 1}
    yield benchmark
""",
}


def test_what_surrounds_a_suite_does_not_break_it_and_new_rows_can_be_allowed(
    project: Make,
) -> None:
    it = project(SURROUNDED, PYTEST_ADDOPTS="-n 2 --benchmark-skip", PYTEST_XDIST_WORKER="gw0")
    put(it.root, "toy/__init__.py", f"{PACKAGE}{LATER}return n\n")
    done = it.against(*FEW, "--against-allow-new")
    assert done.code in {0, 3}
    rows = done.rows
    assert rows.pop("test_later") == "new"  # it failed on one side
    assert rows.keys() == ROWS
    assert set(rows.values()) <= {"steady", "inconclusive"}
