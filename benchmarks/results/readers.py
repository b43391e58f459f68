"""What reads files and words of users, each with inputs that are valid."""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pytest_against import (
    arguments,
    checks,
    compare,
    github,
    join,
    json_reports,
    junit,
    marks,
    page,
    report,
    rowlimits,
    saved_side,
)
from pytest_against.model import CannotJudgeError, Result, Shard
from pytest_against.quoting import PAGE, TEXT
from pytest_against.rowlimits import RowLimits
from pytest_against.saved import Baseline, load_baseline, matcher, write_baseline
from pytest_against.saved_side import Asked
from pytest_against.terms import USUAL
from tests.against.results import CONTROLS, SLOWER, STEADY, result
from tests.against.runs import ABOUT, NODES, recorded, trials
from tests.against.stores import JOIN, SPLIT, run

REFUSED: Final = 2
LIMIT: Final = 0.1
_SLOW: Final = 1.5


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads an input."""

    name: str
    whole: Sequence[bytes]
    """Inputs that are valid."""
    answer: Callable[[bytes], int]
    """Returns an exit code; raises CannotJudgeError, or what argparse expects, for a refusal."""
    exit: int
    """That of the valid inputs.  Where it is not 0, no damage may make it so."""
    as_json: bool = True


@contextmanager
def readers() -> Iterator[list[Reader]]:
    """Yield all of them; the files that they need are there until then."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        yield [
            _saved(place / "slower", _SLOW, 1),
            _saved(place / "same", 1.0, 0),
            *_baselines(place),
            _reports(place),
            _pages(place),
            _limits(place),
            *_words(),
        ]


def _shown(found: Sequence[Result]) -> int:
    """Render results in every way; whoever prints them must not be led to print what is not so."""
    one = report.together(found)
    texts = [report.text(one), report.markdown(one), report.as_json(*found, heads=True)]
    texts += [junit.junit(one), page.judged(found), report.comparison_csv(found, report.View())]
    texts += [github.commands(one)]
    for text in texts:
        text.encode()
    for text in texts[:2]:
        if any(line.lstrip().startswith("::") for line in text.splitlines()):
            raise ValueError("a line of the report is a command to GitHub")
    return one.exit_code


def _asked(folder: Path) -> Asked:
    return Asked(storage=folder / "none", command="pytest-against")


def _saved(folder: Path, factor: float, code: int) -> Reader:
    """Return what compares two sides of two runs; one of the new one is damaged, or of the old."""
    texts = {}
    for name, times, hour in (("old", 1.0, 0), ("new", factor, 3600)):
        for number, spread in enumerate((1.0, 1.0001)):
            path = folder / name / f"{number}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = {SPLIT: 1e-5 * times * spread, JOIN: 1.1e-5 * times * spread}
            texts[path] = json.dumps(run(rows, hour + number)).encode()
            path.write_bytes(texts[path])
    new = [*texts][-1]
    (first, *_), every = texts, {SPLIT, JOIN}

    def answer(text: bytes) -> int:
        # The damaged file is that which has most in common with it: when it was recorded.
        path = first if texts[first][-120:] == text[-120:] else new
        path.write_bytes(text)
        try:
            found = compare.compare(
                str(folder / "old"), [str(folder / "new")], _asked(folder), RowLimits(LIMIT)
            )
        finally:
            path.write_bytes(texts[path])
        if not found[0].exit_code and {row.row.node for row in found[0].rows} < every:
            raise ValueError("green, though a row of a side is not judged")
        return _shown(found)

    return Reader(f"saved runs, {factor:g} times", [texts[first], texts[new]], answer, code)


def _schema_4(text: str) -> bytes:
    """Return a baseline as the schema before this one has it."""
    found = json.loads(text)
    found["extra_info"]["schema"] -= 1
    for row in found["benchmarks"]:
        extra = row["extra_info"]
        extra["measures"], extra["workload_digest"] = extra.pop("exact"), extra.pop("inputs")
    return json.dumps(found).encode()


def _baselines(folder: Path) -> Iterator[Reader]:
    """Yield what holds a new recording, which is slower, against a baseline, and turned round."""
    path = folder / "baseline.json"

    def of(factor: float) -> Baseline:
        found = trials(factor, number=8)
        slow = [[dict.fromkeys(NODES, each[NODES[0]]) for each in part] for part in found]
        return recorded(slow, ABOUT)

    fast, slow = of(1.0), of(_SLOW)
    texts = []
    for each in (fast, slow):
        write_baseline(each, path)
        texts.append(path.read_text("utf-8"))

    def old(text: bytes) -> int:
        path.write_bytes(text)
        found = load_baseline(path, "pytest-against")
        page.times("x", list(found.rows.values()), found.machine, [found.name]).encode()
        return _shown([compare.baselines(found, slow, LIMIT)])

    def new(text: bytes) -> int:
        path.write_bytes(text)
        return _shown([compare.baselines(fast, load_baseline(path, "pytest-against"), LIMIT)])

    yield Reader("baselines, the old one", [texts[0].encode(), _schema_4(texts[0])], old, 1)
    yield Reader("baselines, the new one", [texts[1].encode(), _schema_4(texts[1])], new, 1)


