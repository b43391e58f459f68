"""What decides speed beside processor and versions: the kernel, and what the environment sets."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode

# Allocators, the dynamic loader, NumPy's choice of loops, threads, and Python's own switches.
_DECIDES: Final = re.compile(
    r"MALLOC_\w+|GLIBC_TUNABLES|LD_PRELOAD|DYLD_INSERT_LIBRARIES|NPY_\w+|NUMPY_\w+|"
    r"(OPENBLAS|MKL|OMP|KMP|GOMP|BLIS|VECLIB|NUMEXPR|NUMBA)_\w+|"
    r"PYTHON(MALLOC|OPTIMIZE|DEVMODE|TRACEMALLOC|_GIL|_JIT)"
)
_HUGE_PAGES: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def settings(environment: Mapping[str, str] = os.environ, huge_pages: Path = _HUGE_PAGES) -> str:
    """Return names and values in one line, as in the query of a URL; what is empty is not set."""
    found = {"kernel": platform.release()}
    if huge_pages.is_file():  # "always [madvise] never"
        found["huge_pages"] = huge_pages.read_text("utf-8").partition("[")[2].partition("]")[0]
    found |= {name: environment[name] for name in sorted(environment) if _DECIDES.fullmatch(name)}
    return urlencode({name: value for name, value in found.items() if value})


def differences(then: str, now: str) -> list[str]:
    """Return what is set otherwise, in words; nothing if one is unknown."""
    old, new = dict(parse_qsl(then)), dict(parse_qsl(now))
    names = {**old, **new} if old and new else {}
    shown = {name: (old.get(name, "not set"), new.get(name, "not set")) for name in names}
    return [f"{name} {was} -> {is_}" for name, (was, is_) in shown.items() if was != is_]
