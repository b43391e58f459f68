"""A repository to take source trees from, and what is in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pytest_against.trees import find_commit, lay_out

_CONFIGURED: Final = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "gc.auto=0")


def git(root: Path, *words: str) -> str:
    command = ["git", *_CONFIGURED, "-C", str(root), *words]
    found = subprocess.run(command, capture_output=True, check=True).stdout
    return os.fsdecode(found)


def write(root: Path, **files: str) -> None:
    """Write files, in whose names `__` stands for a slash and `_py` at the end for `.py`."""
    for name, text in files.items():
        put(root, name.replace("__", "/").replace("_py", ".py"), text)


def put(root: Path, name: str, text: str = "") -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def commit(root: Path, message: str = "change") -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", f"--message={message}")


def state(root: Path) -> dict[str, str]:
    """Return everything under a folder, git's own files included."""
    found = {}
    for path in sorted(root.rglob("*")):
        told = str(path.readlink()) if path.is_symlink() else ""
        if path.is_file() and not told:
            told = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(root))] = told
    return found


def contents(tree: Path) -> dict[str, str]:
    files = (path for path in sorted(tree.rglob("*")) if path.is_file())
    return {path.relative_to(tree).as_posix(): path.read_text() for path in files}


def repository(tmp_path: Path) -> Path:
    """Return a repository with three commits, a tag and a branch."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    write(root, file="no package yet")
    commit(root, "none")
    git(root, "tag", "none")
    put(root, "pkg/__init__.py", "old")
    put(root, "pkg/gone.py", "gone")
    write(root, pkg__deep__module_py="kept", tests__test_a_py="old test")
    put(root, ".gitignore", "_version.py\n*.so\n*.pyd\n__pycache__/\nignored*\n")
    commit(root, "old")
    git(root, "tag", "-m", "annotated", "v1")
    git(root, "branch", "side")
    put(root, "pkg/__init__.py", "new")
    (root / "pkg" / "gone.py").unlink()
    write(root, pkg__fresh_py="fresh", tests__test_a_py="new test")
    commit(root, "new")
    return root


def base(
    root: Path, into: Path, revision: str = "v1", packages: Sequence[str] = ("pkg",)
) -> dict[str, str]:
    lay_out(root, packages, into, find_commit(root, revision))
    return contents(into)
