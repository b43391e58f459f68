"""What a method promises, as data: the tests check it and the table of methods prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""An array of any accepted dtype and layout."""

ELISION_BYTES: Final = 256 * 1024
"""Size from which NumPy reuses a dying temporary instead of allocating a new array."""
BLOCK_BYTES: Final = 256 * 1024
"""Of each array in a block of `kernels`: three such stay in a cache of 1 MiB."""
SIMPLE: Final = 12_000
"""Numbers up to which `kernels` take the fewest calls, as they cost more than passes."""


class Quantity(Enum):
    """What an output holds, element by element."""

    RELU = "x where x > 0, else 0"
    DERIVATIVE = "1 where x > 0, else 0"
    BACKWARD = "grad where x > 0, else 0"
    MASK = "x > 0"


@dataclass(frozen=True, slots=True)
class Output:
    """An array that a call produces: fresh, or written into an argument."""

    quantity: Quantity
    argument: str | None = None


class Kind(Enum):
    """How a method is called and where its answer goes.

    Each kind has a label in words, the names of its positional arguments in order, and its outputs,
    of which a call returns the first.
    """

    FRESH = ("forward", ("x",), (Output(Quantity.RELU),))
    OUT = ("forward, out=", ("x", "out"), (Output(Quantity.RELU, "out"),))
    IN_PLACE = ("forward, in place", ("x",), (Output(Quantity.RELU, "x"),))
    FUSED = (
        "forward and mask",
        ("x", "out", "mask"),
        (Output(Quantity.RELU, "out"), Output(Quantity.MASK, "mask")),
    )
    DERIVATIVE = ("derivative", ("x",), (Output(Quantity.DERIVATIVE),))
    BACKWARD = ("backward", ("grad", "x"), (Output(Quantity.BACKWARD),))
    BACKWARD_IN_PLACE = ("backward, in place", ("grad", "x"), (Output(Quantity.BACKWARD, "grad"),))

    def __init__(self, label: str, arguments: tuple[str, ...], outputs: tuple[Output, ...]) -> None:
        self.label = label
        self.arguments = arguments
        self.outputs = outputs

    @property
    def writes(self) -> frozenset[str]:
        """Names of the arguments that a call changes."""
        return frozenset(o.argument for o in self.outputs if o.argument is not None)


class NaN(Enum):
    """What comes out where ``x`` is NaN."""

    PROPAGATES = "NaN"
    ZERO = "0"
    BY_SIGN = "NaN, or 0 if its sign bit is set"
    PASSES_GRADIENT = "grad"


class Edge(Enum):
    """What comes out at an edge where plain arithmetic goes wrong."""

    EXACT = "exact"
    NAN = "NaN"
    DOUBLED = "inf (floats), wraps (integers)"


class Sign(Enum):
    """The sign of a zero in the result."""

    PLUS = "+0"
    MINUS = "-0"
    UNSTABLE = "either 0"
    """Differs between platforms, dtypes or NumPy releases: nobody may rely on it."""


class When(Enum):
    """The inputs on which a warning is raised."""

    ALWAYS = "always"
    NEGATIVE_INFINITY = "x has -inf"
    ABOVE_HALF_MAX = "x > max/2"
    BLOCKED_INFINITY = "grad is infinite where x <= 0 or NaN"


@dataclass(frozen=True, slots=True)
class Warns:
    """One warning that belongs to a method."""

    message: str
    """The beginning of its text; "encountered in" may read "encountered in scalar" if 0-d."""
    when: When
    category: type[Warning] = RuntimeWarning
    since: str = "2.0.0"
    """First NumPy release that raises it."""

    @property
    def current(self) -> bool:
        """Whether the NumPy that is installed raises it."""
        return bool(np.lib.NumpyVersion(np.__version__) >= self.since)


