"""An option's value is read as it was meant, or refused with what to write instead."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.options import fraction, positive, whole


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


@pytest.mark.parametrize("text, value", [("110", 110.0), ("0.5", 0.5), ("1e3", 1000.0)])
def test_seconds_are_a_number(text: str, value: float) -> None:
    assert positive(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "nan", "inf", "-inf", "1e999", "10 s"])
def test_seconds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="not a positive number of seconds"):
        positive(text)


@pytest.mark.parametrize("text, value", [("2", 2), ("8", 8), ("033", 33), ("1000", 1000)])
def test_trials_are_a_whole_number(text: str, value: int) -> None:
    assert whole(text) == value


@pytest.mark.parametrize("text", ["0", "1", "-2", "+8", "2.0", "8.5", "x", "", " 8", "²", "1e3"])
def test_trials_that_are_no_sample_are_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="ask for 2 or more"):
        whole(text)


@settings(deadline=None, derandomize=True)
@given(percent=st.floats(0.001, 99.999))
def test_percentage_and_fraction_agree(percent: float) -> None:
    assert fraction(f"{percent!r}%") == pytest.approx(fraction(repr(percent / 100)), rel=1e-12)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(text=st.text() | st.floats().map(str) | st.integers().map(str))
def test_any_text_is_in_range_or_refused(text: str) -> None:
    ranges = [(fraction, 0.0, 1.0), (positive, 0.0, float("inf")), (whole, 1, float("inf"))]
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
