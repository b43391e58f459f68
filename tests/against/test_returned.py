"""What calls returned is compared where it is plain data or an array."""

from __future__ import annotations

import math
import sys
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_against.returned import BY_CALL, BY_MARK, NOT_PLAIN, Returned, look
from tests.against.test_worker import Played, wanted


@dataclass
class Point:
    x: Any
    y: Any


class Pair(NamedTuple):
    x: int
    y: int


class Other(NamedTuple):
    u: int
    v: int


Other.__name__ = "Pair"  # as it is called once its fields have other names


def digest(value: object) -> str:
    return look(value).digest


PLAIN = st.recursive(
    st.sampled_from([None, True, False]) | st.integers() | st.text() | st.binary() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def _written(value: object) -> str:
    """Return how data is written, the items of each dictionary in order."""
    match value:
        case list() | tuple():
            return f"{type(value).__name__}{[_written(item) for item in value]}"
        case dict():
            return f"dict{sorted((repr(key), _written(item)) for key, item in value.items())}"
        case _:
            return repr(value)


@given(PLAIN, PLAIN)
def test_plain_data_have_equal_digests_if_they_are_written_alike(one: Any, other: Any) -> None:
    assert digest(one) == digest(one) != ""
    assume("-0.0" not in f"{one!r}{other!r}")  # which is 0.0
    assert (digest(one) == digest(other)) == (_written(one) == _written(other))


@pytest.mark.parametrize(
    "one, other",
    [
        (0.0, -0.0),
        ([math.nan], [-math.nan]),
        (complex(0.0, -0.0), complex(0.0, 0.0)),
        (complex(math.nan, 1), complex(2, math.nan)),
        ({0, 8}, {8, 0}),  # which come in this order
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (Point(0.0, [1]), Point(-0.0, [1])),
        (frozenset({1, 2}), frozenset({2, 1})),
        (np.array([0.0, math.nan]), np.array([-0.0, -math.nan])),
        (np.arange(4.0)[::2], np.array([0.0, 2.0])),
        (np.arange(6).reshape(2, 3).T, np.ascontiguousarray(np.arange(6).reshape(2, 3).T)),
        (np.array([1 + 0j, complex(math.nan, 1)]), np.array([1 + 0j, complex(1, math.nan)])),
        (np.array([int("9" * 30), "a"], object), np.array([int("9" * 30), "a"], object)),
    ],
)
def test_what_is_equal_has_one_digest(one: object, other: object) -> None:
    assert digest(one) == digest(other) != ""


def test_what_differs_has_another_digest() -> None:
    values: list[object] = [
        *(1, 1.0, True, "1", b"1", [1], {1}, [1, 2], (1, 2), {1, 2}, {1, 3}, [[1], 2], [[1, 2]]),
        *({(1, 23)}, {(12, 3)}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, [["a", 1], ["b", 2]]),
        *(Point(1, 2), Point(2, 1), np.array([(1, 2.0)], "i4,f8"), np.array([(1, 3.0)], "i4,f8")),
        *(0, 0.0, np.float64(0), np.array([0]), np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(6)),
        *(np.zeros(2, np.float32), np.zeros(2), np.zeros(2, ">i4"), np.zeros(2, "<i4")),
        *(np.array([1, "a"], object), np.array([1, "b"], object)),
    ]
    assert len({digest(value) for value in values}) == len(values)


@pytest.mark.parametrize(
    "values",
    [
        [{1, 2}, frozenset({1, 2})],
        [{"a": 1}, OrderedDict(a=1), Counter(a=1), defaultdict(int, a=1)],
        [OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)],
        [[1, 2], (1, 2), Pair(1, 2), Other(1, 2)],
        [Point(1, 2), make_dataclass("Point", ["u", "v"])(1, 2)],
        [np.zeros(3, [("a", "f8"), ("b", "i4")]), np.zeros(3, [("u", "f8"), ("v", "i4")])],
        [np.zeros(1, [("a", [("b", "f8")])]), np.zeros(1, [("a", [("c", "f8")])])],
        [np.zeros((), [("a", "f8")])[()], np.zeros((), [("b", "f8")])[()]],
        ["a", np.str_("a"), type("Text", (str,), {})("a")],
        [1.5, np.float64(1.5), type("Number", (float,), {})(1.5)],
        [1.5j, np.complex128(1.5j)],
    ],
)
def test_the_type_and_the_names_of_fields_count(values: list[object]) -> None:
    for exact in (True, False):
        found = {look(value, exact=exact).digest for value in values} - {""}
        assert len(found) == len(values)


def test_where_a_set_is_empty_and_each_of_thousands_of_digits_count() -> None:
    values: list[object] = [[set(), 1], [1, set()], {"a": set()}, 10**5000, 10**5000 + 1]
    assert len({digest(value) for value in values} - {""}) == len(values)


class Broken(str):
    __slots__ = ()

    def __repr__(self) -> str:
        raise ValueError("it has no words")


@dataclass
class Unset:
    x: int = field(init=False)


