#!/usr/bin/env bash
# Guess: a function of 100 ns whose first call is slow, since it fills a cache, is calibrated as any other:
# the first call is one outlier among thousands of rounds.
# What happens (pytest-benchmark 5.3.1, pytest 9.2.0): the first call decides alone that a call takes so
# long, and thus that 5 rounds of 1 iteration are enough.  What is saved is the resolution of the clock.
# Output seen: "test_slow_first: 5 rounds of 1, test_fast: 97412 rounds of 100".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-benchmark==5.3.1 pytest==9.2.0
cat > test_it.py <<'PY'
import time
from functools import cache

@cache
def once():
    time.sleep(0.3)

def test_slow_first(benchmark):
    benchmark(once)

def test_fast(benchmark):
    benchmark(once)
PY
venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-json=saved.json test_it.py > log
python3 - <<'PY'
import json
import sys

rows = {row["name"]: row["stats"] for row in json.load(open("saved.json"))["benchmarks"]}
print(", ".join(f"{n}: {s['rounds']} rounds of {s['iterations']}" for n, s in rows.items()))
slow = rows["test_slow_first"]
calls = rows["test_fast"]["rounds"] * rows["test_fast"]["iterations"]
sys.exit((slow["rounds"], slow["iterations"]) != (5, 1) or calls < 10_000)
PY
