"""A repository to take source trees from, and what is in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from pytest_against.trees import find_commit, lay_out, lay_out_revision

_CONFIGURED: Final = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "gc.auto=0")


def git(root: Path, *words: str) -> str:
    command = ["git", *_CONFIGURED, "-C", str(root), *words]
    return os.fsdecode(subprocess.run(command, capture_output=True, check=True).stdout)


def put(root: Path, name: str, text: str = "") -> None:
    """Write a file, or a link where the text is an arrow and its target."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if text.startswith("-> "):
        file.symlink_to(text.removeprefix("-> "))
    else:
        file.write_bytes(text.encode())


def write(root: Path, text: str, *names: str) -> None:
    """Write the same text, or its own name for none, to several files."""
    for name in names:
        put(root, name, text or name)


def commit(root: Path, message: str = "change") -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", f"--message={message}")


def state(root: Path, *, folders: bool = True) -> dict[str, str]:
    """Return everything under a folder: what is in files, and where links lead."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_bytes().decode(errors="surrogateescape")
        elif folders:
            found[name] = ""
    return found


@cache
def _made() -> tempfile.TemporaryDirectory[str]:
    found = tempfile.TemporaryDirectory()
    root = Path(found.name)
    put(root, "file", "no package yet")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "none")
    git(root, "tag", "none")
    put(root, ".gitignore", "_version.py\n*.so\n*.pyd\n__pycache__/\nignored*\n")
    write(root, "old", "pkg/__init__.py", "pkg/gone.py", "pkg/deep/module.py")
    put(root, "tests/test_a.py", "old test")
    commit(root, "old")
    git(root, "tag", "-m", "annotated", "v1")
    git(root, "branch", "side")
    (root / "pkg" / "gone.py").unlink()
    write(root, "new", "pkg/__init__.py", "pkg/fresh.py")
    put(root, "tests/test_a.py", "new test")
    commit(root, "new")
    return found


def repository(tmp_path: Path) -> Path:
    """Return a repository with three commits, `none`, `v1` and `main`, and the branch `side`."""
    return Path(shutil.copytree(_made().name, tmp_path / "repository"))


def laid_out(root: Path, revision: str | None, *packages: str) -> dict[str, str]:
    """Return the files of the working tree, the packages as they were at a revision, if any."""
    into = Path(tempfile.mkdtemp(dir=root.parent))
    lay_out(root, packages, into, None if revision is None else find_commit(root, revision))
    return state(into, folders=False)


def own(root: Path, revision: str, *packages: str) -> dict[str, str]:
    """Return the files of a revision, and what git ignores in the packages."""
    into = Path(tempfile.mkdtemp(dir=root.parent)) / "tree"
    lay_out_revision(root, into, find_commit(root, revision), packages)
    return state(into, folders=False)
