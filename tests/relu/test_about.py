"""What the page is told of the rows of the suite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from benchmarks.about import about
from benchmarks.rows import all_rows
from pytest_against import cli
from pytest_against.model import Row
from pytest_against.page import About

ROOT: Final = Path(__file__).parents[2]


def row(method: str, workload: str) -> Row:
    name = f"{method}[{workload}]"
    return Row(node=name, method=method, workload=workload, name=name)


@pytest.mark.parametrize(
    "method, workload, nbytes",
    [
        ("maximum", "float32-1e3", 8),  # reads x, writes the result
        ("maximum_inplace", "float32-1e3", 8),  # reads and writes x
        ("drelu", "float64-1e3", 16),
        ("relu_backward", "float64-1e3", 24),  # reads grad and x
        ("forward_mask", "float32-1e3", 9),  # and a mask of one byte
    ],
)
def test_a_call_moves_each_operand_once(method: str, workload: str, nbytes: int) -> None:
    found = about(row(method, workload))
    assert (found.size, found.nbytes) == (1000, 1000 * nbytes)


def test_every_row_says_what_its_method_promises() -> None:
    for each in all_rows():
        found = about(row(each.method.name, each.workload.name))
        assert found.facts["code"] == each.method.expression
        assert found.size == each.workload.size
        assert "`" not in "".join(found.facts.values())


def test_of_what_is_not_there_any_more_nothing_is_known() -> None:
    known = row("maximum", "float32-1e3")
    assert about(replace(known, method="gone")) == About()
    assert about(replace(known, workload="gone")).size == 0
    assert about(replace(known, workload="gone")).facts


@pytest.mark.usefixtures("home", "signals")
def test_the_stored_baselines_are_shown_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (baseline, *_) = sorted(ROOT.glob("benchmarks/baselines/*/0000_baseline.json"))
    page = tmp_path / "page.html"
    assert cli.main(["report", str(baseline), "-o", str(page)], paths=("benchmarks",)) == 0
    assert "np.maximum(x, 0)" in page.read_text("utf-8")
