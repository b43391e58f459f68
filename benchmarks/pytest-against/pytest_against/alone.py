"""The working tree on its own: laid out, checked, and timed by the clock of fixed work."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pytest_against import tables, trees
from pytest_against.checks import Checked, check
from pytest_against.looks import RunTrials
from pytest_against.model import Progress, Suite
from pytest_against.trials import HowToTime, TrialResult, own_cores, run_alone
from pytest_against.workers import HEAD, Tree, side_by_side

ROW_SECONDS: Final = 0.0028
"""Calm time for a row in a trial, in seconds."""

ENOUGH_ROWS: Final = 100
"""Rows from which on two trials run side by side: with fewer, they would often time the same one,
and slow each other down where it needs much of the caches."""


@contextmanager
def working_tree(
    suite: Suite, timeout: float, progress: Progress
) -> Iterator[tuple[Checked, RunTrials]]:
    """Lay out the working tree, check it, and yield what it showed and what runs trials of it.

    Parameters
    ----------
    suite : Suite
        The tests.
    timeout : float
        Seconds without a word from a process after which it counts as hung.
    progress : Progress
        Told what is going on.

    Raises
    ------
    CannotJudgeError
        If a process fails.
    """
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        place = Path(folder, HEAD)
        trees.lay_out(suite.root, suite.packages, place, None)
        tree = Tree.of(suite, HEAD, place)
        progress.stage("checks", 0)
        (head,) = side_by_side([partial(check, tree, timeout, progress.row)])
        fastest = 0.0

        def run_trials(count: int, nodes: Sequence[str], *_: object) -> list[TrialResult]:
            nonlocal fastest
            count = count if len(nodes) >= ENOUGH_ROWS else 1
            progress.stage(f"{tables.count(len(nodes))} undecided", count * len(nodes))
            how = HowToTime(ROW_SECONDS, math.inf, timeout, fastest)
            found = side_by_side(
                [partial(run_alone, tree, nodes, how, c, progress.row) for c in own_cores(count)]
            )
            clocks = [each.seconds for trial in found for each in trial.head.values()]
            fastest = min([*clocks, fastest or math.inf])
            return found

        yield head, run_trials
