"""A report says in words what was found, the worst first, to people and to programs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.model import Interval, Result, Verdict
from pytest_against.report import (
    View,
    as_json,
    changes,
    comparison_text,
    headline,
    markdown,
    text,
)
from tests.against.results import (
    CONTROLS,
    MACHINE,
    ODD,
    ROWS,
    SMALL,
    STEADY,
    WORST_FIRST,
    factors,
    result,
    row,
)

UNBOUNDED: Final = Interval(0.5, -math.inf, math.inf, 1)
VERDICTS: Final = st.sampled_from(Verdict)

TEXT: Final = """\
regressed: 1 regressed, 1 steady of 2 rows

  row        verdict    was   is    factor  interval        trials  why
  slow[1e3]  regressed  4 us  5 us  1.250   1.200 to 1.300  11      slower than the limit

the working tree against v1 (a1b2c3d), limit 3%: 11 trials, 61 s
on GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9, NumPy 2.4.6
identical code came out steady on 1 row, within 0.8%
Mind the step.
"""

MARKDOWN: Final = """\
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

  row        verdict    was   is    factor  interval        trials  why
  slow[1e3]  regressed  4 us  5 us  1.250   1.200 to 1.300  11      slower than the limit

the working tree against v1 (a1b2c3d), limit 3%: 11 trials, 61 s
on GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9, NumPy 2.4.6
identical code came out steady on 1 row, within 0.8%
Mind the step.

