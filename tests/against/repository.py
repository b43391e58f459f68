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
    return os.fsdecode(subprocess.run(command, capture_output=True, check=True).stdout)


def put(root: Path, name: str, text: str = "") -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def write(root: Path, text: str, *names: str) -> None:
    """Write the same text, or its own name for none, to several files."""
    for name in names:
        put(root, name, text or name)


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
    """Return a repository with three commits, `none`, `v1` and `main`, and the branch `side`."""
    root = tmp_path / "repository"
    put(root, "file", "no package yet")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "none")
    git(root, "tag", "none")
    put(root, ".gitignore", "_version.py\n*.so\n*.pyd\n__pycache__/\nignored*\n")
    write(root, "old", "pkg/__init__.py", "pkg/gone.py", "pkg/deep/module.py", "tests/test_a.py")
    commit(root, "old")
    git(root, "tag", "-m", "annotated", "v1")
    git(root, "branch", "side")
    (root / "pkg" / "gone.py").unlink()
    write(root, "new", "pkg/__init__.py", "pkg/fresh.py", "tests/test_a.py")
    commit(root, "new")
    return root


def base(
    root: Path, into: Path, revision: str = "v1", packages: Sequence[str] = ("pkg",)
) -> dict[str, str]:
    lay_out(root, packages, into, find_commit(root, revision))
    return contents(into)
