"""Calling a method of any kind, and comparing what it did with what its contract promises."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from relu_impls.contract import Contract, Edge, Method, NaN, Output, Quantity, Sign
from tests import reference
from tests.cases import Array, Layout, Sample, contiguous

Shape = int | tuple[int, ...]
Arguments = dict[str, Array]

CONTIGUOUS = Layout("contiguous", contiguous)


@dataclass(frozen=True, slots=True)
class _Promise:
    """What decides the numbers of one output; hashable, so that methods share references."""

    quantity: Quantity
    dtype: str
    result: str
    nan: NaN
    negative_infinity: Edge
    above_half_max: Edge
    blocked_infinity: Edge
    zero_from_negative: Sign
    zero_from_minus_zero: Sign
    x: bytes
    grad: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Promised:
    """Promised numbers, and the promised signs of the zeros among them."""

    values: Array
    zero_signs: Array


def promised(contract: Contract, quantity: Quantity, sample: Sample) -> Promised:
    """Return what `contract` promises for `sample`."""
    return _promised(
        _Promise(
            quantity,
            sample.x.dtype.name,
            contract.result_dtype(sample.x.dtype).name,
            contract.nan,
            contract.negative_infinity,
            contract.above_half_max,
            contract.blocked_infinity,
            contract.zero_from_negative,
            contract.zero_from_minus_zero,
            sample.x.tobytes(),
            sample.grad.tobytes(),
        )
    )


@cache
def _promised(key: _Promise) -> Promised:
    contract = Contract(
        dtypes={key.dtype: key.result},
        nan=key.nan,
        negative_infinity=key.negative_infinity,
        above_half_max=key.above_half_max,
        blocked_infinity=key.blocked_infinity,
        zero_from_negative=key.zero_from_negative,
        zero_from_minus_zero=key.zero_from_minus_zero,
    )
    x, grad = (np.frombuffer(data, dtype=key.dtype) for data in (key.x, key.grad))
    return Promised(
        reference.array(contract, key.quantity, x, grad),
        reference.zero_signs(contract, key.quantity, x, grad),
    )


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
        name: layout.of(plain[name]) if name in chosen else contiguous(plain[name])
        for name in method.kind.arguments
    }


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


def verify(
    method: Method,
    sample: Sample,
    shape: Shape,
    layout: Layout = CONTIGUOUS,
    only: frozenset[str] | None = None,
) -> None:
    """Assert that every output has the promised shape and numbers."""
    found = outputs(method, arguments(method, sample, shape, layout, only))
    for output, array in zip(method.kind.outputs, found, strict=True):
        wanted = np.resize(promised(method.contract, output.quantity, sample).values, shape)
        where = f"{method.name}, {sample.x.dtype}, {layout.name}, {output.quantity.name}"
        assert array.shape == wanted.shape, f"{where}: expected {wanted.shape}, got {array.shape}"
        _require(same_numbers(array, wanted), where, sample, array, wanted)


def verify_zero_signs(method: Method, sample: Sample, shape: Shape, layout: Layout) -> None:
    """Assert that every zero has the promised sign."""
    found = outputs(method, arguments(method, sample, shape, layout))
    for output, array in zip(method.kind.outputs, found, strict=True):
        if not _signed(output, array):
            continue
        signs = np.resize(promised(method.contract, output.quantity, sample).zero_signs, shape)
        kept = (array != 0) | (signs == 0) | (np.signbit(array) == (signs < 0))
        where = f"{method.name}, {sample.x.dtype}, {layout.name}, sign of zero"
        _require(kept, where, sample, array, signs * array.dtype.type(0))


def _signed(output: Output, array: Array) -> bool:
    return output.quantity is not Quantity.MASK and array.dtype.kind == "f"


def _require(good: Array, where: str, sample: Sample, found: Array, wanted: Array) -> None:
    if good.all():
        return
    index = int(np.flatnonzero(~good.ravel())[0])
    x, grad = (a[index % a.size].item() for a in (sample.x, sample.grad))
    given = f"x={x!r}, grad={grad!r}"
    expected, got = (a.ravel()[index] for a in (wanted, found))
    raise AssertionError(f"{where}, index {index}: {given}: expected {expected!r}, got {got!r}")
