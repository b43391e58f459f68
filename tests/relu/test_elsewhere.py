"""Other packages: they are asked, kept, compared and shown; NumPy stands in for all of them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import yaml

from benchmarks.results import elsewhere
from benchmarks.results.elsewhere import (
    Package,
    ask,
    environment,
    main,
    packages,
    packages_here,
)
from benchmarks.results.elsewhere_data import (
    Row,
    differences,
    dump,
    load,
    unsigned,
)
from benchmarks.results.elsewhere_driver import Answer, questions
from pytest_against.model import CannotJudgeError

STORED: Final = load(elsewhere.DATA)
REFERENCES: Final = [row for row in STORED if row.package == "numpy"]
MAXIMUM: Final = REFERENCES[0]
NUMPY: Final = {"distribution": "numpy", "spellings": ["np.maximum(x, 0)"], "lengths": [1, 67]}


def package(**probe: Any) -> Package:
    return Package("it", ("it==1",), NUMPY | probe)


def row(answers: Mapping[str, Answer] | None = None, package: str = "it") -> Row:
    """Return a row that answers as np.maximum does, but for some answers."""
    return Row(package, "1", "relu(x)", "eager", answers={**MAXIMUM.answers, **(answers or {})})


def test_every_package_has_a_probe_and_is_stored() -> None:
    stored = {row.package for row in STORED}
    needs_gpu = {each.name for each in packages_here([])}
    assert {each.name for each in packages([])} == stored - needs_gpu
    assert {path.stem for path in elsewhere.PROBES.glob("*.toml")} >= stored
    assert len(stored) > 30
    for each in packages([]):
        asked = {(s, v) for s, v, _ in questions(dict(each.probe))}
        rows = [row for row in STORED if row.package == each.name and not row.error]
        assert {(row.spelling, row.variant) for row in rows} in ({*asked}, set())
        release = rows[0].version.partition("+")[0] if rows else ""
        assert f"=={release}" in "".join(each.requires)


def test_the_weekly_workflow_asks_every_package_once() -> None:
    file = Path(__file__).parents[2] / ".github" / "workflows" / "elsewhere.yml"
    groups = yaml.safe_load(file.read_text("utf-8"))["jobs"]["ask"]["strategy"]["matrix"]["include"]
    asked = [name for group in groups for name in group["packages"].split()]
    assert sorted(asked) == sorted(each.name for each in packages([]))


def test_numpy_answers_what_is_stored_of_it() -> None:
    probe = {"setup": "", "gradient": "np.where(x > 0, g, 0)"}
    [found] = ask(package(**probe), sys.executable)
    for part in ("float32", "int8", "uint8", "int32", "int64", "bool", "slope 1", "slope inf"):
        assert unsigned(found.answers[part]) == unsigned(MAXIMUM.answers[part])
    assert found.answers["tail nan"] == ["nan: place 0 of 1"]
    assert "bfloat16" not in found.answers


@pytest.mark.parametrize(
    "spelling, part, answer",
    [
        ("x[x < 0] = 0", "int8", ["int8", "kept", "0", "0", "0", "1", "127"]),
        ("[v for v in x]", "bool", ["", "list", "False", "True"]),
        ("np.array([*x[:1], None], object)", "uint8", ["object", "kept", "0", "null"]),
        ("x.nothing", "int8", "AttributeError"),
        ("os._exit(7)", "int8", "ends the process with 7"),
        ("np.where(x.size > 7, 1, x)", "tail nan", ["nan: place 0 of 1", "1: place 0 of 67"]),
    ],
)
def test_whatever_a_spelling_does_is_an_answer(spelling: str, part: str, answer: Any) -> None:
    if "exit" in spelling:
        spelling = f"{spelling} if x.dtype == np.int8 else x"
    setup = "import os"
    dtype = "getattr(y, 'dtype', '')"
    found = ask(package(spellings=[spelling], setup=setup, dtype=dtype), sys.executable)
    assert (len(found), found[0].answers[part]) == (1, answer)
    assert len(found[0].answers) == len(questions(NUMPY))


def test_what_takes_too_long_is_not_waited_for() -> None:
    slow = package(setup="import time", spellings=["x if x.dtype.kind == 'f' else time.sleep(99)"])
    [found] = ask(slow, sys.executable, 5)
    assert found.answers["float64"][0] == "float64"
    assert found.answers["bool"] == "no answer within 5 s"
    with pytest.raises(CannotJudgeError, match="did not answer within 2 s"):
        ask(package(setup="import time; time.sleep(99)"), sys.executable, 2)


def test_variants_are_functions_of_the_spelling() -> None:
    variants = {"eager": "f", "doubled": "lambda x: f(f(x) + f(x))"}
    plain, doubled = ask(package(variants=variants), sys.executable)
    assert (plain.variant, doubled.variant) == ("eager", "doubled")
    assert doubled.answers["int8"] == ["int8", "kept", "0", "0", "0", "2", "0"]  # it wraps


@pytest.mark.parametrize(
    "setup, words",
    [
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("import sys; sys.exit('two\\nlines')", "SystemExit: two lines"),
        ("import os; os._exit(3)", "its process ended with 3"),
        ("print('said'); raise ValueError", "ValueError: "),
    ],
)
def test_a_package_that_does_not_run_is_a_row_that_says_so(setup: str, words: str) -> None:
    assert ask(package(setup=setup), sys.executable) == [Row("it", error=words)]


def test_rows_are_read_as_they_were_written_and_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(dump(STORED), "utf-8")
    assert load(path) == STORED
    assert path.read_text("utf-8") == elsewhere.DATA.read_text("utf-8")
    path.write_text('{"package": "a"}\n{"pack": 1}\n', "utf-8")
    with pytest.raises(CannotJudgeError, match=r"line 2 is no answer .*; run python"):
        load(path)


@pytest.mark.parametrize(
    "found, lines",
    [
        ([row()], []),
        ([row({"tail -0.0": ["-0: place 0 of 1", "0: place 0 of 2"]})], []),
        (
            [row({"int8": "TypeError"})],
            ["it relu(x) eager, int8: was int8 kept 0 0 0 1 127, is TypeErr"],
        ),
        ([row({"tail nan": ["0: place 3 of 9"]})], ["it relu(x) eager, tail nan: was nan, is 0"]),
        ([Row("it", error="gone")], ["it relu(x) eager: is gone", "it: is new: gone"]),
        ([], []),
        ([row(package="other")], ["other relu(x) eager: is new"]),
    ],
)
def test_what_changed_is_a_line_each_but_for_signs(found: list[Row], lines: list[str]) -> None:
    told = differences([row()], found)
    assert len(told) == len(lines)
    for line, words in zip(told, lines, strict=True):
        assert line.startswith(words)


@pytest.mark.parametrize("uv", [None, "/bin/uv"])
def test_an_environment_is_made_once_and_anew_after_a_failure(
    uv: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> str:
        commands.append(command)
        next_to = Path(command[-1])
        if "venv" in command:
            next_to.mkdir()
        if len(commands) == 2:
            raise CannotJudgeError("no network")
        return ""

    monkeypatch.setattr(elsewhere, "run", run)
    monkeypatch.setattr("shutil.which", lambda _: uv)
    with pytest.raises(CannotJudgeError, match="no network"):
        environment(["a==1"], tmp_path)
    python = environment(["a==1"], tmp_path)
    assert (environment(["a==1"], tmp_path), len(commands)) == (python, 4)
    assert commands[3][-1] == "a==1"
    assert python in commands[3]
    assert (environment(["a==1"], tmp_path, anew=True), len(commands)) == (python, 6)
    assert environment(["a==2"], tmp_path) != python


def test_the_newest_have_no_pins_and_a_name_that_is_none_is_refused() -> None:
    [torch] = packages(["torch"], newest=True)
    assert torch.requires == ("torch", "numpy")
    with pytest.raises(
        CannotJudgeError, match="no package triton: it is asked on a GPU, by --here"
    ):
        packages(["triton"])
    with pytest.raises(CannotJudgeError, match=r"no package torhc; there are autograd, "):
        packages(["torhc"])


def test_what_is_like_another_package_has_what_it_lacks_of_that() -> None:
    [torch, cuda] = packages_here(["torch", "torch-cuda"])
    assert cuda.requires == ()
    assert cuda.probe["spellings"] == torch.probe["spellings"]
    assert cuda.probe["array"] == f"{torch.probe['array']}.cuda()"
    with pytest.raises(CannotJudgeError, match="no package torhc; there are autograd, "):
        packages_here(["torhc"])


def test_a_row_says_which_device_it_was_measured_on() -> None:
    [found] = ask(package(device="'abacus'"), sys.executable)
    assert found.measured.startswith("abacus")
    assert f"NumPy {np.__version__}; 20" in found.measured
    [missing] = ask(package(device="1 / 0"), sys.executable)
    assert missing == Row("it", error="ZeroDivisionError: division by zero")


@pytest.fixture
def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stored data, of which this interpreter's NumPy answers everything asked."""
    (tmp_path / "elsewhere.jsonl").write_text(dump([*REFERENCES, Row("jax", error="no")]))
    monkeypatch.setattr(elsewhere, "environment", lambda *_, **__: sys.executable)
    monkeypatch.setattr(elsewhere, "ask", lambda package, *_: [row(package=package.name)])
    return tmp_path


