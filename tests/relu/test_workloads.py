"""Workloads are frozen: what stands under a name today stands there for ever."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import workloads
from benchmarks.workloads import WORKLOADS, Signs, Workload

Role = Literal["x", "grad"]

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


every_role = pytest.mark.parametrize("role", ["x", "grad"])
every_workload = pytest.mark.parametrize(
    "workload", [_slow_if_large(workload) for workload in WORKLOADS.values()]
)
SMALL: Final = WORKLOADS["float64-1e3"]


def _with(signs: Signs) -> pytest.MarkDecorator:
    found = [w for w in WORKLOADS.values() if w.signs is signs and w.name != "article"]
    return pytest.mark.parametrize("workload", found, ids=lambda workload: workload.name)


every_random = _with(Signs.RANDOM)


def test_frozen_names_keep_their_digests_for_ever() -> None:
    assert [(name, w.name, w.digest) for name, w in WORKLOADS.items()] == [
        (name, name, digest) for name, digest in FROZEN.items()
    ]


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
@every_role
def test_data_are_ordinary_numbers(workload: Workload, role: Role) -> None:
    data = workload.operands(role)[0]
    assert data.dtype == workload.dtype
    assert data.shape == workload.shape
    assert data.min() >= -0.5
    assert data.max() < 0.5


@every_role
@every_random
def test_random_signs_are_about_half_negative(workload: Workload, role: Role) -> None:
    data = workload.operands(role)[0]
    assert 0.45 < np.mean(data < 0) < 0.55
    assert 0.45 < np.mean(data > 0) < 0.55


@every_random
def test_random_signs_have_no_order(workload: Workload) -> None:
    negative = workload.operands("x")[0].ravel("K") < 0
    assert 0.4 < np.mean(negative[1:] != negative[:-1]) < 0.6


@pytest.mark.parametrize("signs", Signs)
def test_random_signs_alone_are_too_many_for_a_branch_predictor(signs: Signs) -> None:
    workload = dataclasses.replace(SMALL, signs=signs)
    assert (workload.variants * workload.size > 500_000) == (signs is Signs.RANDOM)


@_with(Signs.SORTED)
def test_sorted_data_ascend_from_negative_to_positive(workload: Workload) -> None:
    x = workload.operands("x")[0]
    assert np.all(x[1:] >= x[:-1])
    assert x[0] < 0 < x[-1]


@_with(Signs.POSITIVE)
def test_positive_data_have_no_zero_and_no_negative(workload: Workload) -> None:
    assert workload.operands("x")[0].min() > 0


def test_rectified_data_are_what_a_relu_leaves_behind() -> None:
    x = dataclasses.replace(SMALL, signs=Signs.RECTIFIED).operands("x")[0]
    np.testing.assert_array_equal(x, np.maximum(SMALL.operands("x")[0], 0))


@pytest.mark.parametrize("signs", Signs)
def test_gradient_has_random_signs_whatever_x_has(signs: Signs) -> None:
    grad = dataclasses.replace(SMALL, signs=signs).operands("grad")[0]
    np.testing.assert_array_equal(grad, SMALL.operands("grad")[0])


@every_role
@pytest.mark.parametrize("name", [n for n in WORKLOADS if "article" not in n])
def test_order_is_fortran_only_where_it_is_declared(name: str, role: Role) -> None:
    flags = WORKLOADS[name].operands(role)[0].flags
    assert (flags.fnc, flags.c_contiguous) == (name.endswith("fortran"), "fortran" not in name)


@every_role
def test_operands_are_read_only(role: Role) -> None:
    with pytest.raises(ValueError, match="read-only"):
        SMALL.operands(role)[0][0] = 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_gradient_is_another_sequence_than_x(dtype: str) -> None:
    workload = dataclasses.replace(SMALL, dtype=dtype)
    assert np.mean(workload.operands("x")[0] == workload.operands("grad")[0]) < 0.01


@every_role
def test_variants_differ(role: Role) -> None:
    assert len({variant.tobytes() for variant in SMALL.operands(role)}) == SMALL.variants > 1


@every_role
@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
def test_a_digest_is_of_all_variants(
    role: Role, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = workloads._numbers  # noqa: SLF001 - what a digest is made of

    def changed(seed: str, size: int, dtype: str, signs: Signs) -> NDArray[Any]:
        data = numbers(seed, size, dtype, signs).copy()
        if seed.startswith(role):
            data[place] = 7
        return data

    monkeypatch.setattr(workloads, "_numbers", changed)
    assert SMALL.measured_digest() != SMALL.digest


def test_data_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = SMALL.operands("x")
    SMALL.verify()
    monkeypatch.setattr(workloads, "_numbers", None)
    assert SMALL.operands("x") is before
    SMALL.verify()
