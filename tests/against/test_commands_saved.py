"""Recording, refreshing a baseline, comparing, joining: what is kept, refused and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from pytest_against import cli, commands
from pytest_against.machine import this_machine
from pytest_against.recording import Recorded
from tests.against import runs
from tests.against.results import SMALL

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")

HERE = this_machine()
ABOUT = replace(runs.ABOUT, machine=HERE.as_dict())
CLASS = Path("benchmarks/baselines", HERE.class_name, "0000_baseline.json")
FIRST, SECOND = runs.NODES


@pytest.fixture(autouse=True)
def _project(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    pytester.mkpydir("pkg").joinpath("more.py").touch()


def ran(*argv: str) -> int:
    return cli.main(argv)


Recording = Callable[..., None]


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Choose what will be recorded: rows with other contents, and how slow they are."""

    def choose(
        change: Callable[[Any], Any] = dict,
        untimed: Mapping[str, str] = MappingProxyType({}),
        marks: str = "",
        **more: Any,
    ) -> None:
        trials = runs.trials(**more)
        found = runs.recorded(trials, ABOUT)
        found = replace(found, rows=change(found.rows), marks=marks)
        monkeypatch.setattr(
            "pytest_against.recording.record",
            lambda _, why, *__: Recorded(replace(found, accepted=why), trials, untimed),
        )

    choose()
    return choose


