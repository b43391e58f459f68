"""What a test says of itself in `extra_info`, which it may fill with anything."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, Final

from pytest_against.model import short

LARGEST: Final = 2**53
"""Of whole numbers with either sign: not all who read JSON know larger ones."""

_MEND: Final = f'write whole numbers by name, up to {LARGEST:,}, as {{"exact": {{"queries": 3}}}}'


def said(extra: object, measured: Mapping[str, int]) -> dict[str, object]:
    """Return what an answer says of a test that passed; or that it failed: it says what is none.

    Its own numbers stand beside those that were `measured`.
    """
    try:
        words = _mapping("extra_info", extra)
        own, inputs = _exact(words.get("exact", {})), str(words.get("inputs", ""))
    except Exception as error:  # noqa: BLE001 - whatever a suite's own code raises
        return {"outcome": "failed", "why": short(error)}
    return {"exact": {**measured, **own}, "inputs": inputs}


def _mapping(name: str, value: object) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    raise TypeError(f"{name} is {short(repr(value))}; {_MEND}")


def _exact(own: object) -> dict[str, int]:
    """Return the numbers that must not grow; refuse what is none, as a float of any value."""
    found = {}
    for name, value in _mapping('extra_info["exact"]', own).items():
        try:
            found[str(name)] = number = int(operator.index(value))
        except TypeError:
            number = LARGEST + 1
        if abs(number) > LARGEST:
            words = f'extra_info["exact"] has {short(name)}: {short(repr(value))}'
            raise ValueError(f"{words}; {_MEND}")
    return found
