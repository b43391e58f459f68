#!/usr/bin/env bash
# Guess: a NumPy number in `benchmark.extra_info` is saved as a number, or is refused.
# What happens (pytest-benchmark 5.3.1, NumPy 2.4.6): np.float64, which is a Python float, stays a number;
# np.float32, np.int64 and np.bool become the text "UNSERIALIZABLE[np.float32(1.5)]", without a word, and
# with another text under NumPy 1.
# Output seen: 1.5 'UNSERIALIZABLE[np.float32(1.5)]' 'UNSERIALIZABLE[np.int64(3)]'.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-benchmark==5.3.1 pytest==9.2.0 numpy==2.4.6
cat > test_it.py <<'PY'
import numpy as np

def test_it(benchmark):
    benchmark.extra_info.update(double=np.float64(1.5), single=np.float32(1.5), size=np.int64(3))
    benchmark.pedantic(int)
PY
venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-json=saved.json test_it.py > log
found=$(python3 -c '
import json
print(*map(repr, json.load(open("saved.json"))["benchmarks"][0]["extra_info"].values()))')
echo "$found"
[ "$found" = "1.5 'UNSERIALIZABLE[np.float32(1.5)]' 'UNSERIALIZABLE[np.int64(3)]'" ]
