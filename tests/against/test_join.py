"""A gate's JSON is believed only as far as its rows prove it, and the worst of several decides."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_against.join import Joined, join_markdown, join_text, joined, load
from pytest_against.model import CannotJudgeError, Interval, Result, RowResult, Verdict
from pytest_against.report import as_json
from pytest_against.stats import verdict
from tests.against.results import GREEN, MACHINE, ODD, SLOWER, SMALL, STEADY, factors, result, row

UNTIMED: Final = sorted({v.value for v in Verdict} - {"regressed", "steady", "improved"})


def _load(path: Path, content: str) -> Result:
    path.write_text(content, "utf-8")
    return load(path)


def test_what_a_gate_wrote_is_read(tmp_path: Path) -> None:
    found = _load(tmp_path / "gate.json", as_json(SMALL))
    assert (found.verdict, found.exit_code, found.why) == (Verdict.REGRESSED, 1, "")
    assert (found.base, found.head, found.limit) == (SMALL.base, SMALL.head, 0.03)
    assert (found.machine, found.notes) == (MACHINE, ["Mind the step."])
    slow = found.rows[1]
    assert (slow.row, slow.verdict, slow.why) == (SLOWER.row, SLOWER.verdict, SLOWER.why)
    assert (slow.was, slow.now) == (SLOWER.was, SLOWER.now)
    assert math.isnan(found.controls[0].now)
    assert as_json(found) == as_json(SMALL)


@pytest.mark.parametrize("allow_new, code", [(False, 2), (True, 0)])
def test_new_rows_are_as_allowed_as_they_were(
    tmp_path: Path, code: int, *, allow_new: bool
) -> None:
    given = result(STEADY, row("m", "new"), allow_new=allow_new)
    assert _load(tmp_path / "gate.json", as_json(given)).exit_code == code


@st.composite
def _rows(draw: st.DrawFn, limit: float) -> RowResult:
    low, mean, high = sorted(draw(st.tuples(*[st.floats(-5, 5)] * 3)))
    found = draw(st.none() | st.just(Interval(mean, low, high, draw(st.integers(2, 99)))))
    proven = verdict(found, limit) if found else None
    words = [proven.value] if proven else UNTIMED
    name = draw(ODD)
    return row(name, draw(st.sampled_from(words)), found, draw(ODD), name=name)


@settings(deadline=None, derandomize=True)
@given(data=st.data(), limit=st.floats(0, 1), allow_new=st.booleans(), why=st.just("") | ODD)
def test_what_was_judged_is_what_is_read(
    data: st.DataObject, limit: float, why: str, *, allow_new: bool, tmp_path_factory: Any
) -> None:
    def name(each: RowResult) -> str:
        return each.row.name.encode("utf-8", "replace").decode()

    rows = data.draw(st.lists(_rows(limit), max_size=4, unique_by=name))
    controls = data.draw(st.lists(_rows(limit), max_size=1))
    given = result(*rows, limit=limit, controls=controls, allow_new=allow_new, why=why)
    found = _load(tmp_path_factory.getbasetemp() / "any.json", as_json(given))
    assert (found.verdict, found.exit_code) == (given.verdict, given.exit_code)
    assert as_json(found) == as_json(given)


def _set(*keys: str | int, value: object) -> Callable[[Any], None]:
    def change(found: Any) -> None:
        for key in keys[:-1]:
            found = found[key]
        found[keys[-1]] = value

    return change


def _row(**values: object) -> Callable[[Any], None]:
    return lambda found: found["rows"][0].update(values)


def _all(**values: object) -> Callable[[Any], None]:
    return lambda found: found.update(values)


NOISY: Final = json.loads(as_json(result(row("even", "inconclusive"))))["rows"]

FORGED: Final = {
    "verdict": (_all(verdict="regressed"), "it says regressed, exit code 0"),
    "reason": (_all(verdict="not judged", why="interrupted"), "it says not judged, exit code 0"),
    "controls": (_all(verdict="inconclusive", controls=NOISY), "it says inconclusive, exit code 0"),
    "steady row": (_row(ratio=5, low=4, high=6), "even[1e3] is steady by low 4.0, ratio 5.0"),
    "noise": (_all(controls=NOISY), "it says steady, exit code 0"),
    "why": (_all(why="interrupted"), "it says steady, exit code 0"),
    "exit": (_all(exit=3), "it says steady, exit code 3"),
    "no rows": (_all(rows=[]), "it says steady, exit code 0"),
    "limit": (_all(limit=0.001), "limit 0.001"),
    "improved row": (_row(verdict="improved"), "even[1e3] is improved by"),
    "regressed row": (_row(verdict="regressed"), "even[1e3] is regressed by"),
    "steady without an end": (_row(high=None), "even[1e3] is steady by"),
    "steady without a trial": (_row(trials=0), "0 trials"),
    "steady by one trial": (_row(trials=1), "1 trials"),
    "ratio below": (_row(ratio=0.5), "ratio 0.5"),
    "ratio above": (_row(ratio=2), "ratio 2.0"),
    "ends exchanged": (_row(ratio=None, low=1.02, high=0.9), "low 1.02, ratio None"),
    "control that is slower": (_set("controls", 0, "high", value=6), "even[1e3] is steady by"),
    "row twice": (lambda found: found["rows"].extend(found["rows"]), "a row is in it twice"),
    "no controls": (lambda found: found.pop("controls"), "missing required field `controls`"),
    "unknown verdict": (_all(verdict="fine"), "Invalid enum value 'fine'"),
    "true": (_all(exit=False), "Expected `int`, got `bool`"),
    "word": (_row(high="high"), "got `str` - at `$.rows[0].high`"),
    "zero": (_row(low=0), "Expected `float` > 0.0"),
    "infinite": (_row(high=math.inf), "JSON is malformed"),
    "huge": (_row(high=10**400), "Number out of range"),
    "negative": (_all(limit=-1), "Expected `float` >= 0.0"),
    "half a pair": (_row(why="\ud800"), "is not the report of a gate"),
    "long": (_all(verdict="x" * 100_000), "Invalid enum value 'xxx"),
    "long row": (_row(row="x" * 100_000, low=2), "xxx... is steady by"),
    "list": (_all(machine=[]), "Expected `object`, got `array`"),
}


@pytest.mark.parametrize("change, words", FORGED.values(), ids=FORGED)
def test_a_report_that_contradicts_itself_is_refused_in_one_line(
    change: Callable[[Any], None], words: str, tmp_path: Path
) -> None:
    found = json.loads(as_json(GREEN))
    change(found)
    with pytest.raises(CannotJudgeError) as caught:
        _load(tmp_path / "gate.json", json.dumps(found))
    message = str(caught.value)
    assert words in message
    assert message.startswith(f"{tmp_path / 'gate.json'} is not the report of a gate: ")
    assert message.endswith("; write one with gate --json FILE")
    assert message.isprintable()
    assert len(message) < 800


@settings(deadline=None, derandomize=True)
@given(content=st.binary() | st.just(b'{"x":' + b"[" * 100_000) | st.just(b'{"why":"\xff"}'))
def test_no_content_ends_in_a_traceback(content: bytes, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    with pytest.raises(CannotJudgeError):
        load(path)


def test_only_a_regular_file_of_bounded_size_is_read(tmp_path: Path) -> None:
    huge, loop = tmp_path / "huge", tmp_path / "loop"
    with huge.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    loop.symlink_to(loop)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("huge", "loop", "fifo", "zero", "none", "a\x00b", ".", "half \ud800"):
        with pytest.raises(CannotJudgeError, match="is not the report of a gate") as caught:
            load(tmp_path / name)
        assert str(caught.value).isprintable()


ARM: Final = {**MACHINE, "machine": "aarch64", "cpu": "ARM 1-2", "simd": ""}
SAME: Final = row("slow", "steady", factors(1, 0.98, 1.02))
FAST: Final = result(STEADY, SAME)

TEXT: Final = """\
failed: 1 failed, 1 steady of 2 classes of machines

  row        numpy 2.4.6                       numpy unknown
  slow[1e3]  regressed 1.250 (1.200 to 1.300)  steady 1.000 (0.980 to 1.020)

