#!/usr/bin/env bash
# Guess: pytest-benchmark, which writes seconds, scales or refuses a timer of nanoseconds, or says so.
# What happens (pytest-benchmark 5.3.1): `timer=time.perf_counter_ns` is taken as it is.  What lasts 20 ms is
# saved as twenty million seconds, and shown in units of "s", without a word.
# Output seen: "1 passed; 20 ms are saved as 20.1 million seconds".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-benchmark==5.3.1 pytest==9.2.0
cat > test_it.py <<'PY'
import time

import pytest

@pytest.mark.benchmark(timer=time.perf_counter_ns)
def test_sleep(benchmark):
    benchmark.pedantic(time.sleep, [0.02], rounds=1)
PY
venv/bin/python -m pytest -q -W error -p no:cacheprovider --benchmark-json=saved.json test_it.py > log
python3 - <<'PY'
import json
import sys

[row] = json.load(open("saved.json"))["benchmarks"]
print(f"1 passed; 20 ms are saved as {row['stats']['min'] / 1e6:.1f} million seconds")
sys.exit(row["stats"]["min"] < 1e7)
PY
