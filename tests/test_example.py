"""The gate judges another project, which brings its own rows and nothing of ReLU."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.baselines import path_for
from benchmarks.machine import this_machine
from tests.plants import ROOT, Run, commit, git, rewrite

EXAMPLE: Final = ROOT / "tests" / "example"
OURS: Final = (
    "__main__.py",
    "suite.py",
    "workloads.py",
    "reference.py",
    "conftest.py",
    "test_*.py",
    "history*.py",
    "behaviour.py",
    "known_changes.py",
    "releases.py",
    "expectations.json",
    "baselines",
)
"""What is left out of a copy of the gate, because it is about ReLU."""

POWER: Final = "    result: Array = x**2\n"


@dataclass(frozen=True, slots=True)
class Project:
    """The example in a repository of its own, beside a copy of the gate's modules."""

    root: Path
    temporary: Path

    @property
    def source(self) -> Path:
        """The code that is judged."""
        return self.root / "squares" / "__init__.py"

    @property
    def stored(self) -> Path:
        """The baseline of this class of machines."""
        return path_for(this_machine(), self.root / "perf" / "baselines")

    def run(self, *arguments: str, **environment: str) -> Run:
        """Run Python in a fresh process that finds nothing but what stands here."""
        unset = ("COV", "PYTHONPATH", "PYTEST")
        kept = {n: v for n, v in os.environ.items() if not n.startswith(unset)}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=kept | {"TMPDIR": str(self.temporary), "COLUMNS": "200"} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    def gate(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """Run the gate and return its report."""
        path = self.temporary / "gate.json"
        run = self.run("-m", "perf", "gate", "--json", str(path), *arguments, **environment)
        assert path.exists(), run.errors
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        assert run.exit == found["exit"]
        return found


def _verdicts(found: dict[str, Any], method: str) -> set[str]:
    return {row["verdict"] for row in found["rows"] if row["method"] == method}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root, temporary = tmp_path / "project", tmp_path / "temporary"
    temporary.mkdir()
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", "baselines"))
    ignored = shutil.ignore_patterns("__pycache__", *OURS)
    shutil.copytree(ROOT / "benchmarks", root / "benchmarks", ignore=ignored)
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / ".gitignore").write_text("__pycache__/\n")
    commit(root)
    return Project(root, temporary)


def test_the_gate_needs_nothing_that_is_about_relu(project: Project) -> None:
    code = "import sys, perf.suite, benchmarks.command; sys.exit('relu_impls' in sys.modules)"
    assert project.run("-c", code).exit == 0


def test_identical_code_is_never_red(project: Project) -> None:
    found = project.gate("--base", "HEAD")
    assert found["exit"] in {0, 3}
    assert len(found["rows"]) == 4
    assert len(found["controls"]) == 2
    assert found["trials"] >= 8


def test_a_slowdown_is_red_in_the_rows_of_its_function_only(project: Project) -> None:
    rewrite(project.source, POWER, f"    sum(range(5_000))\n{POWER}")
    found = project.gate("--base", "HEAD")
    assert (found["exit"], found["verdict"]) == (1, "regressed")
    assert _verdicts(found, "power") == {"regressed"}
    assert "regressed" not in _verdicts(found, "multiply")


@pytest.mark.parametrize("lane", [("--base", "HEAD"), ()], ids=["side by side", "stored"])
def test_a_wrong_answer_diverges(lane: tuple[str, ...], project: Project) -> None:
    if not lane:
        assert project.run("-m", "perf", "baseline", "--trials", "12").exit == 0
    rewrite(project.source, POWER, "    result: Array = x**2 + 1\n")
    found = project.gate(*lane)
    assert (found["exit"], found["verdict"], found["trials"]) == (1, "diverged", 0)
    assert _verdicts(found, "power") == {"diverged"}
    assert _verdicts(found, "multiply") == set()


def test_the_stored_baseline_is_its_own(project: Project) -> None:
    recorded = project.run("-m", "perf", "baseline", "--trials", "12")
    assert recorded.exit == 0, recorded.errors
    assert project.stored.is_file()
    found = project.gate("--limit", "99%", "--trials", "8")
    assert found["exit"] in {0, 3}
    assert found["base"].startswith("the baseline of ")
    assert {row["row"] for row in found["rows"]} == {
        "multiply[1e3]",
        "power[1e3]",
        "multiply[3e4]",
        "power[3e4]",
    }
    rewrite(project.source, POWER, f"    sum(range(50_000))\n{POWER}")
    found = project.gate("--rows", "1e3")
    assert _verdicts(found, "power") == {"regressed"}


def test_the_stored_expectations_are_those_of_today(project: Project) -> None:
    stored = (project.root / "perf" / "expectations.json").read_bytes()
    assert project.run("-m", "perf", "expect").exit == 0
    assert (project.root / "perf" / "expectations.json").read_bytes() == stored


def test_saved_runs_are_recorded_and_compared(project: Project) -> None:
    for name in ("before", "after"):
        recorded = project.run("-m", "perf", "record", name, "--trials", "12")
        assert recorded.exit == 0, recorded.errors
        assert "12 trials of 4 rows" in recorded.output
    compared = project.run("-m", "perf", "compare", "before", "after")
    assert compared.exit in {0, 3}, compared.errors
    assert "before has 12 processes, after has 12 processes" in compared.output


MENDED: Final = {
    ("gate",): (
        "python -m perf gate: no baseline for this class of machines",
        "record it: python -m perf baseline\n",
    ),
    ("compare", "before", "after"): (
        "python -m perf compare: no file, folder or saved run 'before'",
        "save one: python -m perf record NAME\n",
    ),
}


@pytest.mark.parametrize("arguments, words", MENDED.items(), ids=lambda found: found[0])
def test_messages_name_the_command_of_the_project(
    arguments: tuple[str, ...], words: tuple[str, str], project: Project
) -> None:
    run = project.run("-m", "perf", *arguments)
    assert run.exit == 2
    assert run.errors.startswith(words[0])
    assert run.errors.endswith(words[1])


@pytest.mark.parametrize("content", [None, "[]"], ids=["missing", "broken"])
def test_expectations_that_cannot_be_read_are_an_error_of_one_line(
    content: str | None, project: Project
) -> None:
    expectations = project.root / "perf" / "expectations.json"
    expectations.unlink() if content is None else expectations.write_text(content)
    run = project.run("-m", "perf", "baseline", "--trials", "12")
    (line,) = [line for line in run.errors.splitlines() if " s left" not in line]
    assert (run.exit, line.endswith("rewrite it: python -m perf expect")) == (2, True)
    assert not project.stored.exists()


def test_a_package_below_another_folder_is_judged_too(project: Project) -> None:
    (project.root / "src").mkdir()
    project.source.parent.rename(project.root / "src" / "squares")
    rewrite(
        project.root / "perf" / "suite.py",
        '    package="squares",\n',
        '    package="squares",\n    sources="src",\n',
    )
    commit(project.root)
    source = project.root / "src" / "squares" / "__init__.py"
    rewrite(source, POWER, "    result: Array = x**2 + 1\n")
    environment = {"PYTHONPATH": str(project.root / "src")}
    found = project.gate("--base", "HEAD", **environment)
    assert (found["exit"], found["verdict"]) == (1, "diverged")
    recorded = project.run("-m", "perf", "baseline", "--trials", "12", **environment)
    assert (recorded.exit, "power[1e3]" in recorded.errors) == (2, True)
