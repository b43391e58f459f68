"""A worker as a process: it obeys the referee, who is played by a script, and nothing else."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import worker
from pytest_against.returned import Returned

pytestmark = pytest.mark.usefixtures("home")

TEXT: Final = "def test_it(benchmark): benchmark(abs, -1)"
BEGIN: Final = {"begin": True}
RUN: Final = {"run": 2, "batches": 3, "seed": 3}
ALONE: Final = {"seconds": 1e-4, "seed": 1, "fastest": 0.0}
GO: Final = {"go": True}
END: Final = {"end": True}


def wanted(*names: str) -> dict[str, list[str]]:
    """Return the order to run tests of the file, in that order."""
    return {"tests": [f"test_it.py::test_{name}" for name in names]}


class Played:
    """What a worker said and printed, run as the referee starts it."""

    def __init__(self, folder: Path, text: str, *orders: dict[str, Any], **request: Any) -> None:
        (folder / "test_it.py").write_text(text)
        asked = {"mode": "checks", "arguments": [], "path": ["first"], "packages": []} | request
        found = subprocess.run(
            [sys.executable, "-P", "-m", "pytest_against.worker"],
            input="".join(json.dumps(order) + "\n" for order in (asked, *orders)),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        self.code, self.printed = found.returncode, found.stderr
        self.said: list[dict[str, Any]] = [json.loads(line) for line in found.stdout.splitlines()]
        self.words = " ".join(next(iter(each)) for each in self.said)
        self.done = {each["done"].split("test_")[-1]: each for each in self.said if "done" in each}


CHECKED = """
import numpy, pytest, warnings

def test_plain(benchmark):
    assert benchmark(sorted, [2, 1]) == [1, 2]

def test_more(benchmark):
    benchmark.extra_info["exact"] = {"queries": numpy.int64(3), "flag": True, 7: 8}
    benchmark.extra_info["inputs"] = "v1"
    benchmark(bytearray, 100_000)
    warnings.warn("old", DeprecationWarning)

def test_wrong(benchmark):
    benchmark.extra_info["exact"] = {"rate": 0.5}
    assert benchmark(abs, -1) == 2, "no\\nsuch thing"

def test_rate(benchmark):
    benchmark.extra_info["exact"] = {"rate": 0.5}
    benchmark(abs, -1)

def test_left(benchmark):
    pytest.skip("not today")

@pytest.mark.xfail(reason="known")
def test_known(benchmark):
    assert not benchmark(abs, -1)

def test_silent(benchmark):
    pass

@pytest.fixture
def broken():
    yield
    raise ValueError("late")

def test_torn(benchmark, broken):
    benchmark(abs, -1)

def test_other():
    raise SystemExit

warnings.warn("when it is collected", DeprecationWarning)
"""


def test_checks_show_what_needs_no_clock(tmp_path: Path) -> None:
    names = ["rate", "silent", "plain", "more", "wrong", "gone", "left", "known", "torn"]
    played = Played(tmp_path, CHECKED, wanted(*names))
    found = played.done
    assert list(found) == [name for name in names if name != "gone"]
    outcomes = "failed passed passed passed failed skipped skipped failed"
    assert " ".join(each["outcome"] for each in found.values()) == outcomes
    assert found["plain"]["digest"]
    exact = found["more"]["exact"]
    assert exact == {"peak_bytes": exact["peak_bytes"], "queries": 3, "flag": 1, "7": 8}
    assert found["rate"]["why"].startswith('extra_info["exact"] has rate: 0.5; write whole numbers')
    assert exact["peak_bytes"] // 1000 == 100
    assert (found["more"]["inputs"], found["plain"]["inputs"]) == ("v1", "")
    assert found["more"]["warnings"] == ["DeprecationWarning"]
    assert found["wrong"]["why"] == "AssertionError: no"
    assert found["left"]["why"] == "Skipped: not today"
    assert found["torn"]["why"] == "ValueError: late"
    assert found["silent"]["exact"] == {}
    assert (played.code, played.said[-1]["end"]) == (0, 1)


def test_numbers_of_each_test_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    text = """
import tempfile
tempfile.tempdir = "."

