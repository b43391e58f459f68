"""Results to be rendered, read and joined."""

from __future__ import annotations

import math
from typing import Any, Final

from hypothesis import strategies as st

from pytest_against.model import Interval, Result, Row, RowResult, Verdict

MACHINE: Final = {
    "system": "Linux",
    "machine": "x86_64",
    "cpu": "GenuineIntel 6-85",
    "simd": "avx512",
    "python": "CPython 3.11.9",
    "numpy": "2.4.6",
    "pytest_benchmark": "5.3.1",
}

# What may stand in a name, an error or a revision.
ODD: Final = st.text() | st.text(alphabet="a b|`\\\n\r\t\x00\x1b\x85\u2028\ud800<@*_[]#:%,\"'~$&")


def factors(mean: float, low: float, high: float, trials: int = 8) -> Interval:
    return Interval(math.log(mean), math.log(low), math.log(high), trials)


def row(
    method: str, word: str, found: Interval | None = None, why: str = "", **more: Any
) -> RowResult:
    names: dict[str, Any] = {"name": f"{method}[1e3]", "file": "test_it.py", "line": 7}
    names |= {name: more.pop(name) for name in names.keys() & more}
    named = Row(node=f"test_it.py::test_it[{method}-1e3]", method=method, workload="1e3", **names)
    return RowResult(row=named, verdict=Verdict(word), interval=found, why=why, **more)


def result(*rows: RowResult, **more: Any) -> Result:
    about = {"base": "v1 (a1b2c3d)", "head": "the working tree", "limit": 0.03}
    cost = {"seconds": 61.26, "trials": 11, "machine": MACHINE}
    return Result(rows=rows, **{**about, **cost, **more})


STEADY: Final = row("even", "steady", factors(1, 0.99, 1.01), was=2e-6, now=2e-6)
SLOWER: Final = row(
    "slow", "regressed", factors(1.25, 1.2, 1.3, 11), "slower than the limit", was=4e-6, now=5e-6
)
CONTROLS: Final = (row("even", "steady", factors(1, 0.992, 1.008)),)
SMALL: Final = result(STEADY, SLOWER, controls=CONTROLS, notes=("Mind the step.",))
GREEN: Final = result(STEADY, controls=CONTROLS)

WORST_FIRST: Final = [
    *("diverged", "worst", "worse", "heavier", "vanished", "new", "unclearer", "unclear")
]
ROWS: Final = [
    row("steady", "steady", factors(1, 0.99, 1.01)),
    row("new", "new"),
    row("unclear", "inconclusive", Interval(math.nan, -math.inf, math.inf, 0)),
    row("worse", "regressed", factors(1.3, 1.2, 1.4)),
    row("worst", "regressed", factors(2, 1.9, 2.1)),
    row("improved", "improved", factors(0.8, 0.7, 0.9)),
    row("unclearer", "inconclusive", factors(1.2, 0.9, 1.5)),
    row("heavier", "heavier"),
    row("vanished", "vanished"),
    row("diverged", "diverged"),
]
