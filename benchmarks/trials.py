"""Running trials: starting fresh processes, reading what they find, and ending them for sure."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.errors import CannotJudgeError
from benchmarks.trial import Request

ROW_TIMEOUT: Final = 60.0
"""Seconds without a word from a trial after which it counts as hung."""

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial found.

    Attributes
    ----------
    methods : mapping of str to list of str
        Names of the methods in each arm.
    rows : mapping of str to dict
        The line for each row.
    wrong : mapping of str to str
        How the answer of a row differed after it was timed, for the rows of which it did.
    """

    methods: Mapping[str, list[str]]
    rows: Mapping[str, Line]
    wrong: Mapping[str, str] = field(default_factory=dict)


def run_trial(
    request: Request,
    root: Path,
    timeout: float = ROW_TIMEOUT,
    on_row: Callable[[str], None] = lambda _: None,
    python: str = sys.executable,
) -> Report:
    """Run one trial in a fresh process and return what it found.

    Parameters
    ----------
    request : Request
        What to measure.
    root : Path
        Folder that the suite is imported from.
    timeout : float
        Seconds that a row may take.
    on_row : callable
        Told the name of each row as it begins.
    python : str
        The interpreter, and with it the NumPy, that the trial runs on.

    Raises
    ------
    CannotJudgeError
        If the trial crashes, hangs, is killed, or leaves rows out.
    """
    return run_trials([request], root, timeout, on_row, python)[0]


def run_trials(
    requests: Sequence[Request],
    root: Path,
    timeout: float = ROW_TIMEOUT,
    on_row: Callable[[str], None] = lambda _: None,
    python: str = sys.executable,
) -> list[Report]:
    """Run trials side by side; when one fails, or we are interrupted, all of them end.

    Parameters and errors are those of `run_trial`.
    """
    with ExitStack() as stack:
        trials = [stack.enter_context(_started(request, root, python)) for request in requests]
        return [trial.report(timeout, on_row) for trial in trials]


@dataclass(frozen=True, slots=True)
class _Trial:
    """A trial that is running."""

    request: Request
    child: subprocess.Popen[str]
    errors: IO[str]
    lines: queue.Queue[Line | None]

    def report(self, timeout: float, on_row: Callable[[str], None]) -> Report:
        found: dict[str, Line] = {}
        methods: dict[str, list[str]] = {}
        wrong: dict[str, str] = {}
        row = "the start"
        while True:
            try:
                line = self.lines.get(timeout=timeout)
            except queue.Empty:
                raise CannotJudgeError(
                    f"a trial hung at {row}: no word for {timeout:g} s; run that row alone with "
                    "--rows, or allow more with --timeout"
                ) from None
            if line is None:
                raise CannotJudgeError(_obituary(self.child, row, self.errors))
            if "begin" in line:
                row = line["begin"]
                on_row(row)
            elif "broken" in line:
                raise CannotJudgeError(
                    f"the package of the {line['broken']} cannot be imported: {line['error']}; "
                    "mend it, or choose another revision"
                )
            elif "methods" in line:
                methods = line["methods"]
            elif "wrong" in line:
                wrong[line["wrong"]] = line["why"]
            elif "done" in line:
                break
            else:
                _check_times(line)
                found[line["row"]] = line
        missing = set(self.request.rows) - set(found)
        if missing:
            raise CannotJudgeError(f"a trial left out {', '.join(sorted(missing))}; run it again")
        return Report(methods, found, wrong)


@contextmanager
def _started(request: Request, root: Path, python: str) -> Iterator[_Trial]:
    # What the package prints need not be text.
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own module
            [python, "-m", "benchmarks.trial"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Its own session, so that Ctrl-C reaches us first and all that it started goes with it.
            start_new_session=True,
        )
        try:
            yield _Trial(request, child, errors, _lines(child, json.dumps(asdict(request))))
        finally:
            _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except (ProcessLookupError, PermissionError):
        pass  # all have ended; macOS has the second word for it
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(OSError):  # a request that it did not live to read
                stream.close()


def _lines(child: subprocess.Popen[str], request: str) -> queue.Queue[Line | None]:
    """Feed the child its request and read its lines, both beside the caller's waiting."""
    lines: queue.Queue[Line | None] = queue.Queue()

    def converse() -> None:
        # If it dies in mid-sentence, the way it ended says more than a broken line.
        with suppress(OSError, ValueError):
            if child.stdin is not None:
                child.stdin.write(request)
                child.stdin.close()
            for line in child.stdout or ():
                lines.put(json.loads(line))
        lines.put(None)

    threading.Thread(target=converse, daemon=True).start()
    return lines


def _check_times(line: Line) -> None:
    """Refuse what no clock can have measured: an interval around it would prove anything."""
    seconds, ratios = line.get("seconds", 1.0), line.get("log_ratios", {})
    if not (0 < seconds < math.inf and all(map(math.isfinite, ratios.values()))):
        raise CannotJudgeError(
            f"a trial measured an impossible time at {line['row']} ({seconds} s); does the package "
            "change the clock? run that row alone with --rows to see more"
        )


def _obituary(child: subprocess.Popen[str], row: str, errors: IO[str]) -> str:
    code = child.wait()
    errors.seek(0)
    words = errors.read().strip().splitlines()
    how = f"was killed by {_signal(-code)}" if code < 0 else f"exited with {code}"
    last = f": {words[-1].strip()}" if words else ""
    return f"a trial {how} at {row}{last}; run that row alone with --rows to see more"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names
        return f"signal {number}"
