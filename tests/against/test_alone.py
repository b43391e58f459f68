"""The working tree on its own: what is laid out, and how its trials are started."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_against import baseline
from pytest_against.baseline import ENOUGH_ROWS, ROW_SECONDS, working_tree
from pytest_against.model import Progress, Suite
from pytest_against.timing import Measured
from pytest_against.trials import TrialResult
from tests.against.repository import repository
from tests.against.simulated import A, side


def test_trials_of_the_working_tree_hand_on_the_time_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path)
    (root / "pkg" / "__init__.py").write_text("uncommitted")
    jobs: list[partial[Any]] = []
    clocks = iter([[], [3e-5, 2e-5], [2.5e-5], [4e-5]])
    checked = side([A])

    def run(given: Sequence[partial[Any]]) -> list[Any]:
        jobs[:] = given
        if len(given[0].args) == 3:
            return [checked]
        found = {str(n): Measured(0.0, clock, 3) for n, clock in enumerate(next(clocks))}
        return [TrialResult(found, {}, {})]

    monkeypatch.setattr(baseline, "side_by_side", run)
    monkeypatch.setattr(baseline, "own_cores", lambda count: list(range(count)))
    said: list[tuple[str, int]] = []
    progress = Progress(lambda *words: said.append(words), lambda _: None)
    with working_tree(Suite(root=root, packages=("pkg",)), 7.0, progress) as (head, run_trials):
        assert head is checked
        tree, timeout, _ = jobs[0].args
        assert (tree.root / "pkg" / "__init__.py").read_text() == "uncommitted"
        assert timeout == 7.0
        fastest = []
        for rows, at_a_time in ((1, 1), (ENOUGH_ROWS - 1, 1), (ENOUGH_ROWS, 2), (500, 2)):
            run_trials(2, ["x"] * rows, (), rows > 1)  # long or not is for pairs
            assert len(jobs) == at_a_time
            how = jobs[0].args[2]
            assert (how.seconds, how.precision, how.timeout) == (ROW_SECONDS, math.inf, 7.0)
            fastest.append(how.fastest)
    assert fastest == [0.0, math.inf, 2e-5, 2e-5]
    assert said == [
        ("checks", 0),
        ("1 row undecided", 1),
        ("99 rows undecided", 99),
        ("100 rows undecided", 200),
        ("500 rows undecided", 1000),
    ]
    assert not tree.root.exists()
