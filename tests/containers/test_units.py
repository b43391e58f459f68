"""pint, astropy and unyt: a derivative has no unit, and a gradient keeps its own."""

from __future__ import annotations

from typing import Any

import astropy.units as u
import dask.array as da
import numpy as np
import pint
import pytest
import unyt
import xarray as xr
from astropy.coordinates import Longitude
from astropy.table import Column, MaskedColumn
from astropy.utils.masked import Masked

from tests.containers.values import (
    BACK,
    EACH,
    GRAD,
    HIDDEN,
    RELU,
    SLOPE,
    WANTED,
    Function,
    X,
    answers,
    drelu,
    relu,
    relu_backward,
)

Q: Any = pint.UnitRegistry().Quantity
OTHER = np.roll(HIDDEN, 2)

QUANTITIES: dict[str, tuple[Function, Function]] = {
    "pint": (Q, lambda q: (q.magnitude, f"{q.units:~}")),
    "astropy": (lambda v, unit: v * u.Unit(unit), lambda q: (q.value, str(q.unit))),
    "unyt": (unyt.unyt_array, lambda q: (q.value, str(q.units))),
}
every_quantity = pytest.mark.parametrize("make, read", QUANTITIES.values(), ids=QUANTITIES)


@every_quantity
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_units_are_those_of_the_numbers(make: Any, read: Any, dtype: str) -> None:
    x, grad = make(X.astype(dtype), "m"), make(GRAD.astype(dtype), "V")
    for found, wanted, unit in (
        (relu(x), RELU, "m"),
        (relu_backward(grad, x), BACK, "V"),
        (relu_backward(grad, X.astype(dtype)), BACK, "V"),
    ):
        numbers, of = read(found)
        assert (type(found), of, numbers.dtype) == (type(x), unit, dtype)
        np.testing.assert_array_equal(numbers, wanted)
    for found, wanted in ((drelu(x), SLOPE), (relu_backward(GRAD.astype(dtype), x), BACK)):
        assert (type(found), found.dtype) == (np.ndarray, dtype)
        np.testing.assert_array_equal(found, wanted)


@every_quantity
def test_a_percentage_is_no_number_of_another_size(make: Any, read: Any) -> None:
    x = make(np.array([-50.0, 50.0]), "percent")
    numbers, unit = read(relu(x))
    assert numbers.tolist() == ([0, 0.5] if unit in {"", "dimensionless"} else [0, 50])
    numbers, unit = read(relu_backward(x, X[1:3]))
    assert (numbers.tolist(), unit) in [([0, 50], "%"), ([0, 50], "percent")]


@pytest.mark.parametrize("name", ["astropy", "unyt"])
def test_a_quantity_may_be_out(name: str) -> None:
    make, read = QUANTITIES[name]
    x, out = make(X.copy(), "m"), make(np.ones(6), "m")
    assert relu(x, out=out) is out
    assert relu(x, out=x) is x
    for found in (out, x):
        np.testing.assert_array_equal(read(found)[0], RELU)
    centimetres = make(np.ones(6), "cm")
    for function in EACH[:2]:
        with pytest.raises(TypeError, match=r"out has units? cm; accepted: "):
            function(x, out=centimetres)
    np.testing.assert_array_equal(read(centimetres)[0], np.ones(6))
    with pytest.raises(TypeError, match=r"out is a numpy\.ndarray; accepted: a \w+\.\w+ like x"):
        relu(x, out=np.ones(6))


def test_pint_takes_no_out() -> None:
    with pytest.raises(TypeError, match=r"out is a pint\.Quantity; accepted: None"):
        relu(Q(X, "m"), out=Q(X, "m"))


def test_degrees_are_compared_with_the_zero_of_their_scale_or_refused() -> None:
    np.testing.assert_array_equal(relu(Q(X, "degC")).magnitude, RELU)
    with pytest.raises(unyt.exceptions.InvalidUnitOperation):
        relu(unyt.unyt_array(X, "degC"))
    with pytest.raises(u.UnitConversionError):
        relu(X * u.deg_C).to(u.m)
    with pytest.raises(u.UnitTypeError):
        relu(u.Magnitude(X))


@pytest.mark.parametrize("unit", [None, "m"])
def test_astropy_keeps_its_masks(unit: str | None) -> None:
    x, grad = Masked(X, mask=HIDDEN), Masked(GRAD, mask=OTHER)
    if unit:
        x, grad = x * u.Unit(unit), grad * u.V
    for name, found in answers(grad, x).items():
        mask = HIDDEN | OTHER if name == "relu_backward" else HIDDEN
        assert found.mask.tolist() == mask.tolist()
        plain = np.asarray(getattr(found.unmasked, "value", found.unmasked))
        np.testing.assert_array_equal(plain[~mask], WANTED[name][~mask])
    assert getattr(relu_backward(grad, x), "unit", None) == (u.V if unit else None)
    assert relu(x, out=x) is x
    assert x.mask.tolist() == HIDDEN.tolist()


def test_an_angle_is_its_own_out() -> None:
    x = Longitude([1.0, 2.0], u.deg)
    assert relu(x, out=x) is x
    assert type(relu(x)) is Longitude


def test_masked_columns_stay_masked() -> None:
    x, grad = MaskedColumn(X, "x", mask=HIDDEN), MaskedColumn(GRAD, "g", mask=OTHER)
    for name, found in answers(grad, x).items():
        mask = HIDDEN | OTHER if name == "relu_backward" else HIDDEN
        assert found.mask.tolist() == mask.tolist()
        np.testing.assert_array_equal(found.compressed(), WANTED[name][~mask])


def test_a_column_keeps_its_name_and_unit() -> None:
    x = Column(X, "x", unit="m")
    found = relu(x)
    assert (type(found), found.name, found.unit) == (Column, "x", u.m)
    assert getattr(drelu(x), "unit", None) is None
    assert relu_backward(Column(GRAD, "g", unit="V"), x).unit == u.V


def test_a_quantity_of_dask_stays_lazy() -> None:
    x, grad = (Q(da.from_array(v, chunks=2), unit) for v, unit in ((X, "m"), (GRAD, "V")))
    assert isinstance(relu(x).magnitude, da.Array)
    assert isinstance(drelu(x), da.Array)
    found = relu_backward(grad, x)
    assert isinstance(found.magnitude, da.Array)
    assert f"{found.units:~}" == "V"
    np.testing.assert_array_equal(found.magnitude.compute(), BACK)


def test_xarray_keeps_the_units_of_pint() -> None:
    x, grad = (xr.DataArray(Q(v, unit), dims="t") for v, unit in ((X, "m"), (GRAD, "V")))
    assert f"{relu(x).data.units:~}" == "m"
    assert type(drelu(x).data) is np.ndarray
    found = relu_backward(grad, x).data
    assert f"{found.units:~}" == "V"
    np.testing.assert_array_equal(found.magnitude, BACK)
