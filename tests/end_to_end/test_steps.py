"""The steps of the workflows that decide something decide rightly."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.against import repository
from tests.against.repository import git, put
from tests.end_to_end.test_workflows import STEPS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the steps run on Linux")

# Stand in for what a step calls: the host, and the Python that calls the gate or pip.
GH: Final = """\
echo "$@" >> "$LOG"
if [ "$2" = list ]; then echo 7; fi
if [ "$2" = --paginate ]; then printf '%s' "$GH_COMMENTS"; fi
"""
PYTHON: Final = f"""\
if [ "$1 $2" = "-m benchmarks" ]; then shift 2; exec pytest-against "$@"; fi
if [ "$1 $2" = "-m pip" ]; then echo "$@" >> "$LOG"; exit 0; fi
exec '{sys.executable}' "$@"
"""


def run(step: str, folder: Path, *, fails: bool = False, **env: str) -> str:
    """Run a step in a folder, where stand-ins are in ``bin``, and return what it printed."""
    (folder / "temp").mkdir(exist_ok=True)
    (folder / "work").mkdir(exist_ok=True)
    path = os.pathsep.join((str(folder / "bin"), os.environ["PATH"]))
    host = {"GITHUB_OUTPUT": "outputs", "GITHUB_STEP_SUMMARY": "summary", "LOG": "log"}
    host = {name: str(folder / file) for name, file in host.items()}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[step]["run"]],  # noqa: S607
        cwd=folder / "work",
        env=os.environ | host | env | {"PATH": path, "RUNNER_TEMP": str(folder / "temp")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) is fails, done.stdout + done.stderr
    return done.stdout


def stand_in(folder: Path, name: str, script: str) -> None:
    """Put a command in front of the one of the same name."""
    (folder / "bin").mkdir(exist_ok=True)
    command = folder / "bin" / name
    command.write_text(f"#!/usr/bin/env bash\n{script}\n")
    command.chmod(0o755)


def commit(folder: Path, file: str, text: str) -> str:
    """Write a file, commit it, and return the commit."""
    put(folder, file, text)
    git(folder, "init", "--quiet", "--initial-branch=main")
    repository.commit(folder)
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("code, report", [
    (0, '{"exit": 0}'), (1, '{"exit": 1}'), (2, '{"exit": 2}'), (3, '{"exit": 3}'),
    (0, '{"exit": 1}'), (1, '{"exit": 0}'), (130, '{"exit": 2}'), (0, ""), (0, '{"exit"'),
    (0, "{}"),
])  # fmt: skip
def test_an_exit_code_is_believed_only_with_a_report_that_says_the_same(
    code: int, report: str, tmp_path: Path
) -> None:
    believed = report == f'{{"exit": {code}}}'
    passes = believed and code in (0, 3)  # at night, inconclusive is no failure
    write = 'while [ "$1" != --json ]; do shift; done; '
    write += f"""printf '%s' '{report}' > "$2"; echo report > "$4"; """
    stand_in(tmp_path, "pytest-against", f"{write if report else ''}exit {code}")
    stand_in(tmp_path, "python", PYTHON)
    what = {"BASE": "HEAD", "ROWS": "", "BUDGET": "1"}
    night = "nightly/numpy-next/Judge it against the released NumPy"
    run(night, tmp_path, fails=not passes, **what)
    (tmp_path / "work" / "gate.json").write_text('{"exit": 0}')  # in the change, not from the gate
    (tmp_path / "outputs").touch()
    put(tmp_path, "temp/gate/gate.json", '{"exit": 0}')  # of something else
    what |= {"ARGUMENTS": "--allow-new", "ATTEMPTS": "1"}
    run("actions/gate/Judge", tmp_path, fails=not believed, **what)
    assert (tmp_path / "outputs").read_text() == (f"exit={code}\n" if believed else "")


@pytest.mark.parametrize("codes, attempts, last", [
    ("0 1", 2, 0), ("1 0", 2, 1), ("2 0", 2, 2), ("3 0", 2, 0), ("3 1", 2, 1), ("3 3 0", 2, 3),
    ("3 0", 1, 3),
])  # fmt: skip
def test_what_proves_nothing_is_judged_once_more_and_then_counts(
    codes: str, attempts: int, last: int, tmp_path: Path
) -> None:
    (tmp_path / "codes").write_text(codes.replace(" ", "\n") + "\n")
    stand_in(tmp_path, "python", PYTHON)
    stand_in(
        tmp_path,
        "pytest-against",
        """
        code=$(head -n 1 "$CODES"); sed -i 1d "$CODES"
        while [ "$1" != --json ]; do shift; done
        echo "{\\"exit\\": $code}" > "$2"; exit "$code"
    """,
    )
    what: dict[str, Any] = {"BASE": "HEAD", "ARGUMENTS": "", "CODES": str(tmp_path / "codes")}
    run("actions/gate/Judge", tmp_path, ATTEMPTS=str(attempts), **what)
    assert (tmp_path / "outputs").read_text() == f"exit={last}\n"
    step = "actions/gate/Pass on the answer"
    assert ("error" in run(step, tmp_path, fails=last != 0, CODE=str(last))) == (last != 0)


def test_the_base_is_what_was_asked_for_or_where_the_change_began(tmp_path: Path) -> None:
    work, step = tmp_path / "work", "actions/gate/Find where the change began"
    began = commit(work, "a", "1")
    git(work, "branch", "change")
    newer = commit(work, "a", "2")
    git(work, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(work, "checkout", "--quiet", "change")
    commit(work, "b", "1")
    run(step, tmp_path, BASE="", TARGET="main")
    run(step, tmp_path, BASE=newer, TARGET="main")
    assert (tmp_path / "outputs").read_text() == f"sha={began}\nsha={newer}\n"
    said = run(step, tmp_path, BASE="", TARGET="gone", fails=True)
    assert said == "::error title=no base::there is none here; check out with fetch-depth: 0\n"


@pytest.mark.parametrize("report", ["found", ""])
def test_the_report_is_in_the_summary_or_that_there_is_none(report: str, tmp_path: Path) -> None:
    if report:
        put(tmp_path, "temp/gate/gate.md", report)
    run("actions/gate/Show the report", tmp_path)
    summary = (tmp_path / "summary").read_text()
    assert summary == (report or "**it could not be judged; the log of the gate says why**\n")


@pytest.mark.parametrize("file, measured", [
    ("relu_impls/a.py", "true"), ("benchmarks/pytest-against/a.py", "true"),
    ("pyproject.toml", "true"), ("benchmarks/results/a.md", "false"), ("README.md", "false"),
])  # fmt: skip
def test_what_is_measured_is_timed_if_it_changes(file: str, measured: str, tmp_path: Path) -> None:
    base = commit(tmp_path / "work", "a", "")
    commit(tmp_path / "work", file, "a change")
    step = "performance/base/Find where the change began, and whether it touches what is measured"
    run(step, tmp_path, TARGET=base)
    assert (tmp_path / "outputs").read_text() == f"sha={base}\nmeasured={measured}\n"


# Whether anything was measured, the exit code, what became of the two attempts; what is said.
VERDICTS: Final = {
    "not measured": ("false", "", "skipped", "skipped", "notice title=not timed"),
    "steady": ("true", "0", "success", "skipped", ""),
    "regressed": ("true", "1", "success", "skipped", "error title=failed"),
    "cannot judge": ("true", "2", "success", "skipped", "error title=not judged"),
    "inconclusive": ("true", "3", "success", "success", "error title=inconclusive"),
    "steady at last": ("true", "0", "success", "success", ""),
    "gate not believed": ("true", "", "failure", "skipped", "error title=broken"),
    "ended after it": ("true", "0", "cancelled", "skipped", "error title=broken"),
    "failed after it": ("true", "0", "failure", "skipped", "error title=broken"),
    "second crashed": ("true", "3", "success", "failure", "error title=broken"),
    "nothing known": ("", "", "skipped", "skipped", "error title=broken"),
    "another answer": ("true", "130", "success", "skipped", "error title=failed"),
}


@pytest.mark.parametrize("known", VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_is_green_only_if_it_is_proven_or_there_was_nothing_to_prove(
    known: tuple[str, ...], tmp_path: Path
) -> None:
    *told, words = known
    env = dict(zip(("MEASURED", "CODE", "FIRST", "SECOND"), told, strict=True))
    said = run("performance/verdict/Pass on the answer", tmp_path, fails="error" in words, **env)
    assert said.startswith(f"::{words}") if words else said == ""


@pytest.mark.parametrize("ours, asked", [
    ("", "pr comment 7 --body-file body.md"),
    ("11\n12\n", "api --method PATCH repos/o/n/issues/comments/12 -F body=@body.md --silent"),
])  # fmt: skip
def test_the_comment_is_a_new_one_or_replaces_the_last_of_the_gate(
    ours: str, asked: str, tmp_path: Path
) -> None:
    stand_in(tmp_path, "gh", GH)
    put(tmp_path, "work/comment.md", "what it found\n")
    step = "comment/comment/Comment on the pull request whose head was measured"
    run(step, tmp_path, GH_REPO="o/n", GH_COMMENTS=ours, SHA="0" * 40)
    assert (tmp_path / "log").read_text().splitlines()[-1] == asked
    assert (tmp_path / "work" / "body.md").read_text() == "<!-- gate -->\nwhat it found\n"


@pytest.mark.parametrize("attempts", [("first",), ("first", "second"), ()], ids=len)
def test_the_comment_is_about_the_last_attempt(attempts: tuple[str, ...], tmp_path: Path) -> None:
    stand_in(tmp_path, "pytest-against", 'echo "$2" > "$4"; exit 1')
    for attempt in attempts:
        put(tmp_path, f"work/untrusted/gate-{attempt}/gate.json")
    run("comment/render/Make the comment from what the last attempt found", tmp_path)
    found = str(bool(attempts)).lower()
    assert (tmp_path / "outputs").read_text() == f"found={found}\n"
    if attempts:
        comment = (tmp_path / "work" / "comment.md").read_text()
        assert comment == f"untrusted/gate-{attempts[-1]}/gate.json\n"


@pytest.mark.parametrize("code", [0, 1, 3])
def test_joined_reports_are_shown_whatever_they_say(code: int, tmp_path: Path) -> None:
    stand_in(tmp_path, "pytest-against", f'echo joined > "$4"; exit {code}')
    put(tmp_path, "work/reports/a/gate.json")
    run("machines/join/Join the reports", tmp_path, fails=code != 0)
    assert (tmp_path / "summary").read_text() == "joined\n"


@pytest.mark.parametrize("gates, code, passes", [
    ("success", 0, True), ("success", 1, False), ("success", 2, False), ("success", 3, False),
    ("failure", 0, False), ("cancelled", 0, False), ("skipped", 0, False),
])  # fmt: skip
def test_shards_are_green_only_if_all_were_judged_and_all_together_are(
    gates: str, code: int, tmp_path: Path, *, passes: bool
) -> None:
    stand_in(tmp_path, "pytest-against", f'echo "$2" "$3" > "$5"; exit {code}')
    for number in range(2):
        put(tmp_path, f"work/reports/gate-shard-{number}/gate.json")
    said = run("shards/join/Join the shards", tmp_path, fails=not passes, GATES=gates)
    assert said.startswith("::error title=broken::") == (gates != "success")
    shown = [f"reports/gate-shard-{number}/gate.json" for number in range(2)]
    summary = tmp_path / "summary"
    assert not summary.exists() or summary.read_text().split() == shown


def test_new_baselines_and_their_pages_are_one_commit(tmp_path: Path) -> None:
    work = tmp_path / "work"
    commit(work, "benchmarks/baselines/a.json", "old\n")
    put(work, "benchmarks/baselines/a.json", "new\n")
    put(work, "page.md", "new\n")
    git(work, "add", "--intent-to-add", ".")
    (tmp_path / "pages.patch").write_text(git(work, "diff"))
    git(work, "reset", "--quiet", "--hard")
    git(work, "clean", "--quiet", "--force")
    (tmp_path / "pages.patch").replace(work / "pages.patch")
    put(work, "recorded/here.txt", "a table\na.json: 1 row\n")
    run("baseline/propose/Commit to a branch", tmp_path, GITHUB_RUN_ID="1")
    changed = git(work, "show", "--format=%D", "--name-only").split()
    assert changed == ["HEAD", "->", "baseline/1", "benchmarks/baselines/a.json"]
    assert (work / "body.md").read_text() == "* here: a.json: 1 row\n"


@pytest.mark.parametrize("tag, fails", [("v1.2", False), ("v1.20", True), ("v1", True)])
def test_a_release_has_both_distributions_in_its_version(
    tag: str, tmp_path: Path, *, fails: bool
) -> None:
    for name in ("relu_impls", "pytest_against"):
        for end in ("-py3-none-any.whl", ".tar.gz"):
            put(tmp_path, f"work/dist/{name}-1.2{end}")
    run("release/build/Compare their versions with the tag", tmp_path, TAG=tag, fails=fails)
