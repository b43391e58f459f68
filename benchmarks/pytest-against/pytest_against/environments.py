"""Environments: the interpreters of sides that do not share one, and what is installed there.

One is this interpreter's, with other releases or a tree installed in front of what is here: the
sides differ in what was asked for and in nothing else, and nothing is fetched that is not needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from filelock import FileLock
from packaging.requirements import Requirement

from pytest_against.model import CannotJudgeError, few, short

KEPT: Final = 16
"""Environments that are kept: those that were used last."""

_COMPLETE: Final = "complete"  # a file in an environment, the last that is written
_NAMED: Final = 5  # distributions that a note names
_TOLD: Final = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "RUSTFLAGS", "CMAKE_ARGS")
# Trees have no history to tell their version.
_VERSION: Final = {"SETUPTOOLS_SCM_PRETEND_VERSION": "0", "PDM_BUILD_SCM_VERSION": "0"}
_PROBE: Final = """
import json, os, platform, sys
from importlib.metadata import distributions
# Without the folder that we are in, and the standard library, which every environment has: if it
# came from a .pth file there, pip would take it away from what builds a wheel.
own = os.path.dirname(os.__file__)
parts = (".zip", "lib-dynload", "DLLs")
path = [each for each in sys.path if each and each != own and not each.endswith(parts)]
found = {}
for each in distributions(path=path):
    found.setdefault(str(each.metadata["Name"]), each.version)
name = platform.python_implementation() + " " + platform.python_version()
print(json.dumps([list(sys.version_info[:2]), name, found, path]))
"""


@dataclass(frozen=True, slots=True)
class Software:
    """What an interpreter is, and what is installed for it."""

    python: str
    versions: Mapping[str, str]
    """By the name of the distribution, as PyPI spells it."""
    path: tuple[str, ...]
    """Where it imports from."""


def find_python(given: str) -> str:
    """Return the path of an interpreter that has what runs tests; refuse any other."""
    python = shutil.which(given)
    if python is None:
        words = f"{short(given)} is no interpreter; name one, as python3.13 or .venv/bin/python"
        raise CannotJudgeError(words)
    python = os.path.abspath(python)  # noqa: PTH100 - a link is what makes it that of an environment
    has = software(python).versions
    for name in ("pytest", "pytest-benchmark"):
        if name not in has:
            mend = f"{short(python)} -m pip install pytest pytest-benchmark"
            raise CannotJudgeError(f"{short(python)} has no {name}; install it there: {mend}")
    return python


def software(python: str) -> Software:
    """Ask an interpreter what it is and what it has."""
    try:
        done = subprocess.run(  # noqa: S603 - what the user names, or we made
            [python, "-c", _PROBE],
            capture_output=True,
            check=True,
            text=True,
        )
        version, name, found, path = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().rpartition("\n")[2] or f"it exited with {error.returncode}"
        raise CannotJudgeError(f"{short(python)} does not run as Python ({short(said)})") from None
    except (OSError, ValueError) as error:
        raise CannotJudgeError(f"{short(python)} does not run as Python ({short(error)})") from None
    if version < [3, 11]:
        raise CannotJudgeError(f"{short(python)} is {name}; name Python 3.11 or newer")
    return Software(name, {_plain(key): value for key, value in found.items()}, tuple(path))


def differences(base: Software, head: Software) -> list[str]:
    """Say how the software of two sides differs, in a note for a report; nothing if it does not."""
    was, now = ({"python": each.python, **each.versions} for each in (base, head))
    both = [name for name in ("python", *sorted(base.versions)) if name in now]
    changed = [f"{name} {was[name]} -> {now[name]}" for name in both if was[name] != now[name]]
    found = [f"other software than on the base: {', '.join(changed)}"] if changed else []
    for side, names in (("base", was.keys() - now.keys()), ("head", now.keys() - was.keys())):
        if names:
            found.append(f"only on the {side}: {few(sorted(names), _NAMED)}")
    return found


def environment(
    requirements: Sequence[str] = (), tree: Path | None = None, folder: Path | None = None
) -> str:
    """Return an interpreter like this one, with some other releases, and a tree installed.

    It is made once, and kept in a folder, by default the user's cache.  A requirement is one of
    pip's, such as ``numpy==2.3.4``; what neither the environment nor this one has of what these or
    the tree need is installed, too.
    """
    here = software(sys.executable)
    try:
        folder = folder or Path.home() / ".cache" / "pytest-against"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            # Names of equal length, since what a process keeps of them moves its memory.
            place = folder / _key(here, requirements, tree)
            python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
            complete = place / _COMPLETE
            if not complete.exists():
                shutil.rmtree(place, ignore_errors=True)  # what was interrupted
                _make(place, str(python), here, requirements, tree)
            complete.touch()
            others = [path.parent for path in folder.glob(f"*/{_COMPLETE}") if path != complete]
            used = sorted(others, key=lambda path: (path / _COMPLETE).stat().st_mtime)
            for old in used[: 1 - KEPT]:
                shutil.rmtree(old, ignore_errors=True)
    except (OSError, RuntimeError) as error:  # or there is no home
        where = folder or "the cache"
        words = f"cannot keep an environment in {where} ({error}); make room and check the rights"
        raise CannotJudgeError(words) from None
    return str(python)


def _key(here: Software, requirements: Sequence[str], tree: Path | None) -> str:
    """Return a name for all that an environment depends on."""
    told = {name: os.environ[name] for name in _TOLD if name in os.environ}
    found = hashlib.blake2b(repr((sys.executable, here, sorted(requirements), told)).encode())
    if tree is not None:
        for file in sorted(path for path in tree.rglob("*") if path.is_file()):
            about = file.relative_to(tree), os.access(file, os.X_OK)
            found.update(repr(about).encode() + hashlib.blake2b(file.read_bytes()).digest())
    return found.hexdigest()[:16]


def _make(
    place: Path, python: str, here: Software, requirements: Sequence[str], tree: Path | None
) -> None:
    uv, install = shutil.which("uv"), installer(python)
    if not (uv or "pip" in here.versions):
        words = "an environment is made by uv or pip, and neither is here; install one"
        raise CannotJudgeError(f"{words}: {sys.executable} -m ensurepip")
    # Without a pip of its own, so that it sees that of here, and no other setuptools.
    plain = [sys.executable, "-m", "venv", "--without-pip"]
    run([*([uv, "venv", "--python", sys.executable] if uv else plain), str(place)])
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(place)}))
    # What is here comes after what is installed there; the rest is in both, and named once only.
    site.joinpath("_here.pth").write_text("".join(f"{path}\n" for path in here.path), "utf-8")
    if requirements:
        run([*install, "--no-deps", *requirements])
    if tree is not None:
        run([*install, "--no-deps", str(tree)])
    if missing := list(_unmet([str(site)], here.path)):
        run([*install, *missing])


def installer(python: str) -> list[str]:
    """Return the command that installs something for an interpreter."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", python]
    return [python, "-m", "pip", "--disable-pip-version-check", "install"]


