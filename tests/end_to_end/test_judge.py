"""The judge is not the judged: a change that weakens the rule is judged by the old one."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.against.repository import git, put
from tests.end_to_end.conftest import COMMAND, PACKAGE, Project
from tests.end_to_end.test_steps import run, stand_in

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the steps run on Linux"),
]
ROOT: Final = Path(__file__).parents[2]
ENGINE: Final = Path("benchmarks", "pytest-against")
CHECKS: Final = ENGINE / "pytest_against" / "checks.py"
ACTION: Final = Path(".github", "actions", "gate")
RULE: Final = "def increases("
# Does what pip does, without a network: builds what the step names, and puts it into a folder.
BUILD: Final = """\
import pathlib, subprocess, sys, zipfile
build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
site, source = pathlib.Path(sys.argv[1]), sys.argv[-1]
subprocess.run([*build, str(site)], cwd=source, check=True)
for wheel in site.glob("*.whl"):
    zipfile.ZipFile(wheel).extractall(site)
"""
PYTHON: Final = """\
if [ "$1 $2" = "-m pip" ]; then exec "$REAL" "$BUILD" "$SITE" "$@"; fi
exec "$REAL" "$@"
"""
MAIN: Final = f"""PYTHONPATH="$SITE" exec "$REAL" -P -c '{COMMAND[1]}' "$@" """


def judged(project: Project, folder: Path, by: Path) -> Any:
    """Run the action of a checkout on a project; return the report."""
    put(folder, "build.py", BUILD)
    stand_in(folder, "python", PYTHON)
    stand_in(folder, "pytest-against", MAIN)
    (folder / "work").symlink_to(project.root)
    site = folder / "site"
    env: dict[str, Any] = {
        "SITE": str(site),
        "REAL": sys.executable,
        "BUILD": str(folder / "build.py"),
    }
    env |= {"GITHUB_ACTION_PATH": str(by / ACTION), "HOME": str(project.home), "BASE": "HEAD"}
    env |= {"ATTEMPTS": "1", "ARGUMENTS": "--trials 2 --budget 20", "GITHUB_ACTIONS": "true"}
    run("actions/gate/Install the engine that this action came with", folder, **env)
    assert (site / "pytest_against" / "checks.py").read_text() == (by / CHECKS).read_text()
    said = run("actions/gate/Judge", folder, **env)
    report = json.loads((folder / "temp" / "gate" / "gate.json").read_text())
    assert (folder / "outputs").read_text() == f"exit={report['exit']}\n"
    assert ("::error file=benchmarks/test_toy.py,line=" in said) == (report["exit"] == 1)
    return report


def test_a_change_that_weakens_the_rule_is_judged_by_the_old_one(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    it = project()
    shutil.copytree(ROOT / ENGINE, it.root / ENGINE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / ACTION, it.root / ACTION)
    git(it.root, "add", "--all")
    git(it.root, "commit", "--quiet", "--message=base")
    old = tmp_path / "old"
    git(it.root, "worktree", "add", "--quiet", "--detach", str(old))
    text = (it.root / CHECKS).read_text()
    assert text.count(RULE) == 1
    weak = text.replace(RULE, "def increases(*_): return []\n\n\ndef _unused(")
    (it.root / CHECKS).write_text(weak)
    more = PACKAGE.replace('return ",', 'held = [n] * 9999\n    return ",')
    put(it.root, "toy/__init__.py", more)
    found = judged(it, tmp_path / "by-old", old)
    assert (found["exit"], found["verdict"]) == (1, "heavier")
    found = judged(it, tmp_path / "by-new", it.root)
    assert found["verdict"] != "heavier"  # so it is the rule that tells; it may be slower, too
