"""Arguments are read whole, or refused in one line, before anything is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_against import cli, commands

pytestmark = pytest.mark.usefixtures("home", "signals")


def parsed(*argv: str) -> dict[str, Any]:
    return vars(cli.parser("it").parse_args(argv))


def test_defaults_leave_the_choice_to_the_command() -> None:
    for name in ("gate", "baseline"):
        found = parsed(name)
        assert {found[n] for n in ("limit", "trials", "budget", "timeout")} == {None}
        assert (found["rows"], list(found["paths"])) == ("", [])
    assert parsed("gate").keys() >= {"base", "allow_new", "json", "markdown"}
    assert parsed("record", "before")["storage"] == Path(".benchmarks")
    assert parsed("compare", "a", "b")["sort"] == "ratio"
    assert parsed("compare", "a", "b")["paths"] == ()


def test_everything_can_be_asked_for() -> None:
    limits = ["--limit", "5%", "--trials", "20", "--budget", "60", "--timeout", "9"]
    found = parsed("gate", "--base", "v1", *limits, "--allow-new", "--rows", "a or b", "x", "y::z")
    assert (found["base"], found["limit"], found["trials"]) == ("v1", 0.05, 20)
    assert (found["budget"], found["timeout"], found["allow_new"]) == (60.0, 9.0, True)
    assert (found["rows"], found["paths"]) == ("a or b", ["x", "y::z"])
    found = parsed(
        "compare", "a", "b", "c", "--csv", "c.csv", "--group", "method", "--sort", "name"
    )
    assert (found["old"], found["new"], found["csv"]) == ("a", ["b", "c"], Path("c.csv"))
    assert parsed("join", "a", "b", "--markdown", "m")["reports"] == [Path("a"), Path("b")]


@pytest.mark.parametrize(
    "argv, words",
    [
        (["gate", "--limit", "3"], "argument --limit: 3 is no limit; write 3% or 0.03"),
        (["gate", "--trials", "0"], "argument --trials: 0 is no number of trials from 1 to 10000"),
        (["baseline", "--budget", "-1"], "--budget: -1 is no number of seconds above 0"),
        (["gate", "--timeout", "x" * 1000], "..."),
        (["gate", "--lim", "3%"], "unrecognized arguments: --lim"),
        (["compare", "a"], "the following arguments are required: NEW"),
        (["compare", "a", "b", "--sort", "age"], "invalid choice: 'age'"),
        (["record"], "the following arguments are required: NAME"),
        (["weigh"], "invalid choice: 'weigh'"),
        ([], "the following arguments are required: command"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_exit_code_2(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(argv, "it")
    assert left.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert words in last
    assert len(last) < 400


@pytest.mark.parametrize("name", [None, "gate", "baseline", "record", "compare", "join"])
def test_each_has_help(name: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([*([name] if name else []), "--help"], "python -m it")
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: python -m it")
    assert name is None or f"python -m it {name}" in shown
    assert ("exit codes" in shown) == (name is None)


def test_a_command_is_told_who_runs_it_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def gate(options: Any) -> int:
        told.append((options.program, list(options.paths)))
        return 3

    monkeypatch.setitem(commands.COMMANDS, "gate", gate)
    assert cli.main(["gate"], "it", ("benchmarks",)) == 3
    assert cli.main(["gate", "here"], "it", ("benchmarks",)) == 3
    assert told == [("it", ["benchmarks"]), ("it", ["here"])]
    assert commands.COMMANDS.keys() == {"gate", "baseline", "record", "compare", "join"}


def test_what_cannot_be_loaded_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr("pytest_against.commands")
    monkeypatch.setitem(sys.modules, "pytest_against.commands", None)
    assert cli.main(["gate"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("pytest-against gate: cannot be loaded (")
    assert said.count("\n") == 1
