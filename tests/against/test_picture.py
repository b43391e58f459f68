"""A chart of a page as a file; scripts are in the place of a browser, which tests/page has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from pytest_against import cli, picture
from tests.against import runs

pytestmark = [
    pytest.mark.usefixtures("home", "signals"),
    pytest.mark.skipif(sys.platform == "win32", reason="scripts of POSIX"),
]
Capture = pytest.CaptureFixture[str]
CHART: Final = Path("factors.SVG")
SVG: Final = '<svg xmlns="http://www.w3.org/2000/svg"><text>a &amp; b</text></svg>'
DRAWS: Final = f"""
import html, pathlib, sys, urllib.parse
file, _, asked = sys.argv[-1].partition("#draw=")
page = pathlib.Path(urllib.parse.unquote(file.removeprefix("file://"))).read_text("utf-8")
assert asked == "factors" and '"kind":"judged"' in page
print('<pre id="drawn" hidden="">' + html.escape({SVG!r}, quote=False) + "</pre>")
"""


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    runs.folder(Path("before"), runs.trials())
    runs.folder(Path("after"), runs.trials(slower=1.5, seed=2))


def browser(code: str) -> None:
    """Have a browser that does so, where no other is found."""
    script = Path("chromium")
    script.write_text(f"#!{sys.executable}\n{code}", "utf-8")
    script.chmod(0o755)


def draw(*more: str, file: Path = CHART) -> int:
    return cli.main(["report", "before", "after", "-o", str(file), *more])


def test_a_chart_is_what_the_page_draws(capsys: Capture) -> None:
    browser(DRAWS)
    assert draw("--chart", "factors") == 0
    assert CHART.read_text("utf-8") == f"{SVG}\n"
    assert capsys.readouterr().out == "factors.SVG: a chart\n"


@pytest.mark.parametrize(
    "code, words",
    [
        ("", "drew nothing; run it by hand, or write a page, -o report.html"),
        ("import time; time.sleep(60)", "drew nothing"),
        ("print('<pre id=\"drawn\"></pre>')", "these runs have no chart at all; choose others"),
        (
            "print('<pre id=\"drawn\">factors or course</pre>')",
            "these runs have no chart times; choose --chart factors or course",
        ),
        (None, "no browser to draw a chart; install Chromium, or write a page"),
    ],
)
def test_what_is_not_drawn_is_one_line_and_a_picture_that_says_so(
    code: str | None,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setattr(picture, "_SECONDS", 2.0)
    if code is not None:
        browser(code)
    CHART.write_text("an earlier one", "utf-8")
    assert draw(*(["--chart", "times"] if "times" in words else [])) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    drawn = CHART.read_text("utf-8")
    assert drawn.startswith("<svg")
    assert "Nothing was judged: " in drawn


@pytest.mark.parametrize("name", ["chart.png", "chart", "page.json"])
def test_what_is_neither_page_nor_chart_is_refused(name: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit, match="2"):
        draw(file=Path(name))
    assert f"{name} is neither page nor chart; write FILE.html or" in capsys.readouterr().err


def test_a_page_has_all_its_charts(capsys: Capture) -> None:
    assert draw("--chart", "factors", file=Path("page.html")) == 2
    assert "--chart draws a picture: -o FILE.svg, and not page.html" in capsys.readouterr().err
