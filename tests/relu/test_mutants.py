"""Every law catches a method that breaks it: each mutant runs under just the law it breaks."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from relu_impls import METHODS, Method
from tests.relu import cases, test_warnings
from tests.relu import test_arguments as arguments
from tests.relu import test_costs as costs
from tests.relu import test_values as values
from tests.relu.cases import Array

Law = Callable[[Method], None]


def _relu(x: Any) -> Array:
    return np.array(np.maximum(x, 0), subok=True)


def drops_nan(x: Any) -> Any:
    return np.fmax(x, 0)


def drops_negative_nan(x: Any) -> Any:
    found = _relu(x)
    if found.dtype.kind == "f":
        found[np.isnan(x) & np.signbit(x)] = 0
    return found


def errs_on_one_float16(x: Any) -> Any:
    found = _relu(x)
    if found.dtype == np.float16:
        found[np.asarray(x).astype("=f2").view(np.uint16) == 0x1234] = 0
    return found


def forgets_the_simd_tail(x: Any) -> Any:
    found = _relu(x)
    done = found.size // 8 * 8
    found.flat[done:] = np.asarray(x).flat[done:]
    return found


def forgets_the_block_after_8192(x: Any) -> Any:
    found = _relu(x)
    found.flat[8192:] = np.asarray(x).flat[8192:]
    return found


def errs_from_256_kib(x: Any) -> Any:
    found = _relu(x)
    return -found if found.nbytes >= 256 * cases.KIB and found.dtype.kind == "f" else found


def keeps_minus_infinity(x: Any) -> Any:
    found = _relu(x)
    if found.dtype.kind == "f":
        found[np.equal(x, -np.inf)] = -np.inf
    return found


def wraps_int8(x: Any) -> Any:
    array = np.asanyarray(x)
    return np.maximum((array + array) // 2, 0) if array.dtype == np.int8 else _relu(x)


def returns_minus_zero(x: Any) -> Any:
    found = _relu(x)
    if found.dtype.kind == "f":
        found[np.less(x, 0)] = -0.0
    return found


def widens_float32(x: Any) -> Any:
    found = _relu(x)
    return found.astype(np.float64) if found.dtype == np.float32 else found


def leaves_scalars_alone(x: Any) -> Any:
    return x if np.ndim(x) == 0 else _relu(x)


def flattens_empty_arrays(x: Any) -> Any:
    found = _relu(x)
    return found if found.size else found.ravel()


def assumes_contiguous(x: Any) -> Any:
    if not isinstance(x, np.ndarray) or min(x.strides, default=0) <= 0:
        return _relu(x)
    strides = np.empty(x.shape, dtype=np.uint8).strides
    as_c = [stride * x.itemsize for stride in strides]
    return _relu(np.lib.stride_tricks.as_strided(x, strides=as_c, subok=True))


def ignores_negative_strides(x: Any) -> Any:
    backwards = isinstance(x, np.ndarray) and min(x.strides, default=0) < 0
    return _relu(np.flip(x)) if backwards else _relu(x)


def ignores_byte_order(x: Any) -> Any:
    array = np.asanyarray(x)
    return _relu(array.view(array.dtype.newbyteorder("=")))


def ignores_byte_order_after_8192(x: Any) -> Any:
    return ignores_byte_order(x) if np.size(x) > 8192 else _relu(x)


def changes_its_input(x: Any) -> Any:
    found = _relu(x)
    if isinstance(x, np.ndarray) and x.dtype.kind != "b" and x.flags.writeable:
        x[...] = found
    return found


def returns_its_input_if_positive(x: Any) -> Any:
    return x if np.all(np.greater(x, 0)) else _relu(x)


def returns_a_copy(x: Any) -> Any:
    np.maximum(x, 0, out=x)
    return x.copy()


def adds_one(x: Any) -> Any:
    return _relu(x) + 1


def overwrites_what_it_reads(x: Any, out: Array) -> Array:
    for start in range(0, out.size, 8):
        np.maximum(x[start : start + 8], 0, out=out[start : start + 8])
    return out


def drops_the_subclass(x: Any) -> Any:
    return np.maximum(np.asarray(x), 0)


def drops_the_mask(x: Any) -> Any:
    found = np.maximum(x, 0)
    return np.ma.MaskedArray(found.data) if isinstance(found, np.ma.MaskedArray) else found


def wants_an_array(x: Any) -> Any:
    return np.maximum(x, x.dtype.type(0)) if x.dtype.kind != "b" else np.maximum(x, 0)


def converts_its_target(x: Any) -> Any:
    target = np.asarray(x)
    return np.maximum(target, 0, out=target)


def warns_of_arrays(x: Any) -> Any:
    if np.ndim(x):
        warnings.warn("slow", RuntimeWarning, stacklevel=2)
    return _relu(x)


def warns_of_scalars(x: Any) -> Any:
    if not np.ndim(x):
        warnings.warn("slow", RuntimeWarning, stacklevel=2)
    return _relu(x)


def takes_a_temporary(x: Any) -> Any:
    return np.maximum(np.add(x, 0), 0)


def says_one_at_zero(x: Array) -> Array:
    return (x >= 0).astype(x.dtype.newbyteorder("="))


def turns_infinite_gradients_into_nan(grad: Array, x: Array) -> Array:
    return np.where(x > 0, grad, grad * 0)


def takes_two_passes(x: Any, out: Array) -> Any:
    return np.multiply(np.maximum(x, 0, out=out), 1, out=out)


def returns_threes_for_small_matrices(x: Any) -> Any:
    found = _relu(x)
    return np.full_like(found, 3) if found.ndim == 2 and found.size < 100 else found


MUTANTS: Final[dict[Law, list[tuple[str, Callable[..., Any]]]]] = {
    values.test_special_values: [
        ("maximum", drops_nan),
        ("maximum", drops_negative_nan),
        ("maximum", keeps_minus_infinity),
        ("maximum", wraps_int8),
        ("mask_astype", says_one_at_zero),
        ("backward_where", turns_infinite_gradients_into_nan),
    ],
    values.test_every_float16: [("maximum", errs_on_one_float16)],
    values.test_lengths: [
        ("maximum", forgets_the_simd_tail),
        ("maximum", forgets_the_block_after_8192),
    ],
    values.test_sizes_at_which_numpy_reuses_temporaries: [("maximum", errs_from_256_kib)],
    values.test_signs_of_zero: [("maximum", returns_minus_zero)],
    values.test_dtypes: [("maximum", widens_float32)],
    values.test_scalars: [("maximum", leaves_scalars_alone)],
    values.test_shapes: [("maximum", flattens_empty_arrays)],
    values.test_layouts: [
        ("maximum", assumes_contiguous),
        ("maximum", ignores_negative_strides),
        ("maximum", ignores_byte_order),
    ],
    values.test_layouts_beyond_the_buffer: [("maximum", ignores_byte_order_after_8192)],
    values.test_any_array: [("maximum", returns_threes_for_small_matrices)],
    arguments.test_what_is_only_read_does_not_change: [("maximum", changes_its_input)],
    arguments.test_result_is_its_target_or_shares_no_memory: [
        ("maximum", returns_its_input_if_positive),
        ("maximum_inplace", returns_a_copy),
    ],
    arguments.test_second_call_changes_nothing: [("maximum", adds_one)],
    arguments.test_out_may_overlap_x: [("maximum_out", overwrites_what_it_reads)],
    arguments.test_subclass_is_kept_as_declared: [("maximum", drops_the_subclass)],
    arguments.test_masked_array_keeps_its_mask: [("maximum", drops_the_mask)],
    arguments.test_nested_lists_are_accepted_as_declared: [("maximum", wants_an_array)],
    arguments.test_unusable_target_is_refused_and_left_alone: [
        ("maximum_inplace", converts_its_target)
    ],
    test_warnings.test_warnings_of_arrays: [("maximum", warns_of_arrays)],
    test_warnings.test_warnings_of_scalars: [("maximum", warns_of_scalars)],
    costs.test_peak_memory: [("maximum", takes_a_temporary)],
    costs.test_passes: [("maximum_out", takes_two_passes)],
}
"""By law the methods, each with a function in its place that breaks the law."""


@pytest.mark.parametrize(
    "law, name, mutant",
    [
        pytest.param(law, name, mutant, id=mutant.__name__)
        for law, mutants in MUTANTS.items()
        for name, mutant in mutants
    ],
)
def test_law_catches_its_mutant(law: Law, name: str, mutant: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError, match=f"^{name}[,: ]"):
        law(replace(METHODS[name], function=mutant))


def test_every_law_has_a_mutant() -> None:
    laws = {
        law
        for module in (arguments, costs, values, test_warnings)
        for name, law in vars(module).items()
        if name.startswith("test_") and "method" in inspect.signature(law).parameters
    }
    assert MUTANTS.keys() == laws
