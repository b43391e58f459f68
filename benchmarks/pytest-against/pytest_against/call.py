"""A call that is timed: what prepares it, how it is repeated, and where its data lie."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Final

from pytest_against.heap import Heap, glibc

Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]


@dataclass(slots=True)
class Call:
    """What ``benchmark(...)`` or ``benchmark.pedantic(...)`` was given."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    setup: Callable[[], Any] | None = None
    """Run before each call, outside the time; may return ``(args, kwargs)``."""
    teardown: Callable[..., Any] | None = None
    """Run after each call with its arguments, outside the time."""
    settled: bool = field(default=False, init=False)
    """Whether the heap is ready for it."""

    def run(self, calls: int, batches: int, seed: int) -> list[float]:
        """Return the seconds of each batch, without what prepares its calls; see `Side.run`."""
        if not self.settled:
            self.settled = True
            _Places.settle()
        _Places.follow(seed)
        with no_garbage_collection():
            return [self._run(calls) for _ in range(batches)]

    def once(self) -> None:
        """Make one call."""
        self.call(self.arguments())

    def call(self, arguments: Arguments) -> None:
        """Make one call with arguments that are prepared."""
        args, kwargs = arguments
        self.function(*args, **kwargs)
        self._tear_down((arguments,))

    def arguments(self) -> Arguments:
        """Prepare the next call."""
        return (None if self.setup is None else self.setup()) or (self.args, self.kwargs or {})

    def _run(self, calls: int) -> float:
        spent, together = 0.0, self._together(calls)
        for start in range(0, calls, together):
            prepared = [self.arguments() for _ in range(min(together, calls - start))]
            spent += self._time(prepared)
            self._tear_down(prepared)
        return spent

    def _together(self, calls: int) -> int:
        """Return how many calls are prepared before the first of them.

        What a test runs between calls may undo what they change, and has to run between them here;
        `Operands` say by their ``copies`` how many sets of arguments they hold at a time.
        """
        if self.teardown is not None:
            return 1
        return max(1, calls if self.setup is None else getattr(self.setup, "copies", 1))

    def _time(self, prepared: Iterable[Arguments]) -> float:
        """Return the seconds of the calls; each gives the result before it back, as loops do."""
        # To unpack keywords in the loop costs half as much again as all else in it.
        calls = [partial(self.function, *args, **kwargs) for args, kwargs in prepared]
        start = perf_counter()
        for call in calls:
            _ = call()
        return perf_counter() - start

    def _tear_down(self, prepared: Iterable[Arguments]) -> None:
        if self.teardown is not None:
            for args, kwargs in prepared:
                self.teardown(*args, **kwargs)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep the collector from running within a timed call."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Places:
    """Where operands and the results of calls come to lie."""

    seed: int | None = None
    heap: Final = Heap(glibc())

    @classmethod
    def settle(cls) -> None:
        """Begin anew for another call."""
        cls.seed = None
        cls.heap.fill()

    @classmethod
    def follow(cls, seed: int) -> None:
        """Move them, unless they lie as follows from `seed` already."""
        if seed == cls.seed:
            return
        cls.seed = seed
        operands = sys.modules.get("pytest_against.operands")
        if operands is not None:
            operands.Layout.redraw(seed)
        cls.heap.move(seed)
