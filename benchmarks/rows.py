"""Which method runs on which workload, and what each row is called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from benchmarks.workloads import WORKLOADS, Signs, Workload
from relu_impls import METHODS, Kind, Method
from relu_impls.contract import Quantity, When
from relu_impls.methods import ARTICLE

_FAMILIES: Final = {
    Quantity.RELU: "forward",
    Quantity.DERIVATIVE: "derivative",
    Quantity.BACKWARD: "backward",
}

_TESTS: Final[dict[Kind | str, str]] = {
    "article": "test_article.py::test_article",
    Kind.IN_PLACE: "test_inplace.py::test_inplace",
    Kind.DERIVATIVE: "test_gradient.py::test_derivative",
    Kind.BACKWARD: "test_gradient.py::test_backward",
    Kind.BACKWARD_IN_PLACE: "test_gradient.py::test_backward",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A method on a workload.

    Attributes
    ----------
    method, workload : Method, Workload
        What is called, and with what.
    test, node : str
        Name of the test that times it, and node id of that test with its parameters.
    group : str
        Rows of one group answer the same question and may be ranked.
    asked_as : str
        Word by which it has to be asked for; empty if it always runs.
    """

    method: Method
    workload: Workload
    test: str
    group: str
    node: str
    asked_as: str

    @classmethod
    def of(cls, method: Method, workload: Workload) -> Row:
        """Return the row of a method on a workload."""
        kind = "article" if _is_article(workload) else method.kind
        test = _TESTS.get(kind, "test_forward.py::test_forward")
        data = workload.name.removesuffix("-rectified")  # One table, so that the artefact is seen.
        return cls(
            method=method,
            workload=workload,
            test=test.partition("::")[2],
            group=f"{_FAMILIES[method.kind.outputs[0].quantity]} {data}",
            node=f"benchmarks/{test}[{method.name}-{workload.name}]",
            asked_as=workload.asked_as,
        )


@cache
def all_rows() -> tuple[Row, ...]:
    """Return every row in display order: those that always run, and those to ask for."""
    return tuple(
        Row.of(method, workload)
        for workload in WORKLOADS.values()
        for method in METHODS.values()
        if (_in_article if _is_article(workload) else _in_general)(method, workload)
    )


def parameters(test: str) -> list[ParameterSet]:
    """Return the ``method, workload`` of each row that a test times."""
    found = [row for row in all_rows() if row.test == test]
    return [pytest.param(r.method.name, r.workload.name, marks=_marks(r.method)) for r in found]


def _marks(method: Method) -> list[pytest.MarkDecorator]:
    """Ignore what every call warns of, by its class: to read the text takes 0.5 us a call."""
    always = [w for w in method.contract.warnings if w.when is When.ALWAYS and w.current]
    return [pytest.mark.filterwarnings(f"ignore::{w.category.__name__}") for w in always]


def _in_general(method: Method, workload: Workload) -> bool:
    accepted = method.contract.accepts(np.dtype(workload.dtype))
    return accepted and (workload.signs is Signs.RANDOM or method.contract.data_dependent)


def _is_article(workload: Workload) -> bool:
    return workload.name.startswith("article")


def _in_article(method: Method, workload: Workload) -> bool:
    """Return whether the article has it: those that work in place, on fresh and rectified data."""
    if method.source != ARTICLE and not method.name.startswith("relu"):
        return False
    if workload.signs is Signs.RECTIFIED:
        return method.kind is Kind.IN_PLACE
    return method.kind is not Kind.BACKWARD
