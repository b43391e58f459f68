"""The article's experiment: its methods on its 5000x5000 array of float64.

A method in place runs on fresh data and on data that is rectified already: of the ten calls on
one array that the article timed, nine were of the second sort.
"""

from typing import Any

import pytest

from benchmarks import rows
from benchmarks.case import Case


@pytest.mark.parametrize("method, workload", rows.parameters("test_article"))
def test_article(case: Case, benchmark: Any) -> None:
    """Time a method as the article did, or should have."""
    case.check(benchmark.pedantic(case.function, setup=case.operands, rounds=case.rounds))
