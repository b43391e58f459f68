"""A time is believed only if this machine could have moved the bytes in it."""

from __future__ import annotations

import time

import numpy as np
import pytest

from benchmarks import bandwidth
from benchmarks.bandwidth import MARGIN, best_bandwidth, implausible
from benchmarks.rows import Array, Case

CASE = Case(
    operands={"x": np.zeros(1000), "small": np.zeros(10)},
    written={},
    returned=np.zeros(1000),
    least_bytes=16_000,
)
LIMIT = 16_000 / (10e9 * MARGIN)


@pytest.fixture
def ten_gigabytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let this machine move 10 GB/s, and return the sizes that it is asked about."""
    sizes: list[int] = []

    def moves(nbytes: int) -> float:
        sizes.append(nbytes)
        return 10e9

    monkeypatch.setattr(bandwidth, "best_bandwidth", moves)
    monkeypatch.setattr(bandwidth, "measured_bandwidth", lambda _: 10e9)
    return sizes


@pytest.mark.usefixtures("ten_gigabytes")
@pytest.mark.parametrize("seconds", [LIMIT * 1.001, 2 * LIMIT, 1.0])
def test_possible_time_is_believed(seconds: float) -> None:
    assert implausible(seconds, CASE) is None


@pytest.mark.usefixtures("ten_gigabytes")
@pytest.mark.parametrize("seconds", [LIMIT * 0.999, LIMIT / 2, 1e-12])
def test_impossible_time_is_not_believed(seconds: float) -> None:
    assert (implausible(seconds, CASE) or "").startswith("implausible: 16,000 bytes in ")


def test_a_pass_that_a_neighbour_slowed_is_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = iter([2e9, 3e9, 20e9])
    monkeypatch.setattr(bandwidth, "best_bandwidth", lambda _: 1e9)
    monkeypatch.setattr(bandwidth, "measured_bandwidth", lambda _: next(rates))
    assert implausible(LIMIT, CASE) is None
    assert list(rates) == []


@pytest.mark.usefixtures("ten_gigabytes")
def test_words_give_the_rate_that_was_seen_and_the_rate_of_this_machine() -> None:
    words = implausible(1e-7, CASE) or ""
    assert "in 1e-07 s are 160 GB/s" in words
    assert "this machine moves 10 GB/s" in words


def test_rate_is_that_of_the_largest_operand(ten_gigabytes: list[int]) -> None:
    implausible(1.0, CASE)
    assert ten_gigabytes == [8000]


@pytest.mark.parametrize("nbytes", [1, 4000, 3_000_000])
def test_any_size_has_a_rate(nbytes: int) -> None:
    assert 0 < best_bandwidth(nbytes) < float("inf")


def test_rate_is_measured_once_for_a_size() -> None:
    assert best_bandwidth(12_345) == best_bandwidth(12_345)


@pytest.mark.parametrize("slow", [0, 1])
def test_the_faster_of_a_copy_and_a_pass_in_place_counts(
    slow: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_source: Array, target: Array) -> Array:
        time.sleep(0.01)
        return target

    passes = list(bandwidth.PASSES)
    passes[slow] = sleep
    monkeypatch.setattr(bandwidth, "PASSES", passes)
    assert bandwidth.measured_bandwidth(500_000) > 2 * 500_000 / 0.01
