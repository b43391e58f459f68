"""The command `report`, and the page that other commands write."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_against import cli, commands
from pytest_against.report import as_json
from tests.against import runs
from tests.against.results import GREEN, SMALL
from tests.against.stores import JOIN, SPLIT, side

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")

PAGE = Path("page.html")
CONFTEST = """
from pytest_against.page import About

def pytest_against_about(row):
    if row.method == "maximum":
        return About(size=1000, facts={"code": "np.maximum(x, 0)"})
"""


@pytest.fixture(autouse=True)
def _project(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    runs.folder(Path("before"), runs.trials())
    runs.folder(Path("after"), runs.trials(slower=1.5, seed=2))


def shown(*argv: str) -> dict[str, Any]:
    assert cli.main(["report", *argv, "-o", str(PAGE)]) == 0
    return page()


def page() -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def saved(name: str, **more: Any) -> str:
    Path(name).write_text(as_json(replace(SMALL, **more)), "utf-8")
    return name


def test_one_run_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown("before")
    assert found["kind"] == "run"
    assert len(found["rows"]) == 2
    assert "recorded 2026-01-02T03:04 at 0123456789" in found["notes"]
    assert capsys.readouterr().out == "page.html: one page, to be opened in a browser\n"


def test_several_runs_are_judged_against_the_first() -> None:
    runs.folder(Path("later"), runs.trials(seed=3))
    found = shown("before", "after", "later")
    assert (found["kind"], found["verdict"]) == ("judged", "regressed")
    assert (found["base"], found["heads"]) == ("before", ["after", "later"])


def test_the_report_of_a_gate_is_shown_as_it_was_judged() -> None:
    found = shown(saved("gate.json"))
    assert found["heads"] == ["the working tree"]
    assert found["limit"] == 0.03


def test_reports_of_several_gates_go_by_the_names_of_their_files() -> None:
    found = shown(saved("monday.json"), saved("tuesday.json"))
    assert found["heads"] == ["the working tree (monday)", "the working tree (tuesday)"]


@pytest.mark.parametrize(
    "names, told",
    [
        (("x/gate.json", "y/gate.json"), ("x/gate.json", "y/gate.json")),
        (("a/x/gate.json", "b/x/gate.json"), ("a/x/gate.json", "b/x/gate.json")),
        (("gate.json", "x/gate.json"), ("gate.json", "x/gate.json")),
        (("x/gate.json", "x/gate.txt"), ("gate.json", "gate.txt")),
        (("x/gate.json", "y/other.json"), ("gate", "other")),
    ],
)
def test_files_of_one_name_are_told_apart_by_their_folders(
    names: tuple[str, ...], told: tuple[str, ...]
) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    found = shown(*map(saved, names))
    assert found["heads"] == [f"the working tree ({name})" for name in told]
    assert shown(names[0], f"./{names[0]}")["heads"] == ["the working tree"]  # which is one


def test_shards_of_one_gate_are_one_judgement() -> None:
    far = [replace(each, row=replace(each.row, node=f"x/{each.row.node}")) for each in SMALL.rows]
    one, two = saved("1.json", shard="1/2"), saved("2.json", shard="2/2", rows=far)
    found = shown(one, two)
    assert found["heads"] == ["the working tree"]
    assert [line[0] for line in found["rows"]] == [
        *("test_it.py::test_it[slow-1e3]", "x/test_it.py::test_it[slow-1e3]"),
        *("test_it.py::test_it[even-1e3]", "x/test_it.py::test_it[even-1e3]"),
    ]
    assert cli.main(["report", one, saved("3.json", shard="3/2"), "-o", str(PAGE)]) == 2
    arm = saved("arm.json", shard="1/1", machine={"system": "Linux", "machine": "arm"})
    other = saved("x86.json", shard="1/1")
    assert len(shown(arm, other)["heads"]) == 2


def test_what_cannot_be_read_is_one_line_and_a_page_that_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("broken.json").write_text(as_json(SMALL).replace("regressed", "steady"), "utf-8")
    for name in ("nobody", "broken.json"):
        assert cli.main(["report", name, "-o", str(PAGE)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert name in line
        found = page()
        assert (found["verdict"], found["answer"]) == ("not judged", "Nothing was judged")
        assert found["detail"][0] in line


def test_a_page_does_not_replace_what_it_is_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    name = saved("gate.html")
    assert cli.main(["report", name, "-o", name]) == 2
    assert "is what the report is made of" in capsys.readouterr().err
    assert Path(name).read_text("utf-8").startswith("{")


def test_the_suite_says_what_it_knows_of_its_rows(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    found = shown("before")
    assert found["facts"] == [["method", "code"], ["maximum", "np.maximum(x, 0)"]]
    sizes = [dict(zip(found["columns"], line, strict=True))["size"] for line in found["rows"]]
    assert sizes == [1000, 0]


@pytest.mark.parametrize(
    "body, words",
    [
        ("raise ValueError('oops')", "ValueError('oops')"),
        ("return {'oops': 1}", "{'oops': 1}"),
        ("pytest.fail('oops')", "oops"),
        ("return About(size='oops')", "'oops'"),
        ("return About(size=float('nan'))", "size is nan, nbytes is 0; give 0 for unknown"),
        ("return About(nbytes=-1)", "size is 0, nbytes is -1; give"),
        ("return About(facts=None)", "'NoneType' object has no attribute 'items'"),
    ],
)
def test_a_hook_of_the_suite_that_fails_is_named_and_costs_no_page(
    body: str, words: str, pytester: pytest.Pytester
) -> None:
    imports = "import pytest\nfrom pytest_against.page import About"
    pytester.makeconftest(f"{imports}\ndef pytest_against_about(row): {body}")
    facts = shown("before")["facts"]
    assert facts[0] == ["method", "pytest_against_about"]
    assert "no About, but" in facts[1][1]
    assert words in facts[1][1]


def test_what_the_suite_knows_may_be_of_any_kind_of_number(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = "About(size=np.int64(5), nbytes=np.float32(2), facts={'order': np.int64(3), 4: None})"
    imports = "import numpy as np\nfrom pytest_against.page import About"
    pytester.makeconftest(f"{imports}\ndef pytest_against_about(row): return {about}")
    found = shown("before")
    columns = dict(zip(found["columns"], found["rows"][0], strict=True))
    assert (columns["size"], columns["nbytes"]) == (5, 2)
    assert found["facts"][:2] == [["method", "order", "4"], ["maximum", "3", "None"]]
    monkeypatch.setattr(commands, "against_revision", lambda *_, **__: GREEN)
    argv = ["gate", "--base", "v1", "--html", str(PAGE), "--json", "r.json"]
    assert cli.main(argv) == json.loads(Path("r.json").read_text())["exit"] == 0
    assert page()["facts"][0] == ["method", "order", "4"]


def test_rows_that_cannot_be_shown_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    def failed(run: dict[str, Any]) -> None:
        run["benchmarks"][0]["outcome"] = "failed"

    side(Path("half"), [1.0], change=failed)
    why = f"{SPLIT} its test did not pass: failed"
    assert f"not shown: {why}" in shown("half")["notes"]
    side(Path("none"), [1.0], [SPLIT], failed)
    assert cli.main(["report", "none", "-o", str(PAGE)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"none has no row that can be shown ({why}); save another run" in line


def test_a_comparison_by_limits_of_rows_is_shown_as_it_was_judged() -> None:
    Path("limits.toml").write_text('[limits]\nmaximum = "80%"\nwhere = "60%"')
    words = ["compare", "before", "after", "--limits", "limits.toml", "--json", "found.json"]
    assert cli.main(words) == 0
    assert (
        shown("found.json")["answer"] == "Proven: none of 2 rows is slower by more than its limit"
    )


@pytest.mark.parametrize("more", [(), ("--allow-new",)])
def test_a_comparison_of_several_runs_is_shown_from_its_json_as_it_was_judged(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    runs.folder(Path("later"), runs.trials(seed=3))
    side(Path("plain"), [1.0, 1.001])
    side(Path("same"), [1.0001, 1.0011])
    side(Path("added"), [1.0002, 1.0012], [SPLIT, JOIN, f"{SPLIT}_new"])
    for names, whole in ((("before", "after", "later"), 1), (("plain", "same", "added"), 2)):
        code = 0 if more and whole == 2 else whole
        written = ["--json", "found.json", "--html", str(PAGE)]
        assert cli.main(["compare", *names, *more, *written]) == code
        compared = page()
        assert shown("found.json") == compared
    assert cli.main(["join", "found.json"]) == 2
    assert "found.json compares 2 runs, and only gates are joined" in capsys.readouterr().err
    found = json.loads(Path("found.json").read_text("utf-8"))
    found["rows"][0]["head"] = "nobody"
    Path("found.json").write_text(json.dumps(found), "utf-8")
    assert cli.main(["report", "found.json", "-o", str(PAGE)]) == 2
    assert "its rows are not those of its results" in capsys.readouterr().err


def test_compare_writes_the_same_page() -> None:
    assert cli.main(["compare", "before", "after", "--html", str(PAGE)]) == 1
    compared = page()
    assert shown("before", "after") == compared


def test_a_gate_writes_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "against_revision", lambda *_, **__: GREEN)
    assert cli.main(["gate", "--base", "v1", "--html", str(PAGE)]) == 0
    assert page()["answer"] == "Proven: 1 row is not slower by more than 3 %"
