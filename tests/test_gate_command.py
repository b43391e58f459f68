"""The gate, end to end: real revisions, real processes, planted regressions."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from benchmarks.judge import Verdict
from tests.lanes import ROWS
from tests.plants import Plant, Repository, Run, commit, git, plants, slower

PLANTS: Final = plants("maximum")
EXACT: Final = ("float64 result", "wrong value", "answers from memory", "warning", "raises")
HEAVY: Final = ("extra copy", "unaligned temporary", "where", "through float64")
SLOW: Final = (slower("maximum", 3.0), PLANTS["Python-level loop"])
BROKEN: Final = {
    "import error": "ModuleNotFoundError: No module named 'no_such_module'",
    "methods of None": "AttributeError: 'NoneType' object has no attribute '",
    "exit at import": "SystemExit: 0",
    "syntax error": "SyntaxError: invalid syntax (__init__.py, line 1)",
}


def _judged(repository: Repository, *arguments: str) -> tuple[Run, dict[str, Any]]:
    path = repository.folder / "verdict.json"
    rows = () if "--rows" in arguments else ROWS
    run = repository.gate("--base", "HEAD", *rows, "--json", str(path), *arguments)
    assert "Traceback" not in run.errors
    assert path.exists(), run.errors
    found: dict[str, Any] = json.loads(path.read_text())
    assert run.exit == found["exit"]
    assert run.output.startswith(f"{found['verdict']}: ")
    return run, found


def _verdicts(found: dict[str, Any], method: str) -> set[str]:
    return {row["verdict"] for row in found["rows"] if row["method"] == method}


def test_identical_code_is_never_red_and_nothing_is_left_behind(repository: Repository) -> None:
    before = repository.state
    page = repository.folder / "page.md"
    run, found = _judged(repository, "--markdown", str(page))
    assert run.exit in {0, 3}
    assert len(found["rows"]) == 8
    assert found["trials"] >= 8
    assert page.read_text().startswith(f"**{found['verdict']}: ")
    assert repository.left_behind == []
    assert repository.state == before
    assert found["base"].startswith(f"HEAD ({git(repository.root, 'rev-parse', 'HEAD')[:10]}")


@pytest.mark.slow
@pytest.mark.parametrize("plant", SLOW, ids=lambda plant: plant.name)
def test_slowdown_is_red_in_the_rows_of_its_method_only(
    plant: Plant, repository: Repository
) -> None:
    repository.plant(plant)
    run, found = _judged(repository)
    assert (run.exit, found["verdict"]) == (1, "regressed")
    assert _verdicts(found, "maximum") == {"regressed"}
    others = {row["method"] for row in found["rows"]} - {"maximum"}
    assert len(others) > 1
    assert not any("regressed" in _verdicts(found, method) for method in others)
    assert all(row["low"] > 1.03 for row in found["rows"] if row["method"] == "maximum")


@pytest.mark.slow
def test_regression_is_seen_at_few_trials(repository: Repository) -> None:
    repository.plant(slower("maximum", 20.0))
    run, found = _judged(repository, "--trials", "6")
    assert _verdicts(found, "maximum") == {"regressed"}
    assert run.exit in {1, 3}


@pytest.mark.parametrize("name", [*EXACT, *HEAVY])
def test_what_needs_no_clock_is_red_before_any_time_is_taken(
    name: str, repository: Repository
) -> None:
    repository.plant(PLANTS[name])
    run, found = _judged(repository)
    expected = PLANTS[name].verdict
    assert expected is not None
    assert (run.exit, found["verdict"], found["trials"]) == (1, expected.value, 0)
    assert expected.value in _verdicts(found, "maximum")
    assert {row["method"] for row in found["rows"]} == {"maximum"}
    assert "rows passed the exact checks and were not timed" in run.output
    assert repository.left_behind == []


def test_uncommitted_head_is_what_is_judged(repository: Repository) -> None:
    repository.plant(PLANTS["wrong value"])
    git(repository.root, "add", "--all")
    rewritten = git(repository.root, "show", "HEAD:relu_impls/forward.py")
    (repository.root / "relu_impls" / "forward.py").write_text(rewritten)
    run, _ = _judged(repository, "--trials", "2")
    assert run.exit in {0, 3}


@pytest.mark.parametrize("name", ["wrong value", "raises"])
def test_head_that_mends_the_base_has_nothing_to_be_held_to(
    name: str, repository: Repository
) -> None:
    source = repository.root / "relu_impls" / "forward.py"
    right = source.read_text()
    repository.plant(PLANTS[name])
    commit(repository.root)
    source.write_text(right)
    run, found = _judged(repository, "--trials", "2")
    assert (run.exit, _verdicts(found, "maximum")) == (2, {"new"})
    assert "the base has no right answer; choose one that has it with --base" in run.output
    assert _judged(repository, "--trials", "2", "--allow-new")[0].exit in {0, 3}


@pytest.mark.parametrize("rows, verdicts", [("maximum and 1e3", {"vanished"}), ("fmax", set())])
def test_method_that_vanished_is_missed_if_it_was_asked_for(
    rows: str, verdicts: set[str], repository: Repository
) -> None:
    repository.plant(PLANTS["vanished"])
    _, found = _judged(repository, "--trials", "2", "--rows", rows)
    assert _verdicts(found, "maximum") == verdicts


def test_lock_of_an_editor_is_no_part_of_the_package(repository: Repository) -> None:
    (repository.root / "relu_impls" / ".#forward.py").symlink_to("me@host.1234")
    assert _judged(repository, "--trials", "2")[0].exit in {0, 3}


@pytest.mark.parametrize("name, method", [("vanished", "maximum"), ("new", "maximum_twin")])
def test_method_in_one_arm_only_cannot_be_judged(
    name: str, method: str, repository: Repository
) -> None:
    repository.plant(PLANTS[name])
    run, found = _judged(repository, "--trials", "2")
    assert (run.exit, found["verdict"]) == (2, name)
    assert _verdicts(found, method) == {name}
    assert method in run.output


@pytest.mark.parametrize("name, words", BROKEN.items(), ids=BROKEN)
@pytest.mark.parametrize("arm", ["base", "working tree"])
def test_package_that_cannot_be_imported_is_named_in_one_line(
    arm: str, name: str, words: str, repository: Repository
) -> None:
    source = repository.root / "relu_impls" / "__init__.py"
    right = source.read_text()
    repository.plant(PLANTS[name])
    if arm == "base":
        commit(repository.root)
        source.write_text(right)
    run = repository.gate("--base", "HEAD", *ROWS)
    said = [line for line in run.errors.splitlines() if not line.startswith("exact checks")]
    assert (run.exit, run.output, len(said)) == (2, "", 1), run.errors
    assert f"the package of the {arm} cannot be imported: {words}" in said[0]
    assert repository.left_behind == []


def test_every_plant_has_a_verdict_that_fails() -> None:
    verdicts = {plant.verdict for plant in [*PLANTS.values(), *SLOW]}
    assert not verdicts & {Verdict.STEADY, Verdict.IMPROVED, Verdict.INCONCLUSIVE}
