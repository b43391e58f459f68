"""The contracts of the methods, and the times of a stored baseline, as Markdown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from statistics import median
from typing import Final

from benchmarks.workloads import WORKLOADS, Signs
from pytest_against.model import CannotJudgeError
from pytest_against.quoting import PAGE, duration
from pytest_against.saved import Baseline
from relu_impls import METHODS, Contract, Kind, Method
from relu_impls.contract import BOOL, FLOATS, INTEGERS, LONGDOUBLE, SIGNED, UNSIGNED, Edge, Sign

MARK: Final = "<!-- Made by python benchmarks/results/make.py; changes are lost. -->\n"
"""First line of every generated page."""

_METHODS: Final = """\
# The methods, and what each of them promises

Outside the range of ordinary numbers these are different functions. Each declares what it does, and
the tests hold it to that, over all 65,536 float16 bit patterns and every special value of the other
dtypes.

* **NaN**, **-inf**, **> max/2**: what becomes of a NaN, of minus infinity, and of a finite number
  above half the largest of its dtype.
* **zeros**: the sign of the zeros in a float result, for negative numbers and for -0.0. *Unstable*
  differs between dtypes, CPUs and NumPy releases.
* **dtype**: that of the result, and what is not accepted.
* **scratch**: memory that a call needs beside its result. A cast buffer holds up to 8,192 numbers.
* **signs matter**: whether the time depends on where the negative numbers are.
* **warns**: the warning that a call raises, and when.

Every method takes every layout: 0-d, empty, C and Fortran order, positive and negative strides,
unaligned, byte-swapped. Backward passes have nothing to say of -inf and of > max/2 in `x`.
"""
COLUMNS: Final = (
    *("method", "code", "from", "NaN", "-inf", "> max/2", "zeros", "dtype", "scratch"),
    *("signs matter", "warns"),
)
_GROUPS: Final = (("bool", BOOL), ("integers", INTEGERS), ("floats", FLOATS))

_MACHINE: Final = """\
# Times on {cpu}, {simd}

{system} {machine}, {python}, NumPy {numpy}, pytest-benchmark {pytest_benchmark}. Recorded on
{stored.recorded:.10} at commit {stored.commit:.10}.

A figure is the time of a call in a process, and of these the median over {fewest} to {most} fresh
processes. A workload is named after its dtype and the number of its elements; signs are random
unless it says otherwise. Lines are in the order of their median. Differences of a few percent
between two methods mean nothing.
"""

_ELSEWHERE: Final = "float64-3e4"
"""The workload whose numbers also come sorted, all positive, and in Fortran order."""

_WHOLE: Final = 10.0
"""Multiples from which on digits after the point say nothing."""

Times = Mapping[tuple[str, str], float]
"""Seconds of a call by method and workload."""


def methods_page(methods: Iterable[Method]) -> str:
    """Return the page of the contracts, with a table for each kind of method."""
    rows = list(methods)
    parts = [MARK + _METHODS]
    for kind in Kind:
        lines = [contract(method) for method in rows if method.kind is kind]
        if lines:
            title = f"## {kind.label}: `f({', '.join(kind.arguments)})`"
            parts.append(f"{title}\n\n{PAGE.table([COLUMNS, *lines])}\n")
    return "\n".join(parts)


def contract(method: Method) -> list[str]:
    """Return what a method promises, as cells below `COLUMNS`."""
    promise = method.contract
    backward = method.kind in {Kind.BACKWARD, Kind.BACKWARD_IN_PLACE}
    return [
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
            changed = {n for n in names if promise.dtypes.get(n, n) == result != n}
            if changed:
                yield f"{_spelled(group, names, changed)} to {result}"


def _spelled(group: str, names: frozenset[str], some: AbstractSet[str]) -> str:
    if some == names:
        return group
    if some == names & SIGNED or some == names & UNSIGNED:
        return "signed" if some <= SIGNED else "unsigned"
    # The name of a long double depends on the platform, and the page does not.
    return ", ".join("longdouble" if name in LONGDOUBLE else name for name in sorted(some))


def machine_page(baseline: Baseline) -> str:
    """Return the page of a class of machines: the medians of its stored baseline."""
    families, counts = _families(baseline), {len(row.seconds) for row in baseline.rows.values()}
    about = {"fewest": min(counts), "most": max(counts), **baseline.machine}
    parts = [MARK + _MACHINE.format(stored=baseline, **about)]
    for family, times in families.items():
        parts.append(f"## {family}\n")
        parts += _tables(times)
    return "\n".join(parts)


def _families(baseline: Baseline) -> dict[str, dict[tuple[str, str], float]]:
    """Return the median of each row, in seconds, by the first word of its group."""
    found: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for row in baseline.rows.values():
        method, workload = row.row.method, row.row.workload
        if method not in METHODS or workload not in WORKLOADS:
            raise CannotJudgeError(
                f"the baseline of {baseline.recorded[:10]} has {row.row.name}, which does not "
                "exist any more; record it anew: python -m benchmarks baseline"
            )
        found[row.group.partition(" ")[0]][method, workload] = median(row.seconds)
    return found


def _tables(times: Times) -> Iterator[str]:
    used = dict.fromkeys(workload for _, workload in times)
    workloads = [w for name, w in WORKLOADS.items() if name in used]
    ranked = [w.name for w in workloads if w.signs is Signs.RANDOM and not w.fortran]
    yield f"Multiples of the fastest:\n\n{PAGE.table(list(_multiples(times, ranked)))}\n"
    others = [_ELSEWHERE, *(w.name for w in workloads if w.name not in ranked)]
    if len(others) > 1:
        table = PAGE.table(list(_durations(times, others)))
        yield f"The same numbers sorted, all positive, or in a matrix:\n\n{table}\n"


def _multiples(times: Times, workloads: Sequence[str]) -> Iterator[list[str]]:
    fastest = {w: min(s for (_, other), s in times.items() if other == w) for w in workloads}
    lines = {
        method: [times.get((method, w), 0.0) / fastest[w] for w in workloads]
        for method in dict.fromkeys(method for method, _ in times)
    }
    yield ["method", *workloads]
    yield ["the fastest", *(duration(fastest[w]) for w in workloads)]
    for method, found in sorted(lines.items(), key=lambda line: median(filter(None, line[1]))):
        yield [f"`{METHODS[method].expression}`", *map(_multiple, found)]


def _durations(times: Times, workloads: Sequence[str]) -> Iterator[list[str]]:
    """Return a line for each method that was timed on more than the first of the workloads."""
    yield ["method", *workloads]
    for method in METHODS:
        if not any((method, w) in times for w in workloads[1:]):
            continue
        found = [times.get((method, w)) for w in workloads]
        yield [f"`{METHODS[method].expression}`", *(duration(s) if s else "" for s in found)]


def _multiple(ratio: float) -> str:
    if ratio in {0.0, 1.0}:
        return "**1**" if ratio else ""
    return f"{ratio:.3g}" if ratio < _WHOLE else f"{ratio:.0f}"
