"""Source trees: the working tree, the same with other code under test, and a revision's own."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final

from pytest_against.model import CannotJudgeError

_TEST: Final = (
    r"tests?|conftest|bench(es|marks?)?|(test|bench|benchmark)_\w+|\w+_(test|bench|benchmark)"
)
_TEST_FILE: Final = re.compile(_TEST)
_TEST_FOLDER: Final = re.compile(rf"{_TEST}|testing|perf")
_SCRIPT: Final = re.compile(
    r"docs?|examples?|setup|noxfile|toxfile|tasks|fabfile|dodo|versioneer|__\w+__"
)
# Bytecode, and what editors keep beside an open file.
_NEVER: Final = re.compile(r"(?s)(.*/)?(__pycache__/.*|\.#[^/]*|\.~lock\.[^/]*|\.[^/]*\.sw[a-p])")
# What measuring leaves behind: saved runs, and baselines.
_MEASURED: Final = re.compile(r"(^|/)\.benchmarks/|(^|/)0000_baseline\.json$")
# A hook inherits these from the git that runs it; here the folder tells the repository.
_INHERITED: Final = re.compile("GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|PREFIX|.*_PATHSPECS)")
_SET: Final = {"GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_ROOM: Final = "make room and check the rights there, or set TMPDIR to another folder"


@dataclass(frozen=True, slots=True)
class Commit:
    """A revision that was found in the repository: as it was given, and its full name."""

    revision: str
    sha: str

    def __str__(self) -> str:
        return f"{self.revision} ({self.sha[:10]})"


def find_commit(root: Path, revision: str) -> Commit:
    """Resolve a git revision; raise CannotJudgeError if there is no such commit, or no git."""
    _git(root, "rev-parse", "--git-dir")
    given = repr(revision[:200])
    unknown = (
        f"no commit {given} in {root}; `git log` shows those that are there, and "
        "`git fetch --unshallow` brings those that a shallow clone lacks"
    )
    verify = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    # In two steps: `^{commit}` would become a part of the text in `:/text`.
    name = _git(root, *verify, revision, failed=unknown).decode().strip()
    if not name.isalnum():
        raise CannotJudgeError(f"{given} is not one commit; name one, as HEAD~1")
    sha = _git(root, *verify, f"{name}^{{commit}}", failed=unknown)
    return Commit(revision, sha.decode().strip())


def describe_head(root: Path) -> str:
    """Return the commit of the working tree, with ``+`` if files differ from it, for a record."""
    try:
        name = _git(root, "rev-parse", "HEAD").decode().strip()
        words = ("status", "--porcelain", "-z", "--untracked-files=all", "--", ".")
        files = [line[3:] for line in os.fsdecode(_git(root, *words)).split("\0")[:-1]]
        return name + "+" * any(not _MEASURED.search(file) for file in files)
    except CannotJudgeError:
        return "unknown"


def under_test(root: Path, packages: Sequence[str], commit: Commit | None) -> tuple[str, ...]:
    """Return packages that the working tree or a commit has: those named, or else of both."""
    sides = [_code(root), [] if commit is None else _code_at(root, commit)]
    for name in map(_plain, packages):
        there = any(f"{file}/".startswith(f"{name}/") for file in sides[1])
        if not there and not (root / name).exists():
            words = "name one that is there: -o against_packages=src/NAME"
            raise CannotJudgeError(f"no package {name!r} in {root}; {words}")
    return tuple(packages or dict.fromkeys(chain(*map(default_packages, sides))))


def default_packages(files: Iterable[str]) -> list[str]:
    """Return the packages and modules of ``src`` among files, or else those of the root."""
    return _importable("src/", files) or _importable("", files)


def _importable(folder: str, files: Iterable[str]) -> list[str]:
    """Return what looks like packages and modules under test; folders of tests may be in them."""
    inside = {file.removeprefix(folder) for file in files if file.startswith(folder)}
    tests = {file.partition("/")[0] for file in inside if re.fullmatch(r"\w+/test_[^/]*\.py", file)}
    names = sorted({file.removesuffix("/__init__.py") for file in inside if file.endswith(".py")})
    return [
        folder + name
        for name in names
        if (plain := name.removesuffix(".py")).isidentifier()
        and name not in tests
        and not (_TEST_FOLDER.fullmatch(plain) or _SCRIPT.fullmatch(plain))
    ]


def _code(root: Path) -> list[str]:
    """Return the files of Python that tell the default packages."""
    found = [path for deep in ("", "*/", "src/*/") for path in root.glob(f"{deep}*.py")]
    return [path.relative_to(root).as_posix() for path in found if path.is_file()]


def _code_at(root: Path, commit: Commit) -> list[str]:
    """Return all files of a commit, relative to the root."""
    found = _git(root, "ls-tree", "-r", "-z", "--name-only", commit.sha)
    return list(map(os.fsdecode, found.split(b"\0")[:-1]))


def same_on_both(
    root: Path, packages: Sequence[str], commit: Commit
) -> tuple[list[str], list[str]]:
    """Return the files of Python that changed since a commit, and are exchanged by nobody.

    What belongs to tests is the same on both sides on purpose.  The second are what looks like
    scripts, which no test need be concerned with.
    """
    words = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", commit.sha)
    changed = [os.fsdecode(file) for file in _git(root, *words).split(b"\0")[:-1]]
    changed += _list(root, "--others", "--exclude-standard")
    paths = [PurePosixPath(file) for file in dict.fromkeys(changed) if file.endswith(".py")]
    found: tuple[list[str], list[str]] = [], []
    for path in paths:
        exchanged = any(path.is_relative_to(_plain(each)) for each in packages)
        of_tests = _TEST_FILE.fullmatch(path.stem) or any(
            map(_TEST_FOLDER.fullmatch, path.parent.parts)
        )
        if not (exchanged or of_tests):
            named = PurePosixPath(str(path).removesuffix("/__init__.py")).with_suffix("")
            found[any(map(_SCRIPT.fullmatch, named.parts))].append(str(path))
    return found


def lay_out_sources(root: Path, packages: Sequence[str], into: Path, commit: Commit | None) -> None:
    """Copy what the packages are built from: the working tree, or all as it was at a commit.

    What git ignores is not there: it may have been made from the sources of the other side.
    """
    _checked(root, packages, exchanged=False)
    known = _list(root, "--cached", "--others", "--exclude-standard")
    _write(root, into, commit, ["."] if commit else [], [] if commit else known)


def lay_out(root: Path, packages: Sequence[str], into: Path, commit: Commit | None) -> None:
    """Copy the working tree, the packages in it as they are or as they were at a commit.

    Copied are the files that git knows or would add, and in the packages those that it ignores,
    too, such as a generated ``_version.py``.  A link that leads out of the tree leads to where it
    did before.
    """
    names, ignored = _checked(root, packages, exchanged=commit is not None)
    known = _list(root, "--cached", "--others", "--exclude-standard")
    if commit is not None:
        if not names:
            raise CannotJudgeError(f"no package under test in {root}; name one: against_packages")
        taken = tuple(f"{name}/" for name in names)
        known = [file for file in known if not f"{file}/".startswith(taken)]
    _write(root, into, commit, names, [*known, *ignored])


def lay_out_revision(root: Path, into: Path, commit: Commit, packages: Sequence[str] = ()) -> None:
    """Write all files of `root` as they were at a commit, and what git ignores in its packages."""
    _write(root, into, commit, ["."], _checked(root, packages, exchanged=True)[1])


def _checked(
    root: Path, packages: Sequence[str], *, exchanged: bool
) -> tuple[list[str], list[str]]:
    """Return the packages by their plain names, and the files in them that git ignores."""
    names = [*map(_plain, packages)]
    for name in names:
        if name == "." or not (root / name).resolve().is_relative_to(root.resolve()):
            raise CannotJudgeError(f"the package {name!r} is not below {root}; name one that is")
    for file in (line.partition("\t")[2] for line in _list(root, "--unmerged", paths=names)):
        raise CannotJudgeError(f"{file!r} has a merge conflict; resolve it and `git add` it")
    for file in _list(root, "--others", paths=names) if exchanged else ():
        if file.endswith((".so", ".pyd", ".dll", ".dylib")):
            raise CannotJudgeError(
                f"{file!r} is compiled, so the package's sources alone cannot be exchanged; have "
                "both sides built and installed: --against-install"
            )
    return names, _list(root, "--others", "--ignored", "--exclude-standard", paths=names)


def _plain(package: str) -> str:
    return posixpath.normpath(Path(package).as_posix())


def _write(
    root: Path, into: Path, commit: Commit | None, names: Sequence[str], files: Sequence[str]
) -> None:
    """Write what some names stand for at a commit, if there is one, and files as they are now."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        if commit is not None:
            with tempfile.TemporaryDirectory(prefix=".", dir=into) as scratch:
                _check_out(root, into, commit, names, Path(scratch).resolve())
        for file in files:
            _copy(root, file, into)
    except OSError as error:
        raise CannotJudgeError(f"cannot write a source tree to {into} ({error}); {_ROOM}") from None


