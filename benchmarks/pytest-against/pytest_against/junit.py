"""The report as JUnit's XML, which most services for CI show."""

from __future__ import annotations

from collections import Counter
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pytest_against.model import CANNOT_JUDGE, FAILURES, PROVEN, Result, RowResult, Verdict
from pytest_against.quoting import listed, plain
from pytest_against.report import headline, measured

_KINDS: Final = {
    **dict.fromkeys(FAILURES, "failure"),
    **dict.fromkeys(CANNOT_JUDGE, "error"),
    Verdict.INCONCLUSIVE: "skipped",
}


def junit(result: Result) -> str:
    """Return a test for each row; a row that may fail, or that is not proven, is skipped.

    Without rows there is one test, so that a run of which nothing was judged is no success.
    """
    suite = Element("testsuite", name="pytest-against", time=f"{result.seconds:.1f}")
    kinds: Counter[str] = Counter()
    for row in result.rows:
        kinds[_case(suite, result, row)] += 1
    if result.verdict not in PROVEN and not any(kinds[kind] for kind in set(_KINDS.values())):
        case = SubElement(suite, "testcase", classname="pytest-against", name="the whole run")
        kind = "skipped" if result.verdict is Verdict.INCONCLUSIVE else "error"
        SubElement(case, kind, message=plain(headline(result)))
        kinds[kind] += 1
    suite.attrib |= {"tests": str(len(suite)), "failures": str(kinds["failure"])}
    suite.attrib |= {"errors": str(kinds["error"]), "skipped": str(kinds["skipped"])}
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _case(suite: Element, result: Result, row: RowResult) -> str:
    """Add a row; return how it ended, empty for a success."""
    place = row.row.file.removesuffix(".py").replace("/", ".")
    seconds = f"{row.now:.9f}" if row.now > 0 else "0"
    case = SubElement(
        suite, "testcase", classname=plain(place), name=plain(row.row.name), time=seconds
    )
    if row.row.file:
        case.attrib |= {"file": plain(row.row.file), "line": str(row.row.line)}
    kind = _KINDS.get(row.verdict, "")
    if kind and (row.may_fail or (row.verdict is Verdict.REGRESSED and result.noisy)):
        kind = "skipped"
    kind = "skipped" if row.verdict is Verdict.NEW and result.allow_new else kind
    if kind:
        words = listed("; ", row.verdict.value, measured(row), row.why)
        SubElement(case, kind, message=plain(words), type=row.verdict.value)
    return kind
