"""Run the steps of the workflows in a clone: ``python -m tests.workflow_steps``.

What only the host provides is substituted: its files and variables, the matrix, the artifacts
that jobs hand on, its command line.  Conditions are not evaluated, so that every step is run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.plants import ROOT, commit, git, rewrite

WORKFLOWS: Final = ROOT / ".github" / "workflows"

NOT_HERE: Final[Mapping[str, str]] = {
    "tests/bare/Install git": "it installs a package of the system",
    "tests/bare/Run the tests": "it runs the tests, of which this is one",
}
"""Steps that cannot be run here, with the reason."""

OTHER_LEGS: Final = (
    "of the matrix of tests, the leg `lint` is run; the others need other interpreters, systems "
    "or tools, and are the same two steps"
)

ORDER: Final = (
    "tests/tests",
    "tests/bare",
    "performance/base",
    "measure/gate",
    "performance/verdict",
    "comment/render",
    "comment/comment",
    "baseline/record",
    "baseline/propose",
    "machines/judge",
    "machines/join",
    "nightly/numpy-next",
)
"""Every job, after those whose results it needs."""

CONTEXT: Final[Mapping[str, str]] = {
    "matrix.env": "lint",
    "matrix.os": "here",
    "github.base_ref": "main",
    "github.token": "no-token",
    "github.repository": "owner/name",
    "github.event.workflow_run.head_sha": "0" * 40,
    "inputs.attempt": "first",
    "inputs.accept": "",
    "needs.first.result": "success",
    "needs.second.result": "skipped",
}
"""What the host knows."""

PASSED_ON: Final[Mapping[str, tuple[str, str]]] = {
    "inputs.base": ("base", "sha"),
    "needs.base.outputs.measured": ("base", "measured"),
    "needs.second.outputs.exit || needs.first.outputs.exit": ("gate", "exit"),
}
"""What jobs tell each other, by the step that says it."""

SHORTER: Final[Mapping[str, str]] = {
    "ROWS": "maximum and 1e3",
    "TRIALS": "12",
    "BUDGET": "20",
    "INDEX": "https://pypi.org/simple",
}
"""Variables of the workflows that make their steps short, or possible here."""

RELEASED: Final = "RELEASED"
"""The variable that names a NumPy older than the newest, which stands for the one to come."""

LARGEST_BODY: Final = 65_536
"""Characters that GitHub takes in a comment or the description of a pull request."""

GH: Final = f"""\
#!/usr/bin/env bash
# Stands in for gh: notes what it is asked for, and refuses what the host would refuse.
printf '%s\\n' "$*" >> "$GH_LOG"
[ -n "$GH_TOKEN" ] && [ -n "$GH_REPO" ] || exit 4
while [ "$#" -gt 0 ]; do
  if [ "$1" = --body-file ]; then
    [ -s "$2" ] && [ "$(wc -m < "$2")" -le {LARGEST_BODY} ] || exit 1
  fi
  if [ "$1" = list ]; then
    echo 7
  fi
  if [ "$1" = --paginate ]; then
    printf '%s' "${{GH_COMMENTS:-}}"
  fi
  shift
