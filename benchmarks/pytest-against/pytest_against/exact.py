"""Measures of a call without noise: the peak of its memory, and a digest of what it returns."""

from __future__ import annotations

import hashlib
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Final

from pytest_against.call import Call, no_garbage_collection

_TRACED: Final = 3
"""Calls whose peak of memory is taken: the first fills what only a first call fills."""


def peak_bytes(asked: Call) -> int:
    """Return the peak of traced memory during a call, in bytes: the least of a few calls."""
    return min(_peak_bytes(asked) for _ in range(_TRACED))


def _peak_bytes(asked: Call) -> int:
    arguments = asked.arguments()
    with no_garbage_collection():
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            asked.call(arguments)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    return peak - before


def digest(result: object) -> str:
    """Return a digest of plain data or of an array, empty for anything else.

    -0.0 counts as +0.0 and every NaN as one.
    """
    try:
        return _hashed(result).hex()
    except (TypeError, RecursionError):
        return ""


def _hashed(value: object) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for part in _parts(value):
        found.update(b"%d " % len(part))  # or 1, 23 would be 12, 3
        found.update(part)
    return found.digest()


def _parts(value: object) -> Iterator[bytes]:
    match value:
        case None | bool() | int() | str() | bytes():
            yield repr(value).encode(errors="backslashreplace")
        case float() | complex():
            yield repr(value + 0.0).encode()
        case list() | tuple():
            yield f"{type(value).__name__} {len(value)}".encode()
            for item in value:
                yield from _parts(item)
        case dict():
            yield b"dict"
            yield from _parts([[key, item] for key, item in value.items()])
        case set() | frozenset():
            yield from sorted(map(_hashed, value))
        case _:
            numpy = sys.modules.get("numpy")
            if numpy is None or not isinstance(value, numpy.ndarray | numpy.generic):
                raise TypeError(type(value))
            array = numpy.ascontiguousarray(value, value.dtype.newbyteorder("<"))
            if array.dtype.kind in "fc":
                array = numpy.where(numpy.isnan(array), numpy.nan, array + array.dtype.type(0))
            yield f"{value.dtype.str} {value.shape} ".encode()
            yield from _parts(array.tolist()) if array.dtype.hasobject else (array.tobytes(),)
