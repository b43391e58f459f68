"""A machine is described by what makes timings comparable, and asked which cores are ours."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest

from pytest_against import machine
from pytest_against.machine import (
    Machine,
    ask,
    core_numbers,
    cores,
    fix_addresses,
    pin,
    this_machine,
)

BASELINES: Final = Path(__file__).parents[2] / "benchmarks" / "baselines"
AVX512: Final = "avx512f avx512dq avx512cd avx512bw avx512vl"
X86: Final = """\
processor\t: 0
vendor_id\t: {vendor}
cpu family\t: {family}
model\t\t: {model}
model name\t: {name}
flags\t\t: fpu sse {flags}
power management:

processor\t: 1
cpu family\t: 99
model\t\t: 99
model name\t: another one
flags\t\t: fpu
"""
INTEL: Final = X86.format(
    vendor="GenuineIntel",
    family=6,
    model=207,
    name="Intel(R) Xeon(R) Processor",
    flags=f"avx2 {AVX512}",
)
AMD: Final = X86.format(
    vendor="AuthenticAMD", family=25, model=17, name="AMD EPYC", flags=f"avx2 {AVX512}"
)
ARM: Final = """\
processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd {}
CPU implementer\t: 0x41
CPU architecture: 8
CPU part\t: 0xd40

