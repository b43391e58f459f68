"""The rows of this project: every method on every workload that it accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from benchmarks import reference
from benchmarks.rows import Array, Case, Inputs, Row, Suite
from benchmarks.workloads import WORKLOADS, Signs, Workload
from relu_impls import METHODS, Kind, Method
from relu_impls.contract import Quantity, When
from relu_impls.forward import ARTICLE

_CACHE_LINE: Final = 64

_BUFFERS_EVERY_OPERAND: Final = np.lib.NumpyVersion(np.__version__) < "2.3.0"
"""Whether casting in several dimensions does; newer releases buffer only what they cast."""

_FAMILY: Final = {
    Quantity.RELU: "forward",
    Quantity.DERIVATIVE: "derivative",
    Quantity.BACKWARD: "backward",
}

_KERNELS: Final[Mapping[Kind, Callable[..., Array]]] = {
    Kind.FRESH: np.negative,
    Kind.OUT: lambda x, out: np.negative(x, out=out),
    Kind.IN_PLACE: lambda x: np.negative(x, out=x),
    Kind.FUSED: lambda x, out, _mask: np.negative(x, out=out),
    Kind.DERIVATIVE: np.negative,
    Kind.BACKWARD: lambda grad, _x: np.negative(grad),
    Kind.BACKWARD_IN_PLACE: lambda grad, _x: np.negative(grad, out=grad),
}
"""The plainest pass with the same memory character: fresh output, given output or in place."""

_TESTS: Final = {
    Kind.IN_PLACE: "benchmarks/test_inplace.py::test_inplace",
    Kind.DERIVATIVE: "benchmarks/test_gradient.py::test_derivative",
    Kind.BACKWARD: "benchmarks/test_gradient.py::test_backward",
    Kind.BACKWARD_IN_PLACE: "benchmarks/test_gradient.py::test_backward",
}


def all_rows() -> list[Row]:
    """Return every row, in display order: those that run by default, and those to ask for."""
    return [
        row(method, workload)
        for workload in WORKLOADS.values()
        for method in METHODS.values()
        if (_in_article if _is_article(workload) else _in_general)(method, workload)
    ]


def default_rows() -> list[Row]:
    """Return the rows that run by default, in display order."""
    return [row for row in all_rows() if not row.asked_as]


def keys(test: str) -> list[tuple[str, str]]:
    """Return the method and the workload of each row that a test times, to parametrize it with.

    Parameters
    ----------
    test : str
        Name of the test's function.
    """
    return [(row.method, row.workload) for row in all_rows() if row.test.endswith(f"::{test}")]


def by_name(method: str, workload: str) -> Row:
    """Return the row of the method and the workload with these names."""
    return row(METHODS[method], WORKLOADS[workload])


def rectified_pairs(seconds: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    """Yield the times of each method that ran on fresh and on rectified data.

    Parameters
    ----------
    seconds : mapping of str to float
        Times by name of the benchmark.

    Yields
    ------
    tuple of str, float and float
        The method, its time on fresh data, and on rectified data.
    """
    for name, done in seconds.items():
        fresh = seconds.get(name.replace("-article-rectified", "-article"))
        if name.endswith("-article-rectified]") and fresh is not None:
            yield name.split("[")[1].removesuffix("-article-rectified]"), fresh, done


def row(method: Method, workload: Workload) -> Row:
    """Return the row of `method` on `workload`."""
    family = _FAMILY[method.kind.outputs[0].quantity]
    dtype = method.contract.result_dtype(np.dtype(workload.dtype))
    return Row(
        method=method.name,
        workload=workload.name,
        # Fresh and rectified data stand in one table, so that the artefact is seen.
        group=f"{family} {workload.name.removesuffix('-rectified')}",
        function=method.function,
        inputs=partial(_inputs, method.kind, dtype, workload),
        case=partial(_case, method.kind, dtype, workload),
        kernel=_KERNELS[method.kind],
        test=_test(method.kind, workload),
        workload_digest=workload.digest,
        warns=tuple(
            w.category for w in method.contract.warnings if w.when is When.ALWAYS and w.current
        ),
        more_bytes=_more_bytes(method, workload),
        asked_as=workload.asked_as,
    )


def _more_bytes(method: Method, workload: Workload) -> int:
    more = method.matrix_bytes(workload.size, np.dtype(workload.dtype).itemsize)
    return more if len(workload.shape) > 1 and _BUFFERS_EVERY_OPERAND else 0


def _test(kind: Kind, workload: Workload) -> str:
    if _is_article(workload):
        return "benchmarks/test_article.py::test_article"
    return _TESTS.get(kind, "benchmarks/test_forward.py::test_forward")


def _in_general(method: Method, workload: Workload) -> bool:
    return method.contract.accepts(np.dtype(workload.dtype)) and (
        workload.signs is Signs.RANDOM or method.contract.data_dependent
    )


def _is_article(workload: Workload) -> bool:
    return workload.name.startswith("article")


def _in_article(method: Method, workload: Workload) -> bool:
    """Return whether the article has it: those that work in place, on fresh and rectified data."""
    if method.source != ARTICLE and not method.name.startswith("relu"):
        return False
    if workload.signs is Signs.RECTIFIED:
        return method.kind is Kind.IN_PLACE
    return method.kind is not Kind.BACKWARD


def _inputs(kind: Kind, dtype: np.dtype[Any], workload: Workload) -> Inputs:
    first, *others = _operands(kind, dtype, workload)
    return Inputs(operands=first, writes=kind.writes, variants=tuple(others))


def _operands(kind: Kind, dtype: np.dtype[Any], workload: Workload) -> list[dict[str, Array]]:
    """Return the arguments of a call, for every variant of the workload."""
    workload.verify()
    columns = [_variants(name, workload, dtype) for name in kind.arguments]
    return [dict(zip(kind.arguments, found, strict=True)) for found in zip(*columns, strict=True)]


@lru_cache(maxsize=8)
def _variants(name: str, workload: Workload, dtype: np.dtype[Any]) -> tuple[Array, ...]:
    """Return an input, or a buffer full of what no method may leave in it, for every variant."""
    every = range(workload.variants)
    match name:
        case "out":
            return (np.full_like(workload.operand("x"), np.nan, dtype),) * len(every)
        case "mask":
            return tuple(np.less_equal(workload.operand("x", variant), 0) for variant in every)
        case _:
            return tuple(workload.operand(name, variant) for variant in every)


def _case(kind: Kind, dtype: np.dtype[Any], workload: Workload) -> Case:
    columns = [
        _answers(output.quantity, workload, _dtype(output.quantity, dtype))
        for output in kind.outputs
    ]
    first, *others = (
        _variant(kind, operands, answers)
        for operands, *answers in zip(_operands(kind, dtype, workload), *columns, strict=True)
    )
    return replace(first, variants=tuple(others))


def _variant(kind: Kind, operands: Mapping[str, Array], found: Sequence[Array]) -> Case:
    named = [output.argument for output in kind.outputs]
    answers = dict(zip(named, found, strict=True))
    written = {name: answer for name, answer in answers.items() if name is not None}
    least = operands["x"].nbytes + sum(
        answer.nbytes if name is None else _changed_bytes(operands[name], answer)
        for name, answer in answers.items()
    )
    first = kind.outputs[0]
    return Case(
        operands=operands,
        written=written,
        returned=first.argument or answers[None],
        least_bytes=least,
    )


def _dtype(quantity: Quantity, dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.bool_) if quantity is Quantity.MASK else dtype


@lru_cache(maxsize=8)
def _answers(quantity: Quantity, workload: Workload, dtype: np.dtype[Any]) -> tuple[Array, ...]:
    found = []
    for variant in range(workload.variants):
        grad = workload.operand("grad", variant) if quantity is Quantity.BACKWARD else None
        found.append(reference.answer(quantity, workload.operand("x", variant), grad, dtype))
        found[-1].flags.writeable = False
    return tuple(found)


def _changed_bytes(before: Array, after: Array) -> int:
    """Bytes of the cache lines in which `after` differs from `before`."""
    changed = (before != after).ravel(order="K")
    per_line = _CACHE_LINE // before.itemsize
    lines = np.add.reduceat(changed, np.arange(0, changed.size, per_line))
    return int(np.count_nonzero(lines)) * _CACHE_LINE


def _functions(package: ModuleType) -> dict[str, Callable[..., Any]]:
    return {name: method.function for name, method in package.METHODS.items()}


SUITE: Final = Suite(
    name="benchmarks.suite",
    package="relu_impls",
    rows=all_rows,
    functions=_functions,
    folder=Path(__file__).parent,
)
"""The rows of this project, for the gate."""
