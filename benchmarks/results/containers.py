"""Make `containers.md`: ``python benchmarks/results/containers.py [--check]``.

Every cell is what a call did just now, with the packages of the dependency group `containers`.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[2]))  # as a script it knows its folder only

from pytest_against.files import replace
from relu_impls import drelu, relu, relu_backward

PAGE: Final = Path(__file__).resolve().with_name("containers.md")
_COMMAND: Final = "python benchmarks/results/containers.py"
PACKAGES: Final = (
    "numpy", "astropy", "awkward", "dask", "pandas", "pint", "polars", "pyarrow", "ragged",
    "scipy", "sparse", "unyt", "xarray",
)  # fmt: skip

_HEAD: Final = f"""\
<!-- Made by {_COMMAND}; changes are lost. -->
# What becomes of a container

`relu`, `drelu` and `relu_backward` import none of these packages. What a container answers right
for itself is its answer; what it gets wrong is done by its own better way, or refused. Beside them
stands what `np.maximum(x, 0)` does.

*kept*: the result is of the type of `x`, that of a gradient of the type of `grad`. *in m*: its
unit, for numbers in m and a gradient in V. *mask*: what is masked, null or NA is so in the result,
too. *lazy*: nothing was computed. A dtype is named where it changed. **Bold** is wrong: numbers
that are not those of ReLU, or a mask that is lost. `out=x` is `relu(x, out=x)`.

"""


@dataclass(frozen=True, slots=True)
class Call:
    """A column: what is called, and the numbers that it should give."""

    name: str
    function: Callable[[Any], Any]
    numbers: Callable[[Any, Any], Any]
    gradient: bool = False


def _largest(_: Any, x: Any) -> Any:
    return np.maximum(x, 0)


CALLS: Final = (
    Call("np.maximum(x, 0)", lambda c: np.maximum(c.x, 0), _largest),
    Call("relu(x)", lambda c: relu(c.x), _largest),
    Call("drelu(x)", lambda c: drelu(c.x), lambda _, x: np.where(np.isnan(x), x, x > 0)),
    Call(
        "relu_backward(grad, x)",
        lambda c: relu_backward(c.grad, c.x),
        lambda grad, x: np.where(np.isnan(x), x, np.where(x > 0, grad, 0)),
        gradient=True,
    ),
    Call("out=x", lambda c: relu(c.x, out=c.x), _largest),
)


def cell(case: Any, call: Call) -> str:
    """Return in a few words what a call does."""
    x, grad = (case.read(each).astype(np.longdouble) for each in (case.x, case.grad))
    wanted = call.numbers(grad, x)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return ", ".join(_words(case, call, call.function(case), wanted))
    except Exception as error:  # noqa: BLE001 - whatever a container raises is the answer
        said = str(error).splitlines()[0].replace("|", "\\|")
        return f"refused: {said[:90]}"


def _words(case: Any, call: Call, found: Any, wanted: Any) -> Iterator[str]:
    like = case.grad if call.gradient else case.x
    yield "kept" if type(found) is type(like) else type(found).__name__
    units = [_unit(each) for each in (like, found)]
    if any(units):
        yield units[1] or "no unit"
    dtypes = [_dtype(each) for each in (like, found)]
    if dtypes[0] != dtypes[1]:
        yield dtypes[1]
    if _is_lazy(like):
        yield "lazy" if _is_lazy(found) else "**computed**"
    numbers = case.read(found).astype(np.longdouble)
    if case.hidden is not None:
        yield "mask" if np.isnan(numbers[case.hidden]).all() else "**mask lost**"
        numbers, wanted = numbers[~case.hidden], wanted[~case.hidden]
    if not np.array_equal(numbers, wanted, equal_nan=True):
        yield f"**{', '.join(map(str, numbers))}**"


def _dtype(value: Any) -> str:
    columns = " and ".join(map(str, value.dtypes)) if hasattr(value, "columns") else ""
    return str(getattr(value, "dtype", columns))


def _unit(value: Any) -> str:
    inner = getattr(value, "data", value) if hasattr(value, "dims") else value
    found = getattr(inner, "units", None) or getattr(inner, "unit", None)
    return "" if found is None or callable(found) else f"in {found}".strip()


def _is_lazy(value: Any) -> bool:
    inner = getattr(value, "magnitude", getattr(value, "data", value))
    return any(hasattr(each, "dask") and hasattr(each, "compute") for each in (value, inner))


def page() -> str:
    """Return the page: one row for each container."""
    cases = import_module("benchmarks.results.container_cases").cases
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    head = ["container", *(f"`{call.name}`" for call in CALLS)]
    rows = [head, ["---"] * len(head)]
    each = zip(*(cases() for _ in CALLS), strict=True)  # a call may write into its own
    rows += [[same[0].name, *map(cell, same, CALLS)] for same in each]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{_HEAD}Run with {versions}.\n\n{table}"


def _table(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("Run with ")]


def main(argv: Sequence[str] | None = None, path: Path = PAGE) -> int:
    """Make the page, or say that it is stale; return the exit code."""
    parser = argparse.ArgumentParser(
        prog=_COMMAND,
        description="make the page that says what becomes of each container",
        epilog="exit codes: 0 made, fresh, or without the packages not checked; 1 stale; "
        "2 a package is missing",
    )
    parser.add_argument("--check", action="store_true", help="say if it is stale, no more")
    check: bool = parser.parse_args(argv).check
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        lacking = f"{', '.join(missing)}: pip install --group containers"
        done = "checked" if check else "made"
        print(f"{path.name} is not {done} without {lacking}", file=None if check else sys.stderr)
        return 0 if check else 2
    text = page()
    if not check:
        replace(path, text)
    elif not path.is_file() or _table(path.read_text(encoding="utf-8")) != _table(text):
        print(f"{path.name} is stale; make it anew: {_COMMAND}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
