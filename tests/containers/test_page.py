"""The page of containers shows what they do now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.results import containers


def test_the_page_is_fresh_whatever_the_versions_and_says_when_it_is_not(
    tmp_path: Path, capsys: Any
) -> None:
    assert (containers.main(["--check"]), *capsys.readouterr()) == (0, "", "")
    text = containers.PAGE.read_text()
    path = tmp_path / "containers.md"
    for old, code in ((text.replace("Run with numpy", "Run with a NumPy"), 0), (text[:-2], 1)):
        path.write_text(old)
        assert containers.main(["--check"], path) == code
    assert capsys.readouterr().out == (
        "containers.md is stale; make it anew: python benchmarks/results/containers.py\n"
    )
    assert containers.main([], path) == 0
    assert containers.main(["--check"], path) == 0


def test_no_cell_of_ours_is_wrong() -> None:
    rows = [line.split(" | ") for line in containers.PAGE.read_text().splitlines() if " | " in line]
    assert len(rows) > 30
    for row in rows:
        assert "**" not in "".join(row[2:])
