"""ReLU into a fresh array or a given buffer."""

from typing import Any

import pytest

from benchmarks import rows
from benchmarks.case import Case


@pytest.mark.parametrize("method, workload", rows.parameters("test_forward"))
def test_forward(case: Case, benchmark: Any) -> None:
    """Time a method that leaves its input alone."""
    case.check(benchmark.pedantic(case.function, setup=case.operands, rounds=case.rounds))
