"""Freed memory is kept, and its holes can be filled."""

from __future__ import annotations

import subprocess
import sys

import pytest

HOLES = """
import numpy as np
from benchmarks.heap import fill_holes, keep_memory
keep_memory()
def place(size):
    return np.empty(size, np.uint8).__array_interface__["data"][0]
sizes = [5_000, 70_000, 700_000, 2_000_000]
arrays = [np.empty(size, np.uint8) for size in sizes for _ in range(9)]
highest = max(array.__array_interface__["data"][0] for array in arrays)
del arrays[::2]
def above():
    return [place(size) > highest for size in sizes]
before = above()
filling = fill_holes()
filled = above()
del filling
print(before, filled, above())
"""

FAULTS = """
import resource, sys
import numpy as np
if "keep" in sys.argv:
    from benchmarks.heap import keep_memory
    assert keep_memory()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    a, b = np.ones(1_000_000), np.ones(1_000_000)
    c = a + b
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
found = [faults() for _ in range(20)]
print(max(found[-5:]))
"""


glibc = pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")


def run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@glibc
def test_large_results_cost_no_page_faults_once_memory_is_kept() -> None:
    assert int(run(FAULTS, "keep")) <= 10


@glibc
def test_what_is_allocated_lies_above_the_holes_only_while_they_are_filled() -> None:
    below, above = [False] * 4, [True] * 4
    assert run(HOLES) == f"{below} {above} {below}"
