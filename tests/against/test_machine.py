"""A machine is described by what makes timings comparable, and tells calm and our cores."""

from __future__ import annotations

import ctypes
import itertools
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Final

import pytest

from pytest_against import machine
from pytest_against.machine import (
    Clock,
    Core,
    Machine,
    core_numbers,
    cores,
    pin,
    resolution,
    this_machine,
)
from tests.against.repository import put

Patch = pytest.MonkeyPatch
BASELINES: Final = Path(__file__).parents[2] / "benchmarks" / "baselines"
AVX512: Final = "avx512f avx512dq avx512cd avx512bw avx512vl"
X86: Final = (
    "cpu family\t: {1}\nmodel\t\t: {2}\nmodel name\t: {0}\nflags\t\t: fpu sse {3}\n"
    "power management:\n\nprocessor\t: 1\nmodel name\t: another one\nflags\t\t: fpu avx2\n"
)
INTEL: Final = X86.format("Intel(R) Xeon(R) Processor", 6, 207, f"avx2 {AVX512}")
AMD: Final = X86.format("AMD EPYC", 25, 17, f"avx2 {AVX512}")
ARM: Final = (
    "Features\t: fp asimd {}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd40\n\n"
    "processor\t: 1\nCPU part\t: 0x999\n"
)


def test_this_machine_is_described_completely_and_always_alike() -> None:
    described = this_machine().as_dict()
    assert list(described) == list(Machine.__slots__)
    assert described == this_machine().as_dict() == json.loads(json.dumps(described))
    assert (described["system"], described["machine"]) == (platform.system(), platform.machine())
    assert described["python"] == f"CPython {platform.python_version()}"
    assert described["numpy"] == version("numpy")
    assert described["pytest_benchmark"] == version("pytest-benchmark")
    assert platform.node() not in described.values()


MACHINES: Final = [
    ("Linux x86_64", INTEL, "intel-r-xeon-r-processor-family-6-model-207-avx512"),
    ("Linux x86_64", AMD, "amd-epyc-family-25-model-17-avx512"),
    ("Linux x86_64", AMD.replace("avx512vl", "avx512pf"), "amd-epyc-family-25-model-17-avx2"),
    ("Linux x86_64", X86.format("X", 6, 1, "avx"), "x-family-6-model-1-sse"),
    ("Linux aarch64", ARM.format("sve sve2"), "implementer-0x41-part-0xd40-sve"),
    ("Linux aarch64", ARM.format(""), "implementer-0x41-part-0xd40-neon"),
    ("Linux armv7l", "Features\t: half neon vfpv4\nmodel name\t: v7\n", "v7-family-model-neon"),
    ("Linux ppc64le", "processor\t: 0\ncpu\t\t: POWER10 (architected)\n", "chip-vsx"),
    ("Linux s390x", "features\t: esan3 zarch vx vxd vxe\n", "chip-vx"),
    ("Linux riscv64", "isa\t\t: rv64imafdcv_zicsr_zba\n", "chip-rvv"),
    ("Linux riscv64", "isa\t\t: rv64imafdc_zve32x_v\n", "chip-none"),
    ("Linux loongarch64", "Features\t\t: cpucfg lam fpu lsx lasx\n", "chip-lsx"),
    ("Linux mips", "", "chip-none"),
    ("Plan9 mips", "", "unknown-none"),
    ("Darwin arm64", "Apple M4\n\n", "apple-m4-neon"),
    ("Darwin x86_64", "Core i7\nFPU SSE\nAVX2 BMI1\n", "core-i7-avx2"),
    ("Darwin x86_64", f"X\nSSE\nAVX2 {AVX512.upper()}\n", "x-avx512"),
    ("Windows AMD64", "\navx2 avx512", "chip-avx512"),
    ("Windows AMD64", "\n", "chip-sse"),
    ("Windows ARM64", "\n", "chip-neon"),
]


