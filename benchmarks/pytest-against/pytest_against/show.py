"""The command `report`: saved runs, or the JSON of gates, on one page."""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pytest_against import (
    around,
    compare,
    files,
    join,
    json_reports,
    page,
    picture,
    saved_side,
)
from pytest_against.baseline import BASELINE_LIMITS
from pytest_against.model import CannotJudgeError, Result, Row, short
from pytest_against.rowlimits import RowLimits
from pytest_against.saved_side import Asked

Loaded = Sequence[tuple[Path, Sequence[Result]]]
"""The results of each report, after its file."""


def describer(config: pytest.Config) -> page.Describe:
    """Return what asks the suite what it knows of a row."""

    def describe(row: Row) -> page.About:
        found: object = None
        try:
            found = config.hook.pytest_against_about(row=row)
            if isinstance(found, page.About | None):
                return page.About() if found is None else found.checked()
        except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:  # noqa: BLE001
            found = error  # whatever a suite's own code raises
        # The verdict, which took minutes, is worth more than what the suite says of a row.
        return page.About(facts={"pytest_against_about": f"no About, but {short(repr(found))}"})

    return describe


def report(config: pytest.Config, options: argparse.Namespace) -> int:
    """Write the page, or a chart of it; what it says of the runs does not decide the exit code."""
    describe, chart = describer(config), options.html.suffix.lower() == ".svg"

    def refused(why: str, seconds: float) -> str:
        base, head = options.runs[0], ", ".join(options.runs[1:]) or "nothing"
        limit = BASELINE_LIMITS.limit
        if chart:
            return picture.words(f"Nothing was judged: {why}")
        result = Result(rows=(), base=base, head=head, limit=limit, seconds=seconds, why=why)
        return page.judged([result])

    what = "a chart" if chart else "one page, to be opened in a browser"
    show = f"{options.html}: {what}\n"
    with around.reports([(options.html, str)], lambda _: show, refused) as write:
        if options.chart and not chart:
            raise CannotJudgeError(f"--chart draws a picture: -o FILE.svg, and not {options.html}")
        found = _page(options, describe)
        write(picture.drawn(found, options.chart) if chart else found)
    return 0


def _page(options: argparse.Namespace, describe: page.Describe) -> str:
    if all(map(_is_report, options.runs)):
        found = [(path, json_reports.load_all(path)) for path in map(Path, options.runs)]
        return page.judged(named(found), describe)
    asked = Asked(storage=options.storage, command=options.program)
    first, *others = options.runs
    if not others:
        side = saved_side.read(first, asked)
        odd = [f"{node} {why}" for node, why in side.odd.items()]
        if not side.rows:
            raise CannotJudgeError(
                f"{short(first)} has no row that can be shown ({short(odd[0])}); save another run"
            )
        notes = [f"not shown: {short('; '.join(odd))}"] if odd else []
        notes += [f"recorded {side.recorded[:16]} at {side.commit[:10]}"]
        machine = side.conditions.machine()
        return page.times(first, list(side.rows.values()), machine, notes, describe)
    judged = compare.compare(first, others, asked, RowLimits(BASELINE_LIMITS.limit))
    return page.judged(judged, describe)


class _Head(msgspec.Struct):
    verdict: str


def _is_report(name: str) -> bool:
    """Return whether a file is what ``--json`` writes; `json_reports` says what is wrong."""
    try:
        msgspec.json.decode(files.read_bytes(Path(name)), type=_Head)
    except (OSError, ValueError, RecursionError):
        return False
    return True


def named(loaded: Loaded) -> list[Result]:
    """Return results; where there are several files, the name of its file tells each apart."""
    found = {path.resolve(): (path, its) for path, its in loaded}.values()  # each of them once
    results = [result for _, its in found for result in its]
    if len(found) == 1:
        return results
    if all(result.shard for result in results) and len(join.joined(results).machines) == 1:
        return _parts(results)
    return [
        replace(result, head=f"{result.head} ({name})")
        for name, (_, its) in zip(_told_apart([path for path, _ in found]), found, strict=True)
        for result in its
    ]


def _told_apart(paths: Sequence[Path]) -> list[str]:
    """Return the names of files, with as many folders as it takes that no two are the same."""
    longer = (
        [Path(*path.parts[-parts:]).as_posix() for path in paths] for parts in itertools.count(1)
    )
    names = itertools.chain([[path.stem for path in paths]], longer)
    return next(each for each in names if len({*each}) == len(each))


def _parts(shards: Sequence[Result]) -> list[Result]:
    """Return shards as parts of one judgement: no shard can tell which names are unique."""
    often = Counter(row.row.name for result in shards for row in result.rows)
    return [
        replace(
            result,
            rows=[
                row
                if often[row.row.name] == 1
                else replace(row, row=replace(row.row, name=row.row.node))
                for row in result.rows
            ],
        )
        for result in shards
    ]
