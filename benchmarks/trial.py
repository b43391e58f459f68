"""A trial: one fresh process that measures rows and prints a line of JSON for each.

It reads a request from standard input.  What the package under test prints goes to standard
error, so that it cannot be mistaken for a measurement.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from benchmarks import exact, paired
from benchmarks.alone import Alone, take_turns
from benchmarks.arms import Arm
from benchmarks.calm import Calm
from benchmarks.heap import keep_memory
from benchmarks.pool import Pool
from benchmarks.rows import Row, Suite

HEAD = "head"
BASE = "base"
CLOCK = "clock"
"""Fixed work that is no part of what is measured: ratios to it can be stored."""

KERNEL = "kernel"
"""The reference kernel of a row."""

COPY = "copy"
"""A second copy of the base, which rides along on some rows: it must come out unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a trial is asked to do.

    Attributes
    ----------
    suite : str
        Import name of the module whose ``SUITE`` has the rows.
    arms : mapping of str to str
        Folder of the package by name of the arm.
    reference : str
        The arm that times are divided by in each round; if it is `CLOCK`, one arm is timed
        alone, and its times are divided by that of fixed work.
    rows : tuple of str
        Names of the rows.
    controls : frozenset of str
        Names of the rows on which the copy rides along.
    seconds : float
        Most time for a row; 0 to take its exact measures instead.
    precision : float
        Standard error of a log ratio within one process that is good enough.
    fastest : float
        Time of the fixed work in calm in earlier trials, in seconds; 0 if there were none.
    seed : int
        Seed of all that is drawn at random.
    answers : mapping of str to str
        Digests of what the head answers, by name of the row; it must still answer so after it
        was timed.
    """

    suite: str
    arms: Mapping[str, str]
    rows: tuple[str, ...]
    reference: str = BASE
    controls: tuple[str, ...] = ()
    seconds: float = 0.0
    precision: float = 0.0
    fastest: float = 0.0
    seed: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)


def main() -> None:
    """Carry out the request on standard input."""
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    keep_memory()
    run(Request(**json.load(sys.stdin)), lines)


def run(request: Request, lines: TextIO) -> None:
    """Measure the rows in an order drawn at random, and write what is found."""
    rng = random.Random(request.seed)  # noqa: S311 - orders and layouts, not secrets
    suite: Suite = importlib.import_module(request.suite).SUITE
    arms = list(request.arms)
    rng.shuffle(arms)  # none may always be the first to be loaded
    functions = {}
    for arm in arms:
        try:
            package = Arm(Path(request.arms[arm]), suite.package).module
            functions[arm] = suite.functions(package)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a revision raises
            _write(lines, {"broken": arm, "error": f"{type(error).__name__}: {error}"})
            return
    _write(lines, {"methods": {arm: list(functions[arm]) for arm in arms}})
    rows = {row.name: row for row in suite.rows()}
    chosen = [rows[name] for name in request.rows]
    if request.seconds:
        rng.shuffle(chosen)  # without a clock, rows that share an answer are neighbours
    if request.reference == CLOCK and request.seconds:
        _time_alone(chosen, functions[HEAD], request, rng, lines)
    else:
        _time_arms(chosen, functions, request, rng, lines)
    if request.answers:
        _check(chosen, functions[HEAD], request, lines)
    _write(lines, {"done": len(chosen)})


def _time_arms(
    rows: Sequence[Row],
    functions: Mapping[str, Mapping[str, Callable[..., Any]]],
    request: Request,
    rng: random.Random,
    lines: TextIO,
) -> None:
    for row in rows:
        _write(lines, {"begin": row.name})
        its_arms = {
            arm: functions[arm][row.method]
            for arm in request.arms
            if row.method in functions[arm] and (arm != COPY or row.name in request.controls)
        }
        if request.seconds:
            _write(lines, {"row": row.name, **asdict(_time(row, its_arms, request, rng))})
        else:
            _write(lines, {"row": row.name, "arms": _measure(row, its_arms)})


def _time_alone(
    rows: Sequence[Row],
    functions: Mapping[str, Callable[..., Any]],
    request: Request,
    rng: random.Random,
    lines: TextIO,
) -> None:
    """Time each row and each reference kernel for itself, at several moments."""
    kernels: dict[tuple[str, Callable[..., Any]], Row] = {}
    for row in rows:
        kernels.setdefault((row.workload, row.kernel), row)
    timed = {(HEAD, row.name): Alone(functions[row.method], row.inputs) for row in rows} | {
        (KERNEL, row.name): Alone(row.kernel, row.inputs) for row in kernels.values()
    }
    calm = Calm(request.fastest or math.inf)
    for _, name in take_turns(timed, calm, request.seconds, rng):
        _write(lines, {"begin": name})
    clock = calm.seconds
    for row in rows:
        seconds = timed[HEAD, row.name].seconds
        kernel = timed[KERNEL, kernels[row.workload, row.kernel].name].seconds
        found: dict[str, Any] = {"row": row.name, "log_ratios": {}, "seconds": clock}
        if seconds is not None:
            found["log_ratios"] = {HEAD: math.log(seconds / clock)}
            if kernel is not None:
                found["kernel"] = math.log(seconds / kernel)
        _write(lines, found)


def _time(
    row: Row, arms: Mapping[str, Callable[..., Any]], request: Request, rng: random.Random
) -> paired.Sample:
    pool = Pool(row.inputs(), rng.getrandbits(32))
    return paired.compare(pool, arms, request.reference, request.seconds, rng, request.precision)


def _measure(row: Row, arms: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for arm, function in arms.items():
        try:
            found[arm] = asdict(exact.measure(replace(row, function=function)))
        except exact.WrongAnswerError as error:
            found[arm] = {"wrong": str(error)}
        except Exception as error:  # noqa: BLE001 - a function that raises gives no answer
            found[arm] = {"wrong": f"raises {type(error).__name__}: {error}"}
    return found


def _check(
    rows: Sequence[Row],
    functions: Mapping[str, Callable[..., Any]],
    request: Request,
    lines: TextIO,
) -> None:
    """Say which rows answer otherwise than before they were timed: a time of that is worthless."""
    for row in rows:
        if row.name not in request.answers:
            continue
        _write(lines, {"begin": row.name})
        try:
            found = exact.answer(functions[row.method], row.inputs())
        except Exception as error:  # noqa: BLE001 - a function that raises gives no answer
            found = f"{type(error).__name__}: {error}"
        if found != request.answers[row.name]:
            why = f"digest is {found} once it was timed, expected {request.answers[row.name]}"
            _write(lines, {"wrong": row.name, "why": why})


def _write(lines: TextIO, found: dict[str, Any]) -> None:
    lines.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
