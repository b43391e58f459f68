"""What READMEs and workflows tell to type exists, and what READMEs link to is there."""

import doctest
import io
import re
import shlex
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import entry_points
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from pytest_benchmark.cli import make_parser

from benchmarks.results import elsewhere, fuzz, kills, make, numpy_releases, peers, strangers
from pytest_against import cli
from tests.end_to_end.test_workflows import STEPS

ROOT: Final = Path(__file__).parents[2]
ENGINE: Final = "benchmarks/pytest-against/README.md"
LONGEST: Final = {"README.md": 250, "benchmarks/README.md": 250, ENGINE: 200}
PAGES: Final = [*LONGEST, "benchmarks/results/numpy-releases.md"]
COMPARE: Final[ArgumentParser] = make_parser()  # type: ignore[no-untyped-call]
_PROGRAMS: Final = "python -m benchmarks|pytest-against|pytest-benchmark|pytest|tox run|pip install"


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", read(page), re.DOTALL | re.MULTILINE)


def commands(page: str) -> Iterator[str]:
    """Return the commands of a page: in blocks for a terminal or of a workflow, and in a line."""
    for kind, block in blocks(page):
        start = {"console": r"\$ ", "yaml": r" *- run: "}.get(kind)
        if start:
            yield from re.findall(rf"^{start}(.+?)(?: +# .*)?$", block, re.MULTILINE)
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)
    for found in re.findall(r"`([^`]+)`", text):
        words = " ".join(found.split())
        if re.match(rf"(?:{_PROGRAMS}|python \S+\.py) \S", words):
            yield words


def lines(workflow_step: str) -> Iterator[str]:
    """Return the commands of a step that call Python or what it installs."""
    whole = STEPS[workflow_step]["run"].replace("\\\n", " ")
    yield from (line for line in whole.splitlines() if re.match(r" *(py|tox|pip)", line))


def helped(run: Callable[[list[str]], object], *words: str) -> str:
    """Return the help of a command."""
    shown = io.StringIO()
    with redirect_stdout(shown), pytest.raises(SystemExit, match=r"^0$"):
        run([*words, "--help"])
    return shown.getvalue()


