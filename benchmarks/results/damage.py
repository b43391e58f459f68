"""Valid inputs, damaged: as a document of JSON, and as its text."""

import json
import math
import random
from collections.abc import Callable
from typing import Any, Final

import msgspec

_TWICE: Final = "twice\N{BULLET}"
"""Before a key that the text has twice; JSON as it is written here escapes it."""

_WORDS: Final = ("", " ", "x", "1", "NaN", "unknown", "steady", "\ud800", "\0", "\u2028", "é" * 300)
_EDGES: Final = (
    *(None, True, False, 0, -1, 1, 2, -0.0, 0.5, 1.0, 1e-300, 1e-16, 1e-15, 1e9, 1e10, 1e18),
    *(math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 55.4, 800.0),
    *(2**53, 2**53 + 1, 2**63, 2**64, -(2**63), 10**400),
    *(*_WORDS, "a\n::error::b", "\x1b[2J", "a" * 100_000),
)
_EMPTY: Final = ("[]", "{}", "[[]]", "[0.0, 0.0]", '{"": null}', "[" * 60 + "]" * 60)
_KEYS: Final = ("", "median", "exact", "limit", "recordings", "may_fail")

Place = dict[str, Any] | list[Any]
Key = Any
"""That of a dictionary, or the index of a list."""


def _edge(rng: random.Random) -> Any:
    """Return what may stand where something else is expected."""
    return json.loads(rng.choice(_EMPTY)) if rng.randrange(6) == 0 else rng.choice(_EDGES)


def _replace(place: Place, key: Key, rng: random.Random) -> None:
    place[key] = _edge(rng)


def _scale(place: Place, key: Key, rng: random.Random) -> None:
    value = place[key]
    if isinstance(value, int) and abs(value) > 2**60:
        place[key] = -value
    elif isinstance(value, int | float):
        factor = rng.choice((-1, 0, 0.5, 0.9, 1.1, 2, 1e3, 1e-3, 1e300))
        place[key] = rng.choice((value * factor, value + rng.choice((-1, 1, 1e-9))))


def _convert(place: Place, key: Key, rng: random.Random) -> None:
    value = place[key]
    place[key] = rng.choice((str(value), bool(value), [value], {"value": value}, [value, value]))


def _delete(place: Place, key: Key, _: random.Random) -> None:
    del place[key]


def _swap(place: Place, key: Key, rng: random.Random) -> None:
    other = rng.choice(_keys(place))
    place[key], place[other] = place[other], place[key]


def _double(place: Place, key: Key, rng: random.Random) -> None:
    if isinstance(place, list):
        place.insert(rng.randrange(len(place) + 1), place[key])
    else:
        place[_TWICE + key] = rng.choice((place[key], _edge(rng)))


def _rename(place: Place, key: Key, rng: random.Random) -> None:
    if isinstance(place, dict):
        place[rng.choice((key.upper(), key + "s", *_KEYS))] = place.pop(key)


_CHANGES: Final[dict[Callable[[Place, Key, random.Random], None], int]] = {
    _replace: 8,
    _scale: 4,
    _convert: 2,
    _delete: 3,
    _swap: 2,
    _double: 2,
    _rename: 2,
}
"""What is done to one place of a document, and how often."""


def _keys(place: Place) -> list[Any]:
    return list(place) if isinstance(place, dict) else list(range(len(place)))


def _change(document: Place, rng: random.Random) -> None:
    """Change one place of a document: nearer to its top more often than not."""
    place = document
    while keys := _keys(place):
        key = rng.choice(keys)
        inner = place[key]
        if not (isinstance(inner, dict | list) and inner) or rng.randrange(5) == 0:
            (how,) = rng.choices([*_CHANGES], [*_CHANGES.values()])
            how(place, key, rng)
            return
        place = inner


def _codes(text: bytes, rng: random.Random) -> bytes:
    codes = rng.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7", "cp500"))
    return text.decode("utf-8", "replace").encode(codes, "replace")


def _deep(text: bytes, rng: random.Random) -> bytes:
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"[{", b"}]")))
    depth, at = rng.choice((100, 1_000, 30_000)), rng.randrange(len(text) + 1)
    inner = opening * depth + b"1" + closing * depth * rng.randrange(2)
    return rng.choice((inner, text[:at] + inner + text[at:]))


def _cut(text: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(text) + 1)
    return rng.choice((text[:at], text[:at] + text[at + rng.randrange(1, 200) :]))


def _insert(text: bytes, rng: random.Random) -> bytes:
    at, some = rng.randrange(len(text) + 1), rng.randbytes(rng.randrange(1, 8))
    long = (b"1" * 5_000, b" " * 70_000)  # longer than an integer may be, and than what is read
    return text[:at] + rng.choice((some, *long, b"1e999", b"-", b"\\ud800", b"\\u0000")) + text[at:]


def _overwrite(text: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.randbytes(1) + text[at + 1 :]


def _omit(text: bytes, rng: random.Random) -> bytes:
    return text.replace(rng.choice((b",", b":", b'"', b".", b"0", b"}")), b"", 1)


def _extend(text: bytes, rng: random.Random) -> bytes:
    return text + rng.choice((text, b"x", b"\0", b"\n\n", b"}", b","))


def _other(_: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"null", b"[]", b"{}", b"0", b'""', b"\xff\xfe", b" ", b"NaN"))


_TEARS: Final = (_cut, _insert, _overwrite, _omit, _extend, _other, _codes, _deep)
"""What is done to a text, whatever it says."""


def damaged(whole: bytes, rng: random.Random, *, as_json: bool = True) -> bytes:
    """Return an input with one to three changes of what it says, of its text, or of both."""
    text, tears = whole, rng.choice((1, 1, 2))
    if as_json and rng.randrange(7):
        document = msgspec.json.decode(whole)
        for _ in range(rng.choice((1, 1, 2, 3))):
            _change(document, rng)
        written = json.dumps(document, ensure_ascii=bool(rng.randrange(10)))
        for twice in (_TWICE, json.dumps(_TWICE)[1:-1]):
            written = written.replace(twice, "")
        text, tears = written.encode("utf-8", "surrogatepass"), int(rng.randrange(10) == 0)
    for _ in range(tears):
        text = rng.choice(_TEARS)(text, rng)
    return text
