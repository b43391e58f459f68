"""Operands laid out on purpose: aligned, pages touched, restored before every timed call."""

from __future__ import annotations

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

    def __init__(self, pristine: Array, rng: random.Random) -> None:
        self._pristine = pristine
        self._rng = rng
        self._arrays: dict[int, Array] = {}
        # Filling touches the pages, so that no timed call is charged for the first access.
        self._raw = np.full(pristine.nbytes + 2 * _PAGE, 0xFF, np.uint8)

    def refill(self) -> Array:
        """Return a fresh copy of the pristine data, aligned to `ALIGNMENT` bytes."""
        start = -self._raw.ctypes.data % _PAGE + self._rng.randrange(0, _PAGE, ALIGNMENT)
        array = self._arrays.get(start)
        if array is None:
            array = self._arrays[start] = np.ndarray(
                self._pristine.shape,
                self._pristine.dtype,
                self._raw.data,
                offset=start,
                order="F" if self._pristine.flags.fnc else "C",
            )
        np.copyto(array, self._pristine)
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
            [Slot(pristine, rng) for pristine in inputs.operands.values()]
            for _ in range(self.copies)
        ]
        self._arguments: list[tuple[Array, ...]] = []
        self._result: object = None
        self._spent = False
        self.refill()

    def refill(self) -> None:
        """Restore every operand."""
        self._spent = False
        self._arguments = [tuple(slot.refill() for slot in slots) for slots in self._slots]

    def arguments(self) -> tuple[Array, ...]:
        """Restore every operand and return the first set, in the order of the call."""
        self.refill()
        return self._arguments[0]

    def run(self, function: Callable[..., Any]) -> None:
        """Call `function` once on each set; this is the part to time.

        As in any loop ``y = f(x)``, the previous result is given back within the call's time.
        """
        self._spent = bool(self.inputs.writes)
        for arguments in self._arguments:
            self._result = function(*arguments)

    def time(self, function: Callable[..., Any]) -> float:
        """Restore what an earlier call changed, `run`, and return the seconds that it took."""
        if self._spent:
            self.refill()
        start = time.perf_counter()
        self.run(function)
        return time.perf_counter() - start

    def difference(self, case: Case) -> str | None:
        """Say how the outcome of the last `run` differs from the right one, None if it does not."""
        for arguments in self._arguments:
            found = case.argument_difference(arguments)
            if found is not None:
                return found
        return case.result_difference(self._arguments[-1], self._result)
