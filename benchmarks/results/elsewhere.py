"""Ask other packages what ReLU is: ``python benchmarks/results/elsewhere.py [NAME ...]``.

Each package gets an environment, in the user's cache folder, and a process that answers what its
file in ``elsewhere_probes`` says.  What was answered is kept there, too, until the releases, the
probe or the driver change; a run that was interrupted goes on where it was.

What needs a GPU is asked on a machine that has one, with ``--here --out FILE``: without an
environment of its own, and with nothing of ours but this folder.  ``--merge FILE`` takes it in.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[2]))  # as a script it knows its folder only

from benchmarks.results import elsewhere_driver, elsewhere_speed
from benchmarks.results.elsewhere_data import Row, differences, dump, load
from benchmarks.results.elsewhere_driver import Answer, questions
from benchmarks.results.elsewhere_page import page
from pytest_against.environments import installer, run
from pytest_against.files import replace
from pytest_against.model import CannotJudgeError, count, short

HERE: Final = Path(__file__).resolve().parent
DATA: Final = HERE / "elsewhere.jsonl"
PACKAGES: Final = HERE / "elsewhere_packages.toml"
PROBES: Final = HERE / "elsewhere_probes"
PROGRAM: Final = "python benchmarks/results/elsewhere.py"
_LIMIT: Final = 1500.0
"""Seconds for all answers of a package, compilers included, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Package:
    """What is installed and asked."""

    name: str
    requires: tuple[str, ...]
    probe: Mapping[str, Any]

    @property
    def key(self) -> str:
        """A name for all that the answers depend on."""
        driver = Path(elsewhere_driver.__file__).read_text("utf-8")
        return _hash(self.requires, self.probe, driver, sys.version)


def _hash(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode()).hexdigest()[:12]


def packages(names: Sequence[str], *, newest: bool = False) -> list[Package]:
    """Return the packages of some names, or all; the newest lack the pins."""
    pins = tomllib.loads(PACKAGES.read_text("utf-8"))
    found = []
    for name in _known(names, pins) or pins:
        requires = [re.sub("==.*", "", each) if newest else each for each in pins[name]]
        found.append(Package(name, tuple(requires), probe(name)))
    return found


def packages_here(names: Sequence[str]) -> list[Package]:
    """Return the packages of some names, or all that need a device; nothing is installed."""
    probes = {path.stem: probe(path.stem) for path in sorted(PROBES.glob("*.toml"))}
    chosen = _known(names, probes) or [name for name in probes if "device" in probes[name]]
    return [Package(name, (), probes[name]) for name in chosen]


def _known(names: Sequence[str], those: Iterable[str]) -> Sequence[str]:
    for name in names:
        if name not in those:
            device = ": it is asked on a GPU, by --here FILE" if _has_probe(name) else ""
            raise CannotJudgeError(
                f"no package {short(name)}{device}; there are {', '.join(those)}"
            )
    return names


def _has_probe(name: str) -> bool:
    return name in {path.stem for path in PROBES.glob("*.toml")}


def probe(name: str) -> dict[str, Any]:
    """Return what a package is asked; `like` names another, of which it has what it lacks."""
    found = tomllib.loads((PROBES / f"{name}.toml").read_text("utf-8"))
    return probe(found.pop("like")) | found if "like" in found else found


