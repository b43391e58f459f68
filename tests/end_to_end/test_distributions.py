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

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both distributions."""
    folder = tmp_path_factory.mktemp("dist")
    for project in (ROOT, ENGINE):
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
        subprocess.run(command, cwd=project, check=True, capture_output=True)
    return folder


def wheel(built: Path, name: str) -> zipfile.ZipFile:
    """Open a wheel."""
    (path,) = built.glob(f"{name}-*.whl")
    return zipfile.ZipFile(path)


def files(folder: Path) -> set[str]:
    """Return the modules of a package, and the mark that it is typed."""
    kept = {path for path in folder.rglob("*") if path.suffix == ".py" or path.name == "py.typed"}
    return {path.relative_to(folder.parent).as_posix() for path in kept}


@pytest.mark.parametrize(
    "name, folder",
    [("relu_impls", ROOT / "relu_impls"), ("pytest_against", ENGINE / "pytest_against")],
)
def test_a_wheel_holds_the_package_and_what_describes_it(
    built: Path, name: str, folder: Path
) -> None:
    with wheel(built, name) as opened:
        names = set(opened.namelist())
    described = {each for each in names if ".dist-info/" in each}
    assert names - described == files(folder)
    assert f"{name}/py.typed" in names
    assert any(each.endswith("/licenses/LICENSE") for each in described)


def test_only_the_engine_brings_a_command_and_a_plugin(built: Path) -> None:
    with wheel(built, "relu_impls") as opened:
        assert not any("entry_points" in each for each in opened.namelist())
    with wheel(built, "pytest_against") as opened:
        (entries,) = (each for each in opened.namelist() if each.endswith("entry_points.txt"))
        text = opened.read(entries).decode()
    assert "against = pytest_against.plugin" in text
    assert "pytest-against = pytest_against.cli:main" in text


def test_the_package_needs_numpy_and_the_engine_does_not(built: Path) -> None:
    needs = {}
    for name in ("relu_impls", "pytest_against"):
        with wheel(built, name) as opened:
            (place,) = (each for each in opened.namelist() if each.endswith("/METADATA"))
            found = HeaderParser().parsestr(opened.read(place).decode()).get_all("Requires-Dist")
        needs[name] = [each for each in found or () if "extra ==" not in each]
    assert needs["relu_impls"] == ["numpy>=2.0"]
    assert not any(each.startswith(("numpy", "relu")) for each in needs["pytest_against"])


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
