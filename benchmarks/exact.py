"""Measures without noise: the same number on every run, so that any change is a change.

They see what a clock on a shared machine cannot, and what they see is proven at once.
"""

from __future__ import annotations

import hashlib
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from benchmarks.pool import Pool
from benchmarks.rows import Array, Inputs, Row

PEAK_TOLERANCE: Final = 2048
"""Bytes of object headers and iterator state by which peaks differ between NumPy releases."""


class WrongAnswerError(ValueError):
    """What a row computes is not what it should; says how it differs."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What one call of a row does, apart from time.

    Attributes
    ----------
    digest : str
        Digest of everything the call returns or writes: dtype, shape and values.
    dtype : str
        Dtype of the result.
    peak_bytes : int
        Most memory allocated at once during the call, in bytes.
    passes : int
        Number of sweeps over arrays.
    touched_bytes : int
        Bytes of all arrays that those sweeps read or write.
    warnings : tuple of str
        Names of the warning classes that are raised.
    """

    digest: str
    dtype: str
    peak_bytes: int
    passes: int
    touched_bytes: int
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Measures:
        """Return the measures that were written as JSON.

        Raises
        ------
        TypeError, KeyError
            If it is something else.
        """
        for name, kind in _JSON_TYPES.items():
            if not isinstance(stored[name], kind):
                raise TypeError(f"{name} is {stored[name]!r}, expected {kind.__name__}")
        return cls(**{**stored, "warnings": tuple(stored.get("warnings", ()))})

    def differences(self, expected: Measures) -> list[str]:
        """Name each measure that differs from `expected`, with both values."""
        return self.answer_differences(expected) + self._cost_differences(expected, 0)

    def answer_differences(self, expected: Measures) -> list[str]:
        """Name what differs in the answer itself: values, dtype, warnings."""
        return [
            f"{name} is {_words(now)}, expected {_words(then)}"
            for name in ("digest", "dtype", "warnings")
            if (now := getattr(self, name)) != (then := getattr(expected, name))
        ]

    def increases(self, expected: Measures) -> list[str]:
        """Name what an answer costs more than `expected`: memory, passes, bytes touched."""
        return self._cost_differences(expected, 1)

    def _cost_differences(self, expected: Measures, sign: int) -> list[str]:
        found = []
        for name, slack in (("peak_bytes", PEAK_TOLERANCE), ("passes", 0), ("touched_bytes", 0)):
            now, then = getattr(self, name), getattr(expected, name)
            change = sign * (now - then) if sign else abs(now - then)
            if change > slack:
                found.append(f"{name} is {_words(now)}, expected {_words(then)}")
        return found


