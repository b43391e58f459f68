"""What ``python -m benchmarks peers`` measured: records, and the file of JSON lines that has them.

The first line says what was measured, on what; each other one has a cell.  A run that was
interrupted goes on where it ended.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import exp, fsum, log
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import msgspec

from benchmarks.results.contenders import OURS, Task
from pytest_against.files import read_bytes
from pytest_against.files import replace as write
from pytest_against.model import CannotJudgeError, short

_FEWEST: Final = 2
"""Rounds from which on there is a spread."""


@dataclass(frozen=True, slots=True)
class About:
    """What was measured, on what."""

    commit: str
    against: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    """By contender; for one that is not there, why."""
    rounds: int
    seconds: float
    """Of a batch, at least."""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A task on a dtype and a size, with or without NaN in x."""

    task: Task
    dtype: str
    size: int
    nan: bool = False

    def __str__(self) -> str:
        return f"{self.task.call} of {self.size:,} {self.dtype}{' with NaN' * self.nan}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long as ours a call takes: the median over rounds, and its quartiles."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A cell: seconds of a call by contender and round; who has none, and why; our scratch."""

    cell: Cell
    seconds: Mapping[str, Sequence[float]]
    missing: Mapping[str, str] = field(default_factory=dict)
    scratch: int = 0
    """Bytes at the peak of our call, beside its result."""

    def time(self, name: str = OURS) -> float:
        """Return the median of the seconds of a call."""
        return median(self.seconds[name])

    def ratio(self, name: str) -> Ratio | None:
        """Compare a contender with us, round by round; None if it was not measured."""
        if name not in self.seconds:
            return None
        pairs = zip(self.seconds[name], self.seconds[OURS], strict=True)
        found = [theirs / ours for theirs, ours in pairs]
        low, _, high = quantiles(found, method="inclusive") if len(found) >= _FEWEST else found * 3
        return Ratio(median(found), low, high)


@dataclass(frozen=True, slots=True)
class Run:
    """All that was measured."""

    about: About
    cells: Mapping[Cell, Measured]

    def ratios(self, name: str, among: Callable[[Cell], bool]) -> dict[Cell, float]:
        """Return how a contender compares with us in the cells among some that have it."""
        found = {c: m.ratio(name) for c, m in self.cells.items() if among(c)}
        return {cell: ratio.median for cell, ratio in found.items() if ratio is not None}

    def but_for_the_date(self) -> About:
        """Return what two runs have in common if their cells may stand in one table."""
        return replace(self.about, date="")

    def with_cell(self, measured: Measured) -> "Run":
        """Return it with one more cell."""
        return replace(self, cells={**self.cells, measured.cell: measured})


def geometric_mean(values: Iterable[float]) -> float:
    """Return the geometric mean of some positive numbers; NaN of none."""
    logs = [log(value) for value in values]
    return exp(fsum(logs) / len(logs)) if logs else float("nan")


def load(path: Path) -> Run:
    """Read a run; CannotJudgeError if a file holds none."""
    try:
        first, *rest = read_bytes(path).splitlines()
        about = msgspec.json.decode(first, type=About)
        cells = [msgspec.json.decode(line, type=Measured) for line in rest]
        if any(set(m.seconds) < {OURS} or not all(m.seconds.values()) for m in cells):
            raise ValueError("a cell has no times")  # noqa: TRY301 - one way out
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise CannotJudgeError(
            f"{short(path)} holds no run of peers ({short(error)}); remove it, or name another "
            "file with --json"
        ) from None
    return Run(about, {measured.cell: measured for measured in cells})


def save(path: Path, run: Run) -> None:
    """Write a run, whole or not at all."""
    lines = [run.about, *run.cells.values()]
    write(path, "".join(f"{msgspec.json.encode(line).decode()}\n" for line in lines))


def resumed(path: Path, about: About) -> Run:
    """Return what a file already has of a run; refuse it if it has another."""
    new = Run(about, {})
    if not path.exists():
        return new
    found = load(path)
    if found.but_for_the_date() != new.but_for_the_date():
        raise CannotJudgeError(
            f"{short(path)} holds a run of other code, software or options, recorded "
            f"{short(found.about.date)} at {short(found.about.commit)}; remove it, or name another "
            "file with --json"
        )
    return found
