"""How a study runs its gates: in which order, until when, and what it refuses."""

import argparse
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks.results import study
from benchmarks.results.gate_log import load
from benchmarks.results.plants import NOTHING, PLANTS, SLOWER, Plant, prepare
from benchmarks.results.running import Run, Side, neighbours, run
from pytest_against.model import CannotJudgeError
from relu_impls import METHODS
from tests.against.repository import put

needs_proc = pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="reads the states of processes there"
)


def asked(*words: str) -> argparse.Namespace:
    return study.parse(words)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Gates that end at once: red if something is planted, else as `runs` says, or green."""
    codes = list[Any]()

    def gate(_side: Side, plant: Plant | None, _options: list[str], _beside: str) -> Run:
        code = 1 if plant else codes.pop(0) if codes else 0
        if isinstance(code, BaseException):
            raise code
        row = plant and {"row": "it[a]", "method": plant.method, "verdict": "regressed"}
        if code == "no report":
            return Run(1, 2.0, 2**20, "said")  # as an interpreter ends that lacks a module
        rows: dict[str, Any] = {"rows": [row] if row else [], "controls": []}
        told = {"exit": code, "trials": 3, "verdict": "", "why": ""}
        return Run(code, 2.0, 2**20, "said", rows | told)

    monkeypatch.setattr(Side, "gate", gate)
    monkeypatch.setattr(Side, "commit", "abc")
    return codes


def test_identical_code_takes_turns_with_plants_of_every_kind_in_every_method() -> None:
    drawn = list(islice(study.turns(asked("--factor", "1.2")), 2000))
    assert drawn[::2] == [None] * 1000
    others = [plant for plant in drawn[1::2] if plant]
    assert {plant.method for plant in others} == set(METHODS)
    assert {(p.name, p.factor) for p in others} == {
        (name, 1.2 if name == SLOWER else 1.0) for name in PLANTS
    }


def test_plants_and_the_method_that_are_asked_for_take_turns() -> None:
    words = ("--plant", "wrapper", "--plant", NOTHING, "--method", "copyto")
    wrapped = Plant("wrapper", "copyto")
    assert list(islice(study.turns(asked(*words)), 3)) == [wrapped, None, wrapped]


@pytest.mark.parametrize("options, methods", [
    (["--rows", "clip and 1e3", "--limit", "1%"], [m for m in METHODS if "clip" in m]),
    (["--rows", "article and fmax"], []),
    (["--rows", "1e and not 1e3"], []),  # they have to be asked for
    (["--rows=article and half_sum"], ["half_sum"]),
])  # fmt: skip
def test_plants_go_into_methods_whose_rows_are_judged(options: Any, methods: list[str]) -> None:
    assert study.judged(options) == methods


@pytest.mark.parametrize("words", [
    ("--method", "nope"), ("--method", "fmax", "--options", "--rows copyto"),
    ("--options", "--rows nothing_is_called_this"), ("--options", "--rows '('"),
])  # fmt: skip
def test_methods_without_a_row_are_refused_in_one_line(words: tuple[str, ...]) -> None:
    with pytest.raises(CannotJudgeError, match=r"^(no row that is judged|--rows)[^\n]*$"):
        study.turns(asked(*words))


@pytest.mark.parametrize("words", [
    "--minutes 0", "--minutes x", "--gates 0", "--gates 1.5", "--factor 1", "--factor nan",
    "--plant all", "--beside a", "--options '", "--no-such", "more", "--log",
])  # fmt: skip
def test_wrong_arguments_are_named_in_one_line(words: str, capsys: Any) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        asked(*words.split())
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("python benchmarks/results/study.py: ")


def test_study_goes_on_with_its_log(runs: list[Any], tmp_path: Path, capsys: Any) -> None:
    log = tmp_path / "gates.jsonl"
    words = ("--log", str(log), "--plant", NOTHING, "--plant", SLOWER, "--options", "--rows fmax")
    assert study.study(asked(*words, "--gates", "2")) == 0
    first, second = load(log)
    assert (first.plant, first.exit, first.named, first.options) == (NOTHING, 0, (), "--rows fmax")
    assert (second.plant, second.method, second.exit) == (SLOWER, "fmax", 1)
    assert (second.factor, second.named, second.commit) == (1.06, ("it[a]",), "abc")
    runs.extend([0, KeyboardInterrupt()])
    assert study.study(asked(*words)) == 130
    assert [gate.exit for gate in load(log)] == [0, 1, 0, 1]
    assert "2 of 2" in capsys.readouterr().out.splitlines()[-4]


def test_gate_that_cannot_judge_ends_a_study_only_if_it_is_the_first_or_says_nothing(
    runs: list[Any], tmp_path: Path
) -> None:
    words = ("--log", str(tmp_path / "log"), "--plant", NOTHING, "--gates", "2")
    for codes in ([2], [0, "no report"]):
        runs.extend(codes)
        with pytest.raises(CannotJudgeError, match="a gate could not judge: said"):
            study.study(asked(*words))
    runs.extend([0, 2])
    assert study.study(asked(*words)) == 0
    assert [gate.exit for gate in load(tmp_path / "log")] == [0, 0, 2]


def test_earlier_code_runs_the_same_gate(runs: list[Any], tmp_path: Path, capsys: Any) -> None:
    words = ("--log", str(tmp_path / "log"), "--gates", "1", "--side-by-side-with", str(tmp_path))
    runs.extend([0, 0])
    assert study.study(asked(*words)) == 0
    (gate,) = load(tmp_path / "log")
    assert (gate.earlier_commit, gate.earlier_exit, gate.earlier_seconds, runs) == ("abc", 0, 2, [])
    assert "pair by pair 1.00" in capsys.readouterr().out


def test_no_gate_begins_after_the_time_is_up(runs: list[Any], tmp_path: Path, capsys: Any) -> None:
    runs.append(AssertionError("begun"))
    assert study.study(asked("--log", str(tmp_path / "log"), "--minutes", "1e-9")) == 0
    assert capsys.readouterr().out == "no gate was measured\n"


def test_command_is_run_without_our_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "import os, sys\n_, name, code = sys.argv\nprint('PYTHONPATH' in os.environ, name, code)\n"
    )
    put(tmp_path, "benchmarks/__init__.py", "")
    put(tmp_path, "benchmarks/__main__.py", f"{text}sys.exit(int(code))")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for code in range(4):
        ended = run(sys.executable, tmp_path, "gate", str(code))
        assert (ended.exit, ended.words, ended.report) == (code, f"False gate {code}", {})
        assert ended.memory > 2**20 or sys.platform == "win32"
    with pytest.raises(CannotJudgeError, match="ended with 7: False gate 7"):
        run(sys.executable, tmp_path, "gate", "7")


def test_checkout_without_the_method_or_git_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CannotJudgeError, match=r"relu_impls defines no function nope; .*--method$"):
        prepare(study.ROOT, tmp_path / "a", Plant(SLOWER, "nope"))
    with pytest.raises(CannotJudgeError, match=r"^git failed in .*; name a checkout of the proje"):
        prepare(tmp_path / "none", tmp_path / "b", None)


def gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(") ")[2].startswith("Z")


@needs_proc
@pytest.mark.parametrize("kind", ["spin", "bandwidth", NOTHING])
def test_neighbours_are_one_for_each_core_and_end_in_any_case(kind: str) -> None:
    seen = []
    with pytest.raises(ValueError, match="of ours"), neighbours(kind) as pids:  # noqa: PT012
        seen.extend(pids)
        assert not any(map(gone, pids))
        raise ValueError("of ours")
    assert len(seen) == (0 if kind == NOTHING else os.cpu_count())
    assert all(map(gone, seen))


@needs_proc
def test_neighbours_end_with_a_process_that_is_killed() -> None:
    source = (
        "import os, signal\nfrom benchmarks.results.running import neighbours\n"
        "with neighbours('bursts') as pids:\n"
        "    print(*pids, flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, cwd=study.ROOT, capture_output=True, text=True, check=False)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == os.cpu_count()
    end = time.monotonic() + 30
    while not all(map(gone, pids)) and time.monotonic() < end:
        os.sched_yield()
    assert all(map(gone, pids))
