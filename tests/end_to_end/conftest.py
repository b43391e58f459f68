"""Small projects in repositories, and what runs commands in them as people do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
TOY: Final = {"toy/__init__.py": PACKAGE, "benchmarks/test_toy.py": TESTS}
ROWS: Final = frozenset({"test_total[100]", "test_total[1000]", "test_text"})
AGAINST: Final = ("-m", "pytest", "--against")
COMMAND: Final = ("-c", "import sys; from pytest_against.cli import main; sys.exit(main())")
FEW: Final = ("--against-trials", "2", "--against-budget", "20")
"""Too few for a verdict on times, and enough to see every row."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str
    report: Any

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

    def start(self, *words: str) -> subprocess.Popen[str]:
        left_out = ("GITHUB_ACTIONS", "PYTEST_", "GIT_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        (self.home / "tmp").mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.root,
            env={**kept, "HOME": str(self.home), "TMPDIR": str(self.home / "tmp"), **self.more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, child: subprocess.Popen[str]) -> Done:
        """Wait for the end; whatever the outcome, no temporary file is left."""
        out, err = child.communicate(timeout=300)
        assert list((self.home / "tmp").iterdir()) == []
        path = self.home / "report.json"
        report = json.loads(path.read_text()) if path.exists() else None
        path.unlink(missing_ok=True)
        return Done(child.returncode, out, err, report)

    def run(self, *words: str) -> Done:
        return self.finish(self.start(*words))

    def against(self, *words: str, revision: str = "HEAD") -> Done:
        """Judge the working tree, which stays as it is."""
        before = self.status()
        # In one word, or pytest would take the file for one of tests, and its folder for the root.
        done = self.run(*AGAINST, revision, f"--against-json={self.report}", *words)
        assert self.status() == before
        return done

    @property
    def report(self) -> str:
        return str(self.home / "report.json")

    def status(self) -> list[str]:
        """Return what git says of the working tree, but for bytecode."""
        lines = git(self.root, "status", "--porcelain", "--ignored").splitlines()
        return [line for line in lines if not line.endswith("__pycache__/")]


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes without coverage: the tests of its parts cover what runs there.

    Measured, they would take twice as long.
    """
    for name in [*os.environ]:
        if name.startswith("COVERAGE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """Make a project of some files, those of the toy if none are given."""

    def make(files: dict[str, str] = TOY, **more: str) -> Project:
        it = Project(tmp_path / "root", tmp_path / "home", more)
        it.root.mkdir()
        it.home.mkdir()
        git(it.root, "init", "--quiet", "--initial-branch=main")
        for name, text in files.items():
            put(it.root, name, text)
        commit(it.root)
        return it

    return make
