"""What a call returned, where it is plain data or an array: a digest, and numbers to compare."""

from __future__ import annotations

import hashlib
import math
import reprlib
import sys
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

_FLOATS: Final = "d"
_SHORT: Final = reprlib.Repr()
_SHORT.maxother = 60  # as arrays and records are
_MOST_NUMBERS: Final = 12  # of an array that are written; a thousand take milliseconds

NOT_PLAIN: Final = "since they are neither plain data nor arrays"
BY_CALL: Final = "since they differ from call to call"
BY_RUN: Final = "since they differ from run to run"
BY_MARK: Final = "since a mark or a setting says so"
"""Why results are not compared."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What is known of a result."""

    digest: str = ""
    """Of all that is compared exactly; empty if it is no plain data, and so not compared."""
    floats: array[float] = field(default_factory=lambda: array(_FLOATS))
    """What is compared within a tolerance, in order."""
    why: str = ""
    """Why there is no digest, in words."""
    looks: str = ""
    """How it reads, in few characters."""

    @classmethod
    def of(cls, digest: str, file: str, why: str = "", looks: str = "") -> Returned:
        """Return what a worker said, with the floats in a file, which goes; empty for none."""
        if not file:
            return cls(digest, why=why, looks=looks)
        floats = array(_FLOATS, Path(file).read_bytes())
        Path(file).unlink()
        return cls(digest, floats, why, looks)

    def beside(self, other: Returned) -> str:
        """Return how this and another result read, or that they differ only in what is left out."""
        if self.looks == other.looks:
            return f"somewhere in {self.looks}"
        return f"{self.looks} and not {other.looks}"

    def agrees(self, other: Returned, tolerance: float) -> bool:
        """Return whether it equals another: NaN is equal to NaN, and 0.0 to -0.0.

        Numbers may differ by `tolerance`, or by that part of the larger one.
        """
        return (
            self.digest == other.digest
            and len(self.floats) == len(other.floats)
            and all(
                a == b
                or (math.isnan(a) and math.isnan(b))
                or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
                for a, b in zip(self.floats, other.floats, strict=True)
            )
        )


def look(result: object, *, exact: bool = True) -> Returned:
    """Return what is known of a result; unless it is to be `exact`, its floats stand apart."""
    floats: array[float] = array(_FLOATS)
    try:
        digest = _hashed(result, None if exact else floats).hex()
        return Returned(digest, floats, looks=_looks(result))
    except Exception:  # noqa: BLE001 - it is code of the suite's own that fails, such as __repr__
        return Returned(why=NOT_PLAIN)


def _looks(value: object) -> str:
    """Return a value in few characters."""
    numpy: Any = sys.modules.get("numpy")
    try:
        with numpy.printoptions(threshold=_MOST_NUMBERS) if numpy else nullcontext():
            return " ".join(_SHORT.repr(value).split())
    except Exception:  # noqa: BLE001 - Python writes no integers of thousands of digits, either
        return f"a value of type {type(value).__name__}"


def _hashed(value: object, floats: array[float] | None = None) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for part in _parts(value, floats):
        found.update(b"%d " % len(part))  # or 1, 23 would be 12, 3
        found.update(part)
    return found.digest()


def _parts(value: object, floats: array[float] | None) -> Iterator[bytes]:
    match value:
        case None | bool() | str() | bytes():
            yield f"{type(value).__name__} {value!r}".encode(errors="backslashreplace")
        case int():  # Python refuses to write thousands of digits, but for these
            yield f"{type(value).__name__} {hex(value)}".encode()
        case float() | complex():
            yield _number(value, floats)
        case list() | tuple():
            names = getattr(value, "_fields", "")  # as a namedtuple has them
            yield f"{type(value).__name__} {len(value)} {names}".encode()
            for item in value:
                yield from _parts(item, floats)
        case dict():  # equal whatever their order, but for this one
            yield f"{type(value).__name__} {len(value)}".encode()
            by_key = {_hashed(key): item for key, item in value.items()}
            for key in by_key if isinstance(value, OrderedDict) else sorted(by_key):
                yield key
                yield from _parts(by_key[key], floats)
        case set() | frozenset():
            yield f"{type(value).__name__} {len(value)}".encode()
            yield from sorted(map(_hashed, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield type(value).__qualname__.encode()
            its = {each.name: getattr(value, each.name) for each in fields(value)}
            yield from _parts(its, floats)
        case _:
            yield from _of_numpy(value, floats)


def _number(value: complex, floats: array[float] | None) -> bytes:
    if floats is None:
        text = repr(value + 0.0) if value == value else "nan"  # noqa: PLR0124 - with any other part
        return f"{type(value).__name__} {text}".encode()
    floats.extend((value.real, value.imag))
    return type(value).__name__.encode()


def _of_numpy(value: Any, floats: array[float] | None) -> Iterator[bytes]:
    """Go through a plain array or a scalar; numbers of more than 64 bits have undefined parts."""
    numpy: Any = sys.modules.get("numpy")
    known = numpy is not None and (type(value) is numpy.ndarray or isinstance(value, numpy.generic))
    if not known or value.dtype.char in "gG":
        raise TypeError(type(value))
    found = numpy.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    # Numpy's short spelling has no names of fields.
    dtype = str(value.dtype) if value.dtype.names else value.dtype.str
    yield f"{dtype} {value.shape} ".encode()
    if found.dtype.hasobject or found.dtype.names:
        yield from _parts(found.tolist(), floats)
    elif found.dtype.kind not in "fc":
        yield found.tobytes()
    elif floats is not None:
        pairs = found.astype(complex if found.dtype.kind == "c" else float)
        floats.frombytes(pairs.tobytes())
    else:
        yield numpy.where(numpy.isnan(found), numpy.nan, found + found.dtype.type(0)).tobytes()
