"""The sides of a judgement: laid out in folders, each with the interpreter that runs it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from pytest_against import environments, trees
from pytest_against.checks import has
from pytest_against.model import CannotJudgeError, RunsOn, Suite, few, short
from pytest_against.workers import AGAIN, BASE, HEAD, Tree

OWN: Final = "tests of the base"
"""The revision as it was: its own tests tell what has vanished since."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared, by `HEAD`, `BASE`, `AGAIN` and `OWN`."""

    trees: Mapping[str, Tree]
    notes: Sequence[str] = ()
    """How their software differs, and what changed that is the same on both."""
    beside: Sequence[str] = ()
    """Files that changed and are the same on both, if nobody has said what is under test."""


@contextmanager
def laid_out(suite: Suite, commit: trees.Commit, runs_on: RunsOn) -> Iterator[Sides]:
    """Lay out the working tree and a revision; see `trees.lay_out` and `installed`."""
    if runs_on.install and runs_on.python:
        words = "with --install each side has an environment of its own; leave out --python"
        raise CannotJudgeError(words)
    named = bool(suite.packages)
    suite = replace(suite, packages=trees.under_test(suite.root, suite.packages, commit))
    with _places() as places:
        if runs_on.install:
            yield _installed(suite, commit, places)
            return
        trees.lay_out(suite.root, suite.packages, places[HEAD], None)
        for copy in (BASE, AGAIN):
            trees.lay_out(suite.root, suite.packages, places[copy], commit)
        trees.lay_out_revision(suite.root, places[OWN], commit, suite.packages)
        base = environments.find_python(runs_on.python) if runs_on.python else sys.executable
        found = _on(_trees(suite, places), base, sys.executable)
        code, scripts = _unexchanged(suite, commit)
        names = few([*map(short, code)])
        words = f"changed, and the same on both sides: {names}; name it in against_packages"
        notes = [*found.notes, *([words] if code else [])]
        yield replace(found, notes=notes, beside=[] if named else [*code, *scripts])


@contextmanager
def on_two(suite: Suite, base: str, head: str) -> Iterator[Sides]:
    """Lay out the working tree for both sides, which two interpreters run."""
    suite = replace(suite, packages=trees.under_test(suite.root, suite.packages, None))
    with _places() as places:
        for place in places.values():
            trees.lay_out(suite.root, suite.packages, place, None)
        yield _on(_trees(suite, places), base, head)


@contextmanager
def _places() -> Iterator[dict[str, Path]]:
    """Yield folders whose paths are equally long, and remove them afterwards."""
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        yield {name: Path(folder, name[:4].ljust(4, "_")) for name in (HEAD, BASE, AGAIN, OWN)}


def _trees(suite: Suite, places: Mapping[str, Path]) -> dict[str, Tree]:
    return {name: Tree.of(suite, name, place) for name, place in places.items()}


def _unexchanged(suite: Suite, commit: trees.Commit) -> list[list[str]]:
    """Return what changed beside packages and tests, code and scripts: it is new on both sides."""
    judged = [each for each in suite.arguments if each != "."]
    changed = trees.same_on_both(suite.root, suite.packages, commit)
    return [[file for file in files if not (judged and has(judged, file))] for files in changed]


def _on(found: Mapping[str, Tree], base: str, head: str) -> Sides:
    """Give each side its interpreter, and all the same engine if they are not this one's."""
    if {base, head} == {sys.executable}:
        return Sides(found)
    engine = next(iter(found.values())).root.with_name("with")
    ours = Path(__file__).parent
    shutil.copytree(ours, engine / ours.name, ignore=shutil.ignore_patterns("__pycache__"))
    pythons = dict.fromkeys((BASE, AGAIN, OWN), base) | {HEAD: head}
    differ = environments.differences(environments.software(base), environments.software(head))
    return Sides(
        {n: replace(t, python=pythons[n], engine=engine) for n, t in found.items()}, differ
    )


def _installed(suite: Suite, commit: trees.Commit, places: Mapping[str, Path]) -> Sides:
    """Build and install both, and lay out tests without the packages, so that these are not met.

    Each is built as it says itself: C code and build scripts may lie anywhere.
    """
    for argument in suite.arguments:
        file = PurePosixPath(argument.partition("::")[0])
        if any(file.is_relative_to(package) for package in suite.packages):
            raise CannotJudgeError(
                f"{file} lies in a package under test, so that its sources would be imported and "
                "not what is installed; move the benchmarks out of it"
            )
    pythons = {}
    for name, of in ((OWN, commit), (HEAD, None)):
        with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
            trees.lay_out_sources(suite.root, suite.packages, Path(folder), of)
            pythons[name] = environments.environment(tree=Path(folder))
    # What is not installed, such as a module beside the tests, is none of what is judged.
    there = [each for each in suite.packages if any(_has(p, each) for p in pythons.values())]
    suite = replace(suite, packages=tuple(there) or suite.packages)
    for name, place in places.items():
        trees.lay_out_sources(suite.root, suite.packages, place, commit if name == OWN else None)
        for package in suite.packages:
            target = place / package
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    found = _on(_trees(suite, places), pythons[OWN], pythons[HEAD])
    return replace(found, trees={name: _from_own(each) for name, each in found.trees.items()})


def _has(python: str, package: str) -> bool:
    """Return whether the environment of an interpreter has a package or a module installed."""
    name = PurePosixPath(package).stem
    files = Path(python).parents[1].glob(f"**/site-packages/{name}*")
    return any(file.name.split(".")[0] == name for file in files)


def _from_own(tree: Tree) -> Tree:
    """Have a side import what is installed in its environment."""
    origin = Path(tree.python).parents[1]
    return replace(tree, origin=origin, request=replace(tree.request, path=()))
