"""The laws that bind every method; each is a function that raises AssertionError if broken."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from relu_impls.contract import Edge, Kind, Method, Quantity
from tests import cases, warning_laws
from tests.calls import (
    CONTIGUOUS,
    Arguments,
    arguments,
    call,
    outputs,
    same_numbers,
    verify,
    verify_zero_signs,
)
from tests.cases import Array, Sample

Law = Callable[[Method], None]


class Tagged(np.ndarray[Any, np.dtype[Any]]):
    """A subclass that changes nothing."""


def accepted(method: Method, *among: str) -> list[str]:
    """Return the dtypes that `method` accepts, in a fixed order."""
    names = sorted(method.contract.dtypes)
    return [name for name in names if name in among] if among else names


def sample_of(method: Method, dtype: str) -> Sample:
    """Return the special numbers of `dtype`: for a backward pass, every pair of them."""
    return cases.special_pairs(dtype) if "grad" in method.kind.arguments else cases.specials(dtype)


def check_every_float16(method: Method) -> None:
    for _ in accepted(method, "float16"):
        verify(method, cases.every_float16(), 2**16)


def check_special_values(method: Method) -> None:
    for dtype in accepted(method):
        sample = sample_of(method, dtype)
        verify(method, sample, sample.x.size)


def check_signs_of_zero(method: Method) -> None:
    for dtype in accepted(method):
        for size in (67, 8200):
            verify_zero_signs(method, sample_of(method, dtype), size, CONTIGUOUS)
            verify_zero_signs(method, sample_of(method, dtype), size, cases.STRIDED)
    for _ in accepted(method, "float16"):
        verify_zero_signs(method, cases.every_float16(), 2**16, CONTIGUOUS)


def check_scalars(method: Method) -> None:
    for dtype in accepted(method):
        sample = cases.specials(dtype)
        for index in range(sample.x.size):
            verify(method, sample.at(index), ())


def check_shapes(method: Method) -> None:
    for dtype in accepted(method):
        for shape in cases.SHAPES:
            verify(method, cases.specials(dtype), shape)


def check_lengths(method: Method) -> None:
    for dtype in accepted(method):
        for length in cases.LENGTHS:
            verify(method, cases.specials(dtype), length)


def check_elision_sizes(method: Method) -> None:
    for dtype in accepted(method, "float32", "float64"):
        for nbytes in cases.ELISION_SIZES:
            verify(method, cases.specials(dtype), nbytes // np.dtype(dtype).itemsize)


def check_layouts(method: Method) -> None:
    for dtype in accepted(method):
        for layout in cases.LAYOUTS:
            for only in (None, *(frozenset({name}) for name in method.kind.arguments)):
                verify(method, cases.specials(dtype), 131, layout, only)
                verify(method, cases.specials(dtype), (3, 5, 7), layout, only)


def check_layouts_beyond_the_buffer(method: Method) -> None:
    for dtype in accepted(method, "float32", "float64", "int8"):
        for layout in cases.LAYOUTS:
            verify(method, cases.specials(dtype), (2, 8209), layout)


def check_dtypes(method: Method) -> None:
    for dtype in accepted(method):
        for layout in (CONTIGUOUS, *cases.LAYOUTS):
            given = arguments(method, cases.specials(dtype), (3, 5, 7), layout)
            dtypes = {name: array.dtype for name, array in given.items()}
            fresh = method.contract.result_dtype(np.dtype(dtype))
            for output, found in zip(method.kind.outputs, outputs(method, given), strict=True):
                wanted = fresh if output.argument is None else dtypes[output.argument]
                told = f"{method.name}, {dtypes['x']}: expected {wanted!r}, got {found.dtype!r}"
                assert found.dtype == wanted, told


def check_purity(method: Method) -> None:
    for dtype in accepted(method):
        for size in (67, 8200):
            given = arguments(method, cases.specials(dtype), size)
            before = {name: array.tobytes() for name, array in given.items()}
            outputs(method, given)
            for name in given.keys() - method.kind.writes:
                told = f"{method.name}, {dtype}: the bytes of {name} changed"
                assert given[name].tobytes() == before[name], told


def check_aliasing(method: Method) -> None:
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


def check_idempotence(method: Method) -> None:
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


def check_overlap(method: Method) -> None:
    for dtype in accepted(method) if method.kind in {Kind.OUT, Kind.FUSED} else []:
        sample = cases.specials(dtype)
        for shift in (0, 1, 2):
            base = np.resize(sample.x, 8200 + shift)
            given = arguments(method, sample, 8200)
            wanted = outputs(method, given)[0].copy()
            found = outputs(method, {**given, "x": base[:8200], "out": base[shift:]})[0]
            told = f"{method.name}, {dtype}: out overlaps x, shifted by {shift}"
            assert same_numbers(found, wanted).all(), told


def check_subclass(method: Method) -> None:
    for dtype in accepted(method):
        given = arguments(method, cases.specials(dtype), 67)
        found = call(method, {name: array.view(Tagged) for name, array in given.items()})
        wanted = Tagged if method.contract.keeps_subclass else np.ndarray
        told = f"{method.name}, {dtype}: expected {wanted}, got {type(found)}"
        assert type(found) is wanted, told


def check_masked_array(method: Method) -> None:
    hidden = np.array([False, True, False, True, False])
    for dtype in accepted(method, "float32", "float64"):
        sample = Sample(*np.array([[-1, -2, 0, 3, 4], [5, 6, 7, 8, 9]], dtype=dtype))
        given = arguments(method, sample, 5)
        wanted = outputs(method, {name: array.copy() for name, array in given.items()})[0]
        masked: Any = {name: np.ma.MaskedArray(a, mask=hidden) for name, a in given.items()}
        found = call(method, masked)
        if not method.contract.keeps_subclass:
            assert type(found) is np.ndarray, f"{method.name}: expected ndarray, got {found!r}"
            continue
        assert np.array_equal(found.mask, hidden), f"{method.name}: mask became {found.mask}"
        assert np.array_equal(found.data[~hidden], wanted[~hidden]), f"{method.name}: {found!r}"


def check_array_like(method: Method) -> None:
    for dtype in accepted(method, "bool", "int64", "float64"):
        given = arguments(method, cases.specials(dtype), (2, 3))
        wanted = outputs(method, {name: array.copy() for name, array in given.items()})[0]
        lists: Any = {n: a if n in {"out", "mask"} else a.tolist() for n, a in given.items()}
        try:
            found = outputs(method, lists)[0]
        except (TypeError, AttributeError):
            found = None
        told = f"{method.name}, {dtype}, nested lists: got {found}"
        assert (found is not None) == method.contract.array_like, told
        assert found is None or same_numbers(found, wanted).all(), told


def check_unusable_target(method: Method) -> None:
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


HEADERS: Final = 4096
"""Bytes that array objects and NumPy's iterator may take beside the data."""


