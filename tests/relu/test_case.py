"""One row, called: the right answer passes, and every mistake is noticed."""

import operator
import timeit
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, Final

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import passes, reference
from benchmarks.case import Case
from benchmarks.rows import Row, all_rows
from benchmarks.workloads import WORKLOADS, Workload
from relu_impls import METHODS
from relu_impls.contract import STANDARD_FLOATS, Contract, Quantity, same
from tests.relu import reference as one_by_one

fails = pytest.fail.Exception


@pytest.fixture(params=["timing", "checks"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the gate runs the tests for."""
    monkeypatch.setenv("PYTEST_AGAINST", request.param)
    return str(request.param)


def case_of(method: str, workload: Workload) -> tuple[Any, Any]:
    """Return a row, and what stands in for the fixture of pytest-benchmark."""
    watch: Any = SimpleNamespace(disabled=False, extra_info={})
    option: Any = SimpleNamespace(benchmark_max_time=0.1, benchmark_min_rounds=5)
    return Case(Row(METHODS[method], workload), watch, option), watch


def outcome(case: Case) -> object:
    return case.function(*case.operands()[0])


@pytest.mark.parametrize(
    "workload", [w for w in WORKLOADS.values() if w.size < 1_000_000], ids=lambda w: w.name
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_right_answer_passes(workload: Workload, mode: str) -> None:
    for row in (row for row in all_rows() if row.workload is workload):
        case, watch = case_of(row.method.name, workload)
        assert watch.has_error
        case.check(outcome(case))
        exact = {} if mode == "timing" else {"exact": {"passes": row.method.contract.passes}}
        assert watch.extra_info == {"inputs": workload.digest} | exact
        assert (watch.has_error, watch.group) == (False, row.group)


def plus_one_at_17(x: Any) -> Any:
    return np.maximum(x, 0) + (np.arange(x.size) == 17)


MISTAKES: Final[dict[str, tuple[str, Callable[..., Any], str]]] = {
    "one value": ("maximum", plus_one_at_17, "result has "),
    "NaN": ("maximum", lambda x: x * np.nan, "result has nan at [0], expected "),
    "dtype": ("maximum", lambda x: np.maximum(x, 0).astype(">f8"), "result has dtype >f8, exp"),
    "shape": ("maximum", lambda x: np.maximum(x, 0)[:, None], "result has shape (1000, 1), ex"),
    "type": ("maximum", lambda x: np.maximum(x, 0).tolist(), "result is a list, expected an"),
    "a view": ("maximum", lambda x: x[::-1], "result shares memory with an argument"),
    "its input": ("maximum", lambda x: np.maximum(x, 0, out=x).copy(), "read-only argument x has"),
    "other input": ("backward_where", lambda grad, x: np.where(grad > 0, x, 0), "result has "),
    "no buffer": ("maximum_out", lambda x, _: np.maximum(x, 0), "written argument out has nan at"),
    "view of it": ("maximum_out", lambda x, out: np.maximum(x, 0, out=out)[:], "result is not the"),
    "mask": ("forward_mask", lambda x, out, _: np.fmax(x, 0, out), "written argument mask has T"),
    "not in place": ("copyto", lambda x: np.maximum(x, 0), "written argument x has -0."),
    "a copy": ("copyto", lambda x: np.maximum(x, 0, out=x).copy(), "result is not the argument x"),
}


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("method, function, words", MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_noticed(method: str, function: Any, words: str) -> None:
    case, watch = case_of(method, WORKLOADS["float64-1e3"])
    case.function = function
    with pytest.raises(fails) as caught:
        case.check(outcome(case))
    assert str(caught.value).startswith(f"{method}[float64-1e3] diverges: {words}")
    assert ("\n" in str(caught.value), watch.has_error) == (False, True)


@pytest.mark.parametrize("workload", ["float32-3e4", "float64-3e4-fortran"])
def test_answer_to_an_earlier_call_is_noticed(workload: str, mode: str) -> None:
    case, _ = case_of("maximum", WORKLOADS[workload])
    earlier = outcome(case)
    assert not case.difference(earlier), mode
    case.operands()
    assert "result has " in case.difference(earlier), mode


def test_only_a_hurry_leaves_numbers_out(mode: str) -> None:
    case, _ = case_of("maximum", WORKLOADS["float64-3e4"])
    case.function = plus_one_at_17
    assert ("at [17]" in case.difference(outcome(case))) == (mode == "checks")


def test_every_call_in_place_gets_data_that_no_call_has_rectified() -> None:
    case, _ = case_of("mask_assign", WORKLOADS["float64-3e4-sorted"])
    for _ in range(3):
        assert (case.operands()[0][0] < 0).any()
        case.function(*case.operands.arguments)


def test_buffers_hold_nothing_that_is_right_before_the_call() -> None:
    case, _ = case_of("forward_mask", WORKLOADS["float64-3e4"])
    _, *buffers = case.operands()[0]
    before = [buffer.copy() for buffer in buffers]
    case.function(*case.operands.arguments)
    assert not any((buffer == old).any() for buffer, old in zip(buffers, before, strict=True))


def test_changed_data_fail_but_in_a_hurry(mode: str) -> None:
    refused = pytest.raises(fails, match="workload n has digest ")
    with refused if mode == "checks" else nullcontext():
        case_of("relu", Workload("n", "0", "float64", (9,)))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    "given, expected, step, words",
    [
        ([0.0, -0.0, np.nan], [-0.0, 0.0, np.nan], 1, ""),
        ([], [], 1, ""),
        ([[1.0, 2], [3, 4]], [1.0, 2, 0, 4], 1, "has 3.0 at [1, 0], expected 0.0"),
        ([[0.0, 1, 2], [3, 4, 5]], [0.0, 9], 4, "has 4.0 at [1, 1], expected 9.0"),
        (2.0, [1.0], 1, "has 2.0 at [], expected 1.0"),
        ([True], [False], 1, "has True at [0], expected False"),
        ([True], [1.0], 1, "has dtype bool, expected float64"),
    ],
)
def test_difference_of_arrays(given: Any, expected: Any, step: int, words: str, order: Any) -> None:
    assert reference.difference(np.array(given, order=order), np.array(expected), step) == words


def ordinary(dtype: str) -> st.SearchStrategy[Any]:
    width: Any = 8 * np.dtype(dtype).itemsize
    return npst.arrays(dtype, (2, 7), elements=st.floats(-0.5, 0.5, width=width))


@settings(derandomize=True)
@given(
    both=st.sampled_from(sorted(STANDARD_FLOATS)).flatmap(ordinary),
    quantity=st.sampled_from(Quantity),
    chunk=st.integers(1, 9),
)
def test_answer_is_that_of_the_reference(both: Any, quantity: Quantity, chunk: int) -> None:
    x, grad = both
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "_CHUNK", chunk)
        found = reference.answer(quantity, x, grad, x.dtype)
    wanted = one_by_one.array(Contract(dtypes=same(STANDARD_FLOATS)), quantity, x, grad)
    np.testing.assert_array_equal(found, wanted, strict=True)


PASSES: Final[dict[str, tuple[int, Callable[..., Any]]]] = {
    "temporaries": (3, lambda x: (abs(x) + x) / 2),
    "where=": (1, lambda x: np.add(x, 1, where=np.ones(20, bool), out=np.empty(20))),
    "reduce": (1, np.add.reduce),
    "copy": (2, lambda x: np.maximum(x.copy(), 0)),
    "setitem": (1, lambda x: operator.setitem(x, 17, 0)),
    "getitem": (1, lambda x: x[np.array([0, 2])]),
    "view": (1, lambda x: np.maximum(x.view("i8")[::2], 0)),
    "reshape": (0, lambda x: x.reshape(2, -1).T),
    "empty": (0, np.empty_like),
}
"""What the methods do not show, whose contracts say how many they make."""


@pytest.mark.parametrize("number, function", PASSES.values(), ids=PASSES)
def test_passes_over_arrays_are_counted(number: int, function: Callable[..., Any]) -> None:
    assert passes.count(function, (np.linspace(-1, 1, 20),)) == number


@pytest.mark.parametrize(
    "seconds, rounds", [([0.01, 0.3], 10), ([0.3, 0.01], 10), ([1, 1], 5), ([1e-9, 1], 10_000)]
)
def test_rounds_fill_the_time(
    seconds: list[float], rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_AGAINST", raising=False)
    case, watch = case_of("maximum", WORKLOADS["float64-1e3"])
    monkeypatch.setattr(timeit, "repeat", lambda call, **_: [call(), seconds][1])
    assert case.rounds == rounds
    watch.disabled = True
    assert case.rounds == 1
    monkeypatch.setenv("PYTEST_AGAINST", "checks")
    watch.disabled = False
    assert case.rounds == 1
