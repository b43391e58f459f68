"""A difference between an outcome and the right one is found, and put into words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.rows import Case, array_difference
from benchmarks.suite import by_name


def _array(*numbers: float, dtype: str = "float64") -> NDArray[Any]:
    return np.array(numbers, dtype)


X: Final = _array(-1, 2)
ANSWER: Final = _array(0, 2)
FRESH: Final = Case(operands={"x": X}, written={}, returned=ANSWER, least_bytes=32)
FUSED: Final = Case(
    operands={"x": X, "out": _array(9, 9), "mask": np.array([True, False])},
    written={"out": ANSWER, "mask": np.array([False, True])},
    returned="out",
    least_bytes=34,
)
OUT: Final = _array(0, 2)
MASK: Final = np.array([False, True])


@pytest.mark.parametrize(
    "given, expected, words",
    [
        (_array(1, dtype="f4"), _array(1), "has dtype float32, expected float64"),
        (_array(1, dtype=">f8"), _array(1), "has dtype >f8, expected float64"),
        (_array(1, 2), _array(1), "has shape (2,), expected (1,)"),
        (_array(1), np.array(1.0), "has shape (1,), expected ()"),
        (_array(1, 5, 7), _array(1, 2, 3), "has 5.0 at [1], expected 2.0"),
        (np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 2], [0, 0]]), "has 3.0 at [1, 0], exp"),
        (np.array(1.0), np.array(2.0), "has 1.0 at [], expected 2.0"),
        (_array(np.nan), _array(1), "has nan at [0], expected 1.0"),
        (np.array([True]), np.array([False]), "has True at [0], expected False"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_first_difference_of_arrays_in_words(
    given: NDArray[Any], expected: NDArray[Any], words: str
) -> None:
    assert (array_difference(given, expected) or "").startswith(words)


@pytest.mark.parametrize(
    "given, expected",
    [
        (_array(0.0, -0.0), _array(-0.0, 0.0)),
        (_array(), _array()),
        (np.array(1.0), np.array(1.0)),
        (np.asfortranarray(np.eye(3)), np.eye(3)),
    ],
    ids=["zeros of both signs", "empty", "0-d", "another order"],
)
def test_equal_arrays_have_no_difference(given: NDArray[Any], expected: NDArray[Any]) -> None:
    assert array_difference(given, expected) is None


def test_right_fresh_result_has_no_difference() -> None:
    assert FRESH.difference((X.copy(),), ANSWER.copy()) is None


def test_right_written_arguments_have_no_difference() -> None:
    assert FUSED.difference((X.copy(), OUT, MASK), OUT) is None


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((_array(0, 2), OUT, MASK), "read-only argument x has 0.0 at [0], expected -1.0"),
        ((X, _array(0, 3), MASK), "written argument out has 3.0 at [1], expected 2.0"),
        ((X, OUT, ~MASK), "written argument mask has True at [0], expected False"),
    ],
)
def test_wrong_argument_is_named(arguments: tuple[NDArray[Any], ...], words: str) -> None:
    assert FUSED.difference(arguments, arguments[1]) == words
    assert FUSED.argument_difference(arguments) == words


@pytest.mark.parametrize("result", [ANSWER, X, None, 1.0], ids=["copy", "x", "None", "number"])
def test_result_must_be_the_argument_that_was_written(result: object) -> None:
    assert FUSED.difference((X, OUT, MASK), result) == "result is not the argument out"


def test_result_must_be_the_argument_itself_and_not_a_view_of_it() -> None:
    assert FUSED.difference((X, OUT, MASK), OUT[:]) == "result is not the argument out"


@pytest.mark.parametrize(
    "result, kind", [(None, "NoneType"), ([0.0, 2.0], "list"), (np.float64(2), "float64")]
)
def test_fresh_result_must_be_an_array(result: object, kind: str) -> None:
    assert FRESH.difference((X,), result) == f"result is a {kind}, expected an array"


@pytest.mark.parametrize("part", [slice(None), slice(1, None), slice(None, None, -1)], ids=str)
def test_fresh_result_must_not_share_memory(part: slice) -> None:
    found = FRESH.difference((X,), X[part])
    assert found == "result shares memory with an argument, expected a fresh array"


@pytest.mark.parametrize(
    "result, words",
    [
        (_array(0, 2, dtype="f4"), "result has dtype float32, expected float64"),
        (_array(0, 2, 0), "result has shape (3,), expected (2,)"),
        (_array(0, 2.5), "result has 2.5 at [1], expected 2.0"),
    ],
)
def test_wrong_fresh_result_is_described(result: NDArray[Any], words: str) -> None:
    assert FRESH.difference((X.copy(),), result) == words


def test_row_is_named_after_method_and_workload() -> None:
    row = replace(by_name("maximum", "float64-1e3"), method="half", workload="tiny")
    assert row.name == "half[tiny]"
