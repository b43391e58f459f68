"""Saying what is going on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn


class Display:
    """Shows the stage, the row, the rows still undecided and the time left.

    Parameters
    ----------
    budget : float
        Seconds that the whole may take.
    """

    def __init__(self, budget: float) -> None:
        self._start = time.monotonic()
        self._budget = budget
        self._console = Console(file=sys.stderr)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),  # names of rows have brackets
            BarColumn(bar_width=20),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
            disable=not self.live,
        )
        self._task = self._bar.add_task("", total=None, left="")
        self._stage = ""

    @property
    def live(self) -> bool:
        """Whether a line can be changed where it goes; FORCE_COLOR alone does not make it so."""
        console = self._console
        return console.file.isatty() and console.is_terminal and not console.is_dumb_terminal

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def stage(self, words: str, rows: int) -> None:
        """Begin a stage that goes through a number of rows."""
        self._stage = words
        self._bar.reset(self._task, total=rows, description=words, left=self._left())
        if not self.live:
            print(f"{words}; {self._left()}", file=sys.stderr, flush=True)  # noqa: T201

    def row(self, name: str) -> None:
        """Begin a row."""
        self._bar.update(
            self._task, advance=1, description=f"{self._stage}: {name}", left=self._left()
        )

    def _left(self) -> str:
        left = max(0.0, self._budget - (time.monotonic() - self._start))
        return f"{left:.0f} s left"
