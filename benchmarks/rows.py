"""Which method runs on which workload, and what each row is called."""

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

_TESTS: Final[dict[Kind, str]] = {
    Kind.IN_PLACE: "test_inplace.py::test_inplace",
    Kind.DERIVATIVE: "test_gradient.py::test_derivative",
    Kind.BACKWARD: "test_gradient.py::test_backward",
    Kind.BACKWARD_IN_PLACE: "test_gradient.py::test_backward",
}


_PUBLIC: Final = frozenset({"relu", "drelu", "relu_backward"})
"""Methods that always run on 30,000 integers; the others have to be asked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """A method on a workload."""

    method: Method
    workload: Workload

    @property
    def node(self) -> str:
        """Node id of the test that times it, with its parameters."""
        test = _TESTS.get(self.method.kind, "test_forward.py::test_forward")
        if self.workload.asked_as == "article":
            test = "test_article.py::test_article"
        return f"benchmarks/{test}[{self.method.name}-{self.workload.name}]"

    @property
    def asked_as(self) -> str:
        """Word by which it has to be asked for; empty if it always runs."""
        integers = self.workload.asked_as == "int" and self.workload.name.endswith("-3e4")
        return "" if integers and self.method.name in _PUBLIC else self.workload.asked_as

    @property
    def group(self) -> str:
        """Rows of one group answer the same question and may be ranked."""
        data = self.workload.name.removesuffix("-rectified")  # One table, to show the artefact.
        return f"{_FAMILIES[self.method.kind.outputs[0].quantity]} {data}"


@cache
def all_rows() -> tuple[Row, ...]:
    """Return every row in display order: those that always run, and those to ask for."""
    every = (Row(m, w) for w in WORKLOADS.values() for m in METHODS.values())
    return tuple(row for row in every if _exists(row.method, row.workload))


def parameters(test: str) -> list[ParameterSet]:
    """Return the ``method, workload`` of each row that a test times."""
    found = [row for row in all_rows() if f"::{test}[" in row.node]
    return [pytest.param(r.method.name, r.workload.name, marks=_marks(r.method)) for r in found]


def _marks(method: Method) -> list[pytest.MarkDecorator]:
    """Ignore what every call warns of, by its class: to read the text takes 0.5 us a call."""
    always = [w for w in method.contract.warnings if w.when is When.ALWAYS and w.current]
    return [pytest.mark.filterwarnings(f"ignore::{w.category.__name__}") for w in always]


def _exists(method: Method, workload: Workload) -> bool:
    """Return whether a method is timed on a workload; in the article's experiment few are."""
    if workload.asked_as != "article":
        accepted = method.contract.accepts(np.dtype(workload.dtype))
        return accepted and (workload.signs is Signs.RANDOM or method.contract.data_dependent)
    if method.source != ARTICLE and not method.name.startswith("relu"):
        return False
    if workload.signs is Signs.RECTIFIED:
        return method.kind is Kind.IN_PLACE
    return method.kind is not Kind.BACKWARD
