"""What the suite knows of its rows, for the engine's page: their sizes, and their contracts."""

import numpy as np

from benchmarks.results.pages import COLUMNS, contract
from benchmarks.workloads import WORKLOADS
from pytest_against.model import Row
from pytest_against.page import About
from relu_impls import METHODS, Method
from relu_impls.contract import Quantity


def about(row: Row) -> About:
    """Return what is known of a row; nothing of one that is not there any more."""
    method, workload = METHODS.get(row.method), WORKLOADS.get(row.workload)
    if method is None:
        return About()
    facts = {title: cell.strip("`") for title, cell in zip(COLUMNS, contract(method), strict=True)}
    del facts["method"]  # the engine names it
    if workload is None:
        return About(facts=facts)
    moved = _moved(method, np.dtype(workload.dtype))
    return About(size=workload.size, nbytes=moved * workload.size, facts=facts)


def _moved(method: Method, dtype: np.dtype[np.generic]) -> int:
    """Return the bytes of one element of every operand that is read, and of every output."""
    result = np.dtype(method.contract.dtypes[dtype.name])
    read = dtype.itemsize * len({"x", "grad"}.intersection(method.kind.arguments))
    masks = sum(output.quantity is Quantity.MASK for output in method.kind.outputs)
    return read + result.itemsize * (len(method.kind.outputs) - masks) + masks
