"""What is checked before anything is timed: that all is there, and is what is under test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import checks
from pytest_against.checks import Check, Checked, absence, check, collect, has, increases
from pytest_against.model import CannotJudgeError, Mode, Request, Shard, Suite
from pytest_against.returned import Returned
from pytest_against.workers import BASE, HEAD, Collected, Tree
from tests.against.repository import put
from tests.against.simulated import FAILED, NO_CALL, NODES, PASSED, SKIPPED, A, B, collected

ROOT: Final = Path("/somewhere")
INSIDE: Final = {"pkg": str(ROOT / "src" / "pkg" / "__init__.py")}
DONE: Final = (
    {"done": A, "outcome": "passed", "exact": {"peak_bytes": 8}, "warnings": ["W"], "digest": "d"},
    {"done": B, "outcome": "failed", "why": "wrong"},
)


END: Final = {"end": 0, "origins": INSIDE, "distributions": {"numpy": "2"}, "files": ["src/a.py"]}


class Process:
    """Stands in for a worker that says what it is told to."""

    def __init__(
        self,
        found: Collected | CannotJudgeError,
        *answers: dict[str, Any],
        origins: dict[str, str] = INSIDE,
    ) -> None:
        self.found = found
        self.answers = [*answers, {**END, "origins": origins}]
        self.trees: list[Tree] = []
        self.said: list[dict[str, Any]] = []
        self.at = "the start"
        self.tree: Tree | None = None

    def collected(self, timeout: float) -> Collected:
        assert timeout == 7.0
        if isinstance(self.found, CannotJudgeError):
            raise self.found
        return self.found

    def say(self, **order: Any) -> None:
        self.said.append(order)

    def hear(self, timeout: float) -> dict[str, Any]:
        assert timeout == 7.0
        self.at = self.answers[0].get("begins", self.answers[0].get("done", self.at))
        if "dies" in self.answers[0]:
            raise CannotJudgeError(str(self.answers.pop(0)["dies"]))
        return {name: value for name, value in self.answers.pop(0).items() if name != "begins"}

    @contextmanager
    def started(self, trees: Sequence[Tree]) -> Iterator[list[Process]]:
        self.trees += trees
        yield [self]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Check a side that a process plays."""

    def run(process: Process, name: str = HEAD) -> Checked:
        monkeypatch.setattr(checks, "started", process.started)
        request = Request(mode=Mode.TIMING, arguments=(), path=())
        process.tree = Tree(name=name, root=ROOT, request=request)
        return check(process.tree, 7.0, lambda _: None)

    return run


def test_each_benchmark_runs_once_without_a_clock(checked: Any) -> None:
    process = Process(collected([A, B]), *DONE, origins={**INSIDE, "not imported": ""})
    found = {
        A: Check(outcome="passed", exact={"peak_bytes": 8}, warnings=("W",), result=Returned("d")),
        B: Check(outcome="failed", why="wrong"),
    }
    assert checked(process) == Checked(
        collected([A, B]), found, {"numpy": "2"}, frozenset({"src/a.py"})
    )
    assert [tree.request.mode for tree in process.trees] == [Mode.CHECKS]
    assert process.said == [{"tests": [A, B], "loose": [], "off": [], "imports": False}]


DIES: Final = {"begins": B, "dies": "the run of the head was killed by signal 11"}
STOPS: Final = {"begins": B, **END}


@pytest.mark.parametrize("how", [DIES, STOPS])
def test_a_test_that_ends_its_process_has_failed_and_another_runs_all_others_again(
    how: dict[str, Any], checked: Any
) -> None:
    process = Process(collected([A, B]), DONE[0], how, {**DONE[0], "why": "again"})
    found = checked(process)
    assert [each["tests"] for each in process.said] == [[A, B], [A]]
    assert found.checks[B].outcome == "failed"
    words = f"pytest ended with 0 on the head at {B}, and 1 test did not run; run pytest there to"
    words = how.get("dies", f"{words} see why")
    assert found.checks[B].why == f"its process ended: {words}"
    assert (found.checks[A].why, found.files) == ("again", {"src/a.py"})