regressed: 1 regressed, 1 steady of 2 rows
"""


def test_a_small_report_reads_like_this() -> None:
    assert text(SMALL) == TEXT
    assert markdown(SMALL) == MARKDOWN
    assert comparison_text([SMALL], View(group="method")) == COMPARED


def test_what_kept_the_answer_from_being_found_stands_in_its_place() -> None:
    failed = result(why="no `x`;\n make one", machine={})
    assert text(failed).splitlines()[0] == headline(failed) == "not judged: no `x`; make one"
    assert markdown(failed) == (
        "**not judged**: `no 'x'; make one`\n\n"
        "* `the working tree` against `v1 (a1b2c3d)`, limit 3%: 11 trials, 61 s\n"
    )
    found = _parsed(as_json(failed))
    assert [found[name] for name in ("verdict", "exit", "rows")] == ["not judged", 2, []]
    assert found["why"] == "no `x`;\n make one"


@pytest.mark.parametrize(
    "words, line",
    [
        (["steady"], "steady: 1 steady of 1 row"),
        (["improved", "improved"], "improved: 2 improved of 2 rows"),
        (["new", "steady", "diverged"], "diverged: 1 diverged, 1 new, 1 steady of 3 rows"),
        ([], "inconclusive: no rows of 0 rows"),
    ],
)
def test_the_headline_is_the_answer_and_its_counts(words: list[str], line: str) -> None:
    assert headline(result(*(row("m", word) for word in words))) == line


@pytest.mark.parametrize(
    "machine, line",
    [
        ({}, []),
        ({**MACHINE, "numpy": ""}, ["GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9"]),
        ({"machine": "arm64", "python": "CPython 3.14.0"}, ["arm64; CPython 3.14.0"]),
        ({"cpu": "M\n4", "numpy": "2.5"}, ["M 4; NumPy 2.5"]),
    ],
)
def test_what_is_unknown_of_the_machine_is_left_out(machine: Any, line: list[str]) -> None:
    lines = text(result(STEADY, machine=machine)).splitlines()[3:]
    assert lines == [f"on {words}" for words in line]
    assert _parsed(as_json(result(machine=machine)))["machine"] == machine


def _names(table: str) -> list[str]:
    return re.findall(r"^(?:  |\| `)(\w+)\[1e3\]", table, re.MULTILINE)


def test_rows_worth_a_look_are_shown_the_worst_first() -> None:
    found = result(*ROWS)
    assert _names(text(found)) == WORST_FIRST
    above, _, folded = markdown(found).partition("<details>")
    assert _names(above) == WORST_FIRST
    assert _names(folded) == [each.row.method for each in ROWS]
    assert _names(changes(found)) == [*WORST_FIRST, "steady", "improved"]
    assert changes(found).startswith(f"{headline(found)}\n\n  row ")


@pytest.mark.parametrize("high, asked", [(0.49, True), (0.51, False)])
def test_a_row_more_than_twice_as_fast_is_asked_whether_it_works(
    high: float, *, asked: bool
) -> None:
    faster = result(STEADY, row("fast", "improved", factors(0.4, 0.3, high)))
    assert ("does it still do the work?" in text(faster)) is asked
    assert ("does it still do the work?" in markdown(faster)) is asked


@pytest.mark.parametrize("render", [text, markdown])
def test_noisy_controls_are_named(render: Callable[[Result], str]) -> None:
    noisy = [row(f"m{i}", "inconclusive", UNBOUNDED) for i in range(4)]
    report = render(result(STEADY, controls=(*CONTROLS, *noisy))).replace("`", "")
    assert "did not come out steady on 4 rows of 5 (m0[1e3], m1[1e3], m2[1e3]): no time" in report


@pytest.mark.parametrize("found", [None, UNBOUNDED, Interval(0, -0.01, math.inf, 8)])
def test_steady_controls_of_unknown_width_have_none(found: Interval | None) -> None:
    report = text(result(STEADY, controls=(row("even", "steady", found),)))
    assert "identical code came out steady on 1 row\n" in report


@pytest.mark.parametrize(
    "found, words",
    [
        (UNBOUNDED, ("1.649", "unbounded")),
        (Interval(0.0, -math.inf, 0.1, 2), ("1.000", "unbounded")),
        (Interval(0.0, -0.1, 14.0, 2), ("1.000", "unbounded")),
        (Interval(1e308, 1.0, 1e308, 2), ("unbounded", "unbounded")),
        (Interval(-1e308, -1e308, 0.0, 2), ("0.000", "0.000 to 1.000")),
    ],
)
def test_what_has_no_bound_is_said_in_a_word(found: Interval, words: tuple[str, str]) -> None:
    report = text(result(row("m", "inconclusive", found)))
    assert tuple(re.split(r"\s{2,}", report.splitlines()[3])[3:5]) == words


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(constant)


def _parsed(written: str) -> Any:
    return json.loads(written, parse_constant=_refuse)


def test_json_says_what_was_found_under_the_documented_keys() -> None:
    found = _parsed(as_json(SMALL))
    names = "row node method workload file line verdict ratio low high trials was now why".split()  # noqa: SIM905 - as documented
    assert [list(each) for each in [*found["rows"], *found["controls"]]] == [names] * 3
    assert list(found.pop("rows")[1].values()) == [
        *("slow[1e3]", "test_it.py::test_it[slow-1e3]", "slow", "1e3", "test_it.py", 7),
        *("regressed", 1.25, 1.2, 1.3, 11, 4e-6, 5e-6, "slower than the limit"),
    ]
    assert found.pop("controls")[0]["was"] is None
    assert found == json.loads(f"""{{
        "verdict": "regressed", "exit": 1, "why": "", "base": "v1 (a1b2c3d)", "limit": 0.03,
        "head": "the working tree", "seconds": 61.3, "trials": 11, "notes": ["Mind the step."],
        "machine": {json.dumps(MACHINE)}}}""")


@pytest.mark.parametrize(
    "found, expected",
    [
        (None, (None, None, None, 0)),
        (UNBOUNDED, (1.648721, None, None, 1)),
        (Interval(math.nan, -math.inf, math.inf, 0), (None, None, None, 0)),
        (Interval(0.0, -1e5, 1e308, 2), (1.0, None, None, 2)),
        (Interval(-20.0, -30.0, 0.0, 2), (2.061154e-09, 9.357623e-14, 1.0, 2)),
    ],
)
def test_json_has_no_number_for_what_is_unbounded(found: Any, expected: Any) -> None:
    each = _parsed(as_json(result(row("m", "inconclusive", found))))["rows"][0]
    assert tuple(each[name] for name in ("ratio", "low", "high", "trials")) == expected


@settings(deadline=None, derandomize=True)
@given(word=VERDICTS, ends=st.tuples(*[st.floats()] * 3), name=ODD, why=ODD)
def test_any_row_has_valid_json_from_which_only_half_pairs_are_lost(
    word: Verdict, ends: tuple[float, float, float], name: str, why: str
) -> None:
    odd = row(name, word.value, Interval(*ends, 8), why, name=name)
    (found,) = _parsed(as_json(result(odd, base=why)))["rows"]
    expected = [words.encode("utf-8", "replace").decode() for words in (name, why)]
    assert [found["row"], found["why"]] == expected
