"""To a type checker, each container of the page comes out as what it is."""

from __future__ import annotations

import pytest

from benchmarks.results.container_cases import Case, cases
from relu_impls.signatures import AnyContainer


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_every_container_has_what_the_overloads_know_it_by(case: Case) -> None:
    assert isinstance(case.x, AnyContainer)
    assert isinstance(case.grad, AnyContainer)