def test_what_the_others_import_is_known_though_one_ends_its_process(checked: Any) -> None:
    foreign = Process(collected([A, B]), DONE[0], DIES, DONE[0], origins={"pkg": "/lib/pkg.py"})
    with pytest.raises(
        CannotJudgeError, match=r"^the head imported pkg from /lib/pkg.py, not from"
    ):
        checked(foreign)
    found = checked(Process(collected([B]), DIES, origins={}))
    assert (found.checks[B].outcome, found.distributions) == ("failed", {"numpy": "2"})


def test_a_process_that_ends_beside_tests_or_again_and_again_is_refused(checked: Any) -> None:
    for how in ({**DIES, "begins": "the start"}, {**DIES, "begins": A}):
        with pytest.raises(CannotJudgeError, match=r"^the run of the head was killed by"):
            checked(Process(collected([A, B]), {**DONE[0], "begins": A}, how))
    all_die = [{**DIES, "begins": node} for node in NODES]
    assert len(all_die) >= 6
    with pytest.raises(CannotJudgeError, match=r"^the run of the head was killed by"):
        checked(Process(collected(NODES), *all_die))


@pytest.mark.parametrize(
    "nodes, broken",
    [
        ([], {}),
        ([A, B], {"tests/test_new.py": "ImportError"}),
        ([], {"tests/test_new.py": "ImportError"}),
    ],
)
def test_a_base_shows_what_it_has(nodes: list[str], broken: dict[str, str], checked: Any) -> None:
    process = Process(collected(nodes, broken), *DONE[: len(nodes)])
    assert checked(process, BASE).checks.keys() == set(nodes)


ONE: Final = collected([A])
BROKEN: Final = {"test_it.py": "ImportError: " + "x" * 999}
WHY: Final = "test_it.py cannot be collected on the"


@pytest.mark.parametrize(
    "name, found, origins, words",
    [
        (HEAD, collected([]), {}, "no test on the head uses the fixture `benchmark` or has its"),
        (HEAD, collected([A], BROKEN), INSIDE, f"{WHY} head: ImportError: x"),
        (HEAD, collected([], BROKEN), {}, f"{WHY} head: ImportError: x"),
        (BASE, collected([], {"": "no"}), {}, "a test cannot be collected on the base: no; mend"),
        (HEAD, collected(NODES), {}, f"pytest ended with 0 on the head at {B}, and 4 tests did n"),
        (HEAD, ONE, {}, "no benchmark imports a package under test (none was found); name those"),
        (HEAD, ONE, {"p": "", "q": ""}, "no benchmark imports a package under test (p, q); name"),
        (HEAD, ONE, {"p": "/lib/p.py"}, "the head imported p from /lib/p.py, not from the tree"),
        (BASE, ONE, {**INSIDE, "q": "/somewhere-else"}, "the base imported q from /somewhere-else"),
    ],
)
def test_what_is_not_there_or_not_under_test_is_refused(
    name: str, found: Collected, origins: dict[str, str], words: str, checked: Any
) -> None:
    with pytest.raises(CannotJudgeError) as refusal:
        checked(Process(found, *DONE, origins=origins), name)
    (line,) = str(refusal.value).splitlines()
    assert line.startswith(words)
    assert len(line) < 400
    assert ("-o against_packages=" in line) == (" import" in words)


@pytest.mark.parametrize(
    "found, timed, words",
    [
        (None, False, "not in"),
        (PASSED, True, None),
        (NO_CALL, False, "never calls `benchmark` in"),
        (SKIPPED, False, "skipped (needs a GPU) in"),
        (FAILED, False, "failed (assert 1 == 2) in"),
        (Check(outcome="failed", exact=PASSED.exact), False, "failed () in"),
    ],
)
def test_what_passed_and_made_a_call_is_timed(
    found: Check | None, words: str | None, *, timed: bool
) -> None:
    assert (found is not None and found.timed) is timed
    assert timed or absence(found) == words


