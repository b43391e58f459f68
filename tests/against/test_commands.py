"""The commands: what they read from pytest, refuse, print, write and keep."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from pytest_against import baseline, cli, command_line, commands, saved, settling
from pytest_against.machine import this_machine
from pytest_against.model import CannotJudgeError, Limits, Result, RunsOn, Shard, Suite
from tests.against import runs
from tests.against.results import GREEN, SMALL, STEADY, result, row

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")

Capture = pytest.CaptureFixture[str]
HERE = this_machine()
ABOUT = replace(runs.ABOUT, machine=HERE.as_dict())
CLASS = Path("benchmarks/baselines", HERE.class_name, "0000_baseline.json")


@pytest.fixture(autouse=True)
def _project(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    for name in ("pkg/__init__.py", "benchmarks/test_it.py", "benchmarks/test_more.py"):
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text("")


def ran(*argv: str) -> int:
    return cli.main(argv)


def suite(pytester: pytest.Pytester, *argv: str) -> Suite:
    return command_line.suite_of(pytester.parseconfig(*argv))


def test_a_suite_is_what_pytest_was_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(odd="")
    pytester.syspathinsert()
    given = ["-p", "odd", "-o", "xfail_strict=true", "-W", "error", "-p", "no:nobody"]
    given += ["--deselect", "benchmarks/test_it.py::test_a", "--ignore", "benchmarks/test_more.py"]
    more = ["-k", "a or b", "-m", "not slow", "--import-mode=importlib"]
    node, packages = (
        "benchmarks/test_it.py::Test::test_a[x::y]",
        ["-o", "against_packages=src/x src/y"],
    )
    found = suite(pytester, *given, *more, *packages, node, str(pytester.path / "pkg"))
    pairs = list(zip(found.options, found.options[1:], strict=False))
    wanted = zip(given[::2], given[1::2], strict=True)
    assert [pair for pair in wanted if pair not in pairs] == []
    assert found.options[:2] == ("-c=tox.ini", "--import-mode=importlib")
    assert (found.keyword, found.marks) == ("a or b", "not slow")
    assert found.arguments == (node, "pkg")
    assert (found.root, found.packages) == (pytester.path, ("src/x", "src/y"))


def test_what_loads_the_plugin_by_hand_is_not_for_what_is_timed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    names = ("pytest_benchmark.plugin", "pytest_against.plugin")
    found = suite(pytester, *(word for name in names for word in ("-p", name))).options
    assert (names[0] in found, names[1] in found) == (True, False)


def test_a_suite_is_relative_to_the_root_and_needs_no_settings(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pytester.path / "benchmarks")
    assert suite(pytester, "test_it.py::a").arguments == ("benchmarks/test_it.py::a",)
    (pytester.path / "tox.ini").unlink()
    found = suite(pytester, f"--rootdir={pytester.path}")
    assert (found.arguments, found.packages) == (("benchmarks",), ())
    assert found.options == ("--import-mode=prepend",)


@pytest.mark.parametrize("argv", [["--rootdir=pkg", "benchmarks"], ["--rootdir=pkg", "-c=tox.ini"]])
def test_what_is_not_below_the_root_is_refused(pytester: pytest.Pytester, argv: list[str]) -> None:
    with pytest.raises(CannotJudgeError, match=r"is not below .*pkg, the root of the project"):
        suite(pytester, *argv)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What lanes were asked; the first of them, or an error, is what they answer."""
    calls: list[Any] = [GREEN]

    def lane(suite: Suite, against: Any, limits: Limits, progress: Any, **more: Any) -> Any:
        progress.stage("checks", 0)
        calls.append((suite, against, limits, more))
        if isinstance(calls[0], BaseException):
            raise calls[0]
        return calls[0]

    monkeypatch.setattr(commands, "against_revision", lane)
    monkeypatch.setattr(settling, "against_baseline", lane)
    return calls


