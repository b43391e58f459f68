"""Trials run side by side, and no more of them between two looks than were planned."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks import lab as module
from benchmarks.judge import Verdict
from benchmarks.lab import LOOKS, Lab, Settings
from benchmarks.progress import Display
from benchmarks.series import Series
from benchmarks.suite import SUITE, default_rows
from benchmarks.trial import BASE, COPY, HEAD, Request
from benchmarks.trials import Report

ROWS: Final = default_rows()[:3]
WILD: Final = 2.0


class Processes:
    """Stands in for processes: each row takes the same time, but for the wild ones.

    Attributes
    ----------
    batches : list of list of Request
        What was started side by side, in order.
    """

    def __init__(
        self,
        wild: Sequence[str] = (),
        wrong: Sequence[str] = (),
        without_calm: Sequence[str] = (),
    ) -> None:
        self.wild, self.without_calm = wild, without_calm
        self.wrong = dict.fromkeys(wrong, "another digest")
        self.batches: list[list[Request]] = []

    def run(self, requests: Sequence[Request], *_others: Any) -> list[Report]:
        self.batches.append(list(requests))
        before = sum(map(len, self.batches[:-1]))
        return [
            Report({}, {name: self._line(name, before + i) for name in request.rows}, self.wrong)
            for i, request in enumerate(requests)
        ]

    def _line(self, name: str, number: int) -> dict[str, Any]:
        if name in self.without_calm and number % 3:
            return {"row": name, "seconds": 1e-6, "log_ratios": {}}
        ratio = WILD * (-1) ** number if name in self.wild else 0.0
        return {"row": name, "seconds": 1e-6, "log_ratios": {HEAD: ratio, COPY: 0.0}}


def _decide(
    monkeypatch: pytest.MonkeyPatch, processes: Processes, cores: int, **options: Any
) -> tuple[int, dict[str, Series]]:
    monkeypatch.setattr(module, "run_trials", processes.run)
    monkeypatch.setattr(module, "cores", lambda: cores)
    settings = Settings(budget=1e9, **options)
    lab = Lab(
        suite=SUITE,
        root=Path(),
        arms={HEAD: "head", BASE: "base", COPY: "copy"},
        reference=BASE,
        settings=settings,
        display=Display(1e9),
        start=time.monotonic(),
    )
    series = {row.name: Series(row) for row in ROWS}
    return lab.decide(series, {}), series


@pytest.mark.parametrize(
    "cores, side_by_side, count", [(1, 2, 1), (2, 2, 2), (64, 2, 2), (2, 1, 1)]
)
def test_there_are_as_many_trials_at_a_time_as_cores_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch, cores: int, side_by_side: int, count: int
) -> None:
    processes = Processes()
    trials, _ = _decide(monkeypatch, processes, cores, side_by_side=side_by_side)
    assert trials == LOOKS[0]
    assert {len(batch) for batch in processes.batches} == {count}


@pytest.mark.parametrize("enough, first, last", [(0, 2, 2), (2, 2, 1), (3, 2, 1), (4, 1, 1)])
def test_trials_of_few_rows_run_one_at_a_time_where_they_would_meet(
    monkeypatch: pytest.MonkeyPatch, enough: int, first: int, last: int
) -> None:
    processes = Processes(wild=[ROWS[0].name])
    _decide(monkeypatch, processes, 2, trials=18, enough_rows=enough)
    counts = [(len(batch[0].rows), len(batch)) for batch in processes.batches]
    assert set(counts) == {(3, first), (1, last)}


def test_a_batch_ends_at_the_next_look_and_at_the_most_trials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = Processes(wild=[ROWS[0].name])
    trials, series = _decide(monkeypatch, processes, 2, trials=15)
    assert trials == 15
    assert [len(batch) for batch in processes.batches] == [2] * 7 + [1]
    assert len(series[ROWS[0].name].values) == 15
    assert series[ROWS[0].name].verdict is None
    assert series[ROWS[1].name].verdict is Verdict.STEADY
    assert len(series[ROWS[1].name].values) == LOOKS[0]


def test_a_wrong_answer_decides_its_row_at_once_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = Processes(wrong=[ROWS[0].name])
    _, series = _decide(monkeypatch, processes, 2)
    verdicts = [series[row.name].verdict for row in ROWS]
    assert verdicts == [Verdict.DIVERGED, Verdict.STEADY, Verdict.STEADY]
    assert ROWS[0].name not in processes.batches[1][0].rows


def test_a_trial_without_calm_says_nothing_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = Processes(without_calm=[ROWS[0].name], wild=[ROWS[0].name])
    trials, series = _decide(monkeypatch, processes, 2, trials=32)
    busy, calm = (series[row.name] for row in ROWS[:2])
    assert (trials, len(busy.values), busy.without_calm) == (32, 11, 21)
    assert (len(calm.values), calm.without_calm) == (LOOKS[0], 0)


def test_no_two_trials_draw_the_same_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = Processes()
    _decide(monkeypatch, processes, 2)
    seeds = [request.seed for batch in processes.batches for request in batch]
    assert len(set(seeds)) == len(seeds)


def test_the_fewer_rows_are_left_the_more_time_each_of_them_gets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = Processes(wild=[ROWS[0].name])
    _decide(monkeypatch, processes, 2, trials=15, row_seconds=0.5, spare_seconds=3.0)
    first, last = processes.batches[0][0], processes.batches[-1][0]
    assert (len(first.rows), first.seconds) == (3, 1.0)
    assert (last.rows, last.seconds) == ((ROWS[0].name,), 3.0)


def test_a_row_has_its_time_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = Processes()
    _decide(monkeypatch, processes, 2, row_seconds=0.5, spare_seconds=0.3)
    assert {request.seconds for batch in processes.batches for request in batch} == {0.5}


@pytest.mark.parametrize("limit", [0.01, 0.03])
def test_a_process_has_to_know_a_third_of_the_limit(
    monkeypatch: pytest.MonkeyPatch, limit: float
) -> None:
    processes = Processes()
    _decide(monkeypatch, processes, 2, limit=limit)
    assert processes.batches[0][0].precision == pytest.approx(math.log1p(limit) / 3)


def test_cores_are_those_that_this_process_may_use() -> None:
    assert module.cores() >= 1
