"""JSON that need not fit into memory: an object one of whose members is a long array."""

# Libraries that stream JSON refuse NaN, which pytest-benchmark writes as Python does.

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, TextIO

_PIECE: Final = 1 << 20  # characters that are read at a time, or as many as did not suffice
_BLANK: Final = re.compile(r"[ \t\n\r]*")
_JSON: Final = json.JSONDecoder()
_LONGEST_WORD: Final = 12  # `-Infinity`, or half of a pair of escapes


class Pieces:
    """An object in JSON, one of whose members is an array that need not fit into memory."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._text, self._at = stream, "", 0

    def members(self, array: str) -> Iterator[tuple[str, Any]]:
        """Yield names and values; that of the array is an iterator, to be gone through at once."""
        self._sign("{")
        while True:
            key = self._value()
            self._sign(":")
            yield key, self._values() if key == array else self._value()
            if self._sign(",}") == "}":
                break
        if self._next():
            raise ValueError("there is more after its end")

    def _values(self) -> Iterator[Any]:
        self._sign("[")
        if self._next() == "]":
            self._sign("]")
            return
        while True:
            yield self._value()
            if self._sign(",]") == "]":
                return

    def _more(self) -> bool:
        left = self._text[self._at :]
        found = self._stream.read(max(_PIECE, len(left)))
        self._text, self._at = left + found, 0
        return bool(found)

    def _next(self) -> str:
        """Return the character that comes next; empty at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _sign(self, expected: str) -> str:
        found = self._next()
        if not found or found not in expected:
            raise ValueError(f"{found or 'its end'!r} instead of {' or '.join(expected)}")
        self._at += 1
        return found

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                found, end = _JSON.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # What is cut off ends in a mistake near the end, or in a text without one.
                cut = len(self._text) - error.pos <= _LONGEST_WORD or "Unterminated" in error.msg
                if not (cut and self._more()):
                    raise
            else:
                length = end - self._at
                if len(self._text) - end > _LONGEST_WORD or not self._more():  # 0 may become 0.5
                    self._at += length
                    return found
