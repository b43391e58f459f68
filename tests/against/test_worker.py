"""A worker obeys the referee: played here by a script, and the line by a list."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_against import worker
from pytest_against.model import Mode

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home")

BEGIN = {"begin": True}
RUN = {"run": 2, "batches": 3, "seed": 3}
GO = {"go": True}


class Line:
    """What the worker says, the orders that it hears, and all that happens, in a word each."""

    def __init__(self, orders: Iterable[dict[str, Any]]) -> None:
        self.said: list[dict[str, Any]] = []
        self.happens: list[str] = []
        self._orders = deque(orders)

    def say(self, **answer: Any) -> None:
        self.said.append(json.loads(json.dumps(answer)))
        self.happens += [f"says {next(iter(answer))}"]

    def hear(self) -> dict[str, Any]:
        self.happens += ["waits"]
        return self._orders.popleft()

    def pytest_runtest_setup(self) -> None:
        self.happens += ["sets up"]

    def done(self) -> dict[str, dict[str, Any]]:
        found = [answer for answer in self.said if "done" in answer]
        return {each["done"].partition("::")[2]: each for each in found}


def play(
    pytester: pytest.Pytester,
    text: str,
    mode: Mode,
    *orders: dict[str, Any],
    tests: Iterable[str] = (),
    **more: Any,
) -> Line:
    """Run a file of tests as a worker does; without names, all that are found are wanted."""
    number = len(list(pytester.path.glob("test_w*.py")))
    file = f"test_w{number}_{pytester.path.name.replace('-', '_')}.py"
    pytester.makepyfile(**{file.removesuffix(".py"): text})
    wanted = [f"{file}::{name}" for name in tests]
    line = Line([{"tests": wanted}, *orders, {}])  # nobody says anything after the end
    if not wanted:
        line.hear = _all(line, line.hear)  # type: ignore[method-assign]
    plugin = worker.Worker(line, mode, more.pop("packages", []))  # type: ignore[arg-type]
    options = [option for option in worker._OPTIONS if option != "-s"]  # noqa: SLF001
    pytester.inline_run(file, *more.pop("options", ()), *options, plugins=[plugin, line])
    return line


def _all(line: Line, hear: Any) -> Any:
    def heard() -> Any:
        order = hear()
        return {"tests": list(line.said[0]["collected"])} if "tests" in order else order

    return heard


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
    line = play(pytester, CHECKED, Mode.CHECKS)
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
    assert found["test_plain"]["exact"].keys() == {"peak_bytes"}
    exact = found["test_more"]["exact"]
    assert {**exact, "peak_bytes": exact["peak_bytes"] // 1000} == {
        "peak_bytes": 100,
        "queries": 3,
        "7": 8,
    }
    assert found["test_more"]["inputs"] == "v1"
    assert found["test_more"]["warnings"] == ["DeprecationWarning"]
    assert found["test_wrong"]["why"] == "AssertionError: no"
    assert "not today" in found["test_left"]["why"]
    assert found["test_silent"]["exact"] == {}
    assert "late" in found["test_torn"]["why"]
    begun = [each["begins"].partition("::")[2] for each in line.said if "begins" in each]
    assert begun == list(found)
    assert line.said[-1]["end"] == 1


def test_only_what_is_wanted_runs_in_the_order_asked_for(pytester: pytest.Pytester) -> None:
    names = ["test_silent", "test_plain", "test_gone"]
    assert list(play(pytester, CHECKED, Mode.CHECKS, tests=names).done()) == names[:2]


def test_what_is_known_of_a_test(pytester: pytest.Pytester) -> None:
    text = """
    import pytest

    @pytest.mark.benchmark(group="sums")
    @pytest.mark.parametrize("method, workload", [("fast", "small")])
    def test_it(benchmark, method, workload): ...

    def test_plain(benchmark): ...
    """
    line = play(pytester, text, Mode.CHECKS, tests=["test_none"])
    (it, plain) = line.said[0]["collected"].values()
    assert {**it, "file": ""} == {
        "file": "",
        "line": 3,
        "group": "sums",
        "method": "fast",
        "workload": "small",
    }
    assert {**plain, "file": ""} == {"file": "", "line": 7, "group": ""}


def test_what_cannot_be_collected_is_named(pytester: pytest.Pytester) -> None:
    line = play(pytester, "import no_such_module_at_all", Mode.CHECKS, tests=["test_none"])
    ((where, why),) = line.said[0]["broken"].items()
    assert where.endswith(".py")
    assert why == "ModuleNotFoundError: No module named 'no_such_module_at_all'"
    assert line.said[0]["collected"] == {}


def test_where_packages_came_from(pytester: pytest.Pytester) -> None:
    (pytester.path / "spacious").mkdir()
    text = """
    import sys
    sys.path.insert(0, ".")
    import spacious, json
    def test_it(benchmark): ...
    """
    packages = ["json", "spacious", "no_such", "sys"]
    found = play(pytester, text, Mode.CHECKS, tests=["test_none"], packages=packages)
    for each in (found.said[0], found.said[-1]):
        origins = each["origins"]
        assert origins["json"] == json.__file__
        assert Path(origins["spacious"]).name == "spacious"  # which has no file
        assert (origins["no_such"], origins["sys"]) == ("", "")


TIMED = """
    def test_it(benchmark):
        calls = []
        benchmark(calls.append, 1)
        benchmark.extra_info["exact"] = {"calls": len(calls)}
        print("to the screen")

    def test_failing(benchmark):
        benchmark(lambda: 1 // 0)
"""


def test_a_side_times_its_call_as_often_as_it_is_told(pytester: pytest.Pytester) -> None:
    line = play(pytester, TIMED, Mode.TIMING, BEGIN, RUN, RUN, GO, tests=["test_it"])
    _, begins, at, first, second, done, end = line.said
    assert begins["begins"] == at["at"] == done["done"]
    assert len(first["ran"]) == len(second["ran"]) == RUN["batches"]
    assert min(first["ran"] + second["ran"]) > 0
    # And once more, whose result the test gets.
    assert done["exact"]["calls"] == 2 * RUN["batches"] * RUN["run"] + 1
    assert done["outcome"] == "passed"
    assert end["end"] == 0


def test_while_others_are_timed_it_sets_nothing_up_and_does_not_end(
    pytester: pytest.Pytester,
) -> None:
    line = play(pytester, TIMED, Mode.TIMING, BEGIN, GO, tests=["test_it"])
    assert line.happens == [
        *("says collected", "waits"),
        *("says begins", "waits", "sets up", "says at", "waits", "says done"),
        *("says end", "waits"),
    ]


def test_without_a_clock_it_waits_for_nobody(pytester: pytest.Pytester) -> None:
    line = play(pytester, TIMED, Mode.CHECKS, tests=["test_it"])
    assert line.happens == [
        *("says collected", "waits"),
        *("says begins", "sets up", "says done"),
        "says end",
    ]


def test_a_test_that_fails_while_it_is_timed_is_done(pytester: pytest.Pytester) -> None:
    line = play(pytester, TIMED, Mode.TIMING, BEGIN, RUN, tests=["test_failing"])
    done = line.done()["test_failing"]
    assert (done["outcome"], done["why"]) == (
        "failed",
        "ZeroDivisionError: integer division or modulo by zero",
    )


def test_alone_it_is_timed_by_the_clock(pytester: pytest.Pytester) -> None:
    alone = {"seconds": 1e-4, "fastest": 0.0, "seed": 1}
    line = play(pytester, TIMED, Mode.TIMING, BEGIN, alone, alone, GO, tests=["test_it"])
    first, second = (answer for answer in line.said if "clock" in answer)
    assert min([*first["times"], first["clock"], second["clock"], 1]) > 0


HOSTILE = """
    def test_it(benchmark):
        benchmark(abs, -1)
"""


@pytest.mark.parametrize(
    "ini",
    [
        "[pytest]\naddopts = -n 2 --no-such-option --benchmark-skip\n",
        "[pytest]\nfilterwarnings = error\n",
        "[pytest]\nstrict = true\n",
        "[pytest]\nno_such_setting = 1\nstrict_config = true\n",
        "[pytest]\nxfail_strict = true\n",
    ],
)
def test_what_a_project_sets_does_not_break_it(pytester: pytest.Pytester, ini: str) -> None:
    pytester.makefile(".ini", pytest=ini)
    marked = HOSTILE.replace("    def", "    import pytest\n    @pytest.mark.odd\n    def")
    line = play(pytester, marked, Mode.CHECKS, options=["-p", "xdist"])
    assert line.done()["test_it"]["outcome"] == "passed"


@pytest.mark.parametrize(
    "representation, words",
    [
        ("", ""),
        (("file", 1, "Skipped: why"), "Skipped: why"),
        ("first\nlast \n", "last"),
        ("x" * 1000, "x" * 500),
    ],
)
def test_the_last_line_is_the_reason(representation: object, words: str) -> None:
    assert worker._last_line(representation) == words  # noqa: SLF001
