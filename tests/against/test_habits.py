"""Saved runs as people have them: names that vary, many rows, parts of tests, two Pythons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import cli
from tests.against.stores import SPLIT, run, side

pytestmark = pytest.mark.usefixtures("home", "signals")
AFTER: Final = (1.0001, 1.0011, 0.9991)
MIB: Final = 1 << 20
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ran(*argv: str) -> int:
    return cli.main(["compare", *argv])


def both(nodes: list[str]) -> None:
    side(Path("before"), nodes=nodes)
    side(Path("after"), AFTER, nodes)


def test_parts_of_one_test_are_grouped_under_titles_that_can_be_read(capsys: Capture) -> None:
    both([f"t.py::test_codec[{size}]::{part}" for size in (10, 100) for part in ("read", "write")])
    assert ran("before", "after", "--group", "workload") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line in {"10", "100"}] == ["10", "100"]
    assert ["test_codec::read[100]", "steady"] in [line.split()[:2] for line in lines]


def test_a_page_of_five_thousand_rows_is_one_that_a_host_takes_and_counts_the_rest() -> None:
    both([f"tests/test_flow.py::TestStored::test_dump[{'x' * 60}-{k}]" for k in range(5000)])
    assert ran("before", "after", "--markdown", "page.md") == 0
    page = Path("page.md").read_text()
    assert len(page.encode()) < MIB
    shown = page.count("| steady |")
    assert f"| and {5000 - shown} more |" in page


def test_one_name_under_two_pythons_is_two_sides(capsys: Capture) -> None:
    def other(found: dict[str, Any]) -> None:
        found["machine_info"]["python_version"] = "3.9.7"

    for machine, change in (("py312", bool), ("py39", other)):
        for name, seconds in (("before", (1, 1.001)), ("after", (1.0001, 1.0011))):
            folder = Path(side(Path(name, machine), seconds, change=change))
            for file in folder.iterdir():
                place = Path(".benchmarks", machine, f"{file.name[:4]}_{name}.json")
                place.parent.mkdir(parents=True, exist_ok=True)
                file.rename(place)
            folder.rmdir()
    assert ran("before", "after") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "before mixes python CPython 3.12.4, CPython 3.9.7; give the runs of each" in line
    assert ran("py39/*_before", "py39/*_after") == 0


def test_an_empty_file_among_full_ones_is_named(capsys: Capture) -> None:
    both([SPLIT])
    Path("after/0009_after.json").write_text(json.dumps(run({})))
    assert ran("before", "after") == 2
    assert "after/0009_after.json is not a saved run" in capsys.readouterr().err


@pytest.mark.parametrize(
    "letters", ["\U0001f468\u200d\U0001f469", "a\u00a0b", "a\u2060b", "\ufeff"]
)
def test_letters_that_are_not_seen_are_letters(letters: str, capsys: Capture) -> None:
    both([f"t.py::test_width[{letters}]", "t.py::test_width[plain]"])
    assert ran("before", "after") == 0
    assert "steady: 2 steady of 2 rows" in capsys.readouterr().out


def test_ids_in_the_order_of_a_set_have_a_hint(capsys: Capture) -> None:
    for name, shift in (("before", 0.0), ("after", 0.0001)):
        for order in ("a-b", "b-a"):
            side(Path(name), [1 + shift, 1.001 + shift], [f"t.py::test_split[{order}]"])
    assert ran("before", "after") == 0
    out = capsys.readouterr().out
    assert "2 rows not in all runs of before, such as test_split[a-b]: an id that varies" in out
