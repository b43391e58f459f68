"""Exact measures: equal for equal work, different for different work, on every run."""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.exact import (
    PEAK_TOLERANCE,
    Measures,
    WrongAnswerError,
    answer,
    digest,
    measure,
    peak_bytes,
    trace,
)
from benchmarks.pool import Pool
from benchmarks.rows import Row
from benchmarks.suite import by_name, default_rows
from relu_impls import METHODS
from relu_impls.forward import maximum

A: Final = np.array([-1.5, 0.0, 2.5])
N: Final = 1000
PLAIN: Final = Measures(digest="d", dtype="float64", peak_bytes=5000, passes=2, touched_bytes=7000)
COMPARED: Final = [row for row in default_rows() if row.workload == "float64-3e4"]


@pytest.mark.parametrize(
    "other",
    [
        np.array([-1.5, -0.0, 2.5]),
        A.astype(">f8"),
        np.array([-1.5, 9, 0.0, 9, 2.5])[::2],
        np.flip(np.flip(A).copy()),
    ],
    ids=["-0.0", "byte-swapped", "strided", "negative strides"],
)
def test_digest_is_of_values_and_not_of_their_layout(other: NDArray[Any]) -> None:
    assert digest(other) == digest(A)


def test_digest_ignores_the_byte_order_of_integers() -> None:
    assert digest(np.arange(3, dtype=">i8")) == digest(np.arange(3, dtype="<i8"))


def test_digest_ignores_the_memory_order() -> None:
    square = np.arange(6.0).reshape(2, 3)
    assert digest(np.asfortranarray(square)) == digest(square)


@pytest.mark.parametrize(
    "other",
    [
        A.astype("f4"),
        A.reshape(3, 1),
        A.reshape(1, 3),
        A[:2],
        np.append(A, 0),
        np.nextafter(A, 9),
        A[::-1],
        A.view("i8"),
        np.array([np.nan, 0, 2.5]),
    ],
    ids=["dtype", "column", "row", "shorter", "longer", "one ulp", "reversed", "bits", "NaN"],
)
def test_digest_tells_dtype_shape_and_value(other: NDArray[Any]) -> None:
    assert digest(other) != digest(A)


def test_digest_tells_a_number_from_an_array_of_one() -> None:
    assert digest(np.array(1.0)) != digest(np.array([1.0]))


@pytest.mark.parametrize("bits", [0x7FF8000000000001, 0xFFF8000000000000, 0x7FFFFFFFFFFFFFFF])
def test_digest_knows_one_nan(bits: int) -> None:
    assert digest(np.array([bits], "u8").view("f8")) == digest(np.array([np.nan]))


def test_digest_depends_on_the_order_and_the_number_of_arrays() -> None:
    b = A + 1
    assert len({digest(A, b), digest(b, A), digest(A), digest(A, A), digest()}) == 5


def test_digest_leaves_the_array_alone() -> None:
    array = np.array([-0.0, np.nan])
    digest(array)
    assert np.signbit(array[0])


def _add_where(x: NDArray[Any]) -> Any:
    return np.add(x, 1, where=np.ones(N, bool), out=np.empty(N))


def _assign(x: NDArray[Any]) -> Any:
    x[x < 0] = 0


F8, MASK = 8 * N, N


@pytest.mark.parametrize(
    "function, sweeps",
    [
        (lambda x: np.maximum(x, 0), [("maximum", 2 * F8)]),
        (lambda x: np.maximum(x, 0, out=x), [("maximum", 2 * F8)]),
        (lambda x: np.maximum(x, 0, out=np.empty(N)), [("maximum", 2 * F8)]),
        (lambda x: np.clip(x, 0, np.inf), [("clip", 2 * F8)]),
        (lambda x: np.clip(x, 0, np.inf, out=x), [("clip", 2 * F8)]),
        (lambda x: np.maximum(x.copy(), 0), [("copy", 2 * F8), ("maximum", 2 * F8)]),
        (lambda x: x * (x > 0), [("greater", F8 + MASK), ("multiply", 2 * F8 + MASK)]),
        (lambda x: (abs(x) + x) / 2, [("absolute", 2 * F8), ("add", 3 * F8), ("divide", 2 * F8)]),
        (lambda x: np.where(x > 0, x, 0), [("greater", F8 + MASK), ("where", 2 * F8 + MASK)]),
        (_assign, [("less", F8 + MASK), ("setitem", F8 + MASK)]),
        (lambda x: np.copyto(x, 0, where=x < 0), [("less", F8 + MASK), ("copyto", F8 + MASK)]),
        (lambda x: np.putmask(x, x < 0, 0), [("less", F8 + MASK), ("putmask", F8 + MASK)]),
        (lambda x: (x > 0).astype("f8"), [("greater", F8 + MASK), ("astype", F8 + MASK)]),
        (lambda x: x[np.array([0, 2])], [("getitem", 4 * 8)]),
        (_add_where, [("add", 2 * F8 + MASK)]),
        (np.add.reduce, [("add", F8)]),
        (lambda x: np.maximum(x.view("i8"), 0), [("maximum", 2 * F8)]),
        (lambda x: np.maximum(x[::2], 0), [("maximum", F8)]),
        (lambda x: x.reshape(10, -1).T, []),
        (np.empty_like, []),
    ],
)
def test_passes_and_the_bytes_that_they_touch(
    function: Callable[..., Any], sweeps: list[tuple[str, int]]
) -> None:
    x = np.linspace(-1, 1, N)
    assert [(sweep.name, sweep.nbytes) for sweep in trace(function, (x,))] == sweeps


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("row", COMPARED, ids=lambda row: row.method)
def test_tracing_does_not_change_what_is_computed(row: Row) -> None:
    pool = Pool(replace(row.inputs(), variants=()))
    arguments = pool.arguments()
    results: list[Any] = []
    assert trace(lambda *given: results.append(row.function(*given)), arguments)
    assert row.case().argument_difference(arguments) is None
    assert digest(*results) == digest(row.function(*pool.arguments()))


