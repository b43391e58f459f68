"""Nothing to judge is never green; `test_stock_gate` shows the same cases with the stock gate."""

from __future__ import annotations

import json
import shutil
from typing import Any, Final

import pytest

from benchmarks.lab import LOOKS
from tests.lanes import NAMES, RECORD, ROWS, Lane, in_verdict
from tests.plants import commit, plants, rewrite, slower

PLANTS: Final = plants("maximum")


def test_every_row_that_was_asked_for_is_judged(lane: Lane) -> None:
    run, found = lane.judged()
    assert {row["row"] for row in found["rows"]} == set(NAMES)
    assert run.exit in {0, 3}


def test_row_that_is_absent_from_the_baseline_is_missing(stored: Lane) -> None:
    stored.change_baseline(lambda found: found["benchmarks"].pop(0))
    run, found = stored.judged()
    assert (run.exit, found["verdict"]) == (2, "missing")
    assert in_verdict(found, "missing") == {NAMES[0]}
    assert f"not in the baseline; record it anew: {RECORD}" in run.output


def test_row_that_is_absent_from_the_base_is_new(beside: Lane) -> None:
    beside.repository.plant(PLANTS["new"])
    run, found = beside.judged()
    assert (run.exit, found["verdict"]) == (2, "new")
    assert {name.split("[")[0] for name in in_verdict(found, "new")} == {"maximum_twin"}
    assert "not in the base; choose one that has it with --base" in run.output


def test_new_rows_that_are_allowed_are_shown_and_the_others_decide(beside: Lane) -> None:
    beside.repository.plant(PLANTS["new"])
    run, found = beside.judged("--allow-new")
    assert run.exit in {0, 3}
    own = {name.replace("maximum[", "maximum_twin[") for name in NAMES if "maximum[" in name}
    assert in_verdict(found, "new") == own
    assert "not in the base" in run.output


@pytest.mark.parametrize(
    "name, code, verdict", [("renamed", 2, "vanished"), ("new and wrong", 1, "diverged")]
)
def test_new_rows_that_are_allowed_hide_nothing(
    name: str, code: int, verdict: str, beside: Lane
) -> None:
    beside.repository.plant(PLANTS[name])
    run, found = beside.judged("--allow-new")
    assert (run.exit, found["verdict"], found["trials"]) == (code, verdict, 0)


def test_new_rows_are_not_allowed_beside_a_stored_baseline(stored: Lane) -> None:
    assert stored.refused("--allow-new").endswith(f"are recorded: {RECORD}")


@pytest.mark.parametrize(
    "name, words, timed",
    [
        ("answers from memory", "diverges on variant 1: result has ", False),
        ("wrong once it is timed", " once it was timed, expected ", True),
    ],
)
def test_answer_that_is_not_always_right_has_diverged(
    name: str, words: str, lane: Lane, *, timed: bool
) -> None:
    lane.repository.plant(PLANTS[name])
    run, found = lane.judged()
    assert (run.exit, found["verdict"]) == (1, "diverged")
    assert {name.split("[")[0] for name in in_verdict(found, "diverged")} == {"maximum"}
    assert (found["trials"] > 0) is timed
    assert words in run.output


def test_row_that_vanished_is_named(lane: Lane) -> None:
    lane.repository.plant(PLANTS["vanished"])
    run, found = lane.judged()
    assert (run.exit, found["verdict"]) == (2, "vanished")
    assert {name.split("[")[0] for name in in_verdict(found, "vanished")} == {"maximum"}
    assert "; restore it, or " in run.output


def test_run_in_which_everything_was_renamed_has_nothing_to_compare(lane: Lane) -> None:
    lane.repository.plant(PLANTS["renamed"])
    run, found = lane.judged()
    assert (run.exit, found["verdict"]) == (2, "vanished")
    assert found["trials"] == 0
    assert {row["verdict"] for row in found["rows"]} <= {"vanished", "missing", "new"}


def test_choice_of_no_row_is_refused(lane: Lane) -> None:
    line = lane.refused(rows=("--rows", "no_such_method"))
    assert "--rows 'no_such_method' matches none of" in line


def test_suite_without_rows_is_refused(lane: Lane) -> None:
    lane.repository.plant(PLANTS["no methods"])
    assert "matches none of 0 rows" in lane.refused(rows=())


def test_options_of_pytest_switch_nothing_off(lane: Lane) -> None:
    options = "-n 2 -k no_such_row --benchmark-disable"
    run, found = lane.judged()
    environment = lane.repository.environment(PYTEST_ADDOPTS=options)
    again = lane.gate(env=environment)
    assert {row["row"] for row in found["rows"]} == set(NAMES)
    assert again.exit in {0, 3}
    assert again.output.splitlines()[0].endswith(f" of {len(NAMES)} rows"), again.output
    assert run.exit in {0, 3}


TWICE: Final = {
    "--limit": ("3%", "5%"),
    "--rows": ("maximum", "fmax"),
    "--base": ("HEAD", "HEAD~1"),
    "--trials": ("8", "16"),
    "--json": ("a.json", "b.json"),
}


