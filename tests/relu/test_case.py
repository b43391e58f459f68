"""One row, called: the right answer passes, and every mistake is noticed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, Final

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import passes, reference
from benchmarks.case import Case
from benchmarks.rows import Row, all_rows
from benchmarks.workloads import WORKLOADS
from relu_impls import METHODS
from relu_impls.contract import STANDARD_FLOATS, Contract, Quantity, same
from tests.relu import reference as one_by_one

DEFAULT: Final = [row for row in all_rows() if not row.asked_as]
every_mode = pytest.mark.parametrize("mode", ["timing", "checks", ""])


class Stopwatch:
    """Stands in for the fixture of pytest-benchmark."""

    disabled = False

    def __init__(self) -> None:
        self.extra_info: dict[str, Any] = {}
        self.group = ""
        self.has_error = False


def _case(method: str, workload: str, max_time: float = 0.1) -> tuple[Any, Stopwatch]:
    watch: Any = Stopwatch()
    option = argparse.Namespace(benchmark_max_time=max_time, benchmark_min_rounds=5)
    return Case(Row.of(METHODS[method], WORKLOADS[workload]), watch, option), watch


def _call(case: Case) -> object:
    return case.function(*case.operands()[0])


@every_mode
@pytest.mark.parametrize("workload", [w.name for w in WORKLOADS.values() if not w.asked_as])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_right_answer_passes(workload: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_AGAINST", mode)
    for row in (row for row in DEFAULT if row.workload.name == workload):
        case, watch = _case(row.method.name, workload)
        assert watch.has_error
        case.check(_call(case))
        assert not watch.has_error
        assert watch.group == row.group
        exact = {} if mode == "timing" else {"exact": {"passes": row.method.contract.passes}}
        assert watch.extra_info == {"inputs": row.workload.digest} | exact


def _change_one(x: Any) -> Any:
    result = np.maximum(x, 0)
    result[17] += 1
    return result


def _change_input(x: Any) -> Any:
    x[x < 0] = 0
    return x.copy()


def _fill_mask(x: Any, out: Any, mask: Any) -> Any:
    mask[:] = True
    return np.maximum(x, 0, out=out)


MISTAKES: Final[dict[str, tuple[str, Callable[..., Any], str]]] = {
    "value": ("maximum", lambda x: np.maximum(x, 0.25), "result has 0.25 at ["),
    "one value": ("maximum", _change_one, "result has "),
    "NaN": ("maximum", lambda x: x * np.nan, "result has nan at [0], expected "),
    "dtype": ("maximum", lambda x: np.maximum(x, 0).astype("f4"), "result has dtype float32, exp"),
    "byte order": ("maximum", lambda x: np.maximum(x, 0).astype(">f8"), "result has dtype >f8, ex"),
    "shape": ("maximum", lambda x: np.maximum(x, 0)[:, None], "result has shape (1000, 1), exp"),
    "type": ("maximum", lambda x: np.maximum(x, 0).tolist(), "result is a list, expected an array"),
    "nothing": ("maximum", lambda _: None, "result is a NoneType, expected an array"),
    "its input": ("mask_astype", lambda x: x, "result shares memory with an argument"),
    "a view": ("maximum", lambda x: x[::-1], "result shares memory with an argument"),
    "input": ("maximum", _change_input, "read-only argument x has 0.0 at ["),
    "in place": ("relu", lambda x: np.maximum(x, 0, out=x), "read-only argument x has 0.0 at ["),
    "other input": ("backward_where", lambda g, x: np.where(g > 0, x, 0), "result has "),
    "no buffer": ("maximum_out", lambda x, _: np.maximum(x, 0), "written argument out has nan at"),
    "wrong buffer": ("maximum_out", lambda x, out: np.maximum(x, 0, out=out) is x, "result is not"),
    "view of it": (
        "maximum_out",
        lambda x, out: np.maximum(x, 0, out=out)[:],
        "result is not the ",
    ),
    "mask": ("forward_mask", _fill_mask, "written argument mask has True at ["),
    "not in place": ("copyto", lambda x: np.maximum(x, 0), "written argument x has -0."),
    "a copy": ("copyto", lambda x: np.maximum(x, 0, out=x).copy(), "result is not the argument x"),
}


@every_mode
@pytest.mark.parametrize("method, function, words", MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_noticed(
    method: str, function: Any, words: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_AGAINST", mode)
    case, watch = _case(method, "float64-1e3")
    case.function = function
    with pytest.raises(pytest.fail.Exception) as caught:
        case.check(_call(case))
    assert str(caught.value).startswith(f"{method}[float64-1e3] diverges: {words}")
    assert "\n" not in str(caught.value)
    assert watch.has_error


@every_mode
@pytest.mark.parametrize("workload", ["float32-3e4", "float64-3e4-fortran"])
def test_answer_to_an_earlier_call_is_noticed(
    workload: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_AGAINST", mode)
    case, _ = _case("maximum", workload)
    earlier = _call(case)
    assert case.difference(earlier) is None
    case.operands()
    assert "result has " in case.difference(earlier)


def test_only_a_hurry_leaves_numbers_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for mode, noticed in (("timing", False), ("checks", True)):
        monkeypatch.setenv("PYTEST_AGAINST", mode)
        case, _ = _case("maximum", "float64-3e4")
        case.function = _change_one
        assert ("at [17]" in str(case.difference(_call(case)))) == noticed


def test_every_call_in_place_gets_data_that_no_call_has_rectified() -> None:
    case, _ = _case("mask_assign", "float64-3e4-sorted")
    for _ in range(3):
        assert (case.operands()[0][0] < 0).any()
        case.function(*case.operands.arguments)


def test_buffers_hold_nothing_that_is_right_before_the_call() -> None:
    case, _ = _case("forward_mask", "float64-3e4")
    _, *buffers = case.operands()[0]
    before = [buffer.copy() for buffer in buffers]
    case.function(*case.operands.arguments)
    assert not any((buffer == old).any() for buffer, old in zip(buffers, before, strict=True))


def test_changed_data_are_refused_but_in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = Row.of(METHODS["relu"], WORKLOADS["float64-1e3"].__class__("n", "0", "float64", (9,)))
    with pytest.raises(ValueError, match="workload n has digest "):
        Case(changed, Stopwatch(), argparse.Namespace())  # type: ignore[arg-type]
    monkeypatch.setenv("PYTEST_AGAINST", "timing")
    Case(changed, Stopwatch(), argparse.Namespace())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given, expected, words",
    [
        ([1.0, np.nan], [1.0, np.nan], None),
        ([0.0, -0.0], [-0.0, 0.0], None),
        ([], [], None),
        ([[1.0, 2], [3, 4]], [1.0, 2, 0, 4], "has 3.0 at [1, 0], expected 0.0"),
        (2.0, [1.0], "has 2.0 at [], expected 1.0"),
        ([True], [False], "has True at [0], expected False"),
        ([2], [2.0], "has dtype int64, expected float64"),
    ],
)
def test_difference_of_arrays_in_words(given: Any, expected: Any, words: str | None) -> None:
    for order in ("C", "F"):
        array = np.array(given, order=order, dtype="int64" if given == [2] else None)
        assert reference.difference(array, np.array(expected)) == words
    steps = reference.difference(np.arange(6.0).reshape(2, 3), np.array([0.0, 9.0]), 4)
    assert steps == "has 4.0 at [1, 1], expected 9.0"


ORDINARY: Final = st.sampled_from(sorted(STANDARD_FLOATS)).flatmap(
    lambda dtype: npst.arrays(
        dtype,
        (2, 7),
        elements=st.floats(-0.5, 0.5, width=8 * np.dtype(dtype).itemsize),  # type: ignore[arg-type]
    )
)


@settings(deadline=None, derandomize=True)
@given(both=ORDINARY, quantity=st.sampled_from(Quantity), chunk=st.integers(1, 9))
def test_answer_is_that_of_the_reference(both: Any, quantity: Quantity, chunk: int) -> None:
    x, grad = both
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "_CHUNK", chunk)
        found = reference.answer(quantity, x, grad, x.dtype)
    wanted = one_by_one.array(Contract(dtypes=same(STANDARD_FLOATS)), quantity, x, grad)
    np.testing.assert_array_equal(found, wanted, strict=True)


def _assign(x: Any) -> None:
    x[x < 0] = 0


PASSES: Final[dict[str, tuple[Callable[..., Any], int]]] = {
    "in place": (lambda x: np.maximum(x, 0, out=x), 1),
    "copy": (lambda x: np.maximum(x.copy(), 0), 2),
    "temporaries": (lambda x: (abs(x) + x) / 2, 3),
    "clip": (lambda x: np.clip(x, 0, np.inf, out=x), 1),
    "where": (lambda x: np.where(x > 0, x, 0), 2),
    "setitem": (_assign, 2),
    "copyto": (lambda x: np.copyto(x, 0, where=x < 0), 2),
    "astype": (lambda x: (x > 0).astype("f8"), 2),
    "getitem": (lambda x: x[np.array([0, 2])], 1),
    "where=": (lambda x: np.add(x, 1, where=np.ones(6, bool), out=np.empty(6)), 1),
    "reduce": (np.add.reduce, 1),
    "view": (lambda x: np.maximum(x.view("i8")[::2], 0), 1),
    "reshape": (lambda x: x.reshape(2, -1).T, 0),
    "empty": (np.empty_like, 0),
    "nothing": (lambda _: None, 0),
}


@pytest.mark.parametrize("function, number", PASSES.values(), ids=PASSES)
def test_passes_over_arrays_are_counted(function: Callable[..., Any], number: int) -> None:
    assert passes.count(function, (np.linspace(-1, 1, 6),)) == number


@pytest.mark.parametrize(
    "seconds, rounds", [((0.01, 0.3), 10), ((0.3, 0.01), 10), ((1, 1), 5), ((1e-9, 1), 10_000)]
)
def test_rounds_fill_the_time(
    seconds: Sequence[float], rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_AGAINST", raising=False)
    case, watch = _case("maximum", "float64-1e3")
    monkeypatch.setattr(case, "_call", iter(seconds).__next__)
    assert case.rounds == rounds
    monkeypatch.setenv("PYTEST_AGAINST", "checks")
    assert case.rounds == 1
    monkeypatch.delenv("PYTEST_AGAINST")
    watch.disabled = True
    assert case.rounds == 1