def _reports(folder: Path) -> Reader:
    path, good = folder / "report.json", folder / "good.json"
    good.write_text(report.as_json(result(STEADY, machine={"system": "Other"})), "utf-8")
    other = json_reports.load(good)
    whole = [
        report.as_json(result(STEADY, SLOWER, controls=CONTROLS, notes=("Mind the step.",))),
        report.as_json(result(SLOWER, shard="1/1")),
        report.as_json(result(STEADY, head="one"), result(SLOWER, head="two"), heads=True),
        report.as_json(result(replace(STEADY, limit=0.5), SLOWER, controls=CONTROLS)),
    ]

    def answer(text: bytes) -> int:
        path.write_bytes(text)
        found = json_reports.load_all(path)
        if len(found) == 1:
            both = join.joined([*found, other])
            for style in (TEXT, PAGE):
                join.rendered(both, style).encode()
        return _shown(found)

    return Reader("reports of gates", [text.encode() for text in whole], answer, 1)


def _pages(folder: Path) -> Reader:
    """Return what shows a saved run on a page."""
    path = folder / "run.json"

    def answer(text: bytes) -> int:
        path.write_bytes(text)
        side = saved_side.read(str(path), _asked(folder))
        notes = [f"{node} {why}" for node, why in side.odd.items()]
        if not side.rows:
            raise CannotJudgeError(notes[0])  # as the command does
        page.times("a run", list(side.rows.values()), side.conditions.machine(), notes).encode()
        return 0

    rows = run({SPLIT: 1e-5, JOIN: 1e-6}, 1, lambda found: found.update(extra_info={"a": 1}))
    return Reader("pages of runs", [json.dumps(rows).encode()], answer, 0)


def _limits(folder: Path) -> Reader:
    path = folder / "limits.toml"
    whole = b'floor = "5 ns"\n[limits]\n"test_a or test_b" = "50%"\nTestSlow = "any"\nx = "0.1"\n'

    def answer(text: bytes) -> int:
        path.write_bytes(text)
        found = rowlimits.load(path, LIMIT)
        checks.increases({"peak_bytes": 1}, {"peak_bytes": 8192}, found.of(("a[b]", "c"), 1e-5))
        return 0

    return Reader("files of limits", [whole], answer, 0, as_json=False)


def _words() -> Iterator[Reader]:
    """Yield what reads words: of the command line, of settings and of marks."""
    kinds: dict[str, tuple[Callable[[str], Any], Sequence[str]]] = {
        "limits": (_tolerated, ("3%", "0.03", "200%")),
        "seconds": (arguments.positive, ("240", "1e-6", "0.5")),
        "numbers of trials": (arguments.whole, ("96", "10000")),
        "shards": (Shard.parse, ("2/8", "1/1")),
        "expressions": (lambda text: matcher(text)("a[b]"), ("a and not b", "(a or b[1]) and c")),
    }
    for name, (read, texts) in kinds.items():
        yield Reader(name, [text.encode() for text in texts], _of(read), 0, as_json=False)
    marked = {"limit": "10%", "floor": "1e-6", "tolerance": "1e-9", "results": "False"}
    text = json.dumps({"a.py::test": {"against": marked, "file": "a.py", "line": 3}}).encode()
    yield Reader("marks", [text], _marks, 0)


def _of(read: Callable[[str], Any]) -> Callable[[bytes], int]:
    def answer(text: bytes) -> int:
        read(text.decode("utf-8", "surrogateescape"))
        return 0

    return answer


def _tolerated(text: str) -> None:
    checks.increases({"peak_bytes": 1}, {"peak_bytes": 8192}, arguments.fraction(text))


def _marks(text: bytes) -> int:
    """Read marks as a worker hands them on: words by name, of tests by name."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise argparse.ArgumentTypeError("a worker would not say so")
    for each in marks.of_rows(found, USUAL).values():
        checks.increases({"peak_bytes": 1}, {"peak_bytes": 8192}, each.tolerated(LIMIT, 1e-6))
    return 0


REFUSALS: Final = (CannotJudgeError, argparse.ArgumentTypeError)
