"""The machine: its class, whether it is calm, and which of its cores and memory are ours."""

from __future__ import annotations

import ctypes
import math
import os
import platform
import re
import subprocess
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import distributions
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

from pytest_against.settings import settings

if sys.platform != "win32":  # pragma: no branch
    import resource

_WIDEST: Final = ("avx512", "avx2", "sse", "sve", "neon", "vsx", "vx", "rvv", "lsx")
_AVX512: Final = frozenset(("avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"))
_ALWAYS: Final = {"amd64": "sse", "arm64": "neon", "aarch64": "neon", "ppc64le": "vsx"}

_WORK: Final = bytes(range(256)) * 32
_TOLERATED: Final = 0.25
"""Fraction by which the work may exceed its best: a neighbour costs a half, and what the frequency
loses to other cores or to the widest instructions is less than a quarter."""
_WINDOW: Final = 9
"""Readings of which the median counts as best: one alone is now and then far too low."""
_LOST: Final = 0.02
"""Part of its time for which a call may be without a core: what the system itself needs is less."""

_Timer = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A class of machines, and the software: empty for the version of what is not installed.

    What is set on it is as `settings.settings` has it.
    """

    system: str
    machine: str
    cpu: str
    simd: str
    python: str
    numpy: str
    pytest_benchmark: str
    settings: str

    @property
    def class_name(self) -> str:
        """Name of the class of machines, fit for a folder; the software is no part of it."""
        words = f"{self.system} {self.machine} {self.cpu} {self.simd}".lower()
        return re.sub(r"[^a-z0-9_.]+", "-", words).strip("-")

    def as_dict(self) -> dict[str, str]:
        """Return the fields as a dict, for JSON."""
        return asdict(self)


def ask(system: str) -> str:
    """Return the CPU's name on a line, and its flags, as macOS and Windows know them."""
    if system == "Darwin":
        names = (f"machdep.cpu.{name}" for name in ("brand_string", "features", "leaf7_features"))
        command = ["/usr/sbin/sysctl", "-n", *names]
        return subprocess.run(command, capture_output=True, check=False, text=True).stdout  # noqa: S603 - fixed words
    dll: Any = getattr(ctypes, "windll", None)
    levels = {40: "avx2", 41: "avx512", 46: "sve"} if dll else {}
    return "\n" + " ".join(levels[n] for n in levels if dll.kernel32.IsProcessorFeaturePresent(n))


def installed(name: str) -> str:
    """Return the version of a distribution that is installed; empty if none is."""
    return next((each.version for each in distributions(name=name)), "")


