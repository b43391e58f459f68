"""Beside others: everyone is timed in turns on the same arrays, once the answer is right."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import relu_impls
from benchmarks.results import contenders, contenders_others, peers, plants, turns
from benchmarks.results.contenders import OURS, Arrays, Contender, Task
from benchmarks.results.measured import About, Cell, Measured, Run, load, resumed, save
from pytest_against.model import CannotJudgeError

CELL: Final = Cell(Task.RELU, "float32", 16)
ABOUT: Final = About("c", "REV", {"cpu": "abacus"}, {"torch": "2"}, rounds=3, seconds=0.1)


@given(st.lists(st.text(), min_size=1, max_size=9, unique=True))
def test_everyone_has_a_turn_in_a_round_and_is_first_and_last_as_often(names: list[str]) -> None:
    rounds = [turns.order(names, number) for number in range(2 * len(names))]
    assert all(sorted(each) == sorted(names) for each in rounds)
    assert all(there == back[::-1] for there, back in zip(rounds[::2], rounds[1::2], strict=True))
    for place in (0, -1):
        assert sorted(each[place] for each in rounds) == sorted(names * 2)


class Machine:
    """A clock, and calls that take time by it; it gets slower, and time is stolen."""

    def __init__(self, slower: float, stolen: float) -> None:
        self.now, self.slower, self.stolen, self.calls = 0.0, slower, stolen, 0

    def clock(self) -> float:
        return self.now

    def call(self, seconds: float) -> Callable[[], object]:
        def work() -> None:
            self.calls += 1
            self.now += seconds * (1 + self.slower * self.now)
            self.now += self.stolen * (self.calls % 97 == 0)

        return work


@pytest.mark.parametrize("slower, stolen", [(0.0, 0.0), (0.3, 0.0), (0.0, 1.0), (0.3, 1.0)])
def test_ratios_are_right_whatever_the_machine_does_meanwhile(slower: float, stolen: float) -> None:
    machine = Machine(slower, stolen)
    calls = {name: machine.call(s) for name, s in {"a": 1e-3, "b": 2e-3, "c": 5e-4}.items()}
    found = turns.timed(calls, 16, 4e-3, machine.clock)
    assert {len(each) for each in found.values()} == {16}
    for name, ratio in {"b": 2.0, "c": 0.5}.items():
        ratios = [x / a for x, a in zip(found[name], found["a"], strict=True)]
        assert median(ratios) == pytest.approx(ratio, rel=0.03)
    if not slower:  # of three batches at most one was hit
        assert found["a"] == pytest.approx([1e-3] * 16)


def test_memory_is_counted_beside_a_fresh_result() -> None:
    def call() -> np.ndarray[Any, Any]:
        scratch = np.ones(100_000)
        return scratch[:30_000].copy()

    assert peers.scratch(call, fresh=True) == pytest.approx(800_000, abs=2_000)
    assert peers.scratch(call, fresh=False) == pytest.approx(1_040_000, abs=2_000)
    assert peers.scratch(lambda: np.ones(1_000), fresh=True) < 2_000


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("nan", [False, True], ids=["", "NaN"])
def test_what_is_right_is_what_our_functions_return(task: Task, nan: bool) -> None:  # noqa: FBT001
    us = Contender(OURS, "", contenders.functions_of(relu_impls))
    for dtype in peers.DTYPES:
        arrays = Arrays.drawn(dtype, 1_000, nan=nan)
        assert np.isnan(arrays.x).sum() == 10 * nan
        assert all(a.ctypes.data % 64 == 0 for a in (arrays.x, arrays.grad, arrays.out, arrays.own))
        call, why = peers.ready(us, task, arrays)
        assert (call is not None, why) == (True, "")


@pytest.mark.parametrize("name", ["torch", "numexpr", "numba", "jax", *contenders_others.SHOWN])
@pytest.mark.parametrize("dtype", peers.DTYPES)
def test_others_who_are_installed_give_the_right_answer(name: str, dtype: str) -> None:
    pytest.importorskip(name)
    (who,) = (c for c in contenders_others.others() if c.name == name)
    arrays = Arrays.drawn(dtype, 1_000, nan=False)
    found = {task: peers.ready(who, task, arrays) for task in Task}
    told = {why.partition(":")[0] for _, why in found.values()}
    gaps = {each: {"has no such call"} for each in ("jax", *contenders_others.SHOWN)}
    if dtype == "float16":
        gaps |= {"numba": {"refuses float16"}, "numexpr": {"gives float32 for float16"}}
        gaps |= {"pyarrow": {"refuses float16", "has no such call"}}
    assert told - {""} == gaps.get(name, set())


def test_who_is_only_shown_is_measured_on_a_few_sizes() -> None:
    us = Contender(OURS, "", contenders.functions_of(relu_impls))
    other = Contender("other", "", contenders.numpy_calls, sizes=(16,))
    for size, names in {16: {OURS, "other"}, 17: {OURS}}.items():
        found = peers.measure(Cell(Task.RELU, "float32", size), [us, other], 1, 1e-6)
        assert set(found.seconds) == names
        assert not found.missing


def raises() -> None:
    raise NotImplementedError("only\nwider ones")


@pytest.mark.parametrize(
    "task, calls, why",
    [
        (Task.RELU, None, "not installed: no such package"),
        (Task.RELU, lambda _: {Task.OUT: raises}, "has no such call"),
        (Task.RELU, lambda _: {Task.RELU: raises}, "refuses float16: only"),
        (Task.RELU, lambda a: {Task.RELU: lambda: a.x}, "gives another"),
        (
            Task.RELU,
            lambda a: {Task.RELU: lambda: np.maximum(a.x, 0).astype("f4")},
            "gives float32",
        ),
        (Task.RELU, lambda _: {Task.RELU: lambda: None}, "gives another answer"),
        (Task.IN_PLACE, lambda a: {Task.IN_PLACE: lambda: np.maximum(a.own, 0)}, "gives another"),
        (Task.OUT, lambda a: {Task.OUT: lambda: np.maximum(a.x, 0)}, "gives another answer"),
    ],
)
def test_who_has_no_call_or_another_answer_has_a_reason(task: Task, calls: Any, why: str) -> None:
    who = Contender("who", "not installed: no such package", calls)
    call, found = peers.ready(who, task, Arrays.drawn("float16", 16, nan=False))
    assert (call, found.startswith(why), "\n" in found) == (None, True, False)


def test_in_place_everyone_finds_work_to_do_at_first() -> None:
    arrays = Arrays.drawn("float32", 16, nan=False)
    us = Contender(OURS, "", contenders.functions_of(relu_impls))
    idle = Contender("idle", "", lambda a: {Task.IN_PLACE: lambda: a.own})
    assert peers.ready(us, Task.IN_PLACE, arrays)[1] == ""
    assert peers.ready(idle, Task.IN_PLACE, arrays)[1] == "gives another answer"


def test_cells_are_those_of_the_summary_and_the_ones_with_nan_come_last() -> None:
    found = peers.cells(",".join(peers.DTYPES), ",".join(peers.SIZES), ",".join(Task))
    assert [cell.nan for cell in found] == [False] * 90 + [True] * 56
    assert len(set(found)) == 146
    assert max(cell.size for cell in found if cell.dtype == "float16" and cell.nan) == 600_000


@pytest.mark.parametrize(
    "options, words",
    [
        (["--sizes", "many"], "could not convert string to float: 'many'; write --sizes as 16,3e4"),
        (["--sizes", "0"], "--sizes from 1 on"),
        (["--kinds", "relu,gelu"], "'gelu' is not a valid Task; write .* --kinds as relu,out,inp"),
        (["--dtypes", "float8"], "write --dtypes as float16,float32,float64"),
        (["--rounds", "0"], "--rounds begin with 1"),
        (["--seconds", "nan"], "--seconds lie between 0 and 1"),
        (["--against", "nowhere"], "no commit 'nowhere' in"),
        (["--render"], "holds no run of peers .*; remove it, or name another file with --json"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    options: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(peers, "ROOT", repository(tmp_path / "root"))
    monkeypatch.setattr("pytest_against.around.only_one", nullcontext)
    monkeypatch.setattr(peers, "keep_memory", lambda: True)
    place = tmp_path / "place"
    assert peers.main([*options, "--json", f"{place / 'x.jsonl'}", "--folder", f"{place}"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), place.exists()) == ("", 1, False)
    assert re.search(words, err)


def repository(root: Path) -> Path:
    """Return a repository with the package, whose `relu` was another one."""
    shutil.copytree(Path(relu_impls.__file__).parent, root / "relu_impls")
    with (root / "relu_impls" / "__init__.py").open("a") as file:
        file.write("\n_relu = relu\ndef relu(x, out=None):\n    return _relu(x, out=out)\n")
    plants.git(root, "init", "--quiet")
    plants.git(root, "add", "--all")
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    plants.git(root, *author, "commit", "--quiet", "--message=as it was")
    return root


def test_a_revision_is_imported_beside_the_package_that_is_there(tmp_path: Path) -> None:
    before = {name: module for name, module in sys.modules.items() if "relu_impls" in name}
    path = [*sys.path]
    other = contenders.imported(repository(tmp_path / "root"))
    assert other.relu.__module__ == "relu_impls"
    assert (other.relu is relu_impls.relu, Path(other.__file__).is_relative_to(tmp_path)) == (0, 1)
    assert other.relu([-1.0, 2.0]).tolist() == [0, 2]
    now = {name: module for name, module in sys.modules.items() if "relu_impls" in name}
    assert (now, sys.path) == (before, path)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return the command, on a few small cells and into a folder."""
    monkeypatch.setattr(peers, "ROOT", repository(tmp_path / "root"))
    monkeypatch.setattr("pytest_against.around.only_one", nullcontext)
    monkeypatch.setattr(peers, "keep_memory", lambda: True)  # for the life of a process
    few = ("--sizes", "16", "--dtypes", "float16,float32", "--kinds", "relu,inplace")
    quick = ("--rounds", "2", "--seconds", "1e-6", "--against", "HEAD")
    return lambda *more: peers.main([*few, *quick, "--json", f"{tmp_path / 'x.jsonl'}", *more])


