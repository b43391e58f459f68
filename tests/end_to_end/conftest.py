"""Small projects in repositories, and what runs commands in them as people do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.against.repository import commit, git, put

PACKAGE: Final = """\
def total(n):
    return sum(i * i for i in range(n))


def text(n):
    return ",".join(map(str, range(n)))
"""
TESTS: Final = """\
import pytest
from toy import text, total


@pytest.mark.parametrize("n", [100, 1000])
def test_total(benchmark, n):
    assert benchmark(total, n) == (n - 1) * n * (2 * n - 1) // 6


def test_text(benchmark):
    assert benchmark(text, 100).endswith(",98,99")
"""
ROWS: Final = frozenset({"test_total[100]", "test_total[1000]", "test_text"})
AGAINST: Final = ("-m", "pytest", "--against")
FEW: Final = ("--against-trials", "2", "--against-budget", "20")
"""Too few for a verdict on times, and enough to see every row."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str
    report: Any = None

    @property
    def rows(self) -> dict[str, str]:
        """The verdict of each row."""
        return {row["row"]: row["verdict"] for row in self.report["rows"]}


@dataclass(frozen=True)
class Project:
    """A repository, with a home and a folder for temporary files of its own."""

    root: Path
    home: Path
    more: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        left_out = ("GITHUB_ACTIONS", "PYTEST_", "GIT_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        (self.home / "tmp").mkdir(exist_ok=True)
        return {**kept, "HOME": str(self.home), "TMPDIR": str(self.home / "tmp"), **self.more}

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, child: subprocess.Popen[str]) -> Done:
        out, err = child.communicate(timeout=300)
        path = self.home / "report.json"
        report = json.loads(path.read_text()) if path.exists() else None
        path.unlink(missing_ok=True)
        return Done(child.returncode, out, err, report)

    def run(self, *words: str) -> Done:
        return self.finish(self.start(*words))

    def against(self, *words: str, revision: str = "HEAD") -> Done:
        """Judge the working tree; whatever the outcome, nothing is left behind."""
        before = self.status()
        done = self.run(*AGAINST, revision, self.report(), *words)
        assert self.status() == before
        assert self.left() == []
        return done

    def status(self) -> list[str]:
        """Return what git says of the working tree, but for bytecode."""
        lines = git(self.root, "status", "--porcelain", "--ignored").splitlines()
        return [line for line in lines if not line.endswith("__pycache__/")]

    def report(self) -> str:
        # In one word, or pytest would take the file for one of tests, and its folder for the root.
        return f"--against-json={self.home / 'report.json'}"

    def left(self) -> list[Path]:
        """Return what is left of temporary files."""
        return list((self.home / "tmp").iterdir())

    def processes(self) -> list[int]:
        """Return what still runs, on Linux."""
        mark = f"HOME={self.home}".encode()
        return [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/environ") if _has(p, mark)]


def _has(environment: Path, mark: bytes) -> bool:
    try:
        return mark in environment.read_bytes().split(b"\0")
    except OSError:
        return False


def interrupted(project: Project, numbers: list[int], *words: str) -> Done:
    """Start a gate, and send it signals once it times."""
    child = project.start(*AGAINST, "HEAD", project.report(), *words)
    assert child.stderr is not None
    lines = iter(child.stderr.readline, "")
    assert any("undecided" in line for line in lines)
    time.sleep(0.2)  # workers are starting, or have started
    for number in numbers:
        child.send_signal(number)
        time.sleep(0.01)
    return project.finish(child)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a repository of some files, once."""
    known: dict[tuple[tuple[str, str], ...], Path] = {}

    def make(files: dict[str, str]) -> Path:
        key = tuple(files.items())
        if key not in known:
            known[key] = root = tmp_path_factory.mktemp("made")
            git(root, "init", "--quiet", "--initial-branch=main")
            for name, text in files.items():
                put(root, name, text)
            commit(root)
        return known[key]

    return make


@pytest.fixture
def project(made: Callable[..., Path], tmp_path: Path) -> Callable[..., Project]:
    """Make a project of some files, those of the toy if none are given."""

    def make(files: dict[str, str] | None = None, **more: str) -> Project:
        toy = {"toy/__init__.py": PACKAGE, "benchmarks/test_toy.py": TESTS}
        root, home = tmp_path / "root", tmp_path / "home"
        shutil.copytree(made(toy if files is None else files), root)
        home.mkdir()
        return Project(root, home, more)

    return make