numpy 2.4.6: regressed, 2 rows; the working tree against v1 (a1b2c3d), limit 3%
numpy unknown: steady, 2 rows; the working tree against v1 (a1b2c3d), limit 3%
"""

MARKDOWN: Final = """\
**failed**: 1 failed, 1 steady of 2 classes of machines

| row | `numpy 2.4.6` | `numpy unknown` |
| --- | --- | --- |
| `slow[1e3]` | regressed 1.250 (1.200 to 1.300) | steady 1.000 (0.980 to 1.020) |

* `numpy 2.4.6`: regressed, 2 rows; `the working tree` against `v1 (a1b2c3d)`, limit 3%
* `numpy unknown`: steady, 2 rows; `the working tree` against `v1 (a1b2c3d)`, limit 3%
"""


def test_a_row_worth_a_look_has_a_cell_for_every_machine() -> None:
    both = joined([SMALL, replace(FAST, machine={**MACHINE, "numpy": ""})])
    assert join_text(both) == TEXT
    assert join_markdown(both) == MARKDOWN


def test_machines_are_named_by_what_tells_them_apart() -> None:
    assert list(joined([SMALL]).machines) == ["GenuineIntel 6-85, avx512, Linux x86_64"]
    assert list(joined([result(machine={})]).machines) == ["unknown machine"]
    assert list(joined([SMALL, replace(SMALL, machine=ARM)]).machines) == [
        "machine x86_64, cpu GenuineIntel 6-85, simd avx512",
        "machine aarch64, cpu ARM 1-2, simd unknown",
    ]


def test_what_is_proven_everywhere_needs_no_table() -> None:
    page = join_text(joined([FAST]))
    assert page.startswith("steady: 1 steady of 1 class of machines\n\nGenuineIntel")
    assert "[1e3]" not in page


def _exits(*codes: int) -> Joined:
    words = {0: "steady", 1: "diverged", 2: "missing", 3: "inconclusive"}
    found = factors(1, 0.99, 1.01)
    return joined(
        [result(row("m", words[c], found), machine={"cpu": str(i)}) for i, c in enumerate(codes)]
    )


@pytest.mark.parametrize(
    "codes, worst", [([0], 0), ([0, 0], 0), ([0, 3], 3), ([3, 2, 0], 2), ([0, 1, 2, 3], 1)]
)
def test_the_worst_machine_decides(codes: list[int], worst: int) -> None:
    assert _exits(*codes).exit_code == worst
    assert list(_exits(*codes).exits.values()) == codes


@settings(deadline=None, derandomize=True)
@given(codes=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_green_needs_every_machine_to_be_green(codes: list[int]) -> None:
    assert (_exits(*codes).exit_code == 0) == (set(codes) == {0})


def test_a_machine_that_passed_on_fewer_rows_than_others_is_not_green() -> None:
    both = joined([FAST, replace(GREEN, machine=ARM)])
    assert list(both.exits.values()) == [0, 2]
    assert both.exit_code == 2
    assert "simd unknown: 1 row of the others not judged, such as slow[1e3]\n" in join_text(both)
    worse = joined([SMALL, replace(GREEN, machine=ARM)])
    assert worse.exit_code == 1
    assert "| not judged |" in join_markdown(worse)


def test_a_report_that_could_not_judge_says_why() -> None:
    both = joined([GREEN, result(machine=ARM, why="no `b`; record\n<one>")])
    assert both.exit_code == 2
    assert ": not judged, no `b`; record <one>; the working tree" in join_text(both)
    assert ": not judged, `no 'b'; record <one>`; `the working tree`" in join_markdown(both)


def test_shards_of_one_machine_are_one_column_and_share_no_row() -> None:
    shards = joined([result(STEADY), result(SAME)])
    assert (len(shards.machines), shards.exit_code) == (1, 0)
    assert joined([result(STEADY), result()]).exit_code == 3
    with pytest.raises(CannotJudgeError) as caught:
        joined([GREEN, SMALL])
    assert str(caught.value) == (
        "two reports of one machine (GenuineIntel 6-85, avx512, Linux x86_64) have a row in "
        "common, even[1e3]; give one of each, or shards of a suite"
    )


def test_nothing_is_not_joined() -> None:
    with pytest.raises(CannotJudgeError, match="there is no report to join"):
        joined([])


def test_the_worst_rows_come_first_and_the_table_has_an_end() -> None:
    late = [row("late", "inconclusive", name=f"late[{i}]") for i in range(150)]
    lines = join_markdown(joined([result(*late, SLOWER)])).splitlines()
    assert lines[4].startswith("| `slow[1e3]` | regressed ")
    assert len([line for line in lines if line.startswith("| `late[")]) == 99
    assert "| and 51 more |  |" in lines


@settings(deadline=None, derandomize=True)
@given(name=ODD.filter(str.strip))
def test_no_name_breaks_a_page(name: str) -> None:
    def both(word: str) -> Joined:
        found = result(row("m", "diverged", name=word), base=word, machine={"cpu": word})
        return joined([found, result(why=word, head=word, machine={"cpu": f"{word}."})])

    page, usual = join_markdown(both(name)), join_markdown(both("name"))
    assert re.sub("`[^`]*`", "", page) == re.sub("`[^`]*`", "", usual)
    table = [line for line in page.splitlines() if line.startswith("| ")]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in table] == [4, 4, 4]
    lines = join_text(both(name)).split("\n")
    assert len(lines) == len(join_text(both("name")).split("\n"))
    assert all(line.isprintable() and not line.strip().startswith("::") for line in lines)
