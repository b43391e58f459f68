"""Bad input is refused, with a message that names what was given and what is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

from relu_impls import drelu, relu, relu_backward
from tests.relu.cases import Array

X: Final = np.array([-1.0, 2.0, 3.0])


NOT_REAL: Final = (
    (np.array([1j]), "complex128"),
    (1j, "complex128"),
    (np.array([1.0, None]), "object"),
    (None, "object"),
    ([2**70], "object"),
    ("1.5", "<U3"),
    (["a", "bc"], "<U2"),
    (b"1.5", "|S3"),
    (np.array(["2020-01-01"], dtype="M8[D]"), "datetime64[D]"),
    (np.zeros(2, dtype=[("a", "f8")]), "[('a', '<f8')]"),
    (np.zeros(2, dtype="V4"), "|V4"),
    (np.array(["1.5"], np.dtypes.StringDType(na_object=[])), "StringDType(na_object=[])"),
)


def backward(x: Any, out: Any = None) -> Array:
    return relu_backward(np.ones(3), x, out=out)


@pytest.mark.parametrize(
    "function, name",
    [(relu, "x"), (drelu, "x"), (backward, "x"), (lambda grad: relu_backward(grad, X), "grad")],
)
@pytest.mark.parametrize("value, dtype", NOT_REAL, ids=repr)
def test_numbers_must_be_real(function: Any, name: str, value: Any, dtype: str) -> None:
    wanted = f"{name} has dtype {dtype}; accepted: bool, integers"
    with pytest.raises(TypeError, match=re.escape(wanted)):
        function(value)
    wanted = f"{name} is a list of uneven rows; accepted: rows of one length, or an array of"
    with pytest.raises(ValueError, match=f"^{wanted} awkward or ragged$"):
        function([[1.0], [2.0, 3.0]])


@pytest.mark.parametrize("function", [drelu, backward, lambda x: relu_backward(x, x)])
def test_a_slope_has_no_unit(function: Any) -> None:
    with pytest.raises(
        TypeError, match=r"has dtype timedelta64\[s\]; accepted: bool, integers and real floats$"
    ):
        function(np.array([1, 2, 3], "m8[s]"))


@pytest.mark.parametrize(
    "grad, error, message",
    [
        (np.ones(2), ValueError, "grad has shape (2,); accepted: (3,), the shape of x"),
        (np.ones((1, 3)), ValueError, "grad has shape (1, 3); accepted: (3,), the shape of x"),
        (1.0, ValueError, "grad has shape (); accepted: (3,), the shape of x"),
        (np.ones(3, "f4"), TypeError, "grad has dtype float32; accepted: float64, the dtype of x"),
        ([1, 2, 3], TypeError, "grad has dtype int64; accepted: float64, the dtype of x"),
    ],
)
def test_grad_must_be_like_x(grad: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        relu_backward(grad, X)


def _read_only() -> Array:
    array = np.ones(3)
    array.setflags(write=False)
    return array


@pytest.mark.parametrize("function", [relu, backward])
@pytest.mark.parametrize(
    "out, error, message",
    [
        (np.ones(2), ValueError, "out has shape (2,); accepted: (3,), the shape of x"),
        (np.ones((2, 3)), ValueError, "out has shape (2, 3); accepted: (3,), the shape of x"),
        (np.ones(3, "f4"), TypeError, "out has dtype float32; accepted: float64, the dtype of x"),
        (np.ones(3, "c16"), TypeError, "out has dtype complex128; accepted: float64, the dtype"),
        (_read_only(), ValueError, "out is read-only; accepted: a writeable array"),
        ([0.0] * 3, TypeError, "out is a list; accepted: a numpy.ndarray like x, or None"),
        ((np.ones(3),), TypeError, "out is a tuple; accepted: a numpy.ndarray like x, or None"),
        (0.0, TypeError, "out is a float; accepted: a numpy.ndarray like x, or None"),
    ],
)
def test_out_must_be_a_writeable_array_like_x(
    function: Callable[..., Array], out: Any, error: type[Exception], message: str
) -> None:
    before = repr(out)
    with pytest.raises(error, match=re.escape(message)):
        function(X, out=out)
    assert repr(out) == before
