"""Operands are aligned, spread over the page, and restored before every timed call."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.pool import ALIGNMENT, Pool
from benchmarks.rows import Case
from benchmarks.suite import all_rows, by_name
from benchmarks.workloads import WORKLOADS
from relu_impls import METHODS

X: Final = np.array([-1.0, 2.0, -3.0, 4.0])
ANSWER: Final = np.maximum(X, 0)
IN_PLACE: Final = Case(operands={"x": X}, written={"x": ANSWER}, returned="x", least_bytes=64)
FRESH: Final = Case(operands={"x": X}, written={}, returned=ANSWER, least_bytes=64)


def _rectify(x: NDArray[Any]) -> NDArray[Any]:
    x[x < 0] = 0
    return x


def _pools(seed: int = 0) -> list[Pool]:
    names = [("forward_mask", "float32-1e3"), ("mask_assign", "float64-1e3x1e3-fortran")]
    return [Pool(by_name(*name).inputs(), seed) for name in names]


def _page_offset(array: NDArray[Any]) -> int:
    return int(array.ctypes.data % 4096)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    dtype=st.sampled_from(["?", "f2", "f4", "f8", "i1", "i8", ">f4"]),
    shape=npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40),
    order=st.sampled_from("CF"),
    seed=st.integers(0, 99),
)
def test_any_operand_is_restored_aligned_and_in_its_order(
    dtype: str, shape: tuple[int, ...], order: Any, seed: int
) -> None:
    pristine = np.arange(math.prod(shape)).reshape(shape).astype(dtype, order=order)
    case = Case(operands={"x": pristine}, written={}, returned=pristine, least_bytes=0)
    (found,) = Pool(case.inputs, seed).arguments()
    np.testing.assert_array_equal(found, pristine, strict=True)
    assert found.ctypes.data % ALIGNMENT == 0
    assert found.flags.fnc == pristine.flags.fnc
    assert found.flags.aligned
    assert found.flags.writeable
    assert not np.may_share_memory(found, pristine)


@pytest.mark.parametrize("pool", _pools(), ids=["small", "large"])
def test_every_argument_of_every_call_is_aligned_to_a_cache_line(pool: Pool) -> None:
    offsets: list[int] = []

    def look(*arguments: NDArray[Any]) -> None:
        offsets.extend(_page_offset(argument) for argument in arguments)

    pool.refill()
    pool.run(look)
    assert len(offsets) == pool.copies * len(pool.inputs.operands)
    assert all(offset % 64 == 0 for offset in offsets)


def test_offsets_within_a_page_reach_every_cache_line_in_time() -> None:
    pool = Pool(FRESH.inputs, seed=1)
    offsets = {_page_offset(pool.arguments()[0]) for _ in range(1000)}
    assert offsets == set(range(0, 4096, 64))


def test_offsets_are_drawn_apart_for_each_operand() -> None:
    pool = _pools()[0]
    found = [[_page_offset(array) for array in pool.arguments()] for _ in range(50)]
    assert any(len(set(offsets)) == 3 for offsets in found)


def test_seed_fixes_the_offsets() -> None:
    def offsets(seed: int) -> list[int]:
        pool = Pool(FRESH.inputs, seed)
        return [_page_offset(pool.arguments()[0]) for _ in range(20)]

    assert offsets(3) == offsets(3)
    assert offsets(3) != offsets(4)


def test_sets_of_operands_do_not_overlap() -> None:
    pool = Pool(FRESH.inputs)
    spans: list[tuple[int, int]] = []
    pool.run(lambda x: spans.append(np.lib.array_utils.byte_bounds(x)))
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_every_timed_call_sees_data_that_are_not_rectified() -> None:
    pool = Pool(IN_PLACE.inputs)
    negatives: list[int] = []

    def record(x: NDArray[Any]) -> NDArray[Any]:
        negatives.append(int(np.count_nonzero(x < 0)))
        return _rectify(x)

    for _ in range(3):
        pool.refill()
        pool.run(record)
    assert negatives == [2] * 3 * pool.copies


def test_without_refill_an_in_place_method_finds_its_work_done() -> None:
    pool = Pool(IN_PLACE.inputs)
    pool.run(_rectify)
    pool.run(lambda x: np.testing.assert_array_equal(x, ANSWER))


def test_pristine_data_survive_every_call() -> None:
    Pool(IN_PLACE.inputs).run(_rectify)
    np.testing.assert_array_equal(X, [-1, 2, -3, 4])


@pytest.mark.parametrize("workload", [w for w in WORKLOADS if "article" not in w])
def test_number_of_calls_depends_on_the_workload_and_not_on_the_method(workload: str) -> None:
    kinds = {METHODS[row.method].kind: row for row in all_rows() if row.workload == workload}
    assert len({Pool(row.inputs()).copies for row in kinds.values()}) == 1


@pytest.mark.parametrize(
    "size, copies",
    [(0, 16), (1, 16), (2**11, 16), (2**11 + 200, 14), (2**14, 2), (2**15, 1), (2**18, 1)],
)
def test_small_operands_are_called_in_batches(size: int, copies: int) -> None:
    x = np.zeros(size)
    case = Case(operands={"x": x}, written={}, returned=x, least_bytes=0)
    assert Pool(case.inputs).copies == copies


@pytest.mark.parametrize("case", [FRESH, IN_PLACE], ids=["fresh", "in place"])
def test_right_outcome_has_no_difference(case: Case) -> None:
    pool = Pool(case.inputs)
    pool.run(_rectify if case is IN_PLACE else lambda x: np.maximum(x, 0))
    assert pool.difference(case) is None


def test_wrong_last_result_is_found() -> None:
    pool = Pool(FRESH.inputs)
    pool.run(lambda x: np.maximum(x, 1))
    assert pool.difference(FRESH) == "result has 1.0 at [0], expected 0.0"


@pytest.mark.parametrize("wrong", [0, 1, 7, 14, 15])
@pytest.mark.parametrize("case, kind", [(FRESH, "read-only"), (IN_PLACE, "written")])
def test_wrong_argument_is_found_in_any_set(case: Case, kind: str, wrong: int) -> None:
    pool = Pool(case.inputs)
    calls = iter(range(pool.copies))

    def once(x: NDArray[Any]) -> NDArray[Any]:
        result = _rectify(x) if case is IN_PLACE else np.maximum(x, 0)
        if next(calls) == wrong:
            x[3] = 7
        return result

    pool.run(once)
    assert pool.difference(case) == f"{kind} argument x has 7.0 at [3], expected 4.0"


def test_result_of_another_set_is_found() -> None:
    pool = Pool(IN_PLACE.inputs)
    seen: list[NDArray[Any]] = []

    def first(x: NDArray[Any]) -> NDArray[Any]:
        seen.append(_rectify(x))
        return seen[0]

    pool.run(first)
    assert pool.difference(IN_PLACE) == "result is not the argument x"


VARIED: Final = Case(
    operands={"x": X},
    written={},
    returned=ANSWER,
    least_bytes=64,
    variants=tuple(
        Case(operands={"x": X * n}, written={}, returned=ANSWER * n, least_bytes=64)
        for n in range(2, 12)
    ),
)


def test_a_variant_comes_again_only_after_all_others() -> None:
    pool = Pool(VARIED.inputs)
    seen: list[bytes] = []
    for _ in range(10):
        pool.refill()
        pool.run(lambda x: seen.append(x.tobytes()))
    variants = 1 + len(VARIED.variants)
    assert len(seen) > 2 * variants
    for start in range(len(seen) - variants):
        assert len(set(seen[start : start + variants])) == variants


def test_the_answer_is_that_of_the_variant() -> None:
    pool = Pool(VARIED.inputs)
    for _ in range(10):
        pool.refill()
        pool.run(_rectify_copy)
        assert pool.difference(VARIED) is None


def test_the_answer_to_another_variant_is_wrong() -> None:
    pool = Pool(VARIED.inputs)
    pool.run(lambda _: ANSWER.copy())
    found = [pool.difference(VARIED)]
    pool.refill()
    pool.run(lambda _: ANSWER.copy())
    found.append(pool.difference(VARIED))
    assert any(words is not None and words.startswith("result has ") for words in found)


def _rectify_copy(x: NDArray[Any]) -> NDArray[Any]:
    return _rectify(x.copy())


def test_every_timed_call_gets_another_variant() -> None:
    pool = Pool(VARIED.inputs)
    seen: list[bytes] = []
    for _ in range(4):
        pool.time(lambda x: seen.append(x.tobytes()))
    assert len(seen) == 4 * pool.copies
    assert all(one != other for one, other in pairwise(seen))
