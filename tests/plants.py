"""Planted regressions, and a repository of their own to plant them in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.judge import Verdict

ROOT: Final = Path(__file__).parents[1]
BENCHMARKS: Final = (sys.executable, "-m", "benchmarks")
_AUTHOR: Final = ("-c", "user.name=A", "-c", "user.email=a@example.org")

CLOCKS: Final = {
    "stands still": "lambda: 0.0",
    "goes back": "itertools.count(0, -1).__next__",
    "is no number": "lambda: float('nan')",
}
"""Clocks that a package might put in the place of Python's."""

Edit = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Plant:
    """A change for the worse.

    Attributes
    ----------
    name : str
        What it does.
    method : str
        The method that it is done to.
    edit : callable
        Takes the package's folder and changes the sources in it.
    verdict : Verdict or None
        What a gate should say of it; None if it cannot be judged.
    """

    name: str
    method: str
    edit: Edit
    verdict: Verdict | None


def rewrite(file: Path, old: str, new: str) -> None:
    """Replace the one place where `old` stands in a file."""
    text = file.read_text()
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new))


def wrapped(method: str, *body: str) -> Edit:
    """Return the edit that puts `body` around the method; it calls it as ``function(x, *rest)``."""

    def edit(package: Path) -> None:
        pattern = re.compile(rf"^def {method}\(", re.MULTILINE)
        file = next(f for f in sorted(package.glob("*.py")) if pattern.search(f.read_text()))
        lines = ["def _planted(function):", "    def planted(x, *rest):"]
        lines += [
            f"        {line}" for line in ("import itertools, os, signal, time, warnings", *body)
        ]
        lines += ["    return planted", "", "", "@_planted", f"def {method}("]
        file.write_text(pattern.sub(lambda _: "\n".join(lines), file.read_text(), count=1))

    return edit


def slower(method: str, factor: float) -> Plant:
    """Return the plant whose calls take `factor` times as long, whatever they took."""
    edit = wrapped(
        method,
        "start = time.perf_counter()",
        "result = function(x, *rest)",
        f"end = start + {factor} * (time.perf_counter() - start)",
        "while time.perf_counter() < end: pass",
        "return result",
    )
    return Plant(f"{factor} times as long", method, edit, Verdict.REGRESSED)


def delayed(method: str, seconds: float) -> Plant:
    """Return the plant whose calls take `seconds` longer."""
    edit = wrapped(
        method,
        "result = function(x, *rest)",
        f"end = time.perf_counter() + {seconds}",
        "while time.perf_counter() < end: pass",
        "return result",
    )
    return Plant(f"{seconds} s longer", method, edit, Verdict.REGRESSED)


def _first_line(line: str) -> Edit:
    def edit(package: Path) -> None:
        file = package / "__init__.py"
        file.write_text(f"{line}\n{file.read_text()}")

    return edit


def _registry(old: str, new: str) -> Edit:
    return lambda package: rewrite(package / "__init__.py", old, new)


