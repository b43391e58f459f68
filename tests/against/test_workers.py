"""Processes that run tests: spoken to, watched, and ended for sure, with what they started."""

from __future__ import annotations

import os
import select
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_against import workers
from pytest_against.model import CannotJudgeError, Mode, Request, Shard, Suite
from pytest_against.workers import Tree, Worker, side_by_side, started

pytestmark = [
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script"),
]

START = f"""#!{sys.executable}
import json, os, sys, tempfile, time
def say(**words): print(json.dumps(words), flush=True)
request = json.loads(sys.stdin.readline())
"""


def tree(folder: Path, script: str = "time.sleep(600)", name: str = "head") -> Tree:
    """Return a side whose interpreter is a script that plays a worker."""
    file = folder / f"{name}.py"
    file.write_text(START + script)
    file.chmod(0o755)
    request = Request(mode=Mode.TIMING, arguments=("a",), path=("p",), packages=("q",))
    return Tree(name=name, root=folder, request=request, python=str(file), project=Path("there"))


def test_a_side_is_told_how_pytest_runs(tmp_path: Path) -> None:
    suite = Suite(
        root=Path("/r"),
        arguments=("benchmarks",),
        keyword="a",
        marks="b",
        packages=("src/x", "src/y.py", "z"),
        options=("-c=tox.ini",),
    )
    found = Tree.of(suite, "base", tmp_path).request
    root = f"--rootdir={tmp_path}"
    assert found.arguments == ("-c=tox.ini", root, "-k=a", "-m=b", "benchmarks")
    assert found.path == (str(tmp_path / "src"), str(tmp_path))
    assert found.packages == ("x", "y", "z")
    assert Tree.of(Suite(root=Path("/r")), "base", tmp_path).request.arguments == (root,)


def test_orders_and_answers_and_no_more_than_that_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-n 2 --cov")
    monkeypatch.setenv("COV_CORE_SOURCE", "pkg")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("KEPT", "yes")
    monkeypatch.setenv("PYTHONPATH", "more")
    script = """
say(collected={"n": {}}, broken={}, origins={})
say(begins="n")
say(request=request, order=json.loads(sys.stdin.readline()), at=os.getcwd(), has={**os.environ})
"""
    with started([tree(tmp_path, script)]) as (worker,):
        assert worker.collected(60).nodes == {"n": {}}
        worker.say(tests=["n"])
        found = worker.hear(60)
        with pytest.raises(CannotJudgeError, match=r"run of the head exited with 0 at n; run that"):
            worker.hear(60)
        worker.say(more=1)  # whoever is gone does not mind
    request = {"mode": "timing", "arguments": ["a"], "path": ["p"], "packages": ["q"]}
    request |= {"own_options": [], "project": "there"}
    assert (found["request"], found["order"]) == (request, {"tests": ["n"]})
    assert found["at"] == str(tmp_path)
    has = found["has"]
    assert (has["PYTEST_ADDOPTS"], has["KEPT"], has["PYTHONHASHSEED"]) == ("", "yes", "0")
    assert not {"COV_CORE_SOURCE", "PYTEST_XDIST_WORKER"} & has.keys()
    # Before pytest is imported, which itself imports pluggy.
    assert has["PYTHONPATH"].split(os.pathsep) == ["p", "more"]
    assert has["TMPDIR"] != tempfile.gettempdir()


def test_it_has_the_rows_of_its_shard_its_engine_and_threads_that_do_not_spin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "given")
    script = """
say(collected={str(n): {} for n in range(99)}, broken={}, origins={})
say(**os.environ)
"""
    shard, plain = Shard(2, 3), tree(tmp_path, script)
    with started([replace(plain, shard=shard, engine=tmp_path / "with")]) as (worker,):
        nodes = worker.collected(60).nodes
        has = worker.hear(60)
    assert list(nodes) == [node for node in map(str, range(99)) if shard.has(node)]
    assert has["PYTHONPATH"] == os.pathsep.join((str(tmp_path / "with"), "p", "given"))
    assert (has["OMP_WAIT_POLICY"], has["KMP_BLOCKTIME"]) == ("PASSIVE", "0")


