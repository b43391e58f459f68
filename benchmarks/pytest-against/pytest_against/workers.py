"""The processes that run tests: started, spoken to, watched, and ended for sure."""

from __future__ import annotations

import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from pytest_against.model import (
    WHOLE,
    CannotJudgeError,
    Mode,
    Request,
    Shard,
    Suite,
)
from pytest_against.terms import USUAL, Terms

_TICK: Final = 0.5
"""Seconds between two looks for a worker that hangs."""

_PROGRESS: Final = re.compile(r"[.sxXFER]*( +\[ *\d+%\])?")  # what pytest prints of tests that end

# Threads that wait must not use the timed core: those of OpenMP, of Intel's, and of OpenBLAS.
_PASSIVE: Final = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "KMP_BLOCKTIME": "0",
    "OPENBLAS_THREAD_TIMEOUT": "4",  # two to this power of cycles, the least that it takes
}

HEAD: Final = "head"
BASE: Final = "base"
AGAIN: Final = "again"
"""A second copy of the base, which rides along on some rows: it must come out unchanged."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One side: a folder, and the interpreter that runs what is in it."""

    name: str
    """`HEAD`, `BASE`, `AGAIN`, or what messages are to call it."""
    root: Path
    """The root of the project in this tree."""
    request: Request
    python: str = sys.executable
    engine: Path | None = None
    """A folder with a copy of this package, for interpreters that have none or another."""
    origin: Path | None = None
    """Where the packages under test are imported from, if not from the root."""
    shard: Shard = WHOLE
    """Which of its rows are judged."""
    terms: Terms = USUAL
    """Of rows whose mark says nothing else."""
    project: Path | None = None
    """The folder that was copied, which tests may import from all the same."""

    @classmethod
    def of(cls, suite: Suite, name: str, root: Path) -> Tree:
        """Return a side whose project stands in a folder."""
        chosen = [f"-k={suite.keyword}"] if suite.keyword else []
        chosen += [f"-m={suite.marks}"] if suite.marks else []
        path = dict.fromkeys(str((root / package).parent) for package in suite.packages)
        request = Request(
            mode=Mode.TIMING,
            arguments=(*suite.options, f"--rootdir={root}", *chosen, *suite.arguments),
            path=tuple(path),
            own_options=suite.own_options,
            packages=tuple(Path(package).stem for package in suite.packages),
        )
        return cls(
            name=name,
            root=root,
            request=request,
            shard=suite.shard,
            terms=suite.terms,
            project=suite.root,
        )


@dataclass(frozen=True, slots=True)
class Collected:
    """The benchmarks that one side has."""

    nodes: Mapping[str, Mapping[str, Any]]
    """What is known of each, by node id: ``file``, ``line``, ``method``, ``workload``, its mark."""
    broken: Mapping[str, str]
    """Why a file or a folder could not be collected."""
    origins: Mapping[str, str]
    """Where each package under test was imported from, empty if it was not imported."""


class Worker:
    """A process that runs the tests of one side."""

    running: Final[set[Worker]] = set()

    def __init__(self, tree: Tree, child: subprocess.Popen[bytes], errors: IO[str]) -> None:
        self.tree = tree
        self._child = child
        self._errors = errors
        self.at = "the start"  # or the test that began last
        self._deadline = math.inf
        self._hung = False

    def say(self, **order: Any) -> None:
        """Send an order."""
        assert self._child.stdin is not None  # noqa: S101 - a pipe
        with suppress(OSError):  # whether it lives to read this shows when it is heard
            self._child.stdin.write(json.dumps(order).encode() + b"\n")
            self._child.stdin.flush()

    def hear(self, timeout: float) -> dict[str, Any]:
        """Return the next answer; refuse if the process ended, or says nothing for some seconds."""
        assert self._child.stdout is not None  # noqa: S101 - a pipe
        found: dict[str, Any] = {"begins": self.at}
        while "begins" in found:
            self.at = found["begins"]
            self._deadline = time.monotonic() + timeout
            line = self._child.stdout.readline()
            self._deadline = math.inf
            if not line.endswith(b"\n"):  # nothing, or what it did not live to say
                raise CannotJudgeError(self._obituary(timeout))
            found = json.loads(line)
        return found

    def collected(self, timeout: float) -> Collected:
        """Return the benchmarks that it has found; it then waits for those that it is to run."""
        found = self.hear(timeout)
        if "collected" not in found:
            with suppress(subprocess.TimeoutExpired):  # pytest says why at its very end
                self._child.wait(timeout)
            raise CannotJudgeError(
                f"pytest ended with {found.get('end')} on the {self.tree.name} before it collected "
                f"a test{self._last_words()}; run pytest there to see more"
            )
        nodes = {n: known for n, known in found["collected"].items() if self.tree.shard.has(n)}
        return Collected(nodes, found["broken"], found["origins"])

    def end_if_hung(self) -> None:
        """Kill the process if it said nothing for too long."""
        if time.monotonic() > self._deadline:
            self._hung = True
            self.end()

    def end(self) -> None:
        """Kill the process and all that it started."""
        # That all have ended is a `ProcessLookupError`, or on macOS the other.
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._child.pid, signal.SIGKILL)
            else:
                self._child.kill()

    def _last_words(self) -> str:
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        words = [line for line in said if not _PROGRESS.fullmatch(line.strip())]
        return f": {words[-1].strip()[:300]}" if words else ""

    def _obituary(self, timeout: float) -> str:
        try:
            code = self._child.wait(timeout)
        except subprocess.TimeoutExpired:  # it closed what it should speak through
            self.end()
            code = self._child.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"exited with {code}"
        last = self._last_words()
        mend = "run that test alone to see more"
        if self._hung:
            how, last = f"said nothing for {timeout:g} s", ""
            mend += ", or allow more with --timeout or --against-timeout"
        return f"the run of the {self.tree.name} {how} at {self.at}{last}; {mend}"


