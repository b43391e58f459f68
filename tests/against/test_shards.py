"""Shards: each row is in one, all are a whole, and none may be missing."""

from __future__ import annotations

import math
import random
import tracemalloc
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import join, json_reports
from pytest_against.checks import Checked
from pytest_against.model import WHOLE, CannotJudgeError, Result, Shard
from pytest_against.quoting import PAGE, TEXT
from pytest_against.report import as_json, markdown
from tests.against.results import CONTROLS, MACHINE, ODD, SLOWER, STEADY, result
from tests.against.simulated import LIMITS, Machine, gated, side

OF: Final = 8
MIB: Final = 1 << 20


@given(node=ODD, of=st.integers(1, 40))
def test_a_row_is_in_one_shard(node: str, of: int) -> None:
    assert sum(Shard(number, of).has(node) for number in range(1, of + 1)) == 1
    assert WHOLE.has(node)


def test_shards_are_about_equally_large() -> None:
    nodes = [f"tests/test_it.py::test_it[{number}]" for number in range(10_000)]
    sizes = [sum(map(Shard(number, OF).has, nodes)) for number in range(1, OF + 1)]
    assert max(sizes) < 1.1 * min(sizes)


@pytest.mark.parametrize("text", ["", "2", "0/8", "9/8", "1/0", "-1/8", "1/8/2", "a/b", "1/99999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    assert (Shard.parse("2/8"), str(Shard(2, 8)), str(WHOLE)) == (Shard(2, 8), "2/8", "")
    with pytest.raises(CannotJudgeError, match="is no shard; write 1/8 to 8/8"):
        Shard.parse(text)


def shards(rows: int, slow: int = -1, seed: int = 1) -> list[Result]:
    """Judge some rows in shards, on simulated machines, one of them slower by a fifth."""
    rng = random.Random(seed)
    nodes = [f"tests/test_{n % 9}.py::test_it[workload-{n}]" for n in range(rows)]
    found = []
    for shard in (Shard(number, OF) for number in range(1, OF + 1)):
        part: Checked = side([node for node in nodes if shard.has(node)])
        machine = Machine(
            spreads={node: 10 ** rng.uniform(-2.7, -2.2) for node in part.checks},
            factors={nodes[slow]: 1.2} if slow >= 0 else {},
            seed=rng.randrange(10**6),
        )
        limits = replace(LIMITS, error=LIMITS.error / OF)
        its = gated(part, part, machine=machine, limits=limits)
        about: dict[str, Any] = {"machine": {**MACHINE, "cpu": f"a CPU {shard.number % 3}"}}
        found.append(replace(its, base="v1 (a1b2c3d)", shard=str(shard), **about))
    return found


@pytest.mark.parametrize("rows, slow, code", [(1000, -1, 0), (1000, 77, 1), (10_000, 4321, 1)])
def test_many_rows_are_one_report_of_less_than_a_mebibyte(
    rows: int, slow: int, code: int, tmp_path: Path
) -> None:
    paths = []
    for number, found in enumerate(shards(rows, slow)):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(as_json(found))
        assert len(markdown(found).encode()) < MIB
    tracemalloc.start()
    together = join.joined([json_reports.load(path) for path in paths])
    page, words = join.rendered(together, PAGE), join.rendered(together, TEXT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * MIB
    assert len(page.encode()) < MIB
    assert (together.exit_code, len(together.rows)) == (code, rows)
    assert f"{rows - code} steady" in words
    assert f"of {rows} rows, 8 shards" in words
    assert words.count(f"workload-{slow}]  ") == code


def test_the_report_of_one_machine_ends_before_a_page_does() -> None:
    named = (replace(SLOWER.row, name="\u00e9" * 300 + f"{n}") for n in range(5000))
    long = [replace(SLOWER, row=row) for row in named]
    page = markdown(result(*long, controls=CONTROLS))
    assert len(page.encode()) < MIB
    shown = page.count("\u00e9" * 300) // 2
    assert page.count(f"\n| and {5000 - shown} more |") == 2


def shard(text: str, **more: Any) -> Result:
    row = replace(STEADY, row=replace(STEADY.row, node=f"test_{text[0]}.py::test_it"))
    return result(row, controls=CONTROLS, shard=text, **more)


def test_rows_of_one_name_in_two_shards_are_two() -> None:
    found = join.joined([shard("1/2"), shard("2/2", machine={**MACHINE, "cpu": "another"})])
    assert (len(found.rows), found.exit_code) == (2, 0)
    assert list(found.machines) == ["system Linux, machine x86_64"]


def test_machines_of_two_kinds_have_shards_of_their_own() -> None:
    arm = {**MACHINE, "machine": "aarch64"}
    every = [shard(text, machine=m) for text in ("1/2", "2/2") for m in (MACHINE, arm)]
    assert join.joined(every).exits == dict.fromkeys(
        ("system Linux, machine x86_64", "system Linux, machine aarch64"), 0
    )


OTHER_PYTHON: Final = {**MACHINE, "python": "CPython 3.12.1"}


def test_a_matrix_of_pythons_is_joined_and_tells_which_is_which() -> None:
    found = join.joined([shard(text, machine=m) for text in ("1/2", "2/2") for m in BOTH])
    assert [*found.machines] == [
        f"system Linux, machine x86_64, python {each['python']}" for each in BOTH
    ]
    assert (found.exit_code, len(found.rows)) == (0, 2)
    numpys = [{**each, "numpy": numpy} for each in BOTH for numpy in ("2.0", "2.4")]
    every = [shard(text, machine=m) for text in ("1/2", "2/2") for m in numpys]
    assert len(join.joined(every).machines) == 4


def test_shards_whose_runners_had_two_patches_of_python_are_one_suite() -> None:
    found = join.joined([shard("1/2"), shard("2/2", machine=OTHER_PYTHON)])
    assert (len(found.machines), len(found.rows), found.exit_code) == (1, 2, 0)


BOTH: Final = (MACHINE, OTHER_PYTHON)


@pytest.mark.parametrize(
    "results, words",
    [
        ([shard("1/3"), shard("3/3")], "are missing: 2/3; give the report of each"),
        ([shard("1/2", why="it crashed", limit=0.03)], "are missing: 2/2"),
        (
            [shard("1/2"), shard("2/2"), replace(shard("1/2"), rows=())],
            "are there twice: 1/2; give each once, and join one by one what differs by more than",
        ),
        ([shard("1/1"), shard("2/1")], "are no such shards: 2/1; measure them again"),
        ([shard("1/2"), shard("2/2", base="v2")], r"have different bases \(v1.* and v2\); join"),
        ([shard("1/2"), shard("2/2", head="x")], "have different heads .*the same REV, limit"),
        ([shard("1/2"), shard("2/2", limit=0.05)], r"have different limits \(3% and 5%\)"),
        ([shard("1/2"), shard("2/3")], r"have different numbers of shards \(2 and 3\)"),
    ],
)
def test_shards_that_are_not_a_whole_are_refused(results: list[Result], words: str) -> None:
    with pytest.raises(CannotJudgeError, match=words):
        join.joined(results)


def test_the_worst_shard_decides() -> None:
    failed = replace(shard("2/2"), rows=(), why="it crashed")
    assert join.joined([shard("1/2"), failed]).exit_code == 2
    slow = replace(shard("2/2"), rows=[SLOWER])
    assert join.joined([shard("1/2"), slow]).exit_code == 1


def test_a_family_of_shards_is_red_by_chance_no_more_often_than_a_whole() -> None:
    codes = Counter(join.joined(shards(160, seed=seed)).exit_code for seed in range(25))
    assert codes[1] == 0
    assert math.isclose(sum(LIMITS.error / OF for _ in range(OF)), LIMITS.error)
