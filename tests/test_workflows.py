"""The workflows run commands that work anywhere, with no more rights than each job needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests import workflow_steps as steps
from tests.plants import ROOT, git

FILES: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITERS: Final = {
    "baseline/propose": {"contents": "write", "pull-requests": "write"},
    "comment/comment": {"pull-requests": "write"},
}

needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for Linux's bash")
every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
every_job = pytest.mark.parametrize("name, job", steps.jobs().items(), ids=steps.jobs())


@every_file
def test_a_workflow_has_no_rights_of_its_own(file: Path) -> None:
    assert yaml.safe_load(file.read_text("utf-8"))["permissions"] == {}


@every_job
def test_a_job_may_write_only_if_that_is_its_purpose(name: str, job: dict[str, Any]) -> None:
    rights = {right: how for right, how in job["permissions"].items() if how != "read"}
    assert rights == WRITERS.get(name, {})


@every_job
def test_a_job_has_an_end(name: str, job: dict[str, Any]) -> None:
    assert job["timeout-minutes"] <= 45, name


@pytest.mark.parametrize("name", WRITERS)
def test_a_job_that_may_write_runs_no_code_of_the_project(name: str) -> None:
    for step in steps.jobs()[name]["steps"]:
        assert not re.search(r"\b(python|pip|tox|pytest)\b", step.get("run", "")), step


@pytest.mark.parametrize("name, step", steps.run_steps().items(), ids=steps.run_steps())
def test_a_command_takes_what_others_chose_from_its_environment_only(
    name: str, step: dict[str, Any]
) -> None:
    assert "${{" not in step["run"], name


@every_file
def test_an_action_is_pinned_to_a_commit_and_says_which_version_that_is(file: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.*)", file.read_text("utf-8"))
    for line in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@every_job
def test_a_checkout_leaves_no_token_behind(name: str, job: dict[str, Any]) -> None:
    for step in job["steps"]:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, name


def test_the_commands_of_the_readme_run_on_a_bare_machine() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^\$ (python3 -m venv .*)$", readme, re.MULTILINE)
    assert len(commands) == 2
    bare = [step["run"] for step in steps.jobs()["tests/bare"]["steps"] if "run" in step]
    assert bare[1:] == commands


@dataclass(frozen=True, slots=True)
class Known:
    """What the jobs before it tell the job that passes on the answer, and what it should say."""

    measured: str
    code: str
    first: str
    second: str
    exit: int
    words: str


VERDICTS: Final = {
    "not measured": Known("false", "", "skipped", "skipped", 0, "notice title=not timed"),
    "steady": Known("true", "0", "success", "skipped", 0, ""),
    "regressed": Known("true", "1", "success", "skipped", 1, "error title=failed"),
    "cannot judge": Known("true", "2", "success", "skipped", 1, "error title=not judged"),
    "inconclusive": Known("true", "3", "success", "success", 1, "error title=inconclusive"),
    "steady at last": Known("true", "0", "success", "success", 0, ""),
    "gate crashed": Known("true", "", "failure", "skipped", 1, "error title=broken"),
    "ended after it": Known("true", "0", "cancelled", "skipped", 1, "error title=broken"),
    "failed after it": Known("true", "0", "failure", "skipped", 1, "error title=broken"),
    "second crashed": Known("true", "3", "success", "failure", 1, "error title=broken"),
    "nothing known": Known("", "", "skipped", "skipped", 1, "error title=broken"),
    "interrupted": Known("true", "130", "success", "skipped", 1, "error title=failed"),
}


@needs_bash
@pytest.mark.parametrize("known", VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_is_green_only_if_it_is_proven_or_there_was_nothing_to_prove(
    known: Known,
) -> None:
    script = steps.run_steps()["performance/verdict/Pass on the answer"]["run"]
    names = {"MEASURED": "measured", "CODE": "code", "FIRST": "first", "SECOND": "second"}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],  # noqa: S607
        env=os.environ | {name: getattr(known, field) for name, field in names.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (known.exit, "")
    assert done.stdout.startswith(f"::{known.words}") if known.words else done.stdout == ""


COMMENTS: Final = {
    "none of ours": ("", "pr comment 7 --body-file body.md"),
    "two": (
        "11\n12\n",
        "api --method PATCH repos/o/n/issues/comments/12 -F body=@body.md --silent",
    ),
}


@needs_bash
@pytest.mark.parametrize("ours, asked", COMMENTS.values(), ids=COMMENTS)
def test_the_comment_is_a_new_one_or_replaces_the_last_of_the_gate(
    ours: str, asked: str, tmp_path: Path
) -> None:
    script = steps.run_steps()[
        "comment/comment/Comment on the pull request whose head was measured"
    ]["run"]
    steps.write_gh(tmp_path)
    (tmp_path / "comment.md").write_text("what it found\n")
    host = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "GH_LOG": str(tmp_path / "gh.log"),
        "GH_TOKEN": "no-token",
        "GH_REPO": "o/n",
        "GH_COMMENTS": ours,
        "SHA": "0" * 40,
    }
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],  # noqa: S607
        cwd=tmp_path,
        env=os.environ | host,
        check=True,
    )
    assert (tmp_path / "gh.log").read_text("utf-8").splitlines()[-1] == asked
    assert (tmp_path / "body.md").read_text("utf-8") == "<!-- gate -->\nwhat it found\n"


def test_the_verdict_is_never_skipped_because_that_would_count_as_passed() -> None:
    assert steps.jobs()["performance/verdict"]["if"] == "always()"


def test_what_is_not_run_here_is_named_and_is_there() -> None:
    assert set(steps.NOT_HERE) <= set(steps.run_steps())
    assert set(steps.ORDER) == set(steps.jobs())


ASKED: Final = """\
    pr list --state open --search {sha} --json number,headRefOid --jq {query}
    api --paginate repos/owner/name/issues/7/comments --jq {ours}
    pr comment 7 --body-file body.md
    auth setup-git
    pr create --head baseline/1 --title New baselines --body-file body.md
    pr comment baseline/1 --body-file recorded/here.md
