"""What is in the wheels and the source distributions."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
ENGINE: Final = ROOT / "benchmarks" / "pytest-against"
PACKAGES: Final = {
    "relu_impls": ROOT / "relu_impls",
    "pytest_against": ENGINE / "pytest_against",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both distributions."""
    folder = tmp_path_factory.mktemp("dist")
    for project in (ROOT, ENGINE):
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
        subprocess.run(command, cwd=project, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name, folder", PACKAGES.items(), ids=PACKAGES)
def test_a_wheel_holds_the_package_and_what_describes_it(
    built: Path, name: str, folder: Path
) -> None:
    (path,) = built.glob(f"{name}-*.whl")
    with zipfile.ZipFile(path) as opened:
        described = {Path(each).name: each for each in opened.namelist() if ".dist-info/" in each}
        text = {short: opened.read(each).decode() for short, each in described.items()}
        held = set(opened.namelist()) - set(described.values())
    kinds = {".py", ".typed", ".html", ".css", ".js"}
    files = {path for path in folder.rglob("*") if path.suffix in kinds}
    assert held == {path.relative_to(folder.parent).as_posix() for path in files}
    assert f"{name}/py.typed" in held
    assert described["LICENSE"].endswith("/licenses/LICENSE")
    needs = HeaderParser().parsestr(text["METADATA"]).get_all("Requires-Dist") or ()
    needs = [each for each in needs if "extra ==" not in each]
    if name == "relu_impls":
        assert needs == ["numpy>=2.0"]
        assert "entry_points.txt" not in text
    else:  # only the engine brings a command and a plugin, and it does not need NumPy
        assert not any(each.startswith(("numpy", "relu")) for each in needs)
        assert "against = pytest_against.plugin" in text["entry_points.txt"]
        assert "pytest-against = pytest_against.cli:main" in text["entry_points.txt"]


def test_the_sources_hold_what_their_tests_need_and_nothing_that_is_made(built: Path) -> None:
    with tarfile.open(next(built.glob("relu_impls-*.tar.gz"))) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"tox.ini", "tests/__init__.py", "benchmarks/rows.py", ".ci/run"} <= names
    assert f"{ENGINE.relative_to(ROOT).as_posix()}/pyproject.toml" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith("dist")]
    with tarfile.open(next(built.glob("pytest_against-*.tar.gz"))) as opened:
        tops = {name.split("/")[1] for name in opened.getnames()}
    assert tops - {".gitignore"} == {
        *("pytest_against", "README.md", "LICENSE", "pyproject.toml", "PKG-INFO"),
    }
