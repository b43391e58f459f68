"""Data flows one way: no module of the engine imports from a floor above, nor in a ring.

An import counts wherever it stands, also in a function: what is put off is not undone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

import pytest_against

FOLDER: Final = Path(pytest_against.__path__[0])
FLOORS: Final = (
    # What all of them say to one another, and the words of it.
    "terms model quoting arguments options settings pieces returned operands spoiled __init__",
    # This machine, and the files on it.
    (
        "machine heap calls timing imports extra_info files scratch store trees environments "
        "formats conditions saved"
    ),
    # Processes, what they measured, and what that proves.
    "workers trials sides marks command_line checks untimed stats sample looks",
    # The lanes: two revisions, a baseline, what is recorded, saved runs.
    "gate baseline settling recording saved_side rowlimits compare",
    # What is shown of a result.
    "report github junit json_reports join page picture stock",
    # The commands, the plugin of those who type them, and that of the processes.
    "around compare_command show commands cli beside plugin worker",
)


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of the engine that a module takes something from."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="pytest_against", names=names):
                yield from (name.name for name in names if not name.name.startswith("_"))
            case ast.ImportFrom(module=str(module)) if module.startswith("pytest_against."):
                yield module.split(".")[1]
            case ast.Import(names=names):
                for name in names:
                    assert not name.name.startswith("pytest_against"), "say `from` instead"


GRAPH: Final[Mapping[str, frozenset[str]]] = {
    path.stem: frozenset(imports(ast.parse(path.read_text("utf-8"))))
    for path in FOLDER.glob("*.py")
}
FLOOR: Final = {name: number for number, names in enumerate(FLOORS) for name in names.split()}


def test_every_module_has_a_floor() -> None:
    assert FLOOR.keys() == GRAPH.keys()
    assert len(FLOOR) == sum(len(names.split()) for names in FLOORS)


@pytest.mark.parametrize("module", GRAPH)
def test_nothing_is_imported_from_a_floor_above(module: str) -> None:
    assert [its for its in sorted(GRAPH[module]) if FLOOR[its] > FLOOR[module]] == []


def test_no_modules_import_one_another() -> None:
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize("text, found", [
    ("from pytest_against import model, files", "files model"),
    ("from pytest_against import __version__", ""),
    ("def f():\n    from pytest_against.cli import main", "cli"),
    ("if TYPE_CHECKING:\n    from pytest_against.page import About", "page"),
    ("import os\nfrom os import path", ""),
])  # fmt: skip
def test_an_import_is_found_wherever_it_stands(text: str, found: str) -> None:
    assert sorted(imports(ast.parse(text))) == found.split()