_JSON_TYPES: Final[Mapping[str, type]] = {
    "digest": str,
    "dtype": str,
    "peak_bytes": int,
    "passes": int,
    "touched_bytes": int,
}


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def measure(row: Row) -> Measures:
    """Call the function of `row` a few times and return what it does.

    Parameters
    ----------
    row : Row
        The row.

    Raises
    ------
    WrongAnswerError
        If its answer is wrong: measures of a wrong answer must not be stored.
    """
    every = row.case()
    case = replace(every, variants=())  # memory may depend on the data
    pool = Pool(case.inputs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        arguments = pool.arguments()
        result = row.function(*arguments)
    _check(row, case.difference(arguments, result))
    outputs = _outputs(case.inputs, arguments, result)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # What was kept of an earlier call is no answer to the next one.
        for number, other in enumerate(every.variants, 1):
            copies = tuple(operand.copy(order="K") for operand in other.operands.values())
            _check(row, other.difference(copies, row.function(*copies)), f" on variant {number}")
        sweeps = trace(row.function, pool.arguments())
        peak = peak_bytes(row.function, pool)
    return Measures(
        digest=outputs,
        dtype=str(result.dtype),
        peak_bytes=peak,
        passes=len(sweeps),
        touched_bytes=sum(sweep.nbytes for sweep in sweeps),
        warnings=tuple(sorted({w.category.__name__ for w in caught})),
    )


def _check(row: Row, difference: str | None, where: str = "") -> None:
    if difference is not None:
        raise WrongAnswerError(f"{row.name} diverges{where}: {difference}")


def answer(function: Callable[..., Any], inputs: Inputs) -> str:
    """Return the `Measures.digest` of what a function answers now, whatever it did before."""
    arguments = Pool(replace(inputs, variants=())).arguments()
    return _outputs(inputs, arguments, function(*arguments))


def _outputs(inputs: Inputs, arguments: tuple[Array, ...], result: Array) -> str:
    named = zip(inputs.operands, arguments, strict=True)
    return digest(result, *(array for name, array in named if name in inputs.writes))


def digest(*arrays: Array) -> str:
    """Return a digest of dtypes, shapes and values; -0.0 counts as +0.0, NaNs as one NaN."""
    found = hashlib.blake2b(digest_size=16)
    for array in arrays:
        canonical = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        if canonical.dtype.kind == "f":
            canonical = canonical + canonical.dtype.type(0)
            canonical[np.isnan(canonical)] = np.nan
        found.update(f"{canonical.dtype.str}{array.shape}".encode())
        found.update(canonical.data)
    return found.hexdigest()


def peak_bytes(function: Callable[..., Any], pool: Pool) -> int:
    """Return the peak of traced memory during one call, in bytes."""
    function(*pool.arguments())  # fills the caches that only a first call fills
    arguments = pool.arguments()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = function(*arguments)
        _, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak - before


@dataclass(frozen=True, slots=True)
class Sweep:
    """One pass over arrays: what did it, and the bytes of all arrays it touched."""

    name: str
    nbytes: int


def trace(function: Callable[..., Any], arguments: tuple[Array, ...]) -> list[Sweep]:
    """Return every pass over arrays that a call makes, in order.

    Parameters
    ----------
    function : callable
        Takes `arguments`.
    arguments : tuple of ndarray
        Plain arrays; those that the function writes are changed.
    """
    log: list[Sweep] = []
    function(*(_traced(argument, log) for argument in arguments))
    return log


_MOVE_NO_DATA: Final = frozenset({np.empty_like, np.shape, np.ndim, np.size, np.may_share_memory})


class _Traced(np.ndarray[Any, Any]):
    """An array that notes every pass over it and its descendants in a shared log."""

    log: list[Sweep]

    def __array_finalize__(self, source: object) -> None:
        self.log = getattr(source, "log", [])

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if out is not None:
            options["out"] = out
        options = {name: _plain(value) for name, value in options.items()}
        result = getattr(ufunc, method)(*map(_plain, inputs), **options)
        _note(self.log, ufunc.__name__, *inputs, options.get("where"), result)
        return out[0] if out is not None else _traced(result, self.log)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        before = len(self.log)
        result = super().__array_function__(func, types, args, kwargs)
        if len(self.log) == before and func not in _MOVE_NO_DATA:
            _note(self.log, func.__name__, *args, *kwargs.values(), result)
        return _traced(result, self.log)

    def __setitem__(self, key: Any, value: Any) -> None:
        _note(self.log, "setitem", self, *_parts(key), value)
        _plain(self)[_plain(key)] = _plain(value)

    def __getitem__(self, key: Any) -> Any:
        result = super().__getitem__(key)
        if any(isinstance(part, np.ndarray | list) for part in _parts(key)):
            _note(self.log, "getitem", *_parts(key), result)
        return result

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        return self._copying("astype", args, kwargs)

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        return self._copying("copy", args, kwargs)

    def _copying(self, name: str, args: Any, kwargs: Any) -> Any:
        result = getattr(_plain(self), name)(*args, **kwargs)
        _note(self.log, name, self, result)
        return _traced(result, self.log)


def _plain(value: Any) -> Any:
    """Strip the tracing from an array, or from the arrays in a tuple."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.view(np.ndarray) if isinstance(value, _Traced) else value


def _traced(value: Any, log: list[Sweep]) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    traced = value.view(_Traced)
    traced.log = log
    return traced


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _note(log: list[Sweep], name: str, *touched: Any) -> None:
    """Log a pass; an array that is both read and written counts twice."""
    log.append(Sweep(name, sum(a.nbytes for a in touched if isinstance(a, np.ndarray))))
