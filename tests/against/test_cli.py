"""Arguments are read whole or refused; whatever ends a command is one line and an exit code."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import arguments, around, cli, commands
from pytest_against.model import CannotJudgeError, short
from tests.against.repository import put

Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("home", "signals")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
LEFT: Final = dict.fromkeys(("limit", "trials", "budget", "timeout"))


@pytest.mark.parametrize(
    "argv, options",
    [
        ("gate", {"base": None, "allow_new": False, "rows": "", "paths": ["here"], **LEFT}),
        ("gate --limit 5% --trials 20 --rows a", {"limit": 0.05, "trials": 20, "rows": "a"}),
        ("gate --budget 60 --timeout 9 x y", {"budget": 60, "timeout": 9, "paths": ["x", "y"]}),
        ("gate --base v1 --allow-new", {"base": "v1", "allow_new": True, "program": "it"}),
        ("gate --json a --markdown b", {"json": Path("a"), "markdown": Path("b")}),
        ("baseline --accept why", {"accept": "why", "rows": "", **LEFT}),
        ("record before", {"name": "before", "storage": Path(".benchmarks")}),
        ("compare a b", {"sides": ["a", "b"], "sort": "", "group": "", "limit": None}),
        ("compare a b --csv d", {"sides": ["a", "b"], "csv": Path("d"), "json": None}),
        ("compare a --storage file://x -k y", {"storage": Path("x"), "rows": "y"}),
        ("compare a b --sort name --group method", {"sort": "name", "group": "method"}),
        ("join a b --markdown m", {"reports": [Path("a"), Path("b")], "markdown": Path("m")}),
    ],
)  # fmt: skip
def test_what_is_asked_for_reaches_the_command(
    argv: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {}

    def command(given: argparse.Namespace) -> int:
        told.update(vars(given))
        return 3

    monkeypatch.setitem(commands.COMMANDS, argv.partition(" ")[0], command)
    assert cli.main(argv.split(), "it", ("here",)) == 3
    assert {name: told[name] for name in options} == options


@pytest.mark.parametrize(
    "argv, words",
    [
        ("gate --limit 3", "argument --limit: 3 is no limit; write one above 0, as 5% or"),
        ("gate --trials 0", "argument --trials: 0 is no whole number from 1 to 10000"),
        ("baseline --budget -1", "--budget: -1 is no number of seconds above 0"),
        (f"gate --timeout {'x' * 1000}", "..."),
        ("gate --lim 3%", "unrecognized arguments: --lim"),
        ("compare a --storage elasticsearch+http://x", "x is no folder; export its runs to one"),
        ("compare a b --sort age", "invalid choice: 'age'"),
        ("record", "the following arguments are required: NAME"),
        ("weigh", "invalid choice: 'weigh'"),
        ("", "the following arguments are required: command"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_exit_code_2(
    argv: str, words: str, capsys: Capture
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(argv.split(), "it")
    assert left.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert words in last
    assert len(last) < 400


@pytest.mark.parametrize("name", ["", *commands.COMMANDS])
def test_each_has_help(name: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([*name.split(), "--help"], "python -m it")
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: python -m it {name}")
    assert ("exit codes" in shown) == (not name)


@pytest.mark.parametrize(
    "parse, good, bad",
    [
        (
            arguments.fraction,
            {"3%": 0.03, "0.03": 0.03, "99.9%": 0.999, "200%": 2.0},
            ["", "3", "0", "0%", "-3%", "1", "nan", "inf%", "three", "%", "3%%", "5e-324%"],
        ),
        (arguments.positive, {"0.5": 0.5, "1e3": 1000}, ["", "0", "-1", "nan", "inf", "1s", "5%"]),
        (
            arguments.whole,
            {"1": 1, "10000": 10_000},
            ["", "0", "-1", "1.5", "10001", "0000100000", "9" * 5000, "\u00b2", "1_0", " 1"],
        ),
    ],
)
def test_numbers_are_read_or_named_in_one_line(
    parse: Callable[[str], float], good: dict[str, float], bad: list[str]
) -> None:
    assert {text: parse(text) for text in good} == pytest.approx(good)
    for text in bad:
        with pytest.raises(argparse.ArgumentTypeError) as error:
            parse(text)
        assert "\n" not in str(error.value)
        assert str(error.value).startswith(f"{short(text) or 'nothing'} is no ")


@given(st.text())
def test_no_text_is_more_than_refused(text: str) -> None:
    for parse in (arguments.fraction, arguments.positive, arguments.whole):
        with suppress(argparse.ArgumentTypeError):
            assert parse(text) > 0


def end(error: BaseException) -> int:
    def run() -> int:
        raise error

    return around.guarded("it", run)


@pytest.mark.parametrize(
    "error, code, words",
    [
        (CannotJudgeError("no\nsuch commit"), 2, "it: no such commit\n"),
        (OSError(28, "No space left"), 2, "it: [Errno 28] No space left\n"),
        (KeyboardInterrupt(), 130, "it: interrupted; nothing was judged or recorded\n"),
        (ZeroDivisionError(), 2, "it: nothing was judged: a fault of pytest-against"),
        (MemoryError(), 2, "it: nothing was judged: a fault of pytest-against"),
    ],
)
def test_what_ends_a_command_is_one_line(
    error: BaseException, code: int, words: str, capsys: Capture
) -> None:
    assert end(error) == code
    found = capsys.readouterr()
    *traced, last = found.err.splitlines(keepends=True)
    assert last.startswith(words)
    assert (found.out, bool(traced)) == ("", "fault" in words)


@pytest.mark.parametrize("stream", [None, io.TextIOWrapper(io.BytesIO())])
def test_closed_streams_change_no_exit_code(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", None)
    assert around.guarded("it", lambda: 3) == 3
    assert end(CannotJudgeError("why")) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is a full device on Linux")  # noqa: PTH110
def test_what_cannot_be_printed_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    full = open("/dev/full", "w")  # noqa: SIM115, PTH123 - it is closed below
    monkeypatch.setattr(sys, "stdout", full)
    assert around.guarded("it", lambda: min(full.write("verdict"), 0)) == 2
    assert "it: the report cannot be printed (" in capsys.readouterr().err
    full.close()  # nothing is left that would fail once more at the end


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_once_and_others_wait_until_all_is_cleaned_up(number: int) -> None:
    cleaned: list[int] = []

    def run() -> int:
        try:
            os.kill(os.getpid(), number)
            return 0
        finally:
            for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(os.getpid(), other)
                cleaned.append(other)

    assert around.guarded("it", run) == around.INTERRUPTED
    assert len(cleaned) == 3
    os.kill(os.getpid(), number)  # nor does one end it later, with another exit code


@posix
def test_a_signal_that_became_another_exception_on_its_way_is_one(capsys: Capture) -> None:
    def run() -> int:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("half loaded") from None
        return 0

    assert around.guarded("it", run) == around.INTERRUPTED
    assert capsys.readouterr().err == "it: interrupted; nothing was judged or recorded\n"


@posix
def test_what_was_ignored_stays_ignored_and_handlers_come_back() -> None:
    def ignoring() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        return 0

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = signal.getsignal(signal.SIGTERM)
    assert around.guarded("it", ignoring) == 0
    assert signal.getsignal(signal.SIGTERM) is before


@posix
def test_a_signal_within_what_is_made_from_text_leaves_the_exit_code(tmp_path: Path) -> None:
    made = "import os, signal; os.kill(os.getpid(), signal.SIGTERM); [each for each in range(99)]"
    code = f"from pytest_against.around import guarded\nexit(guarded('it', lambda: exec({made!r})))"
    put(tmp_path, "module.py", code)
    done = subprocess.run([sys.executable, "-m", "module"], cwd=tmp_path, check=False)
    assert done.returncode == around.INTERRUPTED


def test_loading_it_loads_nothing_heavy() -> None:
    code = "import sys, json; from pytest_against import cli; print(json.dumps(list(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert not {"scipy", "numpy", "msgspec", "pytest", "tqdm", "filelock"} & set(loaded)


def test_what_cannot_be_loaded_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.delattr("pytest_against.commands")
    monkeypatch.setitem(sys.modules, "pytest_against.commands", None)
    assert cli.main(["gate"]) == 2
    assert capsys.readouterr().err.startswith("pytest-against gate: cannot be loaded (")
