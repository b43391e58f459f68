"""The floats and integers of ml_dtypes: every number they have, in every layout."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import ml_dtypes
import numpy as np
import pytest

from relu_impls import drelu, relu, relu_backward
from relu_impls.kernels import LAYOUTS as KERNELS
from tests.relu.cases import LAYOUTS, Array

NAMES: Final = sorted(name for name in dir(ml_dtypes) if re.match(r"b?float\d|u?int\d", name))
each_dtype: Final = pytest.mark.parametrize("name", NAMES)

Call = Callable[..., Array]


def _backward(x: Array, grad: Array, out: Array | None = None) -> Array:
    return relu_backward(grad, x, out=out)


CALLS: Final[dict[str, Call]] = {
    "relu": lambda x, _, out=None: relu(x, out=out),
    "drelu": lambda x, _, out=None: drelu(x, out=out),
    "relu_backward": _backward,
}
each_call: Final = pytest.mark.parametrize("call", CALLS)


@cache
def _every(name: str) -> Array:
    """Return every number of a dtype, in an order without order."""
    dtype = np.dtype(getattr(ml_dtypes, name))
    bits = int(re.findall(r"\d+", name)[0])
    patterns = np.random.default_rng(bits).permutation(1 << bits)
    return patterns.astype(f"u{dtype.itemsize}").view(dtype)


def _numbers(x: Array) -> Array:
    with np.errstate(invalid="ignore"):  # bfloat16 has NaNs that signal
        return x.astype(np.float64)


def _wanted(call: str, x: Array, grad: Array) -> Array:
    """Return what is right, in float64."""
    value = _numbers(x)
    passes = {"relu": value, "drelu": np.ones_like(value), "relu_backward": _numbers(grad)}[call]
    return np.where(np.isnan(value), np.nan, np.where(value > 0, passes, 0))


def _require(found: Array, call: str, x: Array, grad: Array, told: str = "") -> None:
    assert found.dtype.newbyteorder("=") == x.dtype.newbyteorder("=")
    np.testing.assert_array_equal(_numbers(found), _wanted(call, x, grad), told)


@each_call
@each_dtype
def test_every_number_comes_out_right_wherever_the_result_goes(name: str, call: str) -> None:
    function, every = CALLS[call], _every(name)
    for size in (every.size, 1 << 17):
        x = np.resize(every, size)
        grad = np.roll(x[::-1], 1)
        held = x.tobytes(), grad.tobytes()
        fresh = function(x, grad)
        _require(fresh, call, x, grad)
        assert (x.tobytes(), grad.tobytes()) == held
        out, own_x, own_grad = np.ones_like(x), x.copy(), grad.copy()
        assert function(x, grad, out) is out
        assert function(own_x, grad, own_x) is own_x
        assert function(x, own_grad, own_grad) is own_grad
        for found in (out, own_x, own_grad):
            assert found.tobytes() == fresh.tobytes()


@each_call
@each_dtype
def test_every_length_is_right_with_one_nan_anywhere_or_none(name: str, call: str) -> None:
    every, function = _every(name), CALLS[call]
    value = _numbers(every)
    numbers, nans = every[~np.isnan(value)], every[np.isnan(value)]
    block = KERNELS[every.dtype].block if every.dtype in KERNELS else 1 << 16
    for size in (*range(1, 68), 127, 128, 129, block - 1, block, block + 1, 2 * block + 3):
        x, grad = np.resize(numbers, size), np.resize(every, size)
        _require(function(x, grad), call, x, grad, f"{size} numbers")
        for place in {0, size // 2, size - 1} if nans.size else ():
            for nan in (nans[0], nans[-1]):
                x = np.resize(numbers, size)
                x[place] = nan
                _require(function(x, grad), call, x, grad, f"{size} numbers, NaN at {place}")


@each_call
@each_dtype
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_layout_makes_no_difference(layout: Any, name: str, call: str) -> None:
    every, function = _every(name), CALLS[call]
    for shape in ((every.size,), (2, every.size // 2), (1,), (1, 2, 1)):
        x, grad = np.resize(every, shape), np.resize(every[::-1], shape)
        given = layout.of(x), layout.of(grad)
        found = function(*given)
        assert found.dtype.isnative
        _require(found, call, x, grad)
        out = layout.of(np.ones_like(x))
        if layout.writeable:
            assert function(*given, out) is out
            _require(out, call, x, grad)


@each_call
@each_dtype
def test_nothing_gives_nothing(name: str, call: str) -> None:
    for shape in ((0,), (2, 0), (0, 3)):
        x = np.resize(_every(name), shape)
        for out in (None, x.copy(), x):
            found = CALLS[call](x, x, out)
            assert (found.shape, found.dtype) == (x.shape, x.dtype)


@each_call
@each_dtype
@pytest.mark.parametrize("shift", [-1, 1])
def test_a_part_of_an_argument_may_be_written_over(shift: int, name: str, call: str) -> None:
    every, function = _every(name), CALLS[call]
    for size in (100, 1 << 15):
        for which in (0, 1):
            base = [np.resize(every, size + 2), np.resize(every[::-1], size + 2)]
            x, grad = (each[1:-1] for each in base)
            before = x.copy(), grad.copy()
            out = base[which][1 + shift : size + 1 + shift]
            function(x, grad, out)
            _require(out, call, *before)


@each_call
@each_dtype
def test_no_dimensions_give_a_scalar_forward_and_an_array_backward(name: str, call: str) -> None:
    for number in _every(name)[:8]:
        for x in (number, np.array(number)):
            found = CALLS[call](x, x)
            kind = np.ndarray if call == "relu_backward" else type(number)
            assert type(found) is kind
            _require(np.asarray(found), call, np.asarray(x), np.asarray(x))


@each_call
@each_dtype
def test_no_call_takes_more_than_its_result_and_a_block(name: str, call: str) -> None:
    function, every = CALLS[call], _every(name)
    function(every, every)  # the first of a dtype looks at its numbers
    x, grad = np.resize(every, 700_000), np.resize(every[::-1], 700_000)
    for out, result in ((None, x.nbytes), (np.empty_like(x), 0), (x, 0), (grad, 0)):
        tracemalloc.start()
        function(x, grad, out)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= result + (1 << 18) + 8192, (peak, result)


def test_only_real_numbers_are_taken() -> None:
    refused = [name for name in dir(ml_dtypes) if "complex" in name]
    for name in refused:
        with pytest.raises(TypeError, match=f"x has dtype {name}; accepted: bool, integers"):
            relu(np.zeros(3, getattr(ml_dtypes, name)))


def test_the_package_does_not_import_ml_dtypes() -> None:
    code = "import sys, relu_impls; assert not {'ml_dtypes', 'concurrent.futures'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
