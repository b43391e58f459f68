"""ReLU into a fresh array or a given buffer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.rows import Row
from benchmarks.suite import by_name, keys


@pytest.mark.parametrize("method, workload", keys("test_forward"))
def test_forward(method: str, workload: str, run_row: Callable[[Row], None]) -> None:
    """Time a method that leaves its input alone."""
    run_row(by_name(method, workload))
