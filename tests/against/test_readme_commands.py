"""The commands of the engine's README, run in the order in which it shows them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_against import around, cli, commands, settling
from pytest_against.machine import this_machine
from pytest_against.recording import Recorded
from pytest_against.report import as_json
from tests.against import runs
from tests.against.results import GREEN, MACHINE
from tests.end_to_end import test_readmes

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("home", "signals")

SHOWN: Final = "".join(text for _, text in test_readmes.blocks(test_readmes.ENGINE))
COMMANDS: Final = re.findall(r"^\$ (pytest.+?)(?: +# .*)?$", SHOWN, re.MULTILINE)


@pytest.fixture(autouse=True)
def _simulated(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a project, two reports, lanes that know the answer without a clock, and a browser."""
    pytester.makeini("[pytest]\n")
    pytester.mkpydir("pkg")
    pytester.mkdir("benchmarks").joinpath("test_it.py").write_text("def test_it(benchmark): ...")
    about = replace(runs.ABOUT, machine=this_machine().as_dict())
    seeds: Iterator[int] = count()

    def record(*_: Any) -> Recorded:
        found = runs.trials(seed=next(seeds))
        return Recorded(runs.recorded(found, about), found)

    monkeypatch.setattr(commands, "against_revision", lambda *_, **__: GREEN)
    monkeypatch.setattr(settling, "against_baseline", lambda *_: GREEN)
    monkeypatch.setattr("pytest_against.recording.record", record)
    monkeypatch.setattr("pytest_against.picture.drawn", lambda *_: "<svg/>")
    for name, machine in (("a", "x86_64"), ("b", "aarch64")):
        found = replace(GREEN, machine={**MACHINE, "machine": machine})
        Path(f"{name}.json").write_text(as_json(found))


def test_every_command_does_what_it_says_one_after_the_other(pytester: pytest.Pytester) -> None:
    def ran(line: str) -> int:
        program, *words = shlex.split(line)
        return (
            cli.main(words)
            if program == around.PROGRAM
            else int(pytester.inline_run(*words).ret or 0)
        )

    assert {line: ran(line) for line in COMMANDS} == dict.fromkeys(COMMANDS, 0)
    assert {line.split()[1] for line in COMMANDS} > {"gate", "baseline", "record", "join", "report"}
    assert "<title>" in Path("page.html").read_text()
