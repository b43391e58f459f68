"""Trials: what a fresh process measures, every way in which it can end, and nothing left over."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.errors import CannotJudgeError
from benchmarks.paired import FEWEST_ROUNDS
from benchmarks.trial import BASE, CLOCK, COPY, HEAD, Request
from benchmarks.trials import Report, run_trial, run_trials

ROOT: Final = Path(__file__).parents[1]

SUITE: Final = """
from functools import partial
from pathlib import Path
import numpy as np
from benchmarks.rows import Case, Inputs, Row, Suite

X = np.linspace(-1, 1, 1000)
NAMES = ("plain", "other")

def row(name):
    inputs = Inputs(operands={"x": X}, writes=frozenset())
    return Row(
        method=name, workload="w", group="g", function=np.negative, kernel=np.negative,
        test="t", workload_digest="", inputs=lambda: inputs,
        case=lambda: Case(
            operands={"x": X}, written={}, returned=np.maximum(X, 0), least_bytes=0
        ),
    )

SUITE = Suite(
    name="tiny", package="subject", rows=lambda: [row(name) for name in NAMES],
    functions=lambda package: {name: getattr(package, name) for name in NAMES},
    folder=Path(__file__).parent,
)
"""

SUBJECT: Final = """
import os, signal, subprocess, sys, threading, time
from pathlib import Path
import numpy as np

def other(x): return np.maximum(x, 0)

def plain(x):
    {body}
    return np.maximum(x, 0)
"""


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trials find the code, and put temporary files where they can be counted."""
    for name in [name for name in os.environ if name.startswith("COV")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "tiny.py").write_text(SUITE)


def _request(root: Path, body: str = "pass", **options: Any) -> Request:
    """Return a request for two rows; `body` runs in each call of ``plain`` in the head."""
    for arm, its_body in ((HEAD, body), (BASE, "pass"), (COPY, "pass")):
        file = root / arm / "subject" / "__init__.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SUBJECT.format(body=its_body))
    arms = {arm: str(root / arm) for arm in (HEAD, BASE, COPY)}
    settings: dict[str, Any] = {
        "seconds": 0.002,
        "seed": 1,
        "rows": ("plain[w]", "other[w]"),
        "arms": arms,
    }
    return Request(suite="tiny", **(settings | options))


