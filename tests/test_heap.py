"""Freed memory is kept, so that a large result does not cost page faults each time."""

from __future__ import annotations

import subprocess
import sys

import pytest

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


def faults(*arguments: str) -> int:
    command = [sys.executable, "-c", FAULTS, *arguments]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_large_results_cost_no_page_faults_once_memory_is_kept() -> None:
    assert faults("keep") <= 10
