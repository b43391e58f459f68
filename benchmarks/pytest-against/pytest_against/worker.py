"""One plain run of pytest whose `benchmark` obeys the referee; started by name, never imported.

It reads a `Request` and then orders from standard input, and answers on standard output, a JSON
object in each line.  What tests read and print goes elsewhere, so that it cannot be mistaken for
an order or an answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from inspect import iscoroutine
from pathlib import Path
from typing import Any, Final

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from pytest_against.calls import Call, Swap, benchmarks_of, has_body, peak_bytes
from pytest_against.command_line import knows
from pytest_against.extra_info import said
from pytest_against.heap import keep_memory
from pytest_against.imports import files, imported
from pytest_against.machine import Clock, Core
from pytest_against.model import Mode
from pytest_against.plugin import Hooks
from pytest_against.returned import BY_CALL, BY_MARK, look
from pytest_against.terms import MARK
from pytest_against.timing import absolute

BLOCKED: Final = (
    *("xdist", "xdist.looponfail", "pytest_cov", "codspeed", "randomly", "random_order"),
    *("pytest_repeat", "repeat", "rerunfailures", "pytest_retry", "retry", "flaky", "timeout"),
    *("run-parallel", "pytest_timeout", "cacheprovider", "stepwise", "pastebin", "doctest"),
    *("pytest_forked", "pytest_isolate", "parallel", "memray", "monitor", "profiling"),
    *("typeguard", "jaxtyping", "pytest_beartype", "pytest-testmon"),
    *("junitxml", "html", "pytest_jsonreport", "allure_pytest"),
    *("against", "pytest_against.plugin", "setuponly", "setupplan", "faulthandler"),
)
"""Plugins that change how often, where or in what order tests run, or what they run, and others."""

_OPTIONS: Final = (
    *("-s", "-q", "--no-header", "--continue-on-collection-errors", "--benchmark-min-rounds=1"),
    *("-o", "addopts=", "-o", "strict_config=false", "-o", "strict_markers=false"),
    *("-o", "required_plugins="),  # of which some are off
    *("-W", "ignore::pytest.PytestUnknownMarkWarning", "-W", "ignore::pytest.PytestConfigWarning"),
    *("-W", "ignore::pytest.PytestDeprecationWarning"),  # of what is merely installed
    *(part for name in BLOCKED for part in ("-p", f"no:{name}")),
    *("-p", "benchmark"),  # it may be blocked, as in CodSpeed's style, or none be loaded by itself
)


class Line:
    """Two pipes to the referee, which tests do not know of."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._orders = os.fdopen(os.dup(0), "rb")
        self._answers = os.fdopen(os.dup(1), "wb")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def say(self, **answer: Any) -> None:
        """Send an answer; a copy of this process that a test made has nothing to say."""
        if os.getpid() == self._process:
            self._answers.write(json.dumps(answer).encode() + b"\n")
            self._answers.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for the next order; without a referee there is nothing left to do."""
        order = self._orders.readline()
        if not order:
            os._exit(1)  # pragma: no cover - nor what was measured until here
        return dict(json.loads(order))


class Worker:
    """The plugin that connects a run of pytest to the referee."""

    def __init__(
        self,
        line: Line,
        mode: Mode,
        packages: list[str],
        options: Sequence[list[str]],
        project: str,
    ) -> None:
        self._line = line
        self._mode = mode
        self._packages, self._own_options = packages, options
        self._broken: dict[str, str] = {}
        self._found: dict[str, Any] = {}
        self._extra: object = {}
        self._clock: Clock | None = None
        self._imports = False  # whether it is to say what the tests import, which takes a while
        self._before = frozenset[str]()  # modules that pytest and its plugins need
        self._loose, self._off = set[str](), set[str]()
        self._number = 0  # of tests so far
        # Tests may leave the first, and import from the second.
        self._root, self._project = Path.cwd(), Path(project).absolute()

    def pytest_addhooks(self, pluginmanager: pytest.PytestPluginManager) -> None:
        """Let a conftest.py say what it says to the plugin, which is not there."""
        pluginmanager.add_hookspecs(Hooks)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(
        self, parser: pytest.Parser, args: list[str]
    ) -> Iterator[None]:
        """Note what is loaded before anything of the project is, and give it its options."""
        self._before = frozenset(sys.modules)
        yield
        # A conftest.py of the base, or a plugin that is off, may not know one.
        known = [option for option in self._own_options if knows(parser, option)]
        args[:0] = [word for words in known for word in words]

    def pytest_configure(self, config: pytest.Config) -> None:
        """Stand before the stock fixture."""
        config.pluginmanager.register(Swap(self._meet, self._see, once=True))

    def pytest_exception_interact(
        self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any], report: object
    ) -> None:
        """Note what cannot be collected, and which line is at fault."""
        if isinstance(report, pytest.CollectReport) and call.excinfo is not None:
            place = _place(call.excinfo.value, node.config.rootpath)
            self._broken[report.nodeid] = place + _last_line(report.longrepr)

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # after all others, which may mark tests
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Iterator[None]:
        """Say which benchmarks there are, and keep those that the referee wants, in its order."""
        yield
        found = {item.nodeid: item for item in benchmarks_of(items)}
        self._line.say(
            collected={node: _known(item) for node, item in found.items()},
            broken=self._broken,
            origins=self._origins(),
        )
        order = self._line.hear()
        self._loose, self._off = {*order.get("loose", ())}, {*order.get("off", ())}
        self._imports = order.get("imports", False)
        chosen = [found[node] for node in order["tests"] if node in found]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen

    def _meet(self, fixture: BenchmarkFixture, asked: Call) -> None:
        """Do with a call what the referee wants, until it lets the test go on."""
        self._extra = fixture.extra_info
        if self._mode is Mode.CHECKS:
            self._found["group"] = str(fixture.group or "")
            self._found["exact"]["peak_bytes"] = peak_bytes(asked, self._see)
            return
        self._line.say(at=fixture.fullname)
        while "go" not in (order := self._line.hear()):
            if "run" in order:
                self._line.say(ran=asked.run(order["run"], order["batches"], order["seed"]))
                continue
            self._clock = self._clock or Clock(order["fastest"])  # one for all calls
            rng = random.Random(order["seed"])  # noqa: S311 - places in memory, not secrets
            times = absolute(asked, self._clock, Core, order["seconds"], rng)
            self._line.say(times=times, clock=self._clock.seconds)
        asked.leave()

    def _see(self, result: object) -> object:
        """Note what a call returned, unless each call returns something else, and return it."""
        node = self._found["node"]
        if iscoroutine(result):
            result.close()
            why = "it returned a coroutine, so that only the making of it would be timed"
            pytest.fail(f"{why}; call a function that runs it, as by asyncio.run", pytrace=False)
        if self._mode is Mode.TIMING or self._found.get("unlike"):  # no other look changes that
            return result
        if node in self._off:
            self._found["unlike"] = BY_MARK
        else:
            known = look(result, exact=node not in self._loose)
            same = self._found.setdefault("digest", known.digest) == known.digest
            self._found["digest"] = known.digest if same else ""
            self._found |= {"unlike": known.why if same else BY_CALL, "looks": known.looks}
            if node in self._loose:
                # Of its own, since the next test may begin before the referee has read it.
                file = Path(tempfile.gettempdir(), f"pytest-against-floats-{self._number}")
                file.write_bytes(known.floats.tobytes())
                self._found["floats"] = str(file)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # around what collects warnings
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Say that a test begins, once the others have come so far, and how it ended."""
        self._line.say(begins=item.nodeid)
        self._wait()
        self._found = {"node": item.nodeid, "outcome": "passed", "exact": {}}
        self._extra, self._number = {}, self._number + 1
        result = yield
        if self._found["outcome"] == "passed":
            self._found |= said(self._extra, self._found["exact"])
            if self._mode is Mode.CHECKS and has_body(item) and not self._found["exact"]:
                why = "its body is not timed, such as that of a method of unittest.TestCase"
                self._found |= {"outcome": "failed", "why": f"{why}; make it a function"}
        self._line.say(done=self._found.pop("node"), **self._found)
        return result

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say that all is done, and what was measured."""
        used = imported(self._packages, self._before) if self._imports else {}
        known = {
            "origins": self._origins(),
            "distributions": used,
            "files": files(self._root, self._project),
        }
        self._line.say(end=int(exitstatus), **known)
        self._wait()

    def _wait(self) -> None:
        """Do nothing while others are timed on the same core, until the referee says so."""
        if self._mode is Mode.TIMING:
            self._line.hear()

    def _origins(self) -> dict[str, str]:
        """Return the file or folder that each package was imported from, empty if it was not."""
        found = {}
        for name in self._packages:
            module = sys.modules.get(name)
            places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
            found[name] = next((str(place) for place in places if place), "")
        return found

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ends."""
        if report.failed or (report.skipped and self._found["outcome"] == "passed"):
            self._found |= {"outcome": report.outcome, "why": _last_line(report.longrepr)}

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:
        """Note what a test warns of."""
        if nodeid:
            kinds = {*self._found.get("warnings", ()), warning_message.category.__name__}
            self._found["warnings"] = sorted(kinds)


