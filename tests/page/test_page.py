"""The page as a browser shows it, to eyes, fingers, keys and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from pytest_against import page, picture
from pytest_against.model import CannotJudgeError
from tests.page.browser import AXE, Page
from tests.page.pages import MARKUP, NAMES, PAGES, judged, many

Show = Callable[..., Page]
NAMED: Final = "[...document.querySelectorAll('tbody th')].map(node => node.textContent)"
TIP: Final = "document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText"
MARKS: Final = "document.querySelectorAll('.chart .shape').length"
FIRST_PAINT: Final = (
    "new Promise(found => new PerformanceObserver(list => found(list.getEntries()[0].startTime))"
    ".observe({type: 'paint', buffered: true}))"
)
PAINT: Final = 2000  # milliseconds


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_asked_for_and_nothing_complained_of(
    name: str, scheme: str, show: Show, tmp_path: Path
) -> None:
    tab = show(PAGES[name], scheme=scheme)
    assert tab.requests() == [(tmp_path / "page.html").as_uri()]
    assert tab.complaints() == []
    assert tab.run("document.querySelector('h1').textContent")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 800, 1200])
def test_it_fits_any_width(name: str, width: int, show: Show) -> None:
    tab = show(PAGES[name], width)
    assert tab.run("document.documentElement.scrollWidth") <= width
    # Within a chart, too, nothing is cut off.
    outside = tab.run(
        "[...document.querySelectorAll('.chart text')].filter(node => {"
        "const box = node.getBoundingClientRect();"
        f"return box.left < -1 || box.right > {width} + 1; }}).map(node => node.textContent)"
    )
    assert outside == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width, scheme", [(1200, "light"), (1200, "dark"), (360, "light")])
def test_a_checker_of_accessibility_finds_nothing(
    name: str, width: int, scheme: str, show: Show
) -> None:
    tab = show(PAGES[name], width, scheme)
    tab.run(AXE.read_text("utf-8") + "; 1")
    found = tab.run(
        "axe.run().then(found => found.violations.map(each => "
        "each.id + ': ' + each.nodes.map(node => node.html + node.failureSummary).join(' | ')))"
    )
    assert found == []


def test_names_are_shown_as_they_are(show: Show) -> None:
    tab = show(PAGES["names"])
    assert tab.run(NAMED) == [*reversed(NAMES)]
    assert tab.run("document.querySelectorAll('img, main script').length") == 0
    assert MARKUP in tab.run("document.querySelector('tbody').innerText")


def test_the_worst_rows_stand_above_in_the_chart_and_in_the_table(show: Show) -> None:
    tab = show(PAGES["mixed"])
    table = tab.run(NAMED)
    assert table[:2] == ["diverged[1e3]", "slower[1e3]"]
    labels = tab.run("[...document.querySelectorAll('.chart text.mono')].map(n => n.textContent)")
    chart = [label for label in labels if label in table]
    assert chart == [name for name in table if name in chart]
    assert chart[0] == "slower[1e3]"
    assert chart[-1] == "faster[1e3]"


def test_a_click_on_a_column_sorts_by_it_and_back(show: Show) -> None:
    tab = show(PAGES["many"])
    seen = []
    for _ in range(2):
        tab.click("thead th:first-child button")
        seen.append(tab.run(NAMED)[0])
    assert seen == ["method_0000[1e3]", "method_0267[1e3]"]
    assert tab.run("document.querySelector('thead th').ariaSort") == "descending"


def test_a_click_on_a_verdict_hides_its_rows_in_the_chart_and_in_the_table(show: Show) -> None:
    tab = show(PAGES["mixed"])
    rows, marks = len(tab.run(NAMED)), tab.run(MARKS)
    tab.click(".chips button.good")
    assert "faster[1e3]" not in tab.run(NAMED)
    assert len(tab.run(NAMED)) == rows - 1
    assert tab.run(MARKS) == marks - 1
    tab.click(".chips button.good")
    assert len(tab.run(NAMED)) == rows


def test_a_limit_of_its_own_and_what_may_fail_are_told_from_the_others(show: Show) -> None:
    tab = show(PAGES["terms"])
    own = tab.run("[...document.querySelectorAll('.chart .own')].map(n => n.getBBox().width)")
    assert len(own) == 1  # cut out of the red zone
    assert own[0] > 100
    assert tab.run("document.querySelectorAll('.chart .limit').length") == 2 + 2
    chips = tab.run("[...document.querySelectorAll('.chips button')].map(n => n.innerText)")
    assert chips == ["1regressed", "1may fail", "2steady"]
    why = tab.run("[...document.querySelectorAll('td.note')].map(n => n.innerText)")
    assert why == ["its limit is 1 %", "may fail", "its limit is 50 %", ""]
    tab.click(".chips button:nth-child(2)")
    assert tab.run(NAMED) == ["strict[1e3]", "floor[1e3]", "even[1e3]"]


def test_shards_are_parts_and_no_runs(show: Show) -> None:
    tab = show(PAGES["shards"])
    assert tab.run("document.querySelectorAll('.chart').length") == 1
    assert tab.run("document.querySelectorAll('select').length") == 0
    assert tab.run("document.querySelector('.count').textContent") == "2 of 2 rows"


def test_words_filter(show: Show) -> None:
    tab = show(PAGES["many"])
    tab.click("input[type=search]")
    for key in "0042":
        tab.key(key)
    assert tab.run(NAMED) == ["method_0042[1e3]"]
    assert tab.run("document.querySelector('.count').textContent") == "1 of 268 rows"


def test_hovering_tells_the_values(show: Show) -> None:
    tab = show(PAGES["mixed"])
    assert tab.run(TIP) == ""
    x, y = tab.run(
        "(() => { const box = document.querySelector('.chart .shape').getBoundingClientRect();"
        "return [box.left + box.width / 2, box.top + box.height / 2]; })()"
    )
    tab.hover(x, y)
    told = tab.run(TIP).splitlines()
    assert told[:2] == ["slower[1e3]", "regressed: 1.213 (1.190 to 1.240)"]
    assert told[2:] == ["1 µs → 1.21 µs, 12 trials", "slower"]
    tab.hover(1, 1)
    assert tab.run(TIP) == ""


def test_keys_tell_the_values_too(show: Show) -> None:
    tab = show(PAGES["mixed"])
    tab.run("document.querySelector('.chart').focus()")
    told = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "Home"):
        tab.key(key)
        told.append(tab.run(TIP).partition("[")[0])
    assert told == ["slower", "unclear", "slower", "faster", "slower"]
    tab.key("Escape")
    assert tab.run(TIP) == ""


def test_every_control_is_reached_by_the_tab_key(show: Show) -> None:
    tab = show(PAGES["series"])
    controls = "button:not([hidden]), input, select, [tabindex='0']"
    number = tab.run(f'document.querySelectorAll("{controls}").length')
    seen = set()
    for _ in range(number):
        tab.key("Tab")
        seen.add(
            tab.run(f'[...document.querySelectorAll("{controls}")].indexOf(document.activeElement)')
        )
    assert seen == {*range(number)}


def test_a_click_in_the_legend_hides_a_line(show: Show) -> None:
    tab = show(PAGES["times"])
    lines = "document.querySelectorAll('.chart .line').length"
    assert tab.run(lines) == 8  # the fastest; all twelve would hide each other
    tab.click(".legend button")
    assert tab.run(lines) == 7
    tab.click(".legend button:nth-last-child(2)")
    assert tab.run(lines) == 12
    tab.click(".legend button:last-child")
    assert tab.run(lines) == 0


def test_the_times_of_a_run_are_drawn_by_element_with_the_limit_of_memory(show: Show) -> None:
    tab = show(PAGES["times"])
    assert tab.run("document.querySelector('h2').textContent") == "Time per element"
    assert tab.run("document.querySelectorAll('.memory').length") == 1
    assert tab.run("document.querySelectorAll('.chart .whisker').length") == 3 * 8
    sizeless = show(PAGES["sizeless"])
    assert sizeless.run("document.querySelectorAll('.chart').length") == 0


def test_a_series_has_a_course_from_its_first_run_on(show: Show) -> None:
    tab = show(PAGES["series"])
    assert "From run to run" in tab.run(
        "[...document.querySelectorAll('h2')].map(n => n.innerText)"
    )
    texts = tab.run("[...document.querySelectorAll('.chart text')].map(n => n.textContent)")
    assert {"v1 (a1b2c3d)", "v1.1", "v1.6"} <= {*texts}
    rows = tab.run("document.querySelector('.count').textContent")
    tab.run(
        "(() => { const runs = document.querySelector('select'); runs.value = 'v1.2';"
        "runs.dispatchEvent(new Event('change')); })()"
    )
    gaps = "[...document.querySelectorAll('.chart .line')].map(n => n.getAttribute('d')).join('')"
    assert "L" not in tab.run(gaps)  # since the run between them is not shown
    assert rows == "100 of 144 rows; 44 more match"
    assert tab.run("document.querySelector('.count').textContent") == "24 of 144 rows"


def test_what_differs_between_machines_is_marked(show: Show) -> None:
    tab = show(PAGES["machines"])
    heads = tab.run(
        "[...document.querySelectorAll('[aria-label=\"The machines\"] th')].map(n => n.innerText)"
    )
    assert heads[:2] == ["the working tree", "arm"]
    assert [head for head in heads if "differs" in head] == ["cpu (differs)"]


def test_a_chart_is_saved_as_an_svg_of_its_own(show: Show) -> None:
    tab = show(PAGES["mixed"])
    tab.run(
        "window.kept = ''; window.named = '';"
        "URL.createObjectURL = blob => { blob.text().then(text => { kept = text; }); return '#'; };"
        "HTMLAnchorElement.prototype.click = function () { named = this.download; }"
    )
    tab.click(".chart-tools button")
    tab.settle()
    assert tab.run("named") == "factors.svg"
    root = ET.fromstring(tab.run("kept"))  # noqa: S314 - made by our own page
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = "".join(root.itertext())
    assert "slower[1e3]" in texts
    assert "var(" not in tab.run("kept")  # what it is coloured by has come along
    assert tab.complaints() == []


@pytest.mark.usefixtures("tab")  # which skips where no browser is
@pytest.mark.parametrize(
    "name, chart, words",
    [
        ("mixed", "", "slower[1e3]"),
        ("mixed", "factors", "slower[1e3]"),
        ("series", "course", "factor of the time"),
        ("times", "times", "time per element"),
    ],
)
def test_a_command_draws_a_chart_of_it(name: str, chart: str, words: str) -> None:
    drawn = ET.fromstring(picture.drawn(PAGES[name], chart))  # noqa: S314 - made by our own page
    assert words in "".join(drawn.itertext())
    title = drawn.find("{*}title")
    assert title is not None
    assert title.text
    assert (drawn.get("role"), drawn.get("aria-hidden")) == ("img", None)
    with pytest.raises(CannotJudgeError, match="choose --chart"):
        picture.drawn(PAGES[name], "nothing")


def test_five_thousand_rows_are_painted_at_once_and_shown_when_asked_for(show: Show) -> None:
    text = page.judged([judged(*many(5000))])
    before = show(PAGES["why"]).busy()
    tab = show(text)
    first, busy = tab.run(FIRST_PAINT), tab.busy() - before
    print(f"first paint after {first:.0f} ms, the page took {busy:.0f} ms of a processor")  # noqa: T201
    assert 0 < busy < PAINT  # other processes may have had it in between
    assert len(tab.run(NAMED)) == 100
    tab.click("section p button")
    assert len(tab.run(NAMED)) == 600
    tab.click(".chips button")
    assert tab.run(NAMED)[0] != "method_0000[1e3]"


def test_it_is_printed_on_white_without_what_is_for_fingers(show: Show, tmp_path: Path) -> None:
    tab = show(PAGES["mixed"], scheme="dark")
    tab.print(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.run("getComputedStyle(document.querySelector('.tools')).display") == "none"
    tab.call("Emulation.setEmulatedMedia", media="")


def test_no_verdict_is_told_by_its_colour_alone(show: Show) -> None:
    tab = show(PAGES["mixed"])
    signs = tab.run(
        "[...document.querySelectorAll('.chips .sign path')].map(n => "
        "n.getAttribute('d') + n.getAttribute('class'))"
    )
    assert len(signs) == len(set(signs)) == 8


def test_without_scripts_the_report_is_there_in_text(show: Show) -> None:
    tab = show(PAGES["mixed"])
    assert "diverged: 1 diverged, 1 regressed" in tab.text_without_scripts()