def _refused(root: Path, body: str, timeout: float = 60, **options: Any) -> str:
    """Return the one line in which the trial is refused."""
    with pytest.raises(CannotJudgeError) as caught:
        run_trial(_request(root, body, **options), root, timeout)
    assert list((root / "temporary").iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _is_gone(pid: int) -> bool:
    """Return whether a process has ended; one that nobody has buried yet has ended, too."""
    status = Path(f"/proc/{pid}/stat")
    if status.parent.parent.is_dir() and sys.platform == "linux":
        return not status.exists() or status.read_text().rpartition(") ")[2].startswith("Z")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_rows_are_timed_and_the_copy_rides_along_where_it_is_asked_for(tmp_path: Path) -> None:
    begun: list[str] = []
    request = _request(tmp_path, controls=("other[w]",))
    report = run_trial(request, tmp_path, on_row=begun.append)
    assert sorted(begun) == sorted(report.rows) == ["other[w]", "plain[w]"]
    assert report.methods == {arm: ["plain", "other"] for arm in (HEAD, BASE, COPY)}
    assert set(report.rows["plain[w]"]["log_ratios"]) == {HEAD}
    assert set(report.rows["other[w]"]["log_ratios"]) == {HEAD, COPY}
    assert all(line["seconds"] > 0 for line in report.rows.values())
    # No more is sure of so short a time: a neighbour may use up all of it.
    assert all(line["rounds"] >= FEWEST_ROUNDS for line in report.rows.values())


def test_a_row_that_finds_no_calm_has_no_time(tmp_path: Path) -> None:
    # No processor will ever be as fast as earlier trials are said to have been.
    request = _request(tmp_path, reference=CLOCK, fastest=1e-12)
    report = run_trial(request, tmp_path)
    assert [line["log_ratios"] for line in report.rows.values()] == [{}, {}]
    assert not any("kernel" in line for line in report.rows.values())


def test_rows_are_measured_exactly_when_no_time_is_given(tmp_path: Path) -> None:
    request = _request(tmp_path, "x = x + 0", seconds=0.0)
    arms = run_trial(request, tmp_path).rows["plain[w]"]["arms"]
    assert {arm: found["passes"] for arm, found in arms.items()} == {HEAD: 2, BASE: 1}


def test_answer_of_a_broken_method_is_a_measurement_too(tmp_path: Path) -> None:
    arms = run_trial(_request(tmp_path, "raise OSError('full')", seconds=0.0), tmp_path).rows
    assert arms["plain[w]"]["arms"][HEAD] == {"wrong": "raises OSError: full"}
    assert "wrong" not in arms["other[w]"]["arms"][HEAD]


ANSWERS: Final = {
    "right": ("pass", {}),
    "wrong": (
        "plain.n = getattr(plain, 'n', 0) + 1; x = x if plain.n < 3 else x + 1",
        {"plain[w]": "digest is "},
    ),
    "raises": (
        "if sys._getframe(1).f_code.co_name == 'answer': raise ValueError('no more')",
        {"plain[w]": "digest is ValueError: no more once it was timed, expected "},
    ),
}


@pytest.mark.parametrize("reference", [BASE, CLOCK])
@pytest.mark.parametrize("body, wrong", ANSWERS.values(), ids=ANSWERS)
def test_row_is_held_to_its_answer_once_it_was_timed(
    body: str, wrong: dict[str, str], reference: str, tmp_path: Path
) -> None:
    exact = run_trial(_request(tmp_path, seconds=0.0), tmp_path)
    answers = {name: line["arms"][HEAD]["digest"] for name, line in exact.rows.items()}
    request = _request(tmp_path, body, reference=reference, answers=answers)
    found = run_trial(request, tmp_path).wrong
    assert found.keys() == wrong.keys()
    assert all(found[name].startswith(words) for name, words in wrong.items())


def test_orders_follow_from_the_seed(tmp_path: Path) -> None:
    orders: dict[int, list[str]] = {}
    for seed in (1, 1, 2, 3, 4, 5, 6):
        begun: list[str] = []
        run_trial(_request(tmp_path, seed=seed), tmp_path, on_row=begun.append)
        assert orders.setdefault(seed, begun) == begun
    assert len({tuple(order) for order in orders.values()}) == 2


NOISE: Final = (
    'print(\'{"row": "plain[w]", "seconds": 1}\')',
    "os.write(1, b'\\xff\\xfe not text')",
    "os.write(2, b'\\xff' * 100_000)",
    "sys.stdout.flush(); sys.stderr.write('words')",
    "subprocess.run(['echo', 'of a child'])",
    "sys.stdin.read()",
)


@pytest.mark.parametrize("body", NOISE)
def test_prints_of_the_package_are_no_measurements(body: str, tmp_path: Path) -> None:
    report = run_trial(_request(tmp_path, body, seconds=0.0), tmp_path, timeout=20)
    assert set(report.rows) == {"plain[w]", "other[w]"}
    assert "wrong" not in report.rows["plain[w]"]["arms"][HEAD]


ENDS: Final = {
    "raises": ("raise ValueError('no luck')", "exited with 1", ": ValueError: no luck"),
    "exits": ("sys.exit(4)", "exited with 4", ""),
    "exits as if all were well": ("sys.exit(0)", "exited with 0", ""),
    "exits at once": ("os._exit(3)", "exited with 3", ""),
    "is killed": ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL", ""),
    "crashes": ("os.kill(os.getpid(), signal.SIGSEGV)", "was killed by SIGSEGV", ""),
    "says no text": ("os.write(2, b'\\xff'); os._exit(3)", "exited with 3", ": \ufffd"),
    "nobody's signal": ("os.kill(os.getpid(), 40)", "was killed by signal 40", ""),
}


@pytest.mark.parametrize("body, how, last", ENDS.values(), ids=ENDS)
def test_trial_that_ends_is_refused_with_the_row_and_the_way_it_ended(
    body: str, how: str, last: str, tmp_path: Path
) -> None:
    line = _refused(tmp_path, body)
    assert line == f"a trial {how} at plain[w]{last}; run that row alone with --rows to see more"


def test_trial_that_hangs_is_refused_with_the_row_and_ended(tmp_path: Path) -> None:
    begun = time.monotonic()
    body = "Path('pid').write_text(str(os.getpid())); time.sleep(600)"
    line = _refused(tmp_path, body, timeout=2)
    assert line.startswith("a trial hung at plain[w]: no word for 2 s; ")
    assert time.monotonic() - begun < 6
    assert _is_gone(int((tmp_path / "pid").read_text()))


def test_trial_that_never_reads_a_long_request_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "benchmarks" / "__init__.py"
    package.parent.mkdir()
    package.write_text("import time; time.sleep(600)")
    rows = tuple(f"row {number}" for number in range(100_000))
    line = _refused(tmp_path, "pass", timeout=1, rows=rows)
    assert line.startswith("a trial hung at the start: no word for 1 s; ")


@pytest.mark.parametrize("end", ["time.sleep(600)", "os._exit(3)", "pass"])
def test_children_of_a_trial_end_with_it(end: str, tmp_path: Path) -> None:
    body = (
        "child = subprocess.Popen(['sleep', '600']); "
        f"Path(f'child-{{child.pid}}').touch(); child = None; {end}"
    )
    request = _request(tmp_path, body, rows=("plain[w]",), seconds=0.0)
    if end == "pass":
        run_trial(request, tmp_path)
    else:
        with pytest.raises(CannotJudgeError):
            run_trial(request, tmp_path, timeout=2)
    pids = [int(file.name.removeprefix("child-")) for file in tmp_path.glob("child-*")]
    assert pids
    assert _within(2, lambda: all(map(_is_gone, pids)))


def test_trial_that_does_not_live_to_read_a_long_request_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "benchmarks" / "__init__.py"
    package.parent.mkdir()
    package.write_text("raise SystemExit('gone')")
    rows = tuple(f"row {number}" for number in range(100_000))
    line = _refused(tmp_path, "pass", rows=rows)
    assert line.startswith("a trial exited with 1 at the start: gone; ")


def test_row_that_the_suite_does_not_have_is_refused(tmp_path: Path) -> None:
    line = _refused(tmp_path, "pass", rows=("plain[w]", "no[w]"))
    assert "a trial exited with 1 at the start: KeyError: 'no[w]'" in line


@pytest.mark.parametrize("arm", [HEAD, BASE, COPY])
@pytest.mark.parametrize("line", ["import no_such_module", "1 / 0", "def", "raise SystemExit(0)"])
def test_arm_that_cannot_be_imported_is_refused_with_its_name_and_error(
    arm: str, line: str, tmp_path: Path
) -> None:
    request = _request(tmp_path)
    (tmp_path / arm / "subject" / "__init__.py").write_text(line)
    errors = {"import": "ModuleNotFoundError: ", "1": "ZeroDivisionError: ", "def": "SyntaxError: "}
    error = errors.get(line.partition(" ")[0], "SystemExit: 0")
    with pytest.raises(CannotJudgeError) as caught:
        run_trial(request, tmp_path)
    assert f"the package of the {arm} cannot be imported: {error}" in str(caught.value)


@pytest.mark.parametrize("count", [1, 2])
def test_interrupt_ends_the_trials(count: int, tmp_path: Path) -> None:
    body = "Path(f'pid-{os.getpid()}').touch(); time.sleep(600)"
    request = _request(tmp_path, body, rows=("plain[w]",))

    def interrupt() -> None:
        _within(20, lambda: len(list(tmp_path.glob("pid-*"))) == count)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run_trials([request] * count, tmp_path)
    pids = [int(file.name.removeprefix("pid-")) for file in tmp_path.glob("pid-*")]
    assert len(pids) == count
    assert all(map(_is_gone, pids))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_trials_side_by_side_are_reported_in_the_order_of_their_requests(tmp_path: Path) -> None:
    requests = [_request(tmp_path, rows=(name,)) for name in ("plain[w]", "other[w]")]
    reports: list[Report] = run_trials(requests, tmp_path)
    assert [list(report.rows) for report in reports] == [["plain[w]"], ["other[w]"]]


def test_trial_that_fails_ends_the_one_beside_it(tmp_path: Path) -> None:
    body = "Path(f'pid-{os.getpid()}').touch(); time.sleep(600)"
    slow = _request(tmp_path, body, rows=("plain[w]",))
    wrong = _request(tmp_path, body, rows=("no[w]",))
    begun = time.monotonic()
    with pytest.raises(CannotJudgeError, match="KeyError"):
        run_trials([wrong, slow], tmp_path)
    assert time.monotonic() - begun < 10
    pids = [int(file.name.removeprefix("pid-")) for file in tmp_path.glob("pid-*")]
    assert all(map(_is_gone, pids))
