"""``pytest --against``: what it is told, what it refuses, and what it costs when it is idle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_against import commands
from pytest_against.model import CannotJudgeError

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """With what the gate was called; the first is what it returns or raises."""
    found: list[Any] = [0]

    def gate(config: pytest.Config, options: Any) -> int:
        found.append((config, options))
        if isinstance(found[0], BaseException):
            raise found[0]
        return int(found[0])

    monkeypatch.setattr(commands, "gate", gate)
    return found


def ran(pytester: pytest.Pytester, *argv: str) -> int:
    pytester.makepyfile("def test_it(benchmark): raise SystemExit('it ran here')")
    found = pytester.inline_run("--against", *argv, no_reraise_ctrlc=True)
    return int(found.ret or 0)


def test_options_reach_the_gate_as_values(pytester: pytest.Pytester, judged: list[Any]) -> None:
    more = ["limit=4%", "trials=12", "budget=60", "timeout=9", "json=a.json", "markdown=a.md"]
    assert ran(pytester, "v1", "--against-allow-new", *(f"--against-{each}" for each in more)) == 0
    assert vars(judged[1][1]) == {
        "base": "v1",
        "allow_new": True,
        "limit": 0.04,
        "trials": 12,
        "budget": 60.0,
        "timeout": 9.0,
        "json": Path("a.json"),
        "markdown": Path("a.md"),
        "program": "pytest-against",
    }
    assert ran(pytester, "v2", "-k", "it") == 0
    config, options = judged[2]
    assert config.option.keyword == "it"
    assert {options.limit, options.trials, options.json} == {None}


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_exit_code_is_that_of_the_verdict(
    pytester: pytest.Pytester, judged: list[Any], code: int
) -> None:
    judged[0] = code
    assert ran(pytester, "v1") == code


@pytest.mark.parametrize(
    "error, code", [(CannotJudgeError("why"), 2), (KeyboardInterrupt(), 130), (MemoryError(), 2)]
)
def test_what_ends_it_is_no_verdict(
    pytester: pytest.Pytester, judged: list[Any], error: BaseException, code: int
) -> None:
    judged[0] = error
    assert ran(pytester, "v1") == code


@pytest.mark.parametrize(
    "argv, words",
    [
        (["v1", "--against-limit", "3"], "ERROR: 3 is no limit; write 3% or 0.03"),
        (["v1", "--against-limit="], "ERROR:  is no limit; write 3% or 0.03"),
        (["v1", "--against-trials", "0"], "ERROR: 0 is no number of trials from 1 to 10000"),
        (["v1", "--against-budget", "nan"], "ERROR: nan is no number of seconds above 0"),
        (["v1", "--against-timeout", "-1"], "ERROR: -1 is no number of seconds above 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    pytester: pytest.Pytester,
    judged: list[Any],
    argv: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ran(pytester, *argv) == pytest.ExitCode.USAGE_ERROR
    assert words in capsys.readouterr().err.splitlines()
    assert len(judged) == 1


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_is_not_judged(pytester: pytest.Pytester, judged: list[Any], word: str) -> None:
    assert ran(pytester, "v1", word) == 0
    assert len(judged) == 1


def test_settings_have_defaults(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig()
    names = ("against_packages", "against_baselines", "against_limit")
    assert [config.getini(name) for name in names] == [[], "benchmarks/baselines", ""]
    pytester.makeini("[pytest]\nagainst_packages = src/a src/b\nagainst_limit = 5%\n")
    config = pytester.parseconfig()
    assert [config.getini(name) for name in names[::2]] == [["src/a", "src/b"], "5%"]


def test_an_idle_plugin_loads_nothing_and_says_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import json, sys

        def test_it():
            with open("loaded.json", "w") as file:
                json.dump(sorted(sys.modules), file)
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=pytester.path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads((pytester.path / "loaded.json").read_text()))
    assert {name for name in loaded if name.startswith("pytest_against")} == {
        "pytest_against",
        "pytest_against.plugin",
    }
    assert not {"scipy", "numpy", "msgspec", "tqdm", "filelock"} & loaded
    assert "baseline" not in done.stdout
