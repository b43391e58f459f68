"""A performance gate for any pytest-benchmark suite: ``pytest --against REV``.

There is no assertion in here for pytest to rewrite: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pytest_against.operands import Operands

__all__ = ["Operands", "__version__"]

__version__: Final = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what needs NumPy only when a suite asks for it."""
    if name == "Operands":
        from pytest_against.operands import Operands  # noqa: PLC0415

        return Operands
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
