"""Gates that were measured: a line of JSON for each, and what they add up to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import starmap
from pathlib import Path
from statistics import median
from typing import Any, Final, Self

from scipy.stats import binomtest

CONFIDENCE: Final = 0.95
NOTHING: Final = "nothing"
ANSWERS: Final = {0: "green", 1: "red", 3: "inconclusive"}
FAILED: Final = frozenset({"regressed", "diverged", "heavier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What became of one gate.

    Attributes
    ----------
    plant, method : str
        What was planted, and where; `NOTHING` and empty if the code was identical.
    lane, neighbours, options : str
        Against what, beside what, and with which options of the gate.
    machine : str
        The class of machines that it ran on.
    commit : str
        The code that was measured.
    exit, trials : int
        Exit code, and number of trials.
    seconds : float
        How long it took.
    named, missed : tuple of str
        Rows of the method that failed, and those that did not.
    others : tuple of str
        Rows of other methods that failed.
    unproven : int
        Number of rows and controls that came out inconclusive.
    days : int
        Calendar days from the recording of its baseline to the gate, both in UTC.
    """

    plant: str
    method: str
    lane: str
    neighbours: str
    options: str
    machine: str
    commit: str
    exit: int
    trials: int
    seconds: float
    named: tuple[str, ...]
    missed: tuple[str, ...]
    others: tuple[str, ...]
    unproven: int
    days: int

    @classmethod
    def of(cls, report: dict[str, Any], method: str, **known: Any) -> Self:
        """Return the record of a gate from the JSON that it wrote."""
        its = [row for row in report["rows"] if row["method"] == method]
        others = [row for row in report["rows"] if row["method"] != method]
        verdicts = [row["verdict"] for row in [*report["rows"], *report["controls"]]]
        return cls(
            method=method,
            exit=report["exit"],
            trials=report["trials"],
            named=tuple(row["row"] for row in its if row["verdict"] in FAILED),
            missed=tuple(row["row"] for row in its if row["verdict"] not in FAILED),
            others=tuple(row["row"] for row in others if row["verdict"] in FAILED),
            unproven=verdicts.count("inconclusive"),
            **known,
        )

    @property
    def sound(self) -> bool:
        """Whether every row and control of identical code came out steady."""
        return self.exit in (0, 1) and not self.others and not self.unproven

    @property
    def setting(self) -> str:
        """What has to be equal for gates to be counted together."""
        lane = f"{self.lane} of another day" if self.days else self.lane
        return f"{self.machine}: {self.plant} planted, {lane}, {self._conditions}"

    @property
    def everywhere(self) -> str:
        """What gates of all machines, plants and days are counted together by."""
        return f"{self.lane}, {self._conditions}"

    @property
    def _conditions(self) -> str:
        words = f"neighbours: {self.neighbours}"
        return f"{words}, {self.options}" if self.options else words

    def line(self) -> str:
        """Say it in one line, for people."""
        where = f" in {self.method}" if self.method else ""
        rows = f"{len(self.named)} of {len(self.named) + len(self.missed)} rows named"
        found = f"{rows}, {len(self.others)} others, {self.unproven} unproven"
        words = f"exit {self.exit}  {self.seconds:4.0f} s  {self.trials} trials  {found}"
        return f"{self.plant + where:40} {words}" + "".join(f"  wrong: {r}" for r in self.others)


def append(gate: Gate, log: Path) -> None:
    """Add a gate to a log, as a line of JSON."""
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(gate)) + "\n")


def load(log: Path) -> list[Gate]:
    """Read the gates of a log, none if there is no such file.

    Raises
    ------
    ValueError
        If a line is no gate, as the last one of a log whose writer was killed.
    """
    if not log.exists():
        return []
    found = []
    for number, line in enumerate(log.read_text("utf-8").splitlines(), 1):
        try:
            fields = json.loads(line)
            lists = {name: tuple(fields[name]) for name in ("named", "missed", "others")}
            found.append(Gate(**(fields | lists)))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{log}, line {number} is no gate ({error}); remove it") from None
    return found


def rate(count: int, total: int) -> str:
    """Return a share with the exact interval of Clopper and Pearson."""
    bounds = binomtest(count, total).proportion_ci(CONFIDENCE, method="exact")
    share = f"{count / total:.1%}, {CONFIDENCE:.0%} within {bounds.low:.1%} and {bounds.high:.1%}"
    return f"{count} of {total} ({share})"


def summary(gates: Sequence[Gate]) -> str:
    """Return counts, rates and times for each setting, and what they add up to."""
    settings = _grouped(gates, lambda gate: gate.setting)
    lanes = _grouped(gates, lambda gate: gate.everywhere)
    return "\n".join([*starmap(_setting, settings.items()), *starmap(_everywhere, lanes.items())])


def _grouped(gates: Sequence[Gate], key: Callable[[Gate], str]) -> dict[str, list[Gate]]:
    """Return the gates by their keys, in the order of their first ones."""
    groups = dict[str, list[Gate]]()
    for gate in gates:
        groups.setdefault(key(gate), []).append(gate)
    return groups


def _setting(setting: str, gates: Sequence[Gate]) -> str:
    """Return what is known of the gates of one setting."""
    exits = [ANSWERS.get(gate.exit, f"exit {gate.exit}") for gate in gates]
    answers = dict.fromkeys([*ANSWERS.values(), *exits])
    seconds = sorted(gate.seconds for gate in gates)
    named = sum(len(gate.named) for gate in gates)
    rows = named + sum(len(gate.missed) for gate in gates)
    lines = [
        f"{setting}: {len(gates)} gates",
        *(f"{answer}: {rate(exits.count(answer), len(gates))}" for answer in answers),
        f"rows of the planted method named: {named} of {rows}",
        f"other rows named: {sum(len(gate.others) for gate in gates)}",
        f"rows and controls left unproven: {sum(gate.unproven for gate in gates)}",
        f"seconds: {median(seconds):.0f} ({seconds[0]:.0f} to {seconds[-1]:.0f})",
        f"code: {', '.join(dict.fromkeys(gate.commit for gate in gates))}",
    ]
    return "\n  ".join(lines)


def _everywhere(lane: str, gates: Sequence[Gate]) -> str:
    """Return the rates of one lane on all machines together.

    A gate with something planted says about identical code, too: all its other rows are that.
    One that missed rows of its plant does not, as it may be those that it left unproven.
    """
    timed = [gate for gate in gates if gate.trials and not gate.missed]
    lines = [f"all machines: {lane}: {len(gates)} gates"]
    if timed:
        sound = rate(sum(gate.sound for gate in timed), len(timed))
        lines.append(f"identical code steady in every row, beside a plant or without: {sound}")
    for plant, its in _grouped(gates, lambda gate: gate.plant).items():
        answer = 1 if plant != NOTHING else 0
        right = rate(sum(gate.exit == answer for gate in its), len(its))
        lines.append(f"{plant} planted, {ANSWERS[answer]}: {right}")
        if answer:
            methods = {gate.method for gate in its}
            rows = {row for gate in its for row in gate.named}
            lines.append(f"  methods: {len(methods)}, different rows named: {len(rows)}")
    return "\n  ".join(lines)
