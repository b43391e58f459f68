"""Results lie at the top of the heap, at a place within a page that is the same on all sides."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from pytest_against import heap
from pytest_against.heap import Heap, keep_memory
from pytest_against.operands import Layout, Operands

TOP: Final = 10_000_000


class Malloc:
    """A heap with holes, the best-fitting of which is given first, and a top that grows."""

    def __init__(self, *holes: int, top: int = TOP) -> None:
        self.holes = dict(zip(range(0, TOP, 100_000), holes, strict=False))
        self.used: dict[int | None, int] = {}
        self.top = top

    def malloc(self, size: int) -> int:
        if fitting := [(hole, place) for place, hole in self.holes.items() if hole >= size]:
            hole, place = min(fitting)
            del self.holes[place]
        else:
            hole, place = size + 8, self.top
            self.top += hole
        self.used[place] = hole
        return place

    def free(self, place: int | None) -> None:
        if place is not None:
            self.holes[place] = self.used.pop(place)
            if place + self.holes[place] == self.top:
                self.top -= self.holes.pop(place)


@pytest.mark.parametrize("holes", [(), (5_000,), (9_000_000, 70_000, 2_000, 1_300, 1_100)])
def test_what_is_allocated_lies_at_the_top_once_holes_are_filled(holes: Sequence[int]) -> None:
    libc = Malloc(*holes)
    found = Heap(libc)
    for seed in range(2):  # filling again gives the first blocks back, and the top
        found.fill()
        assert (libc.holes, len(libc.used), libc.top) == ({}, len(holes), TOP)
        for each in (seed, seed + 9):
            found.move(each)
            assert len(libc.used) == len(holes) + 1
    found.empty()
    assert (len(libc.holes), libc.used, libc.top) == (len(holes), {}, TOP)


def test_holes_of_one_size_are_filled_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_MOST", 2)
    libc = Malloc(*[20_000] * 90)
    Heap(libc).fill()
    assert 0 < len(libc.used) < 90


def test_a_seed_fixes_the_place_within_a_page_whatever_the_heap_is_like() -> None:
    found: list[list[int]] = []
    for top in (TOP, TOP + 48, TOP + 4_096 * 3 + 1_008):
        heap = Heap(libc := Malloc(top=top))
        heap.fill()
        found.append([])
        for seed in range(40):
            heap.move(seed)
            found[-1].append(libc.top % 4_096)
    assert found[0] == found[1] == found[2]
    assert len(set(found[0])) > 30
    assert not any(place % 16 for place in found[0])


def test_where_results_begin_says_nothing_of_where_operands_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Else a load of each call waits for a store to the same place within another page.
    found, apart, parts = Heap(libc := Malloc()), list[list[int]](), 16
    operands = Operands((np.zeros(4), np.zeros(4)))
    for seed in range(1000):
        monkeypatch.setattr(Layout, "seed", seed)
        found.move(seed)
        used = [x.ctypes.data for _ in range(operands.copies) for x in operands()[0]]
        apart.append([(place - libc.top) % 4_096 * parts // 4_096 for place in used])
    for places in np.array(apart).T:
        shares = np.bincount(places, minlength=parts) / 1000
        assert shares == pytest.approx(np.full(parts, 1 / parts), abs=0.04)


def test_another_heap_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert heap.glibc() is None
    assert not keep_memory()
    found = Heap(heap.glibc())
    found.fill()
    found.move(1)
    found.empty()


REAL: Final = """
import resource
import numpy as np
from pytest_against.heap import Heap, glibc, keep_memory
assert keep_memory()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    a, b = bytearray(8_000_000), bytearray(8_000_000)
    c = a + b
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(max([faults() for _ in range(20)][-5:]))
found = Heap(glibc())
found.fill()
for seed in range(20):
    found.move(seed)
    print(np.empty(240_000, np.uint8).__array_interface__["data"][0] % 4096)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_results_of_real_calls_cost_no_page_faults_and_lie_where_the_seed_says() -> None:
    paths = {**os.environ, "PYTHONPATH": str(Path(heap.__file__).parents[1])}
    words = subprocess.check_output([sys.executable, "-c", REAL], env=paths, text=True)
    faults, *places = map(int, words.split())
    assert faults <= 10
    found, expected = Heap(libc := Malloc()), list[int]()
    for seed in range(20):
        found.move(seed)
        expected.append(libc.top % 4_096)
    assert places == expected
