"""Under which conditions runs were measured: what their files say of it, and whether it differs.

What a file does not say is unknown, and never the same as anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from pytest_against.formats import UNKNOWN, Run, line
from pytest_against.model import CannotJudgeError, few, short

PLACE: Final = ("system", "machine", "cpu", "simd")
SOFTWARE: Final = ("python", "numpy", "pytest_benchmark")
SETTINGS: Final = "settings"
"""What is stored of a machine, of the software and of the settings on it."""

_KERNEL: Final = "kernel"
_HOST: Final = "host"
_OF_PYTEST_BENCHMARK: Final = frozenset(
    (
        *(*PLACE, *SOFTWARE, SETTINGS, _KERNEL, _HOST, "processor"),
        *("python_build", "python_compiler", "python_implementation_version"),
    )
)
"""What every file has; the rest of ``machine_info`` is what a suite says of its work."""
_CLOCK_RATES: Final = "cpu.hz_"
_MOST: Final = 60  # characters of a value that is named


def facts(run: Run) -> dict[str, str]:
    """Return what a file says of the machine, the software and the work, by name."""
    info = dict(run.machine_info or {})
    cpu = info.pop("cpu", None)
    cpu = dict(cpu) if isinstance(cpu, dict) else cpu
    found: dict[str, Any] = {
        "python": _joined(info, "python_implementation", "python_version"),
        "pytest_benchmark": None if run.version == UNKNOWN else run.version,
        # Which we save among what is set.
        _KERNEL: info.pop("release", None) or dict(parse_qsl(str(info.get(SETTINGS)))).get(_KERNEL),
        # We describe a machine better than by a name, which changes.
        _HOST: None if "simd" in info else info.pop("node", None),
        "cpu": cpu,
    }
    if isinstance(cpu, dict):
        # On virtual machines, whose names hide the CPU, the family and model tell it.
        brand = cpu.pop("brand_raw", cpu.pop("brand", None))
        told = [key for key in ("family", "model") if brand and cpu.get(key) is not None]
        # As we spell it, so that what either saved is known to be of one machine.
        words = " ".join(f"{key} {cpu[key]}" for key in told)
        found["cpu"] = f"{brand} ({words})" if told else brand
        info["cpu."] = {key: value for key, value in cpu.items() if key not in told}
    for key in ("python_implementation", "python_version", "node"):
        info.pop(key, None)
    flat = dict(_flat({**found, **info}))
    return {key: value for key, value in flat.items() if value != UNKNOWN}


def _flat(info: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in info.items():
        name = line(prefix + key)
        if isinstance(value, dict):
            yield from _flat(value, f"{name.removesuffix('.')}.")
        elif value is not None and not name.startswith(_CLOCK_RATES):
            several = " ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield name, line(several)


def _joined(info: Mapping[str, Any], *keys: str) -> str | None:
    return " ".join(str(info[key]) for key in keys if info.get(key) is not None) or None


@dataclass(slots=True)
class Conditions:
    """Those of several runs."""

    runs: int = 0
    _seen: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, said: Mapping[str, str]) -> None:
        """Take in what a run says, as `facts` returns it."""
        self.runs += 1
        for key, value in said.items():
            self._seen.setdefault(key, Counter())[value] += 1

    def together(self, other: Conditions) -> Conditions:
        """Return those of these and of other runs."""
        seen = {key: Counter(values) for key, values in self._seen.items()}
        for key, values in other._seen.items():
            seen.setdefault(key, Counter()).update(values)
        return Conditions(self.runs + other.runs, seen)

    def values(self, key: str) -> list[str]:
        """Return what the runs say of it; `UNKNOWN` is among them if one says nothing."""
        seen = self._seen.get(key, Counter())
        return [*sorted(seen), *[UNKNOWN] * (seen.total() < self.runs)]

    def words(self, key: str) -> str:
        """Return the same for a message."""
        found = [value or "none" for value in self.values(key)]
        return few([value if len(value) <= _MOST else f"{value[:_MOST]}..." for value in found])

    def machine(self) -> dict[str, str]:
        """Return the machine and its software as `saved.Baseline` has them."""
        return {key: self.values(key)[0] for key in (*PLACE, *SOFTWARE, SETTINGS)}

    def check(self, name: str, assumed: Collection[str]) -> None:
        """Refuse runs, of one side or of two, that are of different machines."""
        differ = [key for key in PLACE if len(self._known(key)) > 1]
        if not differ and UNKNOWN in self.values("cpu") and len(self._known(_HOST)) > 1:
            differ = [_HOST]
        if differ and "machine" not in assumed:
            found = "; ".join(f"{key} {self.words(key)}" for key in differ)
            raise CannotJudgeError(
                f"{name} {short(found)}: times of different machines cannot be compared; save all "
                "on one, or say that these are: --assume machine"
            )

    def check_software(self, name: str, assumed: Collection[str]) -> None:
        """Refuse runs of one side that are of mixed software."""
        mixed = [k for k in SOFTWARE if len(self.values(k)) > 1 and k not in assumed]
        if mixed:
            found = "; ".join(f"{key} {self.words(key)}" for key in mixed)
            raise CannotJudgeError(
                f"{short(name)} mixes {short(found)}; give the runs of each as a side, by a folder "
                "or a pattern such as 'Linux-CPython-3.11-64bit/0001'"
            )

    def _known(self, key: str) -> list[str]:
        return [value for value in self.values(key) if value and value != UNKNOWN]

    @property
    def one_machine(self) -> bool:
        """Whether all are known to be of one machine: by its CPU, else by the name of the host."""
        return any(UNKNOWN not in self.values(k) and self._known(k) for k in ("cpu", _HOST))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._seen))


def doubts(then: Conditions, now: Conditions, assumed: Collection[str]) -> list[str]:
    """Say what is not known to be the same on two sides, and decides: no verdict is possible."""
    both, found = then.together(now), []
    if "machine" not in assumed and not both.one_machine:
        found.append(
            "the machine is unknown, since neither its CPU nor its name was saved; save runs that "
            "have machine_info, or say that it is one: --assume machine"
        )
    work = [k for k in both if k.partition(".")[0] not in {*_OF_PYTEST_BENCHMARK, *assumed}]
    return found + [
        f"{change(then, now, key)}: not the same work; save both with the same, or say that it "
        f"does not matter: --assume {key}"
        for key in work
        if key not in assumed and len(both.values(key)) > 1
    ]


def change(then: Conditions, now: Conditions, key: str) -> str:
    """Return what was said of something, and what is."""
    return f"{key} {then.words(key)} -> {now.words(key)}"


def notes(then: Conditions, now: Conditions) -> list[str]:
    """Say what differs, what is unchanged, and what is not known."""
    software = (*SOFTWARE, _KERNEL)
    known = [k for k in software if UNKNOWN not in (*then.values(k), *now.values(k))]
    differ = [k for k in software if then.values(k) != now.values(k)]
    same = [f"{k} {now.words(k)}" for k in known if k not in differ]
    found = []
    if differ:
        found.append(f"software: {', '.join(change(then, now, key) for key in differ)}")
    if same:
        found.append(f"software unchanged: {', '.join(same)}")
    if unknown := [key for key in software if key not in {*known, *differ}]:
        found.append(f"software unknown, since it was not saved: {', '.join(unknown)}")
    both = then.together(now)
    rest = [k for k in both if k not in {*software, _HOST} and then.values(k) != now.values(k)]
    if rest:
        found.append(f"also different: {', '.join(change(then, now, key) for key in rest)}")
    if len(both.values(_HOST)) > 1:
        found.append(f"hosts: {both.words(_HOST)}")
    return found
