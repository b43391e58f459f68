"""By what a row is judged, where that is not what holds for all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MARK: Final = "against"
"""The mark of tests that says so, and how its settings begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is tolerated of a row, and what it decides."""

    limit: float | None = None  # tolerated slowdown, as a fraction; None for that of all rows
    floor: float = 0.0  # seconds per call; a smaller difference does not count
    tolerance: float = 0.0  # by which numbers in results may differ, absolute and relative
    results: bool = True  # whether they are compared
    may_fail: bool = False  # it is reported, and does not decide

    def tolerated(self, limit: float, was: float) -> float:
        """Return the slowdown that is tolerated of a call that took so many seconds."""
        own = limit if self.limit is None else self.limit
        return max(own, self.floor / was) if self.floor and was > 0 else own


USUAL: Final = Terms()
