"""Who computes ReLU: the calls, prepared on the same aligned arrays; ourselves, and NumPy."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PACKAGE: Final = "relu_impls"
_LINE: Final = 64
"""Bytes of a cache line, on which every array begins."""

Call = Callable[[], Any]


class Task(StrEnum):
    """What is computed, and where the answer goes."""

    RELU = "relu"
    OUT = "out"
    IN_PLACE = "inplace"
    DRELU = "drelu"
    BACKWARD = "backward"
    BACKWARD_OUT = "backward-out"

    @property
    def call(self) -> str:
        """Our spelling."""
        return {
            Task.RELU: "relu(x)",
            Task.OUT: "relu(x, out=out)",
            Task.IN_PLACE: "relu(x, out=x)",
            Task.DRELU: "drelu(x)",
            Task.BACKWARD: "relu_backward(grad, x)",
            Task.BACKWARD_OUT: "relu_backward(grad, x, out=out)",
        }[self]


OURS: Final = "here"
NUMPY: Final = "NumPy"
TORCH: Final = "torch"
COPY: Final = "copy"
REVISION: Final = "revision"


@dataclass(frozen=True, slots=True)
class Arrays:
    """Operands of one dtype and size, each on a cache line; `own` is a second x."""

    x: NDArray[Any]
    grad: NDArray[Any]
    out: NDArray[Any]
    own: NDArray[Any]

    @classmethod
    def drawn(cls, dtype: str, size: int, *, nan: bool) -> "Arrays":
        """Return normally distributed numbers; one of a hundred in `x` is NaN, if any is."""
        random = np.random.default_rng(size)
        x, grad, out, own = (aligned(size, dtype) for _ in range(4))
        x[:], grad[:] = random.normal(size=size), random.normal(size=size)
        if nan:
            x[:: min(100, size)] = np.nan
        own[:] = x
        return cls(x, grad, out, own)


def aligned(size: int, dtype: str) -> NDArray[Any]:
    """Return an array that begins on a cache line, with its pages touched."""
    nbytes = size * np.dtype(dtype).itemsize
    memory = np.ones(nbytes + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + nbytes].view(dtype)


Prepare = Callable[[Arrays], Mapping[Task, Call]]


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody's calls; `prepare` is None, and `version` says why, if there are none."""

    name: str
    version: str
    prepare: Prepare | None
    sizes: tuple[int, ...] = ()
    """Of arrays that it is measured on; all, if there are none."""


def imported(folder: Path) -> Any:
    """Import the package that lies in a folder beside the one that is imported already."""
    with _without(PACKAGE):
        sys.path.insert(0, str(folder))
        try:
            importlib.invalidate_caches()
            return importlib.import_module(PACKAGE)
        finally:
            sys.path.remove(str(folder))


@contextmanager
def _without(package: str) -> Iterator[None]:
    def ours() -> dict[str, Any]:
        return {n: m for n, m in sys.modules.items() if n.partition(".")[0] == package}

    kept = ours()
    for name in kept:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in ours():
            del sys.modules[name]
        sys.modules.update(kept)


def functions_of(module: Any) -> Prepare:
    """Return the public functions of a version of the package."""
    relu, drelu, backward = module.relu, module.drelu, module.relu_backward

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        x, grad, out, own = a.x, a.grad, a.out, a.own
        return {
            Task.RELU: lambda: relu(x),
            Task.OUT: lambda: relu(x, out=out),
            Task.IN_PLACE: lambda: relu(own, out=own),
            Task.DRELU: lambda: drelu(x),
            Task.BACKWARD: lambda: backward(grad, x),
            Task.BACKWARD_OUT: lambda: backward(grad, x, out=out),
        }

    return prepare


def numpy_calls(a: Arrays) -> Mapping[Task, Call]:
    """Return the plainest spellings."""
    x, grad, out, own = a.x, a.grad, a.out, a.own
    return {
        Task.RELU: lambda: np.maximum(x, 0),
        Task.OUT: lambda: np.maximum(x, 0, out=out),
        Task.IN_PLACE: lambda: np.maximum(own, 0, out=own),
        Task.DRELU: lambda: (x > 0).astype(x.dtype),
        Task.BACKWARD: lambda: grad * (x > 0),
        Task.BACKWARD_OUT: lambda: np.multiply(grad, x > 0, out=out),
    }


def copy_calls(a: Arrays) -> Mapping[Task, Call]:
    """Return copies that move as many bytes: a backward pass reads twice what it writes."""
    size, dtype = a.x.size, a.x.dtype.name
    half_more = (aligned(size + size // 2, dtype), aligned(size + size // 2, dtype))
    return {
        **dict.fromkeys((Task.RELU, Task.DRELU), a.x.copy),
        **dict.fromkeys((Task.OUT, Task.IN_PLACE), lambda: np.copyto(a.out, a.x)),
        Task.BACKWARD: half_more[0].copy,
        Task.BACKWARD_OUT: lambda: np.copyto(*half_more),
    }
