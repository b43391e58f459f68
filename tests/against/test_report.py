"""A report says what was found, the worst first; nothing that it quotes breaks it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against import report
from pytest_against.model import Interval, Result, Verdict
from pytest_against.quoting import PAGE, TEXT
from pytest_against.report import View, as_json, comparison, comparison_csv, markdown, text
from tests.against.results import (
    CONTROLS,
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

UNBOUNDED: Final = Interval(0.5, -math.inf, math.inf, 1)
OTHER: Final = replace(SMALL, head="B", rows=(replace(STEADY, now=1.0),), notes=("N",), trials=4)

SMALL_TEXT: Final = """\
regressed: 1 regressed, 1 steady of 2 rows

  row        verdict    was   is    factor  interval        trials  why
  slow[1e3]  regressed  4 us  5 us  1.250   1.200 to 1.300  11      slower than the limit

the working tree against v1 (a1b2c3d), limit 3%: 11 trials, 61 s
on GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9, NumPy 2.4.6
identical code came out steady on 1 row, within 0.8%
Mind the step.
"""

SMALL_PAGE: Final = """\
**regressed**: 1 regressed, 1 steady of 2 rows

| row | verdict | was | is | factor | interval | trials | why |
| --- | --- | --- | --- | --- | --- | --- | --- |
| `slow[1e3]` | regressed | 4 us | 5 us | 1.250 | 1.200 to 1.300 | 11 | `slower than the limit` |

* `the working tree` against `v1 (a1b2c3d)`, limit 3%: 11 trials, 61 s
* on `GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9, NumPy 2.4.6`
* identical code came out steady on 1 row, within 0.8%
* `Mind the step.`

<details><summary>all 2 rows</summary>

| row | verdict | was | is | factor | interval | trials | why |
| --- | --- | --- | --- | --- | --- | --- | --- |
| `even[1e3]` | steady | 2 us | 2 us | 1.000 | 0.990 to 1.010 | 8 |  |
| `slow[1e3]` | regressed | 4 us | 5 us | 1.250 | 1.200 to 1.300 | 11 | `slower than the limit` |

</details>
"""

COMPARED: Final = """\
the working tree against v1 (a1b2c3d), limit 3%

regressed: 1 regressed, 1 steady of 2 rows

even

  row        verdict  was   is    factor  interval        trials  why
  even[1e3]  steady   2 us  2 us  1.000   0.990 to 1.010  8

slow

