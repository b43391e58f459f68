"""Recording, refreshing a baseline, comparing, joining: what is kept, refused and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_against import baseline, cli, commands, saved
from pytest_against.baseline import Recorded
from pytest_against.machine import this_machine
from tests.against import runs
from tests.against.results import SMALL

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")

HERE = this_machine()
ABOUT = replace(runs.ABOUT, machine=HERE.as_dict())
CLASS = Path("benchmarks/baselines", HERE.class_name, "0000_baseline.json")


@pytest.fixture(autouse=True)
def _project(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    (pytester.mkpydir("pkg")).joinpath("more.py").touch()


def ran(*argv: str) -> int:
    return cli.main(argv)


def stored() -> bytes:
    saved.write_baseline(runs.recorded(runs.trials(), ABOUT), CLASS)
    return CLASS.read_bytes()


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Choose what will be recorded."""

    def choose(about: saved.Baseline = ABOUT, **more: Any) -> None:
        trials = runs.trials(**more)
        found = Recorded(runs.recorded(trials, about), trials)
        monkeypatch.setattr(
            baseline, "record", lambda _, why, *__: replace(found, baseline=accepted(why))
        )

        def accepted(why: str) -> saved.Baseline:
            return replace(found.baseline, accepted=why)

    choose()
    return choose


def test_a_first_baseline_is_written(
    recording: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    recording()
    assert ran("baseline") == 0
    assert capsys.readouterr().out == f"{Path.cwd() / CLASS}: 2 rows\n"
    assert len(commands.load_baseline(CLASS, "it").rows) == 2


def test_a_change_for_the_worse_has_to_be_accepted(
    recording: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored()
    recording(slower=2.0)
    assert ran("baseline") == 1
    assert CLASS.read_bytes() == before
    shown = capsys.readouterr().out
    assert "regressed" in shown
    assert "stays as it was" in shown
    assert ran("baseline", "--accept", "needed") == 0
    assert commands.load_baseline(CLASS, "it").accepted == "needed"


def test_more_memory_has_to_be_accepted_too(recording: Callable[..., None]) -> None:
    stored()
    rows = {n: replace(row, exact={"peak_bytes": 99_999_999}) for n, row in ABOUT.rows.items()}
    recording(replace(ABOUT, rows=rows))
    assert ran("baseline") == 1


@pytest.mark.parametrize(
    "change, word",
    [
        (lambda rows: dict(list(rows.items())[:1]), "vanished"),
        (lambda rows: {**rows, "new.py::test_it": _new(rows)}, "new"),
    ],
)
def test_other_rows_do_not_block_a_refresh(
    change: Callable[[Any], Any],
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = stored()
    full = runs.recorded(runs.trials(), ABOUT)
    found = Recorded(replace(full, rows=change(full.rows)), runs.trials())
    monkeypatch.setattr(baseline, "record", lambda *_: found)
    assert ran("baseline") == 0
    assert word in capsys.readouterr().out
    assert CLASS.read_bytes() != before


def _new(rows: Any) -> Any:
    first = next(iter(rows.values()))
    return replace(first, row=replace(first.row, node="new.py::test_it", name="new"))


def test_what_is_left_out_of_a_baseline_has_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = runs.NODES
    full = runs.recorded(runs.trials(), ABOUT)
    few = replace(full.rows[second], recordings=((0.5,),), seconds=(1e-6,))
    found = Recorded(replace(full, rows={first: full.rows[first], second: few}), runs.trials())
    monkeypatch.setattr(baseline, "record", lambda *_: found)
    assert ran("baseline") == 0
    out = capsys.readouterr().out
    assert f"{second} is left out: it was timed in fewer than 2 trials\n" in out
    assert out.endswith(": 1 rows\n")


def test_a_broken_baseline_is_replaced_only_if_asked_for(recording: Callable[..., None]) -> None:
    recording()
    CLASS.parent.mkdir(parents=True)
    CLASS.write_text("broken")
    assert ran("baseline") == 2
    assert CLASS.read_text() == "broken"
    assert ran("baseline", "--accept", "it was broken") == 0


def test_a_run_is_saved_under_its_name(
    recording: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    recording()
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


@pytest.mark.parametrize("name", ["../up", "a/b", "", "-x", ".hidden", "\u00e9"])
def test_a_name_is_fit_for_a_folder(name: str, capsys: pytest.CaptureFixture[str]) -> None:
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
    "argv",
    [
        ["--json", "old.json"],
        ["--markdown", "new/0001_new.json"],
        ["--json", "new/report.json"],
        ["--json", "same", "--csv", "./same"],
    ],
)
def test_a_report_is_none_of_its_inputs_and_in_a_file_of_its_own(argv: list[str]) -> None:
    old = runs.file(Path("old.json"), runs.trials())
    new = runs.folder(Path("new"), runs.trials(seed=2))
    before = {path: path.read_bytes() for path in (Path(old), *Path(new).iterdir())}
    assert ran("compare", "old.json", "new", *argv) == 2
    assert {path: path.read_bytes() for path in (Path(old), *Path(new).iterdir())} == before


def test_gates_are_joined(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "against_revision", lambda *_, **__: SMALL)
    assert ran("gate", "--base", "v1", "--json", "a.json") == 1
    assert ran("join", "a.json", "--markdown", "a.json") == 2
    capsys.readouterr()
    assert ran("join", "a.json", "--markdown", "a.md") == 1
    assert "failed" in capsys.readouterr().out
    assert Path("a.md").read_text()
    assert ran("join", "a.json") == 1
