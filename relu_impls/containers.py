"""Arrays of other packages answer for themselves, and none of the packages is imported.

A container that holds other arrays has the function applied to those (`_INSIDE`).  Any other one is
given to ufuncs, which it dispatches itself.  Three are enough: ``maximum(x, 0)`` is ReLU, its
``sign`` the derivative, and ``heaviside(sign - 1, grad)`` the gradient, since that is `grad` where
its first argument is 0, 0 where that is -1, and NaN where that is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from relu_impls.small import foreign

_Function = Callable[..., Any]


_PLAIN: Final = frozenset({np.ndarray, type(None), list, tuple, bool, int, float})


def any_container(*values: object) -> bool:
    """Return whether one of the values is more than a plain array, a list or a scalar."""
    return any(_is_array(kind) for kind in map(type, values) if kind not in _PLAIN)


def _is_array(kind: type) -> bool:
    return not issubclass(kind, np.generic) and (_answers(kind) or hasattr(kind, "__array__"))


def _answers(kind: type) -> bool:
    """Return whether arrays of a type answer for themselves; others are read as plain ones."""
    known = _inside(kind) is not None or hasattr(kind, "__array_ufunc__")
    return known and kind not in {np.ndarray, np.memmap}


def apply(function: _Function, *arrays: Any, out: Any = None) -> Any:
    """Return what `relu`, `drelu` or `relu_backward` gives for arrays one of which is a container.

    Raises
    ------
    TypeError
        If the containers or their dtypes do not go together, or `out` is not of their type.
    ValueError
        If their shapes or labels differ, or `out` has another shape or is read-only.
    """
    read = {id(each): _read(each) for each in (*arrays, out)}  # one object stays one
    arrays, target = tuple(read[id(each)] for each in arrays), read[id(out)]
    x = next((each for each in reversed(arrays) if _answers(type(each))), arrays[-1])
    # What only converts gives a copy, into which nothing is to be written.
    if out is not None and not (isinstance(out, np.ndarray) and type(target) is type(x)):
        accepted = f"a {_name(x)} like x, or None" if isinstance(x, np.ndarray) else "None"
        raise TypeError(f"out is a {_name(out)}; accepted: {accepted}")
    if not _answers(type(x)):
        found = function(*arrays, out=target)
        return found if out is None else out
    inside = _inside(type(x))
    if len({_family(each) for each in arrays}) > 1 and inside is not _magnitude:
        first, last = map(_name, arrays)
        raise TypeError(f"grad is a {first}, x a {last}; accepted: two of one kind")
    other = isinstance(out, np.ma.MaskedArray) and out is not x
    if out is not None and function.__name__ == "relu" and not other:
        _check_out(out, x)
        return _relu(function, x, target)
    found = (inside or _UFUNCS[function.__name__])(function, *arrays)
    if out is None:
        return found
    _check_out(out, found)
    if other:  # what `out` is a view of may have another mask, which would not hide it
        found.data[np.ma.getmaskarray(found)] = 0
    out[...] = found
    return out


def _read(value: Any) -> Any:
    """Return what is no container as NumPy reads it; a map of a file is an array like any other."""
    if type(value) is np.memmap:
        return value.view(np.ndarray)
    return value if value is None or _answers(type(value)) else np.asanyarray(value)


def _name(value: object) -> str:
    return f"{_package(type(value))}.{type(value).__name__}"


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _family(value: object) -> str:
    # What is plain, and what NumPy itself keeps in a subclass, may be mixed.
    kind = type(value)
    if isinstance(value, np.ndarray) or not _answers(kind):
        return "numpy"
    return f"{_package(kind)}, {getattr(_inside(kind), '__name__', '')}"


def _check_out(out: Any, found: Any) -> None:
    """Raise if a result would not be itself in `out`: nothing has been written yet."""
    for what in ("shape", "dtype", "unit", "units"):
        given, accepted = (_words(getattr(each, what, None)) for each in (out, found))
        if given != accepted:
            error = ValueError if what == "shape" else TypeError
            raise error(f"out has {what} {given}; accepted: {accepted}, as the result")
    if not out.flags.writeable:
        raise ValueError("out is read-only; accepted: a writeable array")


def _words(value: Any) -> str:
    """Return how a value is written; a dtype as if in native byte order."""
    return str(value.newbyteorder("=") if isinstance(value, np.dtype) else value)


def _check_same(what: str, grad: object, x: object) -> None:
    if str(grad) != str(x):
        raise ValueError(f"grad has {what} {grad}; accepted: {x}, as x")


def _check_labels(grad: Mapping[Any, Any], x: Mapping[Any, Any]) -> None:
    """Raise if two mappings have other keys, or pandas indexes that differ."""
    _check_same("labels", sorted(map(str, grad)), sorted(map(str, x)))
    for key, index in grad.items():
        if hasattr(index, "equals") and not index.equals(x[key]):
            raise ValueError(f"grad has other labels than x along {key}; accepted: the same")


# Ufuncs.


def _kind(x: Any, accepted: str = "biuf") -> str:
    """Return the kind of a dtype, which what is ragged may lack, or raise if it is not accepted."""
    dtype = getattr(x, "dtype", None)
    kind: str = getattr(dtype, "kind", "f")
    plain = isinstance(dtype, np.dtype) and foreign(dtype) is not None
    is_numeric = getattr(dtype, "is_numeric", lambda: plain or kind in accepted)  # polars: no kind
    if not is_numeric():
        raise TypeError(f"x has dtype {dtype}; accepted: bool, integers and real floats")
    return kind


def _relu(_: _Function, x: Any, out: Any = None) -> Any:
    dtype, kind = getattr(x, "dtype", None), _kind(x, "biufm")
    if _package(type(x)) == "pandas" and hasattr(x, "clip") and kind != "m":
        return x.clip(lower=0)  # the ufunc makes int64[pyarrow] with a null float64
    if isinstance(x, np.ndarray):
        found = np.maximum(x, x.dtype.type(0), out=out)  # beside a 0, unyt makes float32 float64
    else:
        found = np.maximum(x, False if kind == "b" else 0)
    if _words(getattr(found, "dtype", dtype)) != _words(dtype):
        raise TypeError(f"x has dtype {dtype}, of which {_name(x)} makes {found.dtype}")
    return found


def _drelu(function: _Function, x: Any) -> Any:
    bits = _kind(x) == "b"
    if _package(type(x)) == "pandas" and hasattr(x, "clip"):
        # The same of sign.  What is missing is neither above zero nor itself.
        return (x > 0).astype(x.dtype).where(x == x, x)  # noqa: PLR0124 - NaN is not
    largest = _relu(function, x)
    return np.not_equal(largest, False) if bits else np.sign(largest)  # noqa: FBT003 - its zero


def _backward(function: _Function, grad: Any, x: Any) -> Any:
    if _family(x) == "numpy":
        return _kept(function, grad, x)
    return _chosen(grad, x, _drelu(function, x))


def _kept(function: _Function, grad: Any, x: Any) -> Any:
    """Return the gradient in the subclass, the unit and the masks that a product has."""
    largest = _relu(function, x)
    numbers = function(_plain(grad), _plain(x))
    result = np.array(grad, subok=True)
    _plain(result)[...] = numbers
    return np.multiply(result, np.equal(largest, largest))  # NaN stays NaN


def _plain(array: Any) -> Any:
    """Return the numbers of a subclass, those under a mask as well, as a view."""
    return getattr(array, "unmasked", array).view(np.ndarray)


def _chosen(grad: Any, x: Any, slope: Any) -> Any:
    """Return `grad` where the derivative is 1, and the derivative elsewhere: 0, NaN or nothing."""
    _check_same("shape", *(getattr(each, "shape", None) for each in (grad, x)))
    _check_labels(*(dict(enumerate(getattr(each, "axes", ()))) for each in (grad, x)))
    if hasattr(grad, "where"):
        return grad.where(slope == 1, slope)
    if hasattr(grad, "zip_with"):
        return grad.zip_with(slope == 1, slope)
    if hasattr(grad, "__array_function__"):
        return np.where(slope == 1, grad, slope)
    if _kind(grad) == "f":
        return np.heaviside(slope - 1, grad)
    return np.multiply(grad, slope)


# What is inside.


def _blocks(function: _Function, first: Any, *more: Any) -> Any:
    """Stay lazy: one call for each block, whose masks are kept as those of any masked array."""
    _kind(first)
    others = list(more)
    if not any(np.isnan(first.shape)):
        for i, each in enumerate(more):
            _check_same("shape", first.shape, each.shape)
            others[i] = each.rechunk(first.chunks)
    return first.map_blocks(function, *others)


def _partitions(function: _Function, first: Any, *more: Any) -> Any:
    return first.map_partitions(function, *more)


def _labelled(function: _Function, first: Any, *more: Any) -> Any:
    for each in more:
        _check_same("dims", first.dims, each.dims)
        _check_labels(first.indexes, each.indexes)
    return first.copy(deep=False, data=function(first.data, *(each.data for each in more)))


def _variables(function: _Function, first: Any, *more: Any) -> Any:
    for each in more:
        _check_same("variables", *(sorted(map(str, a.data_vars)) for a in (first, each)))
    call = lambda array: function(array, *(each[array.name] for each in more))  # noqa: E731
    return first.map(call, keep_attrs=True)


def _tree(function: _Function, first: Any, *more: Any) -> Any:
    return first.map_over_datasets(function, *more)


def _columns(function: _Function, first: Any, *more: Any) -> Any:
    """Keep the dtype of each column, of which the ufuncs of a frame make one for all."""
    if not more:
        return first.apply(function)
    slope = more[0].apply(lambda column: _drelu(function, column))
    return _chosen(first, more[0], slope)


def _series(function: _Function, first: Any, *more: Any) -> Any:
    for each in more:
        _check_same("columns", first.columns, each.columns)
    return first.with_columns([function(c, *(each[c.name] for each in more)) for c in first])


def _stored(function: _Function, first: Any, *more: Any) -> Any:
    """Take the numbers of `x` that are stored: what is not is 0, and so is each function of 0."""
    x = (*more, first)[0].tocoo(copy=True)
    _check_same("shape", first.shape, x.shape)
    x.sum_duplicates()
    grad = []
    if more:
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
    "relu": _relu,
    "drelu": _drelu,
    "relu_backward": _backward,
}


def _inside(kind: type) -> Callable[..., Any] | None:
    names = (f"{_package(each)}.{each.__name__}" for each in kind.__mro__)
    return next((_INSIDE[name] for name in names if name in _INSIDE), None)
