"""Mutate the rule and see its tests red: ``python benchmarks/results/mutants.py``.

Each mutant of `stats.py`, `sample.py` and `model.py` goes through the tests of the rule in a fork
of a process that has loaded what they need, so that no file is changed.  A line for each is logged
as it ends; one that was killed is not tried again, and one that survived is.  Needs a POSIX system,
and the dependency group `mutants`.
"""

import argparse
import ast
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import hypothesis
import numpy as np
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from scipy import special, stats
from tqdm import tqdm

from benchmarks.results.attempts import append, load
from pytest_against.around import INTERRUPTED, guarded
from pytest_against.model import CannotJudgeError

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
PROGRAM: Final = "python benchmarks/results/mutants.py"
LOADED: Final = (hypothesis, np, special, stats)
"""What the tests take longest to import; every fork has it."""

PACKAGE: Final = ROOT / "benchmarks" / "pytest-against" / "pytest_against"
_RULE: Final = ("test_prior.py", "test_looks.py", "test_chance.py", "test_recording.py")
TESTS: Final = {
    "model.py": ("test_model.py", "test_shards.py", "test_stats.py", *_RULE),
    "sample.py": ("test_means.py", "test_stats.py", "test_gate_marks.py", *_RULE),
    "stats.py": ("test_stats.py", *_RULE),
}
"""Those that a mutant of a module has to pass, in this order, until one is red."""

# Whoever rewrites assertions would read the file, and not the mutant.
_OPTIONS: Final = ("-xq", "-pno:cacheprovider", "--assert=plain")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of a module, and what became of it: a line of the log."""

    module: str
    digest: str
    """Of the module before the change."""
    operator: str
    place: int
    """Which of those that the operator can change, from 0."""
    outcome: str = ""
    """``killed``, ``survived``, or ``same`` if it is no other program; empty if not known."""
    line: int = 0
    """Counted from 1; the first one that is changed."""
    was: str = ""
    now: str = ""

    def __str__(self) -> str:
        return f"{self.module}:{self.line}\n  - {self.was}\n  + {self.now}"

    def tried(self, seconds: int) -> "Mutant":
        """Make the change, and run the tests for at most so long."""
        text = (PACKAGE / self.module).read_text("utf-8")
        changed = mutate_code(text, get_operator(self.operator)(), self.place)
        if _meaning(changed) in ("", _meaning(text)):
            return replace(self, outcome="same")
        pairs = enumerate(zip(text.splitlines(), changed.splitlines(), strict=False), 1)
        line, (was, now) = next((n, pair) for n, pair in pairs if pair[0] != pair[1])
        outcome = "killed" if is_killed(self.module, changed, seconds) else "survived"
        return replace(self, outcome=outcome, line=line, was=was.strip(), now=now.strip())


def mutants(module: str) -> Iterator[Mutant]:
    """Yield each mutant of a module, of which nothing is known yet."""
    text = (PACKAGE / module).read_text("utf-8")
    digest = blake2b(text.encode(), digest_size=8).hexdigest()
    nodes = [*ast_nodes(get_ast(text))]
    for name in operator_names():
        kind = get_operator(name)
        if not kind.arguments():  # or it would have to be told which variables
            operator = kind()
            places = sum(1 for node in nodes for _ in operator.mutation_positions(node))
            yield from (Mutant(module, digest, name, place) for place in range(places))


def _meaning(text: str) -> str:
    """Return what tells programs apart, empty for none; nothing here reads annotations."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        for each in ("annotation", "returns"):
            if getattr(node, each, None) is not None:
                setattr(node, each, ast.Constant(None))
    return ast.dump(tree)


def is_killed(module: str, text: str, seconds: int) -> bool:
    """Return whether a test is red, or still runs after so long, once a module has this text."""
    child = os.fork()
    if not child:
        signal.alarm(seconds)
        try:
            code = _tests(module, text)
        except BaseException:  # noqa: BLE001 - whatever a mutant does, it ends here
            code = 1
        os._exit(code)
    try:
        return os.waitpid(child, 0)[1] != 0
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise


def _tests(module: str, text: str) -> int:
    """Run the tests of a module that has this text; they load the engine anew."""
    path, genuine = str(PACKAGE / module), SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        return compile(text, path, "exec") if self.path == path else genuine(self, fullname)

    setattr(SourceFileLoader, "get_code", get_code)  # noqa: B010 - mypy takes no assignment
    for name in [name for name in sys.modules if name.startswith(("pytest_against", "tests"))]:
        del sys.modules[name]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.chdir(ROOT)
    files = [str(Path("tests", "against", name)) for name in TESTS[module]]
    return int(pytest.main([*_OPTIONS, *files]))


def study(asked: argparse.Namespace) -> int:
    """Try all mutants that are not known to be killed; say which survive."""
    every = [each for module in asked.module or TESTS for each in mutants(module)]
    random.Random(asked.seed).shuffle(every)  # noqa: S311 - no secret
    known = {_key(each): each for each in load(asked.log, Mutant, "mutant")}
    done, code = {key for key, each in known.items() if each.outcome != "survived"}, 0
    new = [each for each in every if _key(each) not in done]
    for module in {each.module for each in new}:
        if is_killed(module, (PACKAGE / module).read_text("utf-8"), asked.seconds):
            raise CannotJudgeError(f"the tests of {module} are red without a mutant; mend them")
        if not is_killed(module, "raise ImportError", asked.seconds):
            raise CannotJudgeError(f"the tests of {module} do not load what is mutated")
    try:
        for mutant in () if asked.summary else tqdm(new, unit="mutant"):
            known[_key(mutant)] = mutant.tried(asked.seconds)
            append(known[_key(mutant)], asked.log)
    except KeyboardInterrupt:
        code = INTERRUPTED
    found = [known[_key(each)] for each in every if _key(each) in known]
    count = Counter(each.outcome for each in found)
    left = [each for each in found if each.outcome == "survived"]
    print(*sorted(left, key=lambda each: (each.module, each.line)), sep="\n")
    print(
        f"{len(found)} of {len(every)} mutants: {count['same']} are the same program, "
        f"{count['killed']} were killed, {count['survived']} survived"
    )
    return code


def _key(mutant: Mutant) -> tuple[str, str, str, int]:
    return mutant.module, mutant.digest, mutant.operator, mutant.place


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog=PROGRAM, description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--module", action="append", choices=TESTS, help="may be given again; by default all")
    add("--log", type=Path, metavar="FILE", default="mutants.jsonl", help="to go on with")
    add("--seconds", type=int, default=600, help="a mutant that takes longer counts as killed")
    add("--seed", type=int, default=0, help="of the order")
    add("--summary", action="store_true", help="only say what the log has")
    return parser.parse_args(argv)


if __name__ == "__main__":
    arguments = parse()
    sys.exit(guarded(PROGRAM, lambda: study(arguments)))
