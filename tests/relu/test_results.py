"""The generated pages and the figure: fresh, and made from nothing but contracts and baselines."""

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

from benchmarks.results import figure, make, pages, svg
from benchmarks.workloads import WORKLOADS
from relu_impls import METHODS

STORED: Final = make.baselines(make.BASELINES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for the pages."""
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


def edited(folder: Path, change: Callable[[Any], Any]) -> Path:
    """Return a copy of the baselines in which that of the figure is another."""
    source = shutil.copytree(make.BASELINES, folder.with_name("baselines"))
    path = source / figure.MACHINE / "0000_baseline.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return source


@pytest.mark.skipif(
    np.dtype("longdouble") == np.dtype("float64"),
    reason="the pages describe longdouble, which is float64 here",
)
def test_every_page_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert (make.main(["--check"]), *capsys.readouterr()) == (0, "", "")


def test_what_is_stale_is_named_in_a_line_each_and_made_anew(folder: Path, capsys: Any) -> None:
    assert make.main([], folder=folder) == 0
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    expected = {f"{name}.md" for name in ("methods", "elsewhere", "study", *STORED)}
    assert made.keys() == {"figure.svg", "study.svg", *expected}
    (folder / "methods.md").write_text("old")
    (folder / "figure.svg").unlink()
    (folder / "gone.md").write_text(f"{pages.MARK}of a class that is gone")
    (folder / "gates.md").write_text("by hand")
    assert make.main(["--check"], folder=folder) == 1
    words = ["methods.md is stale", "figure.svg is missing", "gone.md has no baseline any more"]
    anew = "make it anew: python benchmarks/results/make.py"
    assert capsys.readouterr().out.splitlines() == [f"{word}; {anew}" for word in words]
    assert (folder / "methods.md").read_text() == "old"
    assert make.main([], folder=folder) == make.main(["--check"], folder=folder) == 0
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found == made | {"gates.md": b"by hand"}


def test_other_times_make_a_page_and_the_figure_stale(folder: Path, capsys: Any) -> None:
    def slower(content: Any) -> None:
        for bench in content["benchmarks"]:
            bench["extra_info"]["seconds"] = [2 * s for s in bench["extra_info"]["seconds"]]

    make.main([], folder=folder)
    assert make.main(["--check"], edited(folder, slower), folder) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [f"{figure.MACHINE}.md", "figure.svg"]


def row(content: Any, name: str = "fmax-float32-1e3") -> Any:
    return next(b for b in content["benchmarks"] if b["name"] == f"test_forward[{name}]")


@pytest.mark.parametrize(
    "words, change",
    [
        ("is not a baseline", lambda c: c["benchmarks"].clear()),
        ("was recorded on linux", lambda c: c["machine_info"].update(cpu="abacus")),
        ("fastmax[float32-1e3], which does", lambda c: row(c)["params"].update(method="fastmax")),
        ("fmax[float32-7], which does", lambda c: row(c)["params"].update(workload="float32-7")),
        (
            "lacks multiply[float32-3e4]",
            lambda c: c["benchmarks"].remove(row(c, "multiply-float32-3e4")),
        ),
    ],
)
def test_a_baseline_that_cannot_be_shown_is_refused(
    words: str, change: Callable[[Any], Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = edited(folder, change)
    for options in ([], ["--check"]):
        assert make.main(options, source, folder) == 2
        out, err = capsys.readouterr()
        assert words in err
        assert (out, err.count("\n"), list(folder.iterdir())) == ("", 1, [])


def test_a_figure_without_its_baseline_is_refused(folder: Path, capsys: Any) -> None:
    assert make.main([], folder / "nowhere", folder) == 2
    assert re.fullmatch(r".*no baseline of .*, which the figure shows.*\n", capsys.readouterr().err)


def test_methods_have_a_line_each_with_a_cell_for_every_column() -> None:
    lines = [x for x in pages.methods_page(METHODS.values()).splitlines() if x.startswith("| ")]
    names = [line.split()[1] for line in lines]
    assert sorted(n for n in names if n not in {"method", "---"}) == sorted(METHODS)
    assert {line.count(" | ") for line in lines} == {lines[0].count(" | ")}


@pytest.mark.parametrize("name", STORED)
def test_the_page_of_a_machine_shows_every_row(name: str) -> None:
    baseline = STORED[name]
    page = pages.machine_page(baseline)
    for fact in (baseline.commit[:10], baseline.recorded[:10], baseline.machine["numpy"]):
        assert fact in page
    cells = set()
    for part in re.split(r"\n## ", page)[1:]:
        family = part.split()[0]
        cells |= {(family, cell) for cell in re.findall(r"^\| `(.*?)` \|", part, re.MULTILINE)}
    rows = baseline.rows.values()
    assert cells == {(r.group.split()[0], METHODS[r.row.method].expression) for r in rows}
    assert set(re.findall(r"[a-z]+\d+-[\w-]+", page)) == {row.row.workload for row in rows}


def test_multiples_are_of_the_fastest_of_their_column() -> None:
    times = {("fmax", "float32-1e3"): 4e-6, ("maximum", "float32-1e3"): 2e-6}
    assert list(pages._multiples(times, ["float32-1e3"]))[1:] == [  # noqa: SLF001 - a table
        ["the fastest", "2 us"],
        ["`np.maximum(x, 0)`", "**1**"],
        ["`np.fmax(x, 0)`", "2"],
    ]


def test_the_figure_has_a_line_and_a_label_for_each_method_and_names_its_machine() -> None:
    root = ET.fromstring(figure.figure(STORED))  # noqa: S314 - our own
    curves = [path for path in root.iter() if "line" in path.get("class", "").split()]
    assert [path.get("class", "").split()[1] for path in curves] == list(figure.SHOWN)
    assert {path.get("d", "").count("L") for path in curves} == {len(figure.SIZES) - 1}
    labels = [text for text in root.iter() if "label" in text.get("class", "")]
    assert [t.text for t in labels] == [METHODS[method].expression for method in figure.SHOWN]
    heights = sorted(float(label.get("y", "nan")) for label in labels)
    assert min(b - a for a, b in pairwise(heights)) > 15
    text = " ".join(root.itertext())
    sizes = [f"{WORKLOADS[size].size:,}" for size in figure.SIZES]
    for word in ("Xeon", STORED[figure.MACHINE].machine["numpy"], *sizes):
        assert word in text


@pytest.mark.parametrize(
    "wanted", [[10.0], [10.0, 50.0], [10.0, 10.0], [3.0, 1.0, 2.0], [0.0, 20.0, 19.0, 80.0]]
)
def test_heights_are_apart_and_in_their_order(wanted: list[float]) -> None:
    found = svg.apart(wanted)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    assert all(found[b] - found[a] >= 17 - 1e-9 for a, b in pairwise(order))
    assert sum(found) == pytest.approx(sum(wanted))
    if wanted == [10.0, 50.0]:
        assert found == wanted
