"""Choosing rows by an expression, as ``pytest -k`` chooses tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Final

from pytest_against.files import short
from pytest_against.model import CannotJudgeError

_TOKEN: Final = re.compile(r"[()]|[\w:+\-.[\]\\/]+")
_SYNTAX: Final = frozenset({"and", "or", "not", "(", ")"})
_DEEPEST: Final = 100


def matcher(expression: str) -> Callable[..., bool]:
    r"""Return what tells whether the names of a row match; all do if the expression is empty.

    An expression joins parts of names by ``and``, ``or``, ``not`` and brackets.  Letters, digits
    and ``_:+-.[]\/`` are part of names, capitals do not matter, and ``method[workload]`` is also
    found as ``method-workload``.

    Raises
    ------
    CannotJudgeError
        If it is not an expression.
    """
    if not expression.strip():
        return lambda *names: True  # noqa: ARG005 - takes what the other takes
    tokens = _TOKEN.findall(expression)
    words = [token.lower() for token in tokens if token not in _SYNTAX]
    depth = tokens.count("(") + tokens.count("not")
    numbers = iter(range(len(words)))
    # Python has the same grammar for numbers, which are never taken for part of it.
    source = " ".join(token if token in _SYNTAX else str(next(numbers)) for token in tokens)
    strange = _TOKEN.sub("", expression).strip(" \t")
    try:
        tree = ast.parse("" if strange or depth > _DEEPEST else source, mode="eval").body
        _holds(tree, words, "")
    except (SyntaxError, ValueError):
        raise CannotJudgeError(
            f"--rows {short(repr(expression))} is no expression; join parts of names by and, or, "
            f"not and at most {_DEEPEST} brackets"
        ) from None

    def matches(*names: str) -> bool:
        spellings = (name.replace("[", "-", 1).removesuffix("]") for name in names)
        return _holds(tree, words, "\n".join([*names, *spellings]).lower())

    return matches


def _holds(tree: ast.expr, words: list[str], names: str) -> bool:
    match tree:
        case ast.BoolOp(op=op, values=values):
            found = [_holds(each, words, names) for each in values]
            return any(found) if isinstance(op, ast.Or) else all(found)
        case ast.UnaryOp(operand=operand):
            return not _holds(operand, words, names)
        case ast.Constant(value=int(place)):
            return words[place] in names
    raise ValueError("brackets take no list, and follow no name")
