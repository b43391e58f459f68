"""Calling a method of any kind, and comparing what it did with what its contract promises."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pytest

from relu_impls import METHODS, Method
from relu_impls.contract import Quantity
from tests.relu import cases, reference
from tests.relu.cases import CONTIGUOUS, Array, Layout, Sample

Shape = int | tuple[int, ...]
Arguments = dict[str, Array]

every_method: Final = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def accepted(method: Method, *among: str) -> list[str]:
    """Return the dtypes that `method` accepts, in a fixed order."""
    names = sorted(method.contract.dtypes)
    return [name for name in names if name in among] if among else names


def sample_of(method: Method, dtype: str) -> Sample:
    """Return the special numbers of `dtype`: for a backward pass, every pair of them."""
    return cases.special_pairs(dtype) if "grad" in method.kind.arguments else cases.specials(dtype)


def arguments(
    method: Method,
    sample: Sample,
    shape: Shape,
    layout: Layout = CONTIGUOUS,
    only: frozenset[str] | None = None,
) -> Arguments:
    """Return arguments that repeat `sample` up to `shape`; those in `only` laid out by `layout`."""
    x = np.resize(sample.x, shape)
    plain = {
        "x": x,
        "grad": np.resize(sample.grad, shape),
        "out": np.ones_like(x),
        "mask": np.ones_like(x, dtype=np.bool_),
    }
    chosen = frozenset(method.kind.arguments) if only is None else only
    if not layout.writeable:
        chosen -= method.kind.writes
    return {
        name: layout.of(plain[name]) if name in chosen else CONTIGUOUS.of(plain[name])
        for name in method.kind.arguments
    }


def copies(given: Arguments) -> Arguments:
    """Return a copy of every argument."""
    return {name: array.copy() for name, array in given.items()}


def call(method: Method, given: Arguments) -> Any:
    """Call `method`, whatever it warns of, and return what it returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return method.function(*given.values())


def outputs(method: Method, given: Arguments) -> list[Array]:
    """Call `method` and return its outputs, in the order of ``method.kind.outputs``."""
    returned = np.asarray(call(method, given))
    rest = (output.argument for output in method.kind.outputs[1:])
    return [returned, *(given[name] for name in rest if name is not None)]


def same_numbers(found: Array, wanted: Array) -> Array:
    """Return where two arrays hold the same number, or NaN both."""
    both_nan = (found != found) & (wanted != wanted)  # noqa: PLR0124
    same: Array = np.asarray((found == wanted) | both_nan)
    return same


@dataclass(frozen=True, slots=True, eq=False)
class Promised:
    """Promised numbers, and the promised signs of the zeros among them."""

    values: Array
    zero_signs: Array


@cache
def promised(name: str, quantity: Quantity, sample: Sample) -> Promised:
    """Return what the contract of the method `name` promises for `sample`."""
    contract = METHODS[name].contract
    return Promised(
        reference.array(contract, quantity, sample.x, sample.grad),
        reference.zero_signs(contract, quantity, sample.x, sample.grad),
    )


def require_numbers(
    method: Method,
    sample: Sample,
    shape: Shape,
    layout: Layout = CONTIGUOUS,
    only: frozenset[str] | None = None,
) -> None:
    """Assert that every output has the promised shape and numbers."""
    found = outputs(method, arguments(method, sample, shape, layout, only))
    for output, array in zip(method.kind.outputs, found, strict=True):
        wanted = np.resize(promised(method.name, output.quantity, sample).values, shape)
        where = f"{method.name}, {sample.x.dtype}, {layout.name}, {output.quantity.name}"
        assert array.shape == wanted.shape, f"{where}: expected {wanted.shape}, got {array.shape}"
        _require(same_numbers(array, wanted), where, sample, array, wanted)


def require_zero_signs(method: Method, sample: Sample, shape: Shape, layout: Layout) -> None:
    """Assert that every zero has the promised sign."""
    found = outputs(method, arguments(method, sample, shape, layout))
    for output, array in zip(method.kind.outputs, found, strict=True):
        if array.dtype.kind != "f":
            continue
        signs = np.resize(promised(method.name, output.quantity, sample).zero_signs, shape)
        kept = (array != 0) | (signs == 0) | (np.signbit(array) == (signs < 0))
        where = f"{method.name}, {sample.x.dtype}, {layout.name}, sign of zero"
        _require(kept, where, sample, array, signs * array.dtype.type(0))


def _require(good: Array, where: str, sample: Sample, found: Array, wanted: Array) -> None:
    if good.all():
        return
    index = int(np.flatnonzero(~good.ravel())[0])
    x, grad = (a[index % a.size].item() for a in (sample.x, sample.grad))
    given = f"x={x!r}, grad={grad!r}"
    expected, got = (a.ravel()[index] for a in (wanted, found))
    raise AssertionError(f"{where}, index {index}: {given}: expected {expected!r}, got {got!r}")
