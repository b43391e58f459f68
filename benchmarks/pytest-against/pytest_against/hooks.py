"""What a suite may say in its conftest.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # it is loaded wherever the plugin is
    from pytest_against.model import Row
    from pytest_against.page import About


@pytest.hookspec(firstresult=True)
def pytest_against_about(row: Row) -> About | None:
    """Return what is known of a row, for the page that shows it."""
