"""What two sides show without a clock, and what it says of each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Final

from pytest_against.checks import Check, Checked, absence, grown, increases
from pytest_against.model import Row, RowResult, Verdict, count, rows_of, short, some
from pytest_against.returned import BY_RUN, Returned
from pytest_against.terms import Terms

REPEATS: Final = 2
"""Times that what seems to differ is run again on both sides."""


def found(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    rows: Mapping[str, Row],
    head: Checked,
    base: Checked,
    own: Checked,
    limit: float,
    terms: Mapping[str, Terms],
) -> dict[str, RowResult]:
    """Return the verdicts that need no clock, by node id; rows to be timed are not among them."""
    told: dict[str, tuple[Verdict, str]] = {}
    for node in rows:
        now, then = head.checks.get(node), base.checks.get(node)
        had = _had(own, node) or (then is not None and then.timed)
        if now is not None and now.outcome == "failed":
            told[node] = _failed(now, then)
        elif now is None or not now.timed:
            # What neither side times is only counted in a note.
            if had:
                why = f"in the base, but {absence(now)} the working tree; restore it, or choose"
                told[node] = Verdict.VANISHED, f"{why} another base"
        elif then is None or not then.timed:
            told[node] = _new(then, had=had)
        elif now.inputs != then.inputs:
            why = "its input depends on the package under test; give both sides the same"
            told[node] = Verdict.UNJUDGED, why
        elif _differ(now, then, terms[node]):
            why = f"another result than in the base, {now.result.beside(then.result)}, though"
            mend = "if it is meant, give the test the mark against(results=False)"
            told[node] = Verdict.DIVERGED, f"{why} the test passes; {mend}"
        elif more := increases(now.exact, then.exact, terms[node].tolerated(limit, 0.0)):
            told[node] = Verdict.HEAVIER, "; ".join(more)
    return {
        node: RowResult.untimed(rows[node], *its, may_fail=terms[node].may_fail)
        for node, its in told.items()
    }


def _had(own: Checked, node: str) -> bool:
    """Return whether a test of the base's own is timed there, as far as is known."""
    check = own.checks.get(node)
    return node in own.collected.nodes and (check is None or check.timed)


def _failed(now: Check, then: Check | None) -> tuple[Verdict, str]:
    if then is None or then.outcome != "failed":
        return Verdict.DIVERGED, now.why
    mend = "each call is made several times, in a copy of the tree; mend the test, or run it there"
    return Verdict.UNJUDGED, f"fails on both sides: {now.why}; {mend}"


def _new(then: Check | None, *, had: bool) -> tuple[Verdict, str]:
    if had:
        why = f"{absence(then)} the base as it is now, and timed there as it was"
        return Verdict.UNJUDGED, f"{why}; make it run on both, or give it another name"
    why = f"{absence(then)} the base; another may have it, and --allow-new lets it pass"
    return Verdict.NEW, f"{why} (--against-allow-new)"


def only_own(own: Checked, head: Checked, base: Checked) -> list[str]:
    """Return the node ids of the base's own tests that are not timed on both sides."""
    both = {*_timed_on_both(head, base)}
    return [node for node in own.collected.nodes if node not in both]


def suspects(head: Checked, base: Checked, terms: Mapping[str, Terms], limit: float) -> list[str]:
    """Return the node ids of the rows whose results or numbers seem to differ."""
    both = {node: (head.checks[node], base.checks[node]) for node in _timed_on_both(head, base)}
    return [
        node
        for node, (now, then) in both.items()
        if _differ(now, then, terms[node])
        or grown(now.exact, then.exact, terms[node].tolerated(limit, 0.0))
    ]


def comparable(
    head: Checked,
    base: Checked,
    again: Sequence[Checked],
    terms: Mapping[str, Terms],
    limit: float,
) -> tuple[Checked, list[str]]:
    """Return the head without what differs from run to run of the same code, and notes of that.

    `again` has some rows of both, in turns: results of chance, or with a path in them, and numbers
    of chance prove nothing.
    """
    checks, chance = {**head.checks}, list[str]()
    sides = [*zip(cycle((head, base)), again, strict=False)]
    for node in again[0].checks:
        pairs = [(one.checks[node], more.checks[node]) for one, more in sides]
        if not all(one.result.agrees(more.result, terms[node].tolerance) for one, more in pairs):
            checks[node] = replace(checks[node], result=Returned(why=BY_RUN))
        if unsure := _unsure(pairs, terms[node].tolerated(limit, 0.0)):
            then = {n: value for n, value in base.checks[node].exact.items() if n in unsure}
            checks[node] = replace(checks[node], exact={**checks[node].exact, **then})
            chance.append(node)
    names = [row.name for row in rows_of({n: head.collected.nodes[n] for n in chance}).values()]
    words = [f"numbers that are not compared, {BY_RUN}: {some(names)}"] if names else []
    return replace(head, checks=checks), words


def _unsure(pairs: Sequence[tuple[Check, Check]], limit: float) -> set[str]:
    """Return the numbers that one run of the same code has and another has not."""
    both_ways = [*pairs, *((more, one) for one, more in pairs)]
    return {name for a, b in both_ways for name in grown(a.exact, b.exact, limit)}


def uncompared(head: Checked, base: Checked, rows: Mapping[str, Row]) -> list[str]:
    """Say which results are not compared, and why: a note for each reason."""
    why = defaultdict(list)
    for node in _timed_on_both(head, base):
        now, then = head.checks[node].result, base.checks[node].result
        if not (now.digest and then.digest):
            why[now.why or then.why].append(rows[node].name)
    return [f"results that are not compared, {each}: {some(names)}" for each, names in why.items()]


def notes(head: Checked, base: Checked, own: Checked) -> list[str]:
    """Say what the reader has to know of the checks."""
    both = [(head.checks[node], base.checks[node]) for node in _timed_on_both(head, base)]
    counts = {
        "numbers of their own that only the base has": sum(
            not then.exact.keys() <= now.exact.keys() for now, then in both
        ),
        "other warnings than in the base": sum(now.warnings != then.warnings for now, then in both),
        "no call of `benchmark`, and so nothing to time": sum(
            found.outcome == "passed" and not found.timed for found in head.checks.values()
        ),
        "skipped": sum(found.outcome == "skipped" for found in head.checks.values()),
    }
    said = [f"{what}: {count(number)}" for what, number in counts.items() if number]
    for side, what in ((base, "the base"), (own, "the tests that the base had")):
        for where, why in side.collected.broken.items():
            words = f"{short(where or 'all')} of {what} cannot be collected: {short(why)}"
            said.append(f"{words}; import what is new inside of a test, or in a file of its own")
    return said


def _differ(now: Check, then: Check, terms: Terms) -> bool:
    """Return whether two results are known to differ."""
    known = terms.results and now.result.digest and then.result.digest
    return bool(known) and not now.result.agrees(then.result, terms.tolerance)


def _timed_on_both(head: Checked, base: Checked) -> list[str]:
    then = {node for node, found in base.checks.items() if found.timed}
    return [node for node, found in head.checks.items() if found.timed and node in then]
