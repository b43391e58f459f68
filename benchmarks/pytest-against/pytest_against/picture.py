"""A chart of a page as a file of its own: the page draws it, in a browser that shows no window."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from pytest_against.model import CannotJudgeError, short

CHARTS: Final = ("factors", "course", "times")
"""Names of the charts; a page has some of them."""

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_OPTIONS: Final = ("--headless", "--disable-gpu", "--no-first-run", "--window-size=1000,800")
_SECONDS: Final = 60.0  # after which the browser is not waited for any more
_FOUND: Final = re.compile(r'<pre id="drawn"[^>]*>(.*?)</pre>', re.DOTALL)


def drawn(page: str, chart: str) -> str:
    """Return a chart of a page as SVG; without a name, its first.

    Raises CannotJudgeError if there is no browser, or no such chart.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    otherwise = "or write a page, -o report.html, whose charts can be saved in any browser"
    if browser is None:
        raise CannotJudgeError(f"no browser to draw a chart; install Chromium, {otherwise}")
    found = _FOUND.search(_shown(browser, page, chart))
    if found is None:
        raise CannotJudgeError(f"{short(browser)} drew nothing; run it by hand, {otherwise}")
    text = html.unescape(found[1])
    if not text.startswith("<svg"):
        raise CannotJudgeError(
            f"these runs have no chart {short(chart) or 'at all'}; "
            f"choose {f'--chart {text}' if text else 'others'}"
        )
    return f"{text}\n"


def _shown(browser: str, page: str, chart: str) -> str:
    """Return what a page has become in a browser; empty if that takes too long."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # to whom Chromium gives no sandbox
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "page.html")
        file.write_text(page, "utf-8")
        command = [browser, *_OPTIONS, *["--no-sandbox"] * root, f"--user-data-dir={folder}/own"]
        command += ["--dump-dom", f"{file.as_uri()}#draw={chart}"]
        try:
            return subprocess.run(  # noqa: S603 - a browser, and a page of our own
                command, capture_output=True, encoding="utf-8", timeout=_SECONDS, check=False
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            return ""


def words(text: str) -> str:
    """Return a line of text as SVG, in the place of a chart that there is not."""
    box = 'viewBox="0 0 1000 40" width="1000" height="40"'
    line = f'<text x="8" y="26" font-family="sans-serif">{html.escape(text)}</text>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{line}</svg>\n'