def check_peak_memory(method: Method) -> None:
    for dtype in accepted(method, "float32", "float64"):
        itemsize = np.dtype(dtype).itemsize
        x = np.array([-1.0, 2.0, 3.0], dtype=dtype)
        for nbytes in (*cases.ELISION_SIZES, 1024 * cases.KIB):
            size = nbytes // itemsize
            peak = _peak(method, arguments(method, Sample(x, x), size))
            wanted = method.peak_bytes(size, itemsize)
            told = f"{method.name}, {dtype}, {nbytes} bytes: expected {wanted}, got {peak}"
            assert abs(peak - wanted) <= HEADERS, told


def _peak(method: Method, given: Arguments) -> int:
    outputs(method, given)  # fills the caches of the interpreter
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        outputs(method, given)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak - before


LAWS: Final[tuple[Law, ...]] = (
    check_every_float16,
    check_special_values,
    check_signs_of_zero,
    check_scalars,
    check_shapes,
    check_lengths,
    check_elision_sizes,
    check_layouts,
    check_layouts_beyond_the_buffer,
    check_dtypes,
    check_purity,
    check_aliasing,
    check_idempotence,
    check_overlap,
    check_subclass,
    check_masked_array,
    check_array_like,
    check_unusable_target,
    warning_laws.check_warnings_of_arrays,
    warning_laws.check_warnings_of_scalars,
    # NumPy reuses temporaries only where it can inspect the stack.
    *((check_peak_memory,) if sys.platform == "linux" else ()),
)
