"""The gate where git, a disk or a stream is not as it should be: a line that says so, exit 2."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.lanes import ROWS, one_line
from tests.plants import BENCHMARKS, Repository, Run, commit, git, rewrite


def _without_the_package(repository: Repository) -> None:
    package = repository.root / "relu_impls"
    git(repository.root, "rm", "--quiet", "-r", "--cached", "relu_impls")
    git(repository.root, "commit", "--quiet", "--message=none")
    assert package.is_dir()


def _without_history(repository: Repository) -> None:
    commit(repository.root)
    full = repository.root.rename(repository.folder / "full")
    git(full, "clone", "--quiet", "--depth=1", f"file://{full}", str(repository.root))


def _without_a_repository(repository: Repository) -> None:
    shutil.rmtree(repository.root / ".git")


REPOSITORIES: Final = {
    "revision without the package": (
        _without_the_package,
        "HEAD",
        "no package relu_impls at HEAD (",
        "choose a revision that has one",
    ),
    "shallow clone": (_without_history, "HEAD~1", "no commit 'HEAD~1'", "git fetch --unshallow"),
    "no repository": (_without_a_repository, "HEAD", " is not in a git repository", ""),
}


@pytest.mark.parametrize("change, revision, words, mends", REPOSITORIES.values(), ids=REPOSITORIES)
def test_repository_that_lacks_the_base_is_refused_in_one_line(
    change: Callable[[Repository], None],
    revision: str,
    words: str,
    mends: str,
    repository: Repository,
) -> None:
    change(repository)
    ceiling = repository.environment(GIT_CEILING_DIRECTORIES=str(repository.folder))
    line = one_line(repository.gate("--base", revision, *ROWS, env=ceiling))
    assert words in line
    assert mends in line
    assert repository.left_behind == []


def test_missing_git_is_named(repository: Repository) -> None:
    run = repository.gate("--base", "HEAD", *ROWS, env=repository.environment(PATH="/nowhere"))
    assert one_line(run).endswith("git was not found, and --base takes a git revision; install git")


def test_detached_head_and_dirty_tree_are_judged_and_left_as_they_are(
    repository: Repository,
) -> None:
    commit(repository.root)
    git(repository.root, "checkout", "--quiet", "--detach", "HEAD~1")
    (repository.root / "relu_impls" / "untracked.py").write_text("")
    rewrite(repository.root / "relu_impls" / "__init__.py", '"METHODS", "Con', '"METHODS",  "Con')
    git(repository.root, "add", "relu_impls/__init__.py")
    before = repository.state
    assert repository.gate("--base", "main", *ROWS, "--trials", "2").exit in {0, 3}
    assert repository.state == before
    assert repository.left_behind == []


def _on_a_mount(repository: Repository, options: str, *command: str) -> Run:
    """Run a command with a file system mounted at `mount`, where no other process sees it."""
    (repository.folder / "mount").mkdir()
    own = ("unshare", "--mount", "--map-root-user", "sh", "-c")
    script = f'mount -t tmpfs -o {options} tmpfs ../mount && exec "$@"'
    if repository.run(*own, script, "sh", "true").exit:
        pytest.skip("needs the right to mount")
    environment = repository.environment(TMPDIR=str(repository.folder / "mount"))
    return repository.run(*own, script, "sh", *command, env=environment)


def test_disk_that_is_too_small_for_the_arms_is_named(repository: Repository) -> None:
    command = (*BENCHMARKS, "gate", "--base", "HEAD", *ROWS)
    line = one_line(_on_a_mount(repository, "size=64k", *command))
    assert f"the package cannot be copied to {repository.folder / 'mount'}/gate-" in line
    assert "No space left on device" in line
    assert line.endswith("make room there, or name another folder in TMPDIR")


def test_report_that_belongs_on_a_read_only_disk_is_refused_at_once(
    repository: Repository,
) -> None:
    report = str(repository.folder / "mount" / "verdict.json")
    command = (*BENCHMARKS, "gate", "--base", "HEAD", *ROWS, "--json", report)
    run = _on_a_mount(repository, "ro", *command)
    assert "Read-only file system" in one_line(run)
    assert "verdict.json" in run.errors
    assert "exact checks" not in run.errors


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_stream_that_takes_nothing_is_neither_green_nor_red(
    stream: str, repository: Repository
) -> None:
    with Path("/dev/full").open("wb") as full:
        run = repository.gate("--base", "HEAD", *ROWS, "--trials", "2", **{stream: full})
    assert run.exit == 2
    assert "Traceback" not in (run.errors or "")
    assert repository.left_behind == []


@pytest.mark.parametrize("option", ["--json", "--markdown"])
def test_device_or_pipe_is_not_replaced_by_a_report(option: str, repository: Repository) -> None:
    pipe = repository.folder / "pipe"
    os.mkfifo(pipe)
    line = one_line(repository.gate("--base", "HEAD", *ROWS, option, str(pipe)))
    assert line.endswith(f"{pipe} is a device or a pipe, expected a file")
    assert pipe.is_fifo()
