"""What upgrading NumPy does: releases are found, judged pair by pair, and put in a table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.results import numpy_releases
from pytest_against import environments
from pytest_against.model import CannotJudgeError, Result, Suite
from tests.against.results import CONTROLS, SLOWER, STEADY, factors, result, row

RELEASES: Final = ("2.0.2", "2.1.3", "2.10.0")
UNPROVEN: Final = row("fmax", "inconclusive", factors(1.2, 0.9, 1.5))


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Stand in for environments and for what judges in them; return the interpreters of pairs."""
    found: list[tuple[str, str]] = []

    def between(suite: Suite, base: str, head: str, *_: object) -> Result:
        found.append((base, head))
        if "2.10.0" in head:
            raise CannotJudgeError("it crashed")
        return result(STEADY, base=base, head=f"{head} {suite.keyword}", controls=CONTROLS)

    monkeypatch.setattr(environments, "environment", lambda needs: f"python of {' '.join(needs)}")
    monkeypatch.setattr(numpy_releases, "between", between)
    monkeypatch.setattr("pytest_against.around.only_one", nullcontext)
    return found


def test_each_is_judged_against_the_one_before_it(pairs: list[tuple[str, str]]) -> None:
    found = numpy_releases.judged(numpy_releases.SUITE, RELEASES, numpy_releases.LIMITS)
    first = next(found)
    assert (first.base, first.head) == ("2.0.2", "2.1.3")
    with pytest.raises(CannotJudgeError, match=r"^NumPy 2\.1\.3 to 2\.10\.0: it crashed$"):
        next(found)
    python = [f"python of numpy=={release}" for release in RELEASES]
    assert pairs == [(python[0], python[1]), (python[1], python[2])]


NEWEST: Final = {
    "numpy": "Collecting numpy\nWould install numpy-2.10.0",
    "numpy<2.10": "numpy==2.9.1",
    "numpy<2.9": "numpy-1.26.4\n",
    "numpy==2.9.*": " + numpy==2.9.1\n",
}


@pytest.mark.parametrize(
    "wanted, found",
    [
        ([], ["1.26.4", "2.9.1", "2.10.0"]),
        (["2.9", "1.0.0", "2.9.1"], ["1.0.0", "2.9.1"]),
        (["2.9", "latest"], "'latest' is no release of NumPy"),
        (["2.9.1", "2.9"], "2.9.1 alone is no upgrade"),
        (["2.9", "9.9"], "no matching distribution"),
    ],
)
def test_releases_are_found_and_ordered_or_refused(
    wanted: list[str], found: list[str] | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dry_run(command: Sequence[str]) -> str:
        if command[-1] not in NEWEST:
            raise CannotJudgeError("no matching distribution")
        return NEWEST[command[-1]]

    monkeypatch.setattr(environments, "run", dry_run)
    refused = pytest.raises(CannotJudgeError, match=str(found))
    with refused if isinstance(found, str) else nullcontext():
        assert numpy_releases.resolve(wanted) == found


def test_the_page_has_a_line_for_each_method_and_a_column_for_each_upgrade() -> None:
    rows = [STEADY, SLOWER, row("slow", "regressed", factors(1.2, 1.1, 1.3)), row("slow", "steady")]
    noisy = result(SLOWER, base="2.1", head="2.2", controls=[UNPROVEN], notes=["a | b"])
    found = numpy_releases.page([result(*rows, base="2.0", head="2.1"), noisy])
    assert "\n| method | 2.0 to 2.1 | 2.1 to 2.2 |\n" in found
    assert "| `slow` | **regressed x1.20 to x1.25** 2 of 3; steady 1 of 3 | inconclusive |" in found
    assert "| `even` | steady |  |" in found
    assert "\n* 2.1 to 2.2: `a | b`\n* 2.1 to 2.2: `identical code did not come out" in found


@pytest.mark.parametrize("releases, code", [("2.0.2,2.1.3", 0), ("2.0.2", 2)])
@pytest.mark.usefixtures("pairs")
def test_the_command_writes_the_page_or_one_line(
    tmp_path: Path, releases: str, code: int, capfd: Any
) -> None:
    page = tmp_path / "page"
    assert numpy_releases.main(["--releases", releases, "--page", str(page)]) == code
    out, err = capfd.readouterr()
    assert (page.exists(), err.count("\n")) == (not code, bool(code))
    assert ("NumPy 2.0.2, 2.1.3\n" in out) == (not code)