def test_peak_grows_by_an_extra_copy_and_by_nothing_else() -> None:
    pool = Pool(by_name("maximum", "float64-3e4").inputs())

    def held(x: NDArray[Any]) -> NDArray[Any]:
        copy = x.copy()
        return maximum(copy)

    grown = peak_bytes(held, pool) - peak_bytes(maximum, pool)
    assert abs(grown - 8 * 30_000) <= PEAK_TOLERANCE


@pytest.mark.parametrize("row", COMPARED, ids=lambda row: row.method)
def test_peak_is_the_one_that_the_contract_promises(row: Row) -> None:
    promised = METHODS[row.method].peak_bytes(size=30_000, itemsize=8)
    assert abs(measure(row).peak_bytes - promised) <= PEAK_TOLERANCE


def test_peak_stops_tracing_memory_even_if_the_call_fails() -> None:
    def fail(x: NDArray[Any]) -> None:
        if tracemalloc.is_tracing():
            raise ArithmeticError(x.size)

    with pytest.raises(ArithmeticError, match="1000"):
        peak_bytes(fail, Pool(by_name("maximum", "float64-1e3").inputs()))
    assert not tracemalloc.is_tracing()


@pytest.mark.parametrize("row", COMPARED, ids=lambda row: row.method)
def test_measuring_twice_gives_the_same_measures(row: Row) -> None:
    assert measure(row) == measure(row)


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda x: np.maximum(x, 0.25), "result has 0.25 at"),
        (lambda x: np.maximum(x, 0).astype("f4"), "result has dtype float32, expected float64"),
        (lambda x: np.maximum(x, 0, out=x), "read-only argument x has 0.0 at"),
    ],
)
def test_wrong_answer_is_not_measured(function: Callable[..., Any], words: str) -> None:
    row = replace(by_name("maximum", "float64-1e3"), function=function)
    with pytest.raises(ValueError, match=words) as caught:
        measure(row)
    assert "maximum[float64-1e3]" in str(caught.value)


def test_answer_is_right_for_every_variant_of_the_input() -> None:
    kept: list[NDArray[Any]] = []

    def first_again(x: NDArray[Any]) -> NDArray[Any]:
        kept.append(maximum(x))
        return kept[0].copy()

    row = replace(by_name("maximum", "float64-1e3"), function=first_again)
    with pytest.raises(WrongAnswerError, match="diverges on variant 1: result has "):
        measure(row)


@pytest.mark.parametrize("row", COMPARED, ids=lambda row: row.method)
def test_answer_is_the_one_that_is_measured(row: Row) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert answer(row.function, row.inputs()) == measure(row).digest


def test_warnings_are_measured_by_class_once_and_in_order() -> None:
    def noisy(x: NDArray[Any]) -> NDArray[Any]:
        for category in (UserWarning, DeprecationWarning, UserWarning):
            warnings.warn("again", category, stacklevel=1)
        return maximum(x)

    row = replace(by_name("maximum", "float64-1e3"), function=noisy)
    assert measure(row).warnings == ("DeprecationWarning", "UserWarning")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"digest": "e"}, "digest is e, expected d"),
        ({"dtype": "float32"}, "dtype is float32, expected float64"),
        ({"peak_bytes": 9000}, "peak_bytes is 9,000, expected 5,000"),
        ({"passes": 3}, "passes is 3, expected 2"),
        ({"touched_bytes": 7001}, "touched_bytes is 7,001, expected 7,000"),
        ({"warnings": ("A", "B")}, "warnings is A, B, expected none"),
    ],
)
def test_difference_is_named_with_both_values(change: dict[str, Any], words: str) -> None:
    assert replace(PLAIN, **change).differences(PLAIN) == [words]


def test_every_difference_is_named_and_none_where_there_is_none() -> None:
    other = Measures("e", "f4", 9000, 3, 8000, ("W",))
    assert len(other.differences(PLAIN)) == 6
    assert PLAIN.differences(PLAIN) == []


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("excess, differs", [(0, False), (1, True)])
def test_peak_may_differ_by_the_tolerance_and_not_by_a_byte_more(
    sign: int, excess: int, *, differs: bool
) -> None:
    other = replace(PLAIN, peak_bytes=5000 + sign * (PEAK_TOLERANCE + excess))
    assert bool(other.differences(PLAIN)) is differs


@pytest.mark.parametrize("name", ["passes", "touched_bytes"])
def test_nothing_else_has_a_tolerance(name: str) -> None:
    other = replace(PLAIN, **{name: getattr(PLAIN, name) + 1})
    assert len(other.differences(PLAIN)) == 1