processor\t: 1
CPU implementer\t: 0x99
CPU part\t: 0x999
"""


def describe(
    tmp_path: Path,
    info: str | None = None,
    system: str = "Linux",
    architecture: str = "x86_64",
    answer: Callable[[str], str] = lambda _: "",
) -> Machine:
    """Describe a machine of which the system says this."""
    uname = platform.uname_result(system, "host", "1", "1", architecture)
    uname.__dict__["processor"] = "arm"
    path = tmp_path / "cpuinfo"
    if info is not None:
        path.write_text(info)
    return this_machine(uname, path, answer)


def test_this_machine_is_described_completely_and_always_alike() -> None:
    described = this_machine().as_dict()
    assert list(described) == list(Machine.__slots__)
    assert described == this_machine().as_dict() == json.loads(json.dumps(described))
    assert described["system"] == platform.system()
    assert described["machine"] == platform.machine()
    assert described["python"] == f"CPython {platform.python_version()}"
    assert described["numpy"] == version("numpy")
    assert described["pytest_benchmark"] == version("pytest-benchmark")
    assert platform.node() not in described.values()


@pytest.mark.parametrize("info", [INTEL, AMD], ids=["Intel", "AMD"])
def test_stored_baselines_keep_their_folders(info: str, tmp_path: Path) -> None:
    assert (BASELINES / describe(tmp_path, info).class_name).is_dir()


def test_numpy_is_neither_needed_nor_imported(tmp_path: Path) -> None:
    code = "import sys; from pytest_against.machine import this_machine as t; print([t().numpy], *("
    code += "name for name in ('numpy', 'scipy') if name in sys.modules))"
    paths = [str(Path(machine.__file__).parents[1]), str(tmp_path)]
    bare = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {paths!r}\n{code}"]
    assert subprocess.check_output(bare, text=True) == "['']\n"


@pytest.mark.parametrize(
    "info, architecture, simd",
    [
        (INTEL, "x86_64", "avx512"),
        (INTEL.replace("avx512vl", "avx512pf"), "x86_64", "avx2"),
        (INTEL.replace(AVX512, ""), "x86_64", "avx2"),
        (INTEL.replace(AVX512, "").replace("avx2", "avx"), "x86_64", "sse"),
        (ARM.format("sve sve2"), "aarch64", "sve"),
        (ARM.format(""), "aarch64", "neon"),
        ("Features\t: half thumb neon vfpv4\nmodel name\t: ARMv7\n", "armv7l", "neon"),
        ("processor\t: 0\ncpu\t\t: POWER10 (architected)\n", "ppc64le", "vsx"),
        ("features\t: esan3 zarch vx vxd vxe\n", "s390x", "vx"),
        ("isa\t\t: rv64imafdcv_zicsr_zba\n", "riscv64", "rvv"),
        ("isa\t\t: rv64imafdc_zve32x_v\n", "riscv64", "none"),
        ("Features\t\t: cpucfg lam fpu lsx lasx\n", "loongarch64", "lsx"),
        ("", "mips", "none"),
        (None, "AMD64", "sse"),
    ],
)
def test_simd_level_is_the_widest_that_numpy_has_code_for(
    info: str | None, architecture: str, simd: str, tmp_path: Path
) -> None:
    assert describe(tmp_path, info, architecture=architecture).simd == simd


@pytest.mark.parametrize(
    "info, cpu",
    [
        (AMD, "AMD EPYC (family 25 model 17)"),
        (ARM, "implementer 0x41 part 0xd40"),
        ("processor\t: 0\n", "arm"),
        ("", "arm"),
        (None, "arm"),
    ],
    ids=["x86", "arm", "no model", "empty", "no file"],
)
def test_cpu_is_the_model_of_the_first_processor(
    info: str | None, cpu: str, tmp_path: Path
) -> None:
    assert describe(tmp_path, info).cpu == cpu


def test_cpu_is_unknown_if_nothing_tells(tmp_path: Path) -> None:
    uname = platform.uname_result("Plan9", "host", "4", "4", "mips")
    uname.__dict__["processor"] = ""
    assert this_machine(uname, tmp_path / "missing", lambda _: "\n").cpu == "unknown"


@pytest.mark.parametrize(
    "system, architecture, answer, name",
    [
        ("Darwin", "arm64", "Apple M2 Pro\n", "darwin-arm64-apple-m2-pro-neon"),
        ("Darwin", "arm64", "Apple M4\n\n", "darwin-arm64-apple-m4-neon"),
        ("Darwin", "x86_64", "Core i7\nFPU SSE\nAVX2 BMI1\n", "darwin-x86_64-core-i7-avx2"),
        ("Darwin", "x86_64", f"X\nSSE\nAVX2 {AVX512.upper()}\n", "darwin-x86_64-x-avx512"),
        ("Windows", "AMD64", "\navx2 avx512", "windows-amd64-arm-avx512"),
        ("Windows", "ARM64", "\n", "windows-arm64-arm-neon"),
    ],
)
def test_other_systems_are_asked_for_the_chip(
    system: str, architecture: str, answer: str, name: str, tmp_path: Path
) -> None:
    found = describe(tmp_path, None, system, architecture, {system: answer}.__getitem__)
    assert found.class_name == name


def test_macos_is_asked_by_sysctl_and_windows_by_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Windows:
        class kernel32:  # noqa: N801 - as ctypes calls it
            IsProcessorFeaturePresent = staticmethod({40: 1, 41: 0, 46: 0}.__getitem__)

    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "Apple M2\n")

    assert ask("Plan9").split() == []
    monkeypatch.setattr(ctypes, "windll", Windows, raising=False)
    assert ask("Windows") == "\navx2"
    monkeypatch.setattr(subprocess, "run", run)
    assert ask("Darwin") == "Apple M2\n"
    assert asked[0][1:3] == ["-n", "machdep.cpu.brand_string"]


def quotas(tmp_path: Path, listed: str, files: dict[str, str], count: int = 8) -> int:
    (tmp_path / "list").write_text(listed)
    for name, text in files.items():
        file = tmp_path / "mounted" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return cores(tuple(range(count)), tmp_path / "list", tmp_path / "mounted")


V1_QUOTA: Final = "cpu,cpuacct/{}cpu.cfs_quota_us"
V1_PERIOD: Final = "cpu,cpuacct/{}cpu.cfs_period_us"


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
        ("4:cpu,cpuacct:/", {V1_QUOTA.format(""): "-1\n", V1_PERIOD.format(""): "100000\n"}, 8),
        ("4:cpu,cpuacct:/", {V1_QUOTA.format(""): "50000\n", V1_PERIOD.format(""): "10000"}, 5),
        (
            "5:memory:/x\n4:cpu,cpuacct:/a:b\n0::/",
            {V1_QUOTA.format("a:b/"): "300000\n", V1_PERIOD.format("a:b/"): "100000\n"},
            3,
        ),
        ("4:cpu,cpuacct:/", {V1_QUOTA.format(""): "50000\n"}, 8),
    ],
)
def test_quota_of_any_group_bounds_the_cores(
    listed: str, files: dict[str, str], expected: int, tmp_path: Path
) -> None:
    assert quotas(tmp_path, listed, files) == expected


def test_cores_are_those_of_this_process_by_default(tmp_path: Path) -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert cores(groups=tmp_path / "missing") == len(core_numbers() or range(os.cpu_count() or 1))


affinity = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")


@affinity
def test_a_pinned_thread_has_one_core() -> None:
    before = core_numbers()
    try:
        assert before == tuple(sorted(before))
        assert pin(before[-1])
        assert core_numbers() == (before[-1],)
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@affinity
@pytest.mark.parametrize("core", [-1, 10**6])
def test_a_core_that_is_not_there_is_refused(core: int) -> None:
    before = core_numbers()
    assert not pin(core)
    assert core_numbers() == before


def test_where_affinity_is_not_known_nothing_is_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert core_numbers() == ()
    assert not pin(0)
    assert cores(groups=Path("missing")) == os.cpu_count()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux can fix addresses")
def test_processes_lie_at_the_same_addresses_if_that_is_possible() -> None:
    code = "from pytest_against.machine import fix_addresses; import subprocess, sys\n"
    code += "print(fix_addresses())\n"
    code += "where = [sys.executable, '-c', 'print(id(object))']\n"
    code += "print(len({subprocess.check_output(where) for _ in range(3)}))"
    paths = {**os.environ, "PYTHONPATH": str(Path(machine.__file__).parents[1])}
    words = subprocess.check_output([sys.executable, "-c", code], env=paths, text=True).split()
    assert words in (["True", "1"], ["False", "3"], ["False", "1"])


def test_addresses_are_fixed_on_linux_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not fix_addresses()
