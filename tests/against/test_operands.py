"""Operands are aligned, spread over the page, and restored before every call."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import pytest_against
from pytest_against.calls import Call
from pytest_against.operands import ALIGNMENT, Layout, Operands

X: Final = np.array([-1.0, 2.0, -3.0, 4.0])


@pytest.fixture(autouse=True)
def _nobody_orders_rounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("pytest_against.calls._Places.seed", None)
    Layout.seed = None
    yield
    Layout.seed = None


def _turn(operands: Operands) -> list[NDArray[Any]]:
    """Return the first argument of one turn through the copies."""
    return [operands()[0][0] for _ in range(operands.copies)]


def _places(operands: Operands) -> list[int]:
    return [x.ctypes.data % 4096 for x in _turn(operands)]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    dtype=st.sampled_from(["?", "f2", "f4", "f8", "i1", "i8", ">f4", "c16", "S3", "i4,f8"]),
    shape=npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40),
    order=st.sampled_from("CF"),
    step=st.sampled_from([1, 2, -1]),
    seed=st.none() | st.integers(0, 99),
)
def test_any_array_is_restored_aligned_contiguous_and_in_its_order(
    dtype: str, shape: tuple[int, ...], order: Any, step: int, seed: int | None
) -> None:
    pristine = np.arange(math.prod(shape)).reshape(shape).astype(dtype, order=order)
    pristine = pristine[::step] if shape else pristine
    Layout.seed = seed
    (found,), keywords = Operands((pristine,))()
    np.testing.assert_array_equal(found, pristine, strict=True)
    assert found.ctypes.data % ALIGNMENT == 0
    assert found.flags.fnc == pristine.flags.fnc
    assert found.flags.forc
    assert found.flags.aligned
    assert found.flags.writeable
    assert not np.may_share_memory(found, pristine)
    assert keywords == {}


def test_what_is_not_a_plain_array_of_plain_data_is_passed_as_it_is() -> None:
    masked, objects = np.ma.masked_equal(X, 2.0), np.array([None, X], object)
    given = (0.5, "word", None, [X], masked, objects, X)
    operands = Operands(given)
    found = operands()[0]
    assert [one is other for one, other in zip(found, given, strict=True)] == [True] * 6 + [False]
    assert operands.copies == 16
    assert operands.arguments is found
    assert Operands(())() == ((), {})


def test_what_is_written_is_restored_each_time_and_what_is_read_when_it_moves() -> None:
    Layout.redraw(1)
    operands = Operands((X, X), writes=[1])
    for use in range(3 * operands.copies):
        (x, out), _ = operands()
        np.testing.assert_array_equal(out, X)
        np.maximum(x, 0, out=out)
        assert x[0] == (-1 if use < operands.copies else 7)
        x[0] = 7  # against the promise, to see what is copied
    Layout.redraw(2)
    assert {x[0] for x in _turn(operands)} == {-1}
    np.testing.assert_array_equal(X, [-1, 2, -3, 4])


def test_what_variants_share_is_copied_once() -> None:
    operands = Operands((X, X), (X + 1, X))
    Layout.redraw(1)
    first = _turn(operands)[0]
    operands.arguments[1][0] = 7  # against the promise, to see what is copied
    for _ in range(2 * operands.copies):
        (x, shared), _keywords = operands()
        assert (x[0], shared[0]) in {(-1, -1), (0, -1), (0, 7)}
    assert first[0] == -1
    assert shared[0] == 7


def test_places_follow_from_the_seed_alone() -> None:
    one, other = (Operands((X, X)) for _ in range(2))
    found = []
    for seed in (3, 4, 3):
        Layout.redraw(seed)
        found.append(_places(one))
        assert found[-1] == _places(other) == _places(one)
        x, y = one.arguments
        assert x.ctypes.data % 4096 != y.ctypes.data % 4096
    assert found[0] == found[2] != found[1]
    for passed in (3.0, X.view(np.recarray), X):  # what is copied of the others moves nothing
        after = Operands((X, passed, X))()[0][2]
        assert after.ctypes.data % 4096 == Operands((X, 3.0, X))()[0][2].ctypes.data % 4096
    used: list[int] = []
    call = Call(lambda x, _: used.append(x.ctypes.data % 4096), setup=one)
    for seed in (3, 4):
        call.run(16, 1, seed)
    assert used == found[0] + found[1]


def test_places_reach_every_cache_line_of_a_page() -> None:
    operands, found = Operands((X,)), set[int]()
    for seed in range(100):
        Layout.redraw(seed)
        found |= set(_places(operands))
    assert found == set(range(0, 4096, ALIGNMENT))


def test_without_a_seed_each_turn_through_the_copies_has_other_places() -> None:
    operands = Operands((X,))
    assert len({tuple(_places(operands)) for _ in range(5)}) == 5


@pytest.mark.parametrize(
    "size, copies",
    [(0, 16), (1, 16), (2**11, 16), (2**11 + 200, 14), (2**14, 2), (2**15, 1), (2**18, 1)],
)
def test_copies_take_a_quarter_of_a_mebibyte(size: int, copies: int) -> None:
    operands = Operands((0.0, np.zeros(size), np.zeros(9)))
    assert operands.copies == copies
    spans = sorted(np.lib.array_utils.byte_bounds(operands()[0][1]) for _ in range(copies))
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


@pytest.mark.parametrize("number", [1, 2, 3, 11, 20])
def test_variants_take_turns(number: int) -> None:
    operands = Operands(*((X * n, n) for n in range(number)))
    for use in range(50):
        (x, n), _ = operands()
        assert operands.variant == n == use % number
        np.testing.assert_array_equal(x, X * n)


@pytest.mark.parametrize(
    "variants, writes, message",
    [
        ((), (), r"Operands\(\) has no arguments; give .* Operands\(\(x, 0.0\)\)"),
        ((X,), (), r"was given an array itself; give .* Operands\(\(x, 0.0\)\)"),
        (((X,), (X[:1],)), (), r"variant 1 .* is \(float64\[1\]\), but .* \(float64\[4\]\); make"),
        (((X,), (X > 0,)), (), r"variant 1 .* is \(bool\[4\]\), but variant 0"),
        (((X, 0), (X, X)), (), r"variant 1 .*, but variant 0 is \(float64\[4\], another object\)"),
        (((X,), (X,), (X, X)), (), "variant 2"),
        (((X,) * 99, (X,) * 98), (), "variant 1"),
        (((X, 0.0),), [1], "writes names 1, which is no array that is copied, of .*; give pos"),
        (((X, 0.0),), [0, 2], "writes names 2, "),
        (((X, 0.0),), [-2], "writes names -2, "),
    ],
)
def test_what_cannot_be_laid_out_is_refused_shortly(
    variants: Any, writes: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Operands(*variants, writes=writes)
    assert len(str(caught.value)) < 600


def test_the_package_offers_them() -> None:
    assert pytest_against.Operands is Operands
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = pytest_against.Nothing
