"""The registry is complete, consistent and read-only, and its expressions are the methods."""

from __future__ import annotations

import ast
import inspect
from typing import Any, Final, cast

import numpy as np
import pytest

import relu_impls
from benchmarks.rows import all_rows
from relu_impls import METHODS, Method, drelu, fast, gradient, methods, relu, relu_backward
from relu_impls.contract import Quantity
from tests.relu import reference
from tests.relu.calls import accepted, arguments, call, copies, every_method, outputs, same_numbers
from tests.relu.cases import Array, special_pairs, specials

PROSE: Final = frozenset({"sign_bit"})
"""Methods whose expression explains them: as code, theirs has no readable single line."""

MODULES: Final = (fast, methods, gradient)
"""The modules that define methods, in the order in which the registry lists them."""


def test_every_public_function_has_a_contract() -> None:
    defined = [
        name
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
    assert not [f"{name} has no contract" for name in defined if name not in METHODS]


@every_method
def test_method_has_a_docstring_a_source_and_an_expression(method: Method) -> None:
    assert method.function.__doc__, f"{method.name} has no docstring"
    assert method.source, f"{method.name} has no source"
    assert method.expression, f"{method.name} has no expression"


@every_method
def test_method_has_a_right_answer(method: Method) -> None:
    for dtype in accepted(method):
        pairs = special_pairs(dtype)
        numbers = zip(reference.numbers(pairs.x), reference.numbers(pairs.grad), strict=True)
        for x, grad in numbers:
            for output in method.kind.outputs:
                answer = reference.element(method.contract, output.quantity, x, grad, 1)
                assert answer is not None, (
                    f"{method.name} has no right answer for {output.quantity} of {x} and {grad}"
                )


def test_every_method_has_a_row_in_the_benchmark_suite() -> None:
    timed = {row.method.name for row in all_rows()}
    assert not [f"{name} has no row" for name in METHODS if name not in timed]


@every_method
def test_name_is_the_key_and_the_name_of_the_function(method: Method) -> None:
    assert METHODS[method.name] is method
    assert method.function.__name__ == method.name


def test_order_is_that_of_the_files() -> None:
    places = [(m.function.__module__, m.function.__code__.co_firstlineno) for m in METHODS.values()]
    modules = [module.__name__ for module in MODULES]
    assert places == sorted(places, key=lambda place: (modules.index(place[0]), place[1]))


def test_registry_is_read_only() -> None:
    with pytest.raises(TypeError):
        cast("dict[str, Method]", METHODS)["maximum"] = METHODS["fmax"]


def test_all_names_every_public_object_of_the_package() -> None:
    public_names = {name for name in vars(relu_impls) if not name.startswith("_")}
    own = {name for name in public_names if _is_own(getattr(relu_impls, name))}
    assert set(relu_impls.__all__) == own


def _is_own(value: Any) -> bool:
    return value is METHODS or str(getattr(value, "__module__", "")).startswith("relu_impls")


@pytest.mark.parametrize("name", [name for name in METHODS if name not in PROSE])
@pytest.mark.filterwarnings("ignore")
def test_expression_is_what_the_function_computes(name: str) -> None:
    method = METHODS[name]
    for dtype in sorted(method.contract.dtypes):
        given = arguments(method, specials(dtype), (3, 5, 7))
        wanted = outputs(method, copies(given))
        returned = _evaluate(method.expression, given)
        home = method.kind.outputs[0].argument
        # A statement, or a function that returns None, leaves its answer in its target.
        found = given[home] if returned is None and home is not None else returned
        assert found.dtype == wanted[0].dtype
        assert same_numbers(found, wanted[0]).all()
        if found.dtype.kind == "f":
            assert np.array_equal(np.signbit(found), np.signbit(wanted[0]))


def _evaluate(expression: str, given: dict[str, Array]) -> Any:
    scope = {"np": np, "relu": relu, "drelu": drelu, "relu_backward": relu_backward, **given}
    if isinstance(ast.parse(expression).body[0], ast.Expr):
        return eval(expression, scope)  # noqa: S307 - the registry is our own text
    exec(expression, scope)  # noqa: S102
    return None


@every_method
def test_kind_writes_its_own_arguments(method: Method) -> None:
    kind = method.kind
    assert kind.writes <= set(kind.arguments)
    assert {"out", "mask"} & set(kind.arguments) <= kind.writes
    assert kind.label
    assert (Quantity.MASK in {output.quantity for output in kind.outputs}) == (
        "mask" in kind.writes
    )


def test_prose_is_only_where_the_expression_is_no_code() -> None:
    for name in PROSE:
        with pytest.raises(SyntaxError):
            ast.parse(METHODS[name].expression)
    assert call(METHODS["sign_bit"], {"x": np.array([-2.0, 3.0])}).tolist() == [0, 3]
