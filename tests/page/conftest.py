"""A browser, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.page.browser import AXE, CHROMIUM, Page, chromium


@pytest.fixture(scope="session")
def tab() -> Iterator[Page]:
    """The page of a browser."""
    if CHROMIUM is None or not AXE.is_file():
        pytest.skip("it needs Chromium and axe-core: tox run -e page")
    with chromium() as page:
        yield page


@pytest.fixture
def show(tab: Page, tmp_path: Path) -> Callable[..., Page]:
    """Open a page."""

    def opened(text: str, width: int = 1200, scheme: str = "light") -> Page:
        path = tmp_path / "page.html"
        path.write_text(text, "utf-8")
        tab.open(path, width, scheme=scheme)
        return tab

    return opened
