"""Judge the benchmark suites of public packages, not a line of them changed.

``python benchmarks/results/strangers.py`` takes hours, goes on where it stopped, and writes
``strangers.md``; ``--only NAME`` and ``--gates N`` do less.  For each package it downloads the
source distribution of one version, makes a git repository of it, and runs ``pytest --against HEAD``
on identical code, and with one of its functions made a tenth slower.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

HERE: Final = Path(__file__).parent
LOG: Final = HERE / "strangers.jsonl"
PAGE: Final = HERE / "strangers.md"
ENGINE: Final = HERE.parent / "pytest-against"

PLANT: Final = """

def _planted(function):
    import functools, time
    clock, owed = time.perf_counter, 0.0
    @functools.wraps(function)
    def planted(*args, **more):
        nonlocal owed
        start = clock()
        result = function(*args, **more)
        now = clock()
        owed += (now - start) * 0.1
        if owed > 3e-7:
            end = now + owed
            while (now := clock()) < end:
                pass
            owed = max(end - now, -3e-7)
        return result
    return planted
{name} = _planted({name})
"""
"""Owes a tenth of what each call took, and pays by the clock once that can be done exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A package, its benchmarks, and what is planted in it."""

    name: str
    version: str
    tests: str
    file: str
    """Where the function is that becomes slower."""
    function: str
    calls: str
    """Which rows call it, as a regular expression."""
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_COMPILED: Final = ("--against-install", "-o", "addopts=")  # which ask for plugins of Cython
STRANGERS: Final = (
    Stranger(
        name="cattrs",
        version="26.2.1",
        tests="bench",
        file="src/cattrs/converters.py",
        function="BaseConverter.unstructure",
        calls="unstruct|roundtrip",
        needs=("attrs", "typing_extensions", "orjson"),
    ),
    Stranger(
        name="pluggy",  # which pytest itself imports
        version="1.7.0",
        tests="testing/benchmark.py",
        file="src/pluggy/_execution.py",
        function="_multicall",
        calls="hook|call",
    ),
    Stranger(
        name="construct",  # whose distribution lacks what its tests import
        version="2.10.70",
        tests="tests/test_benchmarks.py",
        file="construct/core.py",
        function="Construct.parse",
        calls="parse",
    ),
    Stranger(
        name="yarl",  # compiled, in CodSpeed's style
        version="1.25.1",
        tests="tests/test_query_benchmarks.py",
        file="yarl/_parse.py",
        function="query_to_pairs",
        calls="query_to_pairs",
        needs=("pytest-codspeed",),
        options=_COMPILED,
    ),
    Stranger(
        name="multidict",  # compiled, in CodSpeed's style
        version="7.2.1",
        tests="tests/test_views_benchmarks.py",
        file="multidict/_multidict_py.py",
        function="_KeysView.__xor__",
        calls=r"keys_view_xor\w*\[.*py",
        needs=("pytest-codspeed",),
        options=(*_COMPILED, "-k", "keys_view"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What one gate said."""

    name: str
    planted: bool
    exit: int
    verdict: str
    why: str
    seconds: float
    rows: int
    red: tuple[str, ...]
    """Rows that are regressed."""
    spread: float
    """Median width of the rows' intervals, as a fraction."""


