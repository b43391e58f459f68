"""What cannot be believed or written is refused in one line: where it is, and what mends it."""

from __future__ import annotations

import errno
import json
import math
import os
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_against.formats import SCHEMA
from pytest_against.model import CannotJudgeError, Verdict
from pytest_against.saved import load_baseline, load_run
from tests.against.runs import STOCK, Change, changed, file, folder, judged, trials


def refused(path: Path) -> tuple[str, str]:
    """Return how a file is refused as a saved run, and how as a baseline."""
    with pytest.raises(CannotJudgeError) as as_run:
        load_run(path)
    with pytest.raises(CannotJudgeError) as as_baseline:
        load_baseline(path, "it")
    for line in (str(as_run.value), str(as_baseline.value)):
        assert line.isprintable()
        assert len(line) < 800
        assert str(path) in line
    return str(as_run.value), str(as_baseline.value)


CONTENT: Final = STOCK[4, "after"].read_bytes().rstrip()


@given(content=st.integers(0, len(CONTENT) - 1).map(lambda length: CONTENT[:length]) | st.binary())
@example(content=b"\xff\xfe\x00")
@example(content=b"[" * 100_000)
@example(content=b"[" + b"9" * 5000 + b"]")
@example(content=b"null")
@example(content=b"{}")
def test_what_is_no_saved_file_is_refused_by_name(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "0000_baseline.json"
    path.write_bytes(content)
    as_run, as_baseline = refused(path)
    assert as_run.startswith(f"{path} is not a saved run of pytest-benchmark (")
    assert as_run.endswith("; save another: pytest --benchmark-only --benchmark-save=NAME")
    assert as_baseline.startswith(f"{path} is not a baseline (")
    assert as_baseline.endswith('; replace it: it baseline --accept "it was broken"')


def test_a_baseline_that_is_missing_or_no_file_has_its_own_remedy(tmp_path: Path) -> None:
    path = tmp_path / "0000_baseline.json"
    missing = f"no baseline for this class of machines ({path}); record it: it baseline"
    assert refused(path)[1] == missing
    path.mkdir()
    as_run, as_baseline = refused(path)
    assert "it is no regular file" in as_run
    assert as_baseline == (
        f"{path} is no regular file; remove it, and record the baseline: it baseline"
    )


def first(**more: Any) -> Change:
    return lambda found: found["benchmarks"][0].update(more)


def median(value: Any) -> Change:
    return first(stats={"median": value})


PLAIN: Final[list[tuple[Change, str]]] = [
    (lambda f: f.update(benchmarks=[]), "length >= 1 - at `$.benchmarks`"),
    (lambda f: f.update(benchmarks=None), "'n' instead of ["),
    (lambda f: f.pop("benchmarks"), "field `benchmarks`"),
    (lambda f: f.update(commit_info={"id": 3}), "at `$.commit_info.id`"),
    (lambda f: f.update(datetime=3), "at `$.datetime`"),
    (lambda f: f.pop("machine_info"), "`machine_info`"),
    (lambda f: f.update(machine_info=[]), "`$.machine_info`"),
    (lambda f: f.update(extra_info={"schema": SCHEMA + 1}), f"instead of {SCHEMA}"),
    (lambda f: f.update(extra_info={"schema": SCHEMA - 2}), f"instead of {SCHEMA}"),
    (lambda f: f.update(extra_info={"schema": []}), "schema [] instead of"),
]

ODD: Final[list[tuple[Change, str]]] = [
    (lambda f: f["benchmarks"].append(f["benchmarks"][0]), "is in odd.json 2 times"),
    (lambda f: f["benchmarks"][0].pop("stats"), "missing required field `stats`"),
    (first(stats={}), "missing required field `median`"),
    (median(0), "takes 0 s"),
    (median(math.nan), "takes nan s"),
    (median(1e10), "takes 1e+10 s"),
    (median(10**400), "out of range"),
    (median(value=True), "Expected `float`, got `bool`"),
    (first(params=[1]), "Expected `object | null`"),
    (first(outcome="failed"), "its test did not pass: failed"),
    (first(outcome={}), "its test did not pass: {}"),
]
NAMELESS: Final[list[Change]] = [
    lambda f: f["benchmarks"][0].pop("fullname"),
    lambda f: f["benchmarks"].__setitem__(0, 3),
    first(fullname=""),
    first(fullname=3),
    first(fullname="a\n"),
    first(fullname="\ud800"),
]


@pytest.mark.parametrize("change, words", ODD, ids=count())
def test_an_entry_that_cannot_be_believed_costs_its_row_and_no_other(
    change: Change, words: str, tmp_path: Path
) -> None:
    found = judged(STOCK[5, "before"], changed(STOCK[5, "after"], tmp_path / "odd.json", change))
    odd, *others = sorted(found.rows, key=lambda row: row.interval is not None)
    assert words in odd.why
    assert odd.row.node == json.loads(STOCK[5, "after"].read_text())["benchmarks"][0]["fullname"]
    assert others
    assert all(row.interval for row in others)
    assert found.exit_code == 2


@pytest.mark.parametrize("change", NAMELESS, ids=count())
def test_an_entry_without_a_name_is_called_by_its_place(change: Change, tmp_path: Path) -> None:
    found = judged(STOCK[5, "before"], changed(STOCK[5, "after"], tmp_path / "odd.json", change))
    odd = [row for row in found.rows if row.verdict is Verdict.UNJUDGED and not row.interval]
    assert odd
    assert found.exit_code == 2


def extra(**more: Any) -> Change:
    return lambda found: found["benchmarks"][0]["extra_info"].update(more)


STORED: Final[list[tuple[Change, str]]] = [
    (extra(recordings=["99", "99"]), "`$.recordings[0]` of its extra_info"),
    (extra(recordings=[{"3": 1, "4": 1}]), "got `object` - at `$.recordings"),
    (extra(recordings=[[56, 1]]), "Expected `float` <= 55.3"),
    (extra(recordings=[[True, 1]]), "got `bool`"),
    (extra(recordings=[[math.nan, 1]]), "Expected `float` >= -55.3"),
    (extra(seconds=[10**400]), "out of range - at `$.sec"),
    (extra(seconds=[0]), "Expected `float` >= 1e-15"),
    (extra(seconds=[1e-6]), "6 ratios and 1 times"),
    (extra(seconds=[], recordings=[]), "0 ratios and 0 times"),
    (extra(exact={"passes": 1.5}), "got `float` - at `$."),
    (extra(exact={"peak_bytes": 10**400}), "Expected `int` <= 9007199254740992"),
    (extra(inputs=3), "at `$.inputs`"),
    (extra(measures={"passes": 1}), "field `peak_bytes`"),
    (lambda f: f["benchmarks"][0]["extra_info"].pop("recordings"), "field `recordings`"),
    (lambda f: f["benchmarks"].append(f["benchmarks"][0]), "a name is in it twice"),
]


@pytest.mark.parametrize("change, words", PLAIN, ids=count())
def test_a_file_that_cannot_be_believed_is_refused(
    change: Change, words: str, tmp_path: Path
) -> None:
    for line in refused(changed(STOCK[5, "before"], tmp_path / "changed.json", change)):
        assert words in line


@pytest.mark.parametrize("change, words", STORED, ids=count())
def test_a_baseline_is_believed_as_a_whole_or_refused(
    change: Change, words: str, tmp_path: Path
) -> None:
    ours = file(tmp_path / "ours.json", trials(number=6))
    spoiled = changed(ours, tmp_path / "changed.json", change)
    with pytest.raises(CannotJudgeError) as caught:
        load_baseline(spoiled, "it")
    assert words in str(caught.value)
    assert judged(file(tmp_path / "old.json", trials(seed=2)), spoiled).exit_code == 2


def test_a_run_is_no_baseline(tmp_path: Path) -> None:
    for path in (Path(folder(tmp_path / "run", trials()), "0001_run.json"), STOCK[5, "before"]):
        words = r" has fewer than 2 trials"
        with pytest.raises(CannotJudgeError, match=words):
            load_baseline(path, "it")


ANYTHING: Final[st.SearchStrategy[Any]] = st.sampled_from(
    [
        *(None, True, 0, -1, 10**400, -(2**64), 0.5, 1e308, math.nan, math.inf),
        *("", "a", "\ud800", "a\nb", "x" * 100_000, [], [[]], ["a", 1], {}, {"a": 1}, {"a": []}),
    ]
)


def places(found: Any) -> list[tuple[Any, Any]]:
    """Return every container with each of its keys or indices."""
    keys = list(found) if isinstance(found, dict) else range(len(found))
    here = [(found, key) for key in keys]
    inner = [found[key] for key in keys if isinstance(found[key], dict | list)]
    return [*here, *(place for part in inner for place in places(part))]


@settings(max_examples=250)
@given(data=st.data())
def test_whatever_stands_in_a_file_it_is_read_and_judged_or_refused_in_one_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("spoiled")
    ours = file(place / "ours.json", trials(number=4))
    source = data.draw(st.sampled_from([Path(ours), STOCK[4, "before"], STOCK[5, "after"]]))
    found = json.loads(source.read_text("utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(found)))
        container[key] = deepcopy(data.draw(ANYTHING))  # or a list could come to hold itself
    spoiled = changed(source, place / "spoiled.json", lambda content: content.update(found))
    for act in (load_run, lambda path: load_baseline(path, "it"), lambda it: judged(source, it)):
        try:
            repr(act(spoiled)).encode()
        except CannotJudgeError as error:
            assert str(error).isprintable()  # noqa: PT017 - some changes are no fault
            assert len(str(error)) < 800  # noqa: PT017


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left")])
def test_a_run_is_written_whole_or_not_at_all(
    error: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def second_fails(*_: object) -> None:
        written.append(1)
        if len(written) == 2:
            raise error

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises((KeyboardInterrupt, CannotJudgeError)) as caught:
        folder(tmp_path / "run", trials())
    full = isinstance(error, OSError)
    assert str(caught.value).count("cannot be written (No space left)") == full
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_never_written_over_another_or_below_a_file(tmp_path: Path) -> None:
    folder(tmp_path / "run", trials(number=2))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    with pytest.raises(CannotJudgeError, match="run is there already; remove it, or name another"):
        folder(tmp_path / "run", trials(number=4))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before
    with pytest.raises(CannotJudgeError, match=r"it cannot be written .*; make room for it, or"):
        folder(next(iter(before)) / "it", trials())
