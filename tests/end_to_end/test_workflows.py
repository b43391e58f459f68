"""The workflows have no more rights than they need."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
JOBS: Final[dict[str, dict[str, Any]]] = {
    f"{file.stem}/{name}": job
    for file in FILES
    for name, job in yaml.safe_load(file.read_text("utf-8"))["jobs"].items()
}
ACTIONS: Final = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
STEPS: Final[dict[str, dict[str, Any]]] = {
    f"{name}/{step['name']}": step
    for name, found in {
        **JOBS,
        **{
            f"actions/{f.parent.name}": yaml.safe_load(f.read_text("utf-8"))["runs"]
            for f in ACTIONS
        },
    }.items()
    for step in found.get("steps", ())
    if "run" in step
}
WRITERS: Final = {
    "baseline/propose": {"contents": "write", "pull-requests": "write"},
    "comment/comment": {"pull-requests": "write"},
    "release/publish": {"id-token": "write", "attestations": "write"},
    "release/attach": {"contents": "write"},
}

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
every_job = pytest.mark.parametrize("name, job", JOBS.items(), ids=JOBS)


@every_file
def test_a_workflow_has_no_rights_of_its_own(file: Path) -> None:
    assert yaml.safe_load(file.read_text("utf-8"))["permissions"] == {}


@every_job
def test_a_job_ends_and_may_write_only_if_that_is_its_purpose(name: str, job: Any) -> None:
    assert "uses" in job or job["timeout-minutes"] <= 45
    rights = {right: how for right, how in job["permissions"].items() if how != "read"}
    assert rights == WRITERS.get(name, {})


@pytest.mark.parametrize("name", WRITERS)
def test_a_job_that_may_write_runs_no_code_of_the_project(name: str) -> None:
    for step in JOBS[name]["steps"]:
        assert not re.search(r"\b(python|pip|tox|pytest)\b", step.get("run", "")), step
        assert "actions/setup-python" not in step.get("uses", "")


@pytest.mark.parametrize("name", STEPS)
def test_a_command_takes_what_others_chose_from_its_environment_only(name: str) -> None:
    assert "${{" not in STEPS[name]["run"]


@pytest.mark.parametrize("file", [*FILES, *ACTIONS], ids=str)
def test_an_action_is_pinned_to_a_commit_and_says_which_version_that_is(file: Path) -> None:
    for line in re.findall(r"uses: (?!\./)(.*)", file.read_text("utf-8")):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@every_job
def test_a_checkout_leaves_no_token_behind(name: str, job: dict[str, Any]) -> None:
    for step in job.get("steps", ()):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, name


def test_a_verdict_is_never_skipped_and_only_an_unproven_gate_runs_again() -> None:
    for job in ("performance/verdict", "shards/join"):
        assert JOBS[job]["if"] == "always()"  # skipped would count as passed
    assert JOBS["performance/second"]["if"] == "needs.first.outputs.exit == '3'"
