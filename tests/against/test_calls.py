"""A call is timed without what surrounds it, and shows without a clock what is always the same."""

from __future__ import annotations

import gc
import sys
import tracemalloc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_against import calls
from pytest_against.calls import Call, peak_bytes


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what happens, a bar where the clock is read; only what c stands for takes a second."""

    def now() -> float:
        found.append("|")
        return float(found.count("c"))

    found: list[str] = []
    monkeypatch.setattr(calls, "perf_counter", now)
    return found


@pytest.mark.parametrize(
    "copies, torn, expected",
    [
        (3, "", "sss|ccc| sss|ccc| s|c|"),
        (16, "", "sssssss|ccccccc|"),
        (1, "", "s|c|" * 7),
        (0, "", "s|c|" * 7),
        (3, "t", "s|c|t" * 7),
    ],
)
def test_as_many_calls_are_prepared_together_as_a_setup_holds_sets_and_only_they_take_time(
    events: list[str], copies: int, torn: str, expected: str
) -> None:
    def prepare() -> None:
        events.append("s")

    found = Call(lambda: events.append("c"), setup=prepare)
    assert found.run(2, 1, 0) == [2.0]
    assert "".join(events) == "s|c|s|c|"
    events.clear()
    prepare.copies = copies  # type: ignore[attr-defined]
    found.teardown = (lambda: events.append(torn)) if torn else None
    assert found.run(7, 2, 0) == [7.0] * 2
    assert "".join(events) == 2 * expected.replace(" ", "")


def test_without_surroundings_a_batch_reads_the_clock_twice(events: list[str]) -> None:
    found = Call(lambda: events.append("c"))
    assert found.run(100, 1, 0) == [100.0]
    assert events == ["|", *"c" * 100, "|"]
    assert found.run(0, 1, 0) == [0.0]


@pytest.mark.parametrize(
    "returned, args, kwargs",
    [(None, (1, 2), {}), (None, (1, 2), {"k": 3}), (((4,), {"k": 5}), (4,), {"k": 5})],
)
@pytest.mark.parametrize("prepared", [False, True])
def test_a_call_and_its_teardown_get_what_its_setup_returned_or_else_its_own(
    returned: Any, args: tuple[int, ...], kwargs: dict[str, int], *, prepared: bool
) -> None:
    def note(*args: int, **kwargs: int) -> None:
        found.append((args, kwargs))

    found: list[Any] = []
    setup = (lambda: returned) if prepared else None
    own = ((7,), {"k": 8}) if prepared and returned else (args, kwargs or None)
    Call(note, *own, setup=setup, teardown=note).run(2, 1, 0)
    assert found == [(args, kwargs)] * 4


def test_a_result_is_given_back_by_the_next_call() -> None:
    class Result:
        pass

    alive: weakref.WeakSet[Result] = weakref.WeakSet()
    seen = []

    def call() -> Result:
        seen.append(len(alive))
        found = Result()
        alive.add(found)
        return found

    Call(call).run(4, 2, 0)
    assert seen == [0, 1, 1, 1] * 2
    assert not alive


def test_the_heap_is_filled_for_each_call_and_each_seed_moves_it_and_operands_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[object] = []
    heap = SimpleNamespace(
        fill=lambda: found.append("fill"), move=found.append, empty=lambda: found.append("empty")
    )
    operands = SimpleNamespace(Layout=SimpleNamespace(redraw=lambda seed: found.append(-seed)))
    monkeypatch.setattr("pytest_against.calls._Places.heap", heap)
    monkeypatch.setattr("pytest_against.calls._Places.seed", 1)
    monkeypatch.setitem(sys.modules, "pytest_against.operands", operands)
    one, other = Call(list), Call(dict)
    for each, seed in ((one, 1), (one, 1), (other, 1), (other, 2), (one, 1)):
        each.run(1, 1, seed)
    assert found == ["fill", -1, 1, "fill", -1, 1, -2, 2, -1, 1]
    one.leave()
    one.run(1, 1, 1)
    assert found[10:] == ["empty", "fill", -1, 1]


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_garbage_is_not_collected_meanwhile_and_as_before_later(
    *, enabled: bool, broken: bool
) -> None:
    def call() -> float:
        seen.append(gc.isenabled())
        return 1 // (not broken)

    seen: list[bool] = []
    (gc.enable if enabled else gc.disable)()
    try:
        Call(call).run(1, 3, 0)
    except ZeroDivisionError:
        assert broken
    finally:
        after = gc.isenabled()
        gc.enable()
    assert seen == [False] * (1 if broken else 3)
    assert after is enabled


@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_the_peak_is_what_a_call_holds_at_most(size: int) -> None:
    assert size <= peak_bytes(Call(lambda: len(bytearray(size)))) < size + 2_000


def test_what_is_noted_of_a_result_does_not_count_in_the_peak() -> None:
    kept: list[bytearray] = []
    asked = Call(lambda: None)
    assert peak_bytes(asked, lambda _: kept.append(bytearray(50_000))) < 2_000
    assert len(kept) == 1


def test_arguments_and_first_calls_do_not_count_in_the_peak_and_teardowns_do() -> None:
    cache: list[bytearray] = []

    def call(prepared: bytearray) -> None:
        if not cache:
            cache.append(bytearray(100_000))
        prepared.clear()

    asked = Call(call, setup=lambda: ((bytearray(100_000),), {}))
    assert peak_bytes(asked) < 2_000
    asked.teardown = lambda _: bytearray(50_000)
    assert 50_000 <= peak_bytes(asked) < 52_000


def test_a_call_that_fails_leaves_no_tracing_and_the_collector_on() -> None:
    with pytest.raises(ZeroDivisionError):
        peak_bytes(Call(lambda: 1 // 0))
    assert (tracemalloc.is_tracing(), gc.isenabled()) == (False, True)