def run(*words: str | Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that has to succeed."""
    return subprocess.run(  # noqa: S603 - commands of our own
        list(map(str, words)), cwd=into, check=True, capture_output=True, text=True
    )


def prepared(it: Stranger, folder: Path) -> tuple[Path, Path]:
    """Return the repository of a package and the Python of its environment, made if need be."""
    place = folder / f"{it.name}-{it.version}"
    python = folder / f"{it.name}-environment" / "bin" / "python"
    if not (place / ".git").is_dir():
        exact = f"{it.name}=={it.version}"
        pip = (sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", it.name)
        run(*pip, exact, "--dest", ".", into=folder)
        with tarfile.open(next(folder.glob(f"{place.name}.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        venv.create(python.parents[1], with_pip=True)
        run(python, "-m", "pip", "install", *it.needs, into=folder)
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        run("git", "init", "--quiet", into=place)
        run("git", "add", "--all", "--force", into=place)
        run("git", *identity, "commit", "--quiet", "--message=as it is", into=place)
    run(python, "-m", "pip", "install", ENGINE, into=folder)  # which may have changed since
    run("git", "checkout", "--quiet", "--force", "HEAD", into=place)  # lest one was killed
    return place, python


def gate(it: Stranger, place: Path, python: Path, words: Sequence[str], *, planted: bool) -> Gate:
    """Run one gate; whatever comes of it, the repository is as before."""
    file = place / it.file
    kept = file.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "gate.json")
        try:
            if planted:
                file.write_bytes(kept + PLANT.format(name=it.function).encode())
            subprocess.run(  # noqa: S603 - and what is judged
                [
                    *(str(python), "-m", "pytest", "--against=HEAD", f"--against-json={report}"),
                    *(*it.options, *words, it.tests),
                ],
                cwd=place,
                check=False,
                capture_output=True,
            )
        finally:
            file.write_bytes(kept)
        found = json.loads(report.read_text("utf-8"))
    known = [row for row in found["rows"] if row["low"] and row["high"]]
    return Gate(
        name=it.name,
        planted=planted,
        exit=found["exit"],
        verdict=found["verdict"],
        why=found["why"],
        seconds=found["seconds"],
        rows=len(found["rows"]),
        red=tuple(row["row"] for row in found["rows"] if row["verdict"] == "regressed"),
        spread=median((row["high"] - row["low"]) / 2 for row in known) if known else 0.0,
    )


def load(log: Path) -> list[Gate]:
    """Return the gates that have been run."""
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    found: list[Mapping[str, Any]] = [json.loads(line) for line in lines]
    return [Gate(**{**each, "red": tuple(each["red"])}) for each in found]


def page(gates: Sequence[Gate]) -> str:
    """Return the table, and why a suite cannot be judged."""
    lines = [
        "# Benchmark suites of public packages\n",
        "Made by `python benchmarks/results/strangers.py`: their source distributions, unchanged.",
        "Spread is half the width of an interval, the median over rows.\n",
        "| package | rows | seconds | spread | identical code red | a tenth slower red | others |",
        "|---|---|---|---|---|---|---|",
    ]
    refused = []
    for it in STRANGERS:
        its = [each for each in gates if each.name == it.name]
        same, slower = ([g for g in its if g.planted is planted] for planted in (False, True))
        if any(each.why for each in its):
            refused.append(f"* {it.name} {it.version}: {next(g.why for g in its if g.why)}")
        elif its:
            beside = sum(any(not re.search(it.calls, row) for row in g.red) for g in slower)
            lines.append(
                f"| {it.name} {it.version} | {max(g.rows for g in its)} "
                f"| {median(g.seconds for g in its):.0f} | {median(g.spread for g in its):.1%} "
                f"| {_of(g.exit == 1 for g in same)} | {_of(g.exit == 1 for g in slower)} "
                f"| {beside} of {len(slower)} |"
            )
    return "\n".join([*lines, *(["", "Not judged:", "", *refused] if refused else [])]) + "\n"


def _of(found: Iterable[bool]) -> str:
    each = list(found)
    return f"{sum(each)} of {len(each)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the gates that are missing, and write the page; 1 if identical code was red."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--gates", type=int, default=10, help="of each package, each way")
    parser.add_argument("--only", choices=[it.name for it in STRANGERS])
    parser.add_argument(
        "--folder", type=Path, default=Path.home() / ".cache/pytest-against-strangers"
    )
    parser.add_argument("--log", type=Path, default=LOG)
    parser.add_argument("--page", type=Path, default=PAGE)
    options, words = parser.parse_known_args(argv)  # more is given to each gate
    options.folder.mkdir(parents=True, exist_ok=True)
    for it in STRANGERS:
        for number in range(2 * options.gates if options.only in {None, it.name} else 0):
            done = load(options.log)
            its = [each for each in done if each.name == it.name]
            if len(its) > number or any(each.why for each in its):
                continue
            place, python = prepared(it, options.folder)
            found = gate(it, place, python, words, planted=bool(number % 2))
            with options.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(found)) + "\n")
            print(time.strftime("%H:%M"), found)
    gates = load(options.log)
    options.page.write_text(page(gates), "utf-8")
    return int(any(each.exit == 1 and not each.planted for each in gates))


if __name__ == "__main__":
    sys.exit(main())
