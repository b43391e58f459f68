"""Gates that were measured: a line of JSON for each, and what they add up to."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

from scipy.stats import binomtest

from benchmarks.results import attempts
from benchmarks.results.plants import NOTHING, SLOWER
from benchmarks.results.stock import Stock
from pytest_against.model import FAILURES
from pytest_against.quoting import TEXT

K = TypeVar("K")

CONFIDENCE: Final = 0.95
_FAILED: Final = frozenset(verdict.value for verdict in FAILURES)
CANNOT_JUDGE: Final = 2
INCONCLUSIVE: Final = 3
_HEAD: Final = (
    *("planted", "right", "false alarms", "inconclusive", "not judged"),
    *("planted rows named", "others named", "seconds", "MiB"),
)
_STOCK_HEAD: Final = (
    *("rule", "red on identical code", "other rows red", "plant missed", "planted rows named"),
    "seconds",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedGate:
    """What became of one gate: a line of the log."""

    date: str
    """When it began, in UTC."""
    commit: str
    engine: str
    lane: str
    options: str
    beside: str
    machine: str
    plant: str
    """`NOTHING` if the code was identical; then `method` is empty."""
    method: str
    factor: float
    """How many times as long a call took if the plant is `SLOWER`; else 1."""
    exit: int
    trials: int
    verdict: str
    why: str
    seconds: float
    memory: int
    """Bytes that its largest process took at most; 0 if unknown."""
    named: tuple[str, ...]
    """Rows that the plant affects and that failed."""
    missed: tuple[str, ...]
    """Rows that the plant affects and that did not."""
    others: tuple[str, ...]
    """Other rows that failed."""
    unproven: int
    """Number of rows and controls that came out inconclusive."""
    rows: int = 0
    """Number of rows that were judged."""
    earlier_commit: str = ""
    """Whose code ran the same gate just before or after; empty if none did."""
    earlier_exit: int = 0
    earlier_seconds: float = 0.0
    stock: tuple[Stock, ...] = ()
    """What other ways said of the same code, just after, a rule each; empty if none was asked."""

    @property
    def setting(self) -> str:
        """What has to be equal for gates to be counted together, but for what was planted."""
        rows = self.options or "all rows"
        return f"{self.lane}, {rows}, beside {self.beside}, engine {self.engine}, {self.machine}"

    @property
    def planted(self) -> str:
        """What was planted, in words."""
        return f"{self.factor:g} times as long" if self.plant == SLOWER else self.plant

    @property
    def right(self) -> bool:
        """Whether identical code was green, and code with a plant red."""
        return self.exit == (0 if self.plant == NOTHING else 1)

    def line(self) -> str:
        """Say it in one line, for people."""
        where = f" in {self.method}" if self.method else ""
        rows = f"{len(self.named)} of {len(self.named) + len(self.missed)} rows named"
        found = f"{rows}, {len(self.others)} others, {self.unproven} unproven"
        words = f"exit {self.exit}  {self.seconds:4.0f} s  {self.trials} trials  {found}"
        wrong = "".join(f"  wrong: {row}" for row in self.others)
        return f"{self.planted + where:40} {words}{wrong}{'  ' * bool(self.why)}{self.why}"


def outcome(report: dict[str, Any], affected: frozenset[str]) -> dict[str, Any]:
    """Return what `LoggedGate` keeps of the JSON of a gate, given the methods with a plant."""
    found: dict[str, list[str]] = {"named": [], "missed": [], "others": []}
    for row in report["rows"]:
        failed, its = row["verdict"] in _FAILED, row["method"] in affected
        if failed or its:
            found["others" if not its else "named" if failed else "missed"].append(row["row"])
    verdicts = [row["verdict"] for row in [*report["rows"], *report["controls"]]]
    known = {key: report[key] for key in ("exit", "trials", "verdict", "why")}
    counts = {"unproven": verdicts.count("inconclusive"), "rows": len(report["rows"])}
    return {**known, **found, **counts}


def load(log: Path) -> list[LoggedGate]:
    """Read the gates of a log."""
    return attempts.load(log, LoggedGate, "gate")


def rate(count: int, total: int) -> str:
    """Return a share with the exact interval of Clopper and Pearson; nothing has none."""
    if not total:
        return "none"
    bounds = binomtest(count, total).proportion_ci(CONFIDENCE, method="exact")
    low, high = (f"{100 * bound:.3g}%" for bound in (bounds.low, bounds.high))
    return f"{count} of {total} ({low} to {high})"


def summary(gates: Sequence[LoggedGate]) -> str:
    """Return a table for each setting: a line for each plant, and what they add up to.

    A gate with something planted says about identical code, too: all other rows are that.
    """
    lines = []
    for setting, its in grouped(gates, lambda gate: gate.setting).items():
        kinds = grouped(its, lambda gate: gate.planted)
        groups = {**kinds, "together": its} if len(kinds) > 1 else kinds
        table = [_HEAD, *([name, *_cells(group)] for name, group in groups.items())]
        commits = ", ".join(dict.fromkeys(_short(gate.commit) for gate in its))
        lines += [f"{setting}; code {commits}", TEXT.table(table), *_pairs(its), *_stock(its)]
    note = f"in brackets: {CONFIDENCE:.0%} bounds; right: green if nothing is planted, else red"
    return "\n".join([*lines, note] if lines else ["no gate was measured"])


def grouped(
    gates: Iterable[LoggedGate], key: Callable[[LoggedGate], K]
) -> dict[K, list[LoggedGate]]:
    """Return the gates by their keys, in the order of their first ones."""
    groups = dict[K, list[LoggedGate]]()
    for gate in gates:
        groups.setdefault(key(gate), []).append(gate)
    return groups


def _cells(gates: Sequence[LoggedGate]) -> list[str]:
    named = sum(len(gate.named) for gate in gates)
    return [
        rate(sum(gate.right for gate in gates), len(gates)),
        rate(sum(bool(gate.others) for gate in gates), len(gates)),
        str(sum(gate.exit == INCONCLUSIVE for gate in gates)),
        str(sum(gate.exit == CANNOT_JUDGE for gate in gates)),
        f"{named} of {named + sum(len(gate.missed) for gate in gates)}",
        str(sum(len(gate.others) for gate in gates)),
        spread([gate.seconds for gate in gates], ".0f"),
        f"{max(gate.memory for gate in gates) / 2**20:.0f}",
    ]


def _short(commit: str) -> str:
    return commit[:12] + "+" * commit.endswith("+")


def spread(values: Sequence[float], how: str) -> str:
    """Return the median, and from where to where the values go."""
    return f"{median(values):{how}} ({min(values):{how}} to {max(values):{how}})"


def _pairs(gates: Sequence[LoggedGate]) -> Iterator[str]:
    """Say how long the same gates took by the code of other commits, if both could judge."""
    pairs = [g for g in gates if g.earlier_commit and CANNOT_JUDGE not in (g.exit, g.earlier_exit)]
    for commit, its in grouped(pairs, lambda gate: gate.earlier_commit).items():
        now, then = [g.seconds for g in its], [g.earlier_seconds for g in its]
        ratios = [gate.seconds / gate.earlier_seconds for gate in its]
        yield (
            f"  {len(its)} side by side with {_short(commit)}: {spread(now, '.1f')} s, there "
            f"{spread(then, '.1f')} s, pair by pair {spread(ratios, '.2f')} times as long"
        )


def by_ways(gates: Sequence[LoggedGate]) -> dict[tuple[str, ...], list[LoggedGate]]:
    """Return the gates that were judged otherwise, too, by the rules of it."""
    judged = (gate for gate in gates if gate.stock)
    return grouped(judged, lambda gate: tuple(each.rule for each in gate.stock))


def _stock(gates: Sequence[LoggedGate]) -> Iterator[str]:
    """Say what other ways made of the same code, rule by rule."""
    for rules, its in by_ways(gates).items():
        alike = [gate.plant == NOTHING for gate in its]
        table = [_STOCK_HEAD]
        for number, rule in enumerate(rules):
            found = [gate.stock[number] for gate in its]
            red = [bool(each.named + each.others) for each in found]
            others = sum(each.others for each in found)
            rows = sum(each.rows - each.named - each.missed for each in found)
            named, missed = sum(f.named for f in found), sum(f.missed for f in found)
            reds = [each for each, same in zip(red, alike, strict=True) if same]
            missing = [not f.named for f, same in zip(found, alike, strict=True) if not same]
            table.append(
                (
                    rule,
                    rate(sum(reds), len(reds)) if reds else "",
                    rate(others, rows),
                    rate(sum(missing), len(missing)) if missing else "",
                    rate(named, named + missed) if missing else "",
                    spread([each.seconds for each in found], ".0f"),
                )
            )
        yield f"  other ways on {len(its)} of the same:"
        yield TEXT.table(table)