def test_the_command_asks_once_writes_and_shows(
    answered: Path, capsys: Any, monkeypatch: Any
) -> None:
    assert main(["jax", "--cache", str(answered / "cache")], answered) == 0
    assert "1 of 1: jax: 1, 1 row" in capsys.readouterr().err
    assert load(answered / "elsewhere.jsonl") == [row(package="jax"), *REFERENCES]
    assert "\n## jax 1\n" in (answered / "elsewhere.md").read_text()
    monkeypatch.setattr(elsewhere, "ask", None)  # what was answered is kept
    assert main(["jax", "--cache", str(answered / "cache")], answered) == 0


@pytest.mark.parametrize("option", ["--check", "--newest"])
def test_a_check_lists_what_changed_and_writes_nothing(
    option: str, answered: Path, capsys: Any, monkeypatch: Any
) -> None:
    asked = ["jax", option, "--cache", str(answered / "cache")]
    before = (answered / "elsewhere.jsonl").read_bytes()
    assert main(asked, answered) == 1
    lines = ["* jax: is gone", "* jax relu(x) eager: is new"]
    assert capsys.readouterr().out.splitlines() == lines
    assert (answered / "elsewhere.jsonl").read_bytes() == before
    monkeypatch.setattr(elsewhere, "ask", lambda *_: [Row("jax", error="no")])
    assert main(asked, answered) == 0
    assert capsys.readouterr().out == "Nothing changed.\n"


