"""Measures without noise are the same for what is the same, and differ for what differs."""

from __future__ import annotations

import gc
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_against.calls import Call, digest, peak_bytes

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False)
)
PLAIN = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(PLAIN, PLAIN)
def test_plain_data_have_equal_digests_if_they_are_written_alike(one: Any, other: Any) -> None:
    assert digest(one)
    assert digest(one) == digest(one)
    assume("-0.0" not in f"{one!r}{other!r}")
    assert (digest(one) == digest(other)) == (repr(one) == repr(other))


@pytest.mark.parametrize(
    "one, other",
    [
        (0.0, -0.0),
        (math.nan, -math.nan),
        ([math.nan], [float("nan")]),
        (complex(0.0, -0.0), complex(0.0, 0.0)),
        ({"a", "b", "c"}, {"c", "b", "a"}),
        (frozenset({1, 2}), {2, 1}),
        (np.array([0.0, math.nan]), np.array([-0.0, -math.nan])),
        (np.arange(4.0)[::2], np.array([0.0, 2.0])),
        (np.arange(6).reshape(2, 3).T, np.ascontiguousarray(np.arange(6).reshape(2, 3).T)),
        (np.array([1 + 0j, complex(math.nan, 1)]), np.array([1 + 0j, complex(1, math.nan)])),
        (np.array([1, "a", None], object), np.array([1, "a", None], object)),
    ],
)
def test_what_is_equal_has_one_digest(one: object, other: object) -> None:
    assert digest(one) == digest(other) != ""


UNLIKE = [
    (1, 1.0),
    (1, True),
    ("1", 1),
    ("1", b"1"),
    ([1, 2], (1, 2)),
    ([[1], 2], [1, [2]]),
    ([1, 23], [12, 3]),
    ({(1, 23)}, {(12, 3)}),
    ([1], {1}),
    ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
    ({1, 2}, {1, 3}),
    (np.zeros(2), np.zeros(3)),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    (np.zeros(2, np.float32), np.zeros(2, np.float64)),
    (np.zeros(2, ">i4"), np.zeros(2, "<i4")),
    (np.array([0]), 0),
    (np.float64(0), 0.0),
    (np.array([1, "a"], object), np.array([1, "b"], object)),
]


@pytest.mark.parametrize("one, other", UNLIKE, ids=range(len(UNLIKE)))
def test_what_differs_has_two(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_byte_order_is_told_by_the_dtype_alone() -> None:
    assert digest(np.array([1, 2], "<i4")) == digest(np.array([1, 2], np.int32).astype("<i4"))


def endless() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize("result", [object(), [object()], {"a": object}, endless(), range(3)])
def test_objects_are_not_compared(result: object) -> None:
    assert digest(result) == ""


def test_without_numpy_an_array_is_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.zeros(2)
    monkeypatch.delitem(__import__("sys").modules, "numpy")
    assert digest(array) == ""


@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_the_peak_is_what_a_call_holds_at_most(size: int) -> None:
    def call() -> int:
        first = bytearray(size)
        return len(first)

    assert size <= peak_bytes(Call(call)) < size + 2_000


def test_arguments_and_first_calls_do_not_count() -> None:
    cache: list[bytearray] = []

    def call(prepared: bytearray) -> None:
        if not cache:
            cache.append(bytearray(100_000))
        prepared.clear()

    asked = Call(call, setup=lambda: ((bytearray(100_000),), {}))
    assert peak_bytes(asked) < 2_000


def test_a_call_that_fails_leaves_no_tracing_and_the_collector_on() -> None:
    asked = Call(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        peak_bytes(asked)
    assert not tracemalloc.is_tracing()
    assert gc.isenabled()