def test_one(benchmark): benchmark(float, 1)
def test_two(benchmark): benchmark(float, 2)
"""
    order = wanted("one", "two")
    played = Played(tmp_path, text, {**order, "loose": order["tests"]})
    found = {
        name: Returned.of(each["digest"], str(tmp_path / each["floats"])).floats[0]
        for name, each in played.done.items()
    }
    assert found == {"one": 1, "two": 2}  # though the second has run before the first is read


def test_it_says_what_there_is_and_where_packages_came_from(tmp_path: Path) -> None:
    (tmp_path / "spacious").mkdir()
    (tmp_path / "test_broken.py").write_text("import no_such_module_at_all")
    text = """
import spacious, json, pytest

@pytest.mark.parametrize("method, workload", [("fast", "small")])
def test_it(benchmark, method, workload): ...

def test_plain(benchmark): benchmark(abs, 1)
"""
    packages = ["json", "spacious", "no_such", "sys"]
    played = Played(tmp_path, text, wanted("plain"), packages=packages, path=[str(tmp_path)])
    first, *_, last, _ = played.said
    row = {"method": "fast", "workload": "small"}
    assert first["collected"] == {
        "test_it.py::test_it[fast-small]": {"file": "test_it.py", "line": 4, **row},
        "test_it.py::test_plain": {"file": "test_it.py", "line": 7},
    }
    why = "test_broken.py:1: ModuleNotFoundError: No module named 'no_such_module_at_all'"
    assert first["broken"] == {"test_broken.py": why}
    origins = {"json": json.__file__, "no_such": "", "sys": ""}
    assert first["origins"] == origins | {"spacious": str(tmp_path / "spacious")}  # has no file
    assert last["origins"] == first["origins"]
    assert played.done["plain"]["outcome"] == "passed"


TIMED = """
import pytest

@pytest.fixture(autouse=True)
def _set_up():
    print("sets up", flush=True)

def test_it(benchmark):
    calls = []
    benchmark(calls.append, 1)
    benchmark.extra_info["exact"] = {"calls": len(calls)}

