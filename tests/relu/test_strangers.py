"""What is said of public packages follows from the gates that were run on them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.results.strangers import PLANT, STRANGERS, Gate, load, page

SAME = Gate(
    name="cattrs",
    planted=False,
    exit=0,
    verdict="steady",
    why="",
    seconds=60.0,
    rows=64,
    red=(),
    spread=0.01,
)
CALLS, OTHER = "test_unstructure_int", "test_structure_int"


def test_the_page_counts_what_was_red_and_says_why_a_suite_cannot_be_judged(tmp_path: Path) -> None:
    red = replace(SAME, planted=True, exit=1, verdict="regressed", red=(CALLS,), seconds=62.0)
    gates = [SAME, red, replace(red, red=(CALLS, OTHER)), replace(SAME, exit=3)]
    why = "tests/test_benchmarks.py cannot be collected on the head"
    gates.append(replace(SAME, name="construct", exit=2, verdict="not judged", why=why))
    log = tmp_path / "log"
    log.write_text("".join(json.dumps(asdict(each)) + "\n" for each in gates))
    assert load(log) == gates
    said = page(load(log))
    assert "| cattrs 26.2.1 | 64 | 61 | 1.0% | 0 of 2 | 2 of 2 | 1 of 2 |" in said
    assert f"* construct 2.10.70: {why}" in said
    assert "yarl" not in said


def test_what_is_planted_takes_a_tenth_longer_and_returns_the_same() -> None:
    places: dict[str, object] = {"double": lambda x, more=0: 2 * x + more}
    exec(PLANT.format(name="double"), places)  # noqa: S102 - our own text
    planted = places["double"]
    assert callable(planted)
    assert planted(3, more=1) == 7
    assert len({it.name for it in STRANGERS}) == len(STRANGERS) >= 4
