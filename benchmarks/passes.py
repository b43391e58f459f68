"""Counts the passes over arrays that a call makes: the same number on every run."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_MOVE_NO_DATA: Final = frozenset({np.empty_like, np.shape, np.ndim, np.size, np.may_share_memory})


def count(function: Callable[..., Any], arguments: tuple[NDArray[Any], ...]) -> int:
    """Return the number of passes over arrays that a call with plain arrays makes."""
    log: list[str] = []
    function(*(_traced(argument, log) for argument in arguments))
    return len(log)


class _Traced(np.ndarray[Any, Any]):
    """An array that notes every pass over it and its descendants in a shared log."""

    log: list[str]

    def __array_finalize__(self, source: object) -> None:
        self.log = getattr(source, "log", [])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = {name: _plain(value) for name, value in options.items()}
        result = getattr(ufunc, method)(*map(_plain, inputs), **plain)
        self.log.append(ufunc.__name__)
        return options["out"][0] if "out" in options else _traced(result, self.log)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        before = len(self.log)
        result = super().__array_function__(func, types, args, kwargs)
        if len(self.log) == before and func not in _MOVE_NO_DATA:
            self.log.append(func.__name__)
        return _traced(result, self.log)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.log.append("setitem")
        _plain(self)[_plain(key)] = _plain(value)

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if any(isinstance(part, np.ndarray | list) for part in parts):
            self.log.append("getitem")
        return super().__getitem__(key)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        self.log.append("astype")
        return _traced(_plain(self).astype(*args, **kwargs), self.log)

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        self.log.append("copy")
        return _traced(_plain(self).copy(*args, **kwargs), self.log)


def _plain(value: Any) -> Any:
    """Strip the tracing from an array, or from the arrays in a tuple."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.view(np.ndarray) if isinstance(value, _Traced) else value


def _traced(value: Any, log: list[str]) -> Any:
    if isinstance(value, np.ndarray):
        value = value.view(_Traced)
        value.log = log
    return value
