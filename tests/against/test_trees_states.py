"""Whatever is in a repository, it stays as it is, and what cannot work is refused in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pytest_against import trees
from pytest_against.model import CannotJudgeError
from pytest_against.trees import (
    describe_head,
    find_commit,
    lay_out,
    lay_out_revision,
)
from tests.against.repository import base, commit, contents, git, put, repository, state, write

posix = pytest.mark.skipif(sys.platform == "win32", reason="names and links of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


def dirty(root: Path) -> None:
    put(root, "pkg/__init__.py", "stashed")
    git(root, "stash", "--quiet")
    put(root, "pkg/__init__.py", "staged")
    git(root, "add", "--all")
    put(root, "pkg/__init__.py", "dirty")


def hooked(root: Path) -> None:
    for name in ("post-index-change", "post-checkout", "fsmonitor"):
        put(root, f".git/hooks/{name}", f"#!/bin/sh\ntouch {root}/hook-ran\n")
        (root / ".git" / "hooks" / name).chmod(0o755)


STATES: Final[dict[str, Callable[[Path], object]]] = {
    "clean": lambda _: None,
    "touched": lambda root: os.utime(root / "file", (1, 1)),
    "dirty": dirty,
    "detached": lambda root: git(root, "checkout", "--quiet", "--detach", "side"),
    "split index": lambda root: git(root, "config", "core.splitIndex", "true"),
    "hooks": hooked,
    "sparse": lambda root: git(root, "sparse-checkout", "set", "--cone", "tests"),
    "read-only": lambda root: (root / ".git").chmod(0o555),
    "orphan": lambda root: git(root, "checkout", "--quiet", "--orphan", "fresh"),
}


@pytest.mark.parametrize("name", STATES)
def test_repository_is_untouched_whatever_its_state(name: str, root: Path, tmp_path: Path) -> None:
    STATES[name](root)
    packages = ["pkg"] if name != "sparse" else ["tests"]
    before = state(root)
    found = base(root, tmp_path / "base", packages=packages)
    lay_out(root, packages, tmp_path / "head", None)
    lay_out_revision(root, tmp_path / "own", find_commit(root, "v1"), packages)
    describe_head(root)
    for revision in ("none", "no-such"):
        with pytest.raises(CannotJudgeError):
            base(root, tmp_path / "more", revision, packages)
    assert state(root) == before
    assert contents(tmp_path / "own")["pkg/__init__.py"] == "old"
    assert found["tests/test_a.py" if name == "sparse" else "pkg/__init__.py"].startswith("old")


def test_linked_working_tree_and_shallow_clone_are_repositories(root: Path, tmp_path: Path) -> None:
    linked, shallow = tmp_path / "linked", tmp_path / "shallow"
    git(root, "worktree", "add", "--quiet", str(linked), "side")
    assert base(linked, tmp_path / "a", "main")["pkg/__init__.py"] == "new"
    git(root, "clone", "--quiet", "--depth=1", root.as_uri(), str(shallow))
    assert base(shallow, tmp_path / "b", "HEAD")["pkg/__init__.py"] == "new"
    with pytest.raises(CannotJudgeError, match=r"'HEAD~1'.*git fetch --unshallow"):
        find_commit(shallow, "HEAD~1")


def test_place_may_be_relative(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert base(root, Path("tree"))["pkg/__init__.py"] == "old"


def test_variables_of_a_hook_do_not_choose_the_repository(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, "elsewhere")
    for name in ("GIT_GLOB_PATHSPECS", "LC_ALL"):
        monkeypatch.setenv(name, {"LC_ALL": "C"}.get(name, "1"))
    assert base(root, tmp_path / "tree")["pkg/__init__.py"] == "old"


NAMES: Final = (
    *("-x.py", "we ird ü;$(id).py", "new\nline.py", "tab\tname.py", ":(glob)x", "*.py", "[a].py"),
    *("quote'\".py", "back\\slash.py", os.fsdecode(b"n\xff.py"), "--", ".hidden/x", "a/../b.py"),
)


@posix
@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_copied_as_they_are(name: str, root: Path, tmp_path: Path) -> None:
    put(root, f"tests/{name}", "test")
    put(root, f"pkg/{name}", "old")
    put(root, f"{name}.d/x", "old package")
    commit(root)
    put(root, f"pkg/{name}", "new")
    put(root, f"{name}.d/x", "new package")
    packages = ["pkg", os.path.normpath(f"{name}.d")]
    base(root, tmp_path / "tree", "HEAD", packages)
    assert (tmp_path / "tree" / "tests" / os.path.normpath(name)).read_text() == "test"
    assert (tmp_path / "tree" / "pkg" / os.path.normpath(name)).read_text() == "old"
    assert (tmp_path / "tree" / packages[1] / "x").read_text() == "old package"


@posix
def test_links_lead_to_the_same_place_as_before(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside/data.txt", "outside")
    links = {
        "tests/near": "test_a.py",
        "tests/code": "../pkg",
        "tests/absolute": str(root / "pkg"),
        "tests/far": "../../outside",
        "tests/far.txt": str(tmp_path / "outside" / "data.txt"),
        "tests/nowhere": "nothing",
        "tests/loop": "loop",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    put(root, "pkg/__init__.py", "newer")
    tree = tmp_path / "deep" / "er" / "tree"
    lay_out(root, ["pkg"], tree, find_commit(root, "v1"))
    tests = tree / "tests"
    assert (tests / "near").read_text() == "new test"
    for name in ("code", "absolute"):
        assert (tests / name / "__init__.py").read_text() == "old"
    assert (tests / "far" / "data.txt").read_text() == (tests / "far.txt").read_text() == "outside"
    assert (tests / "nowhere").readlink() == Path("nothing")
    assert (tests / "loop").readlink() == Path("loop")


@posix
@pytest.mark.parametrize(
    "name, target, inside",
    [
        ("pkg/link.py", "__init__.py", True),
        ("pkg/deep/link.py", "../fresh.py", True),
        ("pkg/link.py", "nothing", True),
        ("pkg/link.py", "/etc/hostname", False),
        ("pkg/link.py", "../file", False),
        ("pkg/deep/up", "../..", False),
        ("pkg/chain", "self/../file", False),
        ("alias", "pkg", False),
    ],
)
def test_package_of_a_commit_that_links_out_of_itself_is_refused(
    name: str, target: str, *, inside: bool, root: Path, tmp_path: Path
) -> None:
    (root / "pkg" / "self").symlink_to(".")
    (root / name).symlink_to(target)
    commit(root)
    packages = ["pkg", "alias"] if name == "alias" else ["pkg"]
    if inside:
        base(root, tmp_path / "tree", "HEAD", packages)
        assert (tmp_path / "tree" / name).readlink() == Path(target)
        return
    with pytest.raises(CannotJudgeError, match=f"at HEAD .* link that leads out of it, '{name}'"):
        base(root, tmp_path / "tree", "HEAD", packages)
    lay_out_revision(root, tmp_path / "own", find_commit(root, "HEAD"))
    assert (tmp_path / "own" / name).readlink() == Path(target)


@posix
def test_package_that_is_reached_by_a_link_out_of_the_project_is_refused(
    root: Path, tmp_path: Path
) -> None:
    write(root, src__lib__a_py="old")
    commit(root)
    (root / "src").rename(tmp_path / "moved")
    (root / "src").symlink_to(tmp_path / "moved")
    with pytest.raises(CannotJudgeError, match="'src/lib' is not below"):
        base(root, tmp_path / "tree", "HEAD", ["src/lib"])
    assert contents(tmp_path / "moved") == {"lib/a.py": "old"}


@pytest.mark.parametrize(
    "name", ["fast.so", "deep/fast.cpython-311.pyd", "lib.dylib", "untracked.dll"]
)
def test_compiled_package_is_refused_when_it_would_be_exchanged(
    name: str, root: Path, tmp_path: Path
) -> None:
    put(root, f"pkg/{name}", "machine code")
    lay_out(root, ["pkg"], tmp_path / "head", None)
    assert (tmp_path / "head" / "pkg" / name).is_file()
    with pytest.raises(CannotJudgeError) as caught:
        base(root, tmp_path / "base")
    assert str(caught.value).startswith(f"'pkg/{name}' is compiled")
    assert str(caught.value).endswith("saved runs: pytest-against compare OLD NEW")


def test_submodules_and_nested_repositories_are_not_copied(root: Path, tmp_path: Path) -> None:
    for name in ("module", "nested", "pkg/nested"):
        git(root, "clone", "--quiet", str(root), str(root / name))
    git(root, "add", "module")
    git(root, "commit", "--quiet", "--message=submodule")
    assert not [
        name for name in base(root, tmp_path / "tree") if "module/" in name or "nested" in name
    ]
    with pytest.raises(CannotJudgeError, match=r"^no package module at HEAD"):
        base(root, tmp_path / "more", "HEAD", ["module"])


def test_conflict_is_refused_only_within_the_packages(root: Path, tmp_path: Path) -> None:
    for branch, text in (("side", "theirs"), ("main", "ours")):
        git(root, "checkout", "--quiet", branch)
        write(root, pkg__fresh_py=text)
        commit(root, text)
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "side")
    with pytest.raises(CannotJudgeError, match=r"^'pkg/.*\.py' has a merge conflict; .*`git add`"):
        base(root, tmp_path / "tree")
    assert base(root, tmp_path / "other", packages=["tests"])["tests/test_a.py"] == "old test"


@pytest.mark.parametrize(
    "revision, packages, words",
    [
        ("none", ["pkg"], r"^no package pkg at none \(.{10}\); choose a revision that has one$"),
        ("v1", ["pkg/fresh.py"], "^no package pkg/fresh.py at v1"),
        ("v1", ["missing"], "^no package 'missing' in .*; name one that is there$"),
        ("v1", ["../repository/pkg/../.."], "is not below"),
        ("v1", ["."], "^the package '.' is not below .*; name one that is$"),
        ("v1", ["/etc"], "^the package '/etc' is not below"),
        ("v1", [], "^no package under test in .*; name one: against_packages$"),
    ],
)
def test_package_that_is_not_there_is_named(
    revision: str, packages: list[str], words: str, root: Path, tmp_path: Path
) -> None:
    with pytest.raises(CannotJudgeError, match=words):
        base(root, tmp_path / "tree", revision, packages)


def test_surroundings_without_git_are_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(CannotJudgeError, match=f"git cannot read {tmp_path}; .* in a repository"):
        find_commit(tmp_path, "HEAD")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(CannotJudgeError, match="dubious ownership"):
        find_commit(root, "HEAD")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotJudgeError, match=r"install git.*'git'"):
        find_commit(root, "HEAD")


def test_folder_that_cannot_be_written_is_named(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "file")
    with pytest.raises(CannotJudgeError, match=f"to {tmp_path}/file/tree .*; make room .*TMPDIR"):
        lay_out(root, ["pkg"], tmp_path / "file" / "tree", None)


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the size of files")
def test_full_disk_is_named(root: Path, tmp_path: Path) -> None:
    put(root, "pkg/large.py", "x" * 100_000)
    commit(root)
    code = f"""
import resource, signal
from pathlib import Path
from pytest_against.trees import *
root, into = Path({str(root)!r}), Path({str(tmp_path / "tree")!r})
commit = find_commit(root, "HEAD")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
for way in (None, commit):
    try:
        lay_out(root, ["pkg"], into, way)
    except CannotJudgeError as error:
        print(error)
"""
    paths = {**os.environ, "PYTHONPATH": str(Path(trees.__file__).parents[1])}
    found = subprocess.check_output([sys.executable, "-c", code], env=paths, text=True)
    assert len(found.splitlines()) == 2
    assert all(
        f" to {tmp_path / 'tree'}" in line and "make room" in line for line in found.splitlines()
    )
