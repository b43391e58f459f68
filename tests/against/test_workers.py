"""Processes that run tests: spoken to, watched, and ended for sure, with what they started."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_against import workers
from pytest_against.model import CannotJudgeError, Mode, Request, Suite
from pytest_against.workers import Tree, Worker, side_by_side, started

pytestmark = [
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script"),
]

READ = "import json, os, sys, time\nrequest = json.loads(sys.stdin.readline())\n"
SAY = "print(json.dumps({}), flush=True)\n"


def tree(folder: Path, script: str, name: str = "head") -> Tree:
    """Return a side whose interpreter is a script that plays a worker."""
    file = folder / f"{name}.py"
    file.write_text(f"#!{sys.executable}\n{READ}{textwrap.dedent(script)}")
    file.chmod(0o755)
    request = Request(mode=Mode.TIMING, arguments=("a",), path=("p",), packages=("q",))
    return Tree(name=name, root=folder, request=request, python=str(file))


def test_a_side_is_told_how_pytest_runs(tmp_path: Path) -> None:
    suite = Suite(
        root=Path("/r"),
        arguments=("benchmarks",),
        keyword="a",
        marks="b",
        packages=("src/x", "src/y.py", "z"),
        options=("-c=tox.ini",),
    )
    request = Tree.of(suite, "base", tmp_path).request
    assert request.arguments == (
        "-c=tox.ini",
        f"--rootdir={tmp_path}",
        "-k=a",
        "-m=b",
        "benchmarks",
    )
    assert request.path == (str(tmp_path / "src"), str(tmp_path))
    assert request.packages == ("x", "y", "z")
    assert Tree.of(Suite(root=Path("/r")), "base", tmp_path).request.arguments == (
        f"--rootdir={tmp_path}",
    )


def test_orders_and_answers(tmp_path: Path) -> None:
    script = """
    print(json.dumps({"collected": {"n": {}}, "broken": {}, "origins": {}}), flush=True)
    print(json.dumps({"begins": "n", "heard": sys.stdin.readline()}), flush=True)
    print(json.dumps({"request": request, "at": os.getcwd()}), flush=True)
    """
    with started([tree(tmp_path, script)]) as (worker,):
        assert worker.collected(60).nodes == {"n": {}}
        worker.say(tests=["n"])
        found = worker.hear(60)
        assert found["request"] == {
            "mode": "timing",
            "arguments": ["a"],
            "path": ["p"],
            "packages": ["q"],
        }
        assert found["at"] == str(tmp_path)
        with pytest.raises(CannotJudgeError, match=r"run of the head exited with 0 at n; run that"):
            worker.hear(60)
        worker.say(more=1)  # whoever is gone does not mind


def test_one_that_ends_before_it_collects(tmp_path: Path) -> None:
    with (
        started([tree(tmp_path, SAY.format({"end": 4}))]) as (worker,),
        pytest.raises(CannotJudgeError, match="pytest ended with 4 on the head before"),
    ):
        worker.collected(60)


@pytest.mark.parametrize(
    "death, words",
    [
        ("os.kill(os.getpid(), 11)", "was killed by signal 11 at n; run that"),
        ("print('odd \\udcff', file=sys.stderr); os._exit(7)", "exited with 7 at n: odd "),
        ("1 / 0", "exited with 1 at n: ZeroDivisionError: division by zero; run that"),
    ],
)
def test_how_one_died_and_at_which_test_is_one_line(tmp_path: Path, death: str, words: str) -> None:
    script = SAY.format({"begins": "n"}) + "sys.stderr.reconfigure(errors='surrogateescape')\n"
    with (
        started([tree(tmp_path, script + death)]) as (worker,),
        pytest.raises(CannotJudgeError) as error,
    ):
        worker.hear(60)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("first", ["", "os.close(1)"])
def test_one_that_hangs_is_ended(tmp_path: Path, first: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(workers, "_TICK", 0.01)
    script = f"{SAY.format({'begins': 'n'})}{first}\ntime.sleep(600)"
    with started([tree(tmp_path, script)]) as (worker,), pytest.raises(CannotJudgeError) as error:
        worker.hear(0.3)
    how = "was killed by signal 9" if first else "said nothing for 0.3 s"
    assert f"the run of the head {how} at n; run that test alone" in str(error.value)
    assert ("--timeout" in str(error.value)) == (not first)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are in /proc on Linux")
def test_in_the_end_all_that_they_started_and_left_is_gone(tmp_path: Path) -> None:
    script = """
    import tempfile
    if (child := os.fork()) == 0:
        time.sleep(600)
    folder = tempfile.mkdtemp()
    print(json.dumps({"pids": [os.getpid(), child], "folder": folder}), flush=True)
    sys.stdin.readline()
    """
    with suppress(KeyboardInterrupt), started([tree(tmp_path, script)]) as (worker,):
        found = worker.hear(60)
        assert all(map(alive, found["pids"]))
        assert Path(found["folder"]).is_relative_to(tempfile.gettempdir())
        raise KeyboardInterrupt
    deadline = time.monotonic() + 60
    while any(map(alive, found["pids"])) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(alive, found["pids"]))
    assert not Path(found["folder"]).parent.exists()
    assert not Worker.running


def test_what_the_surroundings_set_does_not_reach_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-n 2 --cov")
    monkeypatch.setenv("COV_CORE_SOURCE", "pkg")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("KEPT", "yes")
    script = "print(json.dumps(dict(os.environ)), flush=True)"
    with started([tree(tmp_path, script)]) as (worker,):
        found = worker.hear(60)
    assert (found["PYTEST_ADDOPTS"], found["KEPT"], found["PYTHONHASHSEED"]) == ("", "yes", "0")
    assert not {"COV_CORE_SOURCE", "PYTEST_XDIST_WORKER"} & found.keys()
    assert found["TMPDIR"] != tempfile.gettempdir()


def test_an_interpreter_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    gone = Tree(
        name="base",
        root=tmp_path,
        request=tree(tmp_path, "").request,
        python=str(tmp_path / "no-python"),
    )
    with pytest.raises(FileNotFoundError), started([tree(tmp_path, "time.sleep(600)"), gone]):
        pytest.fail("it began")
    assert not Worker.running


def test_jobs_side_by_side_return_in_their_order() -> None:
    both = threading.Barrier(2)

    def job(number: int) -> int:
        both.wait(60)
        return number

    assert side_by_side([lambda: job(1), lambda: job(2)]) == [1, 2]


def test_when_one_fails_the_other_is_ended_even_if_it_starts_late(tmp_path: Path) -> None:
    failed = threading.Event()

    def failing() -> None:
        failed.set()
        raise ValueError("first")

    def slow() -> None:
        failed.wait(60)
        time.sleep(0.1)
        for each in range(2):
            with started([tree(tmp_path, "time.sleep(600)", f"side{each}")]) as (worker,):
                worker.hear(600)

    with pytest.raises(ValueError, match="first"):
        side_by_side([failing, slow])


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="a signal of POSIX")
def test_an_interruption_ends_all(tmp_path: Path) -> None:
    def slow() -> None:
        with started([tree(tmp_path, "time.sleep(600)")]) as (worker,):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            worker.hear(600)

    with pytest.raises(KeyboardInterrupt):
        side_by_side([slow])
    assert not Worker.running


def test_without_groups_of_processes_one_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started([tree(tmp_path, "time.sleep(600)")]) as (worker,):
        monkeypatch.delattr(os, "killpg")
        with ThreadPoolExecutor() as pool:
            heard = pool.submit(worker.hear, 600)
            worker.end()
            with pytest.raises(CannotJudgeError, match="was killed by signal 9 at the start"):
                heard.result()
