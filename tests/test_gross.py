"""One process proves a regression only if it is gross and the kernel confirms it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from benchmarks import gross
from benchmarks.alone import FEWEST_CALLS, Alone
from benchmarks.gross import factor, gross_regression
from benchmarks.suite import SUITE, by_name
from benchmarks.trial import HEAD, KERNEL
from tests.test_baselines import ROW as STORED

ROW: Final = by_name("maximum", "float64-1e3")
SLOWEST: Final = max(STORED.seconds)


def confirm(monkeypatch: pytest.MonkeyPatch, times: float, calls: int = FEWEST_CALLS) -> list[str]:
    """Let the ratio to the kernel be so many times the largest of the baseline's trials."""
    asked: list[str] = []

    def take_turns(functions: Mapping[tuple[str, str], Alone], *_: Any) -> Iterator[str]:
        for (what, _name), found in functions.items():
            asked.append(what)
            ratio = times * math.exp(max(STORED.kernel)) if what == HEAD else 1.0
            found.calm = [1e-6 * ratio] * calls
            yield what

    monkeypatch.setattr(gross, "take_turns", take_turns)
    return asked


def test_the_factor_is_of_the_typical_trial() -> None:
    assert math.isclose(factor(2.3e-6, STORED), 2.0)


@pytest.mark.parametrize("times", [0.1, 1.0, 1.2, 1.49])
def test_what_is_not_grossly_slower_passes_without_more_measuring(
    monkeypatch: pytest.MonkeyPatch, times: float
) -> None:
    asked = confirm(monkeypatch, 100)
    assert gross_regression(ROW, SLOWEST * times, STORED, SUITE.command) is None
    assert asked == []


@pytest.mark.parametrize("times, fails", [(1.0, False), (1.49, False), (1.51, True), (9.0, True)])
def test_a_slow_time_fails_only_if_the_kernel_confirms_it(
    monkeypatch: pytest.MonkeyPatch, *, times: float, fails: bool
) -> None:
    asked = confirm(monkeypatch, times)
    found = gross_regression(ROW, SLOWEST * 1.51, STORED, SUITE.command)
    assert (found is not None) == fails
    assert asked == [HEAD, KERNEL]


def test_without_calm_nothing_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(monkeypatch, 9.0, FEWEST_CALLS - 1)
    assert gross_regression(ROW, SLOWEST * 9, STORED, SUITE.command) is None


def test_the_words_name_both_factors_and_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(monkeypatch, 9)
    words = gross_regression(ROW, SLOWEST * 2, STORED, SUITE.command)
    assert words is not None
    assert "2.26 times the typical trial, 2.00 times the slowest" in words
    assert "python -m benchmarks gate" in words


def test_a_real_gross_regression_is_proven() -> None:
    def slow(x: Any) -> Any:
        time.sleep(0.0005)
        return ROW.function(x)

    found = gross_regression(replace(ROW, function=slow), 0.0005, STORED, SUITE.command)
    assert found is not None
