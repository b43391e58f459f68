"""What a mark or a setting says of a row is read, or refused in one line."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_against import marks
from pytest_against.model import CannotJudgeError
from pytest_against.options import SETTINGS
from pytest_against.terms import USUAL, Terms

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    "said, found",
    [
        ({}, USUAL),
        ({"limit": "10%"}, Terms(limit=0.1)),
        ({"limit": 0.05, "floor": 2e-6}, Terms(limit=0.05, floor=2e-6)),
        ({"tolerance": 1e-6, "results": False}, Terms(tolerance=1e-6, results=False)),
        ({"may_fail": True, "results": "on"}, Terms(may_fail=True)),
        ({"floor": 0, "tolerance": "0"}, USUAL),
        ({"floor": 0.0, "tolerance": 0.0}, USUAL),
        ({"floor": "0e0", "tolerance": "0%"}, USUAL),
        ({"floor": -0.0, "tolerance": "0.1%"}, Terms(tolerance=0.001)),
        ({"limit": "900%"}, Terms(limit=9.0)),
    ],
)
def test_terms_are_read(said: dict[str, Any], found: Terms) -> None:
    assert marks.read(said, USUAL, "it") == found


@pytest.mark.parametrize(
    "said, words",
    [
        ({"limit": 3}, "it: limit: 3 is no limit; write one above 0, as 5% or 900%, or below"),
        ({"floor": -1}, "it: floor: -1 is no number of seconds; write 0 or more, as 1e-6"),
        ({"floor": "nan"}, "it: floor: nan is no number of seconds; write 0 or more"),
        ({"limit": 0}, "it: limit: 0 is no limit; write one above 0, as 5% or 900%"),
        ({"tolerance": "x"}, "it: tolerance: x is no tolerance; write 0, or a number below 1, as"),
        ({"tolerance": 2}, "it: tolerance: 2 is no tolerance; write 0, or a number below 1, as"),
        ({"results": "no"}, "it: results: no is neither; write true or false"),
        ({"lmit": 3}, "it: there is no lmit; write limit, or another of limit, floor, toler"),
    ],
)
def test_what_has_no_sense_is_refused(said: dict[str, Any], words: str) -> None:
    with pytest.raises(CannotJudgeError) as error:
        marks.read(said, USUAL, "it")
    assert str(error.value).startswith(words)


def test_a_mark_goes_before_what_holds_for_all_and_is_named_if_it_is_wrong() -> None:
    all_ = Terms(floor=1e-6)
    nodes: dict[str, dict[str, object]] = {"a": {"against": {"limit": "5%"}}, "b": {}}
    assert marks.of_rows(nodes, all_) == {"a": Terms(limit=0.05, floor=1e-6), "b": all_}
    nodes["b"]["against"] = {"limit": "wide"}
    with pytest.raises(CannotJudgeError, match="the mark against of b: limit: wide is no limit"):
        marks.of_rows(nodes, all_)


@pytest.mark.parametrize("node", ["a" * 5000, "a" + " \t\n" * 5000 + "b", "\ud800"])
def test_a_wrong_mark_is_told_in_one_short_line_whatever_its_test_is_called(node: str) -> None:
    with pytest.raises(CannotJudgeError) as error:
        marks.of_rows({node: {"against": {"limit": "wide"}}}, USUAL)
    words = str(error.value).encode().decode()
    assert len(words) < 500
    assert words.isprintable()


@pytest.mark.parametrize(
    "name, near",
    [
        ("against_limitt", "against_limit, or another of against_packages, "),
        ("agianst_limit", "against_limit, or another of "),
        ("against-floor", "against_floor, or another of "),
        ("against_zzzzzzzzz", "one of against_packages, "),
    ],
)
@pytest.mark.parametrize("where", ["a file", "the command line"])
def test_a_setting_that_is_none_is_refused_with_the_nearest(
    name: str, near: str, where: str, pytester: pytest.Pytester
) -> None:
    pytester.makeini(f"[pytest]\ntimeout = 5\n{name} = 5\n" * (where == "a file"))
    argv = ["-o", f"{name}=5"] * (where != "a file")
    with pytest.raises(CannotJudgeError, match=f"there is no {name}; write {near}"):
        marks.of_settings(pytester.parseconfig(*argv))


@pytest.mark.usefixtures("home", "signals")
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_another_type_is_refused_in_one_line(
    name: str, pytester: pytest.Pytester
) -> None:
    pytester.makepyprojecttoml(f"[tool.pytest]\n{name} = 5\n")
    done = pytester.runpytest_subprocess("--against", "HEAD")
    (line,) = done.errlines
    assert done.ret == 2
    assert line.endswith(', got int: 5; write text as "5%", and packages as ["src/it"]')
    assert name in line


def test_settings_are_those_of_pytest(pytester: pytest.Pytester) -> None:
    assert marks.of_settings(pytester.parseconfig()) == USUAL
    settings = "against_floor = 1e-6\nagainst_tolerance = 1e-9\nagainst_results = off\n"
    pytester.makeini(f"[pytest]\n{settings}")
    found = Terms(floor=1e-6, tolerance=1e-9, results=False)
    assert marks.of_settings(pytester.parseconfig()) == found
    pytester.makeini("[pytest]\nagainst_floor = much\n")
    with pytest.raises(CannotJudgeError, match="the setting against_floor: floor: much is no num"):
        marks.of_settings(pytester.parseconfig())
