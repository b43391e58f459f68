"""A report says in words what was found, the worst first, to people and to programs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any, Final, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.judge import Interval, Verdict
from benchmarks.outcome import Outcome, RowOutcome
from benchmarks.report import as_json, changes, duration, headline, markdown, text

MACHINE: Final = {
    "system": "Linux",
    "machine": "x86_64",
    "cpu": "GenuineIntel 6-85",
    "simd": "avx512",
    "python": "CPython 3.11.9",
    "numpy": "2.4.6",
}
UNBOUNDED: Final = Interval(0.5, -math.inf, math.inf, 1)


def _factors(mean: float, low: float, high: float, trials: int = 8) -> Interval:
    return Interval(math.log(mean), math.log(low), math.log(high), trials)


def _row(
    method: str, word: str, found: Interval | None = None, why: str = "", **times: float
) -> RowOutcome:
    return RowOutcome(
        row=f"{method}[1e3]",
        method=method,
        workload="1e3",
        verdict=Verdict(word),
        interval=found,
        why=why,
        **times,
    )


def _outcome(*rows: RowOutcome, controls: tuple[RowOutcome, ...] = (), **more: Any) -> Outcome:
    return Outcome(
        rows=rows,
        controls=controls,
        base="v1 (a1b2c3d)",
        head="the working tree",
        limit=0.03,
        seconds=61.26,
        trials=11,
        machine=MACHINE,
        **more,
    )


STEADY: Final = _row("even", "steady", _factors(1, 0.99, 1.01), was=2e-6, now=2e-6)
SLOWER: Final = _row(
    "slow", "regressed", _factors(1.25, 1.2, 1.3, 11), "slower than the limit", was=4e-6, now=5e-6
)
CONTROLS: Final = (_row("even", "steady", _factors(1, 0.992, 1.008)),)
SMALL: Final = _outcome(STEADY, SLOWER, controls=CONTROLS, notes=("Mind the step.",))

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
**regressed: 1 regressed, 1 steady of 2 rows**

| row | verdict | was | is | factor | interval | trials | why |
|---|---|---|---|---|---|---|---|
| slow[1e3] | regressed | 4 us | 5 us | 1.250 | 1.200 to 1.300 | 11 | slower than the limit |

* the working tree against v1 (a1b2c3d), limit 3%: 11 trials, 61 s
* on GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9, NumPy 2.4.6
* identical code came out steady on 1 row, within 0.8%
* Mind the step.

<details><summary>all 2 rows</summary>

| row | verdict | was | is | factor | interval | trials | why |
|---|---|---|---|---|---|---|---|
| even[1e3] | steady | 2 us | 2 us | 1.000 | 0.990 to 1.010 | 8 |  |
| slow[1e3] | regressed | 4 us | 5 us | 1.250 | 1.200 to 1.300 | 11 | slower than the limit |

</details>
"""


@pytest.mark.parametrize("render, golden", [(text, TEXT), (markdown, MARKDOWN)])
def test_small_report_reads_like_this(render: Any, golden: str) -> None:
    assert render(SMALL) == golden


FAILED: Final = """\
**not judged**: `no 'x'; make one`

* the working tree against v1 (a1b2c3d), limit 3%: 11 trials, 61 s
* on GenuineIntel 6-85, avx512, Linux x86_64; CPython 3.11.9, NumPy 2.4.6
"""


def test_what_kept_the_answer_from_being_found_stands_in_its_place() -> None:
    failed = _outcome(why="no `x`;\n make one")
    assert headline(failed) == "not judged: no `x`; make one"
    assert markdown(failed) == FAILED
    found = _parsed(failed)
    assert [found[name] for name in ("verdict", "exit", "rows")] == ["not judged", 2, []]
    assert found["why"] == "no `x`;\n make one"


