"""What the idle plugin adds to a start of pytest: ``python -m tests.against.startup [STARTS]``.

Starts with it and without it take turns, since a machine is faster at one time than at another.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import tempfile
from statistics import median
from time import perf_counter
from typing import Final

WITHOUT: Final = ("-p", "no:against")


def seconds(*more: str) -> float:
    """Return how long pytest takes to start, to find no test and to end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more]
        # Where no bytecode is written, pytest rewrites plugins at each start.
        kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        start = perf_counter()
        subprocess.run(command, cwd=folder, env=kept, check=False, stdout=subprocess.DEVNULL)
        return perf_counter() - start


def main(starts: int) -> None:
    """Print the median of the differences with its 95 % interval, and that of the plain starts."""
    seconds()  # writes bytecode
    pairs = []
    for _ in range(starts):
        kinds = random.sample([(), WITHOUT], 2)  # neither always has the warmer machine
        found = {kind: seconds(*kind) for kind in kinds}
        pairs.append((found[()], found[WITHOUT]))
    added = sorted(1000 * (with_it - without) for with_it, without in pairs)
    off = math.ceil(0.98 * math.sqrt(starts))  # of the sign test, in ranks from the middle
    low, high = added[max(0, starts // 2 - off)], added[min(starts - 1, starts // 2 + off)]
    whole = 1000 * median(without for _, without in pairs)
    words = f"adds {median(added):.1f} ms ({low:.1f} to {high:.1f}) to {whole:.0f} ms"
    print(f"{words}, {starts} starts of each")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
