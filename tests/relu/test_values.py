"""Every method returns the promised numbers, for every dtype, number, shape and layout."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from relu_impls import Method
from relu_impls.contract import LONGDOUBLE
from tests.relu import cases, reference
from tests.relu.calls import (
    Arguments,
    accepted,
    arguments,
    copies,
    every_method,
    outputs,
    require_numbers,
    require_zero_signs,
    same_numbers,
    sample_of,
)
from tests.relu.cases import CONTIGUOUS, Array


@every_method
def test_every_float16(method: Method) -> None:
    for _ in accepted(method, "float16"):
        require_numbers(method, cases.every_float16(), 2**16)


@every_method
def test_special_values(method: Method) -> None:
    for dtype in accepted(method):
        sample = sample_of(method, dtype)
        require_numbers(method, sample, sample.x.size)


@every_method
def test_signs_of_zero(method: Method) -> None:
    for dtype in accepted(method):
        for size in (67, 8200):
            require_zero_signs(method, sample_of(method, dtype), size, CONTIGUOUS)
            require_zero_signs(method, sample_of(method, dtype), size, cases.STRIDED)
    for _ in accepted(method, "float16"):
        require_zero_signs(method, cases.every_float16(), 2**16, CONTIGUOUS)


@every_method
def test_scalars(method: Method) -> None:
    for dtype in accepted(method):
        sample = cases.specials(dtype)
        for index in range(sample.x.size):
            require_numbers(method, sample.at(index), ())


@every_method
def test_shapes(method: Method) -> None:
    for dtype in accepted(method):
        for shape in cases.SHAPES:
            require_numbers(method, cases.specials(dtype), shape)


@every_method
def test_lengths(method: Method) -> None:
    for dtype in accepted(method):
        for length in cases.LENGTHS:
            require_numbers(method, cases.specials(dtype), length)


@every_method
def test_sizes_at_which_numpy_reuses_temporaries(method: Method) -> None:
    for dtype in accepted(method, "float32", "float64"):
        for nbytes in cases.ELISION_SIZES:
            require_numbers(method, cases.specials(dtype), nbytes // np.dtype(dtype).itemsize)


@every_method
def test_layouts(method: Method) -> None:
    for dtype in accepted(method):
        for layout in cases.LAYOUTS:
            for only in (None, *(frozenset({name}) for name in method.kind.arguments)):
                require_numbers(method, cases.specials(dtype), 131, layout, only)
                require_numbers(method, cases.specials(dtype), (3, 5, 7), layout, only)


@every_method
def test_layouts_beyond_the_buffer(method: Method) -> None:
    for dtype in accepted(method, "float32", "float64", "int8"):
        for layout in cases.LAYOUTS:
            require_numbers(method, cases.specials(dtype), (2, 8209), layout)


@every_method
def test_dtypes(method: Method) -> None:
    for dtype in accepted(method):
        for layout in (CONTIGUOUS, *cases.LAYOUTS):
            given_arrays = arguments(method, cases.specials(dtype), (3, 5, 7), layout)
            dtypes = {name: array.dtype for name, array in given_arrays.items()}
            fresh = method.contract.result_dtype(np.dtype(dtype))
            found = outputs(method, given_arrays)
            for output, array in zip(method.kind.outputs, found, strict=True):
                wanted = fresh if output.argument is None else dtypes[output.argument]
                told = f"{method.name}, {dtypes['x']}: expected {wanted!r}, got {array.dtype!r}"
                assert array.dtype == wanted, told


@st.composite
def _any_view(draw: st.DrawFn, dtype: np.dtype[Any]) -> Array:
    """Draw an array of either byte order, or a view that steps through one."""
    order: Literal["=", "S"] = draw(st.sampled_from(["=", "S"]))
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9)
    array: Array = draw(hnp.arrays(dtype.newbyteorder(order), shapes))
    index: Any = draw(hnp.basic_indices(array.shape, allow_newaxis=True, allow_ellipsis=False))
    steps = index if isinstance(index, tuple) else (index,)
    view: Array = array[(*steps, ...)]
    return view


@st.composite
def _any_arguments(draw: st.DrawFn, method: Method) -> Arguments:
    """Draw arguments of any dtype that both Hypothesis and `method` know."""
    names = sorted(method.contract.dtypes.keys() - LONGDOUBLE)
    x = draw(_any_view(np.dtype(draw(st.sampled_from(names)))))
    pool = {
        "x": x,
        "grad": draw(hnp.arrays(x.dtype, x.shape)),
        "out": np.ones_like(x),
        "mask": np.ones(x.shape, dtype=np.bool_),
    }
    return {name: pool[name] for name in method.kind.arguments}


@every_method
@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.data())
def test_any_array(method: Method, data: st.DataObject) -> None:
    arrays = data.draw(_any_arguments(method))
    before = copies(arrays)
    found = outputs(method, arrays)
    x, grad = before["x"], before.get("grad")
    for output, array in zip(method.kind.outputs, found, strict=True):
        wanted = reference.array(method.contract, output.quantity, x, grad)
        dtype = wanted.dtype if output.argument is None else before[output.argument].dtype
        told = f"{method.name}: x={x!r}, grad={grad!r}: expected {wanted!r}, got {array!r}"
        assert array.dtype == dtype, told
        assert array.shape == x.shape, told
        assert same_numbers(array, wanted).all(), told
    for name in arrays.keys() - method.kind.writes:
        changed = f"{method.name}: the bytes of {name} changed"
        assert arrays[name].tobytes() == before[name].tobytes(), changed
