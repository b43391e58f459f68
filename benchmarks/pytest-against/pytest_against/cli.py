"""The command line: arguments, signals, the lock, the progress line, reports, exit codes.

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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final, TypeVar

from pytest_against import files, report
from pytest_against.model import CannotJudgeError, Progress, short

PROGRAM: Final = "pytest-against"

INTERRUPTED: Final = 130
"""Exit code of a command that someone ended."""

_MOST_TRIALS: Final = 10_000

T = TypeVar("T")

Report = tuple[Path | None, Callable[[T], str]]
"""Where a report is asked for, if it is, and what renders it."""


def fraction(text: str) -> float:
    """Return a limit: ``3%`` or ``0.03``."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{short(text)} is no limit; write 3% or 0.03")
    return value


def positive(text: str) -> float:
    """Return a number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{short(text)} is no number of seconds above 0")
    return value


def whole(text: str) -> int:
    """Return a number of trials."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_TRIALS):
        raise argparse.ArgumentTypeError(
            f"{short(text)} is no number of trials from 1 to {_MOST_TRIALS}"
        )
    return int(text)


def guarded(name: str, run: Callable[[], int]) -> int:
    """Run a command; whatever ends it is one line and an exit code.

    Parameters
    ----------
    name : str
        Of the command, for messages.
    run : callable
        Returns the exit code.
    """
    try:
        with _interruptible():
            code = run()
            _flush()  # what cannot be written must be known before the exit code is
    except KeyboardInterrupt:
        _say(f"{name}: interrupted; nothing was judged or recorded")
        return INTERRUPTED
    except ImportError as error:
        _say(f"{name}: cannot be loaded ({error}); install {PROGRAM} anew, and run it elsewhere")
        return 2
    except (CannotJudgeError, OSError) as error:
        _say(f"{name}: {error}")
        return 2
    except Exception:  # noqa: BLE001 - Python would exit with 1, which means proven to be worse
        with suppress(OSError):
            traceback.print_exc()
        _say(f"{name}: nothing was judged: a fault of {PROGRAM}; report it with what is above")
        return 2
    return code


def _flush() -> None:
    if sys.stdout is None:  # it was closed before we began
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        # Or Python would fail once more when it ends, and choose the exit code.
        with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise OSError(f"the report cannot be printed ({error})") from None


@contextmanager
def reports(
    asked: Sequence[Report[T]],
    show: Callable[[T], str],
    refused: Callable[[str, float], T],
    sources: Collection[Path] = (),
) -> Iterator[Callable[[T], None]]:
    """Yield what prints a result and writes it to files; without one, they say why there is none.

    Parameters
    ----------
    asked : sequence of (Path or None, callable)
        The files, and what renders each.
    show : callable
        Returns what is printed.
    refused : callable
        Takes the reason, and the seconds until then; returns the result of which nothing was
        judged.
    sources : collection of Path
        Files, and folders with files, that must not be written to.

    Raises
    ------
    CannotJudgeError, OSError
        If a file cannot be written, is asked for twice, or is one of `sources`.
    """
    wanted = [(path, render) for path, render in asked if path is not None]
    check_reports([path for path, _ in wanted], sources)
    known, start = False, time.monotonic()

    def write(result: T) -> None:
        nonlocal known
        known = True
        with ExitStack() as stack:  # one that fails leaves the others be
            for path, render in wanted:
                stack.callback(_replace, path, render(result))
            print(show(result), end="")  # noqa: T201
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


def check_reports(paths: Iterable[Path | None], sources: Collection[Path] = ()) -> None:
    """Refuse, before a measurement and not after it, what cannot be written or would be lost.

    Parameters and errors are those of `reports`.
    """
    taken = {os.path.realpath(source) for source in sources}
    for path in filter(None, paths):
        real = os.path.realpath(path)
        joins = path.suffix == ".json" and str(Path(real).parent) in taken
        if real in taken or joins:
            raise CannotJudgeError(
                f"{short(path)} is what the report is made of, or asked for twice; name "
                "another file for it"
            )
        files.check(path)
        taken.add(real)