def test_what_is_asked_here_is_written_apart_and_merged_later(
    answered: Path, capsys: Any, monkeypatch: Any
) -> None:
    apart, stored = answered / "gpu.jsonl", answered / "elsewhere.jsonl"
    before = stored.read_bytes()
    on_gpu = [replace(row(package="cupy"), measured="abacus")]
    monkeypatch.setattr(elsewhere, "ask", lambda *_: on_gpu)
    assert main(["cupy", "--here", str(apart)], answered) == 0
    assert (load(apart), stored.read_bytes()) == (on_gpu, before)
    assert main(["--merge", str(apart)], answered) == 0
    assert load(stored) == [*on_gpu, Row("jax", error="no"), *REFERENCES]
    assert "Measured on: abacus." in (answered / "elsewhere.md").read_text("utf-8")
    assert main(["--merge", str(answered / "none")], answered) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_what_cannot_be_installed_is_a_row_and_what_cannot_be_read_a_line(
    answered: Path, capsys: Any, monkeypatch: Any
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise CannotJudgeError("is not installed: no wheel")

    monkeypatch.setattr(elsewhere, "environment", fails)
    assert main(["jax", "--cache", str(answered / "cache")], answered) == 0
    assert load(answered / "elsewhere.jsonl")[0] == Row("jax", error="is not installed: no wheel")
    (answered / "elsewhere.jsonl").write_text("{")
    assert main(["jax"], answered) == 2
    assert capsys.readouterr().err.count("\n") == 2
