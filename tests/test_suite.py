"""The rows: every method on everything that it accepts, and the article's experiment."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
import pytest

from benchmarks.rows import Row
from benchmarks.suite import all_rows, by_name, default_rows, keys, rectified_pairs
from benchmarks.workloads import WORKLOADS, Signs
from relu_impls import METHODS, Kind, Method
from relu_impls.forward import ARTICLE

DEFAULT: Final = default_rows()
ALL: Final = all_rows()
ARTICLE_ROWS: Final = [row for row in ALL if row.asked_as == "article"]
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def _default_workloads(method: Method) -> list[str]:
    return [row.workload for row in DEFAULT if row.method == method.name]


def test_suite_is_large_enough_to_mean_something() -> None:
    assert len(DEFAULT) >= 100


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(row.name for row in ALL).items() if count > 1] == []


@every_method
def test_method_runs_on_every_random_workload_whose_dtype_it_accepts(method: Method) -> None:
    accepted = [
        w.name
        for w in WORKLOADS.values()
        if w.signs is Signs.RANDOM and not w.asked_as and method.contract.accepts(np.dtype(w.dtype))
    ]
    assert accepted
    assert [n for n in _default_workloads(method) if n in accepted] == accepted


@every_method
def test_other_signs_are_for_methods_whose_time_depends_on_them(method: Method) -> None:
    ordered = [
        n
        for n in _default_workloads(method)
        if WORKLOADS[n].signs in {Signs.SORTED, Signs.POSITIVE}
    ]
    both = ["float64-3e4-sorted", "float64-3e4-positive"]
    assert ordered == (both if method.contract.data_dependent else [])


def test_groups_hold_one_workload_and_one_quantity() -> None:
    for group in {row.group for row in ALL}:
        rows = [row for row in ALL if row.group == group]
        assert len({METHODS[row.method].kind.outputs[0].quantity for row in rows}) == 1
        assert len({row.workload.removesuffix("-rectified") for row in rows}) == 1


@pytest.mark.parametrize(
    "method, group",
    [
        ("maximum", "forward float64-3e4"),
        ("mask_assign", "forward float64-3e4"),
        ("forward_mask", "forward float64-3e4"),
        ("drelu", "derivative float64-3e4"),
        ("backward_where", "backward float64-3e4"),
        ("backward_mask_assign", "backward float64-3e4"),
    ],
)
def test_group_is_the_question_that_a_method_answers(method: str, group: str) -> None:
    assert by_name(method, "float64-3e4").group == group


def test_article_and_its_rectified_data_stand_in_one_table() -> None:
    names = ("article", "article-rectified")
    assert {by_name("mask_assign", name).group for name in names} == {"forward article"}


def test_large_rows_run_when_they_are_asked_for() -> None:
    asked = {word: sum(row.asked_as == word for row in ALL) for word in ("1e6", "1e3x1e3")}
    assert asked == {"1e6": 2 * len(METHODS), "1e3x1e3": len(METHODS)}
    assert {row.asked_as for row in ALL} == {"", *asked, "article"}
    assert all(row.asked_as in row.workload for row in ALL)


def test_article_runs_each_of_its_methods_and_those_in_place_twice() -> None:
    expected = Counter(
        {
            name: 2 if method.kind is Kind.IN_PLACE else 1
            for name, method in METHODS.items()
            if method.source == ARTICLE or name in {"relu", "relu_out", "relu_inplace"}
        }
    )
    assert Counter(row.method for row in ARTICLE_ROWS) == expected
    assert {"maximum", "multiply", "half_sum", "mask_float"} <= set(expected)
    assert expected["mask_assign"] == expected["maximum_positional"] == 2


def test_every_row_is_timed_by_the_test_that_it_names_and_by_no_other() -> None:
    tests = {row.test.partition("::")[2] for row in ALL}
    timed = {f"{test}[{'-'.join(key)}]" for test in tests for key in keys(test)}
    assert timed == {row.fullname.partition("::")[2] for row in ALL}
    assert sum(len(keys(test)) for test in tests) == len(ALL)
    assert all(by_name(*key).test.endswith(f"::{test}") for test in tests for key in keys(test))


@pytest.mark.parametrize("key", [("nothing", "float64-3e4"), ("maximum", "nothing")])
def test_unknown_row_is_an_error(key: tuple[str, str]) -> None:
    with pytest.raises(KeyError, match="nothing"):
        by_name(*key)


N: Final = 8 * 30_000


@pytest.mark.parametrize(
    "row, least, slack",
    [
        (by_name("maximum", "float64-3e4"), 2 * N, 0),
        (by_name("maximum_out", "float64-3e4"), 2 * N, 0),
        (by_name("forward_mask", "float64-3e4"), 2 * N + 30_000, 64),
        (by_name("mask_float", "float32-3e4"), N // 2 + N, 0),
        (by_name("backward_where", "float64-3e4"), 2 * N, 0),
        (by_name("mask_assign", "float64-3e4"), 2 * N, 0.01 * N),
        (by_name("backward_mask_assign", "float64-3e4"), 2 * N, 0.01 * N),
        (by_name("mask_assign", "float64-3e4-sorted"), 1.5 * N, 0.01 * N),
        (by_name("mask_assign", "float64-3e4-positive"), N, 0),
        (by_name("mask_assign", "float64-3e4-fortran"), 2 * N, 0.01 * N),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_least_bytes_are_what_no_honest_method_can_avoid(
    row: Row, least: float, slack: float
) -> None:
    assert abs(row.case().least_bytes - least) <= slack


@pytest.mark.slow
def test_rectified_data_need_only_be_read() -> None:
    assert by_name("mask_assign", "article-rectified").case().least_bytes == 8 * 5000 * 5000


@pytest.mark.parametrize("row", DEFAULT, ids=lambda row: row.name)
def test_buffers_hold_nothing_that_is_right_before_the_call(row: Row) -> None:
    case = row.case()
    for name in case.written:
        if name in {"out", "mask"}:
            assert not np.any(case.operands[name] == case.written[name])


@pytest.mark.parametrize(
    "seconds, pairs",
    [
        ({}, []),
        ({"t[a-article]": 2.0}, []),
        ({"t[a-article-rectified]": 1.0}, []),
        ({"t[a-article]": 2.0, "t[b-article-rectified]": 1.0}, []),
        ({"t[a-article]": 2.0, "t[a-article-rectified]": 1.0}, [("a", 2.0, 1.0)]),
        ({"t[a-float64-1e3]": 2.0, "t[a-float64-1e3-rectified]": 1.0}, []),
    ],
)
def test_times_on_fresh_and_rectified_data_are_paired_by_method(
    seconds: dict[str, float], pairs: list[Any]
) -> None:
    assert list(rectified_pairs(seconds)) == pairs
