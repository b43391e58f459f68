"""What is checked before anything is timed: that all is there, and is what is under test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against import checks
from pytest_against.checks import Check, Checked, absence, check, collect, has
from pytest_against.model import CannotJudgeError, Mode, Request, Suite
from pytest_against.workers import BASE, HEAD, Collected, Tree
from tests.against.simulated import FAILED, NO_CALL, NODES, PASSED, SKIPPED, A, B, collected

ROOT: Final = Path("/somewhere")
INSIDE: Final = {"pkg": str(ROOT / "src" / "pkg" / "__init__.py")}


class Process:
    """Stands in for a worker that says what it is told to."""

    def __init__(
        self, found: Collected | CannotJudgeError, *answers: dict[str, Any], ends: bool = True
    ) -> None:
        self.found = found
        self.answers = [*answers, *([{"end": 0, "origins": INSIDE}] * ends)]
        self.trees: list[Tree] = []
        self.said: list[dict[str, Any]] = []

    def collected(self, timeout: float) -> Collected:
        assert timeout == 7.0
        if isinstance(self.found, CannotJudgeError):
            raise self.found
        return self.found

    def say(self, **order: Any) -> None:
        self.said.append(order)

    def hear(self, timeout: float) -> dict[str, Any]:
        assert timeout == 7.0
        return dict(self.answers.pop(0))

    @contextmanager
    def started(self, trees: Sequence[Tree]) -> Iterator[list[Process]]:
        self.trees += trees
        yield [self]


def _checked(process: Process, monkeypatch: pytest.MonkeyPatch, name: str = HEAD) -> Checked:
    monkeypatch.setattr(checks, "started", process.started)
    request = Request(mode=Mode.TIMING, arguments=(), path=())
    return check(Tree(name=name, root=ROOT, request=request), 7.0, lambda _: None)


def _refused(process: Process, monkeypatch: pytest.MonkeyPatch, name: str = HEAD) -> str:
    with pytest.raises(CannotJudgeError) as refusal:
        _checked(process, monkeypatch, name)
    (line,) = str(refusal.value).splitlines()
    return line


DONE: Final = ({"done": A, "outcome": "passed"}, {"done": B, "outcome": "failed", "why": "wrong"})


def test_each_benchmark_runs_once_without_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(
        collected([A, B]),
        {
            "done": A,
            "outcome": "passed",
            "exact": {"peak_bytes": 8},
            "warnings": ["W"],
            "digest": "d",
        },
        DONE[1],
    )
    found = _checked(process, monkeypatch)
    assert [tree.request.mode for tree in process.trees] == [Mode.CHECKS]
    assert process.said == [{"tests": [A, B]}]
    assert found.collected == collected([A, B])
    assert found.checks == {
        A: Check(outcome="passed", exact={"peak_bytes": 8}, warnings=("W",), digest="d"),
        B: Check(outcome="failed", why="wrong"),
    }


def test_a_head_without_benchmarks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    line = _refused(Process(collected([])), monkeypatch, HEAD)
    assert line.startswith("no test on the head uses the fixture `benchmark`; name the files")


def test_a_base_without_benchmarks_has_nothing_else_to_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _checked(Process(collected([])), monkeypatch, BASE)
    assert found == Checked(collected([]), {})


@pytest.mark.parametrize("where", ["tests/test_it.py", ""])
@pytest.mark.parametrize("name, nodes", [(HEAD, [A]), (HEAD, []), (BASE, [])])
def test_what_cannot_be_collected_is_refused(
    name: str, nodes: Sequence[str], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(collected(nodes, {where: "ImportError: " + "x" * 999}), *DONE)
    line = _refused(process, monkeypatch, name)
    assert line.startswith(f"{where or 'a test'} cannot be collected on the {name}: ImportError: x")
    assert line.endswith("; mend it, or choose others")
    assert len(line) < 400


def test_a_base_that_is_partly_broken_has_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(collected([A, B], {"tests/test_new.py": "ImportError"}), *DONE)
    assert set(_checked(process, monkeypatch, BASE).checks) == {A, B}


def test_some_of_the_tests_do_not_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    line = _refused(Process(collected([A, *NODES[2:]]), DONE[0]), monkeypatch)
    assert line.startswith(f"the run of the head ended before {NODES[2]}, and 4 tests did not run")


@pytest.mark.parametrize(
    "origins, words",
    [
        ({}, "no benchmark imports a package under test (none was found); name those that are"),
        ({"pkg": "", "more": ""}, "no benchmark imports a package under test (pkg, more); name"),
        ({"pkg": "/usr/lib/pkg.py"}, "the head imported pkg from /usr/lib/pkg.py, not from the"),
        ({**INSIDE, "more": "/somewhere-else/m.py"}, "the head imported more from /somewhere-e"),
    ],
)
def test_what_is_not_under_test_is_not_timed(
    origins: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(collected([A, B]), *DONE, {"end": 0, "origins": origins}, ends=False)
    line = _refused(process, monkeypatch)
    assert line.startswith(words)
    assert "-o against_packages=" in line


def test_a_package_that_is_not_imported_is_no_fault_beside_one_that_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = {"end": 0, "origins": {**INSIDE, "cli": ""}}
    _checked(Process(collected([A, B]), *DONE, end, ends=False), monkeypatch)


@pytest.mark.parametrize(
    "found, timed", [(PASSED, True), (FAILED, False), (SKIPPED, False), (NO_CALL, False)]
)
def test_what_passed_and_made_a_call_is_timed(found: Check, *, timed: bool) -> None:
    assert found.timed is timed
    assert Check(outcome="failed", exact=PASSED.exact).timed is False


@pytest.mark.parametrize(
    "found, words",
    [
        (None, "not in"),
        (NO_CALL, "never calls `benchmark` in"),
        (SKIPPED, "skipped (needs a GPU) in"),
        (FAILED, "failed (assert 1 == 2) in"),
    ],
)
def test_absence_has_its_reason(found: Check | None, words: str) -> None:
    assert absence(found) == words


NODE: Final = "a/b/test_c.py::TestD::test_e[x/y::z]"


@pytest.mark.parametrize(
    "argument, there",
    [
        (".", True),
        ("a", True),
        ("a/b", True),
        ("a/b/test_c.py", True),
        ("a/b/test_c.py::TestD", True),
        ("a/b/test_c.py::TestD::test_e", True),
        (NODE, True),
        ("a/b/test_c", False),
        ("b", False),
        ("a/b/test_c.py::Test", False),
        ("a/b/test_c.py::TestD::test_e[x", False),
        ("a/b/test_c.py::TestD::test_e[other]", False),
    ],
)
def test_an_argument_has_the_tests_below_it(argument: str, *, there: bool) -> None:
    assert has([argument], NODE) is there
    assert has(["elsewhere", argument], NODE) is there


@given(node=st.text())
def test_no_arguments_have_all_tests(node: str) -> None:
    assert has([], node)


def _collected(
    process: Process, place: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> Collected:
    monkeypatch.setattr(checks, "started", process.started)
    suite = Suite(root=Path("elsewhere"), arguments=arguments, keyword="k", options=("-c=x.ini",))
    found = collect(suite, "base", place, 7.0)
    assert found.checks == {}
    assert all(tree.root == place for tree in process.trees)
    return found.collected


def test_a_side_is_collected_without_running_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(collected([A, B]), ends=False)
    assert _collected(process, tmp_path, monkeypatch) == collected([A, B])
    assert process.said == []


def test_only_those_that_were_asked_for_are_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").touch()
    process = Process(collected(NODES))
    arguments = ("tests/test_new.py", "tests/test_it.py::test_new", A)
    assert list(_collected(process, tmp_path, monkeypatch, *arguments).nodes) == [A]
    (tree,) = process.trees
    assert tree.request.arguments[-2:] == ("-k=k", "tests/test_it.py")


def test_where_no_file_is_there_nothing_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(collected(NODES))
    found = _collected(process, tmp_path, monkeypatch, "tests/test_new.py::test_it")
    assert (found, process.trees) == (Collected({}, {}, {}), [])


def test_why_a_side_cannot_be_collected_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(CannotJudgeError("it was killed"))
    assert _collected(process, tmp_path, monkeypatch) == Collected({}, {"": "it was killed"}, {})
