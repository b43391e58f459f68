"""A small repository in which commands are interrupted, and what has to be right afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from pytest_against.around import INTERRUPTED
from pytest_against.machine import this_machine
from pytest_against.model import CannotJudgeError, rows_of, short
from pytest_against.saved import BaselineRow, load_baseline, load_run, path_for, write_baseline
from tests.against.repository import commit, git, put
from tests.against.runs import ABOUT
from tests.end_to_end.conftest import AGAINST, COMMAND, PACKAGE

GRACE: Final = 60.0  # seconds that a command and what it started may take to end
TESTS: Final = """\
from toy import text, total


def test_total(benchmark):
    assert benchmark(total, 100) == 328350


def test_text(benchmark):
    assert benchmark(text, 9) == "0,1,2,3,4,5,6,7,8"
"""
_FEW: Final = ("--trials", "4", "--budget", "3")
_SHORT: Final = ("--against-budget=3", "--against-json=../home/x.json")
COMMANDS: Final = {
    "pytest --against": (*AGAINST, "HEAD", "--against-trials=4", *_SHORT),
    "gate --base": (*COMMAND, "gate", "--base", "HEAD", *_FEW, "--json", "../home/x.json"),
    "gate": (*COMMAND, "gate", *_FEW, "--json", "../home/x.json"),
    "baseline": (*COMMAND, "baseline", "--accept", "a kill", *_FEW),
    "record": (*COMMAND, "record", "run", *_FEW),
}
_SUCCESS: Final = {"baseline": {0}, "record": {0}}
JUDGED: Final = {0, 1, 3}
_REFUSED: Final = 2
_NO_CALM: Final = "record it again when less else runs"
"""What a command says on a machine that is busy, which is no fault."""


@dataclass(slots=True)
class Playground:
    """A repository, a home and a folder for temporary files."""

    root: Path
    home: Path
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each command takes if it is let be."""

    @classmethod
    def of(cls, folder: Path) -> "Playground":
        """Make one, and run each command once; refuse if one cannot judge."""
        it = cls(folder / "root", folder / "home")
        for place in (it.root, it.home / "tmp"):
            place.mkdir(parents=True)
        git(it.root, "init", "--quiet", "--initial-branch=main")
        files = {"toy/__init__.py": PACKAGE, "benchmarks/test_toy.py": TESTS}
        files |= {".gitignore": "__pycache__/\n.benchmarks/\nbenchmarks/baselines/\n"}
        for name, text in files.items():
            put(it.root, name, text)
        commit(it.root)
        it.put_baseline()
        for name in COMMANDS:
            begin = time.monotonic()
            child = it.start(name)
            said, _ = child.communicate()
            for fault in it.ending(name, child.returncode, said, ()):
                raise CannotJudgeError(f"{name} cannot be interrupted: {fault} ({short(said)})")
            it.seconds[name] = time.monotonic() - begin
        return it

    def put_baseline(self) -> None:
        """Store one that was made up: no test depends on how quiet the machine is."""
        names = (f"benchmarks/test_toy.py::{name}" for name in ("test_total", "test_text"))
        known = rows_of({name: {} for name in names}).items()
        times: dict[str, Any] = {"recordings": ((0.1, 0.11), (0.1, 0.12)), "seconds": (1e-6,) * 4}
        rows = {n: BaselineRow(row=row, **times) for n, row in known}
        machine = this_machine()
        head = git(self.root, "rev-parse", "HEAD").strip()
        found = replace(ABOUT, machine=machine.as_dict(), commit=head, rows=rows)
        write_baseline(found, path_for(machine.class_name, self.root / "benchmarks" / "baselines"))

    def start(self, name: str) -> subprocess.Popen[str]:
        """Start a command, with nothing there that it is to write but the baseline."""
        (self.home / "x.json").unlink(missing_ok=True)
        shutil.rmtree(self.root / ".benchmarks", ignore_errors=True)
        left_out = ("GITHUB_ACTIONS", "PYTEST", "GIT_", "COV", "PYTHONPATH")
        kept = {n: value for n, value in os.environ.items() if not n.startswith(left_out)}
        return subprocess.Popen(  # noqa: S603 - our own commands
            [sys.executable, *COMMANDS[name]],
            cwd=self.root,
            env={**kept, "HOME": str(self.home), "TMPDIR": str(self.home / "tmp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def state(self) -> dict[str, str]:
        """Return what no command may change in the repository."""
        asked = {
            "status": ("status", "--porcelain"),
            "references": ("for-each-ref",),
            "HEAD": ("rev-parse", "HEAD"),
            "stash": ("stash", "list"),
            "worktrees": ("worktree", "list"),
        }
        found = {name: git(self.root, *words) for name, words in asked.items()}
        locks = sorted(str(path) for path in (self.root / ".git").rglob("*.lock"))
        return found | {"locks of git": "\n".join(locks)}

    def left(self) -> list[str]:
        """Return the temporary files that are there."""
        return sorted(path.name for path in (self.home / "tmp").iterdir())

    def running(self) -> list[str]:
        """Return the processes that still run, by their ids."""
        mark, found = os.fsencode(f"HOME={self.home}"), []
        for environment in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in environment.read_bytes().split(b"\0"):
                    found.append(environment.parent.name)
            except OSError:
                pass  # it has ended, or is another user's
        return found

    def stored(self) -> Iterator[str]:
        """Yield what is not whole of a baseline and of saved runs."""
        try:
            for path in (self.root / "benchmarks" / "baselines").rglob("*"):
                if path.is_file():
                    load_baseline(path, "")
            for path in (self.root / ".benchmarks").rglob("*"):
                if path.is_file():
                    load_run(path)
                if path.name.startswith("."):
                    yield f"{path.name} was left"
        except CannotJudgeError as error:
            yield str(error)

    def faults(self, before: dict[str, str], old: Sequence[str], sent: Sequence[int]) -> list[str]:
        """Return what is not as it must be after a command; `old` are files that were left."""
        after = self.state()
        found = [f"{k} changed: {short(after[k])}" for k in before if before[k] != after[k]]
        found += self.stored()
        deadline = time.monotonic() + GRACE
        while (running := self.running()) and time.monotonic() < deadline:
            time.sleep(0.05)
        found += [f"a process was left: {pid}" for pid in running]
        if signal.SIGKILL not in sent:
            new = sorted({*self.left()}.difference(old))
            found += [f"a temporary file was left: {each}" for each in new]
        try:
            for lock in (self.home / ".cache").glob("*.lock"):
                FileLock(lock).acquire(timeout=0).lock.release()
        except Timeout:
            found.append("the lock was left")
        return found

    def ending(self, name: str, code: int, said: str, sent: Sequence[int]) -> Iterator[str]:
        """Yield what is wrong with an exit code."""
        report = self.home / "x.json"
        judged = json.loads(report.read_text("utf-8")) if report.exists() else None
        allowed = _SUCCESS.get(name, JUDGED) | ({_REFUSED} if _NO_CALM in said else set())
        if code < 0:
            # Python itself is still loading, or nothing can be done about it.
            if -code not in sent or (-code != signal.SIGKILL and judged is not None):
                yield f"it ended by signal {-code}"
        elif code == INTERRUPTED:
            if not sent:
                yield "it says that it was interrupted"
            if judged is not None and judged["why"] != "interrupted":
                yield f"interrupted, and the report says {judged['verdict']}"
        elif code not in allowed:
            yield f"exit code {code}"
        elif name in _SUCCESS:
            if name == "record" and not code and not [*(self.root / ".benchmarks").rglob("*.json")]:
                yield "exit code 0, and nothing is recorded"
        elif judged is None or judged["exit"] != code:
            yield f"exit code {code}, and the report has {judged and judged['exit']}"
