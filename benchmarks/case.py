"""One row ready to be called, and the check of what came of the call."""

import argparse
import os
import timeit
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import passes, reference
from benchmarks.rows import Row
from benchmarks.workloads import Workload
from pytest_against import Operands
from relu_impls.contract import Quantity

_WORKER: Final = "PYTEST_AGAINST"
"""Set where the gate runs the tests: to ``timing``, where it is in a hurry, or to ``checks``."""

_SAMPLE: Final = 1000
"""Numbers of an array that are compared in a hurry; otherwise all are."""


class Case:
    """One row ready to be called; it fails if its data is not what was frozen."""

    def __init__(self, row: Row, benchmark: BenchmarkFixture, option: argparse.Namespace) -> None:
        self._row, self._benchmark, self._option = row, benchmark, option
        self._names, writes = row.method.kind.arguments, row.method.kind.writes
        self._dtype = row.method.contract.result_dtype(np.dtype(row.workload.dtype))
        self._hurried = os.environ.get(_WORKER) == "timing"
        self._step = max(1, row.workload.size // _SAMPLE) if self._hurried else 1
        benchmark.group = row.group
        benchmark.extra_info["inputs"] = row.workload.digest
        benchmark.has_error = True  # Until it passed: a row that fails must not be saved.
        if not self._hurried and (why := row.workload.changed()):
            pytest.fail(why, pytrace=False)
        self._variants = _variants(self._names, row.workload, self._dtype)
        self.function = row.method.function
        written = [place for place, name in enumerate(self._names) if name in writes]
        self.operands = Operands(*self._variants, writes=written)

    @property
    def rounds(self) -> int:
        """Rounds that take ``--benchmark-max-time``, at most 10,000; the gate counts its own."""
        if _WORKER in os.environ or self._benchmark.disabled:
            return 1
        seconds = min(timeit.repeat(self._call, number=1, repeat=2))
        fitting = int(float(self._option.benchmark_max_time) / seconds)
        return max(int(self._option.benchmark_min_rounds), min(10_000, fitting))

    def _call(self) -> None:
        self.function(*self.operands()[0])

    def check(self, result: object) -> None:
        """Fail unless the latest call gave the right answer; then count the passes of a call."""
        if found := self.difference(result):
            name = f"{self._row.method.name}[{self._row.workload.name}]"
            pytest.fail(f"{name} diverges: {found}", pytrace=False)
        if not self._hurried:
            number = passes.count(self.function, self.operands()[0])
            self._benchmark.extra_info["exact"] = {"passes": number}
        self._benchmark.has_error = False

    def difference(self, result: object) -> str:
        """Say how the outcome of the latest call differs from the right one, if it does."""
        arguments, variant = self.operands.arguments, self.operands.variant
        outputs = self._row.method.kind.outputs
        answers = {
            o.argument: _answer(o.quantity, self._row.workload, self._dtype, variant, self._step)
            for o in outputs
        }
        before = zip(self._names, arguments, self._variants[variant], strict=True)
        for name, argument, pristine in before:
            expected = answers[name] if name in answers else pristine.ravel()[:: self._step]
            if found := reference.difference(argument, expected, self._step):
                return f"{'written' if name in answers else 'read-only'} argument {name} {found}"
        if (into := outputs[0].argument) is not None:
            right = result is arguments[self._names.index(into)]
            return "" if right else f"result is not the argument {into}"
        if not isinstance(result, np.ndarray):
            return f"result is a {type(result).__name__}, expected an array"
        if any(np.may_share_memory(result, argument) for argument in arguments):
            return "result shares memory with an argument, expected a fresh array"
        if result.shape != self._row.workload.shape:
            return f"result has shape {result.shape}, expected {self._row.workload.shape}"
        found = reference.difference(result, answers[None], self._step)
        return found and f"result {found}"


@lru_cache(maxsize=2)
def _variants(
    names: tuple[str, ...], workload: Workload, dtype: np.dtype[Any]
) -> tuple[tuple[NDArray[Any], ...], ...]:
    """Return the arguments of a call in every variant; buffers hold what no method may leave."""
    xs = workload.operands("x")
    never = np.nan if dtype.kind == "f" else np.iinfo(dtype).max
    found: dict[str, Any] = {
        "x": lambda: xs,
        "grad": lambda: workload.operands("grad"),
        "out": lambda: [np.full_like(xs[0], never, dtype)] * len(xs),
        "mask": lambda: [np.less_equal(x, 0) for x in xs],
    }
    return tuple(zip(*(found[name]() for name in names), strict=True))


@lru_cache(maxsize=8)
def _answer(
    quantity: Quantity, workload: Workload, dtype: np.dtype[Any], variant: int, step: int
) -> NDArray[Any]:
    grad = "grad" if quantity is Quantity.BACKWARD else "x"
    x, grads = (workload.operands(name)[variant].ravel()[::step] for name in ("x", grad))
    return reference.answer(quantity, x, grads, dtype)
