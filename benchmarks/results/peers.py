"""``python -m benchmarks peers``: how fast we are beside others on a CPU, as ratios in one run.

All contenders work on the same arrays, in one process, on one thread, in turns: what the machine
does meanwhile touches all of them alike.
"""

import argparse
import gc
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.results import which
from benchmarks.results.contenders import (
    COPY,
    OURS,
    REVISION,
    Arrays,
    Call,
    Contender,
    Task,
)
from benchmarks.results.contenders_others import contenders
from benchmarks.results.measured import About, Cell, Measured, Run, load, resumed, save
from benchmarks.results.peers_figure import figure
from benchmarks.results.peers_page import page, words
from benchmarks.results.turns import timed
from pytest_against import around, files, trees
from pytest_against.heap import keep_memory
from pytest_against.machine import this_machine
from pytest_against.model import CannotJudgeError, short

PROGRAM: Final = "python -m benchmarks peers"
ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
DTYPES: Final = ("float16", "float32", "float64")
SIZES: Final = ("16", "1e3", "3e4", "6e5", "5e6")
_LARGEST_HALF: Final = 1_000_000
"""Numbers of float16 up to which NaNs are planted: beyond, old code takes a fifth of a second."""
_WITH_NAN: Final = (Task.RELU, Task.OUT, Task.DRELU, Task.BACKWARD)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is not measured yet, print it, write the pages, and return the exit code."""
    parser = argparse.ArgumentParser(PROGRAM, description="how fast we are beside others on a CPU")
    add = parser.add_argument
    add("--against", metavar="REV", default="d6274fb", help="a revision's functions (%(default)s)")
    add("--sizes", metavar="A,B", default=",".join(SIZES), help="numbers in x (%(default)s)")
    add("--dtypes", metavar="A,B", default=",".join(DTYPES), help="(%(default)s)")
    add("--kinds", metavar="A,B", default=",".join(Task), help="(%(default)s)")
    add("--rounds", type=int, default=15, help="turns of every contender (%(default)s)")
    add("--seconds", type=float, default=3e-4, help="of a batch, at least (%(default)s)")
    add("--json", type=Path, metavar="FILE", default=HERE / "peers.jsonl",
        help="what is measured; an interrupted run goes on there (%(default)s)")  # fmt: skip
    add("--folder", type=Path, help="where peers.md, peers.svg and which.md go; without it, into "
        f"{HERE.name} if all cells were asked for, else nowhere")  # fmt: skip
    add("--render", action="store_true", help="measure nothing: make the pages of --json anew")
    asked = parser.parse_args(argv)
    return around.guarded(PROGRAM, lambda: _peers(asked))


def _peers(asked: argparse.Namespace) -> int:
    wanted = cells(asked.dtypes, asked.sizes, asked.kinds)
    complete = set(cells(",".join(DTYPES), ",".join(SIZES), ",".join(Task)))
    if asked.rounds < 1 or not 0 < asked.seconds < 1:
        raise CannotJudgeError("--rounds begin with 1, and --seconds lie between 0 and 1")
    files.check(asked.json)
    run = load(asked.json) if asked.render else _measured(asked, wanted)
    print(words(run))
    folder = asked.folder or (HERE if complete <= run.cells.keys() else None)
    if folder is None:
        print("not all cells were asked for: no page was written; name a --folder to write them")
        return 0
    pages = {"peers.md": page(run), "peers.svg": figure(run)}
    pages |= {"which.md": which.page(run), "which.svg": which.figure(run)}
    for name, text in pages.items():
        files.replace(folder / name, text)
    print(f"{folder}: {', '.join(pages)}")
    return 0


def cells(dtypes: str, sizes: str, kinds: str) -> list[Cell]:
    """Return what is to be measured, given lists with commas between; the NaN come last."""
    try:
        numbers = [int(float(size)) for size in sizes.split(",")]
        tasks = [Task(kind) for kind in kinds.split(",")]
    except ValueError as error:
        raise CannotJudgeError(
            f"{short(error)}; write --sizes as 16,3e4 and --kinds as {','.join(Task)}"
        ) from None
    if min(numbers) < 1 or not {*dtypes.split(",")} <= {*DTYPES}:
        raise CannotJudgeError(f"write --dtypes as {','.join(DTYPES)}, and --sizes from 1 on")
    return [
        Cell(task, dtype, number, nan)
        for nan in (False, True)
        for dtype, number, task in product(dtypes.split(","), numbers, tasks)
        if not nan or (task in _WITH_NAN and not (dtype == "float16" and number > _LARGEST_HALF))
    ]


def _measured(asked: argparse.Namespace, wanted: Sequence[Cell]) -> Run:
    commit = trees.find_commit(ROOT, asked.against)
    with around.only_one(), tempfile.TemporaryDirectory(prefix="peers-") as root:
        keep_memory()  # or what was freed first decides whose large results cost page faults
        trees.lay_out_revision(ROOT, Path(root), commit)
        everyone = list(contenders(str(commit), Path(root)))
        about = About(
            commit=trees.describe_head(ROOT),
            against=str(commit),
            machine=this_machine().as_dict(),
            versions={each.name: each.version for each in everyone},
            rounds=asked.rounds,
            seconds=asked.seconds,
            date=datetime.now(UTC).isoformat(timespec="minutes"),
        )
        run = resumed(asked.json, about)
        left = [cell for cell in wanted if cell not in run.cells]
        for number, cell in enumerate(left, 1):
            print(f"{number} of {len(left)}: {cell}", file=sys.stderr, flush=True)
            run = run.with_cell(measure(cell, everyone, asked.rounds, asked.seconds))
            save(asked.json, run)
    return replace(run, cells={c: run.cells[c] for c in sorted(run.cells, key=_place)})


def _place(cell: Cell) -> tuple[object, ...]:
    return cell.nan, [*Task].index(cell.task), cell.dtype, cell.size


def measure(cell: Cell, everyone: Sequence[Contender], rounds: int, seconds: float) -> Measured:
    """Time everyone who gives the right answer, and see what memory we take."""
    arrays = Arrays.drawn(cell.dtype, cell.size, nan=cell.nan)
    calls, missing = dict[str, Call](), dict[str, str]()
    for each in everyone:
        if cell.nan and each.name not in {OURS, REVISION}:
            continue
        if each.sizes and cell.size not in each.sizes:
            continue
        call, why = ready(each, cell.task, arrays)
        if call is None:
            missing[each.name] = why
        else:
            calls[each.name] = call
    if OURS not in calls:
        raise CannotJudgeError(f"{cell}: {missing[OURS]}; mend it first")
    with _no_collections():
        found = timed(calls, rounds, seconds)
    return Measured(cell, found, missing, scratch(calls[OURS], fresh=_is_fresh(cell.task)))


def _is_fresh(task: Task) -> bool:
    return task in {Task.RELU, Task.DRELU, Task.BACKWARD}


def ready(who: Contender, task: Task, arrays: Arrays) -> tuple[Call | None, str]:
    """Return the call of a contender once it gave the right answer; else None, and why."""
    if who.prepare is None:
        return None, who.version
    arrays.own[:] = arrays.x
    try:
        if (call := who.prepare(arrays).get(task)) is None:
            return None, "has no such call"
        given = np.asarray(call())
    except Exception as error:  # noqa: BLE001 - whatever others do is their row, not our end
        return None, f"refuses {arrays.x.dtype}: {short(error)}"
    if who.name != COPY:
        into = {Task.OUT: arrays.out, Task.BACKWARD_OUT: arrays.out, Task.IN_PLACE: arrays.own}
        found = into.get(task, given)
        if not np.array_equal(found, right(task, arrays), equal_nan=found.dtype.kind == "f"):
            return None, "gives another answer"
        if found.dtype != arrays.x.dtype:
            return None, f"gives {found.dtype} for {arrays.x.dtype}"
    return call, ""


def right(task: Task, arrays: Arrays) -> Any:
    """Return the right answer, one obvious step after the other."""
    x = arrays.x
    derivative = {Task.DRELU: np.ones_like(x), Task.BACKWARD: arrays.grad}
    answer = np.zeros_like(x)
    given = derivative.get(Task.BACKWARD if task is Task.BACKWARD_OUT else task, x)
    answer[x > 0] = given[x > 0]
    answer[np.isnan(x)] = np.nan
    return answer


@contextmanager
def _no_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def scratch(call: Call, *, fresh: bool) -> int:
    """Return the bytes at the peak of a call, beside its result if that is fresh."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return max(0, peak - before - (result.nbytes if fresh else 0))
