"""Source trees are exactly what was asked for."""

from __future__ import annotations

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
    lay_out_revision,
)
from tests.against.repository import base, commit, contents, git, put, repository, state, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


REVISIONS: Final = {
    "HEAD~1": "old",
    "v1": "old",
    "side": "old",
    "refs/heads/side": "old",
    "HEAD^": "old",
    "HEAD^{/old}": "old",
    ":/old": "old",
    ":/n[e]w": "new",
    "HEAD": "new",
    "@": "new",
    "@{0}": "new",
}


@pytest.mark.parametrize("revision", REVISIONS)
def test_commit_is_found_by_any_name(revision: str, root: Path) -> None:
    found = find_commit(root, revision)
    assert found.revision == revision
    assert git(root, "show", f"{found.sha}:pkg/__init__.py") == REVISIONS[revision]


def test_commit_is_found_by_its_digest_and_says_both(root: Path) -> None:
    sha = git(root, "rev-parse", "HEAD~1").strip()
    assert find_commit(root, sha[:7]) == Commit(sha[:7], sha)
    assert str(find_commit(root, sha)) == f"{sha} ({sha[:10]})"


UNKNOWN: Final = (
    *("no-such", "", "-x", "--help", "--output=x", "HEAD main", " HEAD", "HEAD\nHEAD", "HEAD~99"),
    *("HEAD:pkg", "HEAD:pkg/__init__.py", "HEAD..main", "HEAD^@", "0" * 40, "$(touch x)", "é"),
    *(":/no such text", ":pkg/__init__.py", "HEAD\0", "\udcff"),
)


@pytest.mark.parametrize("revision", UNKNOWN)
def test_what_is_no_commit_is_refused_by_name(revision: str, root: Path) -> None:
    before = state(root)
    with pytest.raises(CannotJudgeError) as caught:
        find_commit(root, revision)
    assert str(caught.value).startswith(f"no commit {revision!r} in {root}; `git log` ")
    assert "\n" not in str(caught.value)
    assert state(root) == before


def test_long_revision_is_cut(root: Path) -> None:
    with pytest.raises(CannotJudgeError) as caught:
        find_commit(root, "x" * 9999)
    assert len(str(caught.value)) < 800


def test_exclusion_is_not_one_commit(root: Path) -> None:
    with pytest.raises(CannotJudgeError, match=r"'\^HEAD' is not one commit; name one, as HEAD~1"):
        find_commit(root, "^HEAD")


