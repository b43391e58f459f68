"""A gradient is as its `x` in all that both say, and what is refused is told in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from scipy import sparse

from relu_impls import drelu, fast, relu, relu_backward
from relu_impls.threads import WORTH
from tests.relu import alike

ONES: Final = np.ones(2, "f4")
MAKES: Final[dict[str, Callable[[Any], Any]]] = {
    "numpy": np.asarray,
    "numpy.ma": np.ma.asarray,
    "awkward": alike.Rows,
    "dask.Array": alike.Array,
    "dask of pandas": lambda v: alike.FrameBase(alike.Series(v)),
    "dtype and shape": alike.Typed,
    "pandas.DataFrame": alike.DataFrame,
    "pandas.Index": alike.Index,
    "pandas.Series": alike.Series,
    "pint": lambda v: alike.PlainQuantity(v, "m"),
    "polars.DataFrame": lambda v: alike.Frame(alike.Zipping(v)),
    "polars.Series": alike.Zipping,
    "scipy": sparse.coo_array,
    "xarray.DataArray": alike.DataArray,
    "xarray.DataArray of dask": lambda v: alike.DataArray(alike.Array(v)),
    "xarray.Dataset": lambda v: alike.Dataset(alike.DataArray(v)),
    "xarray.DataTree": lambda v: alike.DataTree(alike.Dataset(alike.DataArray(v))),
}
CALLS: Final[tuple[Callable[..., Any], ...]] = (relu, drelu, lambda x: relu_backward(x, x))
every_make: Final = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


@every_make
def test_a_gradient_of_another_dtype_is_refused(make: Any) -> None:
    wanted = "grad has dtype float32; accepted: float64, the dtype of x"
    with pytest.raises(TypeError, match=f"^{wanted}$"):
        relu_backward(make(ONES), make(ONES.astype("f8")))


@every_make
def test_a_gradient_of_another_shape_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"^grad has shape \(2,\); accepted: \(1,\), the shape of"):
        relu_backward(make(ONES), make(ONES[:1]))


@pytest.mark.parametrize("name", [name for name in MAKES if name not in {"numpy", "numpy.ma"}])
@pytest.mark.parametrize("other", ["numpy", "numpy.ma", "pandas.Series", "polars.Series"])
def test_a_gradient_of_another_kind_is_refused(name: str, other: str) -> None:
    if name in {"pint", other}:  # a quantity goes with the plain numbers of what it holds
        return
    for first, last in ((name, other), (other, name)):
        wanted = r"^grad is a \w+\.\w+, x a \w+\.\w+; accepted: two of one kind$"
        with pytest.raises(TypeError, match=wanted):
            relu_backward(MAKES[first](ONES), MAKES[last](ONES))


def _frame(column: str) -> Any:
    class DataFrame(alike.Frame):
        columns = (column,)

    DataFrame.__module__ = "polars"
    return DataFrame(alike.Zipping(ONES))


def _tree(*groups: str) -> Any:
    tree: Any = alike.DataTree(alike.Dataset(alike.DataArray(ONES)))
    tree.groups = groups
    return tree


@pytest.mark.parametrize(
    "grad, x, message",
    [
        (_frame("a"), _frame("b"), "grad has columns ['a']; accepted: ['b'], the columns of x"),
        (_tree("/"), _tree("/", "/b"), "grad has groups ('/',); accepted: ('/', '/b'), the gro"),
        (
            alike.FrameBase(alike.Series(ONES), (0, 1)),
            alike.FrameBase(alike.Series(ONES), (0, 1, 1)),
            "grad has divisions (0, 1); accepted: (0, 1, 1), the divisions of x",
        ),
        (
            alike.Rows(ONES, "2 * float32"),
            alike.Rows(ONES, "2 * option[var * ?float32]"),
            "grad has shape (2,); accepted: (2, 'var'), the shape of x",
        ),
        (
            alike.Rows(ONES, "2 * var * float32"),
            alike.Rows(np.ones(3, "f4"), "2 * option[var * ?float32]"),
            "grad has rows of other lengths than x; accepted: the same",
        ),
    ],
)
def test_what_is_known_without_computing_is_compared(grad: Any, x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        relu_backward(grad, x)


def test_what_is_unknown_is_not_compared() -> None:
    known: Any = alike.Array(ONES)
    unknown: Any = alike.Array(ONES)
    unknown.unknown = (np.nan,)
    for grad, x in ((known, unknown), (unknown, known)):
        np.testing.assert_array_equal(relu_backward(grad, x).data, ONES)


def test_columns_may_have_the_names_of_what_is_compared() -> None:
    class Wide(alike.Typed):
        dims = shape = divisions = alike.Typed(ONES)  # type: ignore[assignment] # on purpose

        @property
        def dtype(self) -> Any:
            return alike.Typed(ONES)

    np.testing.assert_array_equal(relu_backward(Wide(ONES), Wide(ONES)).data, ONES)


@pytest.mark.parametrize("dtype", ["string", "{x: float64}", "complex64", "datetime64[s]"])
def test_awkward_of_no_numbers_is_refused(dtype: str) -> None:
    x = alike.Rows(ONES, f"2 * ?{dtype}")
    for call in CALLS:
        with pytest.raises(TypeError, match=re.escape(f"x has dtype {dtype}; accepted: bool, ")):
            call(x)


def test_what_polars_has_no_arithmetic_of_is_to_be_cast() -> None:
    wanted = "x has dtype complex64; accepted: integers and real floats, as x.cast(int) makes them"
    for call in CALLS:
        with pytest.raises(TypeError, match=f"^{re.escape(wanted)}$"):
            call(alike.Zipping(ONES.astype("c8")))


def test_lists_of_uneven_rows_are_refused_beside_a_container() -> None:
    with pytest.raises(ValueError, match=r"^grad is a tuple of uneven rows; accepted: rows of one"):
        relu_backward(([1.0], [2.0, 3.0]), np.ma.ones(2))


def test_what_an_array_says_itself_when_it_is_read_is_left_alone() -> None:
    class Refusing:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise ValueError("the file is closed")

    with pytest.raises(ValueError, match=r"^the file is closed$"):
        relu(Refusing())


def test_a_scalar_goes_with_a_masked_one() -> None:
    found: Any = relu_backward(np.ma.MaskedArray(3.0), np.float64(2))
    assert found == 3


def test_an_expression_of_polars_has_no_gradient() -> None:
    x: Any = alike.Expr(ONES)
    for function in (relu, drelu):
        np.testing.assert_array_equal(function(x).data, ONES)
    with pytest.raises(TypeError, match=r"grad is a polars\.Expr; accepted: a polars\.Series or"):
        relu_backward(x, x)


HOLDING: Final[dict[str, Callable[[Any], Any]]] = {
    name: MAKES[name] for name in ("pint", "scipy", "xarray.DataArray", "xarray.Dataset")
}
COMPUTING: Final[dict[str, Callable[[Any], Any]]] = {
    name: MAKES[name] for name in ("dask.Array", "dask of pandas", "pandas.Series", "polars.Series")
}


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the threads of each call that is spread over several."""
    noted: list[int] = []

    def note(kernel: Any, threads: int, *arrays: Any) -> Any:
        noted.append(threads)
        return kernel(*arrays)

    monkeypatch.setattr(fast, "spread", note)
    return noted


@pytest.mark.parametrize("make", HOLDING.values(), ids=HOLDING)
def test_threads_reach_the_array_that_a_container_holds(make: Any, spread: list[int]) -> None:
    x = make(np.ones(WORTH // 8))
    relu(x, threads=3)
    drelu(x, threads=3)
    relu_backward(x, x, threads=3)
    assert spread == [3] * 3


@pytest.mark.parametrize("make", COMPUTING.values(), ids=COMPUTING)
def test_what_computes_itself_or_in_threads_of_its_own_gets_none(
    make: Any, spread: list[int]
) -> None:
    x = make(np.ones(WORTH // 8))
    relu(x, threads=3)
    drelu(x, threads=3)
    relu_backward(x, x, threads=3)
    assert spread == []


def test_threads_reach_a_map_of_a_file(tmp_path: Path, spread: list[int]) -> None:
    x = np.memmap(tmp_path / "x", "f8", "w+", shape=WORTH // 8)
    assert relu(x, out=x, threads=2) is x
    assert spread == [2]
