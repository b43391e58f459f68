"""Who computes ReLU beside us on a CPU: the calls, prepared on the same aligned arrays.

What is not installed, refuses a dtype or gives another answer is a contender with a reason.  Each
has one thread.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PACKAGE: Final = "relu_impls"
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


def contenders(revision: str, folder: Path) -> Iterator[Contender]:
    """Return everyone: ourselves first, then the functions of a revision that lies in a folder."""
    yield Contender(OURS, "", functions_of(importlib.import_module(_PACKAGE)))
    yield Contender(REVISION, revision, functions_of(imported(folder)))
    yield Contender(NUMPY, np.__version__, _numpy)
    yield Contender(COPY, np.__version__, _copy)
    yield from others()


def others() -> Iterator[Contender]:
    """Return those who may be installed or not."""
    known = {TORCH: _torch, "numexpr": _numexpr, "numba": _numba, "jax": _jax}
    for name, prepare_with in known.items():
        try:
            yield Contender(name, version(name), prepare_with())
        except ImportError as error:
            yield Contender(name, f"not installed: {error}", None)


def imported(folder: Path) -> Any:
    """Import the package that lies in a folder beside the one that is imported already."""
    with _without(_PACKAGE):
        sys.path.insert(0, str(folder))
        try:
            importlib.invalidate_caches()
            return importlib.import_module(_PACKAGE)
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


def _numpy(a: Arrays) -> Mapping[Task, Call]:
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


def _copy(a: Arrays) -> Mapping[Task, Call]:
    """Return copies that move as many bytes: a backward pass reads twice what it writes."""
    size, dtype = a.x.size, a.x.dtype.name
    half_more = (aligned(size + size // 2, dtype), aligned(size + size // 2, dtype))
    return {
        **dict.fromkeys((Task.RELU, Task.DRELU), a.x.copy),
        **dict.fromkeys((Task.OUT, Task.IN_PLACE), lambda: np.copyto(a.out, a.x)),
        Task.BACKWARD: half_more[0].copy,
        Task.BACKWARD_OUT: lambda: np.copyto(*half_more),
    }


def _torch() -> Prepare:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    backward = torch.ops.aten.threshold_backward

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        x, grad, out, own = map(torch.from_numpy, (a.x, a.grad, a.out, a.own))
        return {
            Task.RELU: lambda: torch.relu(x),
            Task.OUT: lambda: torch.clamp_min(x, 0, out=out),
            Task.IN_PLACE: lambda: torch.relu_(own),
            Task.DRELU: lambda: (x > 0).to(x.dtype),
            Task.BACKWARD: lambda: backward(grad, x, 0),
            Task.BACKWARD_OUT: lambda: backward.grad_input(grad, x, 0, grad_input=out),
        }

    return prepare


def _numexpr() -> Prepare:
    numexpr = importlib.import_module("numexpr")
    numexpr.set_num_threads(1)

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        zero, one = np.zeros((), a.x.dtype), np.ones((), a.x.dtype)

        def call(words: str, x: NDArray[Any], out: NDArray[Any] | None = None) -> Call:
            names = {"x": x, "grad": a.grad, "zero": zero, "one": one}
            return lambda: numexpr.evaluate(words, names, {}, out=out)

        return {
            Task.RELU: call("where(x < 0, 0, x)", a.x),
            Task.OUT: call("where(x < 0, 0, x)", a.x, a.out),
            Task.IN_PLACE: call("where(x < 0, 0, x)", a.own, a.own),
            Task.DRELU: call("where(x > 0, one, zero)", a.x),
            Task.BACKWARD: call("where(x > 0, grad, 0)", a.x),
            Task.BACKWARD_OUT: call("where(x > 0, grad, 0)", a.x, a.out),
        }

    return prepare


def _numba() -> Prepare:
    jit = importlib.import_module("numba").njit
    relu, drelu, backward = jit(_relu_loop), jit(_drelu_loop), jit(_backward_loop)

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        x, grad, out, own = a.x, a.grad, a.out, a.own
        return {
            Task.RELU: lambda: relu(x, np.empty_like(x)),
            Task.OUT: lambda: relu(x, out),
            Task.IN_PLACE: lambda: relu(own, own),
            Task.DRELU: lambda: drelu(x, np.empty_like(x)),
            Task.BACKWARD: lambda: backward(grad, x, np.empty_like(x)),
            Task.BACKWARD_OUT: lambda: backward(grad, x, out),
        }

    return prepare


def _relu_loop(x: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
    for i in range(x.size):
        out[i] = 0 if x[i] < 0 else x[i]
    return out


def _drelu_loop(x: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
    for i in range(x.size):
        out[i] = x[i] > 0
    return out


def _backward_loop(grad: NDArray[Any], x: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
    for i in range(x.size):
        out[i] = grad[i] if x[i] > 0 else 0
    return out


def _jax() -> Prepare:
    one_thread = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ.setdefault("XLA_FLAGS", one_thread)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    jax.config.update("jax_enable_x64", val=True)
    relu = jax.jit(lambda x: jnp.maximum(x, 0))
    drelu = jax.jit(lambda x: (x > 0).astype(x.dtype))
    backward = jax.jit(lambda grad, x: jnp.where(x > 0, grad, 0))

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        x, grad = jnp.asarray(a.x), jnp.asarray(a.grad)
        return {
            Task.RELU: lambda: relu(x).block_until_ready(),
            Task.DRELU: lambda: drelu(x).block_until_ready(),
            Task.BACKWARD: lambda: backward(grad, x).block_until_ready(),
        }

    return prepare
