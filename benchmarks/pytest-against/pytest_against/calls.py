"""A call that is timed: how a test hands it over, what it shows without a clock, how it is run."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Final

import pytest
from pytest_benchmark.fixture import BenchmarkFixture, FixtureAlreadyUsed

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
            _Places.seed = None
            _Places.heap.fill()
        if seed != _Places.seed:
            _Places.seed = seed
            if (operands := sys.modules.get("pytest_against.operands")) is not None:
                operands.Layout.redraw(seed)
            _Places.heap.move(seed)
        with no_garbage_collection():
            return [self._batch(calls) for _ in range(batches)]

    def leave(self) -> None:
        """Give the memory back that was held for its runs; another run takes it again."""
        self.settled = False
        _Places.heap.empty()

    def arguments(self) -> Arguments:
        """Prepare the next call."""
        return (None if self.setup is None else self.setup()) or (self.args, self.kwargs or {})

    def tear_down(self, prepared: Iterable[Arguments]) -> None:
        """Undo what calls with these arguments did."""
        if self.teardown is not None:
            for args, kwargs in prepared:
                self.teardown(*args, **kwargs)

    def _batch(self, calls: int) -> float:
        # What a test runs between calls may undo what they change, and has to run between them;
        # `Operands` say by their ``copies`` how many sets of arguments they hold at a time.
        spent, together = 0.0, 1
        if self.teardown is None:
            together = max(1, calls if self.setup is None else getattr(self.setup, "copies", 1))
        for start in range(0, calls, together):
            prepared = [self.arguments() for _ in range(min(together, calls - start))]
            spent += self._time(prepared)
            self.tear_down(prepared)
        return spent

    def _time(self, prepared: Iterable[Arguments]) -> float:
        """Return the seconds of the calls; each gives the result before it back, as loops do."""
        # To unpack keywords in the loop costs half as much again as all else in it.
        calls = [partial(self.function, *args, **kwargs) for args, kwargs in prepared]
        start = perf_counter()
        for call in calls:
            _ = call()
        return perf_counter() - start


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


def peak_bytes(asked: Call, see: Callable[[object], object] = lambda result: result) -> int:
    """Return the peak of traced memory during a call, in bytes: the least of a few calls.

    What the first returned is shown before it is undone.
    """
    # The first fills what only a first call fills.
    return min(_peak_bytes(asked, see), _peak_bytes(asked), _peak_bytes(asked))


def _peak_bytes(asked: Call, see: Callable[[object], object] = lambda result: result) -> int:
    arguments = args, kwargs = asked.arguments()
    with no_garbage_collection():
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            result = asked.function(*args, **kwargs)
            held, peak = tracemalloc.get_traced_memory()
            see(result)
            noted = tracemalloc.get_traced_memory()[0] - held  # which is not the call's
            del result
            tracemalloc.reset_peak()
            asked.tear_down((arguments,))
            peak = max(peak, tracemalloc.get_traced_memory()[1] - noted)
        finally:
            tracemalloc.stop()
    return peak - before


_NAMES: Final = ("benchmark", "codspeed_benchmark")
"""What fixtures and marks of benchmarks are called; the second by pytest-codspeed."""

_BODY: Final = pytest.StashKey[bool]()
"""What a test has whose body is timed."""


def benchmarks_of(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests that hand over a call, and those with the mark alone, made to do so.

    What is timed of the latter is their body, as pytest-codspeed does.  Some ask for the fixture by
    its name, when they run.
    """
    found, bodies = [], []
    for item in items:
        names = getattr(item, "fixturenames", None)
        marks = [mark for name in _NAMES if (mark := item.get_closest_marker(name))]
        used = not {*_NAMES}.isdisjoint(names or ()) or _asks(item)
        if used or (marks and names is not None):
            found.append(item)
            bodies += [] if used else [item]
            # Of the options of pytest-codspeed, the stock fixture knows all but this one.
            for mark in marks:
                kept = {name: value for name, value in mark.kwargs.items() if name != "max_rounds"}
                item.add_marker(pytest.mark.benchmark.with_args(*mark.args, **kept), append=False)
    for item in bodies:  # once all are seen, for those that differ in parameters share their names
        item.stash[_BODY] = True
        names = item.fixturenames  # type: ignore[attr-defined]
        names += [] if "benchmark" in names else ["benchmark"]
    return found


