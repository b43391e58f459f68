"""The kernels of the public functions: one answer, whatever the size, layout and place of a NaN."""

from __future__ import annotations

import runpy
import tracemalloc
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from relu_impls import drelu, memory, relu, relu_backward
from relu_impls.kernels import LAYOUTS
from tests.relu.cases import Array, special_pairs

FLOATS: Final = ["float16", "float32", "float64"]
SOME: Final = [*FLOATS, "int8", "uint64"]
each_float: Final = pytest.mark.parametrize("dtype", FLOATS)
some_dtype: Final = pytest.mark.parametrize("dtype", SOME)

Function = Callable[..., Array]
Call = tuple[Function, tuple[str, ...]]
CALLS: Final[list[Call]] = [(relu, ("x",)), (drelu, ("x",)), (relu_backward, ("grad", "x"))]
each_call: Final = pytest.mark.parametrize("call", CALLS, ids=["relu", "drelu", "relu_backward"])

LAYOUT: Final[dict[str, Callable[[Array], Array]]] = {
    "plain": lambda a: a,
    "strided": lambda a: np.repeat(a, 2)[::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "unaligned": lambda a: np.frombuffer(
        bytearray(b"." + a.tobytes() + bytes(1)), a.dtype, a.size, 1
    ),
    "C": lambda a: a.reshape(4, -1),
    "Fortran": lambda a: np.asfortranarray(a.reshape(4, -1)),
    "part": lambda a: np.repeat(a.reshape(4, -1), 2, axis=1)[:, ::2],
}


def _answer(function: Function, given: dict[str, Array]) -> Array:
    """Return what is right, one obvious step after the other."""
    x = given["x"]
    where = {relu: x, drelu: np.ones_like(x), relu_backward: given["grad"]}[function]
    answer = np.zeros_like(x)
    answer[x > 0] = where[x > 0]
    if x.dtype.kind == "f":
        answer[np.isnan(x)] = np.nan
    return answer


def _given(dtype: str, size: int, nan: int | None) -> dict[str, Array]:
    """Return operands without a NaN in x, but for one of either sign at a place, and all beyond."""
    pairs, found = special_pairs(dtype), np.random.default_rng(size)
    numbers = pairs.x[~np.isnan(pairs.x)]
    x, grad = found.choice(numbers, size), found.choice(pairs.grad, size)
    if nan is not None:
        x[nan] = np.copysign(np.nan, -1 if size % 2 else 1)
        x[nan + 4096 :: 997] = np.copysign(np.nan, 1 if size % 2 else -1)
    return {"x": x, "grad": grad}


def _sizes(dtype: str) -> list[int]:
    """Return sizes beside each at which the way changes, multiples of four among them."""
    layout = LAYOUTS[np.dtype(dtype)]
    ends = [
        4,
        layout.few,
        layout.steps,
        layout.picks,
        layout.simple,
        layout.block,
        3 * layout.block,
        layout.zeros.size,
    ]
    return sorted({end + more for end in ends for more in (0, 1, 4) if end + more > 0})


def _places(dtype: str, *places: int) -> tuple[int | None, ...]:
    """Return the places of a NaN, of which integers have none."""
    return (None, *places) if dtype in FLOATS else (None,)


@each_call
@pytest.mark.parametrize("dtype", FLOATS)
def test_a_signalling_nan_is_no_error_at_any_size(dtype: str, call: Call) -> None:
    function, names = call
    quiet = np.array(np.nan, dtype).view(f"u{np.dtype(dtype).itemsize}")
    mantissa = np.finfo(dtype).nmant
    for size in _sizes(dtype)[:12]:
        given = _given(dtype, size, None)
        wanted = _answer(
            function, {**given, "x": np.where(np.arange(size) == 1, np.nan, given["x"])}
        )
        given["x"].view(quiet.dtype)[1] = quiet - (1 << mantissa - 1) + 1
        with np.errstate(all="raise"):
            found = function(*(given[name] for name in names))
        np.testing.assert_array_equal(found, wanted)


@each_call
@some_dtype
def test_the_answer_is_right_at_every_size_with_a_nan_anywhere_or_none(
    dtype: str, call: Call
) -> None:
    function, names = call
    for size in _sizes(dtype):
        for nan in _places(dtype, 0, size // 2, size - 1):
            given = _given(dtype, size, nan)
            wanted, before = _answer(function, given), {k: v.copy() for k, v in given.items()}
            arguments = [given[name] for name in names]
            told = f"{size} numbers, NaN at {nan}"
            np.testing.assert_array_equal(function(*arguments), wanted, told, strict=True)
            for name, array in given.items():
                assert array.tobytes() == before[name].tobytes(), f"{told}: {name} changed"
            for name in (*names, "out"):  # last, as it is written over
                out = (given | {"out": np.ones_like(wanted)})[name]
                held = {**before, name: out}
                if name != "out":
                    out[...] = before[name]
                assert function(*(held[each] for each in names), out=out) is out
                np.testing.assert_array_equal(out, wanted, f"{told}, into {name}", strict=True)


@each_call
@some_dtype
@pytest.mark.parametrize("name", LAYOUT)
def test_the_layout_makes_no_difference(name: str, dtype: str, call: Call) -> None:
    function, names = call
    for size in (each - each % 4 for each in _sizes(dtype)[::3]):
        for nan in _places(dtype, size - 1):
            given = {key: LAYOUT[name](array) for key, array in _given(dtype, size, nan).items()}
            arguments, wanted = [given[each] for each in names], _answer(function, given)
            np.testing.assert_array_equal(function(*arguments), wanted, strict=True)
            out = LAYOUT[name](np.ones(size, dtype))
            assert function(*arguments, out=out) is out
            np.testing.assert_array_equal(out, wanted, strict=True)


@each_call
@some_dtype
@pytest.mark.parametrize("shift", [-1, 1])
def test_a_part_of_an_argument_may_be_written_over(shift: int, dtype: str, call: Call) -> None:
    function, names = call
    for size in (100, 30_000, 200_000):
        for name in names:
            given = _given(dtype, size, None)
            base = {key: np.pad(array, 1, mode="reflect") for key, array in given.items()}
            held = {key: array[1:-1] for key, array in base.items()}
            wanted = _answer(function, held)
            out = base[name][1 + shift : size + 1 + shift]
            function(*(held[each] for each in names), out=out)
            np.testing.assert_array_equal(out, wanted)


@some_dtype
def test_one_array_may_be_all_arguments(dtype: str) -> None:
    for size in _sizes(dtype):
        for shape in ((size,), (2, size)):
            x = _given(dtype, int(np.prod(shape)), _places(dtype, 3)[-1])["x"].reshape(shape)
            wanted = _answer(relu_backward, {"x": x, "grad": x.copy()})
            assert relu_backward(x, x, out=x) is x
            np.testing.assert_array_equal(x, wanted)


@each_call
def test_every_float16_is_right(call: Call) -> None:
    function, names = call
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    for operands in (x, *x.reshape(-1, 32)):
        given = {"x": operands, "grad": operands[::-1].copy()}
        found = function(*(given[name] for name in names))
        np.testing.assert_array_equal(found, _answer(function, given), strict=True)


@each_call
@each_float
@pytest.mark.parametrize("nan", [None, 7])
def test_no_call_takes_more_than_its_result_and_a_block(
    nan: int | None, dtype: str, call: Call
) -> None:
    function, names = call
    given = _given(dtype, 700_000, nan)
    arguments = [given[name] for name in names]
    out = np.empty_like(given["x"])
    for target, result in ((None, out.nbytes), (out, 0), *((given[name], 0) for name in names)):
        tracemalloc.start()
        function(*arguments, out=target)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= result + (1 << 18) + 8192, (peak, result)


def test_zeros_are_zero_and_stay_so_whether_they_can_be_mapped_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("mmap.MAP_ANONYMOUS", raising=False)
    module = runpy.run_path(str(memory.__file__))  # as on a system without
    for held in (module["ZEROS"], memory.ZEROS):
        zeros = np.frombuffer(held)
        assert (zeros.nbytes, bool(zeros.any())) == (1 << 22, False)
        assert not zeros.flags.writeable