@pytest.mark.parametrize("value", [Broken(), [Unset()]])
def test_what_fails_to_be_looked_at_is_not_compared_and_fails_no_test(value: object) -> None:
    assert look(value) == Returned(why=NOT_PLAIN)


def test_objects_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    endless: list[Any] = []
    endless.append(endless)
    objects: list[object] = [object(), [object()], {"a": object}, endless, range(3), Point]
    objects += [np.longdouble(1), np.ma.masked_array([1, 2]), np.clongdouble(1)]
    assert [digest(each) for each in objects] == [""] * 9
    array = np.zeros(2)
    monkeypatch.delitem(sys.modules, "numpy")
    assert digest(array) == ""


NESTED = {"a": [1.0, (2.0, 3j)], "b": np.array([math.nan, math.inf]), "c": 7, "d": np.float32(0.5)}


@pytest.mark.parametrize(
    "change, tolerance, agrees",
    [
        ({}, 0.0, True),
        ({"a": [1.01, (2.0, 3j)]}, 0.02, True),
        ({"a": [1.01, (2.0, 3j)]}, 0.005, False),
        ({"a": [1.0, (2.0, 3.1j)]}, 0.02, False),
        ({"a": [1.0, (2.0, 3.1j)]}, 0.05, True),
        ({"a": [1.0, (2, 3j)]}, 0.9, False),  # which is no float
        ({"a": [1.0, 2.0, 3j]}, 0.9, False),
        ({"b": np.array([1.0, math.inf])}, 0.9, False),
        ({"b": np.array([math.nan, -math.inf])}, 0.9, False),
        ({"b": np.array([math.nan, math.inf], np.float32)}, 0.9, False),
        ({"b": np.array([[math.nan, math.inf]])}, 0.9, False),
        ({"c": 8}, 0.9, False),
        ({"d": np.float32(0.51)}, 0.02, True),
    ],
)
def test_within_a_tolerance_only_floats_may_differ_and_dtype_and_shape_may_not(
    change: dict[str, Any], tolerance: float, *, agrees: bool
) -> None:
    one, other = look(NESTED, exact=False), look(NESTED | change, exact=False)
    assert one.agrees(other, tolerance) is other.agrees(one, tolerance) is agrees


@pytest.mark.parametrize(
    "now, then, words",
    [
        (2, 1, "2 and not 1"),
        ("a\n b", "", r"'a\n b' and not ''"),
        (np.zeros(2, "f4"), np.zeros(2), "array([0., 0.], dtype=float32) and not array([0., 0.])"),
        ([*range(8)], [*range(9)], "somewhere in [0, 1, 2, 3, 4, 5, ...]"),
        pytest.param(10**5000, 10**5001, "somewhere in a value of type int", id="long"),
    ],
)
def test_results_that_differ_are_shown_in_few_words(now: Any, then: Any, words: str) -> None:
    assert look(now).beside(look(then)) == words


def test_of_a_long_array_only_the_ends_are_written() -> None:
    assert look(np.arange(1000)).looks.startswith("array([ 0, 1, 2, ..., 997, 998, 999]")


def test_plain_data_needs_no_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = look([1, 2]).digest
    monkeypatch.setitem(sys.modules, "numpy", ModuleType("numpy"))  # a stub, as suites have them
    assert look([1, 2]).digest == digest


def test_what_a_worker_said_is_read(tmp_path: Path) -> None:
    known = look([1.0, 2.0], exact=False)
    (tmp_path / "floats").write_bytes(known.floats.tobytes())
    assert Returned.of(known.digest, str(tmp_path / "floats"), looks=known.looks) == known
    assert not [*tmp_path.iterdir()]  # many of them may be large
    assert Returned.of("d", "") == Returned("d")
    assert Returned.of("", "", "why") == Returned(why="why")


def test_what_a_mark_takes_from_the_comparison_says_so_and_has_no_digest(tmp_path: Path) -> None:
    text = """
def test_one(benchmark): benchmark(float, 1)
def test_two(benchmark): benchmark(float, 2)
"""
    order = wanted("one", "two")
    played = Played(tmp_path, text, {**order, "off": order["tests"][:1]})
    one, two = played.done["one"], played.done["two"]
    assert (one["unlike"], "digest" in one and bool(one["digest"])) == (BY_MARK, False)
    assert two["digest"]


def test_the_first_and_the_last_result_are_looked_at(tmp_path: Path) -> None:
    text = """
import itertools

class Number(int):
    looks = 0
    def __repr__(self):
        Number.looks += 1
        return "a number"

def test_other(benchmark):
    benchmark(lambda numbers: [Number(next(numbers))], itertools.count())
    benchmark.extra_info["exact"] = {"looks": Number.looks}

def test_same(benchmark):
    Number.looks = 0
    benchmark(lambda: [Number(1)])
    benchmark.extra_info["exact"] = {"looks": Number.looks}
"""
    played = Played(tmp_path, text, wanted("other", "same"))
    other, same = played.done["other"], played.done["same"]
    assert (other["unlike"], other["digest"], other["exact"]["looks"]) == (BY_CALL, "", 2)
    assert (same["unlike"], bool(same["digest"]), same["exact"]["looks"]) == ("", True, 2)
