"""What an array of any package says of itself, and what two of them must have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

_KINDS: Final = {"UInt": "u", "Int": "i", "Float": "f", "Decimal": "f", "Duration": "m"}
"""The kinds of the dtypes of polars, which start so."""


def package(kind: type) -> str:
    """Return the name of the package that a type is of."""
    return kind.__module__.partition(".")[0]


def type_name(value: object) -> str:
    """Return the type of a value and its package."""
    return f"{package(type(value))}.{type(value).__name__}"


def words(value: Any) -> str:
    """Return how a value is written; a dtype as if in native byte order."""
    return str(value.newbyteorder("=") if isinstance(value, np.dtype) else value)


def dtype_of(value: Any) -> Any:
    """Return the dtype of an array, or None if it names none."""
    if package(type(value)) == "awkward":
        last = _awkward(value)[-1]
        try:
            return np.dtype({"unknown": "f8"}.get(last, last))  # of no numbers, its ufuncs make f8
        except TypeError:  # a record, a string
            return last
    dtype = getattr(value, "dtype", None)
    return None if hasattr(dtype, "dtype") else dtype  # a column of that name


def dtypes_of(value: Any) -> list[Any]:
    """Return the dtypes of the columns of a frame; of anything else, its one."""
    found: Any = getattr(value, "dtypes", None) if hasattr(type(value), "columns") else None
    return list(found) if hasattr(found, "__iter__") else [dtype_of(value)]


def kind_of(dtype: Any) -> str:
    """Return the kind of a dtype, as NumPy has it; what names none holds floats."""
    if dtype is None:
        return "f"
    found = (kind for start, kind in _KINDS.items() if str(dtype).startswith(start))
    kind: str = getattr(dtype, "kind", None) or next(found, "O")
    return kind


def _awkward(value: Any) -> list[str]:
    """Return the lengths and the dtype in the type of awkward's array, whatever may be missing."""
    *lengths, last = re.sub(r"\?|option\[", "", str(value.type)).split(" * ")
    return [*lengths, re.sub(r"^(\w+(\[\w+\])?).*", r"\1", last)]


def _shape(value: Any) -> Any:
    """Return the lengths that are known without computing anything."""
    if package(type(value)) == "awkward":
        return tuple(int(n) if n.isdecimal() else n for n in _awkward(value)[:-1])
    shape = getattr(value, "shape", None)
    known = isinstance(shape, tuple) and all(
        each is None or isinstance(each, int | np.integer) for each in shape
    )
    return shape if known else None


def _tuple(what: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        found = getattr(value, what, None)
        return found if isinstance(found, tuple) else None  # else it is a column of that name

    return read


def _columns(value: Any) -> Any:
    found: Any = getattr(value, "columns", None) if hasattr(type(value), "columns") else None
    return list(map(str, found)) if hasattr(found, "__iter__") else None


def _dtypes(value: Any) -> Any:
    """Return the dtype, or the dtypes of all columns, if there is any."""
    found = list(map(words, dtypes_of(value)))
    return None if found == ["None"] else ", ".join(found)


_COMMON: Final[dict[str, tuple[type[Exception], Callable[[Any], Any]]]] = {
    "shape": (ValueError, _shape),
    "dims": (ValueError, _tuple("dims")),
    "columns": (ValueError, _columns),
    "groups": (ValueError, _tuple("groups")),
    "divisions": (ValueError, _tuple("divisions")),
    "dtype": (TypeError, _dtypes),
}


def check_alike(grad: Any, x: Any) -> None:
    """Raise if a gradient differs from `x` in something that both say without computing it."""
    for what, (error, read) in _COMMON.items():
        given, accepted = read(grad), read(x)
        known = given is not None and accepted is not None
        if known and given != accepted:
            raise error(f"grad has {what} {given}; accepted: {accepted}, the {what} of x")
    labels, wanted = dict(_labels(grad)), dict(_labels(x))
    check_same("labels", sorted(labels), sorted(wanted))
    for along, index in labels.items():
        if hasattr(index, "equals") and not index.equals(wanted[along]):
            raise ValueError(f"grad has other labels than x along {along}; accepted: the same")


def check_same(what: str, grad: object, x: object) -> None:
    """Raise if something of a gradient is not as that of `x`."""
    if str(grad) != str(x):
        raise ValueError(f"grad has {what} {grad}; accepted: {x}, as x")


def _labels(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the indexes of pandas along each axis."""
    if package(type(value)) == "pandas":
        yield from ((str(i), index) for i, index in enumerate(getattr(value, "axes", ())))
    elif hasattr(value, "dims") and hasattr(value, "indexes"):
        yield from ((str(along), index) for along, index in value.indexes.items())
