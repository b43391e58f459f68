"""Each law catches the mistake it is there for, and each mistake is caught."""

from __future__ import annotations

import pytest

from relu_impls import METHODS, Method
from tests.laws import LAWS, Law
from tests.mutants import MUTANTS, Mutant


def broken_by(method: Method) -> dict[Law, Exception]:
    """Return the laws that `method` breaks, and how."""
    broken: dict[Law, Exception] = {}
    for law in LAWS:
        try:
            law(method)
        except Exception as error:  # noqa: BLE001 - a mutant may well crash
            broken[law] = error
    return broken


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_breaks_its_law(mutant: Mutant) -> None:
    error = broken_by(mutant.method).get(mutant.law)
    assert isinstance(error, AssertionError), f"{mutant.name} got away: {error!r}"
    assert str(error).startswith(mutant.base), "the message must name the method"


@pytest.mark.parametrize("base", sorted({mutant.base for mutant in MUTANTS}))
def test_unmutated_method_breaks_no_law(base: str) -> None:
    assert broken_by(METHODS[base]) == {}


def test_every_law_catches_a_mutant() -> None:
    assert {mutant.law for mutant in MUTANTS} == set(LAWS)
