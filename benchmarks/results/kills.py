"""Interrupt commands at random moments: ``python benchmarks/results/kills.py --kills 1000``.

In a small repository a command that measures is started and sent SIGINT, SIGTERM, SIGHUP or
SIGKILL, alone or two of them within a tenth of a second.  Whatever comes of it, the exit code has
to be right, the repository and what is stored whole, and no process, lock or temporary file left;
what SIGKILL leaves the next command removes.  A line for each is logged.  Needs Linux.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tqdm import tqdm

from benchmarks.results.attempts import append, load
from benchmarks.results.playground import COMMANDS, GRACE, JUDGED, Playground
from pytest_against.around import INTERRUPTED, guarded
from pytest_against.model import short
from pytest_against.quoting import TEXT

PROGRAM: Final = "python benchmarks/results/kills.py"
_OURS: Final = "pytest_against"
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Kill:
    """What became of a command: a line of the log."""

    seed: int
    number: int
    command: str
    signals: tuple[str, ...]
    moment: float
    """Seconds from its start to the first."""
    gap: float
    """Seconds to the second."""
    exit: int
    seconds: float
    said: str
    """Its last line."""
    faults: tuple[str, ...]


def kill(it: Playground, seed: int, number: int) -> Kill:
    """Start a command, send it signals, and look at what is left."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret
    name = rng.choice([*COMMANDS])
    sent = rng.choices(SIGNALS, k=rng.choice((1, 2)))
    moment, gap = rng.uniform(0, it.seconds[name]), rng.uniform(0, 0.1) * (len(sent) - 1)
    old, before = it.left(), it.state()
    begin = time.monotonic()
    child = it.start(name)
    for wait, each in zip((moment, gap), sent, strict=False):
        try:
            child.wait(wait)
        except subprocess.TimeoutExpired:
            child.send_signal(each)
    try:
        said, _ = child.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        said = "it did not end"
    seconds = time.monotonic() - begin
    if child.returncode in JUDGED:  # it went on to its end; the machine may be less busy by now
        it.seconds[name] = seconds
    faults = it.faults(before, old, sent)
    if "Traceback" not in said or _OURS in said:  # or Python itself was still loading
        faults += it.ending(name, child.returncode, said, sent)
        faults += ["a traceback"] * ("Traceback" in said)
        if {*old} & {*it.left()} and child.returncode in JUDGED:
            faults.append("what an earlier one left is still there")
    if said == "it did not end":
        faults.insert(0, said)
    return Kill(
        seed,
        number,
        name,
        tuple(signal.Signals(each).name for each in sent),
        round(moment, 3),
        round(gap, 4),
        child.returncode,
        round(seconds, 2),
        short((said.splitlines() or [""])[-1]),
        (*faults,),
    )


def study(asked: argparse.Namespace) -> int:
    """Go on until there are enough; say what became of all."""
    done, code = load(asked.log, Kill, "kill"), 0
    known = {(each.seed, each.number) for each in done}
    for each in SIGNALS[:-1]:
        # What we ignore, as in the background, our commands would ignore, too.
        if signal.getsignal(each) is signal.SIG_IGN:
            signal.signal(each, lambda *_: None)
    new = [n for n in range(asked.kills) if (asked.seed, n) not in known]
    try:
        with tempfile.TemporaryDirectory() as folder:
            it = Playground.of(Path(folder)) if new else None
            for number in tqdm(new, unit="kill"):
                if it is not None:
                    done.append(kill(it, asked.seed, number))
                    append(done[-1], asked.log)
    except KeyboardInterrupt:
        code = INTERRUPTED
    print(summary(done))
    return code or int(any(each.faults for each in done))


def summary(done: Sequence[Kill]) -> str:
    """Return a table of commands and one of signals, and the faults."""
    lines = []
    keys: Sequence[tuple[str, Callable[[Kill], str]]] = (
        ("command", lambda each: each.command),
        ("signals", lambda each: ", ".join(each.signals)),
    )
    for title, key in keys:
        table = [[title, "kills", "exit codes", "seconds", "faults"]]
        for name in sorted({key(each) for each in done}):
            its = [each for each in done if key(each) == name]
            codes = sorted(Counter(each.exit for each in its).items())
            exits = ", ".join(f"{code}: {count}" for code, count in codes)
            seconds = f"{sum(each.seconds for each in its) / len(its):.1f}"
            faults = sum(bool(each.faults) for each in its)
            table.append([name, str(len(its)), exits, seconds, str(faults)])
        lines.append(TEXT.table(table))
    for each in done:
        if each.faults:
            how = f"{', '.join(each.signals)} after {each.moment:g} s"
            lines.append(f"{each.number}: {each.command}, {how}: {'; '.join(each.faults)}")
    return "\n".join([*lines, f"{len(done)} kills"])


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog=PROGRAM, description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--kills", type=int, default=1_000, help="with those logged before; %(default)s")
    add("--log", type=Path, metavar="FILE", default="kills.jsonl", help="to go on with")
    add("--seed", type=int, default=0, help="%(default)s")
    return parser.parse_args(argv)


if __name__ == "__main__":
    arguments = parse()
    sys.exit(guarded(PROGRAM, lambda: study(arguments)))
