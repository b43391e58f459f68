"""Every method writes what it should and nothing else, and takes what its contract names."""

from __future__ import annotations

from typing import Any

import numpy as np

from relu_impls import Kind, Method
from relu_impls.contract import Edge, Quantity
from tests.relu import cases
from tests.relu.calls import (
    Arguments,
    accepted,
    arguments,
    call,
    copies,
    every_method,
    outputs,
    same_numbers,
)
from tests.relu.cases import Array, Sample


class Tagged(np.ndarray[Any, np.dtype[Any]]):
    """A subclass that changes nothing."""


@every_method
def test_what_is_only_read_does_not_change(method: Method) -> None:
    for dtype in accepted(method):
        for size in (67, 8200):
            given = arguments(method, cases.specials(dtype), size)
            before = {name: array.tobytes() for name, array in given.items()}
            outputs(method, given)
            for name in given.keys() - method.kind.writes:
                told = f"{method.name}, {dtype}: the bytes of {name} changed"
                assert given[name].tobytes() == before[name], told


@every_method
def test_result_is_its_target_or_shares_no_memory(method: Method) -> None:
    for dtype in accepted(method):
        specials = cases.specials(dtype)
        for x in (specials.x, specials.x[specials.x > 0], np.zeros_like(specials.x)):
            for shape in ((), (67,), (3, 40)):
                _require_home(method, arguments(method, Sample(x, x), shape))


def _require_home(method: Method, given: Arguments) -> None:
    home = method.kind.outputs[0].argument
    found = call(method, given)
    for name, array in given.items():
        told = f"{method.name}, {given['x'].dtype}, {given['x'].shape}: result and {name}"
        if name == home:
            assert found is array, f"{told}: expected one object, got two"
        else:
            assert not np.shares_memory(found, array), f"{told} share memory"


@every_method
def test_second_call_changes_nothing(method: Method) -> None:
    if method.kind.outputs[0].quantity is not Quantity.RELU:
        return
    for dtype in accepted(method):
        x = cases.specials(dtype).x
        if method.contract.above_half_max is Edge.DOUBLED and x.dtype.kind in "iu":
            x = x[x <= np.iinfo(x.dtype).max // 2]  # beyond, a wrapped result may be negative
        once = outputs(method, arguments(method, Sample(x, x), 67))[0].copy()
        twice = outputs(method, arguments(method, Sample(once, once), 67))[0]
        told = f"{method.name}, {dtype}: once {once}, twice {twice}"
        assert same_numbers(twice, once).all(), told


@every_method
def test_out_may_overlap_x(method: Method) -> None:
    for dtype in accepted(method) if method.kind in {Kind.OUT, Kind.FUSED} else []:
        sample = cases.specials(dtype)
        for shift in (0, 1, 2):
            base = np.resize(sample.x, 8200 + shift)
            given = arguments(method, sample, 8200)
            wanted = outputs(method, given)[0].copy()
            found = outputs(method, {**given, "x": base[:8200], "out": base[shift:]})[0]
            told = f"{method.name}, {dtype}: out overlaps x, shifted by {shift}"
            assert same_numbers(found, wanted).all(), told


@every_method
def test_subclass_is_kept_as_declared(method: Method) -> None:
    for dtype in accepted(method):
        given = arguments(method, cases.specials(dtype), 67)
        found = call(method, {name: array.view(Tagged) for name, array in given.items()})
        wanted = Tagged if method.contract.keeps_subclass else np.ndarray
        told = f"{method.name}, {dtype}: expected {wanted}, got {type(found)}"
        assert type(found) is wanted, told


@every_method
def test_masked_array_keeps_its_mask(method: Method) -> None:
    hidden = np.array([False, True, False, True, False])
    for dtype in accepted(method, "float32", "float64"):
        sample = Sample(*np.array([[-1, -2, 0, 3, 4], [5, 6, 7, 8, 9]], dtype=dtype))
        given = arguments(method, sample, 5)
        wanted = outputs(method, copies(given))[0]
        masked: Any = {name: np.ma.MaskedArray(a, mask=hidden) for name, a in given.items()}
        found = call(method, masked)
        if not method.contract.keeps_subclass:
            assert type(found) is np.ndarray, f"{method.name}: expected ndarray, got {found!r}"
            continue
        assert np.array_equal(found.mask, hidden), f"{method.name}: mask became {found.mask}"
        assert np.array_equal(found.data[~hidden], wanted[~hidden]), f"{method.name}: {found!r}"


@every_method
def test_nested_lists_are_accepted_as_declared(method: Method) -> None:
    for dtype in accepted(method, "bool", "int64", "float64"):
        given = arguments(method, cases.specials(dtype), (2, 3))
        wanted = outputs(method, copies(given))[0]
        lists: Any = {n: a if n in {"out", "mask"} else a.tolist() for n, a in given.items()}
        try:
            found = outputs(method, lists)[0]
        except (TypeError, AttributeError):
            found = None
        told = f"{method.name}, {dtype}, nested lists: got {found}"
        assert (found is not None) == method.contract.array_like, told
        assert found is None or same_numbers(found, wanted).all(), told


@every_method
def test_unusable_target_is_refused_and_left_alone(method: Method) -> None:
    in_place = method.kind in {Kind.IN_PLACE, Kind.BACKWARD_IN_PLACE}
    for dtype in accepted(method, "float32", "float64", "int64"):
        for target in (_frozen(dtype), [-1.0, 2.0], (-1.0, 2.0), -1.0, np.float64(-1.0), None):
            # For an out= function, None asks for a fresh array.
            for name in method.kind.writes if in_place or target is not None else ():
                given = arguments(method, cases.specials(dtype), 2)
                _require_refusal(method, given | {name: target})


def _frozen(dtype: str) -> Array:
    array = np.array([-1, 2], dtype=dtype)
    array.setflags(write=False)
    return array


def _require_refusal(method: Method, given: dict[str, Any]) -> None:
    before = repr(given)
    try:
        outputs(method, given)
    except (TypeError, ValueError):
        changed = method.kind is not Kind.FUSED and repr(given) != before
        assert not changed, f"{method.name} changed {before} to {given} before it raised"
    else:
        raise AssertionError(f"{method.name} accepts an unusable target: {before}")