def _replace(path: Path, text: str) -> None:
    """Write a report; an earlier one must not be taken for it if that fails."""
    try:
        files.replace(path, text)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock of this user: two measurements side by side would spoil each other."""
    try:
        lock = _locked(Path.home() / ".cache")
    except (OSError, RuntimeError):  # no home, or none to write in
        lock = _locked(Path(tempfile.gettempdir()))
    with lock:
        yield


def _locked(folder: Path) -> AbstractContextManager[object]:
    """Return the lock in a folder, which is ours and is released with the context."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - see above

    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    try:
        return FileLock(folder / f"{PROGRAM}-{user}.lock").acquire(timeout=0)
    except Timeout:
        raise CannotJudgeError(
            "another measurement runs on this machine; wait until it is done"
        ) from None


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
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on the signals that end a process: once, then clean up in peace.

    What is ignored, as nohup does with one, stays so, and so do all after the first.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: old for number, old in before.items() if old is not signal.SIG_IGN}

    def pass_over(_number: int, _frame: FrameType | None) -> None:
        """Do nothing; SIG_IGN in this place makes Python complain of a signal on its way."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, pass_over)
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, old in before.items():
            # Once one has come, none may end Python on its way out, with another exit code.
            came = signal.getsignal(number) is not interrupt
            signal.signal(number, signal.SIG_IGN if came else old)


def _say(words: str) -> None:
    """Say something in one line."""
    with suppress(OSError):  # what failed may be the place that messages go to
        print(" ".join(words.split()), file=sys.stderr or io.StringIO(), flush=True)


_EXIT_CODES: Final = (
    "exit codes: 0 done, or proven not to be worse; 1 proven to be worse; 2 cannot be judged or "
    "done, with the reason; 3 inconclusive; 130 interrupted"
)
_STORAGE: Final = Path(".benchmarks")


def main(
    argv: Sequence[str] | None = None, program: str = PROGRAM, paths: Sequence[str] = ()
) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of this process by default.
    program : str
        What was typed to run it, for messages.
    paths : sequence of str
        The files and folders that have the benchmarks, if none are given.
    """
    options = parser(program).parse_args(argv)
    options.program, options.paths = program, options.paths or list(paths)
    return guarded(f"{program} {options.command}", lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    from pytest_against import commands  # noqa: PLC0415 - it takes a second, and may fail

    return commands.COMMANDS[options.command](options)


def parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of all commands; `program` is what is typed to run it."""
    every = argparse.ArgumentParser(
        prog=program,
        description="judge what benchmarks return, what they cost and how long they take",
        epilog=_EXIT_CODES,
        allow_abbrev=False,
    )
    parsers = every.add_subparsers(dest="command", required=True)

    def add(name: str, words: str) -> argparse.ArgumentParser:
        its = parsers.add_parser(name, help=words, description=words, allow_abbrev=False)
        its.set_defaults(paths=())
        return its

    its = add("gate", "judge the working tree")
    its.add_argument("--base", metavar="REV", help="git revision to judge against, side by side")
    its.add_argument("--allow-new", action="store_true", help="rows that REV lacks do not decide")
    _add_limits(its, "limit", "trials", "budget", "timeout")
    _add_files(its, "json", "markdown")
    _add_tests(its)
    its = add("baseline", "record the baseline of this class of machines")
    its.add_argument("--accept", metavar="WHY", default="", help="record a change for the worse")
    _add_limits(its, "limit", "trials", "budget", "timeout")
    _add_tests(its)
    its = add("record", "save a run of several trials")
    its.add_argument("name", metavar="NAME", help="of the run; compare takes it")
    its.add_argument("--storage", type=Path, metavar="FOLDER", default=_STORAGE)
    _add_limits(its, "trials", "budget", "timeout")
    _add_tests(its)
    its = add("compare", "judge saved runs against the first")
    its.add_argument("old", metavar="OLD", help="a name, a file or a folder")
    its.add_argument("new", metavar="NEW", nargs="+")
    its.add_argument("--storage", type=Path, metavar="FOLDER", default=_STORAGE)
    its.add_argument("--sort", choices=report.SORTS, default="ratio", help="default: %(default)s")
    its.add_argument("--group", choices=report.GROUPS, default="", help="a table for each")
    _add_limits(its, "limit")
    _add_files(its, "json", "markdown", "csv")
    _add_rows(its)
    its = add("join", "put the reports of several gates together")
    its.add_argument("reports", metavar="JSON", nargs="+", type=Path)
    _add_files(its, "markdown")
    return every


def _add_tests(its: argparse.ArgumentParser) -> None:
    _add_rows(its)
    its.add_argument("paths", nargs="*", metavar="PATH", help="as pytest takes them")


def _add_rows(its: argparse.ArgumentParser) -> None:
    its.add_argument("--rows", metavar="EXPR", default="", help="only these; as pytest -k")


def _add_limits(its: argparse.ArgumentParser, *names: str) -> None:
    for name, kind, words in (
        ("limit", fraction, "tolerated slowdown, as 3%% or 0.03"),
        ("trials", whole, "most trials"),
        ("budget", positive, "most seconds"),
        ("timeout", positive, "seconds without a word after which a process has hung"),
    ):
        if name in names:
            its.add_argument(f"--{name}", type=kind, metavar=name.upper(), help=words)


def _add_files(its: argparse.ArgumentParser, *names: str) -> None:
    for name in names:
        its.add_argument(f"--{name}", type=Path, metavar="FILE", help="write the report there")