def _check_out(root: Path, into: Path, commit: Commit, names: Sequence[str], scratch: Path) -> None:
    failed = f"cannot write {commit} to {into}; {_ROOM}"
    prefix = os.fsdecode(_git(root, "rev-parse", "--show-prefix")[:-1])
    # In a work tree of its own, since git would read the attributes of the other one.
    where = {"GIT_WORK_TREE": str(scratch), "GIT_INDEX_FILE": str(scratch / ".git")}
    where["GIT_DIR"] = os.fsdecode(_git(root, "rev-parse", "--absolute-git-dir")[:-1])
    _git(scratch, "read-tree", commit.sha, failed=failed, where=where)
    files: dict[str, str] = {}
    for name in names:
        path = posixpath.normpath(prefix + name)
        found = _list(scratch, "--stage", paths=[path], where=where)
        # Without submodules, whose files are in another repository.
        files |= {file.partition("\t")[2]: name for file in found if not file.startswith("160")}
    if not files:
        words = f"no package {', '.join(names)} at {commit}; choose a revision that has one"
        raise CannotJudgeError(words)
    given = b"".join(os.fsencode(file) + b"\0" for file in files)
    _git(scratch, "checkout-index", "-z", "--stdin", failed=failed, given=given, where=where)
    for file, name in files.items():
        home = (scratch / prefix / name).parent.resolve() / Path(name).name
        leads = Path(os.path.realpath(scratch / file))
        if (scratch / file).is_symlink() and name != "." and not leads.is_relative_to(home):
            raise CannotJudgeError(
                f"the package {name} at {commit} has a link that leads out of it, {file!r}; "
                "choose a revision in which it is a file"
            )
    for file in files:
        target = into / file.removeprefix(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        (scratch / file).replace(target)


def _copy(root: Path, file: str, into: Path) -> None:
    """Copy a file or a link if it is there, and not in the copy yet."""
    source, target = root / file, into / file
    if os.path.lexists(target) or not (source.is_symlink() or source.is_file()):
        return  # deleted, or another repository
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        leads = os.path.realpath(source)
        if Path(leads).is_relative_to(os.path.realpath(root)):
            leads = os.path.relpath(leads, os.path.realpath(source.parent))
        target.symlink_to(leads, target_is_directory=source.is_dir())
    else:
        shutil.copy(source, target)


def _list(
    folder: Path, *options: str, paths: Sequence[str] = (".",), where: Mapping[str, str] = _SET
) -> list[str]:
    """Return what ``git ls-files`` says of some paths, each once."""
    words = ("ls-files", "-z", *options, "--", *paths)
    found = _git(folder, *words, where=where).split(b"\0")[:-1] if paths else []
    return [file for file in map(os.fsdecode, dict.fromkeys(found)) if not _NEVER.fullmatch(file)]


def _git(
    folder: Path, *words: str, failed: str = "", given: bytes = b"", where: Mapping[str, str] = _SET
) -> bytes:
    """Return what git prints; raise CannotJudgeError with these words, and git's, if it fails."""
    kept = {name: value for name, value in os.environ.items() if not _INHERITED.fullmatch(name)}
    command = ["git", "-c", f"core.hooksPath={os.devnull}", "-C", str(folder), *words]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; names follow --
            command, input=given, capture_output=True, check=False, env={**kept, **_SET, **where}
        )
        if not done.returncode:
            return done.stdout
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0][:200]
    except (OSError, ValueError) as error:  # no git, or a null character
        said = str(error)
    failed = failed or f"git cannot read {folder}; install git, and run this in a repository"
    raise CannotJudgeError(f"{failed} ({said})" if said else failed)
