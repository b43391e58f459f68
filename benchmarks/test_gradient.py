"""The derivative of ReLU, and its backward pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.rows import Row
from benchmarks.suite import by_name, keys


@pytest.mark.parametrize("method, workload", keys("test_derivative"))
def test_derivative(method: str, workload: str, run_row: Callable[[Row], None]) -> None:
    """Time a derivative."""
    run_row(by_name(method, workload))


@pytest.mark.parametrize("method, workload", keys("test_backward"))
def test_backward(method: str, workload: str, run_row: Callable[[Row], None]) -> None:
    """Time a backward pass."""
    run_row(by_name(method, workload))
