"""Measure the gate itself: ``python benchmarks/results/study.py --minutes 15``.

Gates on identical code and on code with something planted take turns, each in a copy of the project
of its own.  A line for each is logged as it ends; at the end stands what all that are logged add up
to.  Run it on a machine that does nothing else.
"""

import argparse
import itertools
import math
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Never

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.results.attempts import append
from benchmarks.results.gate_log import CANNOT_JUDGE, LoggedGate, load, outcome, summary
from benchmarks.results.plants import NOTHING, PLANTS, SLOWER, Plant, affected, prepare
from benchmarks.results.rivals import asv, codspeed
from benchmarks.results.running import BASELINES, KINDS, Side, run
from benchmarks.results.stock import compare_fail, counted, measured
from benchmarks.rows import all_rows
from pytest_against import __version__
from pytest_against.around import INTERRUPTED, guarded
from pytest_against.machine import this_machine
from pytest_against.model import CannotJudgeError, short
from pytest_against.saved import matcher, path_for

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
PROGRAM: Final = "python benchmarks/results/study.py"
WAYS: Final = {"compare-fail": compare_fail, "asv": asv, "codspeed": codspeed}
"""By what else the same code can be judged."""


@dataclass(frozen=True, slots=True)
class Study:
    """What all gates of a run have in common: arguments, and whose gates are measured."""

    asked: argparse.Namespace
    here: Side
    earlier: Side | None

    def gate(self, plant: Plant | None, *, first: bool) -> LoggedGate:
        """Run a gate, and the same by an earlier commit if that was asked for.

        If the first one cannot judge, what was asked for is at fault, and nothing more is run.
        """
        asked, date = self.asked, datetime.now(UTC)
        against = () if asked.stored else ("--base", "HEAD")
        sides = [side for side in (self.here, self.earlier) if side is not None]
        random.shuffle(sides)  # neither always has the warmer machine
        done = {side: side.gate(plant, [*asked.options, *against], asked.beside) for side in sides}
        for each in done.values():
            if not each.report or (each.exit == CANNOT_JUDGE and first):
                raise CannotJudgeError(f"a gate could not judge: {each.words}")
        judged = done[self.here]
        methods = affected(self.here.checkout, plant.method) if plant else frozenset()
        gate = LoggedGate(
            date=f"{date:%Y-%m-%dT%H:%M:%SZ}",
            commit=self.here.commit,
            engine=__version__,
            lane="side by side" if against else "stored baseline",
            options=shlex.join(asked.options),
            beside=asked.beside,
            machine=this_machine().class_name,
            plant=plant.name if plant else NOTHING,
            method=plant.method if plant else "",
            factor=plant.factor if plant else 1.0,
            seconds=round(judged.seconds, 1),
            memory=judged.memory,
            **outcome(judged.report, methods),
        )
        for name in asked.stock:
            rows, here = _expression(asked.options), self.here
            found = measured(WAYS[name], here.checkout, here.python, plant, rows)
            gate = replace(gate, stock=(*gate.stock, *counted(found, methods)))
        if self.earlier is None:
            return gate
        then = done[self.earlier]
        return replace(
            gate,
            earlier_commit=self.earlier.commit,
            earlier_exit=then.exit,
            earlier_seconds=round(then.seconds, 1),
        )


