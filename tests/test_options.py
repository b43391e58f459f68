"""An option's value is read as it was meant, or refused with what to write instead."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.options import Parser, fraction, positive, whole
from tests.plants import ROOT


@pytest.mark.parametrize(
    "text, value",
    [
        ("3%", 0.03),
        ("0.03", 0.03),
        ("0.5%", 0.005),
        ("99%", 0.99),
        ("0.99", 0.99),
        (" 3 %", 0.03),
        ("1e-3", 0.001),
    ],
)
def test_limit_is_a_percentage_or_a_fraction(text: str, value: float) -> None:
    assert fraction(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        *("0", "0%", "-1", "-3%", "1", "3", "100%", "300%", "0,03"),
        *("x", "", "%", "3%%", "%3", "3 percent"),
        *("nan", "nan%", "inf", "inf%", "-inf", "1e999"),
    ],
)
def test_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"write one as 3% or 0\.03") as caught:
        fraction(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text, value", [("110", 110.0), ("0.5", 0.5), ("1e6", 1e6)])
def test_seconds_are_a_number(text: str, value: float) -> None:
    assert positive(text) == value


@pytest.mark.parametrize(
    "text", ["0", "-1", "x", "", "nan", "inf", "-inf", "1e999", "10 s", "1000001", "1e10"]
)
def test_seconds_that_are_none_or_overflow_a_clock_are_refused(text: str) -> None:
    with pytest.raises(
        ArgumentTypeError, match="not a positive number of seconds, at most 1000000"
    ):
        positive(text)


@pytest.mark.parametrize("text, value", [("2", 2), ("8", 8), ("033", 33), ("1000000", 10**6)])
def test_trials_are_a_whole_number(text: str, value: int) -> None:
    assert whole(text) == value


@pytest.mark.parametrize(
    "text",
    [*("0", "1", "-2", "+8", "2.0", "8.5", "x", "", " 8", "²", "1e3"), "1000001", "9" * 20],
)
def test_trials_that_are_no_sample_are_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="ask for 2 to 1000000"):
        whole(text)


@settings(deadline=None, derandomize=True)
@given(percent=st.floats(0.001, 99.999))
def test_percentage_and_fraction_agree(percent: float) -> None:
    assert fraction(f"{percent!r}%") == pytest.approx(fraction(repr(percent / 100)), rel=1e-12)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(text=st.text() | st.floats().map(str) | st.integers().map(str))
def test_any_text_is_in_range_or_refused(text: str) -> None:
    ranges = [(fraction, 0.0, 1.0), (positive, 0.0, 1e6 + 1), (whole, 1, 10**6 + 1)]
    for read, low, high in ranges:
        try:
            found = read(text)
        except ArgumentTypeError as error:
            assert repr(text) in str(error)  # noqa: PT017 - most texts are errors, some are not
        else:
            assert low < found < high


@pytest.mark.parametrize("text", ["0", "1e999", "9" * 5000])
def test_command_line_refuses_with_its_usual_exit_code(text: str) -> None:
    parser = ArgumentParser()
    parser.add_argument("--limit", type=fraction)
    parser.add_argument("--trials", type=whole)
    for option in ("--limit", "--trials"):
        with pytest.raises(SystemExit) as caught:
            parser.parse_args([option, text])
        assert caught.value.code == 2


def _read(*argv: str) -> Namespace:
    parser = Parser(prog="tool")
    commands = parser.add_subparsers()
    command = commands.add_parser("run")
    command.add_argument("--limit", type=fraction)
    command.add_argument("--rows", default="")
    command.add_argument("--trials", type=whole, default=160)
    command.add_argument("--again", action="append")
    command.add_argument("files", nargs="*")
    return parser.parse_args(argv)


def test_option_given_once_has_its_value() -> None:
    found = _read("run", "a", "b", "--limit", "3%", "--again", "1", "--again", "2")
    assert found.limit == pytest.approx(0.03)
    assert (found.rows, found.again, found.files) == ("", ["1", "2"], ["a", "b"])


@pytest.mark.parametrize(
    "argv, words",
    [
        (
            ["--limit", "3%", "--limit", "5%"],
            "--limit was given twice, 0.03 and 0.05; give it once",
        ),
        (["--limit=3%", "--lim=3%"], "--limit was given twice, 0.03 and 0.03; give it once"),
        (["--rows", "a", "x", "--rows", "b"], "--rows was given twice, a and b; give it once"),
        (["--rows", "", "--rows", "b"], "--rows was given twice,  and b; give it once"),
        (
            ["--trials", "160", "--trials", "5"],
            "--trials was given twice, 160 and 5; give it once",
        ),
    ],
)
def test_option_given_twice_is_refused_with_both_values(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        _read("run", *argv)
    assert caught.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"tool run: error: {words}"


@pytest.mark.parametrize(
    "command, words",
    [
        ("gate", "as 3% or 0.03 (default: 3% with --base, 10% without)"),
        ("gate", "to be silent (default: 60)"),
        ("baseline", "each a fresh process (default: 160)"),
        ("record", "each a fresh process (default: 160)"),
        ("compare", "as 3% or 0.03 (default: 10%)"),
        ("history", "for everything (default: 3600)"),
        ("history", "as 10% or 0.1 (default: 0.1)"),
    ],
)
def test_help_tells_what_holds_if_an_option_is_not_given(command: str, words: str) -> None:
    asked = [sys.executable, "-m", "benchmarks", command, "--help"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert words in " ".join(done.stdout.split())
