"""What each method does with special numbers on the NumPy that is installed, apart from time.

``python -m benchmarks.behaviour`` prints it as JSON.  It needs nothing but NumPy, of any release
that the methods can be imported on.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relu_impls import Method

Array = NDArray[Any]

DTYPES: Final = (
    *("float16", "float32", "float64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"),
)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a method did with the special numbers of a dtype.

    Attributes
    ----------
    outputs : tuple of tuple of str
        Every number that it returned or wrote, output by output; all NaNs are alike, the two
        zeros are not.
    dtype : str
        Dtype of what it returned.
    warnings : tuple of str
        Names of the warning classes that it raised.
    raised : str
        The error that it raised instead; empty if none.
    """

    outputs: tuple[tuple[str, ...], ...] = ()
    dtype: str = ""
    warnings: tuple[str, ...] = ()
    raised: str = ""

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Observation:
        """Return the observation that was written as JSON."""
        return cls(
            tuple(tuple(map(str, output)) for output in stored["outputs"]),
            str(stored["dtype"]),
            tuple(map(str, stored["warnings"])),
            str(stored["raised"]),
        )


def specials(dtype: str) -> Array:
    """Return the special numbers of a dtype: edges of its range, zeros, infinities, NaNs."""
    match np.dtype(dtype).kind:
        case "b":
            return np.array([False, True])
        case "f":
            info = np.finfo(dtype)
            large, tiny = float(info.max), float(info.smallest_subnormal)
            negative_nan = float(np.copysign(np.nan, -1))
            numbers = [-np.inf, -large, -2.5, -1.0, -tiny, -0.0, 0.0, tiny, 1.0, 2.5]
            return np.array([*numbers, 0.75 * large, large, np.inf, np.nan, negative_nan], dtype)
        case _:
            limits = np.iinfo(dtype)
            wanted = {int(limits.min), -100, -1, 0, 1, 100, int(limits.max)}
            return np.array(sorted(n for n in wanted if limits.min <= n <= limits.max), dtype)


def observe(method: Method, dtype: str) -> Observation:
    """Call a method on the special numbers of a dtype."""
    x = specials(dtype)
    given = {
        "x": x,
        "grad": np.roll(x, 3),
        "out": np.ones(x.shape, method.contract.result_dtype(x.dtype)),
        "mask": np.zeros(x.shape, np.bool_),
    }
    arguments = {name: given[name] for name in method.kind.arguments}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = method.function(*arguments.values())
        except Exception as error:  # noqa: BLE001 - whatever a release of NumPy raises
            return Observation(raised=f"{type(error).__name__}: {' '.join(str(error).split())}")
    written = [arguments[o.argument] for o in method.kind.outputs[1:] if o.argument is not None]
    return Observation(
        outputs=tuple(words(output) for output in (np.asarray(result), *written)),
        dtype=str(result.dtype),
        warnings=tuple(sorted({w.category.__name__ for w in caught})),
    )


def words(array: Array) -> tuple[str, ...]:
    """Write the numbers of an array so that equal words mean equal numbers."""
    return tuple(repr(value) for value in array.tolist())


def _maximum_strong_zero(x: Array) -> Any:
    """Not a method, but a spelling on which releases of NumPy differ."""
    return np.maximum(x, np.float64(0))


def observe_all() -> dict[str, dict[str, Observation]]:
    """Call every method, and one spelling more, on every dtype that it accepts."""
    # Late, so that a package that cannot be imported is the problem of this process alone.
    methods: dict[str, Method] = dict(importlib.import_module("relu_impls").METHODS)
    methods["maximum_strong_zero"] = replace(methods["maximum"], function=_maximum_strong_zero)
    return {
        name: {
            dtype: observe(method, dtype)
            for dtype in DTYPES
            if method.contract.accepts(np.dtype(dtype))
        }
        for name, method in methods.items()
    }


def main() -> None:
    """Print what was observed, and on which NumPy."""
    methods = {
        name: {dtype: asdict(seen) for dtype, seen in observations.items()}
        for name, observations in observe_all().items()
    }
    json.dump({"numpy": np.__version__, "methods": methods}, sys.stdout)


if __name__ == "__main__":
    main()
