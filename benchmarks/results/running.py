"""One gate of a checkout: in a copy of it, beside busy neighbours."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.results.gate_log import CANNOT_JUDGE
from benchmarks.results.plants import UNSET, Plant, git, prepare
from pytest_against.model import CannotJudgeError, short

BASELINES: Final = Path("benchmarks", "baselines")
_ANSWERS: Final = (0, 1, CANNOT_JUDGE, 3)


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command."""

    exit: int
    seconds: float
    memory: int
    """Bytes that its largest process took at most; 0 if unknown."""
    words: str
    """Its last line."""
    report: dict[str, Any] = field(default_factory=dict)
    """The JSON that it wrote; empty if it wrote none."""


def run(python: str, root: Path, *arguments: str, module: str = "benchmarks") -> Run:
    """Run a module of Python in a folder; refuse what is no exit code of the gate."""
    command = [python, "-m", module, *arguments]
    kept = {n: v for n, v in os.environ.items() if not n.startswith(UNSET)}
    start = time.monotonic()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(command, cwd=root, env=kept, stdout=said, stderr=said) as process,  # noqa: S603
    ):
        try:
            memory = _wait(process)
        except BaseException:
            process.terminate()  # it cleans up before it ends
            raise
        seconds = time.monotonic() - start
        said.seek(0)
        words = short((said.read().splitlines() or ["nothing was said"])[-1])
    if process.returncode not in _ANSWERS:
        raise CannotJudgeError(
            f"{short(shlex.join(command))} ended with {process.returncode}: {words}"
        )
    return Run(process.returncode, seconds, memory, words)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; return the bytes that the largest of it and its children took."""
    if sys.platform == "win32":
        process.wait()
        return 0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return int(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


@dataclass(frozen=True, slots=True)
class Side:
    """A git checkout whose gate is measured, by an interpreter that has what it needs."""

    checkout: Path
    python: str
    baselines: Path | None = None
    """Folder of baselines that its copies have as well."""

    @property
    def commit(self) -> str:
        """The commit, with ``+`` if the working tree differs from it."""
        changed = git(self.checkout, "status", "--porcelain")
        return git(self.checkout, "rev-parse", "HEAD").strip() + "+" * bool(changed)

    def gate(self, plant: Plant | None, options: Sequence[str], beside: str) -> Run:
        """Run one gate in a copy."""
        with tempfile.TemporaryDirectory() as folder:
            root, report = Path(folder, "copy"), Path(folder, "report.json")
            prepare(self.checkout, root, plant, stored="--base" not in options)
            if self.baselines is not None:
                shutil.copytree(self.baselines, root / BASELINES, dirs_exist_ok=True)
            with neighbours(beside):
                found = run(self.python, root, "gate", *options, "--json", str(report))
            text = report.read_text("utf-8") if report.exists() else "{}"
        return replace(found, report=json.loads(text))


_ENDS_WITH_US: Final = """
import os, sys, threading
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
"""
"""Reads a pipe that closes when its writer ends, however that comes about."""

_WORK: Final = {
    "spin": """
print(flush=True)
while True: pass
""",
    # Arrays of 128 MiB: several times what the last cache holds.
    "bandwidth": """
import numpy as np
source = np.ones(1 << 24)
target = np.zeros_like(source)
print(flush=True)
while True: np.copyto(target, source)
""",
    # Short pieces of work, each of which takes the core away from whoever is in the middle of it.
    "bursts": """
import random, time
print(flush=True)
while True:
    end = time.perf_counter() + random.uniform(0.0003, 0.003)
    while time.perf_counter() < end: pass
    time.sleep(random.uniform(0.0003, 0.001))
""",
}

KINDS: Final = ("nothing", *_WORK)
"""Kinds of work that every core can be kept busy with."""


@contextmanager
def neighbours(kind: str) -> Iterator[list[int]]:
    """Keep every core busy with work of a kind; yields the ids of the processes."""
    count = 0 if kind not in _WORK else os.cpu_count() or 1
    with ExitStack() as stack:
        yield [stack.enter_context(_neighbour(kind)) for _ in range(count)]


@contextmanager
def _neighbour(kind: str) -> Iterator[int]:
    command = [sys.executable, "-c", _ENDS_WITH_US + _WORK[kind]]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:  # noqa: S603 - our own text
        if process.stdout is None or not process.stdout.readline():
            raise CannotJudgeError(f"a neighbour of kind {kind} did not start")
        yield process.pid  # it ends when its pipe is closed, which comes next
