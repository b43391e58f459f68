"""Copies of a package: as it stands in the working tree, and as it stood at a git revision."""

from __future__ import annotations

import io
import shutil
import stat
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import CannotJudgeError


@dataclass(frozen=True, slots=True)
class Commit:
    """A revision that was found in the repository.

    Attributes
    ----------
    revision : str
        As it was given.
    sha : str
        The full name of the commit.
    """

    revision: str
    sha: str

    def __str__(self) -> str:
        return f"{self.revision} ({self.sha[:10]})"


def working_tree(root: Path, package: str, into: Path) -> None:
    """Copy the package as it stands in the working tree, committed or not.

    Raises
    ------
    CannotJudgeError
        If there is none.
    """
    check_package(root, package)
    # Editors keep locks beside their files: hidden, and links to nowhere.
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(root / package, into / package, ignore=ignored)


def check_package(root: Path, package: str) -> None:
    """Raise CannotJudgeError if there is no such package in a folder."""
    if not (root / package / "__init__.py").is_file():
        raise CannotJudgeError(
            f"no package {package} in {root}; run the command where its folder is"
        )


def find_commit(root: Path, revision: str) -> Commit:
    """Resolve a git revision without changing anything in the repository.

    Raises
    ------
    CannotJudgeError
        If there is no git, no repository or no such commit.
    """
    _git(root, "rev-parse", "--git-dir", otherwise=f"{root} is not in a git repository")
    name = _git(
        root,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{revision}^{{commit}}",
        otherwise=f"no commit {revision!r} in {root}; `git log` shows those that are there, "
        "and `git fetch --unshallow` brings those that a shallow clone lacks",
    )
    sha = name.decode().strip()
    if not sha.isalnum():
        raise CannotJudgeError(f"{revision!r} is not one commit; name one, as HEAD~1")
    return Commit(revision, sha)


def at_commit(root: Path, commit: Commit, package: str, into: Path) -> None:
    """Copy the package as it stood at a commit; working tree, index and refs stay as they are.

    Raises
    ------
    CannotJudgeError
        If the commit has no such package.
    """
    archive = _git(
        root,
        "archive",
        "--format=zip",
        commit.sha,
        "--",
        package,
        otherwise=f"no package {package} at {commit}; choose a revision that has one",
    )
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for file in files.infolist():
            # A link would lead out of the copy, to what stands there today.
            if stat.S_ISLNK(file.external_attr >> 16):
                raise CannotJudgeError(
                    f"the package {package} at {commit} has a link, {file.filename}; choose a "
                    "revision in which it is a file"
                )
        files.extractall(into)
    if not (into / package / "__init__.py").is_file():
        raise CannotJudgeError(f"no package {package} at {commit}; choose a revision that has one")


def describe_head(root: Path) -> str:
    """Return the commit of the working tree, with ``+`` if files differ from it, for a record."""
    try:
        name = _git(root, "rev-parse", "HEAD", otherwise="no commit").decode().strip()
        changed = _git(root, "status", "--porcelain", "--", ".", otherwise="no status")
    except CannotJudgeError:
        return "unknown"
    return f"{name}+" if changed.strip() else name


def _git(root: Path, *arguments: str, otherwise: str) -> bytes:
    try:
        found = subprocess.run(  # noqa: S603 - a fixed command; revisions follow --end-of-options
            ["git", "-C", str(root), *arguments],  # noqa: S607 - the user's git
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise CannotJudgeError(
            "git was not found, and --base takes a git revision; install git"
        ) from None
    if found.returncode:
        words = found.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise CannotJudgeError(f"{otherwise} ({words})" if words else otherwise)
    return found.stdout
