"""Fuzz whatever reads what others wrote: ``python benchmarks/results/fuzz.py --inputs 1000000``.

Valid inputs are damaged, and read in process.  Each must be answered or refused: another exception,
more than two seconds of a processor, and green where the whole input is red or lacks a row are
faults.  Batches of inputs depend on the seed and their number alone; a line for each is logged.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tqdm import tqdm

from benchmarks.results.attempts import append, load
from benchmarks.results.damage import damaged
from benchmarks.results.readers import REFUSALS, REFUSED, Reader, readers
from pytest_against.around import INTERRUPTED, guarded
from pytest_against.model import CannotJudgeError, short
from pytest_against.quoting import TEXT

PROGRAM: Final = "python benchmarks/results/fuzz.py"
BATCH: Final = 500
SECONDS: Final = 2.0
_KEPT: Final = 20_000  # characters of an input that a log keeps


class _TooLongError(BaseException):
    """An input takes too long; nothing that is fuzzed expects it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An input that was not answered as it must be."""

    number: int
    """In its batch, from 0."""
    words: str
    text: str
    """The input, as Latin-1."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some inputs of a reader: a line of the log."""

    reader: str
    seed: int
    number: int
    inputs: int
    exits: dict[str, int]
    """How many had which exit code."""
    seconds: float
    slowest: float
    faults: tuple[Fault, ...]


@contextmanager
def _in_time() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _too_long(*_: object) -> None:
    raise _TooLongError


def answered(reader: Reader, text: bytes) -> int:
    """Return the exit code for an input; whatever else is raised is a fault."""
    try:
        with _in_time():
            return reader.answer(text)
    except REFUSALS as error:
        str(error).encode()
        if len(str(error)) > 2_000 or "\n" in str(error):  # noqa: PLR2004 - a line for people
            raise ValueError(f"a message of {len(str(error))} characters") from None
        return REFUSED


def inputs(reader: Reader, seed: int, number: int, count: int = BATCH) -> Iterator[bytes]:
    """Yield those of a batch."""
    rng = random.Random(f"{seed}/{reader.name}/{number}")  # noqa: S311 - no secret
    for _ in range(count):
        yield damaged(rng.choice(reader.whole), rng, as_json=reader.as_json)


def batch(reader: Reader, seed: int, number: int, count: int = BATCH) -> Batch:
    """Try a batch of inputs."""
    signal.signal(signal.SIGPROF, _too_long)
    exits, faults, slowest, start = Counter[str](), [], 0.0, time.process_time()
    for place, text in enumerate(inputs(reader, seed, number, count)):
        begin = time.process_time()
        try:
            code = answered(reader, text)
            exits[str(code)] += 1
            fault = "" if code or not reader.exit else "green, though the whole input is not"
        except (Exception, _TooLongError) as error:  # noqa: BLE001 - what this looks for
            fault = f"{type(error).__name__}: {error}"
        slowest = max(slowest, time.process_time() - begin)
        if fault:
            faults.append(Fault(place, short(fault), text.decode("latin-1")[:_KEPT]))
    spent = time.process_time() - start
    return Batch(
        reader.name, seed, number, count, exits, round(spent, 3), round(slowest, 3), (*faults,)
    )


def study(asked: argparse.Namespace) -> int:
    """Go on until there are enough inputs; say what became of all."""
    done, code = load(asked.log, Batch, "batch"), 0
    os.environ["GITHUB_ACTIONS"] = "true"  # its commands are made, too
    with readers() as found:
        for reader in found:
            for text in reader.whole:
                if (exits := answered(reader, text)) != reader.exit:
                    raise CannotJudgeError(f"{reader.name}: a valid input ends with {exits}")
        every = [each for each in found if asked.reader in (None, each.name)]
        known = {(each.reader, each.seed, each.number) for each in done}
        left = max(0, asked.inputs - sum(each.inputs for each in done))
        try:
            with tqdm(total=left, unit="input") as bar:
                for number, reader in _next(every, asked.seed, known):
                    if bar.n >= left:
                        break
                    done.append(batch(reader, asked.seed, number))
                    append(done[-1], asked.log)
                    bar.update(BATCH)
        except KeyboardInterrupt:
            code = INTERRUPTED
    print(summary(done))
    return code or int(any(each.faults for each in done))


def _next(
    every: Sequence[Reader], seed: int, known: set[tuple[Any, ...]]
) -> Iterator[tuple[int, Reader]]:
    """Yield what is not logged yet: a batch of each reader in turn."""
    number = 0
    while True:
        for reader in every:
            if (reader.name, seed, number) not in known:
                yield number, reader
        number += 1


def summary(done: Sequence[Batch]) -> str:
    """Return a table, a line for each reader, and the faults."""
    table = [["reader", "inputs", "answered", "refused", "slowest", "faults"]]
    names = dict.fromkeys(each.reader for each in done)
    for name in [*names, "together"] if names else []:
        its = [each for each in done if name in (each.reader, "together")]
        refused = sum(each.exits.get(str(REFUSED), 0) for each in its)
        answers = sum(sum(each.exits.values()) for each in its) - refused
        faults = sum(len(each.faults) for each in its)
        slowest = f"{max(each.slowest for each in its):.2f} s"
        numbers = (sum(each.inputs for each in its), answers, refused)
        table.append([name, *(f"{number:,}" for number in numbers), slowest, str(faults)])
    lines = [TEXT.table(table)]
    for each in done:
        for fault in each.faults:
            place = f"{each.reader}, seed {each.seed}, batch {each.number}, input {fault.number}"
            lines.append(f"{place}: {fault.words}")
    return "\n".join(lines)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog=PROGRAM, description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--inputs", type=int, default=1_000_000, help="with those logged before; %(default)s")
    add("--log", type=Path, metavar="FILE", default="fuzz.jsonl", help="to go on with")
    add("--seed", type=int, default=0, help="%(default)s")
    add("--reader", metavar="NAME", help="only this one; by default all in turn")
    return parser.parse_args(argv)


if __name__ == "__main__":
    arguments = parse()
    sys.exit(guarded(PROGRAM, lambda: study(arguments)))
