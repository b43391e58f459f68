"""Sides: what lies where, who runs it, and where the packages under test come from."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import environments, gate
from pytest_against.environments import Software
from pytest_against.model import HERE, CannotJudgeError, Progress, RunsOn, Suite
from pytest_against.sides import OWN, laid_out, on_two
from pytest_against.trees import find_commit
from pytest_against.workers import AGAIN, BASE, HEAD
from tests.against.repository import put, repository, state
from tests.against.simulated import LIMITS, A, Machine, own, side

NAMES: Final = {HEAD, BASE, AGAIN, OWN}


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """A suite whose interpreters are made up: one has another NumPy."""

    def software(python: str) -> Software:
        return Software("CPython", {"numpy": "2.3" if "old" in python else "2.4"}, ())

    monkeypatch.setattr(environments, "software", software)
    monkeypatch.setattr(environments, "find_python", lambda given: f"/found/{given}")
    return Suite(root=repository(tmp_path), packages=("pkg",))


def test_by_default_this_interpreter_runs_all(suite: Suite) -> None:
    with laid_out(suite, find_commit(suite.root, "v1"), HERE) as found:
        assert found.notes == []
        assert found.trees.keys() == NAMES
        for tree in found.trees.values():
            assert (tree.python, tree.engine, tree.origin) == (sys.executable, None, None)


@pytest.mark.parametrize("arguments, named", [((".",), "a/x.py, b.py"), (("a",), "b.py")])
def test_what_changed_beside_what_is_exchanged_and_judged_is_named(
    arguments: tuple[str, ...], named: str, suite: Suite
) -> None:
    for name in ("a/x.py", "b.py", "pkg/more.py"):
        put(suite.root, name)
    words = f"changed, and the same on both sides: {named}; name it in against_packages"
    it = replace(suite, arguments=arguments)
    with laid_out(it, find_commit(suite.root, "main"), HERE) as found:
        assert found.notes == [words]


@pytest.mark.parametrize(
    "file, packages, refused",
    [
        ("tasks.py", (), True),
        ("deep/inside.py", (), True),
        ("pkg/__init__.py", (), False),  # it is exchanged
        ("tests/helpers.py", (), False),
        ("tasks.py", ("pkg",), False),  # whoever names packages has said what is not one
    ],
)
def test_code_that_tests_import_must_not_be_the_same_on_both_sides(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    file: str,
    packages: tuple[str, ...],
    refused: bool,
) -> None:
    root = repository(tmp_path)
    put(root, file, "changed")
    checked = [own([A]), replace(side([A]), files=frozenset({file})), side([A])]
    monkeypatch.setattr(gate, "side_by_side", lambda _: checked)
    monkeypatch.setattr(gate, "run_trials_of", lambda *asked, **more: Machine()(*asked[3:], **more))
    words = f"^{file} changed, and the benchmarks import it, but it would be the same on both sides"
    with pytest.raises(CannotJudgeError, match=words) if refused else nullcontext():
        gate.against_revision(
            Suite(root=root, packages=packages),
            "main",
            LIMITS,
            Progress(lambda *_: None, lambda _: None),
        )


def test_another_interpreter_runs_the_base_and_all_have_one_engine(suite: Suite) -> None:
    commit = find_commit(suite.root, "v1")
    with laid_out(suite, commit, RunsOn(python="old")) as found:
        pythons = {name: tree.python for name, tree in found.trees.items()}
        assert pythons == dict.fromkeys(NAMES, "/found/old") | {HEAD: sys.executable}
        (engine,) = {tree.engine for tree in found.trees.values()}
        assert engine is not None
        assert (engine / "pytest_against" / "worker.py").is_file()
        assert (found.trees[BASE].root / "pkg" / "gone.py").is_file()
    assert found.notes == ["other software than on the base: numpy 2.3 -> 2.4"]
    assert not engine.exists()


def test_two_interpreters_run_the_same_tree(suite: Suite) -> None:
    with on_two(suite, "old", "new") as found:
        assert {name: t.python for name, t in found.trees.items()} == {
            **dict.fromkeys(NAMES, "old"),
            HEAD: "new",
        }
        (one,) = {tuple(state(tree.root).items()) for tree in found.trees.values()}
    assert ("pkg/fresh.py", "new") in one
    assert found.notes == ["other software than on the base: numpy 2.3 -> 2.4"]


def test_each_is_built_of_its_own_and_tests_do_not_meet_the_sources(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(suite.root, "pkg/ignored.c", "made of the other side")
    put(suite.root, "build.c", "uncommitted")
    built: list[dict[str, str]] = []

    def environment(tree: Path, **_: Any) -> str:
        built.append(state(tree, folders=False))
        return f"/kept/old{len(built)}/bin/python"

    monkeypatch.setattr(environments, "environment", environment)
    with laid_out(suite, find_commit(suite.root, "v1"), RunsOn(install=True)) as found:
        lies = {name: state(tree.root, folders=False) for name, tree in found.trees.items()}
        for name, tree in found.trees.items():
            assert tree.origin == Path("/kept/old2" if name == HEAD else "/kept/old1")
            assert tree.python == f"{tree.origin}/bin/python"
            assert tree.request.path == ()
            assert tree.request.packages == ("pkg",)
    base, head = built
    assert base["pkg/__init__.py"] == "old"
    assert (head["pkg/__init__.py"], head["build.c"]) == ("new", "uncommitted")
    assert not {"pkg/ignored.c"} & {*base, *head}
    assert "build.c" not in base
    assert {files["tests/test_a.py"] for files in lies.values()} == {"new test", "old test"}
    assert lies[OWN]["tests/test_a.py"] == "old test"
    assert not any(name.startswith("pkg/") for files in lies.values() for name in files)


def test_a_module_is_a_package_too_if_it_is_installed_and_benchmarks_in_one_are_refused(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "environment", lambda **_: "/kept/it/bin/python")
    commit = find_commit(suite.root, "main")
    put(suite.root, "one.py", "x = 1")
    module = Suite(root=suite.root, packages=("one.py",), arguments=("tests/test_a.py::test_it",))
    with laid_out(module, commit, RunsOn(install=True)) as found:
        assert not any((tree.root / "one.py").exists() for tree in found.trees.values())
    put(tmp_path, "kept/lib/python3/site-packages/pkg/__init__.py")
    put(tmp_path, "kept/lib/python3/site-packages/one-1.0.dist-info/METADATA")
    monkeypatch.setattr(environments, "environment", lambda **_: f"{tmp_path}/kept/bin/python")
    both = replace(module, packages=("one.py", "pkg"))
    with laid_out(both, commit, RunsOn(install=True)) as found:
        for tree in found.trees.values():
            assert tree.request.packages == ("pkg",)  # the module beside it is not installed
            assert (tree.root / "one.py").exists() == (tree.name != OWN)
    within = Suite(root=suite.root, packages=("pkg",), arguments=("pkg/bench/test_a.py::test_it",))
    with (
        pytest.raises(CannotJudgeError, match=r"^pkg/bench/test_a\.py lies in a package under te"),
        laid_out(within, commit, RunsOn(install=True)),
    ):
        pytest.fail("it was laid out")
    two = RunsOn(install=True, python="old")
    with (
        pytest.raises(CannotJudgeError, match="leave out --python"),
        laid_out(module, commit, two),
    ):
        pytest.fail("it was laid out")
