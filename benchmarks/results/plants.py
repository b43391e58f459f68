"""Copies of the project with something planted.

A plant is a decorator below the others of one method.  It works on any method, whatever it writes,
and the tests of the suite still pass.
"""

import ast
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent
from typing import Final

from pytest_against.model import CannotJudgeError, short

PACKAGE: Final = "relu_impls"
NOTHING: Final = "nothing"
SLOWER: Final = "slower"
UNSET: Final = ("COV", "PYTHONPATH", "PYTEST")
"""Beginnings of variables that what runs in a copy is not given."""

_FRAME: Final = """
def _planted(function):
    import functools, time
    import numpy as np
    clock, owed = time.perf_counter, 0.0
    @functools.wraps(function)
    def planted(*args, **more):
        nonlocal owed
{body}
    return planted
"""

_SLOWER: Final = """
start = clock()
result = function(*args, **more)
now = clock()
owed += (now - start) * {share}
if owed > 3e-7:
    end = now + owed
    while (now := clock()) < end:
        pass
    owed = end - now
    if owed < -3e-7:
        owed = -3e-7
return result
"""
"""Owes a share of what each call took, and pays by the clock once that can be done exactly.

What was paid too much is kept for the next call, but not what another process took meanwhile.
"""

_DETOUR: Final = """
given = [*args, *more.values()]
instead = [{array} if array.dtype.kind == "f" else array for array in given]
def call(arrays):
    return function(*arrays[: len(args)], **dict(zip(more, arrays[len(args) :])))
dtype = call([array[:0] for array in given]).dtype
result = call(instead)
for array, other in zip(given, instead):
    if result is other:
        array[...] = other
        return array
return result.astype(dtype, copy=False)
"""
"""Works on other arrays; what the method writes and returns is brought back."""

_UNALIGNED: Final = (
    "np.frombuffer(bytearray(1) + array.tobytes(), array.dtype, offset=1).reshape(array.shape)"
)

_BODIES: Final = {
    SLOWER: _SLOWER,
    "wrapper": "return function(*args, **more)",
    "extra copy": _DETOUR.replace("{array}", 'array.copy(order="K")'),
    "through float64": _DETOUR.replace("{array}", "array.astype(np.float64)"),
    "unaligned temporary": _DETOUR.replace("{array}", _UNALIGNED),
}

PLANTS: Final = tuple(_BODIES)
"""Names of what can be planted."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A change for the worse, done to a method; its name is one of `PLANTS`."""

    name: str
    method: str
    factor: float = 1.0
    """How many times as long a call takes, if it is `SLOWER`."""

    @property
    def text(self) -> str:
        """Source of the decorator, which is called ``_planted``."""
        body = _BODIES[self.name].replace("{share}", repr(self.factor - 1))
        return _FRAME.format(body=indent(body.strip(), 8 * " "))


def planted(source: str, method: str, text: str) -> str:
    """Return the source of a module with a decorator nearest to a method, and its lines above."""
    node = _functions(source)[method]
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
    lines = source.splitlines(keepends=True)
    lines.insert(node.lineno - 1, "@_planted\n")
    lines.insert(first, f"{text.lstrip()}\n\n")
    return "".join(lines)


def affected(checkout: Path, method: str) -> frozenset[str]:
    """Return the method and those of its module that call it."""
    functions = _functions(module_of(checkout, method).read_text("utf-8")).items()
    nodes = {name: list(ast.walk(node)) for name, node in functions}
    calling = {n for n, its in nodes.items() if any(getattr(i, "id", "") == method for i in its)}
    return frozenset({method, *calling})


def _functions(source: str) -> dict[str, ast.FunctionDef]:
    return {n.name: n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}


def module_of(checkout: Path, method: str) -> Path:
    """Return the file of the package that defines a method."""
    for path in sorted((checkout / PACKAGE).glob("*.py")):
        if method in _functions(path.read_text("utf-8")):
            return path
    raise CannotJudgeError(
        f"{checkout / PACKAGE} defines no function {short(method)}; choose another --method"
    )


def prepare(checkout: Path, root: Path, plant: Plant | None, *, stored: bool = False) -> None:
    """Copy a checkout's package and suite to `root`, commit them, then plant something.

    Unless `stored`, the commit is what is judged against, and has the wrapper of `SLOWER` as well,
    whose own 0.4 us would make short calls much slower than asked.
    """
    names = (PACKAGE, "benchmarks", "pyproject.toml", ".gitignore")
    command = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *names)
    for name in filter(None, git(checkout, *command).split("\0")):
        if (checkout / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(checkout / name, root / name)
    git(root, "init", "--quiet", "--initial-branch=main")
    steps = [plant] if plant else []
    if plant and plant.name == SLOWER and not stored:
        steps.insert(0, replace(plant, factor=1.0))
    path = module_of(root, plant.method) if plant else root
    texts = [planted(path.read_text("utf-8"), step.method, step.text) for step in steps]
    for text in texts[:-1]:
        path.write_text(text, "utf-8")
    git(root, "add", "--all")
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    git(root, *author, "commit", "--quiet", "--message=as it is")
    for text in texts[-1:]:
        path.write_text(text, "utf-8")


def git(checkout: Path, *arguments: str) -> str:
    """Run git in a checkout and return what it prints."""
    command = ["git", "-C", str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - git
    if done.returncode:
        raise CannotJudgeError(
            f"git failed in {short(checkout)}: {short(done.stderr)}; name a checkout of the project"
        )
    return done.stdout
