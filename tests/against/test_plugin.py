"""``pytest --against``: what it is told, what it refuses, and what it costs when it is idle."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from pytest_against import commands
from pytest_against.model import CannotJudgeError

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """What stands in for the gate."""
    stand_in = Mock(side_effect=[0, 0])
    monkeypatch.setattr(commands, "gate", stand_in)
    return stand_in


def ran(pytester: pytest.Pytester, *argv: str) -> int:
    pytester.makepyfile("def test_it(benchmark): raise SystemExit('it ran here')")
    found = pytester.inline_run("--against", *argv, no_reraise_ctrlc=True)
    return int(found.ret or 0)


def test_options_reach_the_gate_as_values(pytester: pytest.Pytester, gate: Mock) -> None:
    more = ["limit=4%", "trials=12", "budget=60", "timeout=9", "json=a.json", "markdown=a.md"]
    more += ["html=a.html", "junit=a.xml", "allow-new", "install", "python=python3.13"]
    more += ["cores=2", "shard=2/8"]
    assert ran(pytester, "v1", *(f"--against-{each}" for each in more)) == 0
    assert ran(pytester, "v2", "-k", "it") == 0
    (_, first), (config, second) = (call.args for call in gate.call_args_list)
    given = {"limit": 0.04, "trials": 12, "budget": 60.0, "timeout": 9.0}
    files = {"json": Path("a.json"), "markdown": Path("a.md"), "html": Path("a.html")}
    files["junit"] = Path("a.xml")
    flags = {"allow_new": True, "install": True, "python": "python3.13"}
    flags |= {"cores": 2, "shard": "2/8"}
    assert vars(first) == {"base": "v1", "program": "pytest-against", **flags, **given, **files}
    none = dict.fromkeys([*given, *files, "python", "cores", "shard"])
    flags = {"allow_new": False, "install": False}
    assert vars(second) == {"base": "v2", "program": "pytest-against", **flags, **none}
    assert config.option.keyword == "it"


def test_the_exit_code_is_that_of_the_verdict_or_says_that_there_is_none(
    pytester: pytest.Pytester, gate: Mock
) -> None:
    ends = {1: 1, 3: 3, CannotJudgeError("why"): 2, MemoryError(): 2, KeyboardInterrupt(): 130}
    gate.side_effect = [*ends]
    assert [ran(pytester, "v1") for _ in ends] == [*ends.values()]


def test_an_earlier_report_is_none_once_it_begins(pytester: pytest.Pytester, gate: Mock) -> None:
    report = pytester.path / "a.json"
    report.write_text("steady")
    gate.side_effect = lambda *_: report.read_text().startswith("not finished") and 3
    assert ran(pytester, "v1", "--against-json=a.json") == 3
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "pytest_against.commands", None)
        patched.delattr("pytest_against.commands")
        report.write_text("steady")
        assert ran(pytester, "v1", "--against-json=a.json") == 2
        assert report.read_text().startswith("not finished")


NOT_JUDGED = {
    "--help": "",
    "--version": "",
    "--against-limit=3": "ERROR: 3 is no limit; write one above 0, as 5% or 900%, or",
    "--against-limit=": "ERROR: nothing is no limit; write one above 0, as 5% or 900%",
    "--against-trials=0": "ERROR: 0 is no whole number from 1 to 10000\n",
    "--against-budget=nan": "ERROR: nan is no number of seconds above 0\n",
    "--against-timeout=-1": "ERROR: -1 is no number of seconds above 0\n",
    "--co": "ERROR: --co is for a run of pytest's own; leave it out, or --against\n",
    "--benchmark-json=a.json": "ERROR: --benchmark-json is for a run of pytest's own; leave it",
}


@pytest.mark.parametrize("word", NOT_JUDGED)
def test_help_and_what_cannot_be_meant_are_not_judged(
    pytester: pytest.Pytester, gate: Mock, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    error = NOT_JUDGED[word]
    assert ran(pytester, "v1", word) == (pytest.ExitCode.USAGE_ERROR if error else 0)
    assert error in capsys.readouterr().err
    gate.assert_not_called()


@pytest.mark.parametrize("option", ["install", "shard=1/2", "allow-new", "json=a.json"])
def test_an_option_without_a_revision_is_not_passed_over(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    pytester.makepyfile("def test_it(): pass")
    assert pytester.inline_run(f"--against-{option}").ret == pytest.ExitCode.USAGE_ERROR
    error = f"--against-{option.partition('=')[0]} needs --against REV, the revision to judge again"
    assert error in capsys.readouterr().err


def test_settings_have_defaults(pytester: pytest.Pytester) -> None:
    def settings() -> list[object]:
        config = pytester.parseconfig()
        return [config.getini(f"against_{name}") for name in ("packages", "baselines", "limit")]

    assert settings() == [[], "benchmarks/baselines", ""]
    pytester.makeini("[pytest]\nagainst_packages = src/a src/b\nagainst_limit = 5%\n")
    assert settings() == [["src/a", "src/b"], "benchmarks/baselines", "5%"]


def test_an_idle_plugin_loads_nothing_and_says_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            ours = {each for each in sys.modules if each.startswith("pytest_against")}
            words = {f"pytest_against.{name}" for name in ("options", "plugin")}
            assert ours == {"pytest_against", *words}
            assert not {"scipy", "numpy", "msgspec", "tqdm", "filelock"} & {*sys.modules}
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    done.assert_outcomes(passed=1)
    assert "baseline" not in done.stdout.str()