def test_a_run_prints_its_tables_and_writes_its_pages_only_where_it_is_told_to(
    command: Callable[..., int], tmp_path: Path, capsys: Any
) -> None:
    assert command() == 0
    out, err = capsys.readouterr()
    assert "relu(x, out=x)" in out
    assert "no page was written" in out
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        f"{n} of 6" for n in range(1, 7)
    ]
    run = load(tmp_path / "x.jsonl")
    assert len(run.cells) == 6
    for measured in run.cells.values():
        assert {OURS, "revision"} <= measured.seconds.keys()
        assert {len(each) for each in measured.seconds.values()} == {2}
        assert ("NumPy" in measured.seconds) is not measured.cell.nan
        assert measured.seconds.keys().isdisjoint(measured.missing)
    assert command("--render", "--folder", f"{tmp_path / 'pages'}") == 0
    names = {path.name for path in (tmp_path / "pages").iterdir()}
    assert names == {"peers.md", "peers.svg", "which.md", "which.svg"}


def test_an_interrupted_run_goes_on_where_it_ended(
    command: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    seen: list[Cell] = []

    def measure(cell: Cell, *_: object) -> Measured:
        seen.append(cell)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return Measured(cell, {OURS: [1e-6, 1e-6]})

    monkeypatch.setattr(peers, "measure", measure)
    assert command() == 130
    assert list(load(tmp_path / "x.jsonl").cells) == seen[:2]
    assert command() == 0
    assert len(seen) == 7  # of six, the third twice
    assert list(load(tmp_path / "x.jsonl").cells) == [*seen[:2], *seen[3:]]
    assert command("--rounds", "3") == 2
    assert "holds a run of other code, software or options" in capsys.readouterr().err


def test_we_have_to_be_right_ourselves() -> None:
    wrong = Contender(OURS, "", lambda a: {Task.RELU: lambda: a.x})
    with pytest.raises(CannotJudgeError, match=r"gives another answer; mend it first$"):
        peers.measure(CELL, [wrong], 1, 1e-6)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    run = Run(ABOUT, {CELL: Measured(CELL, {OURS: [1.0]}, {"torch": "it is not there"}, 7)})
    save(path, run)
    assert load(path) == run == resumed(path, ABOUT)


@pytest.mark.parametrize("text", ["", "{}\n", "no JSON", '{"cell"', None])
def test_a_file_that_holds_no_run_is_refused(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    save(path, Run(ABOUT, {CELL: Measured(CELL, {})}))
    if text is not None:
        path.write_text(text)
    with pytest.raises(CannotJudgeError, match=r"^.*x\.jsonl holds no run of peers \(.*--json$"):
        load(path)