def _asks(item: pytest.Item) -> bool:
    """Return whether a test has the code of ``request.getfixturevalue("benchmark")``."""
    code = getattr(getattr(item, "function", None), "__code__", None)
    return (
        code is not None
        and "getfixturevalue" in code.co_names
        and not {*_NAMES}.isdisjoint(each for each in code.co_consts if isinstance(each, str))
    )


def has_body(item: pytest.Item) -> bool:
    """Return whether what is timed of a test is its body."""
    return _BODY in item.stash


class Handing(BenchmarkFixture):
    """The stock fixture, whose two ways to be called hand over the call."""

    swap: Swap

    def __call__(self, function_to_benchmark: Any, *args: Any, **kwargs: Any) -> Any:
        """Hand the call over, and do as the stock fixture does."""
        if self.swap.once:
            return self.pedantic(function_to_benchmark, args, kwargs)
        self.swap.meet(self, Call(function_to_benchmark, args, kwargs))
        stock: Any = super()
        return stock.__call__(function_to_benchmark, *args, **kwargs)

    def pedantic(  # noqa: PLR0913, PLR0917 - the interface of pytest-benchmark
        self,
        target: Any,
        args: Any = (),
        kwargs: Any = None,
        setup: Any = None,
        teardown: Any = None,
        rounds: Any = 1,
        warmup_rounds: Any = 0,
        iterations: Any = 1,
    ) -> Any:
        """Hand the call over, and do as the stock fixture does."""
        if self._mode:
            self.has_error = True
            raise FixtureAlreadyUsed("the benchmark fixture can only be used once in a test")
        self.swap.meet(self, Call(target, args, kwargs, setup, teardown))
        counts = (1, 0, 1) if self.swap.once else (rounds, warmup_rounds, iterations)
        stock: Any = super()
        return self.swap.see(stock.pedantic(target, args, kwargs, setup, teardown, *counts))


@dataclass(frozen=True, eq=False)
class Swap:
    """The plugin whose `benchmark` stands before that of pytest-benchmark.

    It is registered after that one; what a conftest makes of `benchmark` still stands before it.
    """

    meet: Callable[[BenchmarkFixture, Call], None]
    """Takes the fixture and the call, before the stock fixture times it."""
    see: Callable[[object], object] = lambda result: result
    """Takes what the call returned, and returns it."""
    once: bool = field(kw_only=True)
    """Whether the stock fixture then makes one round only."""

    @pytest.fixture
    def benchmark(self, benchmark: BenchmarkFixture) -> BenchmarkFixture:
        """Make the stock fixture hand over its call; one of another kind stays as it is."""
        if type(benchmark) is BenchmarkFixture:
            benchmark.__class__ = Handing
            benchmark.swap = self  # type: ignore[attr-defined]
        return benchmark

    @pytest.fixture
    def codspeed_benchmark(self, benchmark: BenchmarkFixture) -> BenchmarkFixture:
        """Return the same by the name that pytest-codspeed has for it."""
        return benchmark

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        """Hand over the body of a test that has the mark alone."""
        body: Any = pyfuncitem.obj
        if _BODY in pyfuncitem.stash:
            fixture: Any = pyfuncitem.funcargs["benchmark"]
            # Not a `partial`, which says that it is a coroutine's if the body is.
            pyfuncitem.obj = lambda *args, **kwargs: fixture(body, *args, **kwargs)
        try:
            return (yield)
        finally:
            pyfuncitem.obj = body
