"""Contracts answer for the dtypes, releases and sizes that they are asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from relu_impls import METHODS, Contract, Kind, Method, relu
from relu_impls.contract import REAL, NaN, Temporary, Warns, When, method, same, to
from tests.relu.calls import every_method

REFUSED = ("complex64", "object", "U3", "S3", "M8[s]", "m8[s]", "V4")


@every_method
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
    int8 = frozenset({"int8"})
    wide: Any = to("double", int8)
    assert wide == {"int8": "float64"}
    narrow: Any = same(int8)
    for mapping in (wide, narrow):
        with pytest.raises(TypeError):
            mapping["int16"] = "float64"


@pytest.mark.parametrize("since, current", [("2.0.0", True), ("99.0.0", False)])
def test_warning_is_current_from_its_release_on(since: str, current: bool) -> None:  # noqa: FBT001
    assert Warns("text", When.ALWAYS, since=since).current is current


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
    ],
)
def test_temporary_takes_its_bytes(
    temporary: Temporary, itemsize: int, at_255_kib: int, at_256_kib: int
) -> None:
    assert temporary.nbytes(255 * 1024 // itemsize, itemsize) == at_255_kib
    assert temporary.nbytes(256 * 1024 // itemsize, itemsize) == at_256_kib


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


def test_decorator_returns_the_function_and_registers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: dict[str, Method] = {}
    monkeypatch.setattr("relu_impls.contract._methods", registered)
    base = Contract(dtypes=same(REAL), passes=2)

    def keyword(x: Any) -> Any:
        return x

    def shared(x: Any) -> Any:
        return x

    promises: Any = {"dtypes": base.dtypes, "passes": 2, "nan": NaN.ZERO}
    assert method(Kind.FRESH, "k(x)", "here", **promises)(keyword) is keyword
    assert method(Kind.OUT, "s(x)", "there", base, nan=NaN.ZERO)(shared) is shared
    contract = replace(base, nan=NaN.ZERO)
    assert list(registered.values()) == [
        Method("keyword", Kind.FRESH, keyword, "k(x)", "here", contract),
        Method("shared", Kind.OUT, shared, "s(x)", "there", contract),
    ]


def test_name_is_given_once() -> None:
    again = method(Kind.FRESH, "relu(x)", "here", dtypes=same(REAL))
    with pytest.raises(ValueError, match=r"^method relu exists already; expected a new name$"):
        again(relu)