@cache
def help_of_pytest() -> str:
    plugin = () if entry_points(group="pytest11", name="against") else ("-ppytest_against.plugin",)
    command = [sys.executable, "-m", "pytest", *plugin, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def check_options(words: list[str], known: str) -> None:
    for word in words:
        if re.match(r"--?[a-z]", word):
            option = re.escape(word.partition("=")[0])
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", known), f"no option {option}"


def check_pip(words: list[str]) -> None:
    groups = tomllib.loads(read("pyproject.toml"))["dependency-groups"]
    for before, word in pairwise(words):
        folder = re.sub(r".*#subdirectory=|\[\w+\]$", "", word)
        if before == "--group":
            assert word in groups
        elif before in ("-e", "--editable") or "#" in word or word.startswith("./"):
            assert (ROOT / folder / "pyproject.toml").is_file(), word


def check(command: str) -> None:
    """Fail unless each program of a line of the shell exists, and has the options."""
    shell = shlex.shlex(command, posix=True, punctuation_chars=True)
    shell.whitespace_split = True
    for between, words in groupby(shell, {"|", "||", "&&"}.__contains__):
        if not between:
            check_one([word.removeprefix(".venv/bin/") for word in words])


SCRIPTS: Final[dict[str, Callable[..., Any]]] = {
    "benchmarks/results/make.py": make.main,
    "benchmarks/results/elsewhere.py": elsewhere.main,
    "benchmarks/results/strangers.py": strangers.main,
    "benchmarks/results/fuzz.py": fuzz.parse,
    "benchmarks/results/kills.py": kills.parse,
}


def check_one(words: list[str]) -> None:
    match words:
        case ["python", "-m", "benchmarks", "history" | "peers" as name, *rest]:
            check_options(rest, helped({"history": numpy_releases, "peers": peers}[name].main))
        case ["python", "-m", "benchmarks", name, *rest] | ["pytest-against", name, *rest]:
            check_options(rest, helped(cli.main, name))
        case ["python", name, *rest] if name in SCRIPTS:
            passed_on = help_of_pytest() if SCRIPTS[name] is strangers.main else ""
            check_options(rest, helped(SCRIPTS[name]) + passed_on)
        case ["pytest-benchmark", name, *rest]:
            check_options(rest, helped(COMPARE.parse_args, name))
        case ["pytest", *rest] | ["python", "-m", "pytest", *rest]:
            check_options(rest, help_of_pytest())
            paths = [word for word in rest if re.match(r"(tests|benchmarks)(/|$)", word)]
            assert [path for path in paths if not (ROOT / path).exists()] == []
        case ["tox", "run", "-e", name, *rest]:
            assert name in ("py", "$TOX_ENV") or f"[testenv:{name}]\n" in read("tox.ini")
            if rest:
                assert rest[0] == "--"
                check_one(["pytest-against", name, *rest[1:]])
        case ["pip", "install", *rest] | ["python", "-m", "pip", "install", *rest]:
            check_pip(["", *rest])
        case ["python3", "-m", "venv", _] | ["cat", *_] | ["true"] | ["code=$?"]:
            pass
        case _:
            pytest.fail(f"no test knows the command {words}")


EVERY: Final = [(page, each) for page in PAGES for each in dict.fromkeys(commands(page))]
EVERY_LINE: Final = [(step, each) for step in STEPS for each in dict.fromkeys(lines(step))]


@pytest.mark.parametrize("where, command", EVERY + EVERY_LINE)
def test_every_command_exists(where: str, command: str) -> None:
    assert where
    check(command)


def test_commands_are_found() -> None:
    assert {page for page, _ in EVERY} == {*PAGES}
    for start in ("python -m pytest", "python -m benchmarks gate", "pytest-against gate", "tox "):
        assert any(line.strip().startswith(start) for _, line in EVERY_LINE), start


@pytest.mark.parametrize("command", [
    "python -m benchmarks gat", "python -m benchmarks gate --bse main", "cat a | make coffee",
    "pytest-benchmark compare --grup-by=group", "pytest --benchmark-onyl", "pytest tests/nowhere",
    "tox run -e nothing", "tox run -e gate -- --bse main", "pip install ./nowhere",
    "pip install -e . --group nobody", "python benchmarks/results/make.py --chek",
    "python benchmarks/results/elsewhere.py --chek",
])  # fmt: skip
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(command)


def test_the_two_commands_of_the_readme_are_the_first_and_run_on_a_bare_machine() -> None:
    first = list(commands("README.md"))[:2]
    assert [command.split()[-1] for command in first] == ["bench", "py"]
    assert [step["run"] for name, step in STEPS.items() if "tests/bare/Run" in name] == first


@pytest.mark.parametrize("page, longest", LONGEST.items())
def test_a_readme_is_no_longer_than_people_read(page: str, longest: int) -> None:
    assert len(read(page).splitlines()) <= longest


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    headings = re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
    targets = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", read(page))
    for target in map("".join, targets):
        path, _, anchor = target.partition("#")
        if not path:
            assert anchor in anchors, target
        elif "://" not in path:
            assert (ROOT / page).parent.joinpath(path).exists(), target


def test_examples_of_the_functions_are_right() -> None:
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert (failed, tried > 0) == (0, True)


def test_the_method_that_shows_how_to_add_one_is_in_the_code() -> None:
    shown = [text for _, text in blocks("README.md") if text.startswith("@method")]
    assert [text in read("relu_impls/methods.py") for text in shown] == [True]


def test_python_and_workflows_of_the_engine_can_be_parsed() -> None:
    parse: dict[str, Callable[[str], Any]] = {
        "yaml": lambda text: yaml.safe_load(text)["jobs"],
        "python": lambda text: compile(text, ENGINE, "exec"),
    }
    assert all(parse[kind](text) for kind, text in blocks(ENGINE) if kind in parse)