NODE: Final = "a/b/test_c.py::TestD::test_e[x/y::z]"
BELOW: Final = (".", "a", "a/b", "a/b/test_c.py", "a/b/test_c.py::TestD", NODE.split("[")[0], NODE)
BESIDE: Final = ("b", "a/b/test_c", "a/b/test_c.py::Test", NODE[:-1], f"{NODE}[a]")


def test_an_argument_has_the_tests_below_it_and_none_has_all() -> None:
    assert [each for each in (*BELOW, *BESIDE) if has(["elsewhere", each], NODE)] == [*BELOW]
    assert has([], NODE)


FILE: Final = A.split("::")[0]
ASKED: Final = ("tests/test_new.py", f"{FILE}::test_new", A)


def test_a_shard_without_a_row_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "started", Process(collected([])).started)
    tree = Tree.of(Suite(root=ROOT, shard=Shard(2, 8)), HEAD, ROOT)
    with pytest.raises(CannotJudgeError, match="no row of the head is in shard 2/8; make fewer"):
        check(tree, 7.0, lambda _: None)


@pytest.mark.parametrize("settings", [("-c=x.ini",), ()])
@pytest.mark.parametrize(
    "said, asked, given, found",
    [
        (collected([A, B]), (), [()], collected([A, B])),
        (collected(NODES), ASKED, [(FILE,)], collected([A])),  # pytest knows only what is there
        (collected(NODES), ("tests/test_new.py::test_it",), [], collected([])),
        (CannotJudgeError("it was killed"), (), [()], collected([], {"": "it was killed"})),
    ],
)
def test_a_side_is_collected_without_running_it(  # noqa: PLR0913, PLR0917 - as in the table
    said: Any,
    asked: Any,
    given: Any,
    found: Collected,
    settings: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    put(tmp_path, FILE)
    for name in settings:  # with a file of settings that it lacks, pytest would refuse to start
        put(tmp_path, name.removeprefix("-c="))
    process = Process(said)
    monkeypatch.setattr(checks, "started", process.started)
    suite = Suite(root=Path("elsewhere"), arguments=asked, keyword="k", options=("-c=x.ini",))
    tree = replace(Tree.of(suite, "base", tmp_path), python="its own")
    tree = replace(tree, request=replace(tree.request, path=("p",)))
    assert collect(suite, tree, 7.0) == Checked(found, {})
    assert process.said == []
    before = (*settings, f"--rootdir={tmp_path}", "-k=k")
    assert [each.request.arguments for each in process.trees] == [(*before, *it) for it in given]
    assert all((each.root, each.python) == (tmp_path, "its own") for each in process.trees)
    assert all(each.request.path == ("p",) for each in process.trees)


@pytest.mark.parametrize(
    "now, then, found",
    [
        ({"passes": 3}, {"passes": 3}, []),
        ({"passes": 4}, {"passes": 3}, ["passes is 4, was 3"]),
        ({"passes": 2}, {"passes": 3}, []),
        ({"passes": 9}, {"other": 1}, []),
        ({"peak_bytes": 1030 + 2048}, {"peak_bytes": 1000}, []),
        ({"peak_bytes": 1031 + 2048}, {"peak_bytes": 1000}, ["peak_bytes is 3,079, was 1,000"]),
        ({"b": 2, "a": 2}, {"a": 1, "b": 1}, ["a is 2, was 1", "b is 2, was 1"]),
    ],
)
def test_exact_numbers_may_not_grow_and_memory_hardly(
    now: dict[str, int], then: dict[str, int], found: list[str]
) -> None:
    assert increases(now, then, 0.03) == found


def test_of_memory_any_limit_is_a_number() -> None:
    assert increases({"peak_bytes": 9_000_000}, {"peak_bytes": 8_192}, 1e306) == []
