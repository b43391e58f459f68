"""Arrays laid out on purpose: the arguments of a call, aligned, touched, and restored."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np

ALIGNMENT: Final = 64
"""Bytes of a cache line, and of the widest vector register."""

_PAGE: Final = 4096
_MOST_BYTES: Final = 256 * 1024
_MOST_COPIES: Final = 16


class Layout:
    """Where arrays begin within their pages: drawn anew by whoever orders the rounds."""

    seed: int | None = None
    """From which all places follow; None if nobody orders rounds, and each turn draws them."""

    @classmethod
    def redraw(cls, seed: int) -> None:
        """Move all operands to the places that follow from `seed`, when they are next used."""
        cls.seed = seed


class Operands:
    """The arguments of a call, as the ``setup`` of ``benchmark.pedantic``.

    Each use returns copies that are restored, 64-byte aligned, and on pages that were touched
    before.  Where an array begins within a page changes the time of a call by up to 28 %, and the
    heap would choose one place for the life of a process; here it is drawn again every few rounds,
    the same on both sides.

    Parameters
    ----------
    *variants : sequence
        The arguments of a call in order.  Several such sequences, equal in shapes and dtypes,
        take turns: the branch predictor remembers data that comes again and again.  Copies are
        contiguous, in Fortran order if the array is.  What is not a plain array of plain data,
        such as a number, an array of objects or one of a subclass, is passed as it is.
    writes : collection of int
        Positions of the arguments that a call changes, counted from 0.

    Attributes
    ----------
    copies : int
        Number of calls whose arguments can be prepared together; 256 KiB of first arguments.
    variant : int
        Which of the variants the latest use returned.
    arguments : tuple of ndarray
        What the latest use returned.

    Raises
    ------
    ValueError
        If there are no variants, they differ, or what a call changes is not copied.

    Examples
    --------
    >>> import numpy as np
    >>> from pytest_against import Operands
    >>> def test_maximum(benchmark):
    ...     x = np.linspace(-1, 1, 1000)
    ...     result = benchmark.pedantic(np.maximum, setup=Operands((x, 0.0)))
    ...     assert result.min() == 0
    """

    def __init__(self, *variants: Sequence[Any], writes: Collection[int] = ()) -> None:
        self._variants = _checked(variants, writes)
        first = self._variants[0]
        copied = [place for place, argument in enumerate(first) if _form(argument)]
        size = first[copied[0]].nbytes if copied else 0
        self.copies = max(1, min(_MOST_COPIES, _MOST_BYTES // max(1, size)))
        self._copies = [_Copy(first, copied, writes) for _ in range(self.copies)]
        self._uses = 0
        self._seed: int | None = None
        self.variant = 0
        self.arguments: tuple[Any, ...] = ()

    def __call__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the keyword arguments of the next call."""
        copy = self._uses % self.copies
        if Layout.seed != self._seed or (Layout.seed is None and copy == 0):
            self._seed = Layout.seed
            rng = random.Random(self._seed)  # noqa: S311 - places in memory, not secrets
            for each in self._copies:
                each.move(rng)
        self.variant = self._uses % len(self._variants)
        self._uses += 1
        self.arguments = self._copies[copy].restored(self._variants[self.variant])
        return self.arguments, {}


def _checked(variants: Sequence[Sequence[Any]], writes: Collection[int]) -> list[tuple[Any, ...]]:
    """Return the variants, all of one form."""
    hint = "give the sequence of a call's arguments, as in Operands((x, 0.0))"
    if not variants:
        raise ValueError(f"Operands() has no arguments; {hint}")
    if any(isinstance(variant, np.ndarray) for variant in variants):
        raise ValueError(f"Operands() was given an array itself; {hint}")
    forms = [[_form(argument) for argument in variant] for variant in variants]
    for number, form in enumerate(forms):
        if form != forms[0]:
            raise ValueError(
                f"variant {number} of Operands() is {_short(form)}, but variant 0 is "
                f"{_short(forms[0])}; make them equal in number, shapes and dtypes"
            )
    for place in writes:
        if not 0 <= place < len(forms[0]) or not forms[0][place]:
            raise ValueError(
                f"writes names {place}, which is no array that is copied, of {_short(forms[0])}; "
                "give positions of plain arrays, counted from 0"
            )
    return [tuple(variant) for variant in variants]


def _form(argument: Any) -> tuple[Any, ...]:
    """Return dtype and shape of an array that is copied, and nothing of what is not."""
    copied = type(argument) is np.ndarray and not argument.dtype.hasobject
    return (argument.dtype, argument.shape) if copied else ()


def _short(forms: Sequence[tuple[Any, ...]]) -> str:
    words = (f"{form[0]}{list(form[1])}" if form else "another object" for form in forms)
    return f"({', '.join(words)})"[:200]


class _Copy:
    """Memory for the arguments of one call, each of which can begin anywhere in its first page."""

    def __init__(self, like: Sequence[Any], copied: Sequence[int], writes: Collection[int]) -> None:
        self._like, self._writes = like, writes
        # Filling touches the pages, so that no timed call is charged for the first access.
        self._raw = {
            place: np.full(like[place].nbytes + 2 * _PAGE, 0xFF, np.uint8) for place in copied
        }
        self._arguments = list(like)
        self._held: list[Any] = []

    def move(self, rng: random.Random) -> None:
        for place, like in enumerate(self._like):
            # Drawn for all, so that what is not copied on one side moves nothing else there.
            offset = rng.randrange(0, _PAGE, ALIGNMENT)
            if (raw := self._raw.get(place)) is not None:
                begin = -raw.ctypes.data % _PAGE + offset
                order: Any = "F" if like.flags.fnc else "C"
                moved = np.ndarray(like.shape, like.dtype, raw.data, begin, order=order)
                self._arguments[place] = moved
        self._held = [None] * len(self._like)

    def restored(self, variant: Sequence[Any]) -> tuple[Any, ...]:
        """Return the arguments with the contents of a variant."""
        arguments, held = self._arguments, self._held
        for place, pristine in enumerate(variant):
            if place not in self._raw:
                arguments[place] = pristine
            elif held[place] is not pristine or place in self._writes:
                held[place] = pristine
                arguments[place][...] = pristine
        return tuple(arguments)