def test_head_is_described_by_its_commit_and_whether_files_differ(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = git(root, "rev-parse", "HEAD").strip()
    assert describe_head(root) == sha
    put(root, "untracked")
    assert describe_head(root) == f"{sha}+"
    assert describe_head(root / "pkg") == sha
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_head(tmp_path) == "unknown"


def test_working_tree_is_what_git_knows_or_would_add(root: Path, tmp_path: Path) -> None:
    put(root, "pkg/__init__.py", "staged")
    git(root, "add", "--all")
    put(root, "pkg/__init__.py", "dirty")
    for name in ("pkg/_version.py", "pkg/untracked.py", "ignored.py", "tests/.hidden"):
        put(root, name, name)
    for name in ("pkg/__pycache__/a.pyc", "pkg/.#a.py", "pkg/.a.py.swp", "tests/.~lock.a#"):
        put(root, name, "never")
    (root / "pkg" / "deep" / "module.py").unlink()
    lay_out(root, ["pkg"], tmp_path / "tree", None)
    assert contents(tmp_path / "tree") == {
        ".gitignore": (root / ".gitignore").read_text(),
        "file": "no package yet",
        "pkg/__init__.py": "dirty",
        "pkg/_version.py": "pkg/_version.py",
        "pkg/fresh.py": "fresh",
        "pkg/untracked.py": "pkg/untracked.py",
        "tests/.hidden": "tests/.hidden",
        "tests/test_a.py": "new test",
    }


def test_base_has_the_same_tests_and_the_code_of_the_commit(root: Path, tmp_path: Path) -> None:
    for name in ("pkg/_version.py", "pkg/untracked.py", "tests/test_b.py"):
        put(root, name, name)
    assert base(root, tmp_path / "tree") == {
        ".gitignore": (root / ".gitignore").read_text(),
        "file": "no package yet",
        "pkg/__init__.py": "old",
        "pkg/_version.py": "pkg/_version.py",
        "pkg/deep/module.py": "kept",
        "pkg/gone.py": "gone",
        "tests/test_a.py": "new test",
        "tests/test_b.py": "tests/test_b.py",
    }


def test_what_is_generated_now_does_not_replace_what_the_commit_has(
    root: Path, tmp_path: Path
) -> None:
    put(root, "pkg/_version.py", "tracked once")
    git(root, "add", "--force", "pkg/_version.py")
    commit(root)
    git(root, "rm", "--quiet", "pkg/_version.py")
    put(root, "pkg/_version.py", "generated")
    assert base(root, tmp_path / "tree", "HEAD")["pkg/_version.py"] == "tracked once"


def test_revision_has_its_own_tests(root: Path, tmp_path: Path) -> None:
    put(root, "pkg/_version.py", "generated")
    lay_out_revision(root, tmp_path / "own", find_commit(root, "v1"))
    lay_out_revision(root, tmp_path / "with", find_commit(root, "v1"), ["pkg"])
    found = contents(tmp_path / "own")
    assert set(found) == set(git(root, "ls-tree", "-r", "--name-only", "v1").split())
    assert found["tests/test_a.py"] == "old test"
    assert contents(tmp_path / "with") == found | {"pkg/_version.py": "generated"}


@pytest.mark.parametrize("packages", [["lib", "one.py"], ["lib/inner", "lib", "./one.py", "lib/"]])
def test_several_packages_modules_and_nested_ones_are_exchanged(
    packages: list[str], root: Path, tmp_path: Path
) -> None:
    write(root, lib__inner__a_py="old", lib__b_py="old", one_py="old", other_py="old")
    commit(root)
    write(root, lib__inner__a_py="new", lib__b_py="new", one_py="new", other_py="new", lib_py="new")
    found = base(root, tmp_path / "tree", "HEAD", packages)
    old = {name for name, text in found.items() if text == "old"}
    assert old == {"lib/inner/a.py", "lib/b.py", "one.py"}
    assert found["other.py"] == found["lib.py"] == "new"


def test_subfolder_of_the_repository_is_a_project(root: Path, tmp_path: Path) -> None:
    nested = root / "sub" / "fol der"
    put(root, ".gitattributes", "*.txt text eol=crlf\n")
    put(nested, "pkg/__init__.py", "nested old")
    put(nested, "pkg/data.txt", "a\n")
    put(nested, "tests/test_n.py", "nested test")
    commit(root)
    put(root, ".gitattributes", "")
    put(nested, "pkg/__init__.py", "nested new")
    found = base(nested, tmp_path / "tree", "HEAD")
    assert found["pkg/__init__.py"] == "nested old"
    assert set(found) == {"pkg/__init__.py", "pkg/data.txt", "tests/test_n.py"}
    # The attributes are those of the commit.
    assert (tmp_path / "tree" / "pkg" / "data.txt").read_bytes() == b"a\r\n"
    lay_out_revision(nested, tmp_path / "own", find_commit(nested, "HEAD"))
    assert contents(tmp_path / "own") == found
    with pytest.raises(CannotJudgeError, match=r"^no .* at v1 .*; choose a revision"):
        lay_out_revision(nested, tmp_path / "none", find_commit(nested, "v1"))


def test_export_attributes_do_not_falsify_the_commit(root: Path, tmp_path: Path) -> None:
    put(root, ".gitattributes", "pkg/left.py export-ignore\npkg/words.py export-subst\n")
    write(root, pkg__left_py="there", pkg__words_py="$Format:%H$")
    commit(root)
    found = base(root, tmp_path / "tree", "HEAD")
    assert (found["pkg/left.py"], found["pkg/words.py"]) == ("there", "$Format:%H$")


LAYOUTS: Final = {
    "src": (
        ["src/attr/__init__.py", "src/attrs/__init__.py", "other/__init__.py"],
        ["src/attr", "src/attrs"],
    ),
    "src with a module": (
        ["src/a/__init__.py", "src/b.py", "src/x.egg-info/y"],
        ["src/a", "src/b.py"],
    ),
    "src in another language": (["src/main.c", "pkg/__init__.py"], ["pkg"]),
    "root": (["pkg/__init__.py", "setup.py", "run.py", "data/x"], ["pkg"]),
    "its own tests": (["np/__init__.py", "np/conftest.py", "np/core/tests/test_a.py"], ["np"]),
    "tests beside it": (
        [
            f"{n}/__init__.py"
            for n in ("pkg", "tests", "test", "benchmarks", "docs", "examples", "perf")
        ],
        ["pkg"],
    ),
    "tests by another name": (
        ["pkg/__init__.py", "checks/__init__.py", "checks/test_a.py"],
        ["pkg"],
    ),
    "a module": (
        ["six.py", "setup.py", "test_six.py", "six_test.py", "conftest.py", "noxfile.py"],
        ["six.py"],
    ),
    "no name for a module": (["my-script.py", "2to3/__init__.py", "__main__.py"], []),
    "nothing": (["README.md"], []),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_default_packages_are_the_code_and_not_its_tests(name: str, tmp_path: Path) -> None:
    files, expected = LAYOUTS[name]
    for file in files:
        put(tmp_path, file)
    assert default_packages(tmp_path) == tuple(expected)
