"""``python -m benchmarks history``: what upgrading NumPy does to each method.

Each release gets an environment.  Neighbours run the same suite and package side by side, and are
judged by the gate's rule, but in both directions.  A pair is saved as the JSON of a gate and judged
again only if suite, package, machine, Python, rows or budget change, or no time is believed.
"""

import argparse
import hashlib
import inspect
import json
import math
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Final

from pytest_against import cli, files, join, looks, report, trees
from pytest_against.checks import Check, Checked, check
from pytest_against.gate import MOST_CONTROLS, run_trials_of
from pytest_against.machine import this_machine
from pytest_against.model import (
    CannotJudgeError,
    Limits,
    Result,
    Suite,
    Verdict,
    count,
    rows_of,
    short,
)
from pytest_against.report import PAGE, code
from pytest_against.stats import NO_PRIOR, Plan, Prior, Sample, increases
from pytest_against.workers import AGAIN, BASE, HEAD, Tree

ROOT: Final = Path(__file__).parents[2]
PAGE_FILE: Final = Path(__file__).with_name("numpy-releases-table.md")
PROGRAM: Final = "python -m benchmarks history"
LIMITS: Final = Limits(limit=0.1, trials=42, budget=75.0)
"""Of a pair: the eight pairs of nine releases, and nine times the checks, take twelve minutes."""
_PACKAGES: Final = ("relu_impls",)
_PYTEST: Final = ("-c=pyproject.toml", "--import-mode=importlib", "benchmarks")

_NOISE: Final = "identical code did not come out steady: run it again when less else runs"
_CHANGES: Final = {"regressed", "improved"}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is not measured yet, write the page, and return the exit code."""
    parser = argparse.ArgumentParser(PROGRAM, description="what upgrading NumPy does to methods")
    add = parser.add_argument
    add("--releases", metavar="A,B", default="", help="default: the newest patch of every minor")
    add("--rows", metavar="EXPR", default="", help="only these; as pytest -k")
    add("--budget", type=float, default=LIMITS.budget, help="seconds for each pair (%(default)g)")
    add("--cache", type=Path, default=ROOT / ".history", help="what is kept (%(default)s)")
    add("--page", type=Path, metavar="FILE", default=PAGE_FILE, help="the table (%(default)s)")
    asked = parser.parse_args(argv)
    return cli.guarded(PROGRAM, lambda: _history(asked))


def _history(asked: argparse.Namespace) -> int:
    files.check(asked.page)
    folder, limits = asked.cache.resolve(), replace(LIMITS, budget=asked.budget)
    releases = resolve([each for each in asked.releases.split(",") if each])
    with cli.only_one(), tempfile.TemporaryDirectory(prefix="history-") as root:
        tree = Path(root)
        trees.lay_out(ROOT, _PACKAGES, tree, None)
        suite = Suite(root=ROOT, keyword=asked.rows, packages=_PACKAGES, options=_PYTEST)
        side = Tree.of(suite, HEAD, tree)
        facts_of = cache(lambda r: facts(side, limits, r, environment(r, folder)))
        judged = partial(judge_pair, facts_of, limits)
        results = list(measured(releases, folder / key(tree, asked.rows, limits), judged))
    files.replace(asked.page, page(results))
    print(f"{asked.page}: NumPy {', '.join(releases)}")
    return 0


def key(tree: Path, *settings: object) -> str:
    """Return a name for all that results depend on: equal names mean comparable results."""
    found = hashlib.blake2b(repr((this_machine().class_name, sys.version, settings)).encode())
    for file in sorted([*tree.glob("relu_impls/**/*.py"), *tree.glob("benchmarks/*.py")]):
        found.update(f"\0{file.relative_to(tree)}\0".encode() + file.read_bytes())
    return found.hexdigest()[:16]


def measured(
    releases: Sequence[str], place: Path, judged: Callable[[str, str], Result]
) -> Iterator[Result]:
    """Judge each release against the one before it, unless a folder has a result to believe."""
    for old, new in pairwise(releases):
        path = place / f"{old}-{new}.json"
        found = join.load(path) if path.exists() else None
        if found is None or found.noisy or not found.controls:
            try:
                found = judged(old, new)
            except CannotJudgeError as error:
                raise CannotJudgeError(f"NumPy {old} to {new}: {error}") from None
            files.replace(path, report.as_json(found))
        print(f"{old} to {new}: {report.headline(found)}", flush=True)
        yield found


def resolve(wanted: Sequence[str]) -> list[str]:
    """Return full releases, oldest first: of a minor the newest, of none all that have wheels."""
    for each in wanted:
        if not re.fullmatch(r"\d+\.\d+(\.\d+)?", each):
            raise CannotJudgeError(f"{each[:99]!r} is no release of NumPy; name one as 2.3")
    found = [r if r.count(".") > 1 else _newest(f"=={r}.*") for r in wanted] or [_newest("")]
    while not wanted:
        try:
            found.append(_newest(f"<{found[-1].rpartition('.')[0]}"))
        except CannotJudgeError:  # there are no older ones: there was a network a moment ago
            break
    if len(set(found)) == 1:
        raise CannotJudgeError(f"{found[0]} alone is no upgrade; write --releases 2.3,2.4")
    return sorted(set(found), key=lambda release: [int(part) for part in release.split(".")])


def _newest(which: str) -> str:
    nowhere = f"--target={Path(tempfile.gettempdir(), 'nowhere')}"  # a dry run writes nothing
    wheels = ("--dry-run", "--no-deps", "--only-binary=:all:", nowhere, f"numpy{which}")
    said = run([*_installer(sys.executable), *wheels])  # ends with "numpy-2.3.5" or "numpy==2.3.5"
    return str(re.findall(r"numpy[-=]+(\d+(?:\.\d+)+)", said)[-1])


def environment(release: str, folder: Path) -> str:
    """Return the interpreter that has a release of NumPy, in an environment kept in a folder."""
    # Names of equal length, since what a process keeps of them moves its memory.
    place = folder / f"{sys.implementation.cache_tag}-numpy-{release:_<8}"
    python = str(place / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    complete = place / "complete"
    if not complete.exists():
        shutil.rmtree(place, ignore_errors=True)
        uv = shutil.which("uv")
        make = [uv, "venv", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
        run([*make, str(place)])
        plugins = [f"{name}=={version(name)}" for name in ("pytest", "pytest-benchmark")]
        install = _installer(python)
        run([*install, "--only-binary=numpy", f"numpy=={release}", *plugins])
        run([*install, "--no-deps", "--editable", str(ROOT / "benchmarks" / "pytest-against")])
        complete.touch()  # last of all, so that what was interrupted is made anew
    return python


def _installer(python: str) -> list[str]:
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", python]
    return [python, "-m", "pip", "--disable-pip-version-check", "install"]


def run(command: Sequence[str], folder: Path | None = None) -> str:
    """Return what a command prints; raise CannotJudgeError with its last line if it fails."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        words = str(getattr(error, "stderr", "") or error).strip().rpartition("\n")[2]
        said = f"`{short(shlex.join(command))}` failed: {short(words)}"
        raise CannotJudgeError(f"{said}; check the network, or change --releases") from None
    return done.stderr + done.stdout


