"""ReLU over its own input, on data that no earlier call has rectified."""

from typing import Any

import pytest

from benchmarks import rows
from benchmarks.case import Case


@pytest.mark.parametrize("method, workload", rows.parameters("test_inplace"))
def test_inplace(case: Case, benchmark: Any) -> None:
    """Time a method that works in place."""
    case.check(benchmark.pedantic(case.function, setup=case.operands, rounds=case.rounds))