@pytest.mark.parametrize(
    "words, line",
    [
        (["steady"], "steady: 1 steady of 1 row"),
        (["improved", "improved"], "improved: 2 improved of 2 rows"),
        (["steady", "regressed", "steady"], "regressed: 1 regressed, 2 steady of 3 rows"),
        (["new", "steady", "diverged"], "diverged: 1 diverged, 1 new, 1 steady of 3 rows"),
        ([], "inconclusive: no rows of 0 rows"),
    ],
)
def test_headline_is_the_answer_and_its_counts(words: list[str], line: str) -> None:
    assert headline(_outcome(*(_row("m", word) for word in words))) == line


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.5e-9, "0.5 ns"),
        (999e-9, "999 ns"),
        (999.4e-9, "999 ns"),
        (999.6e-9, "1 us"),
        (1.00e-6, "1 us"),
        (12.34e-6, "12.3 us"),
        (999.7e-6, "1 ms"),
        (1.234e-3, "1.23 ms"),
        (0.9997, "1 s"),
        (2.0, "2 s"),
        (123.4, "123 s"),
        (math.nan, ""),
        (math.inf, ""),
    ],
)
def test_duration_has_three_digits_and_a_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@settings(deadline=None, derandomize=True)
@given(seconds=st.floats(1e-9, 999))
def test_duration_is_never_written_with_an_exponent(seconds: float) -> None:
    number, unit = duration(seconds).split(" ")
    assert "e" not in number
    scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]
    assert float(number) * scale == pytest.approx(seconds, rel=0.006)


def _notable(rows: list[RowOutcome]) -> list[str]:
    """Return the methods in the table of the text report, in its order."""
    blocks = text(_outcome(*rows)).split("\n\n")
    return [line.split("[")[0].strip() for line in blocks[1].splitlines()[1:] if "[" in line]


def test_rows_worth_a_look_are_sorted_worst_first() -> None:
    rows = [
        _row("steady", "steady", _factors(1, 0.99, 1.01)),
        _row("new", "new"),
        _row("unclear", "inconclusive", _factors(1, 0.9, 1.1)),
        _row("worse", "regressed", _factors(1.3, 1.2, 1.4)),
        _row("missing", "missing"),
        _row("worst", "regressed", _factors(2, 1.9, 2.1)),
        _row("improved", "improved", _factors(0.8, 0.7, 0.9)),
        _row("unclearer", "inconclusive", _factors(1.2, 0.9, 1.5)),
        _row("heavier", "heavier"),
        _row("vanished", "vanished"),
        _row("diverged", "diverged"),
    ]
    expected = "worst worse diverged heavier missing vanished new unclearer unclear"
    assert _notable(rows) == expected.split()


def test_steady_and_improved_rows_need_no_table() -> None:
    faster = _row("fast", "improved", _factors(0.8, 0.7, 0.9))
    assert "fast" not in text(_outcome(STEADY, faster))
    assert "| fast[1e3] | improved |" in markdown(_outcome(STEADY, faster))


@pytest.mark.parametrize("render", [text, markdown])
@pytest.mark.parametrize("high, asked", [(0.49, True), (0.51, False)])
def test_row_more_than_twice_as_fast_is_asked_whether_it_works(
    render: Any, high: float, *, asked: bool
) -> None:
    faster = _row("fast", "improved", _factors(0.4, 0.3, high))
    report = render(_outcome(STEADY, faster))
    assert ("more than twice as fast: does it still do the work?" in report) is asked


def test_markdown_folds_every_row() -> None:
    before, _, folded = markdown(SMALL).partition("<details>")
    assert "even[1e3]" not in before
    assert "slow[1e3]" in before
    assert all(row.row in folded for row in SMALL.rows)
    assert folded.rstrip().endswith("</details>")


@pytest.mark.parametrize("why", ["shape | dtype", "a|b||c", "two\nlines", "tab\r\n|\nend"])
def test_reason_does_not_break_a_table(why: str) -> None:
    broken = _outcome(_row("m", "diverged", why=why))
    rows = [line for line in markdown(broken).splitlines() if line.startswith("| m[1e3]")]
    assert [line.replace("\\|", "").count("|") for line in rows] == [9, 9]
    assert rows[0].replace("\\|", "|").endswith(f"| {' '.join(why.split())} |")
    assert text(broken).count("\n") == text(_outcome(_row("m", "diverged", why="x"))).count("\n")


