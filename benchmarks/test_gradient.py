"""The derivative of ReLU, and its backward pass."""

from typing import Any

import pytest

from benchmarks import rows
from benchmarks.case import Case


@pytest.mark.parametrize("method, workload", rows.parameters("test_derivative"))
def test_derivative(case: Case, benchmark: Any) -> None:
    """Time a derivative."""
    case.check(benchmark.pedantic(case.function, setup=case.operands, rounds=case.rounds))


@pytest.mark.parametrize("method, workload", rows.parameters("test_backward"))
def test_backward(case: Case, benchmark: Any) -> None:
    """Time a backward pass."""
    case.check(benchmark.pedantic(case.function, setup=case.operands, rounds=case.rounds))
