"""Operands laid out on purpose: aligned, pages touched, restored before every timed call."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from benchmarks.rows import Array, Case, Inputs

ALIGNMENT: Final = 64
"""Bytes of a cache line, and of the widest vector register."""

_PAGE: Final = 4096
_POOL_BYTES: Final = 256 * 1024
_MOST_COPIES: Final = 16


class Slot:
    """Memory for one operand whose offset within a page is drawn anew at each refill.

    Where an array starts within a page changes the time of a call by several percent, and the
    heap would choose one place for the whole process.
    """

    def __init__(self, like: Array, rng: random.Random) -> None:
        self._like = like
        self._rng = rng
        self._arrays: dict[int, Array] = {}
        # Filling touches the pages, so that no timed call is charged for the first access.
        self._raw = np.full(like.nbytes + 2 * _PAGE, 0xFF, np.uint8)

    def refill(self, pristine: Array) -> Array:
        """Return a fresh copy of the pristine data, aligned to `ALIGNMENT` bytes."""
        start = -self._raw.ctypes.data % _PAGE + self._rng.randrange(0, _PAGE, ALIGNMENT)
        array = self._arrays.get(start)
        if array is None:
            array = self._arrays[start] = np.ndarray(
                self._like.shape,
                self._like.dtype,
                self._raw.data,
                offset=start,
                order="F" if self._like.flags.fnc else "C",
            )
        np.copyto(array, pristine)
        return array


class Pool:
    """Several restored sets of operands, so that small calls can be timed in a batch.

    A method that works in place would otherwise get data that its first call already changed.
    Methods that leave their input alone get the same treatment, or they could not be compared.

    Parameters
    ----------
    inputs : Inputs
        The pristine operands.
    seed : int, optional
        Seed of the page offsets; drawn from the system by default.
    """

    def __init__(self, inputs: Inputs, seed: int | None = None) -> None:
        self.inputs = inputs
        rng = random.Random(seed)  # noqa: S311 - layout, not secrets
        first = next(iter(inputs.operands.values()))
        self.copies = max(1, min(_MOST_COPIES, _POOL_BYTES // max(1, first.nbytes)))
        self._slots = [
            [Slot(operand, rng) for operand in inputs.operands.values()] for _ in range(self.copies)
        ]
        self._variants = [list(found.values()) for found in (inputs.operands, *inputs.variants)]
        self._deal = itertools.cycle(range(len(self._variants)))
        self._chosen: list[int] = []
        self._arguments: list[tuple[Array, ...]] = []
        self._result: object = None
        self._spent = False
        self.refill()

    def refill(self) -> None:
        """Restore every operand, each set from the variant that was not used for longest."""
        self._spent = False
        # Drawn at random, one would sometimes come twice in a row, and be remembered.
        self._chosen = [next(self._deal) for _ in self._slots]
        self._arguments = [
            tuple(map(Slot.refill, slots, self._variants[chosen]))
            for slots, chosen in zip(self._slots, self._chosen, strict=True)
        ]

    def arguments(self) -> tuple[Array, ...]:
        """Restore every operand and return the first set, in the order of the call."""
        self.refill()
        return self._arguments[0]

    def run(self, function: Callable[..., Any]) -> None:
        """Call `function` once on each set; this is the part to time.

        As in any loop ``y = f(x)``, the previous result is given back within the call's time.
        """
        # Data that comes twice in a row is remembered by the branch predictor.
        self._spent = bool(self.inputs.writes or self.inputs.variants)
        for arguments in self._arguments:
            self._result = function(*arguments)

    def release(self) -> None:
        """Give back the result of the last call, whose memory the next one may have."""
        self._result = None

    def time(self, function: Callable[..., Any]) -> float:
        """Restore what an earlier call used up, `run`, and return the seconds that it took."""
        if self._spent:
            self.refill()
        start = time.perf_counter()
        self.run(function)
        return time.perf_counter() - start

    def difference(self, case: Case) -> str | None:
        """Say how the outcome of the last `run` differs from the right one, None if it does not."""
        cases = (case, *case.variants)
        for arguments, chosen in zip(self._arguments, self._chosen, strict=True):
            found = cases[chosen].argument_difference(arguments)
            if found is not None:
                return found
        return cases[self._chosen[-1]].result_difference(self._arguments[-1], self._result)
