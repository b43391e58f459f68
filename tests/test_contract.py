"""Contracts answer for the dtypes, releases and sizes that they are asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relu_impls import METHODS, Contract, Method
from relu_impls.contract import REAL, Temporary, Warns, When, same, to

REFUSED = ("complex64", "object", "U3", "S3", "M8[s]", "m8[s]", "V4")


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_dtypes_beyond_the_declared_ones_are_refused(method: Method) -> None:
    for name in {*REAL, *REFUSED} - method.contract.dtypes.keys():
        dtype = np.dtype(name)
        assert not method.contract.accepts(dtype)
        with pytest.raises(TypeError, match="is not accepted; accepted: "):
            method.contract.result_dtype(dtype)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_accepted_and_the_result_is_native(order: str) -> None:
    contract = Contract(dtypes=same(REAL))
    for name in sorted(REAL):
        dtype = np.dtype(name).newbyteorder(order)  # type: ignore[arg-type]
        assert contract.accepts(dtype)
        assert contract.result_dtype(dtype) == np.dtype(name)


def test_dtype_maps_are_read_only_and_name_canonical_dtypes() -> None:
    mapping: Any = to("double", frozenset({"int8"}))
    assert mapping == {"int8": "float64"}
    with pytest.raises(TypeError):
        mapping["int16"] = "float64"


@pytest.mark.parametrize("since, current", [("2.0.0", True), ("99.0.0", False)])
def test_warning_is_current_from_its_release_on(since: str, current: bool) -> None:  # noqa: FBT001
    assert Warns(UserWarning, "text", When.ALWAYS, since).current is current


@pytest.mark.parametrize(
    "temporary, itemsize, at_255_kib, at_256_kib",
    [
        (Temporary.MASK, 4, 65280, 65536),
        (Temporary.MASK, 8, 32640, 32768),
        (Temporary.ARRAY, 4, 261120, 262144),
        (Temporary.ARRAY_IF_SMALL, 4, 261120, 0),
        (Temporary.ARRAY_IF_SMALL, 8, 261120, 0),
        (Temporary.ARRAY_IF_SMALL_OR_SINGLE, 4, 261120, 262144),
        (Temporary.ARRAY_IF_SMALL_OR_SINGLE, 8, 261120, 0),
        (Temporary.CAST_BUFFER, 4, 32768, 32768),
        (Temporary.CAST_BUFFER, 8, 65536, 65536),
        (Temporary.MASK_BUFFER, 8, 8192, 8192),
    ],
)
def test_temporary_takes_its_bytes(
    temporary: Temporary, itemsize: int, at_255_kib: int, at_256_kib: int
) -> None:
    assert temporary.nbytes(255 * 1024 // itemsize, itemsize) == at_255_kib
    assert temporary.nbytes(256 * 1024 // itemsize, itemsize) == at_256_kib


def test_cast_buffer_is_no_larger_than_the_array() -> None:
    assert Temporary.CAST_BUFFER.nbytes(10, 8) == 80


@pytest.mark.parametrize(
    "name, itemsize, expected",
    [
        ("maximum", 4, 4000),
        ("maximum_inplace", 4, 0),
        ("multiply", 8, 8000 + 1000 + 8000),
        ("mask_float", 4, 8000 + 1000 + 8000),
        ("relu_backward", 8, 8000 + 1000 + 8000),
    ],
)
def test_peak_is_the_result_and_its_temporaries(name: str, itemsize: int, expected: int) -> None:
    assert METHODS[name].peak_bytes(1000, itemsize) == expected


@pytest.mark.parametrize(
    "name, size, expected",
    [
        ("maximum", 30_000, 0),
        ("mask_float", 30_000, 65536),
        ("drelu", 30_000, 65536 + 8192 - 30_000),
        ("drelu", 1_000_000, 0),  # the mask is alive at another time, and larger
    ],
)
def test_several_dimensions_took_more_where_their_own_peak_is_the_higher_one(
    name: str, size: int, expected: int
) -> None:
    assert METHODS[name].matrix_bytes(size, 8) == expected
