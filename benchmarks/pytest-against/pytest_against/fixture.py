"""The `benchmark` fixture of pytest-benchmark, which first hands over what it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture, FixtureAlreadyUsed

from pytest_against.call import Call


class Handing(BenchmarkFixture):
    """The stock fixture, whose two ways to be called hand over the call.

    Attributes
    ----------
    swap : Swap
        Takes what is handed over.
    """

    swap: Swap

    def __call__(self, function_to_benchmark: Any, *args: Any, **kwargs: Any) -> Any:
        """Hand the call over, and do as the stock fixture does."""
        if self.swap.once:
            return self.pedantic(function_to_benchmark, args, kwargs)
        stock: Any = super()
        self.swap.meet(self, Call(function_to_benchmark, args, kwargs))
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
        return self.swap.seen(stock.pedantic(target, args, kwargs, setup, teardown, *counts))


class Swap:
    """The plugin whose `benchmark` stands before that of pytest-benchmark.

    It is registered after that one; what a conftest makes of `benchmark` still stands before it.

    Parameters
    ----------
    meet : callable
        Takes the fixture and the call, before the stock fixture times it.
    see : callable
        Takes what the call returned.
    once : bool
        Whether the stock fixture then makes one round only.
    """

    def __init__(
        self,
        meet: Callable[[BenchmarkFixture, Call], None],
        see: Callable[[object], None] = lambda _: None,
        *,
        once: bool,
    ) -> None:
        self.meet = meet
        self.once = once
        self._see = see

    def seen(self, result: object) -> object:
        """Show what a call returned, and return it."""
        self._see(result)
        return result

    @pytest.fixture
    def benchmark(self, benchmark: BenchmarkFixture) -> BenchmarkFixture:
        """Make the stock fixture hand over its call; one of another kind stays as it is."""
        if type(benchmark) is BenchmarkFixture:
            benchmark.__class__ = Handing
            benchmark.swap = self  # type: ignore[attr-defined]
        return benchmark
