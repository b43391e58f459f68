"""The page of containers is checked only where their packages are, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.results import containers


def test_without_the_packages_nothing_is_checked_or_made(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "PACKAGES", ("numpy", "no_such_package"))
    said = "page.md is not checked without no_such_package: pip install --group containers\n"
    path = tmp_path / "page.md"
    assert (containers.main(["--check"], path), *capsys.readouterr()) == (0, said, "")
    said = said.replace("checked", "made")
    assert (containers.main([], path), *capsys.readouterr()) == (2, "", said)
    assert not path.exists()


def test_the_stored_page_names_the_calls_and_the_versions() -> None:
    text = containers.PAGE.read_text()
    for call in containers.CALLS:
        assert f"`{call.name}`" in text
    for package in containers.PACKAGES:
        assert f" {package} " in text.partition("Run with")[2]
