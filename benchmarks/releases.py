"""Releases of NumPy, each in an environment of its own that holds nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.errors import CannotJudgeError

_PIP: Final = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")
_WHEELS: Final = ("--no-deps", "--only-binary=:all:")
_NO_MATCH: Final = "No matching distribution"


def version_key(release: str) -> tuple[int, ...]:
    """Return what orders releases: ``1.26.4`` comes before ``2.0.0``.

    Raises
    ------
    CannotJudgeError
        If it is not the number of a release.
    """
    parts = release.split(".")
    if not all(part.isdecimal() for part in parts) or len(parts) not in {2, 3}:
        raise CannotJudgeError(f"{release!r} is no release of NumPy; write one as 2.1 or 2.1.3")
    return tuple(map(int, parts))


def newest(requirement: str, pip: Callable[..., subprocess.CompletedProcess[str]]) -> str | None:
    """Return the newest release with wheels for this Python that meets a requirement.

    Parameters
    ----------
    requirement : str
        As ``numpy<2.1``.
    pip : callable
        Runs ``pip install`` with some options, and returns what became of it.

    Returns
    -------
    str or None
        None if there is none.

    Raises
    ------
    CannotJudgeError
        If pip fails otherwise: no network, say.
    """
    done = pip("--dry-run", "--ignore-installed", "--report=-", requirement)
    if done.returncode == 0:
        report = json.loads(done.stdout)
        return str(report["install"][0]["metadata"]["version"])
    # With no network at all, nothing matches either, but no versions are listed then.
    if _NO_MATCH in done.stderr and "(from versions: none)" not in done.stderr:
        return None
    raise CannotJudgeError(_pip_failed(requirement, done))


def every_minor(pip: Callable[..., subprocess.CompletedProcess[str]]) -> list[str]:
    """Return the newest patch of every minor release that has wheels, oldest first."""
    found: list[str] = []
    below = ""
    while (release := newest(f"numpy{below}", pip)) is not None:
        found.append(release)
        below = f"<{'.'.join(release.split('.')[:2])}"
    return found[::-1]


def resolve(
    wanted: Sequence[str], pip: Callable[..., subprocess.CompletedProcess[str]]
) -> list[str]:
    """Return the full numbers of releases, oldest first; a minor stands for its newest patch.

    Raises
    ------
    CannotJudgeError
        If one has no wheels for this Python.
    """
    found = set()
    for release in wanted:
        full = release if len(version_key(release)) > len(("major", "minor")) else None
        full = full or newest(f"numpy=={release}.*", pip)
        if full is None:
            raise CannotJudgeError(
                f"NumPy {release} has no wheels for Python {sys.version.split()[0]}; choose another"
            )
        found.add(full)
    return sorted(found, key=version_key)


@dataclass(frozen=True, slots=True)
class Releases:
    """Environments in a folder, made when they are first asked for.

    Attributes
    ----------
    folder : Path
        Where they are kept.
    """

    folder: Path

    def python(self, release: str) -> str:
        """Return the interpreter that has a release of NumPy.

        Raises
        ------
        CannotJudgeError
            If the release cannot be installed.
        """
        place = self.folder.resolve() / f"{sys.implementation.cache_tag}-numpy-{release}"
        python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
        complete = place / "complete"
        if not (complete.exists() and python.exists()):
            shutil.rmtree(place, ignore_errors=True)
            venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(place)
            requirement = f"numpy=={release}"
            done = _run([str(python), *_PIP, *_WHEELS, requirement])
            if done.returncode:
                raise CannotJudgeError(_pip_failed(requirement, done))
            complete.touch()  # last of all, so that what was interrupted is made anew
        return str(python)


def pip_install(*options: str) -> subprocess.CompletedProcess[str]:
    """Run ``pip install`` of this interpreter, for wheels only."""
    return _run([sys.executable, *_PIP, *_WHEELS, *options])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a fixed command
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def _pip_failed(requirement: str, done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    words = lines[-1] if lines else done.stderr.strip().rpartition("\n")[2]
    return f"pip cannot install {requirement} ({words}); check the network, or name --releases"
