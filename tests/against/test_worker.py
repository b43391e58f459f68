"""A worker obeys the referee: played here by a script, and the line by a list."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from pytest_against import worker
from pytest_against.model import Mode

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home")

ALL = {"tests": []}
BEGIN = {"begin": True}
RUN = {"run": 2, "batches": 3, "seed": 3}
ALONE = {"seconds": 1e-4, "fastest": 0.0, "seed": 1}
GO = {"go": True}


class Line:
    """What the worker says, the orders that it hears, and all that happens, in a word each."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        self.said: list[dict[str, Any]] = []
        self.happens: list[str] = []
        self._orders = deque(orders)

    def say(self, **answer: Any) -> None:
        self.said.append(json.loads(json.dumps(answer)))
        self.happens += [f"says {next(iter(answer))}"]

    def hear(self) -> dict[str, Any]:
        self.happens += ["waits"]
        order = self._orders.popleft()
        return {"tests": list(self.said[0]["collected"])} if order is ALL else order

    def pytest_runtest_setup(self) -> None:
        self.happens += ["sets up"]

    def done(self) -> dict[str, dict[str, Any]]:
        found = [answer for answer in self.said if "done" in answer]
        return {each["done"].partition("::")[2]: each for each in found}


def play(
    pytester: pytest.Pytester, text: str, mode: Mode, *orders: dict[str, Any], packages: Any = ()
) -> Line:
    """Run tests as a worker does; the last order is what it waits for at its end."""
    pytester.makepyfile(test_it=text)
    line: Any = Line(*orders, {})
    options = [option for option in worker._OPTIONS if option != "-s"]  # noqa: SLF001
    plugin = worker.Worker(line, mode, packages)
    pytester.inline_run("-p", "xdist", *options, plugins=[plugin, line])
    return line  # type: ignore[no-any-return]


