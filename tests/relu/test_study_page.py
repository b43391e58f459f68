"""The page of what the logged gates add up to."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

from benchmarks.results.gate_log import LoggedGate
from benchmarks.results.stock import RULES, Stock
from benchmarks.results.study_page import DRAWN, Share, figure, page, shares
from tests.relu.test_study import GREEN, RED


def stock(*, named: int = 0, missed: int = 0, others: int = 0) -> tuple[Stock, ...]:
    return tuple(
        Stock(rule=rule, named=named, missed=missed, others=others, rows=10, seconds=20.0)
        for rule in RULES
    )


ALIKE = replace(GREEN, rows=10, stock=stock(others=4))
SLOWER = replace(RED, rows=10, stock=stock(missed=2, others=1))
FOUND = replace(SLOWER, factor=1.25, named=("a", "b"), missed=(), stock=stock(named=2))


def lines(*gates: LoggedGate) -> list[str]:
    return page(gates).splitlines()


def test_identical_code_is_counted_by_gates_and_by_rows() -> None:
    wrong, open_ = replace(ALIKE, exit=1, others=("a",)), replace(ALIKE, exit=3)
    (line,) = [each for each in lines(ALIKE, wrong, open_, SLOWER) if each.startswith("| side")]
    assert "| 3 | 1 of 3 (0.84% to 90.6%) | 1 | 30 | 1 of 30 (0.0844% to 17.2%) |" in line
    stored = replace(ALIKE, lane="stored baseline")
    assert len([each for each in lines(ALIKE, stored) if "| nothing |" in each]) == 2


def test_other_rows_of_a_planted_gate_are_identical_code() -> None:
    words = "Other rows of gates with something planted, called slower: "
    assert f"{words}1 of 8 (0.316% to 52.7%)." in page([replace(SLOWER, others=("c",))])
    assert f"{words}none." in page([ALIKE])


def test_each_slowdown_is_a_line() -> None:
    found = lines(SLOWER, FOUND, FOUND)
    assert any("| 1 of 2 (1.26% to 98.7%) |" in each for each in found if "1.06 times" in each)
    assert any("| 4 of 4 (39.8% to 100%) |" in each for each in found if "1.25 times" in each)


def test_the_stock_way_stands_beside_the_gate() -> None:
    found = shares([ALIKE, SLOWER, FOUND])
    assert found["the gate"] == {1.0: Share(0, 26), 1.06: Share(1, 2), 1.25: Share(2, 2)}
    assert found["median:20%"] == {1.0: Share(5, 26), 1.06: Share(0, 2), 1.25: Share(2, 2)}
    other = replace(FOUND, stock=(replace(FOUND.stock[0], rule="asv continuous", seconds=300.0),))
    text = page([SLOWER, FOUND, other])
    assert text.count("| rows in truth | 0 % slower | 6 % slower | 25 % slower | seconds |") == 1
    assert text.count("| rows in truth | 0 % slower | 25 % slower | seconds |") == 1
    assert re.search(r"\n\| asv continuous \| .* \| 2 of 2 .* \| 300 \|\n", text)
    assert "--benchmark-compare-fail" not in page([GREEN, replace(RED, rows=10)])


def test_other_plants_than_slowdowns_have_no_factor_to_be_drawn_at() -> None:
    copied = replace(SLOWER, plant="extra copy", factor=1.0)
    assert [*shares([ALIKE, copied])["the gate"]] == [1.0]


def test_the_figure_has_a_curve_for_each_way() -> None:
    root = ET.fromstring(figure([ALIKE, SLOWER, FOUND]))  # noqa: S314 - made just now
    curves = [each.get("class", "") for each in root.iterfind("{*}path")]
    assert len([each for each in curves if each.startswith("line")]) == len(DRAWN)
    texts = [*root.itertext()]
    assert all(name in texts for name in (*DRAWN, "0 %", "6 %", "25 %"))
