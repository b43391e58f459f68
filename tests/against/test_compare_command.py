"""The command compare: what may be asked for, what is shown, and what the stock command takes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import cli, rowlimits
from pytest_against.model import CannotJudgeError
from tests.against.stores import JOIN, SPLIT, side

pytestmark = pytest.mark.usefixtures("home", "signals")
AFTER: Final = (1.0001, 1.0011, 0.9991)
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    side(Path("before"))


def ran(*argv: str) -> int:
    return cli.main(["compare", *argv])


def test_rows_that_the_base_lacks_may_be_allowed(capsys: Capture) -> None:
    side(Path("after"), AFTER, (SPLIT, JOIN, "tests/bench_words.py::test_strip"))
    assert ran("before", "after") == 2
    assert ran("before", "after", "--allow-new") == 0
    assert "1 new, 2 steady" in capsys.readouterr().out


def test_a_number_that_a_side_lacks_is_refused_and_not_passed_over(capsys: Capture) -> None:
    def counts(run: dict[str, Any]) -> None:
        for row in run["benchmarks"]:
            row["extra_info"] = {"queries": 3, "rate": 0.5}

    side(Path("old"), AFTER, change=counts)
    side(Path("after"), AFTER, change=counts)
    for name in ("querys", "rate"):
        assert ran("old", "after", "--exact", name) == 2
        assert f"--exact {name}: no row of old has a whole number" in capsys.readouterr().err
    assert ran("before", "after", "--exact", "queries") == 2
    assert "no row of before has" in capsys.readouterr().err
    assert ran("old", "after", "--exact", "queries") == 0


def test_moved_files_are_hinted_at_and_compared_by_name(capsys: Capture) -> None:
    side(Path("after"), AFTER, [node.replace("tests/", "perf/") for node in (SPLIT, JOIN)])
    assert ran("before", "after") == 2
    assert "2 rows but for the names of files; compare those: --by name" in capsys.readouterr().err
    assert ran("before", "after", "--by", "name") == 0
    side(Path("other"), AFTER, ["tests/bench_words.py::test_other"])
    assert ran("before", "other") == 2
    assert "compare runs of the same suite" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, code",
    [
        ("", 1),
        ('[limits]\n"test_split" = "50%"', 1),
        ('[limits]\n"test_split or test_join" = "50%"', 0),
        ('[limits]\n"bench_words" = "any"', 0),
        ('[limits]\n"test_split" = "5%"\n"bench_words" = "any"', 1),
        ('floor = "5 us"', 0),
        ('floor = "1 ns"', 1),
    ],
)
def test_rows_have_limits_of_their_own_and_a_floor(text: str, code: int) -> None:
    side(Path("after"), [1.3 * each for each in AFTER])
    Path("limits.toml").write_text(text)
    assert ran("before", "after", "--limits", "limits.toml") == code
    assert ran("before", "after", "--limit", "200%") == 0


@pytest.mark.parametrize(
    "text",
    [
        *("=", "x = 1", "floor = 5", 'floor = "5"', 'floor = "a s"', 'floor = "1.1.1 s"'),
        *('[limits]\na = "3"', "[limits]\na = 3", '[limits]\n"a b" = "3%"'),
        f'floor = "{"9" * 400} s"',
        f"limits = {'[' * 5000}",
    ],
)  # fmt: skip
def test_limits_that_are_none_are_refused_in_a_line(text: str) -> None:
    Path("limits.toml").write_text(text)
    with pytest.raises(CannotJudgeError) as caught:
        rowlimits.load(Path("limits.toml"), 0.1)
    assert "\n" not in str(caught.value)
    with pytest.raises(CannotJudgeError, match=r"nothing.toml has no limits"):
        rowlimits.load(Path("nothing.toml"), 0.1)


def test_steady_rows_are_hidden_when_asked_and_the_worst_comes_first(capsys: Capture) -> None:
    nodes = [f"t.py::test_word[{k}]" for k in range(9)]
    for name, factor in (("many", 1.0), ("after", 1.0001)):
        side(Path(name), [factor * each for each in AFTER], nodes)
    for path in Path("after").iterdir():
        found = json.loads(path.read_text())
        found["benchmarks"][5]["stats"]["median"] *= 1.5
        path.write_text(json.dumps(found))
    assert ran("many", "after") == 1
    shown = [line for line in capsys.readouterr().out.splitlines() if "test_word" in line]
    assert (len(shown), shown[0].split()[:2]) == (9, ["test_word[5]", "regressed"])
    assert ran("many", "after", "--only", "changed", "--csv") == 1
    shown = [line for line in capsys.readouterr().out.splitlines() if "test_word" in line]
    assert [line.split()[0] for line in shown] == ["test_word[5]"]
    assert len(Path("compare.csv").read_text().splitlines()) == 2


def test_one_file_a_side_has_factors_a_reason_and_what_to_do(capsys: Capture) -> None:
    side(Path("after"), [1.6])
    files = ["before/0000_before.json", "after/0000_after.json"]
    assert ran(*files) == 2
    out = capsys.readouterr().out
    assert "1.600" in out
    assert "one process is no sample" in out
    assert "record NAME --trials 20" in out
    assert "--plain" in out


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "gbk", "cp437", "ascii"])
def test_a_terminal_without_letters_shows_escapes_in_columns(encoding: str) -> None:
    names = ("2048\u00b2", "\u22a4-\u22a5", "\u6f22\u5b57", "a\u0301", "\U0001f468\u200d\U0001f467")
    nodes = [f"t.py::test[{name}]" for name in names]
    for name, factor in (("old", 1.0), ("new", 1.0001)):
        side(Path(name), [factor * each for each in AFTER], nodes)
    code = "import sys; from pytest_against import cli; sys.exit(cli.main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "compare", "old", "new"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.decode(encoding).splitlines() if "test[" in line]
    assert len(lines) == 5
    if encoding in {"ascii", "cp1252"}:
        assert len({line.index("steady") for line in lines}) == 1


def test_the_terminal_may_be_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    side(Path("after"), AFTER)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert ran("before", "after") == 0