def test_one_that_ends_before_it_collects_says_why_at_its_end(tmp_path: Path) -> None:
    script = "say(end=4); time.sleep(0.2); print('ERROR: no such file', file=sys.stderr)"
    words = "pytest ended with 4 on the head before it collected a test: ERROR: no such file; run"
    with (
        started([tree(tmp_path, script)]) as (worker,),
        pytest.raises(CannotJudgeError, match=words),
    ):
        worker.collected(60)


LONG, SHORT = 60.0, 0.1


@pytest.mark.parametrize(
    "death, timeout, tick, words",
    [
        ("os.kill(os.getpid(), 11)", LONG, LONG, "was killed by signal 11 at n; run that"),
        (
            "os.write(2, b'bad\\n.s.F  [ 40%]\\n..'); os._exit(7)",
            LONG,
            LONG,
            "exited with 7 at n: bad;",
        ),
        ("os.write(2, b'odd \\xff'); os._exit(7)", LONG, LONG, "exited with 7 at n: odd "),
        ("1 / 0", LONG, LONG, "exited with 1 at n: ZeroDivisionError: division by zero; run that"),
        ("os.close(1); time.sleep(600)", SHORT, LONG, "was killed by signal 9 at n; run that"),
        ("time.sleep(600)", SHORT, 0.01, "said nothing for 0.1 s at n; run that test alone to see"),
    ],
)
def test_how_one_died_and_at_which_test_is_one_line(  # noqa: PLR0913, PLR0917 - as in the table
    tmp_path: Path, death: str, timeout: float, tick: float, words: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(workers, "_TICK", tick)
    with started([tree(tmp_path, f"say(begins='n'); say(at='n')\n{death}")]) as (worker,):
        worker.hear(LONG)
        with pytest.raises(CannotJudgeError) as error:
            worker.hear(timeout)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"the run of the head {words}")
    assert line.endswith(", or allow more with --timeout or --against-timeout") == (
        "said nothing" in words
    )


def test_in_the_end_all_that_they_started_and_left_is_gone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    script = """
held = open("held", "wb")
if os.fork(): say(left=tempfile.mkdtemp())
time.sleep(600)
"""
    with suppress(KeyboardInterrupt), started([tree(tmp_path, script)]) as (worker,):
        left = Path(worker.hear(60)["left"])
        assert left.is_relative_to(tempfile.gettempdir())
        raise KeyboardInterrupt
    assert select.select([held], [], [], 60)[0]  # it ends with the last process that holds it
    assert os.read(held, 1) == b""
    os.close(held)
    assert not left.parent.exists()
    assert not Worker.running


def test_an_interpreter_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    there = tree(tmp_path)
    gone = Tree(name="base", root=tmp_path, request=there.request, python=str(tmp_path / "no"))
    with pytest.raises(FileNotFoundError), started([there, gone]):
        pytest.fail("it began")
    assert not Worker.running


def test_jobs_side_by_side_return_in_their_order() -> None:
    second = threading.Event()
    assert side_by_side([lambda: second.wait(60), second.set]) == [True, None]


def test_when_one_fails_the_other_is_ended_even_if_it_starts_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending, pause = threading.Event(), time.sleep

    def noting(seconds: float) -> None:
        ending.set()
        pause(seconds)

    def late() -> None:
        ending.wait(60)
        with started([tree(tmp_path)]) as (worker,):
            worker.hear(600)

    monkeypatch.setattr(time, "sleep", noting)
    with pytest.raises(ZeroDivisionError):
        side_by_side([lambda: 1 // 0, late])
    assert not Worker.running


def test_an_interruption_ends_all_even_while_they_are_being_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_in, later = threading.Event(), []

    def slow() -> None:
        with started([tree(tmp_path)]) as (worker,):
            started_in.set()
            worker.hear(600)

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *job: Any) -> Any:  # type: ignore[override]
            found = super().submit(*job)
            started_in.wait(60)
            if job[-1] is slow:
                raise KeyboardInterrupt
            return found

    monkeypatch.setattr(workers, "ThreadPoolExecutor", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        side_by_side([slow, lambda: later.append(1)])
    assert not Worker.running
    assert not later


def test_without_groups_of_processes_one_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started([tree(tmp_path)]) as (worker,):
        monkeypatch.delattr(os, "killpg")
        worker.end()
        with pytest.raises(CannotJudgeError, match="was killed by signal 9 at the start"):
            worker.hear(60)
