"""Pages with made-up data of every kind."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_against import page
from pytest_against.model import Interval, Result, Row, RowResult
from pytest_against.page import About
from pytest_against.saved import BaselineRow
from tests.against.results import CONTROLS, MACHINE, factors, result, row

MARKUP: Final = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&amp;'\"`${1}"
NAMES: Final = (MARKUP, "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "n" * 200)
MIXED: Final = (
    row("diverged", "diverged", why="the result has dtype float64, not float32"),
    row("slower", "regressed", factors(1.213, 1.19, 1.24, 12), "slower", was=1e-6, now=1.213e-6),
    row("heavier", "heavier", why="peak_bytes 8192 -> 16384"),
    row("vanished", "vanished", why="in v1, but not in the working tree"),
    row("new", "new", why="not in v1"),
    row("unclear", "inconclusive", factors(1.02, 0.98, 1.06, 96), was=2e-6, now=2.04e-6),
    row("unknown", "inconclusive", Interval(math.nan, -math.inf, math.inf, 1)),
    row("open", "inconclusive", Interval(0.01, -math.inf, math.inf, 2), was=3e-6, now=3e-6),
    row("even", "steady", factors(1.003, 0.99, 1.01, 6), was=2e-6, now=2.006e-6),
    row("faster", "improved", factors(0.4, 0.2, 0.5, 6), was=99e-6, now=40e-6),
)


def judged(*rows: RowResult) -> Result:
    return result(*rows, controls=CONTROLS, notes=("numpy 2.3.5 -> 2.4.6",))


def named(names: Sequence[str]) -> list[RowResult]:
    """Return rows of these names, each slower than the one before."""
    return [
        replace(
            row(each, "regressed", factors(1.2 + 0.1 * i, 1.1 + 0.1 * i, 1.3 + 0.1 * i), each),
            row=Row(node=each, method=each, workload="", name=each),
        )
        for i, each in enumerate(names)
    ]


def many(number: int, seed: int = 1) -> list[RowResult]:
    rng = random.Random(seed)
    found = []
    for i in range(number):
        word, mean = {0: ("regressed", 0.2), 1: ("improved", -0.2)}.get(i % 20, ("steady", 0.0))
        mean += rng.gauss(0, 0.005)
        interval = Interval(mean, mean - 0.01, mean + 0.01, 6)
        found.append(row(f"method_{i:04}", word, interval, was=1e-6, now=1e-6 * math.exp(mean)))
    return found


def taking(method: str, size: int, seconds: float) -> BaselineRow:
    name = f"{method}[float32-{size}]"
    named = Row(node=f"t.py::{name}", method=method, workload=f"float32-{size}", name=name)
    return BaselineRow(row=named, seconds=tuple(seconds * f for f in (0.99, 1.0, 1.0, 1.02)))


def about(row: Row) -> About:
    size = int(row.workload.rpartition("-")[2])
    return About(size=size, nbytes=8 * size, facts={"code": f"np.{row.method}(x, 0)"})


TIMES: Final = [
    taking(f"method_{i}", size, size * 1e-9 * (1 + i / 5) + 1e-6)
    for i in range(12)
    for size in (1000, 30_000, 600_000)
]
TERMS: Final = (
    row("floor", "steady", factors(1.4, 1.3, 1.45), limit=0.5, was=1e-9, now=1.4e-9),
    row("strict", "regressed", factors(1.02, 1.015, 1.025), limit=0.01, was=1e-6, now=1.02e-6),
    row("may", "regressed", factors(1.3, 1.2, 1.4), may_fail=True, was=1e-6, now=1.3e-6),
    row("even", "steady", factors(1, 0.99, 1.01), was=1e-6, now=1e-6),
)
PAGES: Final = {
    "mixed": page.judged([judged(*MIXED)], lambda _: About(facts={"code": MARKUP})),
    "names": page.judged([judged(*named(NAMES))]),
    "many": page.judged([judged(*many(268))]),
    "series": page.judged([replace(judged(*many(24, s)), head=f"v1.{s}") for s in range(1, 7)]),
    "machines": page.judged(
        [judged(*MIXED), replace(judged(*MIXED), head="arm", machine={**MACHINE, "cpu": "M9"})]
    ),
    "times": page.times("before", TIMES, MACHINE, ["recorded today"], about),
    "sizeless": page.times("before", [replace(TIMES[0], group="one")], MACHINE, []),
    "terms": page.judged([result(*TERMS)]),
    "shards": page.judged(
        [replace(result(each), shard=f"{k}/2") for k, each in enumerate(TERMS[:2], 1)]
    ),
    "why": page.judged([result(why="no baseline; record it: pytest-against baseline")]),
}
