"""Subclasses of ndarray whose ufuncs lose something, and what they are given as `out`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import ml_dtypes
import numpy as np
import pytest

from relu_impls import drelu, relu, relu_backward
from tests.relu import alike

Function = Callable[..., Any]


def _gradient(x: Any, out: Any = None) -> Any:
    return relu_backward(x, x, out=out)


WANTED: Final[dict[Function, list[float]]] = {
    relu: [0, 2, 3],
    drelu: [0, 1, 1],
    _gradient: [0, 2, 3],
}
every_function = pytest.mark.parametrize("function, wanted", WANTED.items())
VALUES: Final = [-1.0, 2.0, 3.0]


class Viewing(np.ndarray[Any, np.dtype[Any]]):
    """What NumPy's manual shows: its ufuncs give new objects, also for `out`."""

    def __array_ufunc__(self, ufunc: Any, method: Any, *given: Any, **options: Any) -> Any:
        if options.get("out"):
            options["out"] = tuple(np.asarray(each) for each in options["out"])
        found = getattr(ufunc, method)(*map(np.asarray, given), **options)
        return np.asarray(found).view(type(self))


class Signal(np.ndarray[Any, np.dtype[Any]]):
    """One of neo: its copies have its times, what its ufuncs give has none."""

    times: str | None = None

    def __array_finalize__(self, other: Any) -> None:
        self.times = getattr(other, "times", None)

    def __array_wrap__(self, *given: Any) -> Any:
        return super().__array_wrap__(*given)[...].view(np.ndarray).view(Signal)


class Quantity(np.ndarray[Any, np.dtype[Any]]):
    """One of quantities: units multiply, some even where there is none, and none has a sign."""

    unit = 1

    def __array_finalize__(self, other: Any) -> None:
        self.unit = getattr(other, "unit", 1)

    def __array_ufunc__(self, ufunc: Any, method: Any, *given: Any, **options: Any) -> Any:
        if ufunc is np.sign:
            raise ValueError("it has no sign")
        plain = getattr(ufunc, method)(*map(np.asarray, given), **options)
        found = np.asarray(plain).view(Quantity)
        units = [getattr(each, "unit", 1) for each in given]
        found.unit = np.prod(units) if ufunc is np.multiply else max(units)
        return found

    def __eq__(self, other: object) -> Any:
        return np.asarray(self) == np.asarray(other)

    __hash__ = None


def _of(kind: type[Any], values: Any, **told: Any) -> Any:
    array = np.array(values).view(kind)
    for name, value in told.items():
        setattr(array, name, value)
    return array


_masked: Final[Any] = np.ma.MaskedArray


@every_function
def test_out_comes_back_itself_though_a_ufunc_gives_another_object(
    function: Function, wanted: list[float]
) -> None:
    x = _of(Viewing, VALUES)
    assert function(x, out=x) is x
    assert x.tolist() == wanted


@pytest.mark.parametrize("function", [relu, _gradient])
def test_what_only_copies_keep_is_kept(function: Function) -> None:
    for values in (VALUES, VALUES[1]):
        found = function(_of(Signal, values, times="from 5 s"))
        assert (type(found), found.times) == (Signal, "from 5 s")
        assert found.tolist() == np.maximum(values, 0).tolist()


def test_a_unit_is_not_multiplied_with_another() -> None:
    x, grad = _of(Quantity, [*VALUES, np.nan], unit=3), _of(Quantity, [5.0, 6, 7, 8], unit=7)
    found: Any = relu_backward(grad, x)
    assert (type(found), found.unit) == (Quantity, 7)
    np.testing.assert_array_equal(np.asarray(found), [0, 6, 7, np.nan])
    assert relu(x).unit == 3
    slope: Any = drelu(x)
    assert type(slope) is np.ndarray
    np.testing.assert_array_equal(slope, [0, 1, 1, np.nan])
    assert drelu(_of(Quantity, 2.0, unit=3)) == 1


@every_function
@pytest.mark.parametrize("hard", [True, False])
def test_what_a_mask_of_out_hides_is_written(
    function: Function,
    wanted: list[float],
    hard: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    for mask in ([0, 0, 0], [1, 0, 0]):
        x = _masked(VALUES, mask=mask)
        out = _masked([9.0, 9, 9], mask=[0, 1, 0], hard_mask=hard)
        assert function(x, out=out) is out
        assert out.filled(-1).tolist() == [
            -1 if hides else n for hides, n in zip(mask, wanted, strict=True)
        ]
        assert 9 not in out.data
        assert out.hardmask is hard


@every_function
def test_what_is_masked_is_no_error_once_its_fill_value_was_looked_for(
    function: Function, wanted: list[float]
) -> None:
    x = _masked(np.array(VALUES, ml_dtypes.bfloat16), mask=[0, 0, 1])
    assert repr(x.fill_value)
    found = function(x)
    assert found.mask.tolist() == [False, False, True]
    assert (found.dtype, found.data[:2].tolist()) == (x.dtype, wanted[:2])


@every_function
def test_a_derivative_keeps_the_number_that_fills_what_is_masked(
    function: Function, wanted: list[float]
) -> None:
    found = function(_masked(VALUES, mask=[0, 1, 0], fill_value=-7))
    assert found.filled().tolist() == [wanted[0], -7, wanted[2]]


@every_function
def test_what_gives_what_changes_with_it_is_read_as_an_array(
    function: Function, wanted: list[float]
) -> None:
    class Compressed(alike.Dispatching):
        """An array of blosc2."""

        @property
        def __array_interface__(self) -> Any:
            return self.data.__array_interface__

    Compressed.__module__ = "blosc2.ndarray"
    x = Compressed(VALUES)
    found = function(x)
    assert type(found) is np.ndarray
    assert found.tolist() == wanted
    with pytest.raises(TypeError, match=r"out is a .*Compressed; accepted: a numpy.ndarray like x"):
        function(x, out=x)


class Signless:
    dtype = np.dtype(float)

    def __array_ufunc__(self, ufunc: Any, *_: Any, **__: Any) -> Any:
        if ufunc is np.sign:
            raise ValueError("it has no sign")
        return self


def test_what_is_no_array_and_has_no_sign_says_so() -> None:
    with pytest.raises(ValueError, match="it has no sign"):
        drelu(Signless())
