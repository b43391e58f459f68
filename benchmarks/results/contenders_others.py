"""Who computes ReLU beside us on a CPU: packages that run in one process with NumPy.

What is not installed, refuses a dtype or gives another answer is a contender with a reason.  Each
has one thread.
"""

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.results.contenders import (
    COPY,
    NUMPY,
    OURS,
    PACKAGE,
    REVISION,
    TORCH,
    Arrays,
    Call,
    Contender,
    Prepare,
    Task,
    copy_calls,
    functions_of,
    imported,
    numpy_calls,
)

FEW: Final = (16, 30_000, 5_000_000)
"""Numbers in the arrays of those who are only shown, and compared with nothing that is wanted."""


def contenders(revision: str, folder: Path) -> Iterator[Contender]:
    """Return everyone: ourselves first, then the functions of a revision that lies in a folder."""
    yield Contender(OURS, "", functions_of(importlib.import_module(PACKAGE)))
    yield Contender(REVISION, revision, functions_of(imported(folder)))
    yield Contender(NUMPY, np.__version__, numpy_calls)
    yield Contender(COPY, np.__version__, copy_calls)
    yield from others()


def others() -> Iterator[Contender]:
    """Return those who may be installed or not."""
    known = {TORCH: _torch, "numexpr": _numexpr, "numba": _numba, "jax": _jax}
    for name, prepare_with in {**known, **SHOWN}.items():
        sizes = FEW if name in SHOWN else ()
        try:
            yield Contender(name, version(name), prepare_with(), sizes)
        except ImportError as error:
            yield Contender(name, f"not installed: {error}", None, sizes)


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
    os.environ["NPROC"] = "1"  # XLA has as many threads; its flag for that is without effect
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


def _polars() -> Prepare:
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    pl = importlib.import_module("polars")

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        x, grad = pl.Series(a.x), pl.Series(a.grad)
        zero = pl.Series([0.0], dtype=x.dtype)
        return {
            Task.RELU: lambda: x.clip(0),
            Task.DRELU: lambda: (x > 0).cast(x.dtype),
            Task.BACKWARD: lambda: grad.zip_with(x > 0, zero),
        }

    return prepare


def _pyarrow() -> Prepare:
    pa, pc = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.compute")
    pa.set_cpu_count(1)

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        x, grad, zero = pa.array(a.x), pa.array(a.grad), pa.scalar(a.x.dtype.type(0))
        return {
            Task.RELU: lambda: pc.max_element_wise(x, zero),
            Task.DRELU: lambda: pc.cast(pc.greater(x, zero), x.type),
            Task.BACKWARD: lambda: pc.if_else(pc.greater(x, zero), grad, zero),
        }

    return prepare


def _dask() -> Prepare:
    da = importlib.import_module("dask.array")

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        x, grad = (da.from_array(each, chunks=-1) for each in (a.x, a.grad))

        def call(words: Callable[[], Any]) -> Call:
            return lambda: words().compute(scheduler="synchronous")

        return {
            Task.RELU: call(lambda: da.maximum(x, 0)),
            Task.DRELU: call(lambda: (x > 0).astype(x.dtype)),
            Task.BACKWARD: call(lambda: da.where(x > 0, grad, 0)),
        }

    return prepare


def _blosc2() -> Prepare:
    blosc2 = importlib.import_module("blosc2")
    blosc2.set_nthreads(1)

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        names = {"x": a.x, "grad": a.grad}
        return {
            Task.RELU: lambda: blosc2.lazyexpr("maximum(x, 0)", names)[:],
            Task.BACKWARD: lambda: blosc2.lazyexpr("grad * (x > 0)", names)[:],
        }

    return prepare


def _onnxruntime() -> Prepare:
    ort, helper = importlib.import_module("onnxruntime"), importlib.import_module("onnx.helper")
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # an initializer that a model does not use is no news

    def prepare(a: Arrays) -> Mapping[Task, Call]:
        kind = helper.np_dtype_to_tensor_dtype(a.x.dtype)
        zero = helper.make_tensor("zero", kind, [], [0])

        def call(*nodes: Any, **given: NDArray[Any]) -> Call:
            ends = [helper.make_tensor_value_info(n, kind, [a.x.size]) for n in (*given, "y")]
            graph = helper.make_graph(nodes, "relu", ends[:-1], ends[-1:], [zero])
            opset = [helper.make_opsetid("", 20)]
            model = helper.make_model(graph, opset_imports=opset, ir_version=9)
            one = ort.InferenceSession(model.SerializeToString(), options)
            return lambda: one.run(None, given)[0]

        node = helper.make_node
        mask = node("Greater", ["x", "zero"], ["m"])
        selected = node("Where", ["m", "grad", "zero"], ["y"])
        return {
            Task.RELU: call(node("Relu", ["x"], ["y"]), x=a.x),
            Task.DRELU: call(mask, node("Cast", ["m"], ["y"], to=kind), x=a.x),
            Task.BACKWARD: call(mask, selected, x=a.x, grad=a.grad),
        }

    return prepare


def _labelled(module: str, kind: str, least: str) -> Callable[[], Prepare]:
    """Return the calls of arrays with labels, whose clip names its lower end in its own way."""

    def prepared() -> Prepare:
        made = getattr(importlib.import_module(module), kind)

        def prepare(a: Arrays) -> Mapping[Task, Call]:
            x, grad = made(a.x), made(a.grad)
            return {
                Task.RELU: lambda: x.clip(**{least: 0}),
                Task.DRELU: lambda: (x > 0).astype(x.dtype),
                Task.BACKWARD: lambda: grad.where(x > 0, 0),
            }

        return prepare

    return prepared


SHOWN: Final = {
    "polars": _polars,
    "pyarrow": _pyarrow,
    "dask": _dask,
    "blosc2": _blosc2,
    "onnxruntime": _onnxruntime,
    "pandas": _labelled("pandas", "Series", "lower"),
    "xarray": _labelled("xarray", "DataArray", "min"),
}
"""Who is shown in a table of their own."""