"""


def names(table: str) -> list[str]:
    return re.findall(r"^(?:  |\| `)(\w+)\[1e3\]", table, re.MULTILINE)


def parsed(written: str) -> Any:
    return json.loads(written, parse_constant=pytest.fail)


@pytest.mark.parametrize("trials, words", [(0, "0 trials,"), (1, "1 trial,"), (2, "2 trials,")])
def test_one_trial_is_no_trials(trials: int, words: str) -> None:
    assert f"limit 3%: {words}" in text(replace(SMALL, trials=trials))


def test_a_small_report_reads_like_this() -> None:
    assert text(SMALL) == SMALL_TEXT
    assert markdown(SMALL) == SMALL_PAGE
    answer, _, rest = SMALL_TEXT.partition("\n\n")
    assert comparison([SMALL], TEXT, View("ratio", "method")) == f"{COMPARED}{rest}\n{answer}\n"


def test_what_kept_the_answer_from_being_found_stands_in_its_place() -> None:
    assert text(result()).startswith("inconclusive: no rows of 0 rows\n\n")
    failed = result(why="no `x`;\n make one", machine={})
    assert text(failed).startswith("not judged: no `x`; make one\n\n")
    assert markdown(failed) == (
        "**not judged**: `` no `x`; make one ``\n\n"
        "* `the working tree` against `v1 (a1b2c3d)`, limit 3%: 11 trials, 61 s\n"
    )
    found = parsed(as_json(failed))
    assert [found[name] for name in ("verdict", "exit", "rows")] == ["not judged", 2, []]
    assert found["why"] == "no `x`;\n make one"


@pytest.mark.parametrize(
    "machine, line",
    [
        ({}, []),
        ({**MACHINE, "numpy": ""}, ["on GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9"]),
        ({"cpu": "M\n4", "numpy": "2.5", "machine": "arm64"}, ["on M 4, arm64; NumPy 2.5"]),
    ],
)
def test_what_is_unknown_of_the_machine_is_left_out(machine: Any, line: list[str]) -> None:
    assert text(result(STEADY, machine=machine)).splitlines()[3:] == line


def test_rows_worth_a_look_are_shown_the_worst_first() -> None:
    found = result(*ROWS)
    assert names(text(found)) == WORST_FIRST
    above, _, folded = markdown(found).partition("<details>")
    assert (names(above), names(folded)) == (WORST_FIRST, [each.row.method for each in ROWS])
    changes = report.changes(found)
    assert names(changes) == [*WORST_FIRST, "steady", "improved"]
    assert changes.startswith(f"{report.headline(found)}\n\n  row ")


def test_a_row_more_than_twice_as_fast_is_asked_if_it_works() -> None:
    for high, asked in ((0.49, True), (0.51, False)):
        faster = result(STEADY, row("fast", "improved", factors(0.4, 0.3, high)))
        assert ("does it still do the work?" in text(faster)) is asked


def test_noisy_controls_are_named_and_steady_ones_of_unknown_width_have_none() -> None:
    noisy = [row(f"m{i}", "inconclusive", UNBOUNDED) for i in range(4)]
    found = text(result(STEADY, controls=(*CONTROLS, *noisy)))
    assert "did not come out steady on 4 rows of 5 (m0[1e3], m1[1e3], m2[1e3]): no time" in found
    assert ", but identical code was not steady\n" in found
    for each in (None, UNBOUNDED, Interval(0, -0.01, math.inf, 8)):
        controls = (row("even", "steady", each),)
        assert "came out steady on 1 row\n" in text(result(STEADY, controls=controls))


@pytest.mark.parametrize(
    "found, words, numbers",
    [
        (None, [], (None, None, None, 0)),
        (UNBOUNDED, ["1.649", "unbounded", "1"], (1.648721, None, None, 1)),
        (Interval(math.nan, -math.inf, math.inf, 0), ["unbounded"] * 2 + ["0"], (None,) * 3 + (0,)),
        (Interval(0.0, -math.inf, 0.1, 2), ["1.000", "unbounded", "2"], (1.0, None, 1.105171, 2)),
        (Interval(0.0, -0.1, 14.0, 2), ["1.000", "unbounded", "2"], (1.0, 0.9048374, 1202604, 2)),
        (Interval(1e308, 1.0, 1e308, 2), ["unbounded"] * 2 + ["2"], (None, 2.718282, None, 2)),
        (Interval(-1e5, -1e5, 0.0, 2), ["0.000", "0.000 to 1.000", "2"], (None, None, 1.0, 2)),
    ],
)
def test_what_has_no_bound_is_a_word_and_no_number(
    found: Any, words: list[str], numbers: tuple[Any, ...]
) -> None:
    odd = result(row("m", "inconclusive", found))
    assert re.split(r"\s{2,}", text(odd).splitlines()[3])[3:] == words
    (each,) = parsed(as_json(odd))["rows"]
    assert tuple(each[name] for name in ("ratio", "low", "high", "trials")) == numbers


def test_json_says_what_was_found_under_the_documented_keys() -> None:
    found = parsed(as_json(SMALL))
    assert found.pop("rows")[1] == json.loads("""{
        "row": "slow[1e3]", "node": "test_it.py::test_it[slow-1e3]", "method": "slow",
        "workload": "1e3", "file": "test_it.py", "line": 7, "verdict": "regressed", "ratio": 1.25,
        "low": 1.2, "high": 1.3, "trials": 11, "was": 4e-6, "now": 5e-6,
        "why": "slower than the limit"}""")
    (control,) = found.pop("controls")
    assert (control["row"], control["was"]) == ("even[1e3]", None)
    assert found == json.loads(f"""{{
        "verdict": "regressed", "exit": 1, "why": "", "base": "v1 (a1b2c3d)", "limit": 0.03,
        "head": "the working tree", "seconds": 61.3, "trials": 11, "notes": ["Mind the step."],
        "shard": "", "machine": {json.dumps(MACHINE)}}}""")


@settings(derandomize=True)
@given(st.sampled_from(Verdict), st.tuples(*[st.floats()] * 3), ODD, ODD)
def test_any_row_has_valid_json_from_which_only_half_pairs_are_lost(
    word: Verdict, ends: tuple[float, float, float], name: str, why: str
) -> None:
    odd = row(name, word.value, Interval(*ends, 8), why, name=name)
    (found,) = parsed(as_json(result(odd, base=why)))["rows"]
    expected = [words.encode("utf-8", "replace").decode() for words in (name, why)]
    assert [found["row"], found["why"]] == expected


@pytest.mark.parametrize(
    "sort, expected",
    [
        ("worst", ["worst", "worse", "slow", "new", "unclear", "even", "steady"]),
        ("name", ["even", "new", "slow", "steady", "unclear", "worse", "worst"]),
        ("ratio", ["worst", "worse", "slow", "even", "steady", "unclear", "new"]),
        ("time", ["slow", "even", "new", "steady", "unclear", "worse", "worst"]),
    ],
)
def test_a_comparison_is_sorted_and_grouped_as_wished(sort: str, expected: list[str]) -> None:
    found = [replace(SMALL, rows=[*ROWS[:5], STEADY, SLOWER])]
    for style in (TEXT, PAGE):
        assert names(comparison(found, style, View(sort))) == expected
        assert names(comparison(found, style, View(sort, "method"))) == sorted(expected)
        assert names(comparison(found, style, View(sort, "workload"))) == expected
    lines = list(csv.DictReader(io.StringIO(comparison_csv(found, View(sort)))))
    assert [line["method"] for line in lines] == expected


def test_a_comparison_says_of_each_row_whose_it_is() -> None:
    page = comparison([SMALL, OTHER], PAGE, View())
    assert re.findall("^## .*$", page, re.MULTILINE) == [
        "## `the working tree` against `v1 (a1b2c3d)`, limit 3%",
        "## `B` against `v1 (a1b2c3d)`, limit 3%",
    ]
    found = parsed(as_json(SMALL, OTHER, heads=True))
    heads = [(each["head"], each["row"]) for each in found["rows"]]
    whole = "the working tree"
    assert heads == [(whole, "even[1e3]"), (whole, "slow[1e3]"), ("B", "even[1e3]")]
    assert (found["verdict"], found["exit"], found["trials"]) == ("regressed", 1, 15)
    assert found["head"] == "the working tree, B"
    assert found["notes"] == ["the working tree: Mind the step.", "B: N"]
    assert comparison_csv([OTHER], View("name")) == (
        "head,row,method,workload,verdict,ratio,low,high,trials,was,now,why\n"
        "B,even[1e3],even,1e3,steady,1.0,0.99,1.01,8,2e-06,1.0,\n"
    )


@pytest.mark.parametrize(
    "results, code",
    [
        ([SMALL], 1),
        ([OTHER, SMALL], 1),
        ([OTHER, OTHER], 0),
        ([OTHER, replace(OTHER, why="unreadable")], 2),
        ([OTHER, replace(OTHER, controls=[ROWS[2]])], 3),
    ],
)
def test_the_worst_of_several_decides(results: list[Result], code: int) -> None:
    assert report.together(results).exit_code == code
