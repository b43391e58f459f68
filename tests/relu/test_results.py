"""The generated pages and the figure: fresh, and made from nothing but contracts and baselines."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from benchmarks.results import figure, make, pages
from benchmarks.workloads import WORKLOADS
from pytest_against.saved import Baseline
from relu_impls import METHODS

CLASSES: Final = sorted(path.name for path in make.BASELINES.iterdir())
SVG: Final = "{http://www.w3.org/2000/svg}"

needs_longdouble = pytest.mark.skipif(
    np.dtype("longdouble") == np.dtype("float64"),
    reason="the pages describe longdouble, which is float64 here",
)


@pytest.fixture(scope="module")
def stored() -> dict[str, Baseline]:
    return make.baselines(make.BASELINES)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the baselines."""
    return Path(shutil.copytree(make.BASELINES, tmp_path / "baselines"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for the pages."""
    found = tmp_path / "results"
    found.mkdir()
    return found


def edit(source: Path, change: Callable[[Any], Any], name: str = figure.MACHINE) -> None:
    path = source / name / "0000_baseline.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@needs_longdouble
def test_every_page_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    code = make.main(["--check"])
    assert capsys.readouterr() == ("", "")
    assert code == 0


def test_files_are_made_and_then_fresh(folder: Path) -> None:
    assert make.main([], folder=folder) == 0
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(made) == sorted(["methods.md", "figure.svg", *(f"{c}.md" for c in CLASSES)])
    assert make.main(["--check"], folder=folder) == 0
    assert make.main([], folder=folder) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made


def test_what_is_stale_is_named_in_a_line_each_and_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.main([], folder=folder)
    (folder / "methods.md").write_text("old")
    (folder / "figure.svg").unlink()
    (folder / "gone.md").write_text(f"{pages.MARK}of a class that is gone")
    (folder / "gates.md").write_text("by hand")
    assert make.main(["--check"], folder=folder) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "methods.md is stale",
        "figure.svg is missing",
        "gone.md has no baseline any more",
    ]
    assert all("python benchmarks/results/make.py" in line for line in lines)
    assert (folder / "methods.md").read_text() == "old"
    assert make.main([], folder=folder) == 0
    assert not (folder / "gone.md").exists()
    assert (folder / "gates.md").read_text() == "by hand"
    assert make.main(["--check"], folder=folder) == 0


def test_a_baseline_with_other_times_makes_its_page_and_the_figure_stale(
    source: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.main([], source, folder)

    def slower(content: Any) -> None:
        for bench in content["benchmarks"]:
            seconds = bench["extra_info"]["seconds"]
            bench["extra_info"]["seconds"] = [2 * value for value in seconds]

    edit(source, slower)
    assert make.main(["--check"], source, folder) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [f"{figure.MACHINE}.md", "figure.svg"]


def row(content: Any, name: str) -> Any:
    return next(b for b in content["benchmarks"] if b["name"] == f"test_forward[{name}]")


BROKEN: Final[dict[str, tuple[Callable[[Any], Any], str]]] = {
    "no rows": (lambda content: content["benchmarks"].clear(), "is not a baseline"),
    "another machine": (lambda c: c["machine_info"].update(cpu="abacus"), "was recorded on linux"),
    "no such method": (
        lambda c: row(c, "fmax-float32-1e3")["params"].update(method="fastmax"),
        "fastmax[float32-1e3], which does not exist",
    ),
    "no such workload": (
        lambda c: row(c, "fmax-float32-1e3")["params"].update(workload="float32-7e7"),
        "fmax[float32-7e7], which does not exist",
    ),
    "a row of the figure is gone": (
        lambda c: c["benchmarks"].remove(row(c, "maximum-float32-3e4")),
        "lacks maximum[float32-3e4]",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("options", [[], ["--check"]])
def test_a_baseline_that_cannot_be_shown_is_refused_in_one_line(
    name: str,
    options: list[str],
    source: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change, words = BROKEN[name]
    edit(source, change)
    assert make.main(options, source, folder) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, err.count("\n"), list(folder.iterdir())) == ("", 1, [])


def test_a_figure_without_its_baseline_is_refused_in_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make.main([], tmp_path / "nowhere", folder) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_methods_have_a_line_each_with_a_cell_for_every_column() -> None:
    lines = [x for x in pages.methods_page(METHODS.values()).splitlines() if x.startswith("| ")]
    names = [line.split()[1] for line in lines]
    assert sorted(n for n in names if n not in {"method", "---"}) == sorted(METHODS)
    assert {line.count(" | ") for line in lines} == {lines[0].count(" | ")}


def test_a_changed_contract_changes_the_page() -> None:
    others = [method for method in METHODS.values() if method.name != "fmax"]
    assert pages.methods_page(others) != pages.methods_page(METHODS.values())


@pytest.mark.parametrize("name", CLASSES)
def test_the_page_of_a_machine_shows_every_row(name: str, stored: dict[str, Baseline]) -> None:
    page = pages.machine_page(stored[name])
    baseline = stored[name]
    for fact in (baseline.commit[:10], baseline.recorded[:10], baseline.machine["numpy"]):
        assert fact in page
    cells = {
        (match[1], line.split(" | ")[0].strip("| `"))
        for part in re.split(r"\n(?=## )", page)[1:]
        for match in [re.match(r"## (\w+)", part)]
        if match
        for line in part.splitlines()
        if line.startswith("| `")
    }
    rows = baseline.rows.values()
    assert cells == {(r.group.split()[0], METHODS[r.row.method].expression) for r in rows}
    shown = set(re.findall(r"[a-z]+\d\d-[\w-]+", page))
    assert shown == {row.row.workload for row in rows}


def test_multiples_are_of_the_fastest_of_their_column() -> None:
    times = {("fmax", "float32-1e3"): 4e-6, ("maximum", "float32-1e3"): 2e-6}
    shown = list(pages._multiples(times, ["float32-1e3"]))  # noqa: SLF001 - the numbers of a table
    assert shown[1:] == [
        ["the fastest", "2 us"],
        ["`np.maximum(x, 0)`", "**1**"],
        ["`np.fmax(x, 0)`", "2"],
    ]


def test_the_figure_has_a_line_for_each_method(stored: dict[str, Baseline]) -> None:
    root = ET.fromstring(figure.figure(stored))  # noqa: S314 - our own
    lines = [path.get("class", "").split() for path in root.iter(f"{SVG}path")]
    assert [kinds[1] for kinds in lines if kinds[0] == "line"] == list(figure.SHOWN)
    labels = [t.text for t in root.iter(f"{SVG}text") if "label" in t.get("class", "")]
    assert labels == [METHODS[method].expression for method in figure.SHOWN]
    points = [path.get("d", "") for path in root.iter(f"{SVG}path") if "L" in path.get("d", "")]
    assert {point.count("L") for point in points} == {len(figure.SIZES) - 1}


def test_the_figure_names_its_machine_and_its_sizes(stored: dict[str, Baseline]) -> None:
    text = " ".join(ET.fromstring(figure.figure(stored)).itertext())  # noqa: S314 - our own
    assert "Xeon" in text
    assert stored[figure.MACHINE].machine["numpy"] in text
    assert all(f"{WORKLOADS[size].size:,}" in text for size in figure.SIZES)


def test_the_labels_of_the_figure_do_not_overlap(stored: dict[str, Baseline]) -> None:
    root = ET.fromstring(figure.figure(stored))  # noqa: S314 - our own
    labels = [t for t in root.iter(f"{SVG}text") if "label" in t.get("class", "")]
    heights = sorted(float(label.get("y", "nan")) for label in labels)
    assert min(b - a for a, b in pairwise(heights)) > 15


@pytest.mark.parametrize(
    "wanted", [[10.0], [10.0, 50.0], [10.0, 10.0], [3.0, 1.0, 2.0], [0.0, 20.0, 19.0, 80.0]]
)
def test_heights_are_apart_and_in_their_order(wanted: list[float]) -> None:
    found = figure._apart(wanted)  # noqa: SLF001 - the general case of the law above
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    steps = [found[b] - found[a] for a, b in pairwise(order)]
    assert all(step >= 17 - 1e-9 for step in steps)
    assert sum(found) == pytest.approx(sum(wanted))
