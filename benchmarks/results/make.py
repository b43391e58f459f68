"""Make the pages and figures of this folder: ``python benchmarks/results/make.py [--check]``.

They show the contracts of the methods, the times of the stored baselines, the answers of other
packages and the gates of the study that are logged, and nothing else: the same give the same bytes.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).resolve().parents[2]))  # as a script it knows its folder only

from benchmarks.results import elsewhere_speed, study_page
from benchmarks.results.elsewhere_data import load
from benchmarks.results.elsewhere_page import page
from benchmarks.results.figure import figure
from benchmarks.results.pages import MARK, machine_page, methods_page
from pytest_against.files import replace
from pytest_against.machine import Machine
from pytest_against.model import CannotJudgeError
from pytest_against.saved import Baseline, load_baseline
from relu_impls import METHODS

HERE: Final = Path(__file__).resolve().parent
BASELINES: Final = HERE.parent / "baselines"
ELSEWHERE: Final = HERE / "elsewhere.jsonl"
SPEED: Final = HERE / "elsewhere_speed.jsonl"
_COMMAND: Final = "python benchmarks/results/make.py"


def baselines(folder: Path) -> dict[str, Baseline]:
    """Return the baselines by class of machines, for each of which there is a folder."""
    found = {}
    for path in sorted(folder.glob("*/*.json")):
        baseline = load_baseline(path, "python -m benchmarks")
        name = Machine(**baseline.machine).class_name
        if name != path.parent.name:
            raise CannotJudgeError(
                f"{path} was recorded on {name}; move it to a folder of that name"
            )
        found[name] = baseline
    return found


def made(stored: dict[str, Baseline]) -> dict[str, str]:
    """Return the text of every generated file by its name."""
    gates, costs = study_page.read(HERE)
    return {
        "methods.md": methods_page(METHODS.values()),
        **{f"{name}.md": machine_page(baseline) for name, baseline in stored.items()},
        "figure.svg": figure(stored),
        "study.md": study_page.page(gates, costs),
        "study.svg": study_page.figure(gates),
        "elsewhere.md": page(load(ELSEWHERE), elsewhere_speed.load(SPEED)),
    }


def stale(files: dict[str, str], folder: Path) -> dict[str, str]:
    """Return by name which files of a folder are not as they should be, and why."""
    found = {}
    for name, text in files.items():
        path = folder / name
        if not path.is_file():
            found[name] = "is missing"
        elif path.read_bytes() != text.encode():
            found[name] = "is stale"
    for path in sorted(folder.glob("*.md")):
        if path.name not in files and path.read_bytes().startswith(MARK.encode()):
            found[path.name] = "has no baseline any more"
    return found


def main(argv: Sequence[str] | None = None, source: Path = BASELINES, folder: Path = HERE) -> int:
    """Make the files of a folder from baselines, or say which are stale; return the exit code."""
    parser = argparse.ArgumentParser(
        prog=_COMMAND,
        description="make the pages and figures of benchmarks/results",
        epilog="exit codes: 0 made, or fresh; 1 something is stale; 2 a baseline cannot be read",
    )
    parser.add_argument("--check", action="store_true", help="say what is stale, and write nothing")
    check: bool = parser.parse_args(argv).check
    try:
        files = made(baselines(source))
        found = stale(files, folder)
        for name, why in found.items():
            if check:
                print(f"{name} {why}; make it anew: {_COMMAND}")
            elif name in files:
                replace(folder / name, files[name])
            else:
                (folder / name).unlink()
    except (CannotJudgeError, OSError) as error:
        print(f"{_COMMAND}: {error}", file=sys.stderr)
        return 2
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