CHECKED = """
    import warnings
    import pytest

    def test_plain(benchmark):
        assert benchmark(sorted, [2, 1]) == [1, 2]

    def test_more(benchmark):
        benchmark.extra_info["exact"] = {"queries": 3, "rate": 0.5, "flag": True, 7: 8}
        benchmark.extra_info["inputs"] = "v1"
        benchmark(bytearray, 100_000)
        warnings.warn("old", DeprecationWarning)

    def test_wrong(benchmark):
        assert benchmark(abs, -1) == 2, "no\\nsuch thing"

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


def test_checks_show_what_needs_no_clock(pytester: pytest.Pytester) -> None:
    line = play(pytester, CHECKED, Mode.CHECKS, ALL)
    found = line.done()
    assert {name: each["outcome"] for name, each in found.items()} == {
        "test_plain": "passed",
        "test_more": "passed",
        "test_wrong": "failed",
        "test_left": "skipped",
        "test_known": "skipped",
        "test_silent": "passed",
        "test_torn": "failed",
    }
    assert found["test_plain"]["digest"]
    exact = found["test_more"]["exact"]
    assert exact == {"peak_bytes": exact["peak_bytes"], "queries": 3, "7": 8}
    assert exact["peak_bytes"] // 1000 == 100
    assert (found["test_more"]["inputs"], found["test_plain"]["inputs"]) == ("v1", "")
    assert found["test_more"]["warnings"] == ["DeprecationWarning"]
    assert found["test_wrong"]["why"] == "AssertionError: no"
    assert found["test_left"]["why"] == "Skipped: not today"
    assert found["test_silent"]["exact"] == {}
    assert found["test_torn"]["why"] == "ValueError: late"
    assert line.said[-1]["end"] == 1


def test_it_says_first_what_is_there_and_in_the_end_where_packages_came_from(
    pytester: pytest.Pytester,
) -> None:
    (pytester.path / "spacious").mkdir()
    pytester.makepyfile(test_broken="import no_such_module_at_all")
    text = """
    import sys
    sys.path.insert(0, ".")
    import spacious, json
    import pytest

    @pytest.mark.benchmark(group="sums")
    @pytest.mark.parametrize("method, workload", [("fast", "small")])
    def test_it(benchmark, method, workload): ...

    def test_plain(benchmark): ...
    """
    packages = ["json", "spacious", "no_such", "sys"]
    line = play(pytester, text, Mode.CHECKS, {"tests": []}, packages=packages)
    first, last = line.said
    known = {"file": "test_it.py", "line": 6, "group": "sums"}
    assert first["collected"] == {
        "test_it.py::test_it[fast-small]": {**known, "method": "fast", "workload": "small"},
        "test_it.py::test_plain": {**known, "line": 10, "group": ""},
    }
    assert first["broken"] == {
        "test_broken.py": "ModuleNotFoundError: No module named 'no_such_module_at_all'"
    }
    origins = last["origins"]
    assert (origins["json"], origins["no_such"], origins["sys"]) == (json.__file__, "", "")
    assert Path(origins["spacious"]).name == "spacious"  # which has no file
    assert first["origins"] == origins


TIMED = """
    def test_it(benchmark):
        calls = []
        benchmark(calls.append, 1)
        benchmark.extra_info["exact"] = {"calls": len(calls)}

    def test_failing(benchmark):
        benchmark(lambda: 1 // 0)

    def test_alone(benchmark):
        benchmark(abs, -1)
"""


def test_it_times_what_it_is_told_and_else_sets_nothing_up_and_does_not_end(
    pytester: pytest.Pytester,
) -> None:
    orders = (BEGIN, RUN, RUN, GO, BEGIN, RUN, BEGIN, ALONE, ALONE, GO)
    line = play(pytester, TIMED, Mode.TIMING, ALL, *orders)
    begin = ("says begins", "waits", "sets up", "says at", "waits")
    assert line.happens == [
        *("says collected", "waits"),
        *(*begin, "says ran", "waits", "says ran", "waits", "says done"),
        *(*begin, "says done"),
        *(*begin, "says times", "waits", "says times", "waits", "says done"),
        *("says end", "waits"),
    ]
    assert line.said[1]["begins"] == line.said[2]["at"] == line.said[5]["done"]
    found = [len(answer["ran"]) for answer in line.said if min(answer.get("ran", [0])) > 0]
    assert found == [RUN["batches"]] * 2
    # And once more, whose result the test gets.
    assert line.done()["test_it"]["exact"] == {"calls": 2 * RUN["batches"] * RUN["run"] + 1}
    why = "ZeroDivisionError: integer division or modulo by zero"
    assert line.done()["test_failing"]["why"] == why
    first, second = (answer for answer in line.said if "clock" in answer)
    assert min([*first["times"], first["clock"], second["clock"], 1]) > 0


def test_without_a_clock_it_waits_for_nobody_and_runs_what_is_wanted_in_that_order(
    pytester: pytest.Pytester,
) -> None:
    wanted = [f"test_it.py::test_{name}" for name in ("alone", "it", "gone")]
    line = play(pytester, TIMED, Mode.CHECKS, {"tests": wanted})
    each = ("says begins", "sets up", "says done")
    assert line.happens == ["says collected", "waits", *each, *each, "says end"]
    assert list(line.done()) == ["test_alone", "test_it"]


def test_what_a_project_sets_does_not_break_it(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        addopts = -n 2 --no-such-option --benchmark-skip
        filterwarnings = error
        strict = true
        strict_config = true
        no_such_setting = 1
        """
    )
    text = "import pytest\n@pytest.mark.odd\ndef test_it(benchmark): benchmark(abs, -1)"
    line = play(pytester, text, Mode.CHECKS, ALL)
    assert line.done()["test_it"]["outcome"] == "passed"


@pytest.mark.parametrize("representation, words", [("", ""), ("x" * 1000, "x" * 500)])
def test_the_reason_may_be_empty_and_is_not_endless(representation: str, words: str) -> None:
    assert worker._last_line(representation) == words  # noqa: SLF001
