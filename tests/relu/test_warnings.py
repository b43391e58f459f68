"""Every method raises the warnings that it declares, when it declares them, and no others."""

from __future__ import annotations

import warnings

import numpy as np

from relu_impls import Method
from relu_impls.contract import Warns, When
from tests.relu.calls import Arguments, Shape, accepted, arguments, every_method, sample_of
from tests.relu.cases import Array, Sample, specials


@every_method
def test_warnings_of_arrays(method: Method) -> None:
    for dtype in accepted(method):
        for sample in _samples(method, dtype):
            _require_warnings(method, sample, 1)
            _require_warnings(method, sample, 67)
        _require_warnings(method, specials(dtype), 8200)


@every_method
def test_warnings_of_scalars(method: Method) -> None:
    for dtype in accepted(method):
        for sample in _samples(method, dtype):
            _require_warnings(method, sample, ())


def _samples(method: Method, dtype: str) -> list[Sample]:
    # No integer is infinite, so that a pair of them warns of no more than one does.
    sample = sample_of(method, dtype) if np.dtype(dtype).kind == "f" else specials(dtype)
    return [sample.at(index) for index in range(sample.x.size)]


def _require_warnings(method: Method, sample: Sample, shape: Shape) -> None:
    declared = method.contract.warnings
    due = {w for w in declared if w.current and _triggers(w.when, sample.x, sample.grad)}
    got = _raised(method, arguments(method, sample, shape))
    told = f"{method.name}, {sample.x.dtype}, shape {shape}: x={sample.x}, grad={sample.grad}"
    assert got == due, f"{told}: expected {due or 'no warning'}, got {got or 'no warning'}"


def _triggers(when: When, x: Array, grad: Array) -> bool:
    """Return whether the inputs are those on which a warning declared for `when` is due."""
    match when:
        case When.ALWAYS:
            return True
        case When.NEGATIVE_INFINITY:
            return x.dtype.kind == "f" and bool(np.any(x == -np.inf))
        case When.ABOVE_HALF_MAX:
            if x.dtype.kind != "f":  # integers wrap in silence
                return False
            return bool(np.any(np.isfinite(x) & (x > np.finfo(x.dtype).max / 2)))
        case When.BLOCKED_INFINITY:
            return x.dtype.kind == "f" and bool(np.any(np.isinf(grad) & ~(x > 0)))


def _raised(method: Method, given: Arguments) -> set[Warns | str]:
    """Call `method` and return what it warned of: declared warnings, or the text of others."""
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        method.function(*given.values())
    return {_declared(method, entry) for entry in log}


def _declared(method: Method, entry: warnings.WarningMessage) -> Warns | str:
    # Where both operands are scalars, NumPy says "in scalar multiply" for "in multiply".
    text = str(entry.message).replace("encountered in scalar ", "encountered in ")
    for warns in method.contract.warnings:
        if entry.category is warns.category and text.startswith(warns.message):
            return warns
    return f"{entry.category.__name__}: {text}"
