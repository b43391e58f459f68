"""The registry is complete, consistent and read-only, and its expressions are the methods."""

from __future__ import annotations

import ast
import dataclasses
import keyword
from typing import Any, Final, cast

import numpy as np
import pytest

import relu_impls
from relu_impls import METHODS, Method, drelu, forward, gradient, public, relu, relu_backward
from relu_impls.contract import Quantity
from tests.calls import arguments, call, outputs, same_numbers
from tests.cases import Array, specials

PROSE: Final = frozenset({"sign_bit"})
"""Methods whose expression explains them: as code, theirs has no readable single line."""

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@every_method
def test_name_is_the_key_and_the_name_of_the_function(method: Method) -> None:
    assert METHODS[method.name] is method
    assert method.function.__name__ == method.name
    assert method.name.isidentifier()
    assert not keyword.iskeyword(method.name)


def test_every_declared_method_is_registered_once_and_in_order() -> None:
    declared = [m.name for m in (*public.PUBLIC, *forward.FORWARD, *gradient.GRADIENTS)]
    assert len(set(declared)) == len(declared)
    assert list(METHODS) == declared


def test_registry_is_read_only() -> None:
    with pytest.raises(TypeError):
        cast("dict[str, Method]", METHODS)["maximum"] = METHODS["fmax"]
    with pytest.raises(TypeError):
        del cast("dict[str, Method]", METHODS)["maximum"]


@every_method
def test_records_are_frozen(method: Method) -> None:
    contract, kind = method.contract, method.kind
    records: tuple[Any, ...] = (method, contract, *contract.warnings, *kind.outputs)
    for record in records:
        for field in dataclasses.fields(record):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(record, field.name, None)


def test_all_names_every_public_object_of_the_package() -> None:
    public_names = {name for name in vars(relu_impls) if not name.startswith("_")}
    own = {name for name in public_names if _is_own(getattr(relu_impls, name))}
    assert set(relu_impls.__all__) == own


def _is_own(value: Any) -> bool:
    return value is METHODS or str(getattr(value, "__module__", "")).startswith("relu_impls")


@every_method
def test_records_say_something(method: Method) -> None:
    assert method.source
    assert method.expression
    assert method.function.__doc__
    assert method.contract.dtypes


@pytest.mark.parametrize("name", [name for name in METHODS if name not in PROSE])
@pytest.mark.filterwarnings("ignore")
def test_expression_is_what_the_function_computes(name: str) -> None:
    method = METHODS[name]
    for dtype in sorted(method.contract.dtypes):
        given = arguments(method, specials(dtype), (3, 5, 7))
        wanted = outputs(method, {key: array.copy() for key, array in given.items()})
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
def test_kind_writes_and_reads_its_own_arguments(method: Method) -> None:
    kind = method.kind
    assert kind.writes <= set(kind.arguments)
    assert kind.reads == set(kind.arguments) - {"out", "mask"}
    assert kind.label
    assert (Quantity.MASK in {output.quantity for output in kind.outputs}) == (
        "mask" in kind.writes
    )


def test_prose_is_only_where_the_expression_is_no_code() -> None:
    for name in PROSE:
        with pytest.raises(SyntaxError):
            ast.parse(METHODS[name].expression)
    assert call(METHODS["sign_bit"], {"x": np.array([-2.0, 3.0])}).tolist() == [0, 3]
