"""What cannot be laid out is refused in one line, which names it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from pytest_against.model import CannotJudgeError
from pytest_against.trees import find_commit, lay_out
from tests.against.repository import commit, git, laid_out, own, put, repository, state

Patch = pytest.MonkeyPatch


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


UNKNOWN: Final = (
    *("no-such", "", "-x", "--help", "--output=x", "HEAD main", " HEAD", "HEAD\nHEAD", "HEAD~99"),
    *("HEAD:pkg", "HEAD:pkg/__init__.py", "HEAD..main", "HEAD^@", "0" * 40, "$(touch x)", "é"),
    *(":/no such text", ":pkg/__init__.py", "HEAD\0", "\udcff", "x" * 9999, "^HEAD"),
)


@pytest.mark.parametrize("revision", UNKNOWN)
def test_what_is_no_commit_is_refused_by_name(revision: str, root: Path) -> None:
    before = state(root)
    with pytest.raises(CannotJudgeError) as caught:
        find_commit(root, revision)
    words, given = str(caught.value), repr(revision[:200])
    known = revision == "^HEAD"
    expected = f"{given} is not one" if known else f"no commit {given} in {root}; `git log` "
    assert words.startswith(expected)
    assert "\n" not in words
    assert len(words) < 800
    assert state(root) == before


OUT: Final = "^the package .* at HEAD .* has a link that leads out of it, '{}'; choose"


@pytest.mark.parametrize(
    "file, revision, packages, words",
    [
        ("pkg/fast.so", "v1", "pkg", "^'pkg/fast.so' is compiled.*: --against-install$"),
        ("pkg/deep/fast.cp.pyd", "v1", "pkg", "^'pkg/deep/fast.cp.pyd' is compiled"),
        ("pkg/lib.dylib", "v1", "pkg", "^'pkg/lib.dylib' is compiled"),
        ("pkg/untracked.dll", "v1", "pkg", "^'pkg/untracked.dll' is compiled"),
        ("pkg/absolute.py -> /etc/hostname", "HEAD", "pkg", OUT.format("pkg/absolute.py")),
        ("pkg/beside.py -> ../file", "HEAD", "pkg", OUT.format("pkg/beside.py")),
        ("pkg/deep/up -> ../..", "HEAD", "pkg", OUT.format("pkg/deep/up")),
        ("pkg/chain -> self/../file", "HEAD", "pkg", OUT.format("pkg/chain")),
        ("alias -> pkg", "HEAD", "pkg alias", OUT.format("alias")),
        ("src -> ..", "HEAD", "src/lib", "'src/lib' is not below"),
        ("x", "none", "pkg", r"^no package pkg at none \(.{10}\); choose a revision that has one$"),
        ("x", "v1", "pkg/fresh.py", "^no package pkg/fresh.py at v1"),
        ("x", "v1", "missing", r"^no package missing at v1 \(.{10}\); choose a rev"),
        ("x", "v1", "../repository/pkg/../..", "is not below"),
        ("x", "v1", ".", "^the package '.' is not below .*; name one that is$"),
        ("x", "v1", "/etc", "^the package '/etc' is not below"),
        ("x", "v1", "", "^no package under test in .*; name one: against_packages$"),
    ],
)
def test_package_that_cannot_be_exchanged_is_named(
    file: str, revision: str, packages: str, words: str, root: Path
) -> None:
    name, _, target = file.partition(" -> ")
    text = f"-> {target}" if target else ""
    if target:
        if sys.platform == "win32":
            pytest.skip("links of POSIX")
        put(root, "pkg/self", "-> .")
    put(root, name, text)
    assert name in laid_out(root, None, "pkg")
    if revision == "HEAD":
        commit(root)
        assert own(root, "HEAD")[name] == text
    with pytest.raises(CannotJudgeError, match=words):
        laid_out(root, revision, *packages.split())


def test_submodules_and_nested_repositories_are_not_copied(root: Path) -> None:
    for name in ("module", "nested", "pkg/nested"):
        git(root, "clone", "--quiet", str(root), str(root / name))
    git(root, "add", "module")
    git(root, "commit", "--quiet", "--message=submodule")
    found = laid_out(root, "v1", "pkg")
    assert not [name for name in found if "module/" in name or "nested" in name]
    with pytest.raises(CannotJudgeError, match=r"^no package module at HEAD"):
        laid_out(root, "HEAD", "module")


def test_conflict_is_refused_only_within_the_packages(root: Path) -> None:
    for branch, text in (("side", "theirs"), ("main", "ours")):
        git(root, "checkout", "--quiet", branch)
        put(root, "pkg/fresh.py", text)
        commit(root, text)
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "side")
    with pytest.raises(CannotJudgeError, match=r"^'pkg/.*\.py' has a merge conflict; .*`git add`"):
        laid_out(root, "v1", "pkg")
    assert laid_out(root, "v1", "tests")["tests/test_a.py"] == "old test"


def test_surroundings_without_git_are_named(root: Path, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(CannotJudgeError, match=f"git cannot read {tmp_path}; .* in a repository"):
        find_commit(tmp_path, "HEAD")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(CannotJudgeError, match=r"dubious ownership[^\n]*\Z"):
        find_commit(root, "HEAD")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotJudgeError, match=r"install git.*'git'"):
        find_commit(root, "HEAD")


def test_folder_that_cannot_be_written_is_named(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "file")
    with pytest.raises(CannotJudgeError, match=f"to {tmp_path}/file/tree .*; make room .*TMPDIR"):
        lay_out(root, ["pkg"], tmp_path / "file" / "tree", None)


def test_what_git_cannot_write_is_named(root: Path) -> None:
    blob = git(root, "rev-parse", "v1:pkg/gone.py").strip()
    stored = root / ".git" / "objects" / blob[:2] / blob[2:]
    stored.chmod(0o600)  # or Windows would keep it
    stored.unlink()
    with pytest.raises(CannotJudgeError, match=r"^cannot write v1 .* to .*; make room .*TMPDIR"):
        laid_out(root, "v1", "pkg")
