"""Stores of saved runs for tests, as pytest-benchmark writes them, of any size.

``python -m tests.against.stores FILES ROWS FOLDER`` writes two sides, for measurements::

    /usr/bin/time -v python -m benchmarks compare FOLDER/before FOLDER/after
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final
from zlib import crc32

MACHINE: Final[Mapping[str, Any]] = {
    "node": "bench-host",
    "processor": "x86_64",
    "machine": "x86_64",
    "python_compiler": "GCC 13.2.0",
    "python_implementation": "CPython",
    "python_implementation_version": "3.12.4",
    "python_version": "3.12.4",
    "python_build": ["main", "Jun  1 2025 00:00:00"],
    "release": "6.1.0",
    "system": "Linux",
    "cpu": {
        "brand_raw": "Example CPU @ 3.00GHz",
        "hz_actual_friendly": "3.0000 GHz",
        "count": 4,
        "model": 10,
        "family": 6,
        "flags": ["avx2", "sse2"],
    },
}
OPTIONS: Final[Mapping[str, Any]] = {
    "disable_gc": False,
    "timer": "perf_counter",
    "min_rounds": 5,
    "max_time": 1.0,
    "min_time": 5e-06,
    "warmup": False,
}
COMMIT: Final[Mapping[str, Any]] = {"id": "1" * 40, "dirty": False, "branch": "main"}
SPLIT: Final = "tests/bench_words.py::test_split"
JOIN: Final = "tests/bench_words.py::test_join"

Change = Callable[[dict[str, Any]], object]


def entry(node: str, seconds: float, **more: Any) -> dict[str, Any]:
    """Return what is saved of one row."""
    ends = {"min": 0.98 * seconds, "max": 1.1 * seconds, "mean": 1.01 * seconds}
    quarters = {"q1": 0.99 * seconds, "q3": 1.01 * seconds, "iqr": 0.02 * seconds}
    others = {"ld15iqr": 0.98 * seconds, "hd15iqr": 1.04 * seconds, "ops": 1 / seconds}
    numbers = {"stddev": 0.02 * seconds, "outliers": "3;2", "rounds": 50, "iterations": 1}
    return {
        "group": None,
        "name": node.partition("::")[2],
        "fullname": node,
        "params": None,
        "param": None,
        "extra_info": {},
        "options": dict(OPTIONS),
        "stats": {**ends, **quarters, **others, **numbers, "median": seconds},
        **more,
    }


def run(rows: Mapping[str, float], number: int = 0, change: Change = bool) -> dict[str, Any]:
    """Return what a file holds, after a change."""
    found = {
        "machine_info": deepcopy(dict(MACHINE)),
        "commit_info": dict(COMMIT),
        "benchmarks": [entry(node, seconds) for node, seconds in rows.items()],
        "datetime": f"2026-01-02T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}+00:00",
        "version": "5.2.3",
    }
    change(found)
    return found


def side(
    place: Path,
    seconds: Sequence[float] = (1.0, 1.001, 0.999),
    nodes: Sequence[str] = (SPLIT, JOIN),
    change: Change = bool,
) -> str:
    """Write a run for each number: how long its rows took, in units of 10 us; return the folder."""
    place.mkdir(parents=True, exist_ok=True)
    first, hour = len([*place.glob("*.json")]), crc32(place.name.encode()) % 23
    for number, factor in enumerate(seconds, start=first):
        rows = {node: 1e-5 * factor * (1 + k / 1e6) for k, node in enumerate(nodes)}
        text = json.dumps(run(rows, 3600 * hour + number, change), indent=4)
        (place / f"{number:04}_{place.name}.json").write_text(text)
    return str(place)


def main(files: int, rows: int, folder: Path) -> None:
    """Write two sides of so many files with so many rows each."""
    nodes = [f"tests/bench_words.py::test_split[words-{k}]" for k in range(rows)]
    for name, factor in (("before", 1.0), ("after", 1.001)):
        side(folder / name, [factor + 1e-7 * number for number in range(files)], nodes)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