def this_machine(cpuinfo: Path = Path("/proc/cpuinfo"), ask: Callable[[str], str] = ask) -> Machine:
    """Describe the machine by the first processor in a file of Linux's, or by what `ask` says."""
    uname = platform.uname()
    text = cpuinfo.read_text("utf-8", "replace") if cpuinfo.is_file() else ""
    found = re.findall(r"^([\w ]+?)\s*: (.*)$", text, re.MULTILINE)
    fields = defaultdict(str, ((name.lower(), value) for name, value in reversed(found)))
    name, _, flags = ("", "", "") if text else ask(uname.system).partition("\n")
    if fields["model name"]:  # virtual machines hide it; the family and model tell
        name = f"{fields['model name']} (family {fields['cpu family']} model {fields['model']})"
    elif fields["cpu part"]:
        name = f"implementer {fields['cpu implementer']} part {fields['cpu part']}"
    flags += f" {_ALWAYS.get(uname.machine.lower())} {fields['flags']} {fields['features']} "
    flags += re.sub(r"^rv\d+[a-z]*v.*", "rvv", fields["isa"])  # letters before the underscore
    has = set(flags.lower().split())
    if has >= _AVX512:  # NumPy's code for it needs all five
        has.add("avx512")
    return Machine(
        system=uname.system,
        machine=uname.machine,
        cpu=name.strip() or uname.processor or "unknown",
        simd=next((level for level in _WIDEST if level in has), "none"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        numpy=installed("numpy"),
        pytest_benchmark=installed("pytest-benchmark"),
        settings=settings(),
    )


class Clock:
    """Fixed work of some ten microseconds, which tells calm and ticks with the core's frequency.

    On a shared machine a processor is often slowed down, by a neighbour on the other hardware
    thread of its core or by the host.  The work is C code outside NumPy, whose upgrades do not
    change it.  `seconds` is its time in calm in earlier processes on this machine.
    """

    def __init__(
        self, seconds: float = math.inf, now: _Timer = perf_counter, work: Any = blake2b
    ) -> None:
        self._now, self._work, self._best = now, work, seconds
        self._latest: deque[float] = deque(maxlen=_WINDOW)
        self._calm = [] if math.isinf(seconds) else [seconds]
        for _ in range(100):  # readings to begin with
            self.calm()

    @property
    def seconds(self) -> float:
        """Time of the work in calm, in seconds: the lower quartile of its readings."""
        return sorted(self._calm)[len(self._calm) // 4]

    def calm(self) -> bool:
        """Return whether the work takes about as long now as it does in calm."""
        now, work = self._now, self._work
        work(_WORK)  # what it needs may have left the cache
        start = now()
        work(_WORK)
        found = now() - start
        self._latest.append(found)
        if len(self._latest) == _WINDOW:
            self._best = min(self._best, median(self._latest))
        calm = found <= self._best * (1 + _TOLERATED)
        if calm:
            self._calm.append(found)
        return calm


@cache
def resolution(clock: _Timer, most: int = 1_000_000) -> float:
    """Return the smallest step of a clock, in seconds; infinite if it stands still."""
    # Not what it claims: for processor time, Windows says 100 ns and ticks 64 times a second.
    steps = []
    for _ in range(3):
        readings, before = (clock() for _ in range(most)), clock()
        steps.append(next((after for after in readings if after > before), math.inf) - before)
    return min(steps)


def _waits() -> int:
    return 0 if sys.platform == "win32" else resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


class Core:
    """Whether this process keeps its core from now on, told by the processor time that it gets."""

    def __init__(
        self, now: _Timer = perf_counter, used: _Timer = process_time, waits: Any = _waits
    ) -> None:
        self._tick, self._clocks = resolution(used), (waits, used, now)
        self._before = waits(), used(), now()

    def kept(self, seconds: float) -> bool:
        """Return whether it was ours until now, but for a small part of so many seconds.

        It was if the process gave it away of its own accord, as in a sleep.
        """
        (waits, used, now), (waited, spent, start) = self._clocks, self._before
        lost = (now() - start) - (used() - spent)
        return lost <= max(_LOST * seconds, 2 * self._tick) or waits() != waited


def core_numbers() -> tuple[int, ...]:
    """Return the numbers of the cores that this process may use; none if they are not known."""
    known = getattr(os, "sched_getaffinity", None)
    return tuple(sorted(known(0))) if known else ()


def cores(groups: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many cores it may use at a time: at least one, by affinity and cgroup quotas."""
    found = float(len(core_numbers()) or os.cpu_count() or 1)
    lines = groups.read_text("utf-8", "surrogateescape").splitlines() if groups.is_file() else []
    for controllers, path in (line.split(":", 2)[1:] for line in lines):
        group = mounted / controllers / path.strip("/")
        for folder in (group, *group.parents):
            for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
                with suppress(OSError, ValueError):  # no such group, or no quota
                    quota, period = " ".join((folder / n).read_text() for n in names).split()
                    found = min(found, float(quota) / float(period)) if quota != "-1" else found
    return max(1, math.floor(found))


def pin(numbers: Collection[int]) -> bool:
    """Have the calling thread run on some cores only; return whether the system can do that."""
    with suppress(AttributeError, OSError, ValueError):
        os.sched_setaffinity(0, numbers)
        return True
    return False


def fix_addresses() -> bool:
    """Have what the calling thread starts lie at fixed addresses; return whether that is possible.

    Where a process lies in memory makes up to 3 % of a short call.  A container may forbid it.
    """
    if sys.platform != "linux":
        return False
    no_random_addresses = 0x0040000
    return bool(ctypes.CDLL(None).personality(no_random_addresses) != -1)
