"""What is set beside a program and decides its speed is recorded, and a difference is named."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_against.machine import this_machine
from pytest_against.settings import differences, settings

NOWHERE: Final = Path("no such file")
DECIDES: Final = (
    *("MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES", "LD_PRELOAD"),
    *("NPY_DISABLE_CPU_FEATURES", "NUMPY_MADVISE_HUGEPAGE", "OPENBLAS_CORETYPE", "OMP_NUM_THREADS"),
    *("MKL_NUM_THREADS", "PYTHONMALLOC", "PYTHONOPTIMIZE", "PYTHON_GIL"),
)
TEXT: Final = st.text(st.characters(codec="utf-8"), min_size=1)


def known(environment: dict[str, str]) -> dict[str, str]:
    return dict(parse_qsl(settings(environment, NOWHERE), strict_parsing=True))


@pytest.mark.parametrize("name", DECIDES)
def test_what_decides_speed_is_recorded(name: str) -> None:
    assert known({name: "1"}) == {"kernel": platform.release(), name: "1"}


@pytest.mark.parametrize("name", ["HOME", "USER", "PATH", "TOKEN", "PYTHONPATH", "CI"])
def test_nothing_else_is(name: str) -> None:
    assert known({name: "1", "PYTHONMALLOC": ""}) == {"kernel": platform.release()}


def test_huge_pages_are_as_the_kernel_says(tmp_path: Path) -> None:
    file = tmp_path / "enabled"
    file.write_text("always [madvise] never\n")
    assert settings({}, file).endswith("&huge_pages=madvise")
    assert "kernel=" in this_machine().settings


@given(st.sampled_from(DECIDES), TEXT, TEXT)
def test_a_difference_is_named_whatever_is_set(name: str, one: str, two: str) -> None:
    nothing, first, second = (settings(each, NOWHERE) for each in ({}, {name: one}, {name: two}))
    assert differences(nothing, first) == [f"{name} not set -> {one}"]
    assert differences(first, second) == ([f"{name} {one} -> {two}"] if one != two else [])
    assert differences(first, nothing) == [f"{name} {one} -> not set"]


def test_what_was_not_recorded_is_no_difference() -> None:
    assert differences("", "kernel=1") == differences("kernel=1", "") == []