@pytest.mark.parametrize("verdict", [v for v in Verdict if v.value not in ("steady", "improved")])
def test_verdict_is_a_word_and_not_a_colour(verdict: Verdict) -> None:
    for render in (text, markdown):
        report = render(_outcome(STEADY, _row("m", verdict.value)))
        assert report.count(verdict.value) >= 3
        assert "\x1b" not in report


@pytest.mark.parametrize("render", [text, markdown])
@pytest.mark.parametrize("word, found", [("inconclusive", UNBOUNDED), ("regressed", None)])
def test_noisy_controls_are_named(render: Any, word: str, found: Interval | None) -> None:
    noisy = _outcome(STEADY, controls=(*CONTROLS, _row("wobbly", word, found)))
    report = render(noisy)
    assert "did not come out steady on 1 row of 2 (wobbly[1e3])" in report
    assert "no time is believed" in report


def test_controls_that_were_not_timed_are_no_error() -> None:
    untimed = _outcome(STEADY, controls=(_row("even", "steady"),))
    assert "came out steady on 1 row" in text(untimed)


@pytest.mark.parametrize("render", [text, markdown])
@pytest.mark.parametrize(
    "found", [UNBOUNDED, Interval(0.0, -math.inf, 0.1, 2), Interval(0.0, -0.1, 14.0, 2)]
)
def test_unbounded_interval_is_said_in_a_word(render: Any, found: Interval) -> None:
    report = render(_outcome(_row("m", "inconclusive", found)))
    assert "unbounded" in report
    assert "inf" not in report.replace("inconclusive", "")


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(constant)


def _parsed(outcome: Outcome) -> Any:
    return json.loads(as_json(outcome), parse_constant=_refuse)


def test_json_has_the_documented_keys() -> None:
    found = _parsed(SMALL)
    top = "verdict exit why base head limit seconds trials machine notes rows controls"
    row = "row method workload verdict ratio low high trials why"
    assert list(found) == top.split()
    assert [list(each) for each in [*found["rows"], *found["controls"]]] == [row.split()] * 3


def test_json_says_what_was_found() -> None:
    found = _parsed(SMALL)
    names = "verdict exit base limit seconds trials machine notes".split()  # noqa: SIM905 - as above
    assert [found[name] for name in names] == [
        *("regressed", 1, "v1 (a1b2c3d)", 0.03, 61.3, 11, MACHINE, ["Mind the step."]),
    ]
    assert list(found["rows"][1].values()) == [
        *("slow[1e3]", "slow", "1e3", "regressed"),
        *(1.25, 1.2, 1.3, 11, "slower than the limit"),
    ]


@pytest.mark.parametrize(
    "interval, expected",
    [
        (None, (None, None, None, 0)),
        (UNBOUNDED, (1.648721, None, None, 1)),
        (Interval(math.nan, -math.inf, math.inf, 0), (None, None, None, 0)),
        (Interval(0.0, -1e5, 1e5, 2), (1.0, None, None, 2)),
    ],
)
def test_json_has_no_number_for_what_is_unbounded(interval: Any, expected: Any) -> None:
    found = _parsed(_outcome(_row("m", "inconclusive", interval)))["rows"][0]
    assert tuple(found[name] for name in ("ratio", "low", "high", "trials")) == expected


@settings(deadline=None, derandomize=True)
@given(
    word=st.sampled_from([verdict.value for verdict in Verdict]),
    ends=st.tuples(*[st.floats(allow_nan=True)] * 3),
    why=st.text(),
)
def test_any_row_has_valid_json(word: str, ends: tuple[float, float, float], why: str) -> None:
    row = replace(_row("m", word, why=why), interval=Interval(*ends, 8))
    assert _parsed(_outcome(row))["rows"][0]["why"] == why


def test_changes_show_every_row_the_worst_first() -> None:
    lines = changes(SMALL).splitlines()
    assert lines[0] == headline(SMALL)
    assert [line.split()[0] for line in lines[3:]] == ["slow[1e3]", "even[1e3]"]
    assert "slower than the limit" in lines[3]
