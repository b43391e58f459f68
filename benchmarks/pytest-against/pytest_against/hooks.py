"""What a suite may say: by a mark, by settings, and in its conftest.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:  # it is loaded wherever the plugin is
    from pytest_against.model import Row
    from pytest_against.page import About

MARK: Final = "against"
"""The mark of tests that says so, and how its settings begin."""

SETTINGS: Final = {
    "against_packages": "folders of the packages under test (default: those of src/, or the root)",
    "against_baselines": "folder of the baselines (default: benchmarks/baselines)",
    "against_limit": "tolerated slowdown (default: 3%)",
    "against_floor": "seconds per call; a smaller difference does not count (default: 0)",
    "against_tolerance": "by which numbers in results may differ, as 1e-6 (default: 0)",
    "against_results": "whether results are compared (default: true)",
}
"""The settings, and what each is for."""


@pytest.hookspec(firstresult=True)
def pytest_against_about(row: Row) -> About | None:
    """Return what is known of a row, for the page that shows it."""