@pytest.mark.parametrize("option", TWICE)
def test_option_given_twice_is_refused_with_both_values(option: str, lane: Lane) -> None:
    first, second = TWICE[option]
    run = lane.repository.gate(option, first, option, second)
    assert (run.exit, run.output) == (2, "")
    shown = ("0.03", "0.05") if option == "--limit" else (first, second)
    said = f"{option} was given twice, {shown[0]} and {shown[1]}; give it once"
    assert run.errors.splitlines()[-1].endswith(said)


def test_workload_that_is_not_the_recorded_one_is_not_compared(stored: Lane) -> None:
    def change(found: dict[str, Any]) -> None:
        found["benchmarks"][0]["extra_info"]["workload_digest"] = "another"

    stored.change_baseline(change)
    run, found = stored.judged()
    assert (run.exit, found["verdict"]) == (2, "missing")
    assert in_verdict(found, "missing") == {NAMES[0]}
    assert f"its input is not the one that was recorded; record it anew: {RECORD}" in run.output


def test_workload_that_changed_under_its_name_diverges(lane: Lane) -> None:
    workloads = lane.repository.root / "benchmarks" / "workloads.py"
    rewrite(workloads, 'seed=f"{role} {dtype}', 'seed=f"another {role} {dtype}')
    run, found = lane.judged()
    assert (run.exit, found["verdict"], found["trials"]) == (1, "diverged", 0)
    assert in_verdict(found, "diverged") == set(NAMES)
    assert "is frozen: give changed data a new name in benchmarks/workloads.py" in run.output


ENDS: Final = ("is killed", "is killed while it is timed")
STUCK: Final = ("hangs", "clock stands still", "clock goes back")


@pytest.mark.parametrize("name", ENDS)
def test_trial_that_is_killed_is_named_with_its_row(name: str, lane: Lane) -> None:
    lane.repository.plant(PLANTS[name])
    line = lane.refused()
    assert "a trial was killed by SIGKILL at maximum[" in line
    assert line.endswith("; run that row alone with --rows to see more")


@pytest.mark.slow
@pytest.mark.parametrize("name", STUCK)
def test_trial_that_does_not_end_is_named_with_its_row(name: str, lane: Lane) -> None:
    lane.repository.plant(PLANTS[name])
    line = lane.refused("--timeout", "8")
    assert " at maximum[" in line
    assert "run that row alone with --rows" in line


def test_time_that_is_no_number_is_refused_with_its_row(lane: Lane) -> None:
    lane.repository.plant(PLANTS["clock is no number"])
    line = lane.refused()
    assert " at maximum[" in line
    assert "run that row alone with --rows" in line


@pytest.mark.parametrize("wrong", ["elsewhere", "working tree"])
def test_package_that_is_judged_is_the_one_in_the_working_tree(wrong: str, lane: Lane) -> None:
    elsewhere = lane.repository.folder / "elsewhere"
    shutil.copytree(lane.repository.root / "relu_impls", elsewhere / "relu_impls")
    if wrong == "elsewhere":
        PLANTS["wrong value"].edit(elsewhere / "relu_impls")
    else:
        lane.repository.plant(PLANTS["wrong value"])
    run = lane.gate(env=lane.repository.environment(PYTHONPATH=str(elsewhere)))
    assert run.exit in ({0, 3} if wrong == "elsewhere" else {1})
    assert ("diverged" in run.output) == (wrong == "working tree")


@pytest.mark.slow
def test_side_that_is_timed_is_the_one_that_is_named(beside: Lane) -> None:
    source = beside.repository.root / "relu_impls" / "forward.py"
    fast = source.read_text()
    beside.repository.plant(slower("maximum", 20.0))
    commit(beside.repository.root)
    source.write_text(fast)
    path = beside.repository.folder / "verdict.json"
    options = (*ROWS, "--trials", "8", "--json", str(path))
    run = beside.repository.gate("--base", "HEAD", *options)
    improved = in_verdict(json.loads(path.read_text()), "improved")
    assert {name for name in NAMES if name.startswith("maximum[")} <= improved, run.output
    assert run.output.count("more than twice as fast: does it still do the work?") == 2


def test_another_method_under_the_name_costs_what_that_one_costs(lane: Lane) -> None:
    lane.repository.plant(PLANTS["another method"])
    run, found = lane.judged()
    assert (run.exit, found["verdict"], found["trials"]) == (1, "heavier", 0)
    assert {name.split("[")[0] for name in in_verdict(found, "heavier")} == {"maximum"}


@pytest.mark.parametrize("trials, fewest", [((), LOOKS[0]), (("--trials", "5"), 5)])
def test_budget_that_ends_before_the_first_look_proves_nothing(
    trials: tuple[str, ...], fewest: int, lane: Lane
) -> None:
    path = lane.repository.folder / "verdict.json"
    options = (*ROWS, *trials, "--budget", "0.1", "--json", str(path))
    run = lane.repository.gate(*lane.against, *options)
    found = json.loads(path.read_text())
    assert (run.exit, found["verdict"]) == (3, "inconclusive")
    fit = found["trials"]  # as many as run side by side
    assert 1 <= fit < fewest
    assert {row["verdict"] for row in found["rows"]} == {"inconclusive"}
    assert {(row["low"], row["high"]) for row in found["rows"]} == {(None, None)}
    assert (
        f"{fit} of at least {fewest} trials fit in the budget of 0.1 s: allow more with --budget, "
        "or judge fewer rows with --rows"
    ) in run.output.splitlines()
    assert "no time is believed" not in run.output
