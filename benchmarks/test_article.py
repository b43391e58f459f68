"""The article's experiment: its methods on its 5000x5000 array of float64.

A method that works in place runs on fresh data and on data that is rectified already.  The
article timed ten calls in a row on one array, so that nine of them were of the second sort.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import rows
from benchmarks.case import Case


@pytest.mark.parametrize("method, workload", rows.parameters("test_article"))
def test_article(case: Case, benchmark: Any) -> None:
    """Time a method as the article did, or should have."""
    case.check(benchmark.pedantic(case.function, setup=case.operands, rounds=case.rounds))
