"""What identifies a class of machines, and the software: nothing that changes from run to run."""

from __future__ import annotations

import platform
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

_WIDEST: Final = (
    ("avx512", re.compile("AVX512|X86_V4")),
    ("avx2", re.compile("AVX2|X86_V3")),
    ("sse", re.compile("SSE|X86_V2")),
    ("sve", re.compile("SVE")),
    ("neon", re.compile("NEON|ASIMD")),
    ("vsx", re.compile("VSX")),
    ("vx", re.compile("VXE?")),
    ("rvv", re.compile("RVV")),
    ("lsx", re.compile("LSX")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A class of machines and the software on it.

    Attributes
    ----------
    system, machine, cpu : str
        Operating system, architecture and CPU model.
    simd : str
        Widest SIMD level that NumPy dispatches to; independent of how a release spells it.
    python, numpy, pytest_benchmark : str
        Versions.
    """

    system: str
    machine: str
    cpu: str
    simd: str
    python: str
    numpy: str
    pytest_benchmark: str

    @property
    def class_name(self) -> str:
        """Name of the class of machines, fit for a folder; the software is no part of it."""
        words = f"{self.system} {self.machine} {self.cpu} {self.simd}".lower()
        return re.sub(r"[^a-z0-9_.]+", "-", words).strip("-")

    def as_dict(self) -> dict[str, str]:
        """Return the fields as a dict, for JSON."""
        return asdict(self)


def this_machine() -> Machine:
    """Describe the machine that this process runs on."""
    return Machine(
        system=platform.system(),
        machine=platform.machine(),
        cpu=_cpu(),
        simd=_simd(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        numpy=np.__version__,
        pytest_benchmark=version("pytest-benchmark"),
    )


def _cpu() -> str:
    """CPU model; on virtual machines, whose names hide it, the family and model tell it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        fields = re.findall(r"^([\w ]+?)\s*: (.*)$", info.read_text("utf-8"), re.MULTILINE)
        found = dict(reversed(fields))
        if "model name" in found:
            name = found["model name"]
            return f"{name} (family {found.get('cpu family')} model {found.get('model')})"
        if "CPU part" in found:
            return f"implementer {found.get('CPU implementer')} part {found['CPU part']}"
    return platform.processor() or "unknown"


def _simd() -> str:
    config: Any = np.show_config(mode="dicts")
    extensions = config.get("SIMD Extensions", {})
    features = " ".join([*extensions.get("baseline", []), *extensions.get("found", [])])
    return next((name for name, pattern in _WIDEST if pattern.search(features)), "none")
