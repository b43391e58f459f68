"""Bring the README's tables of times up to date: ``python -m tests.readme_times README.md``.

A table between the marks has workloads as columns and methods as rows, in whatever order someone
gave them. Its figures come from the stored baseline that the first mark names.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.baselines import NAME, load
from benchmarks.errors import CannotJudgeError
from benchmarks.files import write_atomically
from benchmarks.suite import SUITE
from relu_impls import METHODS

BEGIN: Final = "<!-- times of {} -->"
END: Final = "<!-- end of times -->"

_MARKED: Final = re.compile(
    f"({BEGIN.format('(?P<machine>.+?)')}\n)(?P<tables>.*?)({END})", re.DOTALL
)
_TABLE: Final = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)

Times = Mapping[tuple[str, str], float]
"""Seconds by method and workload."""


def stored(machine: str) -> Times:
    """Return the median of each row, in seconds, in the baseline of a class of machines.

    Raises
    ------
    CannotJudgeError
        If it has no baseline, or none that can be read.
    """
    rows = load(SUITE.baselines / machine / NAME, SUITE.command).rows.values()
    return {(row.method, row.workload): median(row.seconds) for row in rows}


def update(document: str) -> str:
    """Return a document with the figures of all its marked tables replaced.

    Raises
    ------
    CannotJudgeError
        As `stored`.
    ValueError
        If a table asks for a method or a workload that has no times.
    """

    def section(found: re.Match[str]) -> str:
        times = stored(found["machine"])
        tables = _TABLE.sub(lambda table: "".join(_lines(table[0], times)), found["tables"])
        return f"{found[1]}{tables}{found[4]}"

    return _MARKED.sub(section, document)


def _lines(table: str, times: Times) -> Iterator[str]:
    header, rule, _, *rows = table.splitlines(keepends=True)
    workloads = header.split(" | ")[1:]
    workloads[-1] = workloads[-1].removesuffix(" |\n")
    labels = [row.removeprefix("| ").partition(" | ")[0] for row in rows]
    methods = [_method(label) for label in labels]
    for row in itertools.product(methods, workloads):
        if row not in times:
            raise ValueError(
                f"the baseline has no row {row[0]}[{row[1]}]; remove its line or column"
            )
    fastest = [min(times[method, load] for method in methods) for load in workloads]
    yield header
    yield rule
    yield _line("the fastest", [_duration(seconds) for seconds in fastest])
    for label, method in zip(labels, methods, strict=True):
        seconds = [times[method, load] for load in workloads]
        yield _line(label, [_multiple(s / f) for s, f in zip(seconds, fastest, strict=True)])


def _line(label: str, cells: list[str]) -> str:
    return f"| {' | '.join([label, *cells])} |\n"


def _method(label: str) -> str:
    """Return the name of the method that a label spells in code, or names in it."""
    code = {*label.split("`")}
    name = next((m.name for m in METHODS.values() if {m.name, m.expression} & code), None)
    if name is None:
        raise ValueError(f"{label!r} names no method; name one, or spell its expression, in `code`")
    return name


def _duration(seconds: float) -> str:
    return f"{seconds * 1e6:.3g} us"


def _multiple(ratio: float) -> str:
    if ratio == 1:
        return "**1**"
    return f"{ratio:.3g}" if ratio < 10 else f"{ratio:.0f}"


def main() -> None:
    """Update the document that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("document", type=Path)
    document: Path = parser.parse_args().document
    try:
        write_atomically(document, update(document.read_text("utf-8")))
    except (OSError, ValueError, CannotJudgeError) as error:
        raise SystemExit(f"{document}: {error}") from None


if __name__ == "__main__":
    main()
