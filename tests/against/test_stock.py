"""What the stock command ``pytest-benchmark compare`` takes: accepted, handed on, or named."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from pytest_benchmark.cli import make_parser
from pytest_benchmark.logger import Logger
from pytest_benchmark.storage.file import FileStorage

from pytest_against import cli, store
from tests.against.stores import SPLIT, side

pytestmark = pytest.mark.usefixtures("home", "signals")
MACHINES: Final = ("Linux-CPython-3.12-64bit", "Linux-CPython-3.13-64bit")
GIVEN: Final[dict[str, list[str]]] = {
    "-h": [],
    "--help": [],
    "--sort": ["--sort", "fullname"],
    "--group-by": ["--group-by", "func"],
    "--columns": ["--columns", "min,max"],
    "--name": ["--name", "short"],
    "--time-unit": ["--time-unit", "ns"],
    "--histogram": ["--histogram", "drawn"],
    "--between": ["--between", "min,mean"],
    "--csv": ["--csv", "it.csv"],
    "-k": ["-k", "test_split"],
    "--storage": ["--storage", "file://.benchmarks"],
    "-s": ["-s", ".benchmarks"],
    "--netrc": ["--netrc", "none"],
    "--verbose": ["--verbose"],
    "-v": ["-v"],
    "--quiet": ["--quiet"],
    "-q": ["-q"],
    "--import-mode": ["--import-mode", "importlib"],
}
"""How each of its options is used; those of all its commands stand behind the command here."""
OURS: Final = {"--csv", "-k", "--storage", "-s"}
"""Those with a meaning for verdicts."""
NAMED: Final = "pytest-benchmark's own tables; add --plain"


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for machine in MACHINES:
        place = Path(".benchmarks", machine)
        for name, factor in (("before", 1.0), ("after", 1.001)):
            (path,) = Path(side(Path(name, machine), [factor])).iterdir()
            number = "0001" if name == "before" else "0002"
            place.mkdir(parents=True, exist_ok=True)
            path.rename(place / f"{number}_{name}.json")


def ran(*argv: str) -> int:
    return cli.main(["compare", *argv])


def stock(*argv: str) -> str:
    command = [sys.executable, "-m", "pytest_benchmark", *argv]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_no_option_of_the_stock_command_is_forgotten() -> None:
    parser: Any = make_parser()  # type: ignore[no-untyped-call]
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))  # noqa: SLF001
    actions = [*parser._actions, *commands.choices["compare"]._actions]  # noqa: SLF001
    assert {flag for action in actions for flag in action.option_strings} == {*GIVEN}
    (ours,) = (
        each.choices["compare"]
        for each in cli.parser("it")._actions  # noqa: SLF001
        if isinstance(each, argparse._SubParsersAction)  # noqa: SLF001
    )
    known = {flag for action in ours._actions for flag in action.option_strings}  # noqa: SLF001
    assert known >= {*GIVEN}


@pytest.mark.parametrize("flag", [f for f in GIVEN if GIVEN[f] and f != "--histogram"])
def test_each_option_is_handed_on_by_plain_and_else_means_something_or_is_named(
    flag: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ran("0001", "0002", "--plain", *GIVEN[flag]) == 0
    assert "split" in capfd.readouterr().out or flag in {"--quiet", "-q"}
    assert Path("it.csv").exists() == (flag == "--csv")
    assert ran("0001", "0002", *GIVEN[flag]) == (0 if flag in OURS else 2)
    lines = capfd.readouterr().err.splitlines()
    assert [line.partition(" is for ")[2] for line in lines] == ([] if flag in OURS else [NAMED])


@pytest.mark.parametrize(
    "argv",
    [
        ["0001", "0002"],
        [],
        [f"{MACHINES[0]}/*"],
        ["0001"],
        ["0001_be*", "0002_"],
        ["*/0002"],
        [f".benchmarks/{machine}/0001_before.json" for machine in MACHINES],
    ],
    ids=str,
)  # fmt: skip
def test_plain_prints_what_the_stock_command_does(
    argv: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert ran(*argv, "--plain", "--sort", "fullname") == 0
    assert capfd.readouterr().out == stock("compare", "--sort", "fullname", *argv)


def test_a_file_beside_the_store_is_called_as_the_stock_command_does(
    capfd: pytest.CaptureFixture[str],
) -> None:
    files = [str(Path(side(Path(name), [1.0]), f"0000_{name}.json")) for name in ("-x", "b")]
    assert ran("--plain", "--", *files) == 0
    assert capfd.readouterr().out == stock("compare", *(f"./{file}" for file in files))


@pytest.mark.parametrize(
    "name",
    ["0001", "0002", "0001_", "0001_b", "*", "000*", f"{MACHINES[0]}/*", "*/0001", "*13*/0002*"],
)
def test_numbers_and_patterns_mean_what_they_mean_to_the_stock_command(name: str) -> None:
    its: Any = FileStorage(".benchmarks", Logger(Logger.QUIET))  # type: ignore[no-untyped-call]
    found = [file.resolve() for file in store.find_runs(name, Path(".benchmarks"))]
    assert found
    assert sorted(found) == sorted(its.query(name))


@pytest.mark.parametrize(
    "argv, words",
    [
        (["0001"], "two runs are compared, the old one first: pytest-against compare OLD NEW"),
        ([], "or see what is saved, without a verdict: --plain"),
        (["0001", "0002", "--sort", "mean"], "--sort mean is for pytest-benchmark's own"),
        (["0001", "0002", "--plain", "--sort", "ratio"], "--sort ratio is for verdicts; leave it"),
        (["0001", "0002", "--plain", "--sort", "worst"], "--sort worst is for verdicts; leave it"),
        (["0001", "0002", "--plain", "--allow-new"], "--allow-new is for verdicts; leave it out"),
        (["0001", "0002", "--plain", "--json", "x"], "--json is for verdicts; leave it out"),
        (["0001", "--plain", "--rows", "a b"], "--rows 'a b' is no expression"),
        (["0001", "--plain", "--columns", "no"], "cannot compare: py.test-benchmark compare: "),
        (["0001", "--plain", "--group-by", "param:x"], "pytest-benchmark cannot compare: "),
        (["0001", "--plain", "--between", "min", "--columns", "max"], "is not compatible with"),
        (["nothing", "--plain"], "no file, folder or saved run 'nothing'"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_named_in_a_line(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(*argv) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_storage_that_is_no_folder_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ran("0001", "0002", "--storage", "elasticsearch+http://host/index")
    assert ended.value.code == 2
    assert "is no folder; export its runs to one" in capsys.readouterr().err


def test_a_histogram_is_drawn_where_there_is_what_draws(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = ran("0001", "0002", "--plain", *GIVEN["--histogram"])
    drawn = [*Path().glob("drawn*.svg")]
    assert (code == 0 and drawn) or (code == 2 and "pygal" in capfd.readouterr().err)
    assert not any(SPLIT in file.name for file in drawn)
