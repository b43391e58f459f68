"""What was measured is never lost, and never mixed with what was measured elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.errors import CannotJudgeError
from benchmarks.history import History
from benchmarks.history_log import Log
from tests.test_history import MINUS, history

HISTORY = history({"2.0.2": 1.5}, rounds=3, behaviour={"2.1.3": MINUS})


def written(path: Path) -> Log:
    log = Log(path)
    log.begin(HISTORY)
    for release, facts in HISTORY.facts.items():
        log.add_facts(release, facts)
    for trial in HISTORY.trials:
        log.add_trial(trial)
    return log


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert written(tmp_path / "a" / "log").read() == HISTORY


def test_a_history_is_not_begun_over_another(tmp_path: Path) -> None:
    log = written(tmp_path / "log")
    before = log.path.read_bytes()
    with pytest.raises(CannotJudgeError, match="go on with --resume"):
        log.begin(HISTORY)
    assert log.path.read_bytes() == before


@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.data())
def test_a_file_that_was_cut_short_has_all_but_its_last_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = written(tmp_path_factory.mktemp("cut") / "log")
    content = log.path.read_bytes()
    head = content.index(b"\n") + 1
    cut = data.draw(st.integers(head, len(content)))
    log.path.write_bytes(content[:cut])
    found: History = log.read()
    lines = content[:cut].count(b"\n") - 1
    assert len(found.facts) + len(found.trials) == lines
    assert list(found.trials) == list(HISTORY.trials)[: len(found.trials)]
    log.add_trial(HISTORY.trials[0])
    assert log.read().trials[-1] == HISTORY.trials[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"{\n", b"\xff\n", b"[]\n", b"null\n", b"{}\n", b'{"schema": 9}\n'],
    ids=["empty", "broken", "no UTF-8", "list", "null", "no keys", "other schema"],
)
def test_what_is_no_history_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.path.write_bytes(content)
    with pytest.raises(CannotJudgeError, match="is no history") as caught:
        log.read()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["0", "-1.0", "1e999", '"x"'])
def test_an_impossible_time_is_refused(value: str, tmp_path: Path) -> None:
    log = written(tmp_path / "log")
    with log.path.open("a") as file:
        file.write(f'{{"round": 4, "release": "2.0.2", "seconds": {{"r": {value}}}}}\n')
    with pytest.raises(CannotJudgeError, match="is no history"):
        log.read()


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotJudgeError, match="leave --resume out"):
        Log(tmp_path / "log").read()


def test_a_trial_of_a_release_that_is_not_among_them_is_refused(tmp_path: Path) -> None:
    log = written(tmp_path / "log")
    log.add_trial(replace(HISTORY.trials[0], release="1.25.2"))
    with pytest.raises(CannotJudgeError, match="not among those that it names"):
        log.read()
