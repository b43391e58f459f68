"""Copies of a package from git: exactly what was there, and the repository none the wiser."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import pytest

from benchmarks.errors import CannotJudgeError
from benchmarks.snapshots import at_commit, describe_head, find_commit, working_tree
from tests.plants import commit, git


def _write(folder: Path, text: str, name: str = "__init__.py") -> None:
    file = folder / "package" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with three commits, a tag and a branch."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "file").write_text("no package yet")
    commit(root, "none")
    git(root, "tag", "none")
    _write(root, "old")
    _write(root, "kept", "deep/module.py")
    commit(root, "old")
    git(root, "tag", "v1")
    git(root, "branch", "side")
    _write(root, "new")
    commit(root, "new")
    return root


def _old(root: Path, revision: str, into: Path) -> str:
    at_commit(root, find_commit(root, revision), "package", into)
    return (into / "package" / "__init__.py").read_text()


def _state(root: Path) -> dict[str, str]:
    """Return digests of everything under the root, objects included, and what git says."""
    files = {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    questions = ("status --porcelain", "rev-parse HEAD", "for-each-ref", "stash list")
    return files | {question: git(root, *question.split()) for question in questions}


REVISIONS: Final = (
    "HEAD~1",
    "v1",
    "side",
    "main~1",
    "@~",
    "refs/heads/side",
    "HEAD^",
    "HEAD^{/old}",
)


@pytest.mark.parametrize("revision", REVISIONS)
def test_commit_is_found_by_any_name_and_has_its_content(
    revision: str, root: Path, tmp_path: Path
) -> None:
    assert _old(root, revision, tmp_path) == "old"
    assert (tmp_path / "package" / "deep" / "module.py").read_text() == "kept"
    assert sorted(path.name for path in (tmp_path / "package").iterdir()) == ["__init__.py", "deep"]


@pytest.mark.parametrize("length", [7, 40])
def test_commit_is_found_by_its_digest(length: int, root: Path, tmp_path: Path) -> None:
    sha = git(root, "rev-parse", "HEAD~1").strip()
    assert _old(root, sha[:length], tmp_path) == "old"
    assert str(find_commit(root, sha[:length])) == f"{sha[:length]} ({sha[:10]})"


@pytest.mark.parametrize("revision", ["HEAD", "@{0}", "main", "@"])
def test_present_commit_is_found(revision: str, root: Path, tmp_path: Path) -> None:
    assert _old(root, revision, tmp_path) == "new"


def test_detached_head_is_found(root: Path, tmp_path: Path) -> None:
    git(root, "checkout", "--quiet", "--detach", "HEAD~1")
    assert _old(root, "HEAD", tmp_path) == "old"


def test_repository_is_untouched_however_dirty(root: Path, tmp_path: Path) -> None:
    _write(root, "stashed")
    git(root, "stash", "--quiet")
    _write(root, "staged")
    git(root, "add", "--all")
    _write(root, "dirty")
    _write(root, "untracked", "fresh.py")
    before = _state(root)
    assert _old(root, "HEAD~1", tmp_path / "base") == "old"
    working_tree(root, "package", tmp_path / "head")
    for revision in ("no-such", "none"):
        with pytest.raises(CannotJudgeError):
            _old(root, revision, tmp_path / "more")
    assert _state(root) == before
    assert (root / "package" / "__init__.py").read_text() == "dirty"


def test_working_tree_is_what_is_on_disk(root: Path, tmp_path: Path) -> None:
    _write(root, "staged")
    git(root, "add", "--all")
    _write(root, "dirty")
    _write(root, "untracked", "fresh.py")
    _write(root, "cache", "__pycache__/fresh.pyc")
    _write(root, "cache", "deep/__pycache__/module.pyc")
    (root / "package" / "deep" / "module.py").unlink()
    _write(root, "other", "deep/other.py")
    working_tree(root, "package", tmp_path / "head")
    copied = tmp_path / "head" / "package"
    found = {str(f.relative_to(copied)): f.read_text() for f in copied.rglob("*") if f.is_file()}
    assert found == {"__init__.py": "dirty", "fresh.py": "untracked", "deep/other.py": "other"}


def test_package_in_a_subfolder_of_the_repository_is_found(root: Path, tmp_path: Path) -> None:
    nested = root / "sub" / "folder"
    _write(nested, "nested old")
    commit(root)
    _write(nested, "nested new")
    assert _old(nested, "HEAD", tmp_path) == "nested old"
    working_tree(nested, "package", tmp_path / "head")
    assert (tmp_path / "head" / "package" / "__init__.py").read_text() == "nested new"


def test_linked_working_tree_is_a_repository_too(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "--quiet", str(tmp_path / "linked"), "side")
    assert _old(tmp_path / "linked", "HEAD", tmp_path / "base") == "old"


UNKNOWN: Final = (
    "no-such",
    "",
    "-x",
    "--help",
    "--output=/tmp/x",
    "HEAD main",
    " HEAD",
    "HEAD\nHEAD",
    "HEAD~99",
    "HEAD:package",
    "HEAD:package/__init__.py",
    "HEAD..main",
    "HEAD^@",
    "0" * 40,
    "$(touch x)",
    "é",
)


@pytest.mark.parametrize("revision", UNKNOWN)
def test_what_is_no_commit_is_refused_by_name(revision: str, root: Path) -> None:
    before = _state(root)
    with pytest.raises(CannotJudgeError) as caught:
        find_commit(root, revision)
    assert str(caught.value).startswith(f"no commit {revision!r} in {root}; ")
    assert "`git log`" in str(caught.value)
    assert _state(root) == before


def test_exclusion_is_not_one_commit(root: Path) -> None:
    with pytest.raises(CannotJudgeError, match=r"'\^HEAD' is not one commit; name one, as HEAD~1"):
        find_commit(root, "^HEAD")


def test_shallow_clone_says_how_to_get_the_rest(root: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(root, "clone", "--quiet", "--depth=1", f"file://{root}", str(shallow))
    assert _old(shallow, "HEAD", tmp_path) == "new"
    with pytest.raises(CannotJudgeError, match=r"'HEAD~1'.*git fetch --unshallow"):
        find_commit(shallow, "HEAD~1")


def test_missing_git_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotJudgeError, match=r"git was not found.*install git"):
        find_commit(root, "HEAD")


def test_folder_outside_any_repository_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(CannotJudgeError, match=f"{tmp_path} is not in a git repository"):
        find_commit(tmp_path, "HEAD")


def test_repository_that_git_does_not_trust_is_explained_in_its_words(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(CannotJudgeError, match="dubious ownership"):
        find_commit(root, "HEAD")


def test_commit_without_the_package_is_named(root: Path, tmp_path: Path) -> None:
    found = find_commit(root, "none")
    with pytest.raises(CannotJudgeError) as caught:
        at_commit(root, found, "package", tmp_path)
    assert str(caught.value).startswith(f"no package package at none ({found.sha[:10]}); ")


def test_commit_with_a_folder_that_is_no_package_is_named(root: Path, tmp_path: Path) -> None:
    (root / "folder").mkdir()
    (root / "folder" / "data").write_text("data")
    commit(root)
    with pytest.raises(CannotJudgeError, match="no package folder at HEAD "):
        at_commit(root, find_commit(root, "HEAD"), "folder", tmp_path)


def test_package_that_links_out_of_itself_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "package" / "link.py").symlink_to("/etc/hostname")
    commit(root)
    with pytest.raises(CannotJudgeError, match=r"package at HEAD .* link"):
        at_commit(root, find_commit(root, "HEAD"), "package", tmp_path)


def test_working_tree_without_the_package_is_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotJudgeError, match=f"no package missing in {root}; run the command"):
        working_tree(root, "missing", tmp_path)


def test_head_is_described_by_its_commit_and_whether_files_differ(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = git(root, "rev-parse", "HEAD").strip()
    assert describe_head(root) == sha
    _write(root, "dirty")
    assert describe_head(root) == f"{sha}+"
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_head(tmp_path) == "unknown"
