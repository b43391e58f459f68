"""What surrounds a command: signals, the lock, the progress line, reports, exit codes.

It loads little, so that what ends a command that is still being loaded is one line, too.
"""

from __future__ import annotations

import argparse
import getpass
import io
import math
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from pytest_against import files, scratch, store
from pytest_against.model import CannotJudgeError, Progress, short

PROGRAM: Final = "pytest-against"
INTERRUPTED: Final = 130  # exit code of a command that someone ended
_INTERRUPTED: Final = "interrupted; nothing was judged or recorded"

_REPORTS: Final = ("json", "markdown", "junit", "html", "csv")  # options that name a file for one

T = TypeVar("T")


class _Interrupted(KeyboardInterrupt):
    """A signal has come.

    Of its base class itself, Python 3.8 to 3.13 remember that it passed through an ``exec`` of
    text, as a dataclass is made by: a module run with ``-m`` then ends by SIGINT, though all of it
    was caught.
    """


def guarded(name: str, run: Callable[[], int]) -> int:
    """Run a command, which returns its exit code; whatever ends it is one line and an exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # for names with letters that it has no code for
        sys.stdout.reconfigure(errors="backslashreplace")
    came: set[int] = set()
    try:
        with _interruptible(came):
            found = run()
            _flush()  # what cannot be written must be known before the exit code is
    except KeyboardInterrupt:
        code, words = INTERRUPTED, _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - Python would exit with 1: proven to be worse
        # An interrupt may have become another exception on its way.
        code, words = (INTERRUPTED, _INTERRUPTED) if came else (2, _why(error))
    else:
        return found
    _say(f"{name}: {words}")
    return code


def _why(error: Exception) -> str:
    """Return in one line why a command cannot go on; a fault of ours is shown above it."""
    if isinstance(error, ImportError):
        return f"cannot be loaded ({error}); install {PROGRAM} anew, and run it elsewhere"
    if isinstance(error, CannotJudgeError | OSError):
        return str(error)
    with suppress(OSError):
        traceback.print_exception(error)
    return f"nothing was judged: a fault of {PROGRAM}; report it with what is above"


def _flush() -> None:
    try:
        if sys.stdout is not None:  # it was closed before we began
            sys.stdout.flush()
    except OSError as error:
        # Or Python would fail once more when it ends, and choose the exit code.
        with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise OSError(f"the report cannot be printed ({error})") from None


@contextmanager
def reports(
    asked: Sequence[tuple[Path | None, Callable[[T], str]]],
    show: Callable[[T], str],
    refused: Callable[[str, float], T],
) -> Iterator[Callable[[T], None]]:
    """Yield what prints a result and writes it to files; without one, they say why there is none.

    `refused` takes the reason and the seconds until then, and returns the result of which nothing
    was judged.  Whatever a command reads that may be wrong, it reads within.
    """
    wanted = [(path, render) for path, render in asked if path is not None]
    known, start = False, time.monotonic()

    def write(result: T) -> None:
        nonlocal known
        # All before the first is written, so that none says what another does not.
        written, shown = [(path, render(result)) for path, render in wanted], show(result)
        known = True
        with ExitStack() as stack:  # one that fails leaves the others be
            for path, text in written:
                stack.callback(_replace, path, text)
            print(shown, end="")  # noqa: T201
            _flush()

    try:
        yield write
    except BaseException as error:
        if not known:
            why = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
            failed = refused(why or type(error).__name__, time.monotonic() - start)
            for path, render in wanted:
                with suppress(OSError):
                    _replace(path, render(failed))
        raise


def claim(options: argparse.Namespace, sources: Iterable[Path] = ()) -> None:
    """Take the files that reports are asked to be written to, before anything else is done.

    What cannot be written or would be lost is refused, as `sources` would be, files and folders
    with files.  Then no earlier report is left to be taken for this command's, however it ends.
    """
    paths = [path for name in _REPORTS if (path := getattr(options, name, None)) is not None]
    taken = {os.path.realpath(source) for source in sources}
    for path in paths:
        real = os.path.realpath(path)
        if real in taken or (path.suffix == ".json" and str(Path(real).parent) in taken):
            what = f"{short(path)} is what the report is made of, or asked for twice"
            raise CannotJudgeError(f"{what}; name another file for it")
        if path.name == store.BASELINE:
            raise CannotJudgeError(f"{short(path)} is a baseline; name another file for the report")
        files.check(path)
        taken.add(real)
    for path in filter(Path.exists, paths):
        _replace(path, "not finished: what writes this report is still at it, or was ended\n")


def _replace(path: Path, text: str) -> None:
    """Write a report; an earlier one must not be taken for it if that fails."""
    try:
        files.replace(path, text)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def only_one(wait: float = 0.0) -> AbstractContextManager[object]:
    """Take the lock of this user: two measurements side by side would spoil each other.

    While another has it, wait for so many seconds; without it then, say who has it.
    """
    try:
        return _locked(Path.home() / ".cache", wait)
    except (OSError, RuntimeError):  # no home, or none to write in
        return _locked(Path(tempfile.gettempdir()), wait)


def _locked(folder: Path, wait: float) -> AbstractContextManager[object]:
    from filelock import FileLock, Timeout  # noqa: PLC0415 - see above

    user = getattr(os, "getuid", getpass.getuser)()
    lock = FileLock(folder / f"{PROGRAM}-{user}.lock")
    # Not in the lock, which each that asks for it empties.
    owner, words = folder / f"{PROGRAM}-{user}.txt", ""
    for seconds in dict.fromkeys((0.0, wait)):
        if words:
            _say(f"{words}; waiting for up to {wait:g} s until it is done")
        try:
            held = lock.acquire(timeout=seconds)
        except Timeout:
            words = f"another measurement runs on this machine{_owner(owner)}"
        else:
            with suppress(OSError):
                owner.write_text(f"process {os.getpid()} in {Path.cwd()}", "utf-8", "replace")
            return held
    raise CannotJudgeError(f"{words}; wait until it is done, or end it")


def _owner(file: Path) -> str:
    """Return who has the lock, and for how long; empty if that is not known."""
    try:
        seconds = time.time() - file.stat().st_mtime
        return f": {short(file.read_text('utf-8'))}, for {seconds:.0f} s"
    except (OSError, ValueError):
        return ""


@contextmanager
def measuring(budget: float) -> Iterator[Progress]:
    """Be the only one that measures, with a folder for temporary files; yield whom to tell."""
    with only_one(), scratch.folder(), progress(budget) as found:
        yield found


@contextmanager
def progress(budget: float) -> Iterator[Progress]:
    """Show what is going on: a line that changes on a terminal, a line per stage elsewhere."""
    from tqdm import tqdm  # noqa: PLC0415 - see above

    live = sys.stderr is not None and sys.stderr.isatty()
    start, latest = time.monotonic(), ""
    with tqdm(disable=not live, leave=False, bar_format="{desc} {bar:20}") as bar:

        def stage(words: str, rows: int) -> None:
            nonlocal latest
            left = max(0, math.ceil(budget - (time.monotonic() - start)))
            bar.reset(rows or None)
            bar.set_description_str(f"{words}; {left} s left")
            if not live and words != latest:
                _say(f"{words}; {left} s left")
            latest = words

        def row(_: str) -> None:
            bar.update()

        yield Progress(stage, row)


@contextmanager
def _interruptible(came: set[int]) -> Iterator[None]:
    """Raise KeyboardInterrupt on the signals that end a process: once, then clean up in peace.

    The one that came is known afterwards. What is ignored, as nohup does with one, stays so, and
    so do all after the first.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) is not signal.SIG_IGN}

    def pass_over(*_: object) -> None:
        """Do nothing; SIG_IGN in this place makes Python complain of a signal on its way."""

    def interrupt(which: int, _: object) -> None:
        came.add(which)
        for number in before:
            signal.signal(number, pass_over)
        raise _Interrupted

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, old in before.items():
            # Once one has come, none may end Python on its way out, with another exit code.
            signal.signal(number, signal.SIG_IGN if came else old)


def _say(words: str) -> None:
    with suppress(OSError):  # what failed may be the place that messages go to
        print(" ".join(words.split()), file=sys.stderr or io.StringIO(), flush=True)
