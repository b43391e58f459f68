"""``python -m benchmarks history``: what upgrading NumPy does to each method.

Each release gets an environment like this one, and is judged against the one before it by the gate:
the same tests and the same package, side by side.
"""

import argparse
import math
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from pytest_against import arguments, around, environments, files, report
from pytest_against.gate import between
from pytest_against.model import CannotJudgeError, Limits, Result, Suite
from pytest_against.quoting import PAGE, code

ROOT: Final = Path(__file__).parents[2]
PAGE_FILE: Final = Path(__file__).with_name("numpy-releases-table.md")
PROGRAM: Final = "python -m benchmarks history"
LIMITS: Final = Limits(limit=0.1, trials=42, budget=75.0)
"""Of a pair: the eight pairs of nine releases, and their checks, take twelve minutes."""
SUITE: Final = Suite(
    root=ROOT,
    packages=("relu_impls",),
    options=("-c=pyproject.toml", "--import-mode=importlib", "benchmarks"),
)

_NOISE: Final = "identical code did not come out steady: run it again when less else runs"
_CHANGES: Final = {"regressed", "improved"}


def main(argv: Sequence[str] | None = None) -> int:
    """Judge each release against the one before it, write the page, and return the exit code."""
    parser = argparse.ArgumentParser(PROGRAM, description="what upgrading NumPy does to methods")
    add = parser.add_argument
    add("--releases", metavar="A,B", default="", help="default: the newest patch of every minor")
    add("--rows", metavar="EXPR", default="", help="only these; as pytest -k")
    add(
        "--budget",
        type=arguments.positive,
        default=LIMITS.budget,
        help="seconds a pair (%(default)g)",
    )
    add("--page", type=Path, metavar="FILE", default=PAGE_FILE, help="the table (%(default)s)")
    asked = parser.parse_args(argv)
    return around.guarded(PROGRAM, lambda: _history(asked))


def _history(asked: argparse.Namespace) -> int:
    files.check(asked.page)
    limits, suite = replace(LIMITS, budget=asked.budget), replace(SUITE, keyword=asked.rows)
    with around.only_one():
        found = list(judged(suite, resolve([r for r in asked.releases.split(",") if r]), limits))
    files.replace(asked.page, page(found))
    print(f"{asked.page}: NumPy {', '.join([found[0].base, *(each.head for each in found)])}")
    return 0


def judged(suite: Suite, releases: Sequence[str], limits: Limits) -> Iterator[Result]:
    """Judge each release against the one before it."""
    pythons = {r: environments.environment([f"numpy=={r}"]) for r in releases}
    for old, new in pairwise(releases):
        try:
            with around.progress(limits.budget) as told:
                found = between(suite, pythons[old], pythons[new], limits, told)
        except CannotJudgeError as error:
            raise CannotJudgeError(f"NumPy {old} to {new}: {error}") from None
        print(f"{old} to {new}: {report.headline(found)}", flush=True)
        yield replace(found, base=old, head=new)


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
    # It ends with "numpy-2.3.5" or "numpy==2.3.5".
    said = environments.run([*environments.installer(sys.executable), *wheels])
    return str(re.findall(r"numpy[-=]+(\d+(?:\.\d+)+)", said)[-1])


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
        "What needs no clock:",
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
