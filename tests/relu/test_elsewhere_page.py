"""What packages answer: deviations by kind, and the page that tells the worst first."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks.results import elsewhere_speed
from benchmarks.results.elsewhere_data import (
    Hurt,
    Row,
    deviations,
)
from benchmarks.results.elsewhere_page import page
from pytest_against.model import CannotJudgeError
from tests.relu.test_elsewhere import MAXIMUM, REFERENCES, row


def changed(part: str, place: int, text: str) -> Row:
    answer = list(MAXIMUM.answers[part])
    answer[place] = text
    return row({part: answer})


@pytest.mark.parametrize(
    "found, hurt, words",
    [
        (changed("int32", 6, "-1"), Hurt.NUMBER, "int32 2147483647 becomes -1, not 2147483647"),
        (changed("float32", 2, "0"), Hurt.NAN_LOST, "float32 nan becomes 0, not nan"),
        (changed("float32", 6, "-nan"), Hurt.NAN_MADE, "float32 -inf becomes nan, not 0"),
        (changed("float32", 5, "max"), Hurt.INFINITY, "float32 inf becomes max, not inf"),
        (changed("float32", 3, "nan"), Hurt.SIGN, "float32 -nan becomes nan, not -nan"),
        (changed("bool", 0, "bool"), Hurt.DTYPE, "bool stays bool"),
        (changed("int8", 1, "list"), Hurt.CONTAINER, "the container becomes list"),
        (changed("slope 1", 2, "0.5"), Hurt.SLOPE, "the gradient at 0 is 0.5, not 0"),
        (row({"int8": "E"}), Hurt.REFUSED, "int8 raises E"),
        (row({"tail nan": ["a", "b"]}), Hurt.TAIL, "arrays full of nan become a; b"),
    ],
)
def test_a_deviation_has_a_kind_and_words(found: Row, hurt: Hurt, words: str) -> None:
    [only] = deviations(found, MAXIMUM)
    assert (only.hurt, str(only)) == (hurt, words)


@pytest.mark.parametrize("part, place, text", [("float16", 4, "0"), ("bool", 3, "True")])
def test_zeros_and_booleans_of_the_same_value_are_no_deviation(
    part: str, place: int, text: str
) -> None:
    assert deviations(changed(part, place, text), MAXIMUM) == []


def test_a_number_that_another_dtype_rounds_is_told_apart() -> None:
    answer = ["float64", "kept", "0", "0", "0", "9007199254740992", "9223372036854775807"]
    hurts = [each.hurt for each in deviations(row({"int64": answer}), MAXIMUM)]
    assert hurts == [Hurt.DTYPE, Hurt.ROUNDED]


def test_the_page_marks_what_deviates_and_tells_the_worst_first() -> None:
    worse = replace(changed("int32", 6, "-1"), package="worse")
    bad = replace(changed("float32", 2, "0"), package="bad")
    compiled = replace(bad, variant="compiled", answers=MAXIMUM.answers)
    text = page([*REFERENCES, bad, compiled, worse, Row("none", error="no wheel")])
    lines = text.splitlines()
    ranked = [line.split()[1] for line in lines if line[:2] in {"1.", "2.", "3."}]
    assert ranked == ["worse", "bad"]
    assert "1. worse 1, `relu(x)`: int32 2147483647 becomes -1, not 2147483647." in lines
    assert any(line.startswith("| `relu(x)` | **0**, -nan | 0 | inf, 0 | 3.4") for line in lines)
    assert any("**int32: 2147483647 to -1**" in line for line in lines)
    assert "* `relu(x)`, compiled answers otherwise than `relu(x)`, eager: float32" in lines
    assert "Did not run: `no wheel`." in lines
    assert len({line.count(" | ") for line in lines if line.startswith("| `")}) == 1


def test_the_summary_names_the_closest_spelling_and_what_is_left() -> None:
    far = replace(changed("float32", 2, "0"), spelling="far(x)")
    near = replace(changed("slope 1", 2, "0.5"), spelling="near(x)", version="1.2+cpu")
    lines = page([*REFERENCES, far, near, row(package="same")]).splitlines()
    left = "the gradient at 0 is 0.5, not 0"
    assert f"| [it](#it-1) | `near(x)` | {left} | 1 of 2 | 1 of 2 |  |" in lines
    assert "| [same](#same-1) | `relu(x)` | nothing |  |  |  |" in lines
    assert "## it 1" in lines


def test_speed_is_shown_by_dtype_and_size_with_what_is_missing(tmp_path: Path) -> None:
    found = [
        elsewhere_speed.Speed("abacus", "", "", 0, error="ModuleNotFoundError"),
        elsewhere_speed.Speed("torch", "relu(x)", "float16", 9, 1.25, 1.2, 1.3),
        elsewhere_speed.Speed("torch", "relu(x)", "float32", 9, error="gives another answer"),
    ]
    path = tmp_path / "speed.jsonl"
    lines = [{"device": "GPU", "versions": {"torch": "2"}}, *map(asdict, found)]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    text = page([*REFERENCES, row()], elsewhere_speed.load(path))
    assert "on one GPU; torch 2." in text
    assert "| package | call | float16, 9 | float32, 9 |" in text
    assert "| abacus | did not run |  |  |" in text
    assert "| torch | `relu(x)` | 1.25 | gives another answer |" in text
    assert "## Speed" not in page([*REFERENCES, row()], elsewhere_speed.load(tmp_path / "none"))


def test_other_arguments_that_answer_otherwise_are_named() -> None:
    one = replace(row(), spelling="max(x, 0)")
    other = replace(changed("float32", 2, "0"), spelling="max(0, x)")
    text = page([*REFERENCES, one, other])
    assert "* `max(0, x)` answers otherwise than `max(x, 0)`: float32\n" in text
    with pytest.raises(CannotJudgeError, match=r"there is no np\.maximum\(x, 0\) of NumPy"):
        page([one])
