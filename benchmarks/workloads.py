"""The inputs that methods are timed on: frozen, append-only, each with a digest.

Changing what stands under a name would silently invalidate every stored run, so a workload is
never edited: add another one under a new name.  The numbers come from Python's Mersenne
Twister, because the library under test should not choose its own test data.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import prod
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_SIGNIFICANT_BITS: Final = {"float16": 11, "float32": 24, "float64": 32}
_CHUNK: Final = 1 << 20
_MOST_LEARNED: Final = 1 << 19
"""Signs that no branch predictor learns; it does learn 30,000 that it sees again and again."""


class Signs(Enum):
    """Where the negative numbers of a workload are."""

    RANDOM = "half of them negative, at random"
    SORTED = "ascending, so that all negative numbers come first"
    POSITIVE = "none"
    RECTIFIED = "at random, then replaced by zero: what a ReLU leaves behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A named input.

    Attributes
    ----------
    name : str
        Key of stored results.
    dtype : str
        Dtype of every operand: float16, float32 or float64.
    shape : tuple of int
        Shape of every operand.
    signs : Signs
        Signs of ``x``; those of ``grad`` are always random.
    fortran : bool
        Whether operands are in Fortran order.
    asked_as : str
        Word by which its rows have to be asked for; empty if they always run.
    digest : str
        Digest of ``x`` and ``grad`` in all variants; `verify` compares it with the data.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    digest: str
    signs: Signs = Signs.RANDOM
    fortran: bool = False
    asked_as: str = ""

    @property
    def size(self) -> int:
        """Number of elements of one operand."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of one operand."""
        return self.size * np.dtype(self.dtype).itemsize

    @property
    def variants(self) -> int:
        """How many arrays may stand in for each other, so that no predictor learns the signs."""
        many = max(1, round(_MOST_LEARNED / self.size))
        return many if self.signs is Signs.RANDOM else 1

    def operand(self, role: str, variant: int = 0) -> NDArray[Any]:
        """Return the data of one operand, read-only.

        Parameters
        ----------
        role : {'x', 'grad'}
            Which operand.
        variant : int
            Which of the `variants`.

        Returns
        -------
        ndarray
            Numbers in [-0.5, 0.5), with the dtype, shape and order of this workload.
        """
        return _operands(self, role)[variant]

    def measured_digest(self) -> str:
        """Return the digest of the data as it is generated now."""
        found = hashlib.blake2b(digest_size=8)
        for role in ("x", "grad"):
            for variant in range(self.variants):
                found.update(self.operand(role, variant).tobytes("A"))
        return found.hexdigest()

    def verify(self) -> None:
        """Raise ValueError if the data is not what was frozen under this name."""
        measured = _digest(self)
        if measured != self.digest:
            raise ValueError(
                f"workload {self.name} has digest {measured}, but {self.digest} is frozen: "
                "give changed data a new name in benchmarks/workloads.py"
            )


@lru_cache(maxsize=64)
def _digest(workload: Workload) -> str:
    return workload.measured_digest()


@lru_cache(maxsize=16)
def _operands(workload: Workload, role: str) -> tuple[NDArray[Any], ...]:
    dtype, shape, size = workload.dtype, workload.shape, workload.size
    data = _uniform(
        workload.variants * size, dtype, seed=f"{role} {dtype} {'x'.join(map(str, shape))}"
    )
    match workload.signs if role == "x" else Signs.RANDOM:
        case Signs.RANDOM:
            pass
        case Signs.SORTED:
            data.sort()
        case Signs.POSITIVE:
            # Half a step up, so that no zero is among them.
            data = np.abs(data) + data.dtype.type(2.0 ** -(_SIGNIFICANT_BITS[dtype] + 1))
        case Signs.RECTIFIED:
            data[data < 0] = 0
    data.flags.writeable = False
    parts = (data[start : start + size] for start in range(0, data.size, size))
    return tuple(part.reshape(shape, order="F" if workload.fortran else "C") for part in parts)


def _uniform(size: int, dtype: str, seed: str) -> NDArray[Any]:
    """Return multiples of a power of two, uniform in [-0.5, 0.5) and exact in `dtype`."""
    source = random.Random(seed)  # noqa: S311 - reproducible, not secret
    bits = _SIGNIFICANT_BITS[dtype]
    data = np.empty(size, dtype)
    for start in range(0, size, _CHUNK):
        count = min(_CHUNK, size - start)
        words = np.frombuffer(source.randbytes(4 * count), "<i4")
        data[start : start + count] = (words >> (32 - bits)) * 2.0**-bits
    return data


_ALL: Final = (
    Workload(name="float32-1e3", digest="670a153b7afc5df6", dtype="float32", shape=(1_000,)),
    Workload(name="float32-3e4", digest="b12f3204c4137dfe", dtype="float32", shape=(30_000,)),
    Workload(name="float32-6e5", digest="f8beb03ff3456d1b", dtype="float32", shape=(600_000,)),
    Workload(name="float64-1e3", digest="af02365a105c163a", dtype="float64", shape=(1_000,)),
    Workload(name="float64-3e4", digest="6de54750f33c0b9f", dtype="float64", shape=(30_000,)),
    Workload(name="float64-3e5", digest="6675f7411ea8cefe", dtype="float64", shape=(300_000,)),
    Workload(name="float16-3e4", digest="6eff81dba1cf1ec2", dtype="float16", shape=(30_000,)),
    Workload(
        name="float64-3e4-sorted",
        digest="8299a0ed7bd1522e",
        dtype="float64",
        shape=(30_000,),
        signs=Signs.SORTED,
    ),
    Workload(
        name="float64-3e4-positive",
        digest="ea98736b6bb2f9b9",
        dtype="float64",
        shape=(30_000,),
        signs=Signs.POSITIVE,
    ),
    Workload(
        name="float64-3e4-fortran",
        digest="2a7fba7c1b056dba",
        dtype="float64",
        shape=(200, 150),
        fortran=True,
    ),
    # A few of these would take most of a gate's time, and 2.4 MB are beyond L2 caches as well.
    Workload(
        name="float32-1e6",
        digest="11a7110d74b07714",
        dtype="float32",
        shape=(1_000_000,),
        asked_as="1e6",
    ),
    Workload(
        name="float64-1e6",
        digest="9bfde961718567df",
        dtype="float64",
        shape=(1_000_000,),
        asked_as="1e6",
    ),
    Workload(
        name="float64-1e3x1e3-fortran",
        digest="a87167155a7ef4f7",
        dtype="float64",
        shape=(1_000, 1_000),
        fortran=True,
        asked_as="1e3x1e3",
    ),
    Workload(
        name="article",
        digest="0e8e8e7ea7c03953",
        dtype="float64",
        shape=(5_000, 5_000),
        asked_as="article",
    ),
    Workload(
        name="article-rectified",
        digest="aeb94700ac72442e",
        dtype="float64",
        shape=(5_000, 5_000),
        signs=Signs.RECTIFIED,
        asked_as="article",
    ),
)

WORKLOADS: Final = MappingProxyType({workload.name: workload for workload in _ALL})
"""Every workload by name, in display order."""
