"""A gate's JSON is believed only as far as its rows prove it, and the worst of several decides."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.join import joined, rendered
from pytest_against.json_reports import load
from pytest_against.model import CannotJudgeError, Interval, Result, RowResult, Verdict
from pytest_against.quoting import PAGE, TEXT
from pytest_against.report import as_json
from tests.against.results import GREEN, MACHINE, ODD, SLOWER, SMALL, STEADY, factors, result, row

UNTIMED: Final = sorted({v.value for v in Verdict} - {"regressed", "steady", "improved"})


@st.composite
def rows(draw: st.DrawFn, limit: float) -> RowResult:
    low, mean, high = sorted(draw(st.tuples(*[st.floats(-5, 5)] * 3)))
    found = draw(st.none() | st.just(Interval(mean, low, high, draw(st.integers(2, 99)))))
    proven = found.proves(limit) if found else None
    words = [proven.value] if proven else UNTIMED
    name, was = draw(ODD), draw(st.sampled_from([math.nan, 0.0, 2e-6]))
    return row(name, draw(st.sampled_from(words)), found, draw(ODD), name=name, was=was)


@settings(derandomize=True)
@given(data=st.data(), limit=st.floats(0, 1), allow_new=st.booleans(), why=st.just("") | ODD)
def test_what_a_gate_wrote_is_what_is_read(
    data: st.DataObject, limit: float, why: str, *, allow_new: bool, tmp_path_factory: Any
) -> None:
    def name(each: RowResult) -> str:
        return each.row.name.encode("utf-8", "replace").decode()

    judged = data.draw(st.lists(rows(limit), max_size=4, unique_by=name))
    controls = data.draw(st.lists(rows(limit), max_size=1))
    given = result(*judged, limit=limit, controls=controls, allow_new=allow_new, why=why)
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(as_json(given), "utf-8")
    found = load(path)
    assert (found.verdict, found.exit_code) == (given.verdict, given.exit_code)
    assert as_json(found) == as_json(given)


def _row(**values: object) -> Callable[[Any], None]:
    return lambda found: found["rows"][0].update(values)


def _all(**values: object) -> Callable[[Any], None]:
    return lambda found: found.update(values)


NOISY: Final = json.loads(as_json(result(row("even", "inconclusive"))))["rows"]
SLOW: Final = json.loads(as_json(result(replace(STEADY, interval=factors(5, 4, 6)))))["rows"]

FORGED: Final = {
    "verdict": (_all(verdict="regressed"), "it says regressed, exit code 0"),
    "controls": (_all(verdict="inconclusive", controls=NOISY), "it says inconclusive, exit code 0"),
    "noise": (_all(controls=NOISY), "it says steady, exit code 0"),
    "why": (_all(why="interrupted"), "it says steady, exit code 0"),
    "exit": (_all(exit=3), "it says steady, exit code 3"),
    "no rows": (_all(rows=[]), "it says steady, exit code 0"),
    "limit": (_all(limit=0.001), "limit 0.001"),
    "steady row": (_row(ratio=5, low=4, high=6), "even[1e3] is steady by low 4.0, ratio 5.0"),
    "improved row": (_row(verdict="improved"), "even[1e3] is improved by"),
    "regressed row": (_row(verdict="regressed"), "even[1e3] is regressed by"),
    "steady without an end": (_row(high=None), "even[1e3] is steady by"),
    "steady by one trial": (_row(trials=1), "1 trial,"),
    "ratio below": (_row(ratio=0.5), "ratio 0.5"),
    "ratio above": (_row(ratio=2), "ratio 2.0"),
    "ends exchanged": (_row(ratio=None, low=1.02, high=0.9), "low 1.02, ratio None"),
    "control that is slower": (_all(controls=SLOW), "even[1e3] is steady by"),
    "row twice": (lambda found: found["rows"].extend(found["rows"]), "a row is in it twice"),
    "no controls": (lambda found: found.pop("controls"), "missing required field `controls`"),
    "unknown verdict": (_all(verdict="x" * 100_000), "Invalid enum value 'xxx"),
    "word": (_row(high="high"), "got `str` - at `$.rows[0].high`"),
    "zero": (_row(low=0), "Expected `float` > 0.0"),
    "infinite": (_row(high=math.inf), "JSON is malformed"),
    "negative": (_all(limit=-1), "Expected `float` >= 0.0"),
    "half a pair": (_row(why="\ud800"), "is not the report of a gate"),
    "long row": (_row(row="x" * 100_000, low=2), "xxx... is steady by"),
}


@pytest.mark.parametrize("change, words", FORGED.values(), ids=FORGED)
def test_a_report_that_contradicts_itself_is_refused_in_one_line(
    change: Callable[[Any], None], words: str, tmp_path: Path
) -> None:
    found, path = json.loads(as_json(GREEN)), tmp_path / "gate.json"
    change(found)
    path.write_text(json.dumps(found))
    with pytest.raises(CannotJudgeError) as caught:
        load(path)
    message = str(caught.value)
    assert words in message
    assert message.startswith(f"{path} is not the report of a gate: ")
    assert message.endswith("; write one with gate --json FILE")
    assert message.isprintable()
    assert len(message) < 800


@settings(derandomize=True)
@given(content=st.binary() | st.just(b'{"x":' + b"[" * 100_000) | st.just(b'{"why":"\xff"}'))
def test_no_content_ends_in_a_traceback(content: bytes, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    with pytest.raises(CannotJudgeError):
        load(path)


@pytest.mark.parametrize("name", ["none", "a\x00b", ".", "half \ud800"])
def test_what_is_no_file_is_no_report(name: str, tmp_path: Path) -> None:
    with pytest.raises(CannotJudgeError, match="is not the report of a gate") as caught:
        load(tmp_path / name)
    assert str(caught.value).isprintable()


ARM: Final = {**MACHINE, "machine": "aarch64", "cpu": "ARM 1-2", "simd": ""}
SAME: Final = row("slow", "steady", factors(1, 0.98, 1.02))

MARKDOWN: Final = """\
**failed**: 1 failed, 1 steady of 2 classes of machines

