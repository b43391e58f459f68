"""What looks for faults finds those that are there: fuzzing and killing, on a small scale."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.results import fuzz
from benchmarks.results.damage import damaged
from benchmarks.results.playground import Playground
from benchmarks.results.readers import Reader, readers
from pytest_against.model import CannotJudgeError

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="needs timers of POSIX")
NAMES = [
    *("saved runs, 1.5 times", "saved runs, 1 times", "baselines, the old one"),
    *("baselines, the new one", "reports of gates", "pages of runs", "files of limits", "limits"),
    *("seconds", "numbers of trials", "shards", "expressions", "marks"),
]


@pytest.fixture(scope="module")
def every() -> Iterator[dict[str, Reader]]:
    with readers() as found:
        yield {each.name: each for each in found}


def test_every_reader_is_fuzzed_here(every: dict[str, Reader]) -> None:
    assert [*every] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_others_wrote_is_answered_or_refused(every: dict[str, Reader], name: str) -> None:
    for text in every[name].whole:
        assert fuzz.answered(every[name], text) == every[name].exit
    found = fuzz.batch(every[name], seed=1, number=0, count=40)
    assert (found.faults, sum(found.exits.values())) == ((), 40)


def _raises(error: BaseException) -> Callable[[bytes], int]:
    def answer(_: bytes) -> int:
        raise error

    return answer


def _spins(_: bytes) -> int:
    while True:
        pass


@pytest.mark.parametrize(
    "answer, words",
    [
        (_raises(KeyError("x")), "KeyError: 'x'"),
        (_raises(CannotJudgeError("a\nb")), "ValueError: a message of 3 characters"),
        (_raises(CannotJudgeError("a" * 3000)), "ValueError: a message of 3000 characters"),
        (_raises(CannotJudgeError("\ud800")), "UnicodeEncodeError: "),
        (_spins, "_TooLongError:"),
        (lambda _: 0, "green, though the whole input is not"),
        (lambda _: 1, ""),
        (_raises(CannotJudgeError("a reason")), ""),
    ],
)
def test_a_fault_is_seen(
    answer: Callable[[bytes], int], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "SECONDS", 0.1)
    found = fuzz.batch(Reader("x", [b"{}"], answer, 1), seed=1, number=0, count=1)
    assert [each.words[: len(words)] for each in found.faults] == [words] * bool(words)


def test_damage_depends_on_the_seed_alone_and_changes_most_inputs() -> None:
    whole = json.dumps({"rows": [{"name": "a", "time": 1.5}], "exit": 1}).encode()
    found, again = ([damaged(whole, rng) for _ in range(300)] for rng in map(random.Random, (1, 1)))
    assert found == again
    assert len({*found}) > 200
    assert sum(each.count(b'"exit"') > 1 for each in found) >= 1  # a key that is there twice


@pytest.mark.parametrize(
    "name, code, report, sent, fault",
    [
        ("gate", 130, None, [2], ""),
        ("gate", 130, {"why": "interrupted"}, [15], ""),
        ("gate", 130, {"why": "", "verdict": "steady"}, [15], "the report says steady"),
        ("gate", 130, None, [], "it says that it was interrupted"),
        ("gate", 0, {"exit": 0}, [2], ""),
        ("gate", 0, None, [2], "exit code 0, and the report has None"),
        ("gate", 0, {"exit": 3}, [2], "exit code 0, and the report has 3"),
        ("gate", 2, {"exit": 2}, [2], "exit code 2"),
        ("gate", -2, None, [2], ""),
        ("gate", -15, None, [2], "it ended by signal 15"),
        ("gate", -15, {"exit": 0}, [15], "it ended by signal 15"),
        ("gate", -9, {"exit": 0}, [9], ""),
        ("record", 0, None, [2], "nothing is recorded"),
        ("record", 1, None, [2], "exit code 1"),
        ("baseline", 0, None, [1], ""),
    ],
)
def test_an_exit_code_has_to_be_that_of_what_was_done(  # noqa: PLR0913, PLR0917 - a table
    tmp_path: Path, name: str, code: int, report: Any, sent: list[int], fault: str
) -> None:
    it = Playground(tmp_path, tmp_path)
    if report is not None:
        (tmp_path / "x.json").write_text(json.dumps(report))
    found = [*it.ending(name, code, "", sent)]
    assert [fault in each for each in found] == [True] * bool(fault)