@pytest.mark.parametrize("system, told, name", MACHINES)
def test_a_class_is_the_first_processor_and_the_widest_simd_that_numpy_has_code_for(
    system: str, told: str, name: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    kind, architecture = system.split()
    uname = platform.uname_result(kind, "host", "1", "1", architecture)
    uname.__dict__["processor"] = "" if kind == "Plan9" else "chip"
    monkeypatch.setattr(platform, "uname", lambda: uname)
    info = tmp_path / ("cpuinfo" if kind == "Linux" else "another")
    (tmp_path / "cpuinfo").write_text(told)
    found = this_machine(info, {kind: told}.__getitem__)
    assert found.class_name == f"{system.lower().replace(' ', '-')}-{name}"
    if told in {INTEL, AMD}:
        assert (BASELINES / found.class_name).is_dir()
        assert found.cpu.endswith((" (family 6 model 207)", " (family 25 model 17)"))


def test_numpy_is_neither_needed_nor_imported(tmp_path: Path) -> None:
    code = "import sys; from pytest_against.machine import this_machine as t; print([t().numpy], *("
    code += "name for name in ('numpy', 'scipy') if name in sys.modules))"
    paths = [str(Path(machine.__file__).parents[1]), str(tmp_path)]
    bare = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {paths!r}\n{code}"]
    assert subprocess.check_output(bare, text=True) == "['']\n"


def test_macos_is_asked_by_sysctl_and_windows_by_numbers(monkeypatch: Patch) -> None:
    class Windows:
        class kernel32:  # noqa: N801 - as ctypes calls it
            IsProcessorFeaturePresent = staticmethod({40: 1, 41: 0, 46: 0}.__getitem__)

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, " ".join(command[1:3]))

    assert machine.ask("Plan9").split() == []
    monkeypatch.setattr(ctypes, "windll", Windows, raising=False)
    assert machine.ask("Windows") == "\navx2"
    monkeypatch.setattr(subprocess, "run", run)
    assert machine.ask("Darwin") == "-n machdep.cpu.brand_string"


V1: Final = ("cpu,cpuacct/{}cpu.cfs_quota_us", "cpu,cpuacct/{}cpu.cfs_period_us")


def _v1(quota: str, period: str, group: str = "") -> dict[str, str]:
    return {name.format(group): text for name, text in zip(V1, (quota, period), strict=True)}


