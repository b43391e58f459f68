"""Measure the gate itself: ``python -m tests.measure_gate --minutes 15 --log gates.jsonl``.

Gates on identical code and on code with something planted take turns, each in a repository of
its own.  A line for each is printed as it ends, and what they add up to at the end; with a log,
together with the gates that it held before.  Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.baselines import Baseline, load_for
from benchmarks.errors import CannotJudgeError
from benchmarks.lab import SIDE_BY_SIDE
from benchmarks.machine import this_machine
from benchmarks.selection import select
from benchmarks.snapshots import describe_head
from benchmarks.suite import SUITE, default_rows
from relu_impls import METHODS, Kind
from tests.measured import NOTHING, Gate, append, load, summary
from tests.neighbours import KINDS, neighbours
from tests.plants import ROOT, Plant, Repository, plants, slower

if sys.platform == "linux":
    import resource

SLOWER: Final = "slower"
WRAPPER: Final = "Python-level wrapper"
_HEAVY: Final = ("extra copy", "through float64", "unaligned temporary", "where")
PLANTS: Final = (SLOWER, WRAPPER, *_HEAVY)


def candidates(name: str, options: Sequence[str]) -> list[str]:
    """Return the methods that something can be planted in, given the options of the gate."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--rows", default="")
    rows = select(default_rows(), parser.parse_known_args(options)[0].rows)
    return [
        method
        for method in dict.fromkeys(row.method for row in rows)
        # The public functions are used by other methods, which would rightly be red as well.
        if not method.startswith(("relu", "drelu"))
        and (name not in _HEAVY or METHODS[method].kind is Kind.FRESH)
        and (name != "where" or method == "maximum")
    ]


def planted(name: str, factor: float, options: Sequence[str]) -> Plant | None:
    """Return what a name stands for, in a method drawn at random; None for `NOTHING`."""
    if name == NOTHING:
        return None
    method = random.choice(candidates(name, options))
    return slower(method, factor) if name == SLOWER else plants(method)[name]


def turns(chosen: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    """Yield what to plant next: the names in turn, or by default nothing and anything.

    Raises
    ------
    CannotJudgeError
        If no row that is judged has a method to plant it in.
    """
    possible = [name for name in PLANTS if candidates(name, options)]
    for name in chosen or PLANTS[:1]:
        if name not in (NOTHING, *possible):
            raise CannotJudgeError(f"none of the rows has a method that {name!r} can be planted in")
    if chosen:
        return itertools.cycle(chosen)
    return itertools.chain.from_iterable(
        [NOTHING, random.choice(possible)] for _ in itertools.count()
    )


def run(plant: Plant | None, arguments: argparse.Namespace) -> Gate:
    """Run one gate."""
    with tempfile.TemporaryDirectory() as folder, neighbours(arguments.neighbours):
        repository = Repository(Path(folder))
        if plant:
            repository.plant(plant)
        reports = arguments.reports or Path(folder)
        written = reports / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
        against = () if arguments.stored else ("--base", "HEAD")
        start = time.monotonic()
        found = repository.gate(*against, "--json", str(written.absolute()), *arguments.options)
        seconds = time.monotonic() - start
        if not written.exists():
            raise SystemExit(f"the gate broke: {found.errors}")
        return Gate.of(
            json.loads(written.read_text("utf-8")),
            method=plant.method if plant else "",
            plant=plant.name if plant else NOTHING,
            lane="stored baseline" if arguments.stored else "side by side",
            neighbours=arguments.neighbours,
            options=" ".join(arguments.options),
            machine=this_machine().class_name,
            commit=describe_head(ROOT),
            seconds=round(seconds, 1),
            days=days_between(stored_baseline().recorded, datetime.now(UTC))
            if arguments.stored
            else 0,
        )


def stored_baseline() -> Baseline:
    """Return the stored baseline of this machine.

    Raises
    ------
    CannotJudgeError
        If there is none.
    """
    return load_for(this_machine(), SUITE.baselines, SUITE.command)


def days_between(recorded: str, now: datetime) -> int:
    """Return the calendar days, in UTC, from a moment in ISO 8601 until now."""
    before = datetime.fromisoformat(recorded)
    return (now.astimezone(UTC).date() - before.astimezone(UTC).date()).days


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15, help="begin no gate after them")
    parser.add_argument("--gates", type=int, help="enough gates, those in the log included")
    parser.add_argument("--factor", type=float, default=1.06, help=f"for {SLOWER!r}")
    parser.add_argument(
        "--plant", action="append", choices=(NOTHING, *PLANTS), help="may be given several times"
    )
    parser.add_argument("--neighbours", choices=KINDS, default="none", help="one for each core")
    parser.add_argument("--stored", action="store_true", help="against the stored baseline")
    parser.add_argument("--log", type=Path, metavar="FILE", help="lines of JSON to go on with")
    parser.add_argument("--reports", type=Path, metavar="FOLDER", help="keep what each gate wrote")
    parser.add_argument("options", nargs="*", help="options of the gate, after --")
    return parser.parse_args(argv)


def main() -> None:
    """Run gates until there are enough, the time is up or someone interrupts."""
    arguments = parse()
    try:
        gates = load(arguments.log) if arguments.log else []
        if arguments.stored:
            stored_baseline()
        if arguments.reports:
            arguments.reports.mkdir(parents=True, exist_ok=True)
        names = turns(arguments.plant or (), arguments.options)
    except (ValueError, CannotJudgeError) as error:
        raise SystemExit(str(error)) from None
    end = time.monotonic() + 60 * arguments.minutes
    with suppress(KeyboardInterrupt):
        for name in names:
            if time.monotonic() > end or len(gates) >= (arguments.gates or len(gates) + 1):
                break
            gates.append(run(planted(name, arguments.factor, arguments.options), arguments))
            print(gates[-1].line(), flush=True)  # noqa: T201
            if arguments.log:
                append(gates[-1], arguments.log)
    print(summary(gates))  # noqa: T201
    print(memory())  # noqa: T201


def memory() -> str:
    """Return what the gates of this process took at most, in words."""
    if sys.platform != "linux":
        return "memory: known on Linux only"
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if not largest:
        return "memory: no gate was run"
    processes = 1 + SIDE_BY_SIDE
    return (
        f"memory: at most {largest * processes:.0f} MiB, as {processes} processes run at a time, "
        f"and the largest took {largest:.0f} MiB"
    )


if __name__ == "__main__":
    main()
