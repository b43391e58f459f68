"""What is stored and cannot be believed is refused, with the command that mends it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Final

import pytest

from benchmarks.baselines import SCHEMA, load
from benchmarks.suite import SUITE
from tests.lanes import NAMES, RECORD, REPLACE, Lane, in_verdict
from tests.plants import BENCHMARKS, plants


def no_rows(found: dict[str, Any]) -> None:
    found["benchmarks"] = []


def other_schema(found: dict[str, Any]) -> None:
    found["extra_info"]["schema"] = 99


def other_machine(found: dict[str, Any]) -> None:
    found["machine_info"]["cpu"] = "Another CPU"


def no_number(value: float, key: str) -> Callable[[dict[str, Any]], None]:
    def change(found: dict[str, Any]) -> None:
        times = found["benchmarks"][0]["extra_info"][key]
        (times if key == "seconds" else times[0])[0] = value

    return change


UNBELIEVABLE: Final = {
    "no rows": (no_rows, "it has no rows"),
    "other schema": (other_schema, f"schema 99 instead of {SCHEMA}"),
    "other class of machines": (other_machine, "was recorded on another class of machines"),
    "NaN": (no_number(math.nan, "seconds"), "has the time nan"),
    "zero": (no_number(0, "seconds"), "has the time 0"),
    "negative": (no_number(-1e-6, "seconds"), "has the time -1e-06"),
    "NaN as a ratio": (no_number(math.nan, "recordings"), "has the time nan"),
}


@pytest.mark.parametrize("change, words", UNBELIEVABLE.values(), ids=UNBELIEVABLE)
def test_baseline_that_cannot_be_believed_is_refused(
    change: Callable[[dict[str, Any]], None], words: str, stored: Lane
) -> None:
    stored.change_baseline(change)
    line = stored.refused()
    assert words in line
    assert str(stored.baseline) in line
    assert line.endswith(REPLACE)


CONTENTS: Final = {
    "empty": b"",
    "truncated": b'{"benchmarks": [{"gro',
    "no UTF-8": b"\xff\xfe\x00",
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_file_that_is_no_baseline_is_refused(content: bytes, stored: Lane) -> None:
    stored.baseline.write_bytes(content)
    line = stored.refused()
    assert f"{stored.baseline} is not a baseline" in line
    assert line.endswith(REPLACE)


def test_huge_file_is_refused(stored: Lane) -> None:
    with stored.baseline.open("wb") as file:
        file.truncate(1 << 40)
    assert "it has more than 67,108,864 bytes" in stored.refused()


def test_baseline_behind_a_link_is_read(stored: Lane) -> None:
    real = stored.baseline.rename(stored.repository.folder / "real.json")
    stored.baseline.symlink_to(real)
    _, found = stored.judged()
    assert {row["row"] for row in found["rows"]} == set(NAMES)


@pytest.mark.parametrize("target", ["no-such.json", "0000_baseline.json", "/dev/zero"])
def test_link_that_leads_to_no_file_is_no_baseline(target: str, stored: Lane) -> None:
    stored.baseline.unlink()
    stored.baseline.symlink_to(target)
    assert stored.refused().endswith(f"; record it: {RECORD}")


def test_baseline_of_another_class_of_machines_is_not_used(stored: Lane) -> None:
    stored.baseline.parent.rename(stored.baseline.parent.with_name("another-machine"))
    line = stored.refused()
    assert f"no baseline for this class of machines ({stored.baseline})" in line
    assert line.endswith(RECORD)


def test_broken_expectations_are_refused_with_the_command_that_mends_them(stored: Lane) -> None:
    file = stored.repository.root / "benchmarks" / "expectations.json"
    file.write_text("{")
    line = stored.refused()
    assert f"{file} holds no expectations" in line
    assert line.endswith("rewrite it: python -m benchmarks expect")


def test_row_without_an_expectation_is_missing(stored: Lane) -> None:
    file = stored.repository.root / "benchmarks" / "expectations.json"
    found = json.loads(file.read_text("utf-8"))
    del found[NAMES[0]]
    file.write_text(json.dumps(found), "utf-8")
    run, verdicts = stored.judged()
    assert (run.exit, in_verdict(verdicts, "missing")) == (2, {NAMES[0]})
    assert "no expectation is stored: python -m benchmarks expect" in run.output


@pytest.mark.slow
def test_recording_refuses_what_cannot_be_believed_and_leaves_the_baseline_as_it_is(
    stored: Lane,
) -> None:
    stored.repository.plant(plants("maximum")["wrong value"])
    before = stored.baseline.read_bytes()
    run = stored.repository.run(*BENCHMARKS, "baseline", "--trials", "4")
    assert (run.exit, run.output) == (2, "")
    assert "rows fail the exact checks, maximum[" in run.errors.splitlines()[-1]
    assert "python -m benchmarks expect" in run.errors.splitlines()[-1]
    assert stored.baseline.read_bytes() == before
    assert load(stored.baseline, SUITE.command).rows.keys() == set(NAMES)
