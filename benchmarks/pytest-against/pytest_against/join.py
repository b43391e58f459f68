"""The reports of several gates, put side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_against.model import PROVEN, CannotJudgeError, Result, RowResult, count
from pytest_against.quoting import Style, listed, plain
from pytest_against.report import ORDER, hardware, measured, subject, together

_WORDS: Final = {1: "failed", 2: "cannot be judged", 3: "inconclusive", 0: "steady"}
_MOST_ROWS: Final = 100  # so that a comment has room for the table


@dataclass(frozen=True, slots=True)
class Joined:
    """Results side by side, by what tells their machines apart."""

    machines: Mapping[str, Sequence[Result]]
    """Several results of one machine are shards of a suite."""
    rows: Mapping[str, Mapping[str, RowResult]]
    """By name of the row, then by machine."""

    def absent(self, machine: str) -> list[str]:
        """Return the rows that others judged and this machine did not."""
        return [name for name, found in self.rows.items() if machine not in found]

    @property
    def exits(self) -> dict[str, int]:
        """Exit code of each machine; one that did not judge what others did is no proof."""
        return {
            machine: _worst([*(2 for _ in self.absent(machine)), *(r.exit_code for r in results)])
            for machine, results in self.machines.items()
        }

    @property
    def exit_code(self) -> int:
        """The worst of all machines."""
        return _worst(self.exits.values())


def joined(results: Sequence[Result]) -> Joined:
    """Put results side by side; refuse none, and two of one machine with a row in common."""
    if not results:
        raise CannotJudgeError("there is no report to join; give the JSON of at least one gate")
    keys = dict.fromkeys(key for result in results for key in result.machine)
    telling = [key for key in keys if len({r.machine.get(key) for r in results}) > 1]
    shards = _telling_shards([result for result in results if result.shard])
    machines: dict[str, list[Result]] = {}
    rows: dict[str, dict[str, RowResult]] = {}
    for result in results:
        words = _told(result, shards if result.shard else telling)
        machine = words or hardware(result.machine) or "unknown machine"
        machines.setdefault(machine, []).append(result)
        for row in result.rows:
            # Which names are unique, no shard can tell.
            name = row.row.node if result.shard else row.row.name
            if machine in rows.setdefault(name, {}):
                raise CannotJudgeError(
                    f"two reports of one machine ({plain(machine, 200)}) have a row in common, "
                    f"{plain(name, 200)}; give one of each, or shards of a suite"
                )
            rows[name][machine] = row
    for machine, found in machines.items():
        _check_shards(plain(machine, 200), found)
    return Joined(machines, rows)


def _told(result: Result, keys: Iterable[str]) -> str:
    return ", ".join(f"{key} {result.machine.get(key) or 'unknown'}" for key in keys)


def _telling_shards(results: Sequence[Result]) -> Sequence[str]:
    """Return what tells the machines of shards apart.

    Runners of one kind need not have one processor, nor the same patch of Python; each shard has
    both its sides on one.  Only if a shard is there for each of several Pythons, these do.
    """
    found = [("system", "machine"), ("system", "machine", "python")]
    found.append((*found[-1], "numpy"))
    for keys in found:
        often = Counter((_told(result, keys), result.shard) for result in results)
        if max(often.values(), default=1) == 1:
            return keys
    return found[0]


def _check_shards(machine: str, results: Sequence[Result]) -> None:
    """Refuse shards that are not all those of one judgement, each once."""
    there = Counter(result.shard for result in results if result.shard)
    if not there:
        return
    for what, values in {
        "numbers of shards": [shard.partition("/")[2] for shard in there],
        "bases": [result.base for result in results],
        "heads": [result.head for result in results],
        "limits": [f"{100 * result.limit:.3g}%" for result in results],
    }.items():
        if len(different := [*dict.fromkeys(values)]) > 1:
            some = plain(" and ".join(different[:2]), 300)
            raise CannotJudgeError(
                f"the shards of {machine} have different {what} ({some}); join the shards of one "
                "gate: the same REV, limit and number of shards"
            )
    of = next(iter(there)).partition("/")[2]
    every = [f"{number}/{of}" for number in range(1, int(of) + 1)]
    for what, wrong, mend in (
        ("missing", [each for each in every if each not in there], "give the report of each"),
        (
            "there twice",
            [shard for shard, often in there.items() if often > 1],
            "give each once, and join one by one what differs by more than Python and NumPy",
        ),
        ("no such shards", [each for each in there if each not in every], "measure them again"),
    ):
        if wrong:
            some = plain(", ".join(wrong), 100)
            raise CannotJudgeError(f"shards of {machine} are {what}: {some}; {mend}")


def rendered(joined: Joined, style: Style) -> str:
    """Return the comparison: the answer, the rows that are not proven everywhere, the machines."""
    codes = list(joined.exits.values())
    counts = ", ".join(f"{codes.count(code)} {_WORDS[code]}" for code in _WORDS if code in codes)
    answer = f"{style.strong}{_WORDS[joined.exit_code]}{style.strong}"
    many = "class" if len(codes) == 1 else "classes"
    parts = [f"{answer}: {counts} of {len(codes)} {many} of machines"]
    table = _table(joined, style)
    parts += [style.table(table)] if len(table) > 1 else []
    lines = []
    for machine, results in joined.machines.items():
        name, absent = style.quote(machine), joined.absent(machine)
        if len(results) > 1:
            lines.append(f"{name}: {_words(together(results))}, {len(results)} shards")
        for result in results:
            words = style.quote(result.why) or count(len(result.rows))
            lines.append(f"{name}: {result.verdict.value}, {words}; {subject(result, style)}")
        if absent:
            some = ", ".join(map(style.quote, absent[:3]))
            lines.append(f"{name}: {count(len(absent))} of the others not judged, such as {some}")
    return "\n\n".join([*parts, "\n".join(f"{style.bullet}{line}" for line in lines)]) + "\n"


def _words(result: Result) -> str:
    found = (f"{number} {verdict.value}" for verdict, number in result.counts.items())
    return f"{', '.join(found) or 'none'} of {count(len(result.rows))}"


def _table(joined: Joined, style: Style) -> list[list[str]]:
    """Return the columns, and the rows that are not proven everywhere, the worst first."""
    ranks = {
        name: min(ORDER[row.verdict] for row in found.values())
        for name, found in joined.rows.items()
        if not PROVEN.issuperset(row.verdict for row in found.values())
    }
    notable = sorted(ranks, key=ranks.__getitem__)
    table = [["row", *map(style.quote, joined.machines)]]
    for name in notable[:_MOST_ROWS]:
        found = [joined.rows[name].get(machine) for machine in joined.machines]
        cells = [listed(" ", r.verdict.value, measured(r)) if r else "not judged" for r in found]
        table.append([style.quote(name), *cells])
    if len(notable) > _MOST_ROWS:
        table += [[f"and {len(notable) - _MOST_ROWS} more", *("" for _ in joined.machines)]]
    return table


def _worst(codes: Iterable[int]) -> int:
    return min(codes, key=list(_WORDS).index)
