"""One row of a table: a function, the arrays it is called with, and the right answer.

This module knows nothing of what is computed.  `benchmarks.suite` makes the rows of this
project; another project makes its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The arrays of one call.

    Attributes
    ----------
    operands : mapping of str to ndarray
        Every argument by name, in order.  A function never sees these arrays, but copies.
    writes : frozenset of str
        The arguments that a call changes.
    variants : tuple of mapping of str to ndarray
        Other arrays that may stand in for `operands`, with the same shapes and dtypes: so many
        that no branch predictor learns them all.
    """

    operands: Mapping[str, Array]
    writes: frozenset[str]
    variants: tuple[Mapping[str, Array], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The arrays of one call, and what must stand in them afterwards.

    Attributes
    ----------
    operands : mapping of str to ndarray
        As those of `Inputs`.
    written : mapping of str to ndarray
        Contents of every changed argument after the call.
    returned : ndarray or str
        The fresh array that is returned, or the name of the argument that is.
    least_bytes : int
        Bytes that any honest implementation must move: what the answer depends on, and every
        cache line of the answer that differs from what stood there.
    variants : tuple of Case
        The cases of the other arrays that may stand in for `operands`.
    """

    operands: Mapping[str, Array]
    written: Mapping[str, Array]
    returned: Array | str
    least_bytes: int
    variants: tuple[Case, ...] = ()

    @property
    def inputs(self) -> Inputs:
        """The arrays without the answer."""
        return Inputs(
            operands=self.operands,
            writes=frozenset(self.written),
            variants=tuple(case.operands for case in self.variants),
        )

    def difference(self, arguments: tuple[Array, ...], result: object) -> str | None:
        """Say how the outcome of a call differs from the right one; see `argument_difference`."""
        found = self.argument_difference(arguments)
        return self.result_difference(arguments, result) if found is None else found

    def argument_difference(self, arguments: tuple[Array, ...]) -> str | None:
        """Say how the arguments after a call differ from the right ones.

        Parameters
        ----------
        arguments : tuple of ndarray
            The arrays that the function was called with.

        Returns
        -------
        str or None
            The first difference in words, None if there is none.  +0.0 and -0.0 are equal.
        """
        for (name, pristine), argument in zip(self.operands.items(), arguments, strict=True):
            found = array_difference(argument, self.written.get(name, pristine))
            if found is not None:
                kind = "written" if name in self.written else "read-only"
                return f"{kind} argument {name} {found}"
        return None

    def result_difference(self, arguments: tuple[Array, ...], result: object) -> str | None:
        """Say how the result of a call differs from the right one; see `argument_difference`."""
        if isinstance(self.returned, str):
            expected = arguments[list(self.operands).index(self.returned)]
            return None if result is expected else f"result is not the argument {self.returned}"
        if not isinstance(result, np.ndarray):
            return f"result is a {type(result).__name__}, expected an array"
        if any(np.may_share_memory(result, argument) for argument in arguments):
            return "result shares memory with an argument, expected a fresh array"
        found = array_difference(result, self.returned)
        return None if found is None else f"result {found}"


def array_difference(given: Array, expected: Array) -> str | None:
    """Say how `given` differs from `expected` in dtype, shape or its first different element."""
    if given.dtype != expected.dtype:
        return f"has dtype {given.dtype}, expected {expected.dtype}"
    if given.shape != expected.shape:
        return f"has shape {given.shape}, expected {expected.shape}"
    same = given == expected
    if same.all():
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmin(same)), same.shape))
    return f"has {given[index]!s} at {list(index)}, expected {expected[index]!s}"


class Named(Protocol):
    """What a verdict needs to know of a row, whether it is in the suite or was only saved.

    Attributes
    ----------
    name, method, workload : str
        As those of `Row`.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def method(self) -> str: ...  # noqa: D102

    @property
    def workload(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A function on a workload.

    Attributes
    ----------
    method, workload : str
        The names that key stored results.
    group : str
        Rows of one group answer the same question and may be ranked.
    function : callable
        Takes the operands of the case in order.
    inputs : callable
        Returns the `Inputs`.
    case : callable
        Returns the `Case`; the answer may take seconds, so only what checks it asks for it.
    kernel : callable
        Takes the same operands and does the plainest work of the same memory character; stored
        times are ratios to it.
    test : str
        Node of the pytest benchmark that times this row, without its parameters.
    workload_digest : str
        Digest of the input data.
    warns : tuple of type of Warning
        Warnings that every call raises.
    more_bytes : int
        Bytes that a call allocates on the NumPy that is installed beyond those on a newer one.
    asked_as : str
        Word that has to be part of what rows are chosen by; empty if the row always runs.
    """

    method: str
    workload: str
    group: str
    function: Callable[..., Any]
    inputs: Callable[[], Inputs]
    case: Callable[[], Case]
    kernel: Callable[..., Any]
    test: str
    workload_digest: str
    warns: tuple[type[Warning], ...] = ()
    more_bytes: int = 0
    asked_as: str = ""

    @property
    def name(self) -> str:
        """Key of this row in tables and stored runs."""
        return f"{self.method}[{self.workload}]"

    @property
    def fullname(self) -> str:
        """Key of this row in pytest-benchmark's files."""
        return f"{self.test}[{self.method}-{self.workload}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """All that is measured, for tools that know nothing of it.

    Attributes
    ----------
    name : str
        Import name of the module in which this record is called ``SUITE``.
    package : str
        Import name of the package under test.
    rows : callable
        Returns the rows, in display order; also those that have to be asked for.
    functions : callable
        Takes a copy of the package and returns its functions by name of the method.
    folder : Path
        Where its exact measures and its baselines are stored.
    sources : str
        Folder that has the package's folder, relative to the one that commands are run in.
    """

    name: str
    package: str
    rows: Callable[[], Sequence[Row]]
    functions: Callable[[ModuleType], Mapping[str, Callable[..., Any]]]
    folder: Path
    sources: str = "."

    @property
    def command(self) -> str:
        """What is typed to run a command of this suite, for messages."""
        return command(self.name)

    @property
    def baselines(self) -> Path:
        """Folder of the stored baselines, one for each class of machines."""
        return self.folder / "baselines"

    @property
    def expectations(self) -> Path:
        """File of the exact measures."""
        return self.folder / "expectations.json"


def command(suite: str) -> str:
    """Return what is typed to run the package that a suite's module belongs to."""
    return f"python -m {suite.rpartition('.')[0] or suite}"
