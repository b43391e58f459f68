"""What the logs of the study add up to: false alarms, what is found, other ways beside it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.results import attempts, scale
from benchmarks.results.gate_log import (
    INCONCLUSIVE,
    LoggedGate,
    by_ways,
    grouped,
    load,
    rate,
    spread,
)
from benchmarks.results.plants import NOTHING
from benchmarks.results.scale import Cost
from benchmarks.results.stock import RULES
from benchmarks.results.svg import BLUE, GREEN, ORANGE, RED, curve, document, pixel, text
from pytest_against.quoting import PAGE

LOGS: Final = tuple(
    f"gates{which}.jsonl" for which in ("", "_crowded", "_stored", "_stock", "_rivals")
)
"""Logs of the present timing; the others beside them are of earlier ones."""
DRAWN: Final = {"the gate": BLUE, "min:5%": ORANGE, "median:5%": RED, "median:10%": GREEN}
"""What is drawn: the gate, and rules of ``--benchmark-compare-fail``."""

_ABOUT: Final = """\
# How often the gate is right

Made by `python benchmarks/results/make.py` from the gates that `python benchmarks/results/study.py`
logged beside it. In brackets: 95 % bounds, of Clopper and Pearson. A gate with something planted in
one method says about identical code, too: all its other rows are that. *Beside* is what else the
machine did; in a crowd six gates ran at a time on twelve cores, with four programs busy.
"""
_SLOWER: Final = """
## Something slower

One method takes so many times as long, another one in each gate; the limit is 3 % side by side, and
10 % against a stored baseline. A slowdown of no more than the limit has to pass.
"""
_STOCK: Final = """
## Other ways, on the same code

After each of these gates the same code was judged otherwise, too. For `--benchmark-compare-fail`,
two runs of `pytest --benchmark-only` were saved, one of each side; the rules are what it was given.

![Share of rows called slower, by what they are in truth](study.svg)
"""
_RIVALS: Final = """
`asv continuous` ran on two commits; pytest-codspeed's walltime ran on each side, and its medians
were compared. Both have all their defaults, and time only rows that leave their arguments alone.
"""

_COSTS: Final = """
## What a gate costs by its rows

Made-up suites of short calls, judged against themselves at 3 % and with the usual budget of 240 s,
by `python benchmarks/results/scale.py`. MiB are those of the largest process.
"""

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 520, 330, 48, 400, 64, 270


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many rows."""

    found: int
    total: int

    def __str__(self) -> str:
        return rate(self.found, self.total)


def read(folder: Path) -> tuple[list[LoggedGate], list[Cost]]:
    """Return the gates of all logs, and what suites of many rows took."""
    gates = [gate for name in LOGS for gate in load(folder / name)]
    return gates, attempts.load(folder / scale.LOG.name, Cost, "cost")


def page(gates: Sequence[LoggedGate], costs: Sequence[Cost] = ()) -> str:
    """Return the page."""
    parts = [_ABOUT, *_identical(gates), *_planted(gates), *_beside(gates)]
    if costs:
        head = ("rows", "exit code", "trials", "rows unproven", "seconds", "MiB", "KiB of JSON")
        parts += [_COSTS, PAGE.table([head, *map(_cost, costs)])]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _identical(gates: Sequence[LoggedGate]) -> Iterator[str]:
    head = ("lane", "beside", "gates", "red", "inconclusive", "rows", "rows red", "seconds")
    alike = (each for each in gates if each.plant == NOTHING)
    places = grouped(alike, lambda gate: (gate.lane, gate.beside))
    yield "## Identical code"
    yield PAGE.table([head, *([*where, *_same(its)] for where, its in places.items())])
    yield f"Other rows of gates with something planted, called slower: {_others(gates)}."


def _planted(gates: Sequence[LoggedGate]) -> Iterator[str]:
    planted = grouped((g for g in gates if g.plant != NOTHING), lambda g: (g.planted, g.lane))
    head = ("planted", "lane", "gates red", "its rows called slower", "seconds")
    if planted:
        yield _SLOWER
        yield PAGE.table([head, *([*what, *_slower(planted[what])] for what in sorted(planted))])


def _beside(gates: Sequence[LoggedGate]) -> Iterator[str]:
    for rules, its in by_ways(gates).items():
        yield _STOCK if rules == RULES else _RIVALS
        curves = shares(its)
        head = ("rows in truth", *(f"{_percent(each)} slower" for each in curves["the gate"]))
        seconds = [median(gate.seconds for gate in its)]
        seconds += [median(gate.stock[i].seconds for gate in its) for i in range(len(rules))]
        lines = zip(curves.items(), seconds, strict=True)
        body = ([name, *map(str, found.values()), f"{sec:.0f}"] for (name, found), sec in lines)
        yield PAGE.table([(*head, "seconds"), *body])


