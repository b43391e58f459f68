"""What tests say of themselves: whole numbers are kept whoever made them, all else is named."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against.extra_info import LARGEST, said
from pytest_against.formats import Exact

MEASURED = {"peak_bytes": 8}


class Odd:
    def __index__(self) -> int:
        raise ZeroDivisionError("it has none")

    def __repr__(self) -> NoReturn:
        raise ValueError("nor words")


@pytest.mark.parametrize(
    "own, kept",
    [
        ({}, {}),
        ({"a": 3, 7: -8}, {"a": 3, "7": -8}),
        ({"a": np.int64(3), "b": np.uint8(4), "c": np.array(5)}, {"a": 3, "b": 4, "c": 5}),
        ({"a": True, "b": LARGEST, "c": -LARGEST}, {"a": 1, "b": LARGEST, "c": -LARGEST}),
    ],
)
def test_whole_numbers_stand_beside_what_was_measured(own: Any, kept: dict[str, int]) -> None:
    found = said({"exact": own, "inputs": 3}, MEASURED)
    assert found == {"exact": MEASURED | kept, "inputs": "3"}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    "own, words",
    [
        (3, 'extra_info["exact"] is 3; write whole numbers by name, up to 9,007,199,254,740,992'),
        ([("a", 3)], "extra_info[\"exact\"] is [('a', 3)]; write"),
        ({"a": 3, "b": 1000.0}, 'extra_info["exact"] has b: 1000.0; write whole numbers by name'),
        ({"a": np.float64(3)}, "has a: np.float64(3.0); write"),
        ({"a": np.array([3, 4])}, "has a: array([3, 4]); write"),
        ({"a": "3"}, "has a: '3'; write"),
        ({"a\nb": None}, "has a b: None; write"),
        ({"a": LARGEST + 1}, "has a: 9007199254740993; write"),
        ({"a": -LARGEST - 1}, "has a: -9007199254740993; write"),
        ({"a": 10**5000}, "Exceeds the limit"),
        ({"a": "x" * 1000}, "has a: 'xxx"),
        ({"a": Odd()}, "it has none"),
        (Odd(), "nor words"),
    ],
)
def test_anything_else_is_a_failure_in_one_line(own: Any, words: str) -> None:
    found = said({"exact": own}, MEASURED)
    assert found.keys() == {"outcome", "why"}
    assert (found["outcome"], words in str(found["why"])) == ("failed", True)
    assert str(found["why"]).isprintable()
    assert len(str(found["why"])) <= 200


def test_what_is_no_dictionary_at_all_is_named() -> None:
    assert "extra_info is [3]; write" in str(said([3], MEASURED)["why"])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(extra=anything | st.fixed_dictionaries({"exact": anything, "inputs": anything}))
def test_whatever_is_said_can_be_sent_and_what_is_kept_is_read_from_a_file(extra: Any) -> None:
    found = said(extra, MEASURED)
    json.dumps(found)
    assert "why" in found or "peak_bytes" in msgspec.convert(found, Exact).exact