@pytest.mark.parametrize(
    "listed, files, expected",
    [
        ("0::/", {}, 8),
        ("0::/", {"cpu.max": "max 100000\n"}, 8),
        ("0::/", {"cpu.max": "250000 100000\n"}, 2),
        ("0::/", {"cpu.max": "30000 100000\n"}, 1),
        ("0::/", {"cpu.max": "1600000 100000\n"}, 8),
        ("0::/a/b", {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "max 100000\n"}, 3),
        ("0::/a/b", {"a/b/cpu.max": "200000 100000\n", "cpu.max": "500000 100000"}, 2),
        ("0::/of the host", {"cpu.max": "400000 100000\n"}, 4),
        ("0::/", {"cpu.max": "broken\n"}, 8),
        ("4:cpu,cpuacct:/", _v1("-1\n", "100000\n"), 8),
        ("4:cpu,cpuacct:/", _v1("50000\n", "10000"), 5),
        ("5:memory:/x\n4:cpu,cpuacct:/a:b\n0::/", _v1("300000\n", "100000\n", "a:b/"), 3),
        ("4:cpu,cpuacct:/", {V1[0].format(""): "50000\n"}, 8),
    ],
)
def test_quota_of_any_group_bounds_the_cores(
    listed: str, files: dict[str, str], expected: int, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(machine, "core_numbers", lambda: range(8))
    for name, text in {"list": listed, **files}.items():
        put(tmp_path, name, text)
    assert cores(tmp_path / "list", tmp_path) == expected


def test_cores_are_those_of_this_process_or_else_all(monkeypatch: Patch) -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert cores(Path("missing")) == len(core_numbers() or range(os.cpu_count() or 1))
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert core_numbers() == ()
    assert not pin({0})
    assert cores(Path("missing")) == os.cpu_count()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_a_pinned_thread_has_one_core_which_must_be_there() -> None:
    before = core_numbers()
    assert before == tuple(sorted(before))
    assert not any(map(pin, ({-1}, {10**6})))
    assert core_numbers() == before
    try:
        assert pin(before[-1:])
        assert core_numbers() == (before[-1],)
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_addresses_are_fixed_if_that_is_possible_and_on_linux_only(
    monkeypatch: Patch,
) -> None:
    code = "from pytest_against.machine import *; print(fix_addresses())\n"
    code += "where = [sys.executable, '-c', 'print(id(object))']\n"
    code += "print(len({subprocess.check_output(where) for _ in range(3)}))"
    paths = {**os.environ, "PYTHONPATH": str(Path(machine.__file__).parents[1])}
    if sys.platform == "linux":
        words = subprocess.check_output([sys.executable, "-c", code], env=paths, text=True).split()
        assert words in (["True", "1"], ["False", "3"], ["False", "1"])
    monkeypatch.setattr(sys, "platform", "win32")
    assert not machine.fix_addresses()


@pytest.mark.parametrize(
    "known, first, readings, calm, seconds",
    [
        (math.inf, 1.0, [1.0, 1.24, 1.26, 1.6, 0.9], "++--+", 1.0),
        (math.inf, 8.0, [9.9, 10.1], "+-", 8.0),
        (math.inf, 1.0, [*[1.0, 1.0, 0.5] * 9, 1.05], "+" * 28, 1.0),  # too fast once in a while
        (math.inf, 1.0, [0.9] * 50, "+" * 50, 0.9),  # the lower quartile
        (1.0, 1.5, [1.5, 1.5], "--", 1.0),  # no calm in this process
        (math.inf, 1.5, [], "", 1.5),
    ],
)
def test_calm_is_that_the_work_takes_about_as_long_as_at_best(
    known: float, first: float, readings: list[float], calm: str, seconds: float
) -> None:
    passed, takes, given = [0.0], [first], set[bytes]()

    def work(data: bytes) -> None:
        passed[0] += takes[0]
        given.add(data)

    clock, found = Clock(known, lambda: passed[0], work), ""
    for takes[0] in readings:
        found += "+" if clock.calm() else "-"
    assert found == calm
    assert clock.seconds == pytest.approx(seconds)
    # Stored baselines count in the time of this work.
    assert given == {bytes(range(256)) * 32}
    assert Clock.__init__.__defaults__[1:] == (perf_counter, blake2b)  # type: ignore[index]


@pytest.mark.parametrize(
    "clock, step",
    [
        (iter([0.0, 5.0, 6.0, 7.5, 7.5, 8.5]).__next__, 1.0),
        (lambda: 1.0, math.inf),
        (itertools.count(0, -1).__next__, math.inf),
    ],
)
def test_resolution_is_the_least_step_of_a_few(clock: Callable[[], float], step: float) -> None:
    assert resolution(clock, 10) == step


@pytest.mark.parametrize(
    "tick, passed, lost, kept",
    [
        (1e-6, 2.0, 0.0, True),
        (1e-6, 2.0, 0.019, True),  # what the system needs for itself
        (1e-6, 2.0, 0.021, False),
        (1e-6, 2.0, 0.9, False),
        (1e-4, 1.5e-4, 1.0, True),  # what a coarse clock cannot see
        (1e-4, 9e-4, 1.0, False),
    ],
)
def test_a_core_is_kept_if_processor_time_goes_on_with_time(
    *, tick: float, passed: float, lost: float, kept: bool
) -> None:
    now, used, waits = [0.0], [0.0], [0]

    def processor() -> float:
        used[0] += 1e-9  # time goes on while a clock is read
        return math.floor(used[0] / tick) * tick

    assert resolution(processor) == pytest.approx(tick)
    core = Core(lambda: now[0], processor, lambda: waits[0])
    now[0] += passed
    used[0] += passed * (1 - lost)
    assert core.kept(passed) == kept
    waits[0] += 1  # of its own accord
    assert core.kept(passed)


def test_a_sleep_keeps_the_core_of_this_process() -> None:
    core = Core()
    time.sleep(0.001)
    assert core.kept(0.001)
