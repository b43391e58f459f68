"""Source trees are what was asked for, whatever is in a repository, and it stays as it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pytest_against.model import CannotJudgeError
from pytest_against.trees import (
    Commit,
    default_packages,
    describe_head,
    find_commit,
    lay_out,
    same_on_both,
    under_test,
)
from tests.against.repository import commit, git, laid_out, own, put, repository, state, write

posix = pytest.mark.skipif(sys.platform == "win32", reason="names and links of POSIX")
Patch = pytest.MonkeyPatch


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


@pytest.mark.parametrize(
    "text, revisions",
    [
        ("old", "HEAD~1 v1 side refs/heads/side HEAD^ HEAD^{/old} :/old v1^{}"),
        ("new", "HEAD @ @{0} :/n[e]w"),
    ],
)
def test_commit_is_found_by_any_name(text: str, revisions: str, root: Path) -> None:
    for revision in revisions.split():
        found = find_commit(root, revision)
        assert git(root, "show", f"{found.sha}:pkg/__init__.py") == text
        assert str(found) == f"{revision} ({found.sha[:10]})"
        assert find_commit(root, found.sha[:7]) == Commit(found.sha[:7], found.sha)


def test_head_is_described_by_its_commit_and_whether_files_differ(
    root: Path, tmp_path: Path, monkeypatch: Patch
) -> None:
    sha = git(root, "rev-parse", "HEAD").strip()
    assert describe_head(root) == sha
    put(root, "bench/baselines/a/0000_baseline.json")  # what measuring leaves behind
    put(root, "pkg/.benchmarks/Linux/0001_it.json")
    assert describe_head(root) == sha
    put(root, "untracked")
    assert (describe_head(root), describe_head(root / "pkg")) == (f"{sha}+", sha)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_head(tmp_path) == "unknown"


def test_trees_have_what_git_knows_or_would_add_and_a_base_the_code_of_its_commit(
    root: Path,
) -> None:
    put(root, "pkg/__init__.py", "staged")
    git(root, "add", "--all")
    put(root, "pkg/__init__.py", "dirty")
    write(root, "", "pkg/_version.py", "pkg/untracked.py", "ignored.py", "tests/.hidden")
    write(root, "", "pkg/__pycache__/a.pyc", "pkg/.#a.py", "pkg/.a.py.swp", "tests/.~lock.a#")
    (root / "pkg" / "deep" / "module.py").unlink()
    same = {name: name for name in ("pkg/_version.py", "tests/.hidden")}
    same |= {name: (root / name).read_text() for name in (".gitignore", "file", "tests/test_a.py")}
    head = {"pkg/__init__.py": "dirty", "pkg/fresh.py": "new"}
    assert laid_out(root, None, "pkg") == same | head | {"pkg/untracked.py": "pkg/untracked.py"}
    old = dict.fromkeys(("pkg/__init__.py", "pkg/deep/module.py", "pkg/gone.py"), "old")
    assert laid_out(root, "v1", "pkg") == same | old


def test_what_is_generated_now_does_not_replace_what_the_commit_has(root: Path) -> None:
    put(root, "pkg/_version.py", "tracked once")
    git(root, "add", "--force", "pkg/_version.py")
    commit(root)
    git(root, "rm", "--quiet", "pkg/_version.py")
    put(root, "pkg/_version.py", "generated")
    assert laid_out(root, "HEAD", "pkg")["pkg/_version.py"] == "tracked once"


def test_revision_has_its_own_tests(root: Path) -> None:
    put(root, "pkg/_version.py", "generated")
    found = own(root, "v1")
    assert set(found) == set(git(root, "ls-tree", "-r", "--name-only", "v1").split())
    assert found["tests/test_a.py"] == "old test"
    assert own(root, "v1", "pkg") == found | {"pkg/_version.py": "generated"}


@pytest.mark.parametrize(
    "packages", ["lib one.py", "lib/inner lib ./one.py lib/", "pkg/../lib one.py"]
)
def test_several_packages_modules_and_nested_ones_are_exchanged(packages: str, root: Path) -> None:
    names = ("lib/inner/a.py", "lib/b.py", "one.py", "other.py", "lib.py")
    write(root, "before", *names)
    commit(root)
    write(root, "after", *names, "lib/fresh.py")
    found = laid_out(root, "HEAD", *packages.split())
    assert "lib/fresh.py" not in found
    assert [found[name] for name in names] == ["before"] * 3 + ["after"] * 2


def test_subfolder_of_the_repository_is_a_project(root: Path) -> None:
    nested = root / "sub" / "fol der"
    put(root, ".gitattributes", "*.txt text eol=crlf export-subst\nleft.py export-ignore\n")
    put(nested, "pkg/data.txt", "$Format:%H$\n")
    write(nested, "before", "pkg/left.py", "tests/test_n.py")
    commit(root)
    put(root, ".gitattributes", "")
    put(nested, "pkg/left.py", "after")
    found = laid_out(nested, "HEAD", "pkg")
    # The attributes are those of the commit, but for those of an export.
    assert found.pop("pkg/data.txt") == "$Format:%H$\r\n"
    assert found == {"pkg/left.py": "before", "tests/test_n.py": "before"}
    assert set(own(nested, "HEAD")) == {*found, "pkg/data.txt"}
    with pytest.raises(CannotJudgeError, match=r"^no .* at v1 .*; choose a revision"):
        own(nested, "v1")


BESIDE: Final = ("pkg", "tests", "test", "benchmarks", "docs", "examples", "perf")


@pytest.mark.parametrize(
    "names, expected",
    [
        ("src/a/__init__.py src/b.py src/x.egg-info/y o/__init__.py", "src/a src/b.py"),
        ("src/main.c pkg/__init__.py", "pkg"),
        ("pkg/__init__.py setup.py run.py data/x", "pkg run.py"),
        ("np/__init__.py np/conftest.py np/core/tests/test_a.py", "np"),
        (" ".join(f"{name}/__init__.py" for name in BESIDE), "pkg"),
        ("pkg/__init__.py checks/__init__.py checks/test_a.py", "pkg"),
        ("six.py setup.py test_six.py six_test.py conftest.py noxfile.py", "six.py"),
        ("my-script.py 2to3/__init__.py __main__.py README.md", ""),
    ],
)
def test_default_packages_are_the_code_and_not_its_tests(
    names: str, expected: str, tmp_path: Path
) -> None:
    write(tmp_path, "", *names.split())
    assert under_test(tmp_path, (), None) == tuple(expected.split())
    assert default_packages(names.split()) == expected.split()


def test_what_either_side_has_is_under_test_and_absent_on_the_other(root: Path) -> None:
    write(root, "", "tests/__init__.py", "bar/__init__.py", "util.py")
    commit(root)
    for name in ("bar/__init__.py", "util.py"):
        (root / name).unlink()
    write(root, "x", "fresh/__init__.py", "one.py")
    head = find_commit(root, "HEAD")
    default = under_test(root, (), head)
    assert default == ("fresh", "one.py", "pkg", "bar", "util.py")
    assert under_test(root, ["./util.py", "one.py"], head) == ("./util.py", "one.py")
    old, new = laid_out(root, "HEAD", *default), laid_out(root, None, *default)
    assert {"bar/__init__.py", "util.py"} <= old.keys() - new.keys()
    assert {"fresh/__init__.py", "one.py"} <= new.keys() - old.keys()
    for name, side in (("nothing", head), ("util.py", None)):
        with pytest.raises(CannotJudgeError, match=rf"^no package '{name}' in .*; name one that"):
            under_test(root, [name], side)


def test_what_changed_beside_packages_and_tests_is_the_same_on_both_sides(root: Path) -> None:
    write(root, "before", "tools/a.py", "tools/gone.py", "tools/same.py")
    commit(root)
    write(root, "after", "tools/a.py", "tools/data.txt", "pkg/fresh.py", "tests/helpers.py")
    write(root, "after", "lib/__init__.py", "conftest.py", "ignored.py", "perf/a.py", "perf.py")
    write(root, "after", "tasks.py", "setup.py", "docs/a.py", "examples/__init__.py", "test_a.py")
    write(root, "after", "lib/test_a.py", "bench/b.py", "testing/c.py", "testing.py")
    (root / "tools" / "gone.py").unlink()
    code, scripts = same_on_both(root, ["./pkg"], find_commit(root, "HEAD"))
    names = ("lib/__init__.py", "perf.py", "testing.py", "tools/a.py", "tools/gone.py")
    assert sorted(code) == sorted(names)
    assert sorted(scripts) == ["docs/a.py", "examples/__init__.py", "setup.py", "tasks.py"]


def _dirty(root: Path) -> None:
    put(root, "pkg/__init__.py", "stashed")
    git(root, "stash", "--quiet")
    put(root, "pkg/__init__.py", "staged")
    git(root, "add", "--all")
    put(root, "pkg/__init__.py", "dirty")


def _hooked(root: Path) -> None:
    for name in ("post-index-change", "post-checkout", "fsmonitor"):
        put(root, f".git/hooks/{name}", f"#!/bin/sh\ntouch {root}/hook-ran\n")
        (root / ".git" / "hooks" / name).chmod(0o755)


STATES: Final[dict[str, Callable[[Path], object]]] = {
    "touched": lambda root: os.utime(root / "file", (1, 1)),
    "dirty": _dirty,
    "detached": lambda root: git(root, "checkout", "--quiet", "--detach", "side"),
    "split index": lambda root: git(root, "config", "core.splitIndex", "true"),
    "hooks": _hooked,
    "sparse": lambda root: git(root, "sparse-checkout", "set", "--cone", "tests"),
    "read-only": lambda root: (root / ".git").chmod(0o555),
    "orphan": lambda root: git(root, "checkout", "--quiet", "--orphan", "fresh"),
}


@pytest.mark.parametrize("name", STATES)
def test_repository_is_untouched_whatever_its_state(name: str, root: Path) -> None:
    STATES[name](root)
    package, file = ("tests", "test_a.py") if name == "sparse" else ("pkg", "__init__.py")
    before = state(root)
    assert laid_out(root, "v1", package)[f"{package}/{file}"].startswith("old")
    assert laid_out(root, None, package)
    assert own(root, "v1", package)["pkg/__init__.py"] == "old"
    describe_head(root)
    with pytest.raises(CannotJudgeError):
        laid_out(root, "none", package)
    assert state(root) == before


def test_linked_working_tree_and_shallow_clone_are_repositories(
    root: Path, tmp_path: Path, monkeypatch: Patch
) -> None:
    linked, shallow = tmp_path / "linked", tmp_path / "shallow"
    git(root, "worktree", "add", "--quiet", str(linked), "side")
    git(root, "clone", "--quiet", "--depth=1", root.as_uri(), str(shallow))
    monkeypatch.chdir(tmp_path)
    lay_out(shallow, ["pkg"], Path("relative"), find_commit(shallow, "HEAD"))
    assert state(Path("relative"))["pkg/__init__.py"] == "new"
    assert laid_out(linked, "main", "pkg")["pkg/__init__.py"] == "new"
    with pytest.raises(CannotJudgeError, match=r"'HEAD~1'.*git fetch --unshallow"):
        find_commit(shallow, "HEAD~1")


def test_variables_of_a_hook_do_not_choose_the_repository(root: Path, monkeypatch: Patch) -> None:
    for name in ("DIR", "WORK_TREE", "INDEX_FILE", "PREFIX", "COMMON_DIR"):
        monkeypatch.setenv(f"GIT_{name}", "elsewhere")
    monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")
    assert laid_out(root, "v1", "pkg")["pkg/__init__.py"] == "old"


NAMES: Final = [
    *("-x.py", "we ird ü;$(id).py", "new\nline.py", "tab\tname.py", ":(glob)x", "*.py", "[a].py"),
    *("quote'\".py", "back\\slash.py", "--", ".hidden/x"),
    *([os.fsdecode(b"n\xff.py")] if sys.platform == "linux" else []),
]


@posix
def test_odd_names_are_copied_as_they_are(root: Path) -> None:
    code = [name for odd in NAMES for name in (f"pkg/{odd}", f"{odd}.d/x")]
    write(root, "before", *code, *(f"tests/{odd}" for odd in NAMES))
    commit(root)
    write(root, "after", *code, *(f"tests/{odd}" for odd in NAMES))
    found = laid_out(root, "HEAD", "pkg/../pkg", *(f"{odd}.d" for odd in NAMES))
    assert {found[name] for name in code} == {"before"}
    assert {found[f"tests/{odd}"] for odd in NAMES} == {"after"}


@posix
def test_links_lead_to_the_same_place_as_before(root: Path, tmp_path: Path) -> None:
    links = {
        "tests/near": "-> test_a.py",
        "tests/code": "-> ../pkg",
        "tests/absolute": f"-> {root / 'pkg'}",
        "tests/far": "-> ../../outside",
        "tests/nowhere": "-> nothing",
        "tests/loop": "-> loop",
    }
    for name, target in links.items():
        put(root, name, target)
    links |= {"tests/absolute": "-> ../pkg", "tests/far": f"-> {tmp_path / 'outside'}"}
    assert links.items() <= laid_out(root, "v1", "pkg").items()


INSIDE: Final = {
    "pkg/link.py": "-> __init__.py",
    "pkg/self": "-> .",
    "pkg/deep/link.py": "-> ../fresh.py",
    "pkg/nowhere": "-> nothing",
}


@posix
def test_links_within_a_package_of_a_commit_are_kept(root: Path) -> None:
    for name, target in INSIDE.items():
        put(root, name, target)
    commit(root)
    assert INSIDE.items() <= laid_out(root, "HEAD", "pkg").items()
