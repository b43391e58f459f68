"""Saved runs for tests, made up or genuine: what a file holds, and how to spoil it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from benchmarks import baselines, runs
from benchmarks.baselines import Baseline
from benchmarks.sides import STORAGE, Side, read_side
from benchmarks.suite import SUITE
from tests.test_baselines import BASELINE, ROW

DATA: Final = Path(__file__).with_name("data")
STOCK: Final = {
    (version, name): DATA / f"stock_{version}_{name}.json"
    for version in (4, 5)
    for name in ("before", "after")
}
"""Runs of another project, as two releases of pytest-benchmark saved them."""

Change = Callable[[dict[str, Any]], None]


def recorded(
    factor: float = 0.0,
    spread: float = 0.001,
    trials: int = 20,
    seed: int = 1,
    drift: float = 0.0,
) -> Baseline:
    """Return two recordings, `drift` apart, of two rows; the first takes ``exp(factor)`` times."""
    rng = random.Random(seed)

    def values(mean: float) -> tuple[tuple[float, ...], ...]:
        half = trials // 2
        return tuple(
            tuple(round(rng.gauss(mean + shift, spread), 6) for _ in range(n))
            for n, shift in ((half, 0.0), (trials - half, drift))
        )

    seconds = tuple(round(1e-6 + 1e-9 * trial, 9) for trial in range(trials))
    rows = [
        replace(
            ROW,
            recordings=values(0.5 + factor),
            seconds=seconds,
            kernel=(0.2,) * trials,
        ),
        replace(
            ROW,
            method="fmax",
            fullname=ROW.fullname.replace("maximum", "fmax"),
            recordings=values(0.5),
            seconds=seconds,
            kernel=(0.2,) * trials,
        ),
    ]
    return replace(BASELINE, rows={row.name: row for row in rows})


def folder(path: Path, baseline: Baseline) -> Path:
    """Write a file for each trial."""
    runs.write(baseline, path)
    return path


def file(path: Path, baseline: Baseline) -> Path:
    """Write a file for all trials."""
    baselines.save(baseline, path)
    return path


def side_of(name: Path | str, storage: Path = STORAGE) -> Side:
    """Read one side of a comparison."""
    return read_side(str(name), SUITE.command, storage)


def changed(source: Path, into: Path, *changes: Change) -> Path:
    """Write a changed copy of a file."""
    found = json.loads(source.read_text("utf-8"))
    for change in changes:
        change(found)
    into.write_text(json.dumps(found), "utf-8")
    return into


def times(factor: float) -> Change:
    """Return the change that multiplies every time of a plain file."""

    def change(found: dict[str, Any]) -> None:
        for benchmark in found["benchmarks"]:
            benchmark["stats"]["median"] *= factor

    return change


ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def places(found: Any) -> list[tuple[Any, Any]]:
    """Return every container with each of its keys or indices."""
    keys = list(found) if isinstance(found, dict) else range(len(found))
    here = [(found, key) for key in keys]
    inner = [found[key] for key in keys if isinstance(found[key], dict | list)]
    return [*here, *(place for part in inner for place in places(part))]
