"""Workloads are frozen: what stands under a name today stands there for ever."""

from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import workloads
from benchmarks.workloads import WORKLOADS, Signs, Workload

Role = Literal["x", "grad"]

FROZEN: Final = {
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
    "int8-1e3": "604b2d0f8a79b278",
    "int8-3e4": "b7f8e087e7f10969",
    "uint8-1e3": "93cf11b773fb6d0c",
    "uint8-3e4": "73dffeb803dbfe37",
    "int32-1e3": "aad46b600a332b20",
    "int32-3e4": "49604f484de3a971",
    "int64-1e3": "22f86817dd3ef94a",
    "int64-3e4": "208490fcf7285207",
}
"""Append-only: a name is never removed, and its digest is never changed."""

SMALL: Final = WORKLOADS["float64-1e3"]
every_role = pytest.mark.parametrize("role", ["x", "grad"])
every_workload = pytest.mark.parametrize(
    "workload",
    [
        pytest.param(w, id=name, marks=[pytest.mark.slow] if "article" in name else [])
        for name, w in WORKLOADS.items()
    ],
)


def test_frozen_names_keep_their_digests_for_ever() -> None:
    assert {name: w.digest for name, w in WORKLOADS.items()} == FROZEN
    assert [w.name for w in WORKLOADS.values()] == [*WORKLOADS] == [*FROZEN]


@every_workload
def test_frozen_digest_is_that_of_the_data(workload: Workload) -> None:
    assert workload.measured_digest() == workload.digest
    assert workload.changed() == ""


@pytest.mark.parametrize("change", [
    {"shape": (999,)}, {"dtype": "float32"}, {"signs": Signs.SORTED}, {"digest": "0123456789"},
    {"shape": (20, 50), "fortran": True},
], ids=str)  # fmt: skip
def test_changed_workload_is_refused_with_both_digests(change: Any) -> None:
    changed = replace(SMALL, **change)
    found = changed.changed()
    assert all(word in found for word in ("float64-1e3", changed.digest, changed.measured_digest()))


@every_workload
@every_role
def test_data_are_ordinary_numbers_in_their_layout_half_of_them_positive(
    workload: Workload, role: Role
) -> None:
    data = workload.operands(role)[0]
    assert (data.dtype.name, data.shape) == (workload.dtype, workload.shape)
    kind = data.dtype.kind
    most = 0.5 if kind == "f" else np.iinfo(data.dtype).max // 2 + 1
    least = 0 if kind == "u" else -most
    assert least <= data.min() <= data.max() < most
    fortran = workload.name.endswith("fortran")
    assert (data.flags.fnc, data.flags.c_contiguous) == (fortran, not fortran)
    with pytest.raises(ValueError, match="read-only"):
        data[...] = 0
    if role == "grad" or workload.signs is Signs.RANDOM:
        negative = data.ravel("K") < (1 if kind == "u" else 0)  # or zero, if unsigned
        assert 0.45 < np.mean(negative) < 0.55
        assert 0.45 < np.mean(data > 0) < 0.55
        assert 0.4 < np.mean(negative[1:] != negative[:-1]) < 0.6  # in no order


@pytest.mark.parametrize("signs", Signs)
def test_random_signs_alone_are_too_many_for_a_branch_predictor(signs: Signs) -> None:
    workload = replace(SMALL, signs=signs)
    assert (workload.variants * workload.size > 500_000) == (signs is Signs.RANDOM)


def test_signs_are_what_is_asked_for_in_x_alone() -> None:
    plain = SMALL.operands("x")[0]
    found = {signs: replace(SMALL, signs=signs) for signs in Signs}
    x = {signs: workload.operands("x")[0] for signs, workload in found.items()}
    assert np.all(np.diff(x[Signs.SORTED]) >= 0)
    assert x[Signs.SORTED][0] < 0 < x[Signs.SORTED][-1]
    assert x[Signs.POSITIVE].min() > 0
    np.testing.assert_array_equal(x[Signs.RECTIFIED], np.maximum(plain, 0))
    for workload in found.values():
        np.testing.assert_array_equal(workload.operands("grad")[0], SMALL.operands("grad")[0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_gradient_and_variants_are_other_sequences_than_x(dtype: str) -> None:
    workload = replace(SMALL, dtype=dtype)
    assert np.mean(workload.operands("x")[0] == workload.operands("grad")[0]) < 0.01
    for role in ("x", "grad"):
        assert len({v.tobytes() for v in workload.operands(role)}) == workload.variants > 1


@every_role
@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
def test_a_digest_is_of_all_variants(
    role: Role, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = workloads._numbers  # noqa: SLF001 - what a digest is made of

    def changed(seed: str, *rest: Any) -> NDArray[Any]:
        data = numbers(seed, *rest).copy()
        data[place] = 7 if seed.startswith(role) else data[place]
        return data

    monkeypatch.setattr(workloads, "_numbers", changed)
    assert SMALL.measured_digest() != SMALL.digest


def test_data_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (SMALL.operands("x"), SMALL.changed())
    monkeypatch.setattr(workloads, "_numbers", None)
    assert SMALL.operands("x") is before[0]
    assert SMALL.changed() == before[1]