def _expression(options: Sequence[str]) -> str:
    """Return what a gate with these options chooses its rows by."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--rows", default="")
    return str(parser.parse_known_args(options)[0].rows)


def judged(options: Sequence[str]) -> list[str]:
    """Return the methods that have a row which a gate with these options judges."""
    expression = _expression(options)
    matches = matcher(expression)
    rows = [row for row in all_rows() if row.asked_as in expression]
    return list(dict.fromkeys(row.method.name for row in rows if matches(row.node)))


def turns(asked: argparse.Namespace) -> Iterator[Plant | None]:
    """Return what to plant next: what was asked for, in turn; by default, nothing and anything."""
    methods = judged(asked.options)
    if not methods or asked.method not in (None, *methods):
        raise CannotJudgeError(
            f"no row that is judged has method {short(asked.method or 'any')}; choose --method "
            f"among those that have one: {short(', '.join(methods) or 'none, change --options')}"
        )
    names = itertools.cycle(asked.plant or (NOTHING, None))
    return (_plant(name or random.choice(PLANTS), methods, asked) for name in names)  # noqa: S311


def _plant(name: str, methods: Sequence[str], asked: argparse.Namespace) -> Plant | None:
    method = asked.method or random.choice(methods)  # noqa: S311 - no secret
    factor = asked.factor if name == SLOWER else 1.0
    return None if name == NOTHING else Plant(name, method, factor)


def recorded(side: Side, options: Sequence[str], folder: Path) -> Side:
    """Return a side that has a baseline of this machine, recorded in a copy if there is none."""
    if path_for(this_machine().class_name, side.checkout / BASELINES).exists():
        return side
    prepare(side.checkout, folder, None)
    done = run(side.python, folder, "baseline", "--rows", _expression(options))
    if done.exit:
        raise CannotJudgeError(f"no baseline could be recorded: {done.words}")
    return replace(side, baselines=folder / BASELINES)


def study(asked: argparse.Namespace) -> int:
    """Run gates until there are enough, the time is up or someone interrupts."""
    gates, planted = load(asked.log), turns(asked)
    before, end = len(gates), time.monotonic() + 60 * asked.minutes
    here, old = Side(ROOT, sys.executable), asked.side_by_side_with
    earlier = Side(old.resolve(), asked.python_old or sys.executable) if old else None
    code = 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            if asked.stored:
                here = recorded(here, asked.options, Path(folder, "copy"))
            common = Study(asked, here, earlier)
            for plant in itertools.islice(planted, asked.gates):
                if time.monotonic() > end:
                    break
                gates.append(common.gate(plant, first=len(gates) == before))
                append(gates[-1], asked.log)
                print(gates[-1].line(), flush=True)
    except KeyboardInterrupt:
        code = INTERRUPTED
    print(summary(gates))
    return code


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> Never:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def _above(least: float, kind: Callable[[str], float]) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least < value < math.inf:
            words = f"{short(text)} is no {'whole ' * (kind is int)}number above {least}"
            raise argparse.ArgumentTypeError(words)
        return value

    return number


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{short(text)}: {error}") from None


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = Parser(prog=PROGRAM, description=about, allow_abbrev=False)
    add, kinds = parser.add_argument, (NOTHING, *PLANTS)
    add("--minutes", type=_above(0, float), default=15.0, help="begin no gate after them")
    add("--gates", type=_above(0, int), metavar="N", help="enough, without those logged before")
    add("--plant", action="append", choices=kinds, help="may be given several times, to take turns")
    add("--factor", type=_above(1, float), default=1.06, help=f"how much {SLOWER}; %(default)s")
    add("--method", metavar="NAME", help="where to plant; by default each time another")
    add("--stored", action="store_true", help="against the stored baseline, or one recorded first")
    add("--beside", choices=KINDS, default=NOTHING, help="what every core is busy with")
    add("--log", type=Path, metavar="FILE", default=HERE / "gates.jsonl", help="to go on with")
    add("--options", type=_words, default=[], help="of each gate, such as '--rows fmax'")
    add("--stock", action="append", choices=WAYS, default=[], help="judge the same by it as well")
    add("--side-by-side-with", type=Path, metavar="CHECKOUT", help="run each gate there as well")
    add("--python-old", metavar="PYTHON", help="that has what CHECKOUT needs")
    return parser.parse_args(argv)


if __name__ == "__main__":
    arguments = parse()
    sys.exit(guarded(PROGRAM, lambda: study(arguments)))
