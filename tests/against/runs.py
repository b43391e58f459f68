"""Saved runs for tests, made up or genuine: what is saved, and how to spoil it."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pytest_against.compare import compare
from pytest_against.model import rows_of
from pytest_against.rowlimits import RowLimits
from pytest_against.saved import Baseline, BaselineRow, Timing, Trials, write_baseline, write_run
from pytest_against.saved_side import Asked

STOCK: Final = {
    (version, name): Path(__file__).with_name("data") / f"stock_{version}_{name}.json"
    for version in (4, 5)
    for name in ("before", "after")
}
"""Runs of another project, as two releases of pytest-benchmark saved them."""

_FILE: Final = "benchmarks/test_forward.py"
_NAMES: Final = {f"{_FILE}::test_forward[{name}-float64-1e3]": name for name in ("maximum", "fmax")}
NODES: Final = tuple(_NAMES)
ABOUT: Final = Baseline(
    machine={
        "system": "Linux",
        "machine": "x86_64",
        "cpu": "Some CPU (family 6 model 207)",
        "simd": "avx512",
        "python": "CPython 3.11.7",
        "numpy": "2.4.6",
        "pytest_benchmark": "5.3.1",
        "settings": "kernel=6.1",
    },
    commit="0123456789",
    recorded="2026-01-02T03:04:05+00:00",
    accepted="",
    rows={
        node: BaselineRow(
            row=row, group="forward", exact={"peak_bytes": 8192, "passes": 1}, inputs="w"
        )
        for node, row in rows_of(
            {
                node: {"method": name, "workload": "float64-1e3", "file": _FILE}
                for node, name in _NAMES.items()
            }
        ).items()
    },
)
LIMIT: Final = 0.1

Change = Callable[[dict[str, Any]], object]


def trials(
    slower: float = 1.0, spread: float = 0.001, number: int = 20, seed: int = 1, drift: float = 0.0
) -> Trials:
    """Return two recordings, `drift` apart, in which the first row takes `slower` times."""
    rng = random.Random(seed)
    half = number // 2
    return [
        [
            {
                node: Timing(rng.gauss(0.5 + math.log(factor) + shift, spread), 1e-6 + 1e-9 * trial)
                for node, factor in zip(NODES, (slower, 1.0), strict=True)
            }
            for trial in range(first, last)
        ]
        for first, last, shift in ((0, half, 0.0), (half, number, drift))
    ]


def recorded(found: Trials, about: Baseline = ABOUT) -> Baseline:
    """Return a baseline of these trials."""
    return replace(about, rows={node: row.timed(found) for node, row in about.rows.items()})


def folder(path: Path, found: Trials, about: Baseline = ABOUT) -> str:
    """Write a file for each trial."""
    write_run(found, about, path)
    return str(path)


def file(path: Path, found: Trials) -> str:
    """Write a file for all trials."""
    write_baseline(recorded(found), path)
    return str(path)


def about(**more: Any) -> Baseline:
    """Return what is known besides the times, with something else about the first row."""
    first = ABOUT.rows[NODES[0]]
    return replace(ABOUT, rows={**ABOUT.rows, NODES[0]: replace(first, **more)})


def judged(old: Path | str, *news: Path | str, limit: float = LIMIT, **asked: Any) -> Any:
    """Return the result for a new run, or those for several; `asked` is that of `Asked`."""
    found = compare(
        str(old),
        [str(new) for new in news],
        Asked(**{"storage": Path("no-storage"), "command": "pytest-against", **asked}),
        RowLimits(limit),
    )
    return found[0] if len(found) == 1 else found


def changed(source: Path | str, into: Path, change: Change = bool) -> Path:
    """Write a changed copy of a file."""
    found = json.loads(Path(source).read_text("utf-8"))
    change(found)
    into.write_text(json.dumps(found), "utf-8")
    return into