class Temporary(Enum):
    """A scratch allocation that lives at the peak of a call, beside the fresh result."""

    MASK = "mask"
    ARRAY = "array"
    ARRAY_IF_SMALL = "array below 256 KiB"
    ARRAY_IF_SMALL_OR_SINGLE = "array if float32 or below 256 KiB"
    """As `ARRAY_IF_SMALL`, beside a Python scalar: 64 bits wide, it bars reuse for float32."""
    CAST_BUFFER = "cast buffer"
    BLOCK_MASK = "mask of a block"
    BITS = "mask and cast buffer up to 12,000 numbers, then mask of a block if float64"

    def nbytes(self, size: int, itemsize: int) -> int:
        """Bytes it takes for a result of `size` elements of `itemsize` bytes."""
        array = size * itemsize
        reused, double = array >= ELISION_BYTES, itemsize > np.float32().itemsize
        match self:
            case Temporary.MASK:
                return size
            case Temporary.BITS if size <= SIMPLE:
                return size + Temporary.CAST_BUFFER.nbytes(size, itemsize)
            case Temporary.BLOCK_MASK | Temporary.BITS:
                return min(size, BLOCK_BYTES // itemsize) * (double or self is not Temporary.BITS)
            case Temporary.ARRAY_IF_SMALL | Temporary.ARRAY_IF_SMALL_OR_SINGLE if reused:
                return 0 if double or self is Temporary.ARRAY_IF_SMALL else array
            case Temporary.CAST_BUFFER:
                return min(size, np.getbufsize()) * itemsize
        return array


BOOL: Final = frozenset({"bool"})
SIGNED: Final = frozenset({"int8", "int16", "int32", "int64"})
UNSIGNED: Final = frozenset({"uint8", "uint16", "uint32", "uint64"})
STANDARD_FLOATS: Final = frozenset({"float16", "float32", "float64"})
LONGDOUBLE: Final = frozenset({np.dtype("longdouble").name}) - STANDARD_FLOATS
FLOATS: Final = STANDARD_FLOATS | LONGDOUBLE
INTEGERS: Final = SIGNED | UNSIGNED
NUMBERS: Final = INTEGERS | FLOATS
REAL: Final = BOOL | NUMBERS
"""Names of every real dtype: what ReLU is defined for."""


def same(*groups: frozenset[str]) -> Mapping[str, str]:
    """Map each dtype name of `groups` to itself."""
    return MappingProxyType({name: name for name in frozenset().union(*groups)})


def to(result: str, *groups: frozenset[str]) -> Mapping[str, str]:
    """Map each dtype name of `groups` to the dtype name `result`."""
    return MappingProxyType({name: np.dtype(result).name for name in frozenset().union(*groups)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a method promises beyond "ReLU of ordinary numbers".

    The defaults are those of ``np.maximum(x, 0)``.

    Attributes
    ----------
    dtypes : mapping of str to str
        Name of each accepted dtype of ``x``, and the dtype name of the result for it.
    passes : int
        Sweeps over arrays that a call makes, whatever their dtype.
    nan, negative_infinity : NaN, Edge
        Result where ``x`` is NaN, and where it is -inf.
    above_half_max : Edge
        Result where ``x`` is finite and above half the largest number of its dtype.
    blocked_infinity : Edge
        Backward only: result where ``grad`` is infinite or NaN and ``x`` is not positive.
    zero_from_negative, zero_from_minus_zero : Sign
        Sign of the zero that a negative number, or -0.0, becomes.  In a backward pass, +0 and
        NaN block ``grad`` as a negative number does.
    warnings : tuple of Warns
        Every warning it raises on an accepted input; a signalling NaN is not one.
    array_like : bool
        Whether lists and Python scalars are accepted as well as arrays, except for ``out`` and
        ``mask``.
    keeps_subclass : bool
        Whether a subclass of ndarray comes back as that subclass.
    data_dependent : bool
        Whether the time for float32 and float64 depends on where the signs are.
    temporaries : tuple of Temporary
        What is alive beside the fresh result at the peak of a call on native float32 or float64.

    Notes
    -----
    Every method accepts every layout: any number of dimensions including 0, empty, C and
    Fortran order, positive and negative strides, unaligned, byte-swapped, and read-only for
    the arguments it does not write.  Fresh results are in native byte order.
    """

    dtypes: Mapping[str, str]
    passes: int = 1
    nan: NaN = NaN.PROPAGATES
    negative_infinity: Edge = Edge.EXACT
    above_half_max: Edge = Edge.EXACT
    blocked_infinity: Edge = Edge.EXACT
    zero_from_negative: Sign = Sign.PLUS
    zero_from_minus_zero: Sign = Sign.UNSTABLE
    warnings: tuple[Warns, ...] = ()
    array_like: bool = True
    keeps_subclass: bool = True
    data_dependent: bool = False
    temporaries: tuple[Temporary, ...] = ()

    def accepts(self, dtype: np.dtype[Any]) -> bool:
        """Whether arrays of `dtype`, in either byte order, are accepted."""
        return dtype.name in self.dtypes

    def result_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """Dtype of a fresh result for an ``x`` of `dtype`; TypeError if that is not accepted."""
        if not self.accepts(dtype):
            accepted = ", ".join(sorted(self.dtypes))
            raise TypeError(f"dtype {dtype} is not accepted; accepted: {accepted}")
        return np.dtype(self.dtypes[dtype.name])


@dataclass(frozen=True, slots=True)
class Method:
    """One way to compute ReLU or its gradient.

    Attributes
    ----------
    name : str
        Identifier; benchmarks and baselines are keyed by it, so it never changes.
    kind, contract : Kind, Contract
        How it is called, and what it promises.
    function : callable
        The implementation, taking ``kind.arguments`` in order.
    expression, source : str
        The code as people write it, in terms of ``np`` and ``kind.arguments``, and where from.
    """

    name: str
    kind: Kind
    function: Callable[..., Any]
    expression: str
    source: str
    contract: Contract

    def peak_bytes(self, size: int, itemsize: int) -> int:
        """Bytes allocated at the peak of a call, apart from object headers.

        `size` is the number of elements of ``x``, `itemsize` their bytes: 4 or 8.
        """
        result = self.contract.result_dtype(np.dtype(f"f{itemsize}")).itemsize
        fresh = sum(size * result for output in self.kind.outputs if output.argument is None)
        return fresh + sum(t.nbytes(size, result) for t in self.contract.temporaries)


_methods: dict[str, Method] = {}

METHODS: Final[Mapping[str, Method]] = MappingProxyType(_methods)
"""Every method by name, in display order."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def method(
    kind: Kind, expression: str, source: str, contract: Contract | None = None, **promises: Any
) -> Callable[[_Function], _Function]:
    """Return a decorator that adds a function to `METHODS`, under its name, and returns it.

    What it promises are attributes of `Contract`: all of them, or those that differ from
    `contract`, which several methods may share.  ValueError if there is a method of that name.
    """
    promised = replace(contract, **promises) if contract else Contract(**promises)

    def register(function: _Function) -> _Function:
        name = function.__name__
        if name in _methods:
            raise ValueError(f"method {name} exists already; expected a new name")
        _methods[name] = Method(name, kind, function, expression, source, promised)
        return function

    return register
