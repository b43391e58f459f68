"""What surrounds a command: whatever ends it is one line, an exit code, and true reports."""

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
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import cli
from pytest_against.model import CannotJudgeError, short

pytestmark = pytest.mark.usefixtures("home", "signals")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.mark.parametrize(
    "parse, text, value",
    [
        (cli.fraction, "3%", 0.03),
        (cli.fraction, "0.03", 0.03),
        (cli.fraction, "99.9%", 0.999),
        (cli.positive, "0.5", 0.5),
        (cli.positive, "1e3", 1000.0),
        (cli.whole, "1", 1),
        (cli.whole, "10000", 10_000),
    ],
)
def test_numbers_are_read(parse: Callable[[str], float], text: str, value: float) -> None:
    assert parse(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "parse, texts",
    [
        (cli.fraction, ["", "3", "0", "0%", "-3%", "100%", "nan", "inf%", "three", "%", "3%%"]),
        (cli.positive, ["", "0", "-1", "nan", "inf", "1s"]),
        (cli.whole, ["", "0", "-1", "1.5", "10001", "9" * 5000, "\u00b2", "1_0", " 1"]),
    ],
)
def test_what_is_no_number_is_named_in_one_line(
    parse: Callable[[str], float], texts: list[str]
) -> None:
    for text in texts:
        with pytest.raises(argparse.ArgumentTypeError) as error:
            parse(text)
        assert "\n" not in str(error.value)
        assert str(error.value).startswith(short(text) + " is no ")


@given(st.text())
def test_no_text_is_more_than_refused(text: str) -> None:
    for parse in (cli.fraction, cli.positive, cli.whole):
        with suppress(argparse.ArgumentTypeError):
            assert parse(text) > 0


def end(error: BaseException) -> int:
    def run() -> int:
        raise error

    return cli.guarded("it", run)


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_a_command_that_ends_keeps_its_exit_code(code: int) -> None:
    assert cli.guarded("it", lambda: code) == code


@pytest.mark.parametrize(
    "error, code, words",
    [
        (CannotJudgeError("no\nsuch commit"), 2, "it: no such commit\n"),
        (OSError(28, "No space left"), 2, "it: [Errno 28] No space left\n"),
        (KeyboardInterrupt(), 130, "it: interrupted; nothing was judged or recorded\n"),
        (ImportError("No module named 'scipy'"), 2, "it: cannot be loaded (No module named 'sc"),
    ],
)
def test_what_ends_a_command_is_one_line(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(error) == code
    found = capsys.readouterr()
    assert (found.out, found.err.count("\n")) == ("", 1)
    assert found.err.startswith(words)


@pytest.mark.parametrize("error", [ZeroDivisionError(), MemoryError(), RecursionError()])
def test_a_fault_of_ours_is_no_verdict(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(error) == 2
    assert "Traceback" in (said := capsys.readouterr().err)
    assert said.splitlines()[-1].startswith("it: nothing was judged: a fault of pytest-against")


@pytest.mark.parametrize("stream", [None, io.TextIOWrapper(io.BytesIO())])
def test_closed_streams_change_no_exit_code(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.guarded("it", lambda: 3) == 3
    assert end(CannotJudgeError("why")) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is a full device on Linux")  # noqa: PTH110
def test_what_cannot_be_printed_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = open("/dev/full", "w")  # noqa: SIM115, PTH123 - it is closed below
    monkeypatch.setattr(sys, "stdout", full)
    assert cli.guarded("it", lambda: min(full.write("verdict"), 0)) == 2
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

    assert cli.guarded("it", run) == cli.INTERRUPTED
    assert len(cleaned) == 3
    os.kill(os.getpid(), number)  # nor does one end it later, with another exit code


@posix
def test_what_was_ignored_stays_ignored_and_handlers_come_back() -> None:
    def ignoring() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        return 0

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = signal.getsignal(signal.SIGTERM)
    assert cli.guarded("it", ignoring) == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_loading_it_loads_nothing_heavy() -> None:
    code = "import sys, json; from pytest_against import cli; print(json.dumps(list(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert not {"scipy", "numpy", "msgspec", "pytest", "tqdm", "filelock"} & set(loaded)
