"""Workloads are frozen: what stands under a name today stands there for ever."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Final

import numpy as np
import pytest

from benchmarks.workloads import WORKLOADS, Signs, Workload

FROZEN: Final = MappingProxyType(
    {
        "float32-1e3": "670a153b7afc5df6",
        "float32-3e4": "b12f3204c4137dfe",
        "float32-6e5": "f8beb03ff3456d1b",
        "float64-1e3": "af02365a105c163a",
        "float64-3e4": "6de54750f33c0b9f",
        "float64-3e5": "6675f7411ea8cefe",
        "float16-3e4": "6eff81dba1cf1ec2",
        "float64-3e4-sorted": "8299a0ed7bd1522e",
        "float64-3e4-positive": "ea98736b6bb2f9b9",
        "float64-3e4-fortran": "2a7fba7c1b056dba",
        "float32-1e6": "11a7110d74b07714",
        "float64-1e6": "9bfde961718567df",
        "float64-1e3x1e3-fortran": "a87167155a7ef4f7",
        "article": "0e8e8e7ea7c03953",
        "article-rectified": "aeb94700ac72442e",
    }
)
"""Append-only: a name is never removed, and its digest is never changed."""


def _slow_if_large(workload: Workload) -> object:
    marks = [pytest.mark.slow] if workload.name.startswith("article") else []
    return pytest.param(workload, id=workload.name, marks=marks)


every_workload = pytest.mark.parametrize(
    "workload", [_slow_if_large(workload) for workload in WORKLOADS.values()]
)
SMALL: Final = WORKLOADS["float64-1e3"]


def _with(signs: Signs) -> list[Workload]:
    found = [w for w in WORKLOADS.values() if w.signs is signs and w.name != "article"]
    return found or [dataclasses.replace(SMALL, signs=signs)]


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_name_keeps_its_digest_for_ever(name: str) -> None:
    assert WORKLOADS[name].digest == FROZEN[name]


def test_every_workload_is_frozen_here() -> None:
    assert list(WORKLOADS) == list(FROZEN)


def test_workloads_are_keyed_by_their_names() -> None:
    assert [w.name for w in WORKLOADS.values()] == list(WORKLOADS)


@every_workload
def test_frozen_digest_is_that_of_the_data(workload: Workload) -> None:
    assert workload.measured_digest() == workload.digest
    workload.verify()


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (999,)},
        {"dtype": "float32"},
        {"signs": Signs.SORTED},
        {"digest": "0123456789abcdef"},
        {"shape": (20, 50), "fortran": True},
    ],
    ids=str,
)
def test_changed_workload_is_refused_with_both_digests(change: dict[str, object]) -> None:
    changed = dataclasses.replace(SMALL, **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="float64-1e3") as caught:
        changed.verify()
    assert changed.digest in str(caught.value)
    assert changed.measured_digest() in str(caught.value)


@every_workload
@pytest.mark.parametrize("role", ["x", "grad"])
def test_data_are_ordinary_numbers(workload: Workload, role: str) -> None:
    data = workload.operand(role)
    assert data.dtype == workload.dtype
    assert data.shape == workload.shape
    assert data.nbytes == workload.nbytes
    assert data.min() >= -0.5
    assert data.max() < 0.5
    assert data.max() < np.finfo(data.dtype).max / 2


@pytest.mark.parametrize("role", ["x", "grad"])
@pytest.mark.parametrize("workload", _with(Signs.RANDOM), ids=lambda w: w.name)
def test_random_signs_are_about_half_negative(workload: Workload, role: str) -> None:
    data = workload.operand(role)
    assert 0.45 < np.mean(data < 0) < 0.55
    assert 0.45 < np.mean(data > 0) < 0.55


@pytest.mark.parametrize("workload", _with(Signs.RANDOM), ids=lambda w: w.name)
def test_random_signs_have_no_order(workload: Workload) -> None:
    negative = workload.operand("x").ravel("K") < 0
    assert 0.4 < np.mean(negative[1:] != negative[:-1]) < 0.6


@pytest.mark.parametrize("workload", _with(Signs.SORTED), ids=lambda w: w.name)
def test_sorted_data_ascend_from_negative_to_positive(workload: Workload) -> None:
    x = workload.operand("x")
    assert np.all(x[1:] >= x[:-1])
    assert x[0] < 0 < x[-1]


@pytest.mark.parametrize("workload", _with(Signs.POSITIVE), ids=lambda w: w.name)
def test_positive_data_have_no_zero_and_no_negative(workload: Workload) -> None:
    assert workload.operand("x").min() > 0


@pytest.mark.parametrize("workload", [dataclasses.replace(SMALL, signs=Signs.RECTIFIED)])
def test_rectified_data_have_no_negative_but_zeros(workload: Workload) -> None:
    x = workload.operand("x")
    assert x.min() == 0
    assert 0.45 < np.mean(x == 0) < 0.55
    np.testing.assert_array_equal(x, np.maximum(SMALL.operand("x"), 0))


@pytest.mark.parametrize("signs", Signs)
def test_gradient_has_random_signs_whatever_x_has(signs: Signs) -> None:
    grad = dataclasses.replace(SMALL, signs=signs).operand("grad")
    np.testing.assert_array_equal(grad, SMALL.operand("grad"))


@pytest.mark.parametrize("role", ["x", "grad"])
def test_order_is_fortran_only_where_it_is_declared(role: str) -> None:
    for workload in WORKLOADS.values():
        if not workload.name.startswith("article"):
            flags = workload.operand(role).flags
            assert flags.fnc == workload.fortran
            assert flags.c_contiguous != workload.fortran


@pytest.mark.parametrize("role", ["x", "grad"])
def test_operands_are_read_only(role: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        SMALL.operand(role)[0] = 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_gradient_is_another_sequence_than_x(dtype: str) -> None:
    workload = dataclasses.replace(SMALL, dtype=dtype)
    assert np.mean(workload.operand("x") == workload.operand("grad")) < 0.01


@pytest.mark.parametrize("workload", _with(Signs.RANDOM), ids=lambda w: w.name)
def test_random_signs_are_more_than_a_branch_predictor_learns(workload: Workload) -> None:
    assert workload.variants * workload.operand("x").size > 500_000


@pytest.mark.parametrize("role", ["x", "grad"])
def test_variants_differ(role: str) -> None:
    found = {SMALL.operand(role, variant).tobytes() for variant in range(SMALL.variants)}
    assert len(found) == SMALL.variants


@pytest.mark.parametrize("signs", [Signs.SORTED, Signs.POSITIVE])
def test_signs_that_any_predictor_learns_need_no_variants(signs: Signs) -> None:
    assert dataclasses.replace(SMALL, signs=signs).variants == 1


def test_a_digest_is_of_all_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    full = SMALL.measured_digest()
    operand = Workload.operand

    def changed(workload: Workload, role: str, variant: int = 0) -> object:
        return operand(workload, role, variant) * (1 if variant < SMALL.variants - 1 else 2)

    monkeypatch.setattr(Workload, "operand", changed)
    assert SMALL.measured_digest() != full
