"""Arrays of other packages answer for themselves, and none of the packages is imported.

A container that holds other arrays has the function applied to those (`_INSIDE`).  Any other one is
given to `ufuncs`, which it dispatches itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from math import prod
from typing import Any, Final

import numpy as np

from relu_impls import ufuncs
from relu_impls.checks import check_kind, read
from relu_impls.facts import check_alike, check_same, package, type_name, words

_Function = Callable[..., Any]


_PLAIN: Final = frozenset({np.ndarray, type(None), list, tuple, bool, int, float})
_READ: Final = frozenset({"blosc2"})
"""Packages whose ufuncs give what changes with `x`, and integers that went through float64."""


def any_container(*values: object) -> bool:
    """Return whether one of the values is more than a plain array, a list or a scalar."""
    return any(_is_array(kind) for kind in map(type, values) if kind not in _PLAIN)


def _is_array(kind: type) -> bool:
    return not issubclass(kind, np.generic) and (_answers(kind) or hasattr(kind, "__array__"))


def _answers(kind: type) -> bool:
    """Return whether arrays of a type answer for themselves; others are read as plain ones."""
    known = _inside(kind) is not None or hasattr(kind, "__array_ufunc__")
    return known and kind not in {np.ndarray, np.memmap} and package(kind) not in _READ


def apply(function: _Function, *arrays: Any, out: Any = None, threads: int | None = None) -> Any:
    """Return what `relu`, `drelu` or `relu_backward` gives for arrays one of which is a container.

    Plain arrays inside may be spread over threads; what a package computes itself is not.

    Raises
    ------
    TypeError
        If the containers or their dtypes do not go together, or `out` is not of their type.
    ValueError
        If their shapes or labels differ, or `out` has another shape or is read-only.
    """
    names = ("grad", "x")[-len(arrays) :]
    given = {id(v): _read(k, v) for k, v in zip((*names, "out"), (*arrays, out), strict=True)}
    arrays, target = tuple(given[id(each)] for each in arrays), given[id(out)]  # one stays one
    x = next((each for each in reversed(arrays) if _answers(type(each))), arrays[-1])
    # What only converts gives a copy, into which nothing is to be written.
    if out is not None and not (isinstance(out, np.ndarray) and type(target) is type(x)):
        accepted = f"a {type_name(x)} like x, or None" if isinstance(x, np.ndarray) else "None"
        raise TypeError(f"out is a {type_name(out)}; accepted: {accepted}")
    if threads is not None:
        function = update_wrapper(partial(function, threads=threads), function)
    if not _answers(type(x)):
        found = function(*arrays, out=target)
        return found if out is None else out
    inside = _inside(type(x))
    if len({_family(each) for each in arrays}) > 1 and inside is not _magnitude:
        first, last = map(type_name, arrays)
        raise TypeError(f"grad is a {first}, x a {last}; accepted: two of one kind")
    for name, each in zip(reversed(names), reversed(arrays), strict=True):
        check_kind(name, each, "biufm" if function.__name__ == "relu" else "biuf")
    check_alike(arrays[0], arrays[-1])
    other = isinstance(out, np.ma.MaskedArray) and out is not x
    if out is not None and function.__name__ == "relu" and not other:
        _check_out(out, x)
        ufuncs.relu(function, x, target)
        return out
    found = (inside or _UFUNCS[function.__name__])(function, *arrays)
    if out is None:
        return found
    _check_out(out, found)
    if other:  # what `out` is a view of may have another mask, which would not hide it
        found.data[np.ma.getmaskarray(found)] = 0
    _fill(out, found)
    return out


def _fill(out: Any, found: Any) -> None:
    """Write numbers and mask, as ufuncs do, where a hard mask hides a number as well."""
    hard = getattr(out, "hardmask", False)
    if hard:
        out.soften_mask()
    out[...] = found
    if hard:
        out.harden_mask()


def _read(name: str, value: Any) -> Any:
    """Return what is no container as NumPy reads it; a map of a file is an array like any other."""
    if type(value) is np.memmap:
        return value.view(np.ndarray)
    kept = _answers(type(value)) and not isinstance(value, np.generic)
    return value if value is None or kept else read(name, value)


def _family(value: object) -> str:
    # What is plain, and what NumPy itself keeps in a subclass, may be mixed.
    kind = type(value)
    if isinstance(value, np.ndarray) or not _answers(kind):
        return "numpy"
    inside = _inside(kind)
    return type_name(value) if inside is None else f"{package(kind)}, {inside.__name__}"


def _check_out(out: Any, found: Any) -> None:
    """Raise if a result would not be itself in `out`: nothing has been written yet."""
    for what in ("shape", "dtype", "unit", "units"):
        given, accepted = (words(getattr(each, what, None)) for each in (out, found))
        if given != accepted:
            error = ValueError if what == "shape" else TypeError
            raise error(f"out has {what} {given}; accepted: {accepted}, as the result")
    if not out.flags.writeable:
        raise ValueError("out is read-only; accepted: a writeable array")


# What is inside.


def _blocks(function: _Function, first: Any, *more: Any) -> Any:
    """Stay lazy: one call for each block, whose masks are kept as those of any masked array."""
    known = not np.isnan([n for each in (first, *more) for n in each.shape]).any()
    others = [each.rechunk(first.chunks) if known else each for each in more]
    # Blocks have threads already.
    return first.map_blocks(getattr(function, "__wrapped__", function), *others)


def _partitions(function: _Function, first: Any, *more: Any) -> Any:
    return first.map_partitions(getattr(function, "__wrapped__", function), *more)


def _labelled(function: _Function, first: Any, *more: Any) -> Any:
    return first.copy(deep=False, data=function(first.data, *(each.data for each in more)))


def _variables(function: _Function, first: Any, *more: Any) -> Any:
    for each in more:
        check_same("variables", *(sorted(map(str, a.data_vars)) for a in (first, each)))
    call = lambda array: function(array, *(each[array.name] for each in more))  # noqa: E731
    return first.map(call, keep_attrs=True)


def _tree(function: _Function, first: Any, *more: Any) -> Any:
    return first.map_over_datasets(function, *more)


def _columns(function: _Function, first: Any, *more: Any) -> Any:
    """Keep the dtype of each column, of which the ufuncs of a frame make one for all."""
    rest = [(column for _, column in each.items()) for each in more]
    return first.apply(lambda column: function(column, *map(next, rest)))


def _index(function: _Function, first: Any, *more: Any) -> Any:
    """Take the way of a series, which knows what to do where something is missing."""
    places = range(len(first))
    found = function(*(each.to_series(places) for each in (first, *more)))
    return found.set_axis(found).index.rename(first.name)


def _series(function: _Function, first: Any, *more: Any) -> Any:
    return first.with_columns([function(c, *(each[c.name] for each in more)) for c in first])


def _stored(function: _Function, first: Any, *more: Any) -> Any:
    """Take the numbers of `x` that are stored: what is not is 0, and so is each function of 0."""
    x = (*more, first)[0].tocoo(copy=True)
    x.sum_duplicates()
    grad = []
    if more:
        if prod(x.shape) > np.iinfo(np.intp).max:
            raise ValueError(
                f"x has shape {x.shape}; accepted: at most {np.iinfo(np.intp).max} places"
            )
        other = first.tocoo(copy=True)
        other.sum_duplicates()
        at, there = (np.ravel_multi_index(each.coords, x.shape) for each in (x, other))
        _, i, j = np.intersect1d(at, there, assume_unique=True, return_indices=True)
        grad = [np.zeros_like(other.data, shape=at.shape)]
        grad[0][i] = other.data[j]
    x.data = function(*grad, x.data)
    return x.asformat(first.format)


def _magnitude(function: _Function, *arrays: Any) -> Any:
    """Give the result the unit of the first array; a derivative has none."""
    found = function(*(getattr(each, "magnitude", each) for each in arrays))
    unit = getattr(arrays[0], "units", None) if function.__name__ != "drelu" else None
    return found if unit is None else type(arrays[0])(found, unit)


_INSIDE: Final[Mapping[str, Callable[..., Any]]] = {
    "dask.Array": _blocks,
    "dask.FrameBase": _partitions,
    "pandas.DataFrame": _columns,
    "pandas.Index": _index,
    "pint.PlainQuantity": _magnitude,
    "polars.DataFrame": _series,
    "scipy.sparray": _stored,
    "scipy.spmatrix": _stored,
    "xarray.DataArray": _labelled,
    "xarray.Dataset": _variables,
    "xarray.DataTree": _tree,
}
"""How each container that holds other arrays has a function applied to them."""

_UFUNCS: Final[Mapping[str, Callable[..., Any]]] = {
    "relu": ufuncs.relu,
    "drelu": ufuncs.drelu,
    "relu_backward": ufuncs.backward,
}


def _inside(kind: type) -> Callable[..., Any] | None:
    names = (f"{package(each)}.{each.__name__}" for each in kind.__mro__)
    return next((_INSIDE[name] for name in names if name in _INSIDE), None)
