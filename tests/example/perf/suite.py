"""The rows: every function on every workload."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import squares

from benchmarks.rows import Array, Case, Inputs, Row, Suite
from perf.workloads import WORKLOADS, answer, digest


def _inputs(x: Array) -> Inputs:
    return Inputs(operands={"x": x}, writes=frozenset())


def _case(x: Array) -> Case:
    return Case(operands={"x": x}, written={}, returned=answer(x), least_bytes=2 * x.nbytes)


def _functions(package: ModuleType) -> dict[str, Callable[..., Any]]:
    return {"multiply": package.multiply, "power": package.power}


def rows() -> list[Row]:
    """Return the rows in display order."""
    return [
        Row(
            method=name,
            workload=workload,
            group=f"square {workload}",
            function=function,
            inputs=partial(_inputs, x),
            case=partial(_case, x),
            kernel=np.negative,
            test="perf",
            workload_digest=digest(x),
        )
        for workload, x in WORKLOADS.items()
        for name, function in _functions(squares).items()
    ]


SUITE: Final = Suite(
    name="perf.suite",
    package="squares",
    rows=rows,
    functions=_functions,
    folder=Path(__file__).parent,
)