| row | `numpy 2.4.6` | `numpy unknown` |
| --- | --- | --- |
| `slow[1e3]` | regressed 1.250 (1.200 to 1.300) | steady 1.000 (0.980 to 1.020) |

* `numpy 2.4.6`: regressed, 2 rows; `the working tree` against `v1 (a1b2c3d)`, limit 3%
* `numpy unknown`: steady, 2 rows; `the working tree` against `v1 (a1b2c3d)`, limit 3%
"""


def test_a_row_worth_a_look_has_a_cell_for_every_machine() -> None:
    other = result(STEADY, SAME, machine={**MACHINE, "numpy": ""})
    assert rendered(joined([SMALL, other]), PAGE) == MARKDOWN
    worse = joined([SMALL, replace(GREEN, machine=ARM)])
    assert "| not judged |" in rendered(worse, PAGE)
    assert worse.exit_code == 1


def test_machines_are_named_by_what_tells_them_apart() -> None:
    assert list(joined([SMALL]).machines) == ["GenuineIntel 6-85, avx512, Linux x86_64"]
    assert list(joined([result(machine={})]).machines) == ["unknown machine"]
    assert list(joined([SMALL, replace(SMALL, machine=ARM)]).machines) == [
        "machine x86_64, cpu GenuineIntel 6-85, simd avx512",
        "machine aarch64, cpu ARM 1-2, simd unknown",
    ]


@settings(derandomize=True)
@given(codes=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_the_worst_machine_decides(codes: list[int]) -> None:
    words, found = ["steady", "diverged", "missing", "inconclusive"], factors(1, 0.99, 1.01)
    several = joined(
        [result(row("m", words[c], found), machine={"cpu": str(i)}) for i, c in enumerate(codes)]
    )
    assert list(several.exits.values()) == codes
    assert several.exit_code == next(code for code in (1, 2, 3, 0) if code in codes)


def test_a_machine_that_passed_on_fewer_rows_than_others_is_not_green() -> None:
    both = joined([result(STEADY, SAME), replace(GREEN, machine=ARM)])
    assert (list(both.exits.values()), both.exit_code) == ([0, 2], 2)
    words = "simd unknown: 1 row of the others not judged, such as slow[1e3]\n"
    assert words in rendered(both, TEXT)


def test_a_report_that_could_not_judge_says_why() -> None:
    both = joined([GREEN, result(machine=ARM, why="no `b`; record\n<one>")])
    page = rendered(both, TEXT)
    assert page.startswith("cannot be judged: 1 cannot be judged, 1 steady of 2 classes")
    assert ": not judged, no `b`; record <one>; the working tree" in page
    alone = rendered(joined([GREEN]), TEXT)  # what is proven everywhere needs no table
    assert alone.startswith("steady: 1 steady of 1 class of machines\n\nGenuineIntel")


def test_shards_of_one_machine_are_one_column_and_share_no_row() -> None:
    shards = joined([result(STEADY), result(SAME)])
    assert (len(shards.machines), shards.exit_code) == (1, 0)
    assert joined([result(STEADY), result()]).exit_code == 3
    refused: list[tuple[list[Result], str]] = [
        ([GREEN, SMALL], r"one machine \(GenuineIntel.* have a row in common, even\[1e3\]; give"),
        ([], "there is no report to join"),
    ]
    for results, words in refused:
        with pytest.raises(CannotJudgeError, match=words):
            joined(results)


def test_the_worst_rows_come_first_and_the_table_has_an_end() -> None:
    late = [row("late", "inconclusive", name=f"late[{i}]") for i in range(150)]
    lines = rendered(joined([result(*late, SLOWER)]), PAGE).splitlines()
    assert lines[4].startswith("| `slow[1e3]` | regressed ")
    assert len([line for line in lines if line.startswith("| `late[")]) == 99
    assert "| and 51 more |  |" in lines
