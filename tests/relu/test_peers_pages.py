"""Beside others: what was measured becomes tables, a summary, figures and a page of advice."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from benchmarks.results import peers, peers_page, which
from benchmarks.results.contenders import COPY, NUMPY, OURS, REVISION, TORCH, Task
from benchmarks.results.measured import About, Cell, Measured, Ratio, Run, geometric_mean
from benchmarks.results.peers_figure import figure

ABOUT: Final = About(
    "0123456789abcdef", "REV (0123456789)", {"cpu": "Abacus", "python": "CPython 3"},
    {OURS: "", TORCH: "2.0", "jax": "not installed: no jax", REVISION: "", COPY: "2.4"},
    rounds=3, seconds=0.1, date="2026-11-27T23:00+00:00",
)  # fmt: skip
CELLS: Final = peers.cells(",".join(peers.DTYPES), ",".join(peers.SIZES), ",".join(Task))
DRELU: Final = Cell(Task.DRELU, "float64", 30_000)
BEHIND: Final = Cell(Task.BACKWARD, "float16", 1_000)


def cell_of(
    cell: Cell, *, torch: float = 2.0, revision: float = 50.0, scratch: int = 0
) -> Measured:
    ours = 1e-9 * cell.size
    others = {TORCH: torch, NUMPY: 3.0, COPY: 0.5} if not cell.nan else {}
    seconds = {OURS: 1.0, REVISION: revision, **others}
    missing = {} if cell.nan else {"jax": "not installed: no jax"}
    times = {name: [ours * ratio * f for f in (1.0, 1.1, 1.2)] for name, ratio in seconds.items()}
    return Measured(cell, times, missing, scratch)


def run_of(*changed: Measured) -> Run:
    """Return a run in which everything is met, but for some cells."""
    run = Run(ABOUT, {cell: cell_of(cell) for cell in CELLS})
    for each in changed:
        run = run.with_cell(each)
    return run


def met(run: Run) -> dict[str, str]:
    return {line[0]: line[-1] for line in peers_page.summary(run)[1:]}


def test_a_ratio_is_taken_round_by_round() -> None:
    measured = Measured(DRELU, {OURS: [1.0, 2.0, 4.0], TORCH: [2.0, 6.0, 4.0]})
    assert measured.ratio(TORCH) == Ratio(2.0, 1.5, 2.5)
    assert measured.ratio("jax") is None
    assert measured.time() == 2.0
    assert Measured(DRELU, {OURS: [2.0], TORCH: [1.0]}).ratio(TORCH) == Ratio(0.5, 0.5, 0.5)


def test_the_geometric_mean_of_a_ratio_and_its_inverse_is_one() -> None:
    assert geometric_mean([4.0, 0.25]) == pytest.approx(1)
    assert math.isnan(geometric_mean([]))


def test_all_that_was_wanted_is_met_by_a_run_that_meets_it() -> None:
    assert set(met(run_of()).values()) == {"yes"}


@pytest.mark.parametrize(
    "changed, lines",
    [
        ([cell_of(BEHIND, torch=0.6)], set()),  # two may be behind
        ([cell_of(BEHIND, torch=0.49)], {"backward beside torch"}),
        ([cell_of(DRELU, torch=0.99)], {"drelu beside torch"}),
        ([cell_of(replace(c, task=Task.OUT), torch=0.9) for c in CELLS[:18:6]],
         {"forward beside torch"}),
        ([cell_of(Cell(Task.IN_PLACE, "float32", 1_000), torch=0.5)], set()),
        ([cell_of(Cell(Task.IN_PLACE, "float32", 16), torch=0.5)],
         {"in place beside torch, but for float16 and 1,000"}),
        ([cell_of(Cell(Task.DRELU, "float16", 30_000), revision=39.0)],
         {"float16 from 30,000 on, beside the revision"}),
        ([cell_of(Cell(Task.BACKWARD, "float64", 600_000), revision=4.9)],
         {"backward of 600,000 float64, beside the revision"}),
        ([cell_of(Cell(Task.RELU, "float32", 16), revision=1.7)],
         {"16 numbers forward, beside the revision"}),
        ([cell_of(Cell(Task.BACKWARD_OUT, "float32", 16), revision=0.9)],
         {"anything beside the revision"}),
        ([cell_of(replace(DRELU, nan=True), revision=0.8)], set()),
        ([cell_of(replace(DRELU, nan=True), revision=0.7)], {"with NaN, beside the revision"}),
        ([cell_of(DRELU, scratch=256 * 1024)], set()),
        ([cell_of(DRELU, scratch=256 * 1024 + 1)], {"scratch"}),
    ],
    ids=map(str, range(14)),
)  # fmt: skip
def test_a_line_of_the_summary_is_missed_by_the_cells_that_it_is_about(
    changed: list[Measured], lines: set[str]
) -> None:
    assert {line for line, answer in met(run_of(*changed)).items() if answer != "yes"} == lines


def test_a_part_of_the_cells_meets_nothing_and_says_so() -> None:
    part = Run(ABOUT, {DRELU: cell_of(DRELU)})
    assert set(met(part).values()) == {""}
    found = {line[0]: line[2] for line in peers_page.summary(part)}
    assert found["drelu beside torch"] == "1 of 1; lowest 2.00, drelu(x), 30,000 float64"
    assert found["forward beside torch"] == "not measured"
    assert found["geometric mean beside the revision"] == "50.00 over 1"


def test_where_torch_is_ahead_the_farthest_comes_first() -> None:
    run = run_of(cell_of(DRELU, torch=0.96), cell_of(BEHIND, torch=0.6))
    assert peers_page.behind(run)[1:] == [
        ["relu_backward(grad, x)", "float16", "1,000", "0.60 (0.60 to 0.60)"],
        ["drelu(x)", "float64", "30,000", "0.96 (0.96 to 0.96)"],
    ]
    assert "Nowhere that was measured." in peers_page.page(run_of())


def test_each_task_has_a_table_with_a_column_for_everyone_who_was_measured() -> None:
    found = dict(peers_page.tables(run_of(cell_of(DRELU, torch=0.5, scratch=4096))))
    title = "One NaN in a hundred numbers: the revision, in multiples of ours"
    assert list(found) == [*(task.call for task in Task), title]
    head = ["dtype", "numbers", "our time", TORCH, REVISION, NUMPY, COPY, "scratch"]
    table = found["drelu(x)"]
    assert (table[0], len(table)) == (head, 15)
    assert {len(line) for line in table} == {len(head)}
    mine = next(line for line in table if line[:2] == ["float64", "30,000"])
    assert mine[2:5] == ["33 us", "**0.50** (0.50 to 0.50)", "50 (50 to 50)"]
    assert mine[-1] == "4 KiB"
    assert found[title][1] == ["float16", "16", *["50 (50 to 50)"] * 4, "0"]
    assert len(found[title]) == 15


def test_who_is_only_shown_has_a_table_of_its_own() -> None:
    small = Cell(Task.BACKWARD, "float32", 16)
    shown = [Measured(c, {OURS: [1.0], "polars": [25.0]}) for c in (small, DRELU)]
    found = dict(peers_page.tables(run_of(*shown)))
    assert found["Packages with arrays of their own, in multiples of ours"] == [
        ["call", "dtype", "numbers", "polars"],
        ["relu_backward(grad, x)", "float32", "16", "25 (25 to 25)"],
        ["drelu(x)", "float64", "30,000", "25 (25 to 25)"],
    ]


@pytest.mark.parametrize("render", [peers_page.page, peers_page.words])
def test_page_and_terminal_say_what_was_measured_on_what(render: Callable[[Run], str]) -> None:
    text = render(run_of(cell_of(BEHIND, torch=0.6)))
    for word in ("Abacus", "CPython 3", "torch 2.0", "2026-11-27", "0123456789"):
        assert word in text
    assert "jax, everything: not installed: no jax" in text.replace("`", "")
    assert ("**" in text) is (render is peers_page.page)


def test_a_gap_names_its_tasks_unless_nothing_was_measured() -> None:
    gap = Measured(DRELU, {OURS: [1.0]}, {TORCH: "refuses", "jax": "not installed: no jax"})
    lines = peers_page.missing(run_of(gap))
    assert lines == ["jax, everything: not installed: no jax", "torch, drelu: refuses"]


def dots(text: str) -> list[ET.Element]:
    root = ET.fromstring(text)  # noqa: S314 - our own
    return [each for each in root.iter() if "dot" in each.get("class", "").split()]


def test_the_figure_has_a_dot_for_every_cell_within_its_frame_and_one_for_each_size() -> None:
    text = figure(run_of(cell_of(DRELU, torch=100.0), cell_of(BEHIND, torch=0.01)))
    found = dots(text)
    assert len(found) == 90 + 5
    assert all(0 < float(each.get("cx", "nan")) <= 520 for each in found)
    colours = {each.get("class", "") for each in found}
    assert len(colours) == 5
    light, dark = text.split("prefers-color-scheme: dark")
    assert all(
        f".{colour.replace(' ', '.')}" in half for colour in colours for half in (light, dark)
    )
    assert "The time of torch, in multiples" in text


def test_without_torch_the_figure_shows_the_revision() -> None:
    cells = {c: replace(m, seconds={OURS: m.seconds[OURS], REVISION: m.seconds[REVISION]})
             for c, m in run_of().cells.items()}  # fmt: skip
    run = Run(ABOUT, cells)
    assert "The time of revision, in multiples" in figure(run)
    assert "| float16 | 16 | `relu(x)` | 17.6 ns | - | - |" in which.page(run)


def test_the_advice_is_the_fastest_call_that_is_allowed() -> None:
    fast = {**cell_of(Cell(Task.IN_PLACE, "float32", 16)).seconds, OURS: [5e-9] * 3}
    numpy = Measured(Cell(Task.OUT, "float32", 1_000), {OURS: [1e-7], NUMPY: [9e-8], COPY: [3e-8]})
    tie = {OURS: [1e-9] * 4, NUMPY: [0.8e-9, 0.85e-9, 1e-9, 1.1e-9]}  # its quartiles span 1
    slack = Measured(Cell(Task.RELU, "float64", 16), tie)
    run = run_of(Measured(Cell(Task.IN_PLACE, "float32", 16), fast), numpy, slack)
    lines = {
        tuple(re.findall(r"[^|]+", line)[:2]): line
        for line in which.page(run).splitlines()
        if line.startswith("| float")
    }
    assert len(lines) == 15
    small, larger, wide = (lines[f" {d} ", f" {n} "] for d, n in (
        ("float32", "16"), ("float32", "1,000"), ("float64", "16")))  # fmt: skip
    assert "| `relu(x)` | 17.6 ns | 2.0 | 2.00 | `relu(x, out=x)` | 5 ns |" in small
    assert "| `np.maximum(x, 0, out=out)` | 90 ns | 3.0 | - | `relu(x)` |" in larger
    assert "| `relu(x)` | 1 ns | - | - |" in wide


def test_the_figure_of_the_advice_has_two_lines_for_each_dtype() -> None:
    root = ET.fromstring(which.figure(run_of()))  # noqa: S314 - our own
    lines = [each.get("class", "") for each in root.iter() if "line" in each.get("class", "")]
    assert lines == [f"line {dtype}{place}" for dtype in peers.DTYPES for place in ("", " inplace")]
    assert "float32, in place" in " ".join(root.itertext())
    assert not dots(which.figure(Run(ABOUT, {})))