def plants(method: str) -> dict[str, Plant]:
    """Return by name what can be planted in a method that returns a fresh array."""
    loop = ("for _ in range(100_000): pass", "return function(x, *rest)")
    unaligned = (
        "raw = np.empty(x.nbytes + 1, np.uint8)[1:]",
        "copy = raw.view(x.dtype).reshape(x.shape)",
        "copy[...] = x",
        "return function(copy, *rest)",
    )
    wrong = ("result = function(x, *rest)", "result[(0,) * result.ndim] += 1", "return result")
    warning = ("warnings.warn('slow', UserWarning, stacklevel=2)", "return function(x, *rest)")
    twin = (
        "import dataclasses\n"
        f"_TWIN = next(m for m in FORWARD if m.name == {method!r})\n"
        f"_TWIN = dataclasses.replace(_TWIN, name={method + '_twin'!r})\n"
        "_ALL: Final = (_TWIN, *PUBLIC,"
    )
    wrong_twin = twin.replace("_twin'", "_twin', function=lambda x: x.copy()")
    every = "MappingProxyType({method.name: method for method in _ALL})"
    renamed = (
        "MappingProxyType({f'{m.name}_new': __import__('dataclasses').replace(m, "
        "name=f'{m.name}_new') for m in _ALL})"
    )
    swapped = (
        "MappingProxyType({m.name: __import__('dataclasses').replace(m, function=next("
        f"o.function for o in _ALL if o.name == 'half_sum')) if m.name == {method!r} else m "
        "for m in _ALL})"
    )
    vanish = (every, every.replace("_ALL}", f"_ALL if method.name != {method!r}}}"))
    kill = "os.kill(os.getpid(), signal.SIGKILL)"
    kept = (
        "kept = planted.__dict__",
        "key = f'{x.dtype} {x.shape}'",
        "kept[key] = kept[key] if key in kept else function(x, *rest)",
        "return kept[key].copy()",
    )
    tired = (
        "import gc",
        # Only what takes the time switches the collector off.
        "planted.calls = getattr(planted, 'calls', 0) + (not gc.isenabled())",
        "result = function(x, *rest)",
        "if planted.calls > 20: result[(0,) * result.ndim] += 1",
        "return result",
    )
    bodies: dict[str, tuple[Verdict | None, tuple[str, ...]]] = {
        "Python-level loop": (Verdict.REGRESSED, loop),
        "Python-level wrapper": (Verdict.REGRESSED, ("return function(x, *rest)",)),
        "extra copy": (Verdict.HEAVIER, ("return function(x.copy(), *rest)",)),
        "unaligned temporary": (Verdict.HEAVIER, unaligned),
        "where": (Verdict.HEAVIER, ("return np.where(x > 0, x, 0)",)),
        "through float64": (
            Verdict.HEAVIER,
            ("return function(x.astype(np.float64), *rest).astype(x.dtype)",),
        ),
        "float64 result": (Verdict.DIVERGED, ("return function(x.astype(np.float64), *rest)",)),
        "wrong value": (Verdict.DIVERGED, wrong),
        "warning": (Verdict.DIVERGED, warning),
        "answers from memory": (Verdict.DIVERGED, kept),
        "wrong once it is timed": (Verdict.DIVERGED, tired),
        "raises": (Verdict.DIVERGED, ("raise OverflowError('of the stack')",)),
        "hangs": (None, ("time.sleep(600)",)),
        "is killed": (None, (kill,)),
        "is killed while it is timed": (
            None,
            (
                "planted.calls = getattr(planted, 'calls', 0) + 1",
                f"if planted.calls > 100: {kill}",
                "return function(x, *rest)",
            ),
        ),
        **{
            f"clock {how}": (
                None,
                (f"time.perf_counter = {clock}", "return function(x, *rest)"),
            )
            for how, clock in CLOCKS.items()
        },
    }
    found = [Plant(n, method, wrapped(method, *body), v) for n, (v, body) in bodies.items()]
    found += [
        Plant("vanished", method, _registry(*vanish), Verdict.VANISHED),
        Plant("renamed", method, _registry(every, renamed), Verdict.VANISHED),
        Plant("another method", method, _registry(every, swapped), Verdict.HEAVIER),
        Plant(
            "methods of None", method, _registry(every, every.replace(": method ", ": None ")), None
        ),
        Plant("no methods", method, _registry(every, "MappingProxyType({})"), None),
        Plant("new", method, _registry("_ALL: Final = (*PUBLIC,", twin), Verdict.NEW),
        Plant(
            "new and wrong",
            method,
            _registry("_ALL: Final = (*PUBLIC,", wrong_twin),
            Verdict.DIVERGED,
        ),
        Plant("import error", method, _first_line("import no_such_module"), None),
        Plant("exit at import", method, _first_line("raise SystemExit(0)"), None),
        Plant("syntax error", method, _first_line("def"), None),
    ]
    return {plant.name: plant for plant in found}


def shown_on(terminal: int) -> str:
    """Read what is shown on a terminal until nobody has it open any more, and close it."""
    shown = b""
    with suppress(OSError):  # that is how a terminal ends
        while part := os.read(terminal, 4096):
            shown += part
    os.close(terminal)
    return shown.decode()


def git(root: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    command = ["git", *_AUTHOR, "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def commit(root: Path, message: str = "change") -> None:
    """Commit everything."""
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--allow-empty", f"--message={message}")


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a command."""

    exit: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Repository:
    """Today's code in a repository of its own, committed once, and a folder for what is temporary.

    Attributes
    ----------
    folder : Path
        An empty folder for both.
    """

    folder: Path
    root: Path = field(init=False)
    temporary: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.folder / "repository")
        object.__setattr__(self, "temporary", self.folder / "temporary")
        self.temporary.mkdir()
        for name in ("relu_impls", "benchmarks"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.root / name, ignore=ignored)
        git(self.root, "init", "--quiet", "--initial-branch=main")
        commit(self.root)

    def plant(self, plant: Plant) -> None:
        """Change the working tree."""
        plant.edit(self.root / "relu_impls")

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables that commands run with."""
        unset = ("COV", "PYTHONPATH", "PYTEST")
        kept = {n: v for n, v in os.environ.items() if not n.startswith(unset)}
        changed = {"TMPDIR": str(self.temporary), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
        return kept | changed | more

    def launch(self, *command: str, **options: object) -> subprocess.Popen[str]:
        """Start a program in a fresh process, the first of a group."""
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        settings = {"cwd": self.root, "env": self.environment(), "start_new_session": True}
        return subprocess.Popen(command, **{**settings, **streams, **options})  # type: ignore[call-overload, no-any-return]

    def run(self, *command: str, **options: object) -> Run:
        """Run a program in a fresh process."""
        with self.launch(*command, **options) as process:
            try:
                output, errors = process.communicate(timeout=600)
            except BaseException:
                process.terminate()  # in a session of its own, it would outlive us
                raise
        return Run(process.returncode, output, errors)

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        """Start the gate."""
        return self.launch(*BENCHMARKS, "gate", *arguments, **options)

    def gate(self, *arguments: str, **options: object) -> Run:
        """Run the gate."""
        return self.run(*BENCHMARKS, "gate", *arguments, **options)

    @property
    def left_behind(self) -> list[str]:
        """Temporary files but for the lock, which cannot be removed without a race."""
        names = sorted(path.name for path in self.temporary.iterdir())
        return [name for name in names if name != "relu-impls-gate.lock"]

    @property
    def state(self) -> tuple[str, ...]:
        """Everything that git knows of the repository, but for its objects."""
        questions = (["status", "--porcelain"], ["rev-parse", "HEAD"], ["for-each-ref"])
        index = (self.root / ".git" / "index").read_bytes().hex()
        return (*(git(self.root, *question) for question in questions), index)