def _known(item: pytest.Item) -> dict[str, Any]:
    """Return what a report says of a test."""
    file, line, _ = item.location
    found: dict[str, Any] = {"file": file, "line": (line or 0) + 1}
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if {"method", "workload"} <= parameters.keys():
        found |= {name: str(parameters[name]) for name in ("method", "workload")}
    said: dict[str, Any] = {}
    for each in item.iter_markers(MARK):  # the closest first
        said = {**each.kwargs, **said, **{f"{value!r} without a name": "" for value in each.args}}
    words = {name: str(value) for name, value in said.items()}
    return found | ({MARK: words} if words else {})


def _place(error: BaseException, root: Path) -> str:
    """Return the file and the line below `root` that an error comes from; empty if there is none.

    That is the last: a test that imports a broken package is not to blame.
    """
    if isinstance(error, pytest.Collector.CollectError):  # pytest's own, raised from it
        error = error.__cause__ or error
    lines = [(each.filename, each.lineno) for each in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):  # which has not come to run
        lines.append((error.filename or "", error.lineno))
    own = [(Path(file), line) for file, line in lines if Path(file).is_relative_to(root)]
    return f"{own[-1][0].relative_to(root).as_posix()}:{own[-1][1]}: " if own else ""


def _last_line(representation: object) -> str:
    if isinstance(representation, tuple):  # of a skip: file, line, reason
        return str(representation[-1])
    crash = getattr(representation, "reprcrash", None)
    lines = str(crash.message if crash else representation).strip().splitlines()
    return (lines[0] if crash else lines[-1].removeprefix("E "))[:500].strip() if lines else ""


def main() -> None:
    """Carry out the request on standard input."""
    line = Line()
    request = line.hear()
    sys.path[:0] = request["path"]
    keep_memory()
    os.environ["PYTEST_AGAINST"] = request["mode"]  # tells tests that a worker runs them
    more = request.get("own_options", ()), request.get("project", "")
    worker = Worker(line, Mode(request["mode"]), request["packages"], *more)
    code = pytest.main([*request["arguments"], *_OPTIONS], plugins=[worker])
    with contextlib.suppress(OSError):  # the referee may have left
        line.say(end=int(code))


if __name__ == "__main__":
    main()
