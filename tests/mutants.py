"""Wrong ReLUs, each with the law that must catch it: the proof that no law is idle."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from relu_impls import METHODS, Method
from tests import cases, laws, warning_laws
from tests.cases import Array


@dataclass(frozen=True, slots=True)
class Mutant:
    """A method whose function is wrong, and the law that it breaks."""

    base: str
    function: Callable[..., Any]
    law: laws.Law

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def method(self) -> Method:
        return replace(METHODS[self.base], function=self.function)


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


_ALL: Final = (
    Mutant("maximum", drops_nan, laws.check_special_values),
    Mutant("maximum", drops_negative_nan, laws.check_special_values),
    Mutant("maximum", errs_on_one_float16, laws.check_every_float16),
    Mutant("maximum", forgets_the_simd_tail, laws.check_lengths),
    Mutant("maximum", forgets_the_block_after_8192, laws.check_lengths),
    Mutant("maximum", errs_from_256_kib, laws.check_elision_sizes),
    Mutant("maximum", keeps_minus_infinity, laws.check_special_values),
    Mutant("maximum", wraps_int8, laws.check_special_values),
    Mutant("maximum", returns_minus_zero, laws.check_signs_of_zero),
    Mutant("maximum", widens_float32, laws.check_dtypes),
    Mutant("maximum", leaves_scalars_alone, laws.check_scalars),
    Mutant("maximum", flattens_empty_arrays, laws.check_shapes),
    Mutant("maximum", assumes_contiguous, laws.check_layouts),
    Mutant("maximum", ignores_negative_strides, laws.check_layouts),
    Mutant("maximum", ignores_byte_order, laws.check_layouts),
    Mutant("maximum", ignores_byte_order_after_8192, laws.check_layouts_beyond_the_buffer),
    Mutant("maximum", changes_its_input, laws.check_purity),
    Mutant("maximum", returns_its_input_if_positive, laws.check_aliasing),
    Mutant("maximum_inplace", returns_a_copy, laws.check_aliasing),
    Mutant("maximum", adds_one, laws.check_idempotence),
    Mutant("maximum_out", overwrites_what_it_reads, laws.check_overlap),
    Mutant("maximum", drops_the_subclass, laws.check_subclass),
    Mutant("maximum", drops_the_mask, laws.check_masked_array),
    Mutant("maximum", wants_an_array, laws.check_array_like),
    Mutant("maximum_inplace", converts_its_target, laws.check_unusable_target),
    Mutant("maximum", warns_of_arrays, warning_laws.check_warnings_of_arrays),
    Mutant("maximum", warns_of_scalars, warning_laws.check_warnings_of_scalars),
    Mutant("maximum", takes_a_temporary, laws.check_peak_memory),
    Mutant("mask_astype", says_one_at_zero, laws.check_special_values),
    Mutant("backward_where", turns_infinite_gradients_into_nan, laws.check_special_values),
)

MUTANTS: Final = tuple(mutant for mutant in _ALL if mutant.law in laws.LAWS)
