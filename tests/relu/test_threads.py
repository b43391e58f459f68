"""Several threads: the same bits, errors and end, whoever calls and whatever the pool does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import ml_dtypes
import numpy as np
import pytest

from relu_impls import drelu, fast, relu, relu_backward, threads
from relu_impls.threads import PIECE, WORTH, spread
from tests.relu.cases import Array, specials

DTYPES: Final = ["float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "int8", "uint64"]

Call = Callable[..., Array]
CALLS: Final[dict[str, Call]] = {
    "relu": lambda x, _, **more: relu(x, **more),
    "drelu": lambda x, _, **more: drelu(x, **more),
    "relu_backward": lambda x, grad, **more: relu_backward(grad, x, **more),
}
each_call: Final = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def _large(name: str, *, more: int = 5) -> tuple[Array, Array]:
    """Return operands just large enough for several threads, with NaN in a few places."""
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    size = WORTH // dtype.itemsize + more
    bits = np.random.default_rng(1).integers(0, 256, size * dtype.itemsize, np.uint8).view(dtype)
    x = bits if dtype.kind in "iu" or dtype.itemsize == 1 else specials("float16").x.astype(dtype)
    return np.resize(x, size), np.resize(x[::-1], size)


@each_call
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bits_do_not_depend_on_the_number_of_threads(dtype: str, call: Call) -> None:
    x, grad = _large(dtype)
    wanted, before = call(x, grad).tobytes(), (x.tobytes(), grad.tobytes())
    for number in (1, 2, 3, np.int64(50)):
        out, own_x, own_grad = np.ones_like(x), x.copy(), grad.copy()
        assert call(x, grad, threads=number).tobytes() == wanted
        assert call(x, grad, out=out, threads=number) is out
        assert call(own_x, grad, out=own_x, threads=number) is own_x
        assert call(x, own_grad, out=own_grad, threads=number) is own_grad
        for found in (out, own_x, own_grad):
            assert found.tobytes() == wanted
        assert (x.tobytes(), grad.tobytes()) == before


@each_call
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_is_one_row_of_numbers(order: Any, call: Call) -> None:
    x, grad = (a.reshape(3, -1, order=order) for a in _large("float32", more=1))
    found = call(x, grad, threads=2)
    np.testing.assert_array_equal(found, call(x, grad), strict=True)
    assert found.flags[order]


@each_call
def test_a_result_may_lie_over_a_part_of_an_operand(call: Call) -> None:
    x, grad = _large("float32", more=2)
    wanted = call(x[1:], grad[1:]).tobytes()
    for number in (1, 2):
        own_x, own_grad = x.copy(), grad.copy()
        assert call(own_x[1:], grad[1:], out=own_x[:-1], threads=number).tobytes() == wanted
        assert call(x[1:], own_grad[1:], out=own_grad[:-1], threads=number).tobytes() == wanted


def test_what_is_small_or_spread_out_stays_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("several threads")

    monkeypatch.setattr(fast, "spread", fail)
    many = np.ones(WORTH // 4)
    for x in (many[: many.size // 2 - 1], many.reshape(2, -1)[:, ::2], [1.0, -1.0], 2.0):
        for call in CALLS.values():
            np.testing.assert_array_equal(call(x, x, threads=4), call(x, x))
    with pytest.raises(pytest.fail.Exception, match="several threads"):
        relu(many, threads=4)


@each_call
@pytest.mark.parametrize("value", [0, -1, 1.5, "2", True, np.True_, [2], np.int8(0)], ids=repr)
def test_a_number_of_threads_is_whole_and_positive(value: Any, call: Call) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        call(np.ones(3), np.ones(3), threads=value)
    told = f"threads is {value!r}; accepted: a whole number from 1 on, or None"
    assert str(raised.value) == told


def test_an_error_arrives_when_all_threads_are_done() -> None:
    done = []

    def kernel(x: Array, _: Array) -> None:
        done.append(x[0])
        if x[0] in {2, 3}:
            raise FloatingPointError(f"in slice {x[0]}")

    x = np.repeat(np.arange(5, dtype=np.uint8), PIECE)
    with pytest.raises(FloatingPointError, match="in slice"):
        spread(kernel, 3, x, None)
    assert sorted(done) == [0, 1, 2, 3, 4]


def test_each_thread_has_the_error_state_of_the_caller() -> None:
    both, found = threading.Barrier(2, timeout=60), []

    def kernel(_: Array, __: Array) -> None:
        both.wait()  # so that each slice has a thread of its own
        found.append((threading.get_ident(), np.geterr()["over"]))

    with np.errstate(over="raise"):
        spread(kernel, 2, np.ones(2 * PIECE, np.uint8), None)
    assert len(dict(found)) == 2
    assert set(dict(found).values()) == {"raise"}


def test_many_callers_share_one_pool() -> None:
    x, grad = _large("float32")
    wanted = relu_backward(grad, x).tobytes()
    with ThreadPoolExecutor(6) as callers:
        calls = [callers.submit(relu_backward, grad, x, threads=3) for _ in range(12)]
        assert all(call.result().tobytes() == wanted for call in calls)
    shared = [thread for thread in threading.enumerate() if thread.name.startswith("relu")]
    assert len(shared) <= (os.cpu_count() or 1)


def test_a_call_ends_though_the_pool_is_busy_or_shut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = _large("float32")
    wanted, let_go = relu(x).tobytes(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(threads, "_pool", lambda _: pool)
        pool.submit(let_go.wait, 60)
        assert relu(x, threads=4).tobytes() == wanted
        let_go.set()
    assert relu(x, threads=4).tobytes() == wanted


AT_EXIT: Final = """
import atexit, numpy as np
from relu_impls import relu

x = np.full(5_000_000, -1.0)
atexit.register(lambda: print("late", relu(x, threads=2).sum()))
print("first", relu(x, threads=2).sum())
"""

FORK: Final = """
import os, signal, threading, warnings, numpy as np
from relu_impls import relu

warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
x = np.full(5_000_000, -1.0)
print("first", relu(x, threads=2).sum(), flush=True)
child = os.fork()
if child:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
signal.alarm(60)
print("late", relu(x, threads=2).sum())
assert threading.active_count() == 2  # with a thread of its own
"""


@pytest.mark.parametrize(
    "code",
    [
        AT_EXIT,
        pytest.param(
            FORK, marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
        ),
    ],
    ids=["at exit", "after a fork"],
)
def test_the_end_of_the_interpreter_and_a_fork_are_no_trouble(code: str) -> None:
    run = [sys.executable, "-c", code]
    ended = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["first", "0.0", "late", "0.0"]
