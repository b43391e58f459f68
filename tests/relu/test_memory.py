"""No thread takes more than its part of the result and 256 KiB, whatever it is given."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import ml_dtypes
import numpy as np
import pytest

from relu_impls import drelu, relu, relu_backward
from relu_impls.threads import WORTH
from tests.relu.cases import KIB, Array

SIZE: Final = 300_000
SCRATCH: Final = 256 * KIB
OBJECTS: Final = 8 * KIB
"""Of a thread: slices, tasks, its context."""
DTYPES: Final = (
    "bool", "int8", "uint16", "int32", "int64", "float16", "float32", "float64", "longdouble",
    "m8[s]", "bfloat16", "float8_e4m3fn", "int4", "float4_e2m1fn",
)  # fmt: skip
NUMBERS: Final = {"plain": [1.0, 0.0, 2.0, 3.0], "NaN": [1.0, np.nan, 2.0, 3.0]}


def _every_other(x: Array) -> Array:
    whole = np.empty((x.shape[0], 2 * x.shape[-1]), x.dtype) if x.ndim > 1 else np.repeat(x, 2)
    part = whole[..., ::2]
    part[...] = x
    return part


LAYOUTS: Final[dict[str, Callable[[Array], Array]]] = {
    "contiguous": np.copy,
    "every other": _every_other,
    "part of a matrix": lambda x: _every_other(x.reshape(500, -1)),
    "part of a transposed one": lambda x: _every_other(x.reshape(-1, 500)).T,
    "in another byte order": lambda x: x.astype(x.dtype.newbyteorder("S")),
}
CALLS: Final[dict[str, Callable[..., Array]]] = {
    "relu": lambda x, _, **more: relu(x, **more),
    "drelu": lambda x, _, **more: drelu(x, **more),
    "relu_backward": lambda x, grad, **more: relu_backward(grad, x, **more),
}


def _scratch(call: Callable[[], Array]) -> int:
    """Return the bytes that a call takes beside a result of its own."""
    call()  # fills the caches of the interpreter
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    fresh = result.nbytes if after - before >= result.nbytes else 0
    return peak - before - fresh


def _numbers(dtype: np.dtype[Any], kind: str) -> Array:
    sign = -1 if dtype.kind not in "bu" else 1
    values: Any = [sign, *NUMBERS[kind]]
    if dtype.kind == "m":
        values = [sign, "NaT" if kind == "NaN" else 0, 3]
    return np.resize(np.array(values).astype(dtype), SIZE)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("name", DTYPES)
def test_scratch_is_small_whatever_is_computed(name: str, layout: Callable[[Array], Array]) -> None:
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    has_nan = dtype.kind in "fm" or name in {"bfloat16", "float8_e4m3fn"}
    for kind in NUMBERS if has_nan else ["plain"]:
        x, grad, other = (layout(_numbers(dtype, kind)) for _ in range(3))
        targets = {"a new array": None, "out": other, "grad": grad, "x": x}
        for of, call in CALLS.items() if dtype.kind != "m" else [("relu", CALLS["relu"])]:
            for target, out in targets.items():
                # NumPy's buffers of numbers of 16 bytes are larger.
                if (name, of, layout) == ("longdouble", "relu", LAYOUTS["in another byte order"]):
                    continue
                taken = _scratch(partial(call, x, grad, out=out))
                assert taken <= SCRATCH, f"{of} of {kind} numbers into {target}: {taken} bytes"


@pytest.mark.parametrize("name", ["int8", "float16", "float32", "float64", "float8_e4m3fn"])
@pytest.mark.parametrize("threads", [2, 5])
def test_each_thread_has_scratch_of_its_own(name: str, threads: int) -> None:
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    kind = "plain" if name == "int8" else "NaN"
    x = np.resize(_numbers(dtype, kind), WORTH // dtype.itemsize)
    for of, call in CALLS.items():
        for out in (None, x.copy()):
            taken = _scratch(partial(call, x, x, out=out, threads=threads))
            assert taken <= threads * (SCRATCH + OBJECTS), f"{of}: {taken} bytes"


@pytest.mark.parametrize("name", ["bool", "longdouble"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_what_is_done_in_small_buffers_has_the_right_numbers(
    name: str, layout: Callable[[Array], Array]
) -> None:
    numbers = _numbers(np.dtype(name), "NaN" if name == "longdouble" else "plain")
    x, grad = layout(numbers), layout(np.roll(numbers, 1))
    positive, nan = x > 0, x != x  # noqa: PLR0124 - NaN is not
    for call, wanted in ((CALLS["drelu"], positive), (CALLS["relu_backward"], positive * grad)):
        expected = np.where(nan, x, np.where(positive, wanted, 0))
        for out in (None, layout(numbers)):
            found = call(x, grad, out=out)
            np.testing.assert_array_equal(found, expected)
    assert relu_backward(grad, x, out=x) is x
    np.testing.assert_array_equal(x, expected)
