"""The inputs that methods are timed on: frozen, append-only, each with a digest.

Changing what stands under a name would silently invalidate every stored run, so a workload is
never edited: add another one under a new name.  The numbers come from Python's Mersenne
Twister, because the library under test should not choose its own test data.
"""

import hashlib
import random
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import prod
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

_SIGNIFICANT_BITS: Final = {"float16": 11, "float32": 24, "float64": 32} | {
    "int8": 7, "uint8": 8, "int32": 31, "int64": 32  # below half the largest: beyond, some wrap
}  # fmt: skip
_CHUNK: Final = 1 << 15
"""Numbers made at once: few enough that they stay in the cache."""

_ASKED_FOR: Final = ("1e6", "1e3x1e3", "article", "int")
"""Parts of names: a few of these would take most of a gate's time, and 2.4 MB, which always run,
are beyond L2 caches as well; and every method on integers would double it."""

_MOST_KEPT: Final = 4
"""Operands that are kept for the next rows: one after the other asks for the same."""

_MOST_LEARNED: Final = 1 << 19
"""Signs that no branch predictor learns; it does learn 30,000 that it sees again and again."""


class Signs(Enum):
    """Where the negative numbers of a workload are."""

    RANDOM = "half of them negative, at random"
    SORTED = "ascending, so that all negative numbers come first"
    POSITIVE = "none"
    RECTIFIED = "at random, then replaced by zero: what a ReLU leaves behind"


@dataclass(frozen=True, slots=True)
class Workload:
    """A named input; its name is the key of stored results."""

    name: str
    digest: str
    """Of ``x`` and ``grad`` in all variants."""
    dtype: str
    shape: tuple[int, ...]
    signs: Signs = Signs.RANDOM
    """Of ``x``; those of ``grad`` are always random."""
    fortran: bool = False

    @property
    def size(self) -> int:
        """Number of elements of one operand."""
        return prod(self.shape)

    @property
    def asked_as(self) -> str:
        """Word by which most of its rows have to be asked for; empty if all always run."""
        return next((word for word in _ASKED_FOR if word in self.name), "")

    @property
    def variants(self) -> int:
        """How many arrays may stand in for each other, so that no predictor learns the signs."""
        many = max(1, round(_MOST_LEARNED / self.size))
        return many if self.signs is Signs.RANDOM else 1

    @lru_cache(maxsize=_MOST_KEPT)  # noqa: B019 - workloads live as long as the process
    def operands(self, role: Literal["x", "grad"]) -> tuple[NDArray[Any], ...]:
        """Return the data of one operand in every variant: read-only, floats in [-0.5, 0.5)."""
        order: Literal["C", "F"] = "F" if self.fortran else "C"
        parts = self._data(role).reshape(self.variants, self.size)
        return tuple(part.reshape(self.shape, order=order) for part in parts)

    def measured_digest(self) -> str:
        """Return the digest of the data as it is generated now."""
        found = hashlib.blake2b(digest_size=8)
        for role in ("x", "grad"):
            found.update(self._data(role).data)
        return found.hexdigest()

    @lru_cache(maxsize=32)  # noqa: B019 - as above
    def changed(self) -> str:
        """Say how the data is not what was frozen under this name; empty if it is."""
        measured = self.measured_digest()
        found = f"workload {self.name} has digest {measured}, but {self.digest} is frozen"
        new = "give changed data a new name in benchmarks/workloads.py"
        return "" if measured == self.digest else f"{found}: {new}"

    def _data(self, role: str) -> NDArray[Any]:
        """Return the numbers of all variants, one after the other."""
        seed = f"{role} {self.dtype} {'x'.join(map(str, self.shape))}"
        signs = self.signs if role == "x" else Signs.RANDOM
        return _numbers(seed, self.variants * self.size, self.dtype, signs)


@lru_cache(maxsize=_MOST_KEPT)
def _numbers(seed: str, size: int, dtype: str, signs: Signs) -> NDArray[Any]:
    """Return exact numbers, uniform but for `signs`: integers, or multiples of a power of two.

    Unsigned integers are zero where signed ones would be negative.
    """
    source = random.Random(seed)  # noqa: S311 - reproducible, not secret
    bits = _SIGNIFICANT_BITS[dtype]
    data = np.empty(size, dtype)
    lowest = 0 if data.dtype.kind == "u" else -(2 ** (bits - 1))
    scale = 2.0**-bits if data.dtype.kind == "f" else 1
    for start in range(0, size, _CHUNK):
        count = min(_CHUNK, size - start)
        words = np.frombuffer(source.randbytes(4 * count), "<i4") >> (32 - bits)
        data[start : start + count] = np.maximum(words, lowest) * scale
    if signs is Signs.SORTED:
        data.sort()
    elif signs is Signs.POSITIVE:
        # Half a step up, so that no zero is among them.
        data = np.abs(data) + data.dtype.type(2.0 ** -(bits + 1))
    elif signs is Signs.RECTIFIED:
        data[data < 0] = 0
    data.flags.writeable = False
    return data


_ALL: Final = (
    Workload("float32-1e3", "670a153b7afc5df6", "float32", (1_000,)),
    Workload("float32-3e4", "b12f3204c4137dfe", "float32", (30_000,)),
    Workload("float32-6e5", "f8beb03ff3456d1b", "float32", (600_000,)),
    Workload("float64-1e3", "af02365a105c163a", "float64", (1_000,)),
    Workload("float64-3e4", "6de54750f33c0b9f", "float64", (30_000,)),
    Workload("float64-3e5", "6675f7411ea8cefe", "float64", (300_000,)),
    Workload("float16-3e4", "6eff81dba1cf1ec2", "float16", (30_000,)),
    Workload("float64-3e4-sorted", "8299a0ed7bd1522e", "float64", (30_000,), Signs.SORTED),
    Workload("float64-3e4-positive", "ea98736b6bb2f9b9", "float64", (30_000,), Signs.POSITIVE),
    Workload("float64-3e4-fortran", "2a7fba7c1b056dba", "float64", (200, 150), fortran=True),
    Workload("float32-1e6", "11a7110d74b07714", "float32", (1_000_000,)),
    Workload("float64-1e6", "9bfde961718567df", "float64", (1_000_000,)),
    Workload(
        "float64-1e3x1e3-fortran", "a87167155a7ef4f7", "float64", (1_000, 1_000), fortran=True
    ),
    Workload("article", "0e8e8e7ea7c03953", "float64", (5_000, 5_000)),
    Workload("article-rectified", "aeb94700ac72442e", "float64", (5_000, 5_000), Signs.RECTIFIED),
    Workload("int8-1e3", "604b2d0f8a79b278", "int8", (1_000,)),
    Workload("int8-3e4", "b7f8e087e7f10969", "int8", (30_000,)),
    Workload("uint8-1e3", "93cf11b773fb6d0c", "uint8", (1_000,)),
    Workload("uint8-3e4", "73dffeb803dbfe37", "uint8", (30_000,)),
    Workload("int32-1e3", "aad46b600a332b20", "int32", (1_000,)),
    Workload("int32-3e4", "49604f484de3a971", "int32", (30_000,)),
    Workload("int64-1e3", "22f86817dd3ef94a", "int64", (1_000,)),
    Workload("int64-3e4", "208490fcf7285207", "int64", (30_000,)),
)

WORKLOADS: Final = MappingProxyType({workload.name: workload for workload in _ALL})
"""Every workload by name, in display order."""
