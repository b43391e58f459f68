"""Time calls in turns: what the machine does meanwhile touches all of them alike."""

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from time import perf_counter
from typing import Any, Final

Call = Callable[[], Any]

_BATCHES: Final = 3
"""Of a contender in a round: the fastest counts, as the first finds the others' data in caches."""
_MOST_CALLS: Final = 1 << 16


def order(names: Sequence[str], number: int) -> list[str]:
    """Return whose turn it is in a round: everyone, each first by turns, then backwards."""
    first = number // 2 % len(names)
    turned = [*names[first:], *names[:first]]
    return turned[::-1] if number % 2 else turned


def timed(
    calls: Mapping[str, Call],
    rounds: int,
    seconds: float,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, list[float]]:
    """Return the seconds of a call of each contender in each round."""
    numbers = {name: _calls_in(seconds, call, clock) for name, call in calls.items()}
    found: dict[str, list[float]] = {name: [] for name in calls}
    for each in range(rounds):
        for name in order(tuple(calls), each):
            batches = (_batch(calls[name], numbers[name], clock) for _ in range(_BATCHES))
            found[name].append(min(batches) / numbers[name])
    return found


def _calls_in(seconds: float, call: Call, clock: Callable[[], float]) -> int:
    """Return how many calls take some seconds."""
    number = 1
    while number < _MOST_CALLS and _batch(call, number, clock) < seconds:
        number *= 2
    return number


def _batch(call: Call, number: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in repeat(None, number):
        call()
    return clock() - start
