"""Every method allocates the memory and makes the passes that its contract promises."""

from __future__ import annotations

import sys
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import pytest

from benchmarks.passes import count
from relu_impls import Method, drelu, relu, relu_backward
from tests.relu import cases
from tests.relu.calls import accepted, arguments, every_method, outputs
from tests.relu.cases import Array, Sample

HEADERS: Final = 4096 + (2048 if sys.gettrace() else 0)
"""Bytes that array objects and NumPy's iterator may take beside the data, and a tracer of lines."""

BUFFERS_EVERY_OPERAND: Final = np.lib.NumpyVersion(np.__version__) < "2.3.0"
"""Casting in several dimensions, older releases buffer every operand (numpy/numpy#27883)."""


@every_method
@pytest.mark.skipif(sys.platform != "linux", reason="NumPy reuses temporaries on Linux only")
def test_peak_memory(method: Method) -> None:
    for dtype in accepted(method, "float32", "float64"):
        itemsize = np.dtype(dtype).itemsize
        x = np.array([-1.0, 2.0, 3.0], dtype=dtype)
        for nbytes in (*cases.ELISION_SIZES, 1024 * cases.KIB):
            size = nbytes // itemsize
            for shape in ((size,), (4, size // 4)):
                many = BUFFERS_EVERY_OPERAND and len(shape) > 1
                buffers = 3 * np.getbufsize() * itemsize if many else 0
                peak = _peak(partial(outputs, method, arguments(method, Sample(x, x), shape)))
                wanted = method.peak_bytes(size, itemsize)
                told = f"{method.name}, {dtype}, {shape}: expected {wanted} bytes, got {peak}"
                assert wanted - HEADERS <= peak <= wanted + HEADERS + buffers, told


def _peak(call: Callable[[], object]) -> int:
    call()  # fills the caches of the interpreter
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak - before


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "i4"])
@pytest.mark.parametrize("call", [relu, drelu, lambda x: relu_backward(x, x)])
def test_no_layout_takes_an_array_of_scratch(call: Callable[..., Array], dtype: str) -> None:
    whole = np.resize(np.array([-1, 2, 3], dtype), (1000, 1200))
    for x in (whole[:, ::2], whole[::2], whole[:, :600].T):
        assert _peak(partial(call, x)) - x.nbytes < 300 * cases.KIB


@every_method
def test_passes(method: Method) -> None:
    for dtype in accepted(method):
        for shape in ((67,), (3, 40), (8200,)):
            given = arguments(method, cases.specials(dtype), shape)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = count(method.function, tuple(given.values()))
            told = f"{method.name}, {dtype}: expected {method.contract.passes}, got {found}"
            assert found == method.contract.passes, told
