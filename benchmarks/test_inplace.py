"""ReLU over its own input, on data that no earlier call has rectified."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.rows import Row
from benchmarks.suite import by_name, keys


@pytest.mark.parametrize("method, workload", keys("test_inplace"))
def test_inplace(method: str, workload: str, run_row: Callable[[Row], None]) -> None:
    """Time a method that works in place."""
    run_row(by_name(method, workload))