def _unmet(site: Sequence[str], here: Sequence[str]) -> Iterator[str]:
    """Return the requirements of what is in some folders that it and others do not meet."""
    has: dict[str, str] = {}
    for each in distributions(path=[*site, *here]):
        has.setdefault(_plain(str(each.metadata["Name"])), each.version)
    for each in distributions(path=list(site)):
        for needs in map(Requirement, each.requires or ()):
            version = has.get(_plain(needs.name), "")
            asked = needs.marker is None or needs.marker.evaluate({"extra": ""})
            if asked and not (version and needs.specifier.contains(version, prereleases=True)):
                yield str(needs)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def run(command: Sequence[str]) -> str:
    """Return what a command says; refuse with its last line that tells of an error if it fails."""
    try:
        with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
            temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)  # where uv leaves locks
            done = subprocess.run(  # noqa: S603 - fixed words, and what the user named
                command,
                capture_output=True,
                check=False,
                text=True,
                errors="replace",
                env={**_VERSION, **os.environ, **temporary},
            )
        said = done.stderr + done.stdout
        if not done.returncode:
            return said
    except OSError as error:
        said = str(error)
    lines = [line for line in said.splitlines() if line.strip()]
    told = [line for line in lines if "error: " in line] or lines
    words = shlex.join([Path(command[0]).name, *command[1:]])
    raise CannotJudgeError(
        f"`{short(words)}` failed: {short(''.join(told[-1:]))}; run it in a checkout to see more, "
        "and mind that it needs uv or pip, and the network"
    )
