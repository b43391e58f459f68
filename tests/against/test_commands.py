"""The commands: what they read from pytest, refuse, print, write and keep."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_against import baseline, cli, commands, saved
from pytest_against.machine import this_machine
from pytest_against.model import CannotJudgeError, Limits, Result, Suite
from tests.against import runs
from tests.against.results import GREEN, SMALL

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")

HERE = this_machine()
ABOUT = replace(runs.ABOUT, machine=HERE.as_dict())
CLASS = Path("benchmarks/baselines", HERE.class_name, "0000_baseline.json")


@pytest.fixture(autouse=True)
def project(pytester: pytest.Pytester) -> Path:
    """A project in the current folder."""
    pytester.makeini("[pytest]\n")
    for name in ("pkg/__init__.py", "benchmarks/test_it.py", "benchmarks/test_more.py"):
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text("")
    return pytester.path


def ran(*argv: str) -> int:
    return cli.main(argv)


def suite(pytester: pytest.Pytester, *argv: str) -> Suite:
    return commands.suite_of(pytester.parseconfig(*argv))


def test_a_suite_is_what_pytest_was_told(pytester: pytest.Pytester) -> None:
    found = suite(pytester, "-k", "a or b", "-m", "not slow", "benchmarks")
    assert found.root == pytester.path
    assert (found.keyword, found.marks) == ("a or b", "not slow")
    assert (found.arguments, found.packages) == (("benchmarks",), ("pkg",))
    assert found.options == ("-c=tox.ini", "--import-mode=prepend")


def test_a_suite_has_what_changes_collection_and_imports(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(odd="")
    pytester.syspathinsert()
    given = ["-p", "odd", "-o", "xfail_strict=true", "-W", "error", "-p", "no:nobody"]
    given += ["--deselect", "benchmarks/test_it.py::test_a", "--ignore", "benchmarks/test_more.py"]
    found = suite(pytester, *given, "--import-mode=importlib", "-o", "against_packages=src/x src/y")
    pairs = list(zip(found.options, found.options[1:], strict=False))
    wanted = zip(given[::2], given[1::2], strict=True)
    assert [pair for pair in wanted if pair not in pairs] == []
    assert "--import-mode=importlib" in found.options
    assert found.packages == ("src/x", "src/y")


def test_paths_are_relative_to_the_root(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pytester.path / "benchmarks")
    node = "test_it.py::Test::test_a[x::y]"
    found = suite(pytester, node, str(pytester.path / "pkg"))
    assert found.arguments == (f"benchmarks/{node}", "pkg")
    assert suite(pytester).arguments == ("benchmarks",)


def test_without_a_file_of_settings_there_is_none_to_pass_on(pytester: pytest.Pytester) -> None:
    (pytester.path / "tox.ini").unlink()
    assert suite(pytester).options == ("--import-mode=prepend",)


@pytest.mark.parametrize("argv", [["--rootdir=pkg", "benchmarks"], ["--rootdir=pkg", "-c=tox.ini"]])
def test_what_is_not_below_the_root_is_refused(pytester: pytest.Pytester, argv: list[str]) -> None:
    with pytest.raises(CannotJudgeError, match=r"is not below .*pkg, the root of the project"):
        suite(pytester, *argv)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What lanes were asked; the first of them, or an error, is what they answer."""
    calls: list[Any] = [GREEN]

    def lane(_: Suite, against: Any, limits: Limits, progress: Any, **more: Any) -> Result:
        progress.stage("checks", 0)
        calls.append((against, limits, more))
        if isinstance(calls[0], BaseException):
            raise calls[0]
        found: Result = calls[0]
        return found

    monkeypatch.setattr(commands, "against_revision", lane)
    monkeypatch.setattr(baseline, "against_baseline", lane)
    return calls


