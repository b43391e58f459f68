"""The command compare: what it reads, does, prints and writes."""

from __future__ import annotations

import argparse
from itertools import chain

from pytest_against import around, compare, page, report, rowlimits, saved, stock, store
from pytest_against.baseline import BASELINE_LIMITS
from pytest_against.model import CannotJudgeError, Result
from pytest_against.quoting import PAGE, TEXT
from pytest_against.saved_side import Asked


def run(options: argparse.Namespace) -> int:
    """Compare, print the report and write what was asked for; return the exit code."""
    if options.plain:
        return _plain(options)
    old, *news = options.sides or [""]
    view = report.View(options.sort or "worst", options.group, changed=bool(options.only))
    limit = options.limit or BASELINE_LIMITS.limit

    def refused(why: str, seconds: float) -> list[Result]:
        head = ", ".join(news)
        return [Result(rows=(), base=old, head=head, limit=limit, seconds=seconds, why=why)]

    with around.reports(
        [
            (options.json, lambda found: report.as_json(*found, heads=True)),
            (options.markdown, lambda found: report.comparison(found, PAGE, view)),
            (options.html, page.judged),
            (options.csv, lambda found: report.comparison_csv(found, view)),
        ],
        lambda found: report.comparison(found, TEXT, view),
        refused,
    ) as write:
        stock.check(options)
        if not news:
            raise CannotJudgeError(
                f"two runs are compared, the old one first: {options.program} compare OLD NEW "
                "(or see what is saved, without a verdict: --plain)"
            )
        asked = Asked(
            storage=options.storage,
            command=options.program,
            rows=options.rows,
            by_name=bool(options.by),
            exact=options.exact,
            assumed=frozenset(options.assume),
        )
        results = compare.compare(
            old, news, asked, rowlimits.load(options.limits, limit), allow_new=options.allow_new
        )
        write(results)
    return report.together(results).exit_code


def _plain(options: argparse.Namespace) -> int:
    """Show the tables of pytest-benchmark, which judge nothing."""
    stock.check(options)
    saved.matcher(options.rows)
    found = {name: store.find_runs(name, options.storage) for name in options.sides}
    for name in (name for name, runs in found.items() if not runs):
        raise store.missing(name, options.storage, options.program)
    return stock.compare([*chain.from_iterable(found.values())], options)
