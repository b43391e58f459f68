"""Environments: made once, like this one but for what is asked for, and never used half-made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from sysconfig import get_path
from typing import Any, Final
from unittest.mock import Mock

import pytest

from pytest_against import environments
from pytest_against.environments import Software, differences, environment, find_python, software
from pytest_against.model import CannotJudgeError
from tests.against.repository import put

HERE: Final = Software("CPython 3.11.7", {"numpy": "2.4", "a": "1", "b": "1"}, ("/here/site",))


class Installer:
    """Plays uv and pip: it notes commands, and puts what they would install where it belongs."""

    def __init__(self, **needs: str) -> None:
        self.commands: list[str] = []
        self.fails = ""
        self.site = Path()
        self.needs = needs

    def run(self, command: Sequence[str]) -> str:
        self.commands.append(" ".join(command))
        if self.fails and self.fails in self.commands[-1]:
            raise CannotJudgeError("no network")
        if "venv" in command:
            self.site = Path(get_path("purelib", "venv", {"base": command[-1]}))
            self.site.mkdir(parents=True)
        for word in command if "--no-deps" in command else ():
            name, equal, version = word.partition("==")
            if equal or word == command[-1]:
                name = Path(name).name
                about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version or 1}\n"
                about += f"Requires-Dist: {self.needs[name]}\n" if name in self.needs else ""
                put(self.site, f"{name}-{version or 1}.dist-info/METADATA", about)
        return ""


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    found = Installer()
    monkeypatch.setattr(environments, "run", found.run)
    monkeypatch.setattr("shutil.which", lambda _: "/bin/uv")
    monkeypatch.setattr(environments, "software", lambda _: HERE)
    return found


def test_one_is_made_once_and_anew_after_a_failure(tmp_path: Path, installer: Installer) -> None:
    installer.fails = "numpy==2.3"
    with pytest.raises(CannotJudgeError, match="no network"):
        environment(["numpy==2.3"], folder=tmp_path)
    installer.fails = ""
    python = environment(["numpy==2.3"], folder=tmp_path)
    assert len(installer.commands) == 4  # what was half-made is gone
    assert installer.commands[-1] == f"/bin/uv pip install --python {python} --no-deps numpy==2.3"
    assert environment(["numpy==2.3"], folder=tmp_path) == python
    assert len(installer.commands) == 4
    assert (installer.site / "_here.pth").read_text() == "/here/site\n"


def test_one_belongs_to_what_it_was_made_of(
    tmp_path: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    put(tree, "a/b.py", "1")
    made = [environment(tree=tree, folder=tmp_path / "kept") for _ in range(2)]
    put(tree, "a/b.py", "2")
    made += [environment(tree=tree, folder=tmp_path / "kept") for _ in range(2)]
    (tree / "a" / "b.py").rename(tree / "c.py")
    made.append(environment(tree=tree, folder=tmp_path / "kept"))
    (tree / "c.py").chmod(0o755)
    made.append(environment(tree=tree, folder=tmp_path / "kept"))
    monkeypatch.setenv("CFLAGS", "-O0")
    made.append(environment(tree=tree, folder=tmp_path / "kept"))
    made.append(environment(["x==1"], tree=tree, folder=tmp_path / "kept"))
    assert [made.index(each) for each in made] == [0, 0, 2, 2, 4, 5, 6, 7]
    assert len({len(each) for each in made}) == 1
    assert sum(f"--no-deps {tree}" in each for each in installer.commands) == 6


def test_those_used_last_are_kept(
    tmp_path: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "KEPT", 2)
    made = []
    for number, name in enumerate(("a==1", "b==1", "a==1", "c==1")):
        made.append(Path(environment([name], folder=tmp_path)).parents[1])
        os.utime(made[-1] / "complete", (number, number))
    assert [place.exists() for place in made] == [True, False, True, True]
    assert installer.site.is_relative_to(made[-1])


@pytest.mark.usefixtures("installer")
def test_none_goes_as_long_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "KEPT", 4)
    made = [Path(environment([f"{name}==1"], folder=tmp_path)) for name in "abcd"]
    assert [python.parents[1].exists() for python in made] == [True] * 4


def test_one_is_refused_where_nothing_could_install_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(environments, "software", lambda _: HERE)
    with pytest.raises(CannotJudgeError, match=r"neither is here; install one: .* -m ensurepip"):
        environment(["a==1"], folder=tmp_path)


@pytest.mark.parametrize(
    "needs, more",
    [
        ("numpy>=2", ""),  # which is here
        ("Numpy<2", "Numpy<2"),
        ("other", "other"),
        ("other; python_version < '3'", ""),
        ("other; extra == 'all'", ""),
    ],
)
def test_what_is_needed_and_not_here_is_installed_too(
    tmp_path: Path, installer: Installer, needs: str, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(
        tmp_path,
        "here/numpy-2.4.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: numpy\nVersion: 2.4\n",
    )
    installer.needs = {"x": needs}
    here = (str(tmp_path / "here"),)
    monkeypatch.setattr(environments, "software", lambda _: replace(HERE, path=here))
    asked = f"/bin/uv pip install --python {environment(['x==1'], folder=tmp_path)}"
    assert installer.commands[2:] == ([f"{asked} {more}"] if more else [])


def test_without_uv_the_pip_of_here_installs(
    tmp_path: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    has = replace(HERE, versions={"pip": "26.3"})
    monkeypatch.setattr(environments, "software", lambda _: has)
    python = environment(["x==1"], folder=tmp_path)
    make, install = installer.commands
    assert make.startswith(f"{sys.executable} -m venv --without-pip {tmp_path}")
    assert install == f"{python} -m pip --disable-pip-version-check install --no-deps x==1"


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "file")
    with pytest.raises(CannotJudgeError, match=r"^cannot keep an environment in .*; make room"):
        environment(folder=tmp_path / "file" / "below")
    monkeypatch.setattr(Path, "home", Mock(side_effect=RuntimeError("no home")))
    with pytest.raises(CannotJudgeError, match=r"environment in the cache \(no home\)"):
        environment()


@pytest.mark.parametrize(
    "code, words",
    [
        ("print('one\\nerror: two\\nthree'); sys.exit(1)", "two; run it in a checkout"),
        ("sys.exit('one\\ntwo')", "two; run it in a checkout"),
    ],
)
def test_a_command_that_fails_is_named_with_what_it_said(code: str, words: str) -> None:
    environments.run([sys.executable, "-c", "print('error: no')"])
    with pytest.raises(CannotJudgeError, match=rf"^`python.* -c .*` failed: .*{words}"):
        environments.run([sys.executable, "-c", f"import sys; {code}"])
    with pytest.raises(CannotJudgeError, match=r"^`no-program x` failed: .*No such file"):
        environments.run(["/no-program", "x"])


@pytest.mark.parametrize(
    "base, notes",
    [
        (HERE, []),
        (
            Software("P12", {"numpy": "2.3", "a": "1", "c": "2"}, ("x",)),
            [
                "other software than on the base: python P12 -> CPython 3.11.7, numpy 2.3 -> 2.4",
                "only on the base: c",
                "only on the head: b",
            ],
        ),
        (
            replace(HERE, versions={**HERE.versions, **dict.fromkeys("tuvwxyz", "1")}),
            ["only on the base: t, u, v, w, x and 2 more"],
        ),
    ],
)
def test_what_differs_is_named(base: Software, notes: list[str]) -> None:
    assert differences(base, HERE) == notes


def test_an_interpreter_says_what_it_is_and_has() -> None:
    found = software(sys.executable)
    assert found.python.endswith(" " + ".".join(map(str, sys.version_info[:3])))
    assert found.versions["pytest"] == pytest.__version__
    assert "" not in found.path
    # From a .pth file, it would be taken away from what builds a wheel with pip.
    standard = {*sysconfig.get_paths().values()} - {
        *map(sysconfig.get_path, ("purelib", "platlib"))
    }
    assert standard.isdisjoint(found.path)


@pytest.mark.parametrize(
    "said, words",
    [
        (FileNotFoundError("gone"), r"python does not run as Python \(gone\)"),
        (subprocess.CalledProcessError(3, "x", stderr="\n"), r"as Python \(it exited with 3\)$"),
        (subprocess.CalledProcessError(1, "x", stderr="a\nno\n"), r"run as Python \(no\)$"),
        ("what?", "python does not run as Python"),
        ('[[3, 9], "CPython 3.9.1", {}, []]', r"is CPython 3\.9\.1; name Python 3\.11 or newer"),
        ('[[3, 12], "CPython 3.12.1", {"pytest": "9"}, []]', "has no pytest-benchmark; install"),
        ('[[3, 12], "C", {"pytest": "9", "pytest_benchmark": "5"}, []]', ""),
    ],
)
def test_an_interpreter_that_cannot_run_tests_is_refused(
    said: Any, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*_: Any, **__: Any) -> Any:
        if isinstance(said, Exception):
            raise said
        return subprocess.CompletedProcess([], 0, said)

    put(tmp_path, "python")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.chdir(tmp_path)
    if words:
        with pytest.raises(CannotJudgeError, match=words):
            find_python("./python")
    else:
        assert find_python("./python") == str(tmp_path / "python")
    with pytest.raises(CannotJudgeError, match="no-such is no interpreter; name one"):
        find_python("no-such")
