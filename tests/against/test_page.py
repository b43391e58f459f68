"""The page: what it says, and that nothing in a name is more than text."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given

from pytest_against import page, report
from pytest_against.model import Result, Row, RowResult, Verdict
from pytest_against.page import About
from pytest_against.quoting import plain
from pytest_against.rowlimits import ANY
from pytest_against.saved import BaselineRow
from tests.against.results import (
    CONTROLS,
    GREEN,
    MACHINE,
    ODD,
    ROWS,
    SLOWER,
    SMALL,
    STEADY,
    WORST_FIRST,
    factors,
    result,
    row,
)

MARKUP = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>"
OTHERS_WAY = "\u202eabc"  # turns around what follows


class Parser(HTMLParser):
    """Notes the elements, and the text in each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.texts.setdefault(self.elements[-1][0], []).append(data)


def data(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def cells(text: str) -> list[dict[str, Any]]:
    found = data(text)
    return [dict(zip(found["columns"], line, strict=True)) for line in found["rows"]]


def taking(name: str, seconds: Iterable[float], group: str = "", workload: str = "") -> BaselineRow:
    named = Row(node=f"t.py::{name}", method=name, workload=workload, name=name)
    return BaselineRow(row=named, seconds=tuple(seconds), group=group)


def times(*rows: BaselineRow, **more: Any) -> str:
    return page.times("before", rows, MACHINE, ["recorded long ago"], **more)


@given(ODD)
@example(MARKUP)
@example(OTHERS_WAY)
@example("x" * 200)
def test_nothing_in_a_name_is_more_than_text(words: str) -> None:
    odd = replace(SLOWER, row=replace(SLOWER.row, name=words, method=words), why=words)
    found = result(odd, head=words, base=words, notes=[words], machine={words: words})
    facts = {words: words}
    for text in (
        page.judged([found], lambda _: About(facts=facts)),
        page.judged([replace(found, rows=(), why=words or "?")]),
        times(replace(taking("a", [1.0]), row=odd.row), describe=lambda _: About(facts=facts)),
    ):
        told, calm = Parser(text), Parser(page.judged([GREEN]))
        assert told.elements == [
            (tag, {**attributes, "content": told.elements[at][1].get("content")})
            if "content" in attributes
            else (tag, attributes)
            for at, (tag, attributes) in enumerate(calm.elements)
        ]
        halved = plain(words.encode("utf-8", "replace").decode())
        rows = data(text)["rows"]
        assert not rows or plain(words) in rows[0] or halved in rows[0]
        assert OTHERS_WAY not in text


def test_the_browser_is_told_to_load_nothing_and_to_run_this_code_only() -> None:
    text = page.judged([SMALL])
    told = Parser(text)
    (policy,) = (a["content"] for tag, a in told.elements if "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    script, style = text.rpartition("<script>")[2], text.partition("<style>")[2]
    for code in (script.partition("</script>")[0], style.partition("</style>")[0]):
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text)


def test_five_thousand_rows_fit() -> None:
    many = [
        row(f"a_rather_long_name_{number}", "regressed", factors(1.2, 1.1, 1.3), "too slow")
        for number in range(5000)
    ]
    assert len(page.judged([result(*many)]).encode()) < 3_000_000


def test_the_worst_row_comes_first() -> None:
    found = [each["row"].partition("[")[0] for each in cells(page.judged([result(*ROWS)]))]
    assert found == [*WORST_FIRST, "steady", "improved"]


def test_rows_have_their_numbers_and_the_run_that_they_are_of() -> None:
    results = [SMALL, replace(GREEN, head="later", why="")]
    text = page.judged(results)
    assert data(text)["heads"] == ["the working tree", "later"]
    first = cells(text)[0]
    assert first == {
        "row": "slow[1e3]",
        "head": "the working tree",
        "verdict": "regressed",
        "was": 4e-6,
        "now": 5e-6,
        "ratio": 1.25,
        "low": 1.2,
        "high": 1.3,
        "trials": 11,
        "why": "slower than the limit",
        "limit": None,
        "kind": "regressed",
    }


def test_what_a_reader_has_to_know_is_there() -> None:
    found = data(page.judged([SMALL]))
    assert found["detail"] == ["the working tree against v1 (a1b2c3d), limit 3%"]
    cost, controls, note = found["notes"]
    assert cost == "11 trials, 61 s"
    assert controls.startswith("identical code came out steady")
    assert note == "Mind the step."
    assert found["machines"] == [["the working tree", MACHINE]]


def test_every_machine_is_named_with_its_run() -> None:
    other = {**MACHINE, "numpy": "2.5.0"}
    found = data(page.judged([SMALL, replace(GREEN, head="later", shard="2/2", machine=other)]))
    assert found["machines"] == [["the working tree", MACHINE], ["later, shard 2/2", other]]


NOISY = result(SLOWER, controls=[row("even", "inconclusive", factors(1, 0.9, 1.1))])
ALSO = row("also", "steady", factors(1, 0.99, 1.01))
BETTER = row("fast", "improved", factors(0.8, 0.7, 0.9))
ANSWERS: dict[str, Result] = {
    "Wrong: 1 of 2 rows fails its test, or returns something else": result(
        STEADY, row("a", "diverged")
    ),
    "Wrong: 2 of 2 rows fail their test, or return something else": result(
        row("a", "diverged"), row("b", "diverged")
    ),
    "Slower: 1 of 2 rows by more than 3 %, which is proven": SMALL,
    "Heavier: 1 row takes more memory, or more of what it counts": result(row("a", "heavier")),
    "Not judged: 1 of 2 rows is new": result(STEADY, row("a", "new")),
    "Not judged: 2 of 2 rows are vanished": result(row("a", "vanished"), row("b", "vanished")),
    "Not proven: 1 row may be slower by more than 3 %, or not": result(
        row("a", "inconclusive", factors(1, 0.9, 1.1))
    ),
    "Nothing is proven: identical code did not come out steady": NOISY,
    "Proven: 1 row is not slower by more than 3 %": GREEN,
    "Proven: none of 2 rows is slower by more than 3 %, and 1 faster": result(STEADY, BETTER),
    "Proven: 1 row faster by more than 3 %": result(BETTER),
    "Nothing was judged": result(why="no baseline"),
    "Proven: none of 3 rows is slower by more than its limit": result(
        STEADY, ALSO, row("own", "steady", factors(1.4, 1.3, 1.45), limit=0.5)
    ),
    "Proven: none of 2 rows is slower by more than 3 %": result(
        STEADY, ALSO, replace(SLOWER, may_fail=True), row("a", "new"), allow_new=True
    ),
    "Slower: 1 of 2 rows by more than its limit, which is proven": report.together(
        [GREEN, replace(SMALL, rows=[SLOWER], limit=0.2)]
    ),
}


@pytest.mark.parametrize("words", ANSWERS)
def test_the_answer_is_one_sentence(words: str) -> None:
    found = ANSWERS[words]
    assert page.answer(found) == words
    assert f"<title>{words}</title>" in page.judged([found])
    assert data(page.judged([found]))["verdict"] == found.verdict.value


def test_every_verdict_has_an_answer() -> None:
    for verdict in Verdict:
        row_ = RowResult.untimed(STEADY.row, verdict, "")
        assert page.answer(result(row_, controls=CONTROLS))


def test_a_script_less_browser_shows_the_report_in_text() -> None:
    assert "regressed: 1 regressed, 1 steady of 2 rows" in page.judged([SMALL])
    assert re.search(r"<pre> +row +median\n +a +1 s</pre>", times(taking("a", [1.0])))


def test_a_single_run_has_its_median_and_its_middle_half() -> None:
    text = times(taking("a", [4.0, 1.0, 2.0, 3.0, 9.0]), taking("b", [7.0]))
    first, second = cells(text)
    assert (first["low"], first["median"], first["high"]) == (1.5, 3.0, 6.5)
    assert (second["low"], second["median"], second["high"]) == (7.0, 7.0, 7.0)
    assert (first["trials"], second["trials"]) == (5, 1)
    assert data(text)["verdict"] is None
    assert data(text)["answer"] == "Times of 2 rows"
    assert data(text)["detail"] == ["before: up to 5 trials of a row"]


@pytest.mark.parametrize(
    "group, workload, size, facet",
    [
        ("", "1000", 1000, ""),
        ("", "float32-1e3", 1000, "float32"),
        ("forward float32-1e3", "float32-1e3", 1000, "forward float32"),
        ("", "n=30", 30, ""),
        ("", "float64-30x40-sorted", 1200, "float64 sorted"),
        ("", "small", 0, "small"),
        ("", "float32", 0, "float32"),
        ("", "3-4", 0, "3 4"),
        ("", "", 0, ""),
    ],
)
def test_a_single_number_in_the_parameters_is_taken_for_a_size(
    group: str, workload: str, size: float, facet: str
) -> None:
    (found,) = cells(times(taking("a", [1.0], group, workload)))
    assert (found["x"], found["facet"]) == (size, facet)
    assert found["size"] == 0  # nobody has said that these are elements


def test_what_the_suite_knows_of_a_size_counts_more() -> None:
    about = About(size=12, nbytes=96)
    (found,) = cells(times(taking("a", [1.0], "", "1e3"), describe=lambda _: about))
    assert (found["x"], found["size"], found["nbytes"]) == (12, 12, 96)


def test_facts_are_one_line_for_each_method_of_which_something_is_known() -> None:
    known = {"slow": {"code": "f(x)", "NaN": "kept"}, "even": {"code": "g(x)"}}
    text = page.judged([SMALL], lambda row: About(facts=known.get(row.method, {})))
    assert data(text)["facts"] == [
        ["method", "code", "NaN"],
        ["even", "g(x)", ""],
        ["slow", "f(x)", "kept"],
    ]
    assert data(page.judged([SMALL]))["facts"] == []


def test_what_is_no_number_is_left_out() -> None:
    unbounded = factors(1, 1, 1)
    unbounded = replace(unbounded, mean=math.nan, low=-math.inf, high=math.inf)
    (found,) = cells(page.judged([result(row("a", "inconclusive", unbounded))]))
    names = ("was", "now", "ratio", "low", "high")
    assert [found[name] for name in names] == [None] * 5


def test_a_limit_of_its_own_and_what_may_fail_are_in_words_and_counted_apart() -> None:
    rows = [
        row("own", "steady", factors(1.4, 1.3, 1.45), limit=0.5),
        row("any", "steady", factors(1.4, 1.3, 1.45), limit=ANY),
        row("may", "regressed", factors(1.4, 1.3, 1.45), "slow", may_fail=True),
        row("might", "steady", factors(1, 0.99, 1.01), may_fail=True),
    ]
    found = page.judged([result(*rows)])
    told = {each["row"].partition("[")[0]: each for each in cells(found)}
    assert told["own"]["why"] == "its limit is 50 %"
    assert (told["own"]["limit"], told["any"]["limit"]) == (0.5, None)
    assert (told["may"]["why"], told["may"]["kind"]) == ("slow; may fail", "may fail")
    assert (told["might"]["why"], told["might"]["kind"]) == ("", "steady")
    assert "steady: 1 regressed that may fail, 3 steady of 4 rows" in found


def test_shards_are_parts_of_one_judgement() -> None:
    found = data(page.judged([replace(SMALL, shard="1/2"), replace(SMALL, shard="2/2")]))
    assert found["heads"] == ["the working tree"]
    assert found["detail"] == ["the working tree against v1 (a1b2c3d), limit 3%"]