def test_failing(benchmark):
    benchmark(lambda: 1 // 0)
"""


def test_it_times_what_it_is_told(tmp_path: Path) -> None:
    orders = (wanted("it", "failing"), BEGIN, RUN, RUN, GO, BEGIN, RUN, END)
    played = Played(tmp_path, TIMED, *orders, mode="timing")
    assert played.words == "collected begins at ran ran done begins at done end end"
    assert played.said[1]["begins"] == played.said[2]["at"] == played.said[5]["done"]
    found = [each["ran"] for each in played.said if "ran" in each]
    assert [len(each) for each in found] == [RUN["batches"]] * 2
    assert min(map(min, found)) > 0
    # And once more, whose result the test gets.
    assert played.done["it"]["exact"] == {"calls": 2 * RUN["batches"] * RUN["run"] + 1}
    why = "ZeroDivisionError: integer division or modulo by zero"
    assert played.done["failing"]["why"] == why


@pytest.mark.parametrize("fastest", [math.inf, 1e-12])  # none, and one with which it is never calm
def test_alone_it_times_by_a_clock_that_goes_on(tmp_path: Path, fastest: float) -> None:
    orders = (wanted("it"), BEGIN, ALONE | {"fastest": fastest}, ALONE, GO, END)
    first, second = Played(tmp_path, TEXT, *orders, mode="timing").said[3:5]
    if fastest < 1:
        assert first == second == {"times": [], "clock": fastest}
    assert min([*first["times"], *second["times"], first["clock"], second["clock"]]) > 0


@pytest.mark.parametrize(
    "orders, words, sets_up",
    [
        ([], "collected", False),
        ([wanted("it")], "collected begins", False),
        ([wanted("it"), BEGIN], "collected begins at", True),
        ([wanted("it"), BEGIN, GO], "collected begins at done end", True),
    ],
)
def test_where_it_waits_for_the_referee_it_ends_if_that_one_has_left(
    tmp_path: Path, orders: list[dict[str, Any]], words: str, *, sets_up: bool
) -> None:
    played = Played(tmp_path, TIMED, *orders, mode="timing")
    assert (played.code, played.words) == (1, words)
    assert ("sets up" in played.printed) is sets_up


def test_what_tests_and_their_copies_read_and_print_is_their_own(tmp_path: Path) -> None:
    text = """
import os, sys
def test_it(benchmark):
    assert os.environ["PYTEST_AGAINST"] == "checks"
    assert "first" in sys.path
    assert os.read(0, 10) == b""
    print('{"end": 7}')
    os.write(1, b"raw")
    if os.fork():
        os.wait()
    benchmark(abs, -1)
"""
    more_than_is_read_at_a_time = {"later": "." * 20_000}
    played = Played(tmp_path, text, wanted("it"), more_than_is_read_at_a_time)
    assert (played.code, played.words) == (0, "collected begins done end end")
    assert played.done["it"]["outcome"] == "passed"
    assert '{"end": 7}' in played.printed
    assert "raw" in played.printed


def test_neither_a_project_nor_a_command_line_undoes_what_is_blocked(tmp_path: Path) -> None:
    (tmp_path / "flaky.py").write_text("def pytest_collection_modifyitems(items): items.clear()")
    addopts = "addopts = -n 2 --no-such-option --benchmark-skip"
    strict = "filterwarnings = error\nstrict = true\nstrict_config = true\nno_such_setting = 1"
    strict += "\nrequired_plugins = pytest-cov pytest-against"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{addopts}\n{strict}\n")
    arguments = ["-p", "flaky", "-o", "addopts=--no-such-option"]
    text = f"import pytest\n@pytest.mark.odd\n{TEXT}"
    played = Played(tmp_path, text, wanted("it"), arguments=arguments, path=[str(tmp_path)])
    assert played.done["it"]["outcome"] == "passed"


def test_pytest_may_end_before_it_collects(tmp_path: Path) -> None:
    played = Played(tmp_path, "", arguments=["no_such.py"])
    assert (played.code, played.said) == (
        0,
        [{"end": 4, "origins": {}, "distributions": {}, "files": []}, {"end": 4}],
    )
    assert "file or directory not found: no_such.py" in played.printed


@pytest.mark.parametrize("representation, words", [("", ""), ("x" * 1000, "x" * 500)])
def test_a_reason_may_be_empty_and_is_not_endless(representation: str, words: str) -> None:
    assert worker._last_line(representation) == words  # noqa: SLF001


def test_a_conftest_may_say_what_it_says_to_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("def pytest_against_about(row): return None\n")
    assert "collected" in Played(tmp_path, TEXT, wanted("it"), END).words


def test_marks_nearest_to_a_test_say_what_holds_for_it(tmp_path: Path) -> None:
    text = """
import pytest
pytestmark = pytest.mark.against(limit="5%", floor=1e-6)

@pytest.mark.against("what?", limit="10%")
def test_it(benchmark): benchmark(abs, 1)
"""
    (found,) = Played(tmp_path, text, wanted("it"), END).said[0]["collected"].values()
    said = {"limit": "10%", "floor": "1e-06", "'what?' without a name": ""}
    assert found["against"] == said


def test_a_group_is_that_of_the_mark_or_what_the_test_has_chosen(tmp_path: Path) -> None:
    text = """
import pytest

@pytest.mark.benchmark(group="sums")
def test_marked(benchmark): benchmark(abs, 1)

@pytest.mark.benchmark(group="sums")
def test_chosen(benchmark):
    benchmark.group = "others"
    benchmark(abs, 1)

def test_none(benchmark): benchmark(abs, 1)
"""
    found = Played(tmp_path, text, wanted("marked", "chosen", "none")).done
    groups = {name: each["group"] for name, each in found.items()}
    assert groups == {"marked": "sums", "chosen": "others", "none": ""}