@pytest.mark.parametrize("result, code", [(GREEN, 0), (SMALL, 1)])
def test_a_gate_prints_writes_and_returns_the_verdict(
    judged: list[Any], result: Result, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    judged[0] = result
    assert ran("gate", "--base", "v1", "--json", "a.json", "--markdown", "a.md") == code
    (against, limits, more) = judged[1]
    assert (against, limits, more) == ("v1", Limits(), {"allow_new": False})
    shown = capsys.readouterr().out
    assert shown.startswith(result.verdict.value)
    assert "::" not in shown.replace("test_it.py::", "")
    assert json.loads(Path("a.json").read_text())["exit"] == code
    assert result.verdict.value in Path("a.md").read_text()


@pytest.mark.parametrize(
    "setting, option, limit", [("", "", 0.03), ("5%", "", 0.05), ("5%", "4%", 0.04)]
)
def test_the_limit_is_the_option_or_the_setting(
    pytester: pytest.Pytester, judged: list[Any], setting: str, option: str, limit: float
) -> None:
    pytester.makeini(f"[pytest]\nagainst_limit = {setting}\n")
    assert ran("gate", "--base", "v1", *(["--limit", option] if option else [])) == 0
    assert judged[1][1] == Limits(limit=limit)


def test_a_setting_that_is_no_limit_is_refused(
    pytester: pytest.Pytester, judged: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pytester.makeini("[pytest]\nagainst_limit = lots\n")
    assert ran("gate", "--base", "v1") == 2
    assert "the setting against_limit: lots is no limit" in capsys.readouterr().err
    assert len(judged) == 1


def test_rows_and_paths_reach_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Suite] = []

    def lane(suite: Suite, *_: Any, **__: Any) -> Result:
        found.append(suite)
        return GREEN

    monkeypatch.setattr(commands, "against_revision", lane)
    assert ran("gate", "--base", "v1", "--rows", "a and b", "benchmarks/test_it.py") == 0
    assert (found[0].keyword, found[0].arguments) == ("a and b", ("benchmarks/test_it.py",))


def test_annotations_are_for_github_alone(
    judged: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert ran("gate", "--base", "v1") == 0
    assert not capsys.readouterr().out.endswith("\n\n")
    judged[0] = SMALL
    assert ran("gate", "--base", "v1") == 1
    assert "\n::error file=test_it.py" in capsys.readouterr().out
    judged[0] = CannotJudgeError("no such\ncommit")
    assert ran("gate", "--base", "v1") == 2
    assert capsys.readouterr().out.startswith("::error title=not judged::no such")


def test_a_refused_gate_replaces_an_earlier_report(
    judged: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.json").write_text("green")
    judged[0] = CannotJudgeError("no such commit")
    assert ran("gate", "--base", "v1", "--json", "a.json") == 2
    found = json.loads(Path("a.json").read_text())
    assert (found["verdict"], found["why"], found["base"]) == ("not judged", "no such commit", "v1")
    assert capsys.readouterr().out == ""


def stored(about: saved.Baseline = ABOUT, **more: Any) -> bytes:
    saved.write_baseline(runs.recorded(runs.trials(**more), about), CLASS)
    return CLASS.read_bytes()


def test_without_a_revision_the_baseline_of_this_class_is_the_base(judged: list[Any]) -> None:
    stored()
    assert ran("gate", "--trials", "12") == 0
    against, limits, _ = judged[1]
    assert against.commit == ABOUT.commit
    assert limits == replace(baseline.BASELINE_LIMITS, trials=12)


def test_a_baseline_of_another_class_is_no_base(
    judged: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stored(replace(ABOUT, machine={**ABOUT.machine, "cpu": "another"}))
    assert ran("gate") == 2
    assert "was recorded on linux-x86_64-another" in capsys.readouterr().err.replace("\\", "/")
    assert len(judged) == 1


@pytest.mark.parametrize(
    "argv, words",
    [
        ([], "no baseline for this class of machines"),
        (["--allow-new"], "--allow-new is for rows that --base lacks"),
    ],
)
def test_what_a_gate_against_a_baseline_needs(
    judged: list[Any], argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("gate", *argv, "--json", "a.json") == 2
    assert words in capsys.readouterr().err
    assert words in json.loads(Path("a.json").read_text())["why"]
    assert len(judged) == 1


def test_a_report_never_replaces_the_baseline(judged: list[Any]) -> None:
    before = stored()
    assert ran("gate", "--json", str(CLASS)) == 2
    assert CLASS.read_bytes() == before
    assert len(judged) == 1


def test_a_configuration_that_pytest_refuses_is_no_verdict(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    pytester.makeini("[pytest]\naddopts = --no-such-option\n")
    assert ran("gate", "--base", "v1") == 2
    assert "pytest ended with 4 before it read its configuration" in capsys.readouterr().err