@pytest.mark.parametrize("answer, code", [(GREEN, 0), (SMALL, 1), ("no such\ncommit", 2)])
def test_a_gate_prints_writes_and_returns_the_verdict(
    answer: Result | str,
    code: int,
    judged: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    judged[0] = CannotJudgeError(answer) if isinstance(answer, str) else answer
    Path("a.json").write_text("green")
    argv = ["gate", "--base", "v1", "--rows", "a and b", "benchmarks/test_it.py"]
    more = ("--python", "python3.13", "--install", "--cores", "2", "--shard", "1/4")
    assert ran(*argv, "--json", "a.json", "--markdown", "a.md", *more) == code
    suite, *asked = judged[1]
    runs_on = RunsOn(python="python3.13", install=True)
    limits = Limits(cores=2, error=Limits().error / 4)
    assert asked == ["v1", limits, {"allow_new": False, "runs_on": runs_on}]
    assert suite.shard == Shard(1, 4)
    assert (suite.keyword, suite.arguments) == ("a and b", ("benchmarks/test_it.py",))
    found, (out, err) = json.loads(Path("a.json").read_text()), capsys.readouterr()
    assert (found["exit"], found["base"][:2]) == (code, "v1")
    assert found["verdict"] in Path("a.md").read_text()
    assert out.startswith(found["verdict"]) == (code < 2)
    assert ("no such commit" in err) == (found["why"] == answer) == (code == 2)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran(*argv)
    assert ("::error " in out, "::error " in capsys.readouterr().out) == (False, code > 0)


@pytest.mark.parametrize(
    "setting, option, limit", [("", [], 0.03), ("5%", [], 0.05), ("5%", ["--limit=4%"], 0.04)]
)
def test_the_limit_is_the_option_or_the_setting(
    setting: str, option: list[str], limit: float, pytester: pytest.Pytester, judged: list[Any]
) -> None:
    pytester.makeini(f"[pytest]\nagainst_limit = {setting}\n")
    assert ran("gate", "--base", "v1", *option) == 0
    assert judged[1][2] == Limits(limit=limit)


def stored(about: saved.Baseline = ABOUT) -> bytes:
    saved.write_baseline(runs.recorded(runs.trials(), about), CLASS)
    return CLASS.read_bytes()


def test_without_a_revision_the_baseline_of_this_class_is_the_base(judged: list[Any]) -> None:
    before = stored()
    assert ran("gate", "--trials", "12") == 0
    _, against, limits, _ = judged[1]
    assert against.commit == ABOUT.commit
    judged[0] = result(row("a", "new"), STEADY)
    assert [ran("gate"), ran("gate", "--allow-new")] == [2, 0]
    judged[0], judged[2:] = GREEN, []
    assert limits == replace(baseline.BASELINE_LIMITS, trials=12)
    assert ran("gate", "--json", str(CLASS)) == 2  # a report never replaces it
    assert (CLASS.read_bytes(), len(judged)) == (before, 2)


@pytest.mark.parametrize(
    "ini, argv, words",
    [
        ("against_limit = lots", ["--base", "v1"], "setting against_limit: lots is no limit"),
        ("addopts = --no-such", ["--base", "v1"], "pytest ended with 4 before it read its conf"),
        ("", [], "was recorded on linux-x86_64-another"),
        ("against_baselines = none", [], "no baseline for this class of machines"),
        ("", ["--cores", "2"], "--cores is for --base REV; leave it out, or name"),
        ("", ["--base", "v1", "--shard", "2"], "2 is no shard; write 1/8 to 8/8"),
        ("", ["--install"], "--install is for --base REV; leave"),
    ],
)
@pytest.mark.usefixtures("judged")
def test_what_a_gate_cannot_do_is_said_in_words_and_no_earlier_report_stays(
    ini: str, argv: list[str], words: str, pytester: pytest.Pytester, capsys: Capture
) -> None:
    stored(replace(ABOUT, machine={**ABOUT.machine, "cpu": "another"}))
    pytester.makeini(f"[pytest]\n{ini}\n")
    reports = [Path("r.json"), Path("r.md"), Path("r.xml"), Path("r.html")]
    for report in reports:
        report.write_text("steady")
    names = zip(("--json", "--markdown", "--junit", "--html"), map(str, reports), strict=True)
    assert ran("gate", *argv, *chain(*names)) == 2
    assert words in capsys.readouterr().err
    for report in reports:
        text = html.unescape(report.read_text())
        assert words in text or text.startswith("not finished")


def test_options_of_the_suite_itself_are_passed_on_wherever_they_are_written(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest(
        "def pytest_addoption(parser):\n    add = parser.addoption\n"
        "    add('--size', type=int)\n    add('--two', nargs=2)\n\n"
        "    add('--full', action='count')\n"
        "    add('-S')\n    add('--seen')\n"
    )
    pytester.makeini("[pytest]\naddopts = --seen=1 --runxfail --confcutdir=.. --ignore=../x\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--seen '2 3'")
    given = ["--size", "-5", "--two", "a", "b", "--full", "-Sx", "-q", "--tb=short"]
    more = ["--ignore-glob=benchmarks/*_it.py", "--confcutdir=."]
    found = suite(pytester, "--against", "HEAD", "--benchmark-only", *given, *more, "benchmarks")
    of_the_line = ("--size=-5",), ("--two", "a", "b"), ("--full",), ("-Sx",)
    assert found.own_options == (("--seen=1",), ("--seen=2 3",), *of_the_line)
    assert found.options[-4:-2] == ("--ignore-glob", "benchmarks/*_it.py")
    assert found.options[-2:] == ("--confcutdir", ".")
    assert "--runxfail" in found.options