@contextmanager
def started(trees: Sequence[Tree]) -> Iterator[list[Worker]]:
    """Start a worker for each side; those that hang are ended, and in the end all of them are."""
    done = threading.Event()
    # It moves what lies at fixed addresses otherwise, alike on all sides.
    padding = "." * random.randrange(4096)  # noqa: S311 - a place, not a secret
    with ExitStack() as stack:
        workers = [stack.enter_context(_started(tree, padding)) for tree in trees]

        def watch() -> None:
            while not done.wait(_TICK):
                for worker in workers:
                    worker.end_if_hung()

        threading.Thread(target=watch, daemon=True).start()
        stack.callback(done.set)
        yield workers


@contextmanager
def _started(tree: Tree, padding: str) -> Iterator[Worker]:
    # Older releases of pytest-cov measure whatever Python a run starts; pytest-benchmark switches
    # itself off in what a worker of pytest-xdist starts.
    left_out = ("COV_CORE_", "PYTEST_XDIST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    # Pytest itself imports pluggy and others, which may be under test.
    engine = str(tree.engine) if tree.engine else ""
    path = [engine, *tree.request.path, kept.get("PYTHONPATH", "")]
    with (
        # What tests leave behind goes with the process.
        tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder,
        # What they print need not be text.
        tempfile.TemporaryFile("w+", errors="replace") as errors,
    ):
        child = subprocess.Popen(  # noqa: S603 - our own module
            [tree.python, "-P", "-m", "pytest_against.worker"],
            cwd=tree.root,
            env={
                **kept,
                "PYTHONPATH": os.pathsep.join(filter(None, path)),
                **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder),
                "PYTHONHASHSEED": "0",
                **_PASSIVE,
                "PYTEST_ADDOPTS": "",
                "PYTEST_AGAINST_PADDING": padding,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # Its own session, so that Ctrl-C reaches us first and all that it started goes with it.
            start_new_session=True,
        )
        worker = Worker(tree, child, errors)
        Worker.running.add(worker)
        try:
            more = {"mode": tree.request.mode.value, "project": str(tree.project or "")}
            worker.say(**asdict(tree.request) | more)
            yield worker
        finally:
            Worker.running.discard(worker)
            with suppress(OSError), child:  # there may be an order that it did not live to read
                worker.end()


def side_by_side(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Run jobs in threads, return their results; when one fails, or we are interrupted, all end."""
    ended, begun = threading.Event(), list[Callable[[], T]]()

    def run(job: Callable[[], T]) -> T:
        begun.append(job)  # before it looks whether all ends, so that none slips through
        try:
            if ended.is_set():
                raise CancelledError
            return job()
        finally:
            begun.remove(job)

    with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        try:  # an interruption may come while they are being started
            futures = [pool.submit(run, job) for job in jobs]
            for future in as_completed(futures):
                future.result()  # raises what the first to fail has raised
        except BaseException:
            ended.set()
            while begun:
                for worker in list(Worker.running):  # one may be about to start
                    worker.end()
                time.sleep(0.05)
            raise
        return [future.result() for future in futures]
