"""A machine is described by what makes timings comparable, and not by whose it is."""

from __future__ import annotations

import json
import platform
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import machine
from benchmarks.machine import Machine, this_machine

AMD = """\
processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 26
model\t\t: 2
model name\t: AMD EPYC
flags\t\t: fpu avx2 avx512f
power management:

processor\t: 1
cpu family\t: 99
model\t\t: 99
model name\t: another one
"""
ARM = """\
processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd sve
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x1
CPU part\t: 0xd40

processor\t: 1
CPU implementer\t: 0x99
CPU part\t: 0x999
"""


def test_every_field_is_present() -> None:
    described = this_machine().as_dict()
    assert list(described) == list(Machine.__slots__)
    assert all(described.values())


@pytest.mark.parametrize(
    "name, value",
    [
        ("system", platform.system()),
        ("machine", platform.machine()),
        ("python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("numpy", np.__version__),
    ],
)
def test_field_says_what_python_says(name: str, value: str) -> None:
    assert this_machine().as_dict()[name] == value


def test_two_calls_agree() -> None:
    assert this_machine() == this_machine()


def test_description_survives_json() -> None:
    described = this_machine().as_dict()
    assert json.loads(json.dumps(described)) == described


def test_no_value_names_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    before = this_machine()
    monkeypatch.setattr(platform, "node", lambda: "somebodys-laptop")
    monkeypatch.setattr(socket, "gethostname", lambda: "somebodys-laptop")
    assert this_machine() == before
    monkeypatch.undo()
    assert platform.node() not in before.as_dict().values()


@pytest.mark.parametrize(
    "baseline, found, simd",
    [
        (["X86_V2"], ["X86_V3", "X86_V4"], "avx512"),
        (["X86_V2"], ["X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR"], "avx512"),
        (["SSE", "SSE2", "SSE3"], ["SSSE3", "SSE42", "AVX2", "AVX512F"], "avx512"),
        (["SSE", "SSE2", "SSE3"], ["SSSE3", "SSE42", "AVX", "F16C", "FMA3", "AVX2"], "avx2"),
        (["X86_V2"], ["X86_V3"], "avx2"),
        (["X86_V2"], [], "sse"),
        (["SSE", "SSE2"], [], "sse"),
        (["NEON", "NEON_FP16", "NEON_VFPV4", "ASIMD"], ["ASIMDHP"], "neon"),
        (["ASIMD"], [], "neon"),
        (["NEON", "ASIMD"], ["ASIMDHP", "SVE"], "sve"),
        (["VSX", "VSX2"], ["VSX3"], "vsx"),
        ([], ["VX", "VXE"], "vx"),
        ([], ["RVV"], "rvv"),
        (["LSX"], [], "lsx"),
        ([], [], "none"),
        (None, None, "none"),
    ],
)
def test_simd_level_is_the_widest_however_it_is_spelt(
    baseline: Any, found: Any, simd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extensions = {"baseline": baseline, "found": found, "not found": ["AVX512F", "SVE"]}
    config = {} if baseline is None else {"SIMD Extensions": extensions}
    monkeypatch.setattr(np, "show_config", lambda mode: config if mode == "dicts" else None)
    assert this_machine().simd == simd


@pytest.mark.parametrize("key", ["baseline", "found"])
def test_simd_level_is_found_if_only_one_list_is_there(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"SIMD Extensions": {key: ["AVX2"]}}
    monkeypatch.setattr(np, "show_config", lambda mode: config if mode == "dicts" else None)
    assert this_machine().simd == "avx2"


@pytest.mark.parametrize(
    "info, cpu",
    [
        (AMD, "AMD EPYC (family 26 model 2)"),
        (ARM, "implementer 0x41 part 0xd40"),
        ("processor\t: 0\n", "what platform says"),
        ("", "what platform says"),
        (None, "what platform says"),
    ],
    ids=["x86", "arm", "no model", "empty", "no file"],
)
def test_cpu_is_the_model_of_the_first_processor(
    info: str | None, cpu: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "cpuinfo"
    if info is not None:
        path.write_text(info)
    monkeypatch.setattr(machine, "Path", lambda _: path)
    monkeypatch.setattr(platform, "processor", lambda: "what platform says")
    assert this_machine().cpu == cpu


def test_cpu_is_unknown_if_nothing_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "Path", lambda _: tmp_path / "missing")
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert this_machine().cpu == "unknown"
