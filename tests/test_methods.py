"""Every method keeps every law, on the special cases of the tables and on arbitrary arrays."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from relu_impls import METHODS, Method
from relu_impls.contract import LONGDOUBLE
from tests import reference
from tests.calls import Arguments, outputs, same_numbers
from tests.cases import Array
from tests.laws import LAWS, Law

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__.removeprefix("check_"))
@every_method
def test_method_keeps_law(method: Method, law: Law) -> None:
    law(method)


@st.composite
def any_view(draw: st.DrawFn, dtype: np.dtype[Any]) -> Array:
    """Draw an array of either byte order, or a view that steps through one."""
    order: Literal["=", "S"] = draw(st.sampled_from(["=", "S"]))
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9)
    array: Array = draw(hnp.arrays(dtype.newbyteorder(order), shapes))
    index: Any = draw(hnp.basic_indices(array.shape, allow_newaxis=True, allow_ellipsis=False))
    steps = index if isinstance(index, tuple) else (index,)
    view: Array = array[(*steps, ...)]
    return view


@st.composite
def any_arguments(draw: st.DrawFn, method: Method) -> Arguments:
    """Draw arguments of any dtype that both Hypothesis and `method` know."""
    names = sorted(method.contract.dtypes.keys() - LONGDOUBLE)
    x = draw(any_view(np.dtype(draw(st.sampled_from(names)))))
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
def test_method_keeps_its_contract_on_any_array(method: Method, data: st.DataObject) -> None:
    arrays = data.draw(any_arguments(method))
    before = {name: array.copy() for name, array in arrays.items()}
    found = outputs(method, arrays)
    x, grad = before["x"], before.get("grad")
    for output, array in zip(method.kind.outputs, found, strict=True):
        wanted = reference.array(method.contract, output.quantity, x, grad)
        dtype = wanted.dtype if output.argument is None else before[output.argument].dtype
        assert array.dtype == dtype
        assert array.shape == x.shape
        assert same_numbers(array, wanted).all(), (method.name, x, grad, array)
    for name in arrays.keys() - method.kind.writes:
        assert arrays[name].tobytes() == before[name].tobytes(), (method.name, name)
