"""The article's experiment: its methods on its 5000x5000 array of float64.

A method that works in place runs on fresh data and on data that is rectified already.  The
article timed ten calls in a row on one array, so that nine of them were of the second sort.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.rows import Row
from benchmarks.suite import by_name, keys


@pytest.mark.parametrize("method, workload", keys("test_article"))
def test_article(method: str, workload: str, run_row: Callable[[Row], None]) -> None:
    """Time a method as the article did, or should have."""
    run_row(by_name(method, workload))
