"""What the READMEs tell people to type exists, and what they link to is there."""

from __future__ import annotations

import configparser
import doctest
import re
import shlex
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from benchmarks.results import make
from pytest_against import cli

ROOT: Final = Path(__file__).parents[2]
LONGEST: Final = {
    "README.md": 250,
    "benchmarks/README.md": 250,
    "benchmarks/pytest-against/README.md": 200,
}
PAGES: Final = [*LONGEST, "benchmarks/results/numpy-releases.md"]

RUN_BY_CI: Final = (ROOT / ".github/workflows/tests.yml", ROOT / ".ci/run")
OTHERS: Final = frozenset(
    {
        "pytest-benchmark compare",  # machines.yml runs it
        'cat gate.md >> "$GITHUB_STEP_SUMMARY"',  # measure.yml does
    }
)
_PLUGIN: Final = "pytest_against.plugin"
_PROGRAMS: Final = "python -m benchmarks|pytest-against|pytest-benchmark|pytest|tox run|pip install"


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def commands(page: str) -> Iterator[str]:
    """Return the commands of a page: in blocks for a terminal or of a workflow, and in a line."""
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```$", read(page), re.DOTALL | re.MULTILINE):
        start = {"console": r"\$ ", "yaml": r" *- run: "}.get(kind)
        if start:
            yield from re.findall(rf"^{start}(.+?)(?: +# .*)?$", block, re.MULTILINE)
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)
    for found in re.findall(r"`([^`]+)`", text):
        words = " ".join(found.split())
        if re.match(rf"(?:{_PROGRAMS}|python \S+\.py) \S", words):
            yield words


def helped(run: Callable[[list[str]], object], *words: str) -> str:
    """Return the help of a command."""
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArgumentParser, "_print_message", lambda _, text, __: shown.append(text))
        with pytest.raises(SystemExit) as left:
            run([*words, "--help"])
    assert left.value.code == 0, "".join(shown)
    return "".join(shown)


@cache
def help_of_pytest() -> str:
    plugin = () if entry_points(group="pytest11", name="against") else ("-p", _PLUGIN)
    command = [sys.executable, "-m", "pytest", *plugin, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def check_options(words: list[str], known: str) -> None:
    for word in words:
        if re.match(r"--?[a-z]", word):
            option = word.partition("=")[0]
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", known), (
                f"no option {option}"
            )


def check_engine(words: list[str]) -> None:
    if words[0] == "history":
        assert (ROOT / "benchmarks/results/numpy_releases.py").is_file()
        assert words == ["history"]
    else:
        check_options(words[1:], helped(cli.main, words[0]))


def check_pytest(words: list[str]) -> None:
    check_options(words, help_of_pytest())
    paths = [w for w in words if re.match(r"(tests|benchmarks)(/|$)", w)]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def check_tox(words: list[str]) -> None:
    assert words[:2] == ["run", "-e"]
    found = configparser.ConfigParser(interpolation=None)
    found.read(ROOT / "tox.ini")
    assert words[2] == "py" or f"testenv:{words[2]}" in found
    if "--" in words:
        check_engine([words[2], *words[words.index("--") + 1 :]])


def check_pip(words: list[str]) -> None:
    groups = tomllib.loads(read("pyproject.toml"))["dependency-groups"]
    for before, word in pairwise(words):
        folder = re.sub(r".*#subdirectory=|\[\w+\]$", "", word)
        if before == "--group":
            assert word in groups
        elif before == "-e" or "#" in word or word.startswith("./"):
            assert (ROOT / folder / "pyproject.toml").is_file(), f"nothing to install in {folder}"


CHECKS: Final[dict[str, Callable[[list[str]], None]]] = {
    "python -m benchmarks": check_engine,
    "pytest-against": check_engine,
    "pytest": check_pytest,
    "tox run": lambda words: check_tox(["run", *words]),
    "pip": check_pip,
    "python benchmarks/results/make.py": lambda words: check_options(words, helped(make.main)),
}

EVERY: Final = [(page, command) for page in PAGES for command in dict.fromkeys(commands(page))]


@pytest.mark.parametrize("page, command", EVERY)
def test_every_command_exists(page: str, command: str) -> None:
    lines = "\n".join(path.read_text("utf-8") for path in RUN_BY_CI).splitlines()
    if any(line.endswith(command) for line in lines):
        return
    words = shlex.split(command, comments=True)
    if any(command.startswith(other) for other in OTHERS):
        return
    for program, check in CHECKS.items():
        size = len(program.split())
        if words[:size] == program.split():
            check(words[size:])
            return
    pytest.fail(f"{page} has a command that no test knows: {command}")


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_found(page: str) -> None:
    assert [command for where, command in EVERY if where == page]


@pytest.mark.parametrize(
    "command",
    [
        "python -m benchmarks gat",
        "python -m benchmarks gate --bse main",
        "pytest --benchmark-onyl",
        "pytest tests/nowhere",
        "tox run -e nothing",
        "pip install ./nowhere",
        "pip install -e . --group nobody",
        "python benchmarks/results/make.py --chek",
        "make coffee",
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test_every_command_exists("README.md", command)


def test_the_two_commands_of_the_readme_are_the_first_and_ci_runs_them() -> None:
    first = list(commands("README.md"))[:2]
    assert [command.split()[-1] for command in first] == ["bench", "py"]
    workflow = RUN_BY_CI[0].read_text("utf-8")
    assert all(command in workflow for command in first)


@pytest.mark.parametrize("page, lines", LONGEST.items())
def test_a_readme_is_no_longer_than_people_read(page: str, lines: int) -> None:
    assert len(read(page).splitlines()) <= lines


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = read(page)
    headings = {_anchor(line) for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    targets = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text)
    for target in map("".join, targets):
        path, _, anchor = target.partition("#")
        if not path:
            assert anchor in headings, target
        elif "://" not in path:
            assert (ROOT / page).parent.joinpath(path).exists(), target


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_examples_of_the_functions_are_right() -> None:
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert (failed, tried > 0) == (0, True)


def test_the_method_that_shows_how_to_add_one_is_in_the_code() -> None:
    blocks = re.findall(
        r"^```python\n(@method.*?)^```$", read("README.md"), re.DOTALL | re.MULTILINE
    )
    assert len(blocks) == 1
    assert blocks[0] in read("relu_impls/methods.py")


@pytest.mark.parametrize("page", ["benchmarks/pytest-against/README.md"])
def test_python_and_workflows_of_a_page_can_be_parsed(page: str) -> None:
    yaml = pytest.importorskip("yaml")
    for kind, block in re.findall(r"^```(\w+)\n(.*?)^```$", read(page), re.DOTALL | re.MULTILINE):
        if kind == "yaml":
            assert yaml.safe_load(block)["jobs"]
        elif kind == "python":
            compile(block, page, "exec")
