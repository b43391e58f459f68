"""Ask other packages what ReLU is: ``python benchmarks/results/elsewhere.py [NAME ...]``.

Each package gets an environment, in the user's cache folder, and a process that answers what its
file in ``elsewhere_probes`` says.  What was answered is kept there, too, until the releases, the
probe or the driver change; a run that was interrupted goes on where it was.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).resolve().parents[2]))  # as a script it knows its folder only

from benchmarks.results import elsewhere_driver
from benchmarks.results.elsewhere_data import Row, differences, dump, load
from benchmarks.results.elsewhere_driver import Answer, questions
from benchmarks.results.elsewhere_page import page
from pytest_against.environments import installer, run
from pytest_against.files import replace
from pytest_against.model import CannotJudgeError, count, short

HERE: Final = Path(__file__).resolve().parent
DATA: Final = HERE / "elsewhere.jsonl"
PACKAGES: Final = HERE / "elsewhere_packages.toml"
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
    for name in names:
        if name not in pins:
            raise CannotJudgeError(f"no package {short(name)}; there are {', '.join(pins)}")
    found = []
    for name in names or pins:
        probe = tomllib.loads((HERE / "elsewhere_probes" / f"{name}.toml").read_text("utf-8"))
        requires = [re.sub("==.*", "", each) if newest else each for each in pins[name]]
        found.append(Package(name, tuple(requires), probe))
    return found


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


def ask(package: Package, python: str) -> list[Row]:
    """Return what a package answers; a question that ends the process is answered by that."""
    asked = questions(dict(package.probe))
    answers: list[Answer] = []
    version = ""
    while len(answers) < len(asked):
        code, lines = _answers(package, python, skip=len(answers))
        first = lines[0] if lines else {"error": f"its process ended with {code}"}
        if "error" in first:
            return [Row(package.name, error=str(first["error"]))]
        version = first["version"]
        answers += lines[1:]
        if len(answers) < len(asked):
            answers.append(f"ends the process with {code}")
    rows: dict[tuple[str, str], dict[str, Answer]] = {}
    for (spelling, variant, part), answer in zip(asked, answers, strict=True):
        rows.setdefault((spelling, variant), {})[part] = answer
    return [Row(package.name, version, *key, answers=found) for key, found in rows.items()]


def _answers(package: Package, python: str, skip: int) -> tuple[int, list[Any]]:
    """Return how the driver ended and what it said."""
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
                timeout=_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CannotJudgeError(f"did not answer within {_LIMIT:g} s") from None
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def rows_of(
    package: Package, folder: Path, *, anew: bool = False, newest: bool = False
) -> list[Row]:
    """Return what a package answers, or said before; why it does not is a row, too."""
    kept = folder / f"{package.name}-{package.key}.jsonl"
    if kept.exists() and not anew:
        return load(kept)
    try:
        rows = ask(package, environment(package.requires, folder, anew=newest))
    except CannotJudgeError as error:
        return [Row(package.name, error=str(error))]
    replace(kept, dump(rows))
    return rows


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
    add("--cache", type=Path, default=cache_folder(), help="what is kept (%(default)s)")
    asked = parser.parse_args(argv)
    check = asked.check or asked.newest
    place = asked.cache.resolve()
    try:
        chosen = packages(asked.names, newest=asked.newest)
        stored = load(folder / DATA.name) if (folder / DATA.name).exists() else []
        place.mkdir(parents=True, exist_ok=True)
        found = measured(chosen, lambda each: rows_of(each, place, anew=check, newest=asked.newest))
        if not check:
            write(folder, stored, found)
            return 0
    except (CannotJudgeError, OSError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    lines = differences(stored, found)
    print("\n".join(f"* {line}" for line in lines) or "Nothing changed.")
    return int(bool(lines))


def write(folder: Path, stored: Sequence[Row], found: Sequence[Row]) -> None:
    """Write what was found, and what is stored of other packages, and the page of both."""
    names = {row.package for row in found}
    rows = [*found, *(row for row in stored if row.package not in names)]
    rows.sort(key=lambda row: row.package.lower())
    replace(folder / DATA.name, dump(rows))
    replace(folder / "elsewhere.md", page(rows))


if __name__ == "__main__":
    sys.exit(main())
