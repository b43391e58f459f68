from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.suite import SUITE
from relu_impls import METHODS
from relu_impls.table import BEGIN, END, methods_table, update
from tests import readme_times

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

needs_longdouble = pytest.mark.skipif(
    np.dtype("longdouble") == np.dtype("float64"),
    reason="the README describes longdouble, which is float64 here",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relu_impls", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@needs_longdouble
def test_the_readme_has_the_table_of_today() -> None:
    text = README.read_text("utf-8")
    assert update(text, METHODS.values()) == text, "stale: python -m relu_impls README.md"


def test_the_table_has_one_line_for_each_method() -> None:
    table = methods_table(METHODS.values())
    names = re.findall(r"^\| (\w+) \|", table, re.MULTILINE)
    assert sorted(name for name in names if name != "method") == sorted(METHODS)


def test_every_line_has_a_cell_for_every_column() -> None:
    lines = [line for line in methods_table(METHODS.values()).splitlines() if line[:1] == "|"]
    assert {line.count("|") for line in lines} == {lines[0].count("|")}


def test_a_changed_contract_changes_the_table() -> None:
    others = [method for method in METHODS.values() if method.name != "fmax"]
    assert methods_table(others) != methods_table(METHODS.values())


def test_updating_keeps_what_stands_around_the_table() -> None:
    text = f"before\n{BEGIN}\nstale\n{END}\nafter\n"
    updated = update(text, METHODS.values())
    assert updated.startswith(f"before\n{BEGIN}\n")
    assert updated.endswith(f"{END}\nafter\n")
    assert "stale" not in updated


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END} {BEGIN}"])
def test_a_document_without_both_marks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no table to update"):
        update(text, METHODS.values())


def test_the_command_prints_the_table() -> None:
    found = run()
    assert found.returncode == 0
    assert found.stdout == methods_table(METHODS.values()) + "\n"


def test_the_command_updates_a_document(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(f"{BEGIN}\n{END}\n", "utf-8")
    assert run(str(document)).returncode == 0
    assert methods_table(METHODS.values()) in document.read_text("utf-8")


def test_a_document_is_replaced_as_a_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    document, link = tmp_path / "document.md", tmp_path / "link.md"
    document.write_text(f"{BEGIN}\n{END}\n", "utf-8")
    document.chmod(0o640)
    link.symlink_to(document)
    before = document.stat()
    assert run(str(link)).returncode == 0
    after = document.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, link.is_symlink()) == (before.st_mode, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["document.md", "link.md"]


def test_a_reader_that_went_away_is_no_fault() -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    done = subprocess.run(
        [sys.executable, "-m", "relu_impls"],
        cwd=ROOT,
        stdout=ours,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(ours)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("content", [None, b"no marks", b"\xff\xfe"])
def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path, content: bytes | None) -> None:
    document = tmp_path / "document.md"
    if content is not None:
        document.write_bytes(content)
    found = run(str(document))
    assert found.returncode == 2
    assert len(found.stderr.splitlines()) == 1
    assert str(document) in found.stderr


def test_the_readme_has_the_times_of_the_stored_baselines() -> None:
    text = README.read_text("utf-8")
    assert readme_times.update(text) == text, "stale: python -m tests.readme_times README.md"


MACHINE = next(path.name for path in SUITE.baselines.iterdir())
BEGIN_TIMES = readme_times.BEGIN.format(MACHINE)


def test_times_replace_the_figures_and_nothing_else() -> None:
    table = "| | float32-1e3 |\n|---|---|\n| the fastest | {} us |\n| `np.fmax(x, 0)` | {} |\n"
    text = f"before\n{{}}\n\n{table}\nbetween\n\n{table}{readme_times.END}\n{table}"
    updated = readme_times.update(text.format(BEGIN_TIMES, 1, 2, 3, 4, 5, 6))
    fastest = f"{readme_times.stored(MACHINE)['fmax', 'float32-1e3'] * 1e6:.3g}"
    assert updated == text.format(BEGIN_TIMES, fastest, "**1**", fastest, "**1**", 5, 6)


NO_TIMES = {
    "no baseline": (readme_times.BEGIN.format("abacus"), "fmax", "float32-1e3", "abacus"),
    "no such method": (BEGIN_TIMES, "fastmax", "float32-1e3", "'`fastmax`' names no method"),
    "no such workload": (BEGIN_TIMES, "fmax", "float32-7e7", "no row fmax[float32-7e7]"),
}


@pytest.mark.parametrize("begin, method, workload, words", NO_TIMES.values(), ids=NO_TIMES)
def test_times_that_nobody_measured_are_refused_in_one_line(
    begin: str, method: str, workload: str, words: str, tmp_path: Path
) -> None:
    document = tmp_path / "page.md"
    text = f"{begin}\n| | {workload} |\n|---|---|\n| the fastest | 1 us |\n| `{method}` | 2 |\n"
    document.write_text(text + readme_times.END)
    refused = times(document)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert document.read_text() == text + readme_times.END


def test_times_of_a_missing_document_are_refused_in_one_line(tmp_path: Path) -> None:
    refused = times(tmp_path / "nowhere.md")
    assert refused.returncode == 1
    assert "nowhere.md: " in refused.stderr
    assert refused.stderr.count("\n") == 1


def times(document: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.readme_times", str(document)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