def _cost(it: Cost) -> list[str]:
    rows = f"{it.rows:,} of {it.suite:,}, shard {it.shard}" if it.shard else f"{it.rows:,}"
    counts = (it.exit, it.trials, it.unproven)
    sizes = f"{it.memory / 2**20:.0f}", f"{it.report / 2**10:.0f}"
    return [rows, *map(str, counts), f"{it.seconds:.0f}", *sizes]


def _same(gates: Sequence[LoggedGate]) -> Iterator[str]:
    yield str(len(gates))
    yield rate(sum(gate.exit == 1 for gate in gates), len(gates))
    yield str(sum(gate.exit == INCONCLUSIVE for gate in gates))
    rows = sum(gate.rows for gate in gates)
    yield f"{rows:,}"
    yield rate(sum(len(gate.others) for gate in gates), rows)
    yield spread([gate.seconds for gate in gates], ".0f")


def _slower(gates: Sequence[LoggedGate]) -> Iterator[str]:
    yield rate(sum(gate.exit == 1 for gate in gates), len(gates))
    yield str(_named(gates))
    yield spread([gate.seconds for gate in gates], ".0f")


def _named(gates: Sequence[LoggedGate]) -> Share:
    named = sum(len(gate.named) for gate in gates)
    return Share(named, named + sum(len(gate.missed) for gate in gates))


def _others(gates: Iterable[LoggedGate]) -> Share:
    its = [gate for gate in gates if gate.plant != NOTHING]
    return Share(sum(len(gate.others) for gate in its), sum(map(_alike, its)))


def shares(gates: Sequence[LoggedGate]) -> dict[str, dict[float, Share]]:
    """Return the rows that the gate and each rule of another way call slower, by their factor.

    Rows with nothing planted are those of factor 1.
    """
    by_factor = grouped((each for each in gates if each.factor > 1), lambda g: g.factor)
    ours = {1.0: Share(sum(len(g.others) for g in gates), sum(map(_alike, gates)))}
    ours |= {factor: _named(its) for factor, its in by_factor.items()}
    found = {"the gate": dict(sorted(ours.items()))}
    for number, rule in enumerate(each.rule for each in gates[0].stock):
        every = [gate.stock[number] for gate in gates]
        rows = sum(each.rows - each.named - each.missed for each in every)
        its = {1.0: Share(sum(each.others for each in every), rows)}
        for factor, some in sorted(by_factor.items()):
            named = sum(gate.stock[number].named for gate in some)
            its[factor] = Share(named, named + sum(gate.stock[number].missed for gate in some))
        found[rule] = its
    return found


def _alike(gate: LoggedGate) -> int:
    return gate.rows - len(gate.named) - len(gate.missed)


def _percent(factor: float) -> str:
    return f"{100 * (factor - 1):.3g} %"


def figure(gates: Sequence[LoggedGate]) -> str:
    """Return the shares as curves."""
    curves = shares(by_ways(gates)[RULES])
    factors = sorted(curves["the gate"])
    step = (_RIGHT - _LEFT - 16) / max(1, len(factors) - 1)
    place = {factor: _LEFT + 8 + step * i for i, factor in enumerate(factors)}
    lines = [*_frame(place)]
    for at, name in enumerate(DRAWN):
        points = [(place[f], _height(s.found / max(1, s.total))) for f, s in curves[name].items()]
        lines += curve(points, f"k{at}", dashed=bool(at))
        y = _TOP + 12 + 20 * at
        lines.append(text(_RIGHT + 12, y, name, f"label k{at}"))
    colours = {f"k{at}": colour for at, colour in enumerate(DRAWN.values())}
    words = "Share of rows called slower, by the gate and by --benchmark-compare-fail"
    return document(_WIDTH, _HEIGHT, words, colours, lines)


def _frame(place: Mapping[float, float]) -> Iterator[str]:
    yield text(8, 22, "Rows called slower, by how much slower they are", "title")
    yield text(8, 42, "the same code and minutes; dashed: --benchmark-compare-fail", "small")
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _height(part)
        yield f'<path class="grid" d="M{_LEFT} {pixel(y)}H{_RIGHT}"/>'
        yield text(_LEFT - 6, y + 4, f"{100 * part:.0f} %", "small", "end")
    for factor, x in place.items():
        yield text(x, _BOTTOM + 20, _percent(factor), "small", "middle")
    yield text((_LEFT + _RIGHT) / 2, _BOTTOM + 40, "slower in truth", "small", "middle")


def _height(part: float) -> float:
    return _BOTTOM + part * (_TOP - _BOTTOM)
