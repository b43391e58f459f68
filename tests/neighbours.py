"""Busy neighbours, one for each core, while something else is measured."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

_ENDS_WITH_US: Final = """
import os, sys, threading
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
"""
"""Reads a pipe that closes when its writer ends, however that comes about."""

_WORK: Final = {
    "spin": """
print(flush=True)
while True: pass
""",
    # Arrays of 128 MiB: several times what the last cache holds.
    "bandwidth": """
import numpy as np
source = np.ones(1 << 24)
target = np.zeros_like(source)
print(flush=True)
while True: np.copyto(target, source)
""",
    # Short pieces of work, each of which takes the core away from whoever is in the middle of it.
    "bursts": """
import random, time
print(flush=True)
while True:
    end = time.perf_counter() + random.uniform(0.0003, 0.003)
    while time.perf_counter() < end: pass
    time.sleep(random.uniform(0.0003, 0.001))
""",
}

KINDS: Final = ("none", *_WORK)


@contextmanager
def neighbours(kind: str) -> Iterator[list[int]]:
    """Keep every core busy with work of a kind; yields the ids of the processes."""
    count = 0 if kind == "none" else os.cpu_count() or 1
    with ExitStack() as stack:
        processes = [stack.enter_context(_neighbour(kind)) for _ in range(count)]
        yield [process.pid for process in processes]


@contextmanager
def _neighbour(kind: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _ENDS_WITH_US + _WORK[kind]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError(f"a neighbour of kind {kind} did not start")
            yield process
        finally:
            process.kill()