def observe() -> None:
    """Print, as JSON, the NumPy and what methods return; another interpreter runs this source."""
    import json, warnings, numpy as np, relu_impls  # noqa: E401, I001, PLC0415

    found = {"numpy": np.__version__}
    for method in relu_impls.METHODS.values():
        for dtype in filter(method.contract.accepts, map(np.dtype, "efdlB?")):
            special = [np.inf, -np.inf, np.nan] if dtype.kind == "f" else []
            x = np.array([-1, -0.0, 0, 1, *special]).astype(dtype)
            out = np.ones(x.shape, method.contract.result_dtype(dtype))
            given = {"x": x, "grad": x[::-1].copy(), "out": out, "mask": x.astype(bool)}
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                result = method.function(*(given[name] for name in method.kind.arguments))
            answer = [result.dtype, result.tolist(), *{each.category.__name__ for each in caught}]
            found[f"{method.name}, {dtype}"] = " ".join(map(str, answer))
    print(json.dumps(found))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a release shows without a clock, the side to time it on, and what `observe` printed."""

    side: Tree
    checked: Checked
    answers: Mapping[str, str]


def facts(side: Tree, limits: Limits, release: str, python: str) -> Facts:
    """Run each test once on a release, and observe the methods there."""
    source = f"{inspect.getsource(observe)}\nobserve()"
    answers = json.loads(run([python, "-c", source], side.root).splitlines()[-1])
    if (found := answers.pop("numpy")) != release:
        raise CannotJudgeError(f"{python} has NumPy {found}, not {release}; unset PYTHONPATH")
    side = replace(side, python=python)
    with cli.progress(limits.budget) as told:
        told.stage(f"checks on NumPy {release}", 0)
        return Facts(side, check(side, limits.timeout, told.row), answers)


class _BothWays(Sample):
    """A sample that is steady only where it is proven not to be faster, either."""

    def look(self, plan: Plan, prior: Prior = NO_PRIOR) -> None:
        super().look(plan, prior)
        if self.interval and self.verdict is Verdict.STEADY:
            margin = self.interval.high - self.interval.mean
            if self.interval.mean - margin < -math.log1p(plan.limit):
                self.verdict = None


def judge_pair(facts_of: Callable[[str], Facts], limits: Limits, old: str, new: str) -> Result:
    """Judge a release of NumPy against an older one; the notes say what needs no clock."""
    then, now = facts_of(old), facts_of(new)
    sides = {HEAD: now.side} | {name: replace(then.side, name=name) for name in (BASE, AGAIN)}
    both = [n for n, c in now.checked.checks.items() if c.timed and then.checked.checks[n].timed]
    rows = rows_of({node: now.checked.collected.nodes[node] for node in both})
    samples = {node: _BothWays(row) for node, row in rows.items()}
    controls = {n: Sample(rows[n]) for n in both[:: math.ceil(len(both) / MOST_CONTROLS) or 1]}
    budget = looks.Budget(time.monotonic())
    with cli.progress(limits.budget) as told:
        run_trials = partial(run_trials_of, sides, limits, told)
        found = looks.judged(samples, controls, limits, run_trials, budget)
    machine = this_machine().as_dict() | {"numpy": f"{old}, {new}"}
    notes = [*changes(then, now, limits.limit), *found.notes]
    return replace(found, base=old, head=new, machine=machine, notes=notes)


def changes(then: Facts, now: Facts, limit: float) -> list[str]:
    """Return what changed without a clock, and which rows cannot be timed."""
    was = then.answers
    notes = [f"{k}: {v}, was {was.get(k)}" for k, v in now.answers.items() if v != was.get(k)]
    counts = Counter(
        (row.method, what)
        for node, row in rows_of(now.checked.collected.nodes).items()
        for what in _differences(then.checked.checks[node], now.checked.checks[node], limit)
    )
    return notes + [f"{method}, {count(n)}: {what}" for (method, what), n in counts.items()]


def _differences(old: Check, new: Check, limit: float) -> list[str]:
    if not (old.timed and new.timed):
        return [f"not timed: {new.outcome}, was {old.outcome}: {new.why or old.why}"]
    named = {"digest": "another result", "warnings": "other warnings"}
    found = [words for name, words in named.items() if getattr(old, name) != getattr(new, name)]
    found += [f"more {words.split()[0]}" for words in increases(new.exact, old.exact, limit)]
    return found + [f"less {words.split()[0]}" for words in increases(old.exact, new.exact, limit)]


def page(results: Sequence[Result]) -> str:
    """Return a table with a line for each method and a column for each upgrade, and the notes."""
    upgrades = {f"{result.base} to {result.head}": result for result in results}
    methods = dict.fromkeys(row.row.method for result in results for row in result.rows)
    lines = [[code(m), *(_cell(result, m) for result in results)] for m in methods]
    told = [(name, note) for name, of in upgrades.items() for note in of.notes]
    told += [(name, _NOISE) for name, of in upgrades.items() if of.noisy]
    parts = [
        f"<!-- Made by `{PROGRAM}`; do not edit. -->",
        f"On {report.hardware(results[0].machine)}; {results[0].machine['python']}.",
        f"A change counts from {results[0].limit:.0%} on, in both directions.",
        PAGE.table([["method", *upgrades], *lines]),
        "What needs no clock, and what was not measured:",
        "\n".join(f"* {name}: {code(note)}" for name, note in told) or "Nothing changed.",
    ]
    return "\n\n".join(parts) + "\n"


def _cell(result: Result, method: str) -> str:
    """Say what became of a method's rows, the worst first; without steady controls, nothing did."""
    rows = [row for row in result.rows if row.row.method == method]
    found: dict[str, list[float]] = {}
    for row in sorted(rows, key=lambda row: report.ORDER[row.verdict]):
        word = "inconclusive" if result.noisy else row.verdict.value
        found.setdefault(word, []).append(math.exp(row.interval.mean) if row.interval else math.nan)
    parts = []
    for word, factors in found.items():
        some = f" {len(factors)} of {len(rows)}" if len(factors) < len(rows) else ""
        span = f" x{min(factors):.2f} to x{max(factors):.2f}"
        parts.append(f"**{word}{span}**{some}" if word in _CHANGES else word + some)
    return "; ".join(parts)