def environment(requires: Sequence[str], folder: Path, *, anew: bool = False) -> str:
    """Return the interpreter of an environment that is kept in a folder."""
    place = folder / f"environment-{_hash(requires, sys.version)}"
    python = str(place / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    complete = place / "complete"
    if anew or not complete.exists():
        shutil.rmtree(place, ignore_errors=True)
        uv = shutil.which("uv")
        plain = [sys.executable, "-m", "venv"]
        run([*([uv, "venv", "--python", sys.executable] if uv else plain), str(place)])
        run([*installer(python), *requires])
        complete.touch()  # last of all, so that what was interrupted is made anew
    return python


def ask(package: Package, python: str, seconds: float = _LIMIT) -> list[Row]:
    """Return what a package answers; a question that ends the process is answered by that."""
    deadline = time.monotonic() + seconds
    asked = questions(dict(package.probe))
    answers: list[Answer] = []
    version = measured = ""
    while len(answers) < len(asked):
        left = max(1.0, deadline - time.monotonic())
        code, lines = _answers(package, python, len(answers), left)
        if code is None and not lines:
            raise CannotJudgeError(f"did not answer within {seconds:g} s")
        first = lines[0] if lines else {"error": f"its process ended with {code}"}
        if "error" in first:
            return [Row(package.name, error=str(first["error"]))]
        version, measured = first["version"], measured or _measured_on(first["device"])
        answers += lines[1:]
        if code is None:
            answers += [f"no answer within {seconds:g} s"] * (len(asked) - len(answers))
        elif len(answers) < len(asked):
            answers.append(f"ends the process with {code}")
    rows: dict[tuple[str, str], dict[str, Answer]] = {}
    for (spelling, variant, part), answer in zip(asked, answers, strict=True):
        rows.setdefault((spelling, variant), {})[part] = answer
    return [
        Row(package.name, version, *key, measured=measured, answers=found)
        for key, found in rows.items()
    ]


def _measured_on(device: str) -> str:
    """Return a device in words, with its driver and the day; nothing for a CPU."""
    if not device:
        return ""
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    driver = f", driver {run(asked).split()[0]}" if shutil.which(asked[0]) else ""
    python = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{device}{driver}; {python}; {datetime.now(UTC).date()}"


def _answers(
    package: Package, python: str, skip: int, seconds: float
) -> tuple[int | None, list[Any]]:
    """Return how the driver ended and what it said; None if it had to be ended."""
    # Alone: neither our folder nor what a PYTHONPATH names is looked for modules.
    driver = [python, "-P", elsewhere_driver.__file__]
    alone = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COVERAGE"))}
    alone |= {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    asked = json.dumps({"probe": package.probe, "skip": skip})
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                driver,
                input=asked.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=alone,
                timeout=seconds,
                check=False,
            )
            code, said = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            code, said = None, late.stdout or b""
    whole, _, _ = said.rpartition(b"\n")
    return code, [json.loads(line) for line in whole.splitlines()]


def rows_of(
    package: Package, folder: Path, *, anew: bool = False, newest: bool = False
) -> list[Row]:
    """Return what a package answers, or said before; why it does not is a row, too."""
    kept = folder / f"{package.name}-{package.key}.jsonl"
    if kept.exists() and not anew:
        return load(kept)
    try:
        python = environment(package.requires, folder, anew=newest)
    except CannotJudgeError as error:
        return [Row(package.name, error=str(error))]
    rows = answered(package, python)
    if rows[0].version:
        replace(kept, dump(rows))
    return rows


def answered(package: Package, python: str, seconds: float = _LIMIT) -> list[Row]:
    """Return what a package answers; why it does not is a row, too."""
    try:
        return ask(package, python, seconds)
    except CannotJudgeError as error:
        return [Row(package.name, error=str(error))]


def measured(chosen: Sequence[Package], rows_of: Callable[[Package], list[Row]]) -> list[Row]:
    """Return the rows of packages, and say how far it is."""
    found: list[Row] = []
    for number, package in enumerate(chosen, 1):
        print(f"{number} of {len(chosen)}: {package.name}", end="", file=sys.stderr, flush=True)
        rows = rows_of(package)
        said = rows[0].error or f"{rows[0].version}, {count(len(rows))}"
        print(f": {said}", file=sys.stderr, flush=True)
        found += rows
    return found


def cache_folder() -> Path:
    """Return where the user's caches are."""
    default = Path.home() / ("AppData/Local" if sys.platform == "win32" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or default) / "relu-impls" / "elsewhere"


def main(argv: Sequence[str] | None = None, folder: Path = HERE) -> int:
    """Ask, and write or compare; return the exit code."""
    parser = argparse.ArgumentParser(
        PROGRAM,
        description="ask other packages what ReLU is, and write elsewhere.jsonl and elsewhere.md",
        epilog="exit codes: 0 written, or the same; 1 an answer is another; 2 it cannot be told",
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="packages; default: all")
    add("--check", action="store_true", help="ask anew, write nothing, and list what changed")
    add("--newest", action="store_true", help="check the newest releases instead of the stored")
    add("--here", type=Path, metavar="FILE", help="ask the packages of this interpreter, by "
        "default those that need a GPU, and write their answers to FILE")  # fmt: skip
    add("--seconds", type=float, default=_LIMIT, help="with --here: for a package (%(default)g)")
    add("--merge", type=Path, nargs="+", metavar="FILE",
        help="ask nobody, and take in what --here wrote")  # fmt: skip
    add("--cache", type=Path, default=cache_folder(), help="what is kept (%(default)s)")
    asked = parser.parse_args(argv)
    try:
        return _asked(asked, folder)
    except (CannotJudgeError, OSError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2


def _asked(asked: argparse.Namespace, folder: Path) -> int:
    if asked.here:
        chosen = packages_here(asked.names)
        replace(
            asked.here,
            dump(measured(chosen, lambda each: answered(each, sys.executable, asked.seconds))),
        )
        return 0
    stored = load(folder / DATA.name) if (folder / DATA.name).exists() else []
    if asked.merge:
        write(folder, stored, [row for file in asked.merge for row in load(file)])
        return 0
    check, place = asked.check or asked.newest, asked.cache.resolve()
    chosen = packages(asked.names, newest=asked.newest)
    place.mkdir(parents=True, exist_ok=True)
    found = measured(chosen, lambda each: rows_of(each, place, anew=check, newest=asked.newest))
    if not check:
        write(folder, stored, found)
        return 0
    lines = differences(stored, found)
    print("\n".join(f"* {line}" for line in lines) or "Nothing changed.")
    return int(bool(lines))


def write(folder: Path, stored: Sequence[Row], found: Sequence[Row]) -> None:
    """Write what was found, and what is stored of other packages, and the page of both."""
    names = {row.package for row in found}
    rows = [*found, *(row for row in stored if row.package not in names)]
    rows.sort(key=lambda row: row.package.lower())
    replace(folder / DATA.name, dump(rows))
    replace(
        folder / "elsewhere.md", page(rows, elsewhere_speed.load(folder / "elsewhere_speed.jsonl"))
    )


if __name__ == "__main__":
    sys.exit(main())
