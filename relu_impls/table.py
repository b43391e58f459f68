"""The methods and their contracts as Markdown, for the README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from relu_impls.contract import (
    BOOL,
    FLOATS,
    INTEGERS,
    LONGDOUBLE,
    SIGNED,
    UNSIGNED,
    Contract,
    Edge,
    Kind,
    Method,
    Sign,
)

BEGIN: Final = "<!-- methods: python -m relu_impls README.md -->"
END: Final = "<!-- end of methods -->"

_COLUMNS: Final = (
    "method",
    "code",
    "from",
    "NaN",
    "-inf",
    "> max/2",
    "zeros",
    "dtype",
    "scratch",
    "signs matter",
    "warns",
)
_HEADER: Final = (f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|")
_GROUPS: Final = (("bool", BOOL), ("integers", INTEGERS), ("floats", FLOATS))


def methods_table(methods: Iterable[Method]) -> str:
    """Return a Markdown table for each kind of method.

    Parameters
    ----------
    methods : iterable of Method
        What to list, in display order.
    """
    rows = list(methods)
    parts = []
    used = {method.kind for method in rows}
    for kind in filter(used.__contains__, Kind):
        lines = [_line(method) for method in rows if method.kind is kind]
        title = f"**{kind.label}**: `f({', '.join(kind.arguments)})`"
        parts.append("\n".join([title, "", *_HEADER, *lines]))
    return "\n\n".join(parts)


def update(text: str, methods: Iterable[Method]) -> str:
    """Return a document with the table between `BEGIN` and `END` made anew.

    Raises
    ------
    ValueError
        If the document does not contain both marks, in this order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no table to update; put these two lines where it belongs: {BEGIN} {END}")
    return f"{before}{BEGIN}\n\n{methods_table(methods)}\n\n{END}{after}"


def _line(method: Method) -> str:
    promise = method.contract
    backward = method.kind in {Kind.BACKWARD, Kind.BACKWARD_IN_PLACE}
    cells = [
        method.name,
        f"`{method.expression}`",
        method.source,
        _nan(promise),
        "" if backward else _edge(promise.negative_infinity, "0"),
        "" if backward else _edge(promise.above_half_max, "x"),
        _zeros(promise),
        "; ".join(_dtypes(promise)),
        ", ".join(t.value for t in promise.temporaries) or "none",
        "yes" if promise.data_dependent else "no",
        "; ".join(f"{w.category.__name__}: {w.when.value}" for w in promise.warnings) or "never",
    ]
    return f"| {' | '.join(cells)} |"


def _nan(promise: Contract) -> str:
    if promise.blocked_infinity is Edge.EXACT:
        return promise.nan.value
    return f"{promise.nan.value}; NaN if grad is infinite or NaN"


def _edge(edge: Edge, exact: str) -> str:
    return exact if edge is Edge.EXACT else edge.value


def _zeros(promise: Contract) -> str:
    negative, minus_zero = promise.zero_from_negative, promise.zero_from_minus_zero
    if negative is minus_zero:
        return negative.value
    shown = "unstable" if minus_zero is Sign.UNSTABLE else minus_zero.value
    return f"{negative.value}; from -0: {shown}"


def _dtypes(promise: Contract) -> Iterator[str]:
    """Say how the result's dtype differs from that of the input, group by group."""
    if len(set(promise.dtypes.values())) == 1:
        yield next(iter(promise.dtypes.values()))
        return
    yield "as x"
    for group, names in _GROUPS:
        refused = names - promise.dtypes.keys()
        if refused:
            yield f"not {_spelled(group, names, refused)}"
        results = {promise.dtypes[name] for name in names & promise.dtypes.keys()}
        for result in sorted(results):
            changed = {n for n in names if promise.dtypes.get(n, n) != n}
            changed = {n for n in changed if promise.dtypes[n] == result}
            if changed:
                yield f"{_spelled(group, names, changed)} to {result}"


def _spelled(group: str, names: frozenset[str], some: AbstractSet[str]) -> str:
    if some == names:
        return group
    if some == names & SIGNED or some == names & UNSIGNED:
        return "signed" if some <= SIGNED else "unsigned"
    # The name of a long double depends on the platform, and the README does not.
    return ", ".join("longdouble" if name in LONGDOUBLE else name for name in sorted(some))