def test_a_baseline_is_written_and_what_is_left_out_has_its_reason(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {"recordings": ((0.5,),), "seconds": (1e-6,)}
    recording(lambda rows: {**rows, SECOND: replace(rows[SECOND], **few)})
    assert ran("baseline") == 0
    assert capsys.readouterr().out == (
        f"{SECOND} is left out: it was timed in fewer than 2 trials\n{Path.cwd() / CLASS}: 1 row\n"
    )
    assert list(commands.load_baseline(CLASS, "it").rows) == [FIRST]


@pytest.mark.parametrize("exact, slower, shown", [(1, 2.0, "regressed"), (9, 1.0, "heavier")])
def test_a_change_for_the_worse_has_to_be_accepted(
    exact: int,
    slower: float,
    shown: str,
    recording: Recording,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ran("baseline") == 0
    before = CLASS.read_bytes()
    exacts = {"exact": {"passes": exact}}
    recording(lambda rows: {n: replace(r, **exacts) for n, r in rows.items()}, slower=slower)
    assert ran("baseline") == 1
    assert CLASS.read_bytes() == before
    out = capsys.readouterr().out
    assert shown in out
    assert "stays as it was" in out
    assert ran("baseline", "--accept", "needed") == 0
    assert commands.load_baseline(CLASS, "it").accepted == "needed"


def test_other_rows_do_not_block_a_refresh(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    for change, word in (
        (dict, "2 rows"),
        (lambda rows: {FIRST: rows[FIRST]}, "vanished"),
        (dict, "new"),
    ):
        recording(change)
        assert ran("baseline") == 0
        assert word in capsys.readouterr().out
    assert list(commands.load_baseline(CLASS, "it").rows) == [FIRST, SECOND]


@pytest.mark.parametrize("part", [["-k", "not whole"], ["pkg"], ["--rows", "nothing"]])
def test_a_part_does_not_replace_the_whole(
    part: list[str], recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("baseline") == 0
    before, every = CLASS.read_bytes(), [*commands.load_baseline(CLASS, "it").rows.values()]
    recording(lambda rows: {FIRST: rows[FIRST]})
    part = [word.replace("whole", every[0].row.name.partition("[")[0]) for word in part]
    assert ran("baseline", *part) == 2
    error = capsys.readouterr().err
    assert "would lose what is not asked for (" in error
    assert every[0].row.name in error
    assert error.endswith(
        'record all of it: pytest-against baseline, or say why that may go: --accept "why"\n'
    )
    assert CLASS.read_bytes() == before
    assert ran("baseline", *part, "--accept", "the other is slow") == 0
    assert list(commands.load_baseline(CLASS, "it").rows) == [FIRST]


@pytest.mark.parametrize(
    "then, now, words",
    [
        ({}, {"untimed": {SECOND: "skipped (slow) in"}}, "is skipped (slow) in the working tree ("),
        ({}, {"marks": "not slow"}, "is not chosen by -m 'not slow' in the working tree (1 row, "),
        ({"marks": "not slow"}, {"marks": "not slow"}, ""),
        ({"marks": "not slow"}, {}, ""),
    ],
)
def test_only_rows_that_are_gone_from_the_suite_go_from_its_baseline(
    then: dict[str, Any],
    now: dict[str, Any],
    words: str,
    recording: Recording,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recording(**then)
    assert ran("baseline") == 0
    before = CLASS.read_bytes()
    recording(lambda rows: {FIRST: rows[FIRST]}, **now)
    assert ran("baseline") == (2 if words else 0)
    assert (CLASS.read_bytes() == before) == bool(words)
    error = capsys.readouterr().err
    assert words in error
    if words:
        assert error.count("\n") == 1
        assert error.endswith('have it timed, or say why that may go: --accept "why"\n')
        assert ran("baseline", "--accept", "it is slow") == 0
    assert list(commands.load_baseline(CLASS, "it").rows) == [FIRST]


@pytest.mark.usefixtures("recording")
def test_a_broken_baseline_is_replaced_only_if_asked_for() -> None:
    CLASS.parent.mkdir(parents=True)
    CLASS.write_text("broken")
    assert ran("baseline") == 2
    assert CLASS.read_text() == "broken"
    assert ran("baseline", "--accept", "it was broken") == 0


def test_a_run_is_saved_under_its_name_and_compared_by_it(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("record", "before") == 0
    (folder,) = Path(".benchmarks").glob("*/before")
    assert capsys.readouterr().out == f"{folder}: 20 trials of 2 rows\n"
    assert ran("record", "before") == 2
    assert "is there already" in capsys.readouterr().err
    recording(slower=2.0)
    assert ran("record", "after") == 0
    assert ran("compare", "before", "after", "--json", "a.json", "--csv", "a.csv") == 1
    assert json.loads(Path("a.json").read_text())["verdict"] == "regressed"
    assert "regressed" in Path("a.csv").read_text()


def test_a_name_is_fit_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("../up", "a/b", "", "-x", ".hidden", "\u00e9"):
        assert ran("record", "--", name) == 2
        assert "is no name for a run" in capsys.readouterr().err


def test_a_comparison_that_is_refused_replaces_an_earlier_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a.json").write_text("green")
    assert ran("compare", "old", "new", "--json", "a.json", "--markdown", "a.md") == 2
    found = json.loads(Path("a.json").read_text())
    assert (found["verdict"], found["exit"], found["base"]) == ("not judged", 2, "old")
    assert "not judged" in Path("a.md").read_text()
    assert capsys.readouterr().err.startswith("pytest-against compare: no file, folder or saved")


@pytest.mark.parametrize(
    "argv, words",
    [
        ("compare old --markdown r", "two runs are compared, the old one first"),
        ("compare old new --columns min --csv r --html r.html", "--columns is for"),
        ("compare old new --plain --csv r", "no file, folder or saved run"),
        ("join bad.json --markdown r --html r.html", "bad.json is not the report of a gate"),
        ("report bad.json --chart times -o r.html", "--chart draws a picture"),
        ("report bad.json --chart times -o r.svg", "bad.json"),
    ],
)
def test_whatever_is_refused_leaves_no_earlier_report(
    argv: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.json").write_text("{}")
    reports = [Path(word) for word in argv.split() if word.startswith("r") and word != "report"]
    for report in reports:
        report.write_text("steady")
    assert ran(*argv.split()) == 2
    assert words in capsys.readouterr().err
    assert [report for report in reports if "steady" in report.read_text().split()] == []


def test_a_report_is_none_of_its_inputs_and_in_a_file_of_its_own() -> None:
    runs.file(Path("old.json"), runs.trials())
    runs.folder(Path("new"), runs.trials(seed=2))
    before = {path: path.read_bytes() for path in Path().rglob("*.json")}
    for argv in (
        ["--json", "old.json"],
        ["--markdown", "new/0001_new.json"],
        ["--json", "new/report.json"],
        ["--limits", "limits.toml", "--html", "limits.toml"],
        ["--json", "same", "--csv", "./same"],
    ):
        assert ran("compare", "old.json", "new", *argv) == 2
    assert {path: path.read_bytes() for path in Path().rglob("*.json")} == before


def test_gates_are_joined(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "against_revision", lambda *_, **__: SMALL)
    assert ran("gate", "--base", "v1", "--json", "a.json") == 1
    assert ran("join", "a.json", "--markdown", "a.json") == 2
    capsys.readouterr()
    assert ran("join", "a.json", "--html", "a.json") == 2
    assert ran("join", "a.json", "--markdown", "a.md", "--html", "a.html") == 1
    assert "<title>" in Path("a.html").read_text()
    assert "failed" in capsys.readouterr().out
    assert Path("a.md").read_text()
    assert ran("join", "a.json") == 1