""".format(
    sha="0" * 40,
    query="map(select(.headRefOid == env.SHA)) | .[0].number // empty",
    ours='.[] | select(.body | startswith("<!-- gate -->")) | select(.user.type == "Bot") | .id',
)


@needs_bash
@pytest.mark.slow
def test_every_other_step_runs_in_a_clone(tmp_path: Path) -> None:
    host = steps.Host(tmp_path)
    host.prepare()
    names = set()
    for ran in host.run():
        assert ran.passed, f"{ran.name} exited with {ran.exit}:\n{ran.output}"
        names.add(ran.name)
    assert names == set(steps.run_steps()) - set(steps.NOT_HERE)
    assert host.outputs["base", "measured"] == "true"
    assert host.outputs["gate", "exit"] in {"0", "3"}
    assert host.outputs["render", "found"] == "true"
    summary = (tmp_path / "summary").read_text("utf-8")
    assert "of 1 class of machines" in summary
    assert (tmp_path / "artifacts" / "gate-first" / "run.json").is_file()
    methods = (tmp_path / "artifacts" / "machines" / "machines.csv").read_text("utf-8")
    assert "test_forward[maximum-float32-1e3]" in methods
    patch = (tmp_path / "artifacts" / "baseline-here" / "here.patch").read_text("utf-8")
    assert "0000_baseline.json" in patch
    body = (tmp_path / "artifacts" / "baseline-here" / "here.txt").read_text("utf-8")
    assert "rows; review the change and commit it" in body
    branches = git(tmp_path / "origin", "branch", "--format=%(refname:short)").split()
    assert branches == ["baseline/1", "main"]
    assert (tmp_path / "gh.log").read_text("utf-8").splitlines() == [
        line.strip() for line in ASKED.splitlines()
    ]