done
"""

PYTEST: Final[Mapping[str, str]] = {
    "tests/bare/Run the main job": "-k float32-1e3 --benchmark-max-time=0.01 "
    + " ".join(
        f"--deselect=benchmarks/test_article.py::test_article[{name}"
        for name in ("m", "half", "relu-", "relu_inplace")
    ),
    "measure/gate/Save a run": "--benchmark-max-time=0.01",
    "nightly/numpy-next/Test; a new warning is an error": "-k test_options.py",
}
"""What makes the steps that run pytest short."""

INCONCLUSIVE: Final[Mapping[str, int]] = {
    "performance/verdict/Pass on the answer": 1,
    "machines/judge/Judge": 3,
    "machines/join/Join the reports": 3,
}
"""Exit codes of steps when the gate proves nothing, because a machine is too noisy for it."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a step.

    Attributes
    ----------
    name : str
        Workflow, job and step.
    exit : int
        Exit code.
    seconds : float
        How long it took.
    output : str
        What it printed.
    """

    name: str
    exit: int
    seconds: float
    output: str

    @property
    def passed(self) -> bool:
        """Whether it did what it should."""
        return self.exit in {0, INCONCLUSIVE.get(self.name)}


def jobs() -> dict[str, dict[str, Any]]:
    """Return the jobs of all workflows that have steps, by workflow and name."""
    return {
        f"{file.stem}/{name}": job
        for file in sorted(WORKFLOWS.glob("*.yml"))
        for name, job in yaml.safe_load(file.read_text("utf-8"))["jobs"].items()
        if "steps" in job
    }


def run_steps() -> dict[str, dict[str, Any]]:
    """Return every step that runs a command, by workflow, job and name."""
    return {
        f"{job}/{step['name']}": step
        for job, found in jobs().items()
        for step in found["steps"]
        if "run" in step
    }


def write_gh(folder: Path) -> None:
    """Write the stand-in for the command line of the host."""
    gh = folder / "gh"
    gh.write_text(GH)
    gh.chmod(0o755)


@dataclass(frozen=True, slots=True)
class Host:
    """A stand-in for the host, with a clean clone of the code.

    Attributes
    ----------
    folder : Path
        An empty folder.
    """

    folder: Path
    outputs: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def clone(self) -> Path:
        """Where jobs check out the code."""
        return self.folder / "clone"

    def prepare(self) -> None:
        """Make a repository with a change to judge, a clone of it, and an interpreter."""
        origin = self.folder / "origin"
        ignored = shutil.ignore_patterns(
            *(".git", ".tox", ".venv", ".history", ".benchmarks", ".hypothesis"),
            *("__pycache__", ".*_cache", "baselines"),
        )
        shutil.copytree(ROOT, origin, ignore=ignored)
        git(origin, "init", "--quiet", "--initial-branch=main")
        commit(origin)
        git(self.folder, "clone", "--quiet", str(origin), "clone")
        git(self.clone, "switch", "--quiet", "--create=change")
        with (self.clone / "relu_impls" / "forward.py").open("a") as source:
            source.write("\n# A change.\n")
        # A baseline takes all rows, and on one workload there are fewer.
        suite = self.clone / "benchmarks" / "suite.py"
        few = 'lambda: [r for r in default_rows() if r.workload == "float32-1e3"]'
        rewrite(suite, "    rows=all_rows,\n", f"    rows={few},\n")
        commit(self.clone)
        subprocess.run([sys.executable, "-m", "venv", str(self.folder / "python")], check=True)
        for name in ("artifacts", "home", "temporary"):
            (self.folder / name).mkdir()
        write_gh(self.folder / "python" / "bin")

    def run(self) -> Iterator[Ran]:
        """Run every step that can be run here, job after job."""
        every = jobs()
        for job in ORDER:
            git(self.clone, "reset", "--quiet", "--hard")
            git(self.clone, "clean", "--quiet", "--force", "-dx")
            for step in every[job]["steps"]:
                if "run" not in step:
                    self._act(step)
                elif f"{job}/{step['name']}" not in NOT_HERE:
                    yield self._run(job, step, every[job].get("env", {}))

    def _run(self, job: str, step: Mapping[str, Any], env: Mapping[str, str]) -> Ran:
        name = f"{job}/{step['name']}"
        output, summary = self.folder / "output", self.folder / "summary"
        output.write_text("")
        given = {key: self._value(value) for key, value in {**env, **step.get("env", {})}.items()}
        given |= {name: value for name, value in SHORTER.items() if name in given}
        if RELEASED in given:
            given[RELEASED] = f"numpy<{self._newest_numpy()}"
        unset = ("COV", "PYTHONPATH", "PYTEST", "TOX", "GITHUB", "VIRTUAL_ENV")
        kept = {n: v for n, v in os.environ.items() if not n.startswith(unset)}
        host = {
            "PATH": f"{self.folder / 'python' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
            "TMPDIR": str(self.folder / "temporary"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_RUN_ID": "1",
            "GH_LOG": str(self.folder / "gh.log"),
            "PYTEST_ADDOPTS": PYTEST.get(name, ""),
        }
        start = time.monotonic()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607
            cwd=self.clone,
            env=kept | host | given | {"PYTEST_ADDOPTS": PYTEST.get(name, "")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            self.outputs[step["id"], key] = value
        return Ran(name, done.returncode, time.monotonic() - start, done.stdout)

    def _newest_numpy(self) -> str:
        """Return the release that the jobs before installed."""
        code = "import numpy; print(numpy.__version__)"
        python = self.folder / "python" / "bin" / "python"
        found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        return found.stdout.strip()

    def _value(self, text: str) -> str:
        """Return a value of a workflow with its expressions substituted."""
        before, opened, rest = str(text).partition("${{")
        if not opened:
            return before
        expression, _, after = rest.partition("}}")
        name = expression.strip()
        found = self.outputs[PASSED_ON[name]] if name in PASSED_ON else CONTEXT[name]
        return before + found + self._value(after)

    def _act(self, step: Mapping[str, Any]) -> None:
        """Hand on artifacts; the checkout and the interpreter are there."""
        options = step.get("with", {})
        store = self.folder / "artifacts"
        if step["uses"].startswith("actions/upload-artifact@"):
            for path in self._value(options["path"]).split():
                for found in sorted(self.clone.glob(path)):
                    self._upload(found, store / self._value(options["name"]))
        if step["uses"].startswith("actions/download-artifact@"):
            target = self.clone / options.get("path", ".")
            for artifact in sorted(store.glob(options.get("pattern", options.get("name")))):
                merged = "name" in options or options.get("merge-multiple")
                place = target if merged else target / artifact.name
                shutil.copytree(artifact, place, dirs_exist_ok=True)

    @staticmethod
    def _upload(source: Path, artifact: Path) -> None:
        artifact.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, artifact, dirs_exist_ok=True)
        else:
            shutil.copy(source, artifact)


def main() -> None:
    """Run the steps and print a line for each."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder))
        host.prepare()
        for ran in host.run():
            print(f"exit {ran.exit}  {ran.seconds:5.1f} s  {ran.name}", flush=True)  # noqa: T201
            if not ran.passed:
                failed.append(ran.name)
                print(ran.output)  # noqa: T201
    for name, reason in NOT_HERE.items():
        print(f"not run          {name}: {reason}")  # noqa: T201
    print(OTHER_LEGS)  # noqa: T201
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
