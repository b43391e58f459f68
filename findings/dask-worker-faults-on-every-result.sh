#!/usr/bin/env bash
# Guess: NumPy takes the same pages and the same time in a worker of Dask as in a plain process.
# What happens (distributed 2026.8.0, NumPy 2.4.6, Linux with glibc): Dask starts its workers with
# MALLOC_TRIM_THRESHOLD_=65536, which also fixes the limit above which memory comes fresh from the system:
# every new array of 1 MiB costs 257 page faults, where a plain process reuses memory and has none.
# Output seen: "page faults a call: plain 0, worker 257".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet distributed==2026.8.0 dask==2026.8.0 numpy==2.4.6
cat > faults.py <<'PY'
import resource

import numpy as np

def faults():
    x = np.ones(1 << 17)
    for _ in range(20):
        np.maximum(x, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        np.maximum(x, 0)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 100

def in_worker():
    from distributed import Client

    with Client(n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        return client.submit(faults).result()

if __name__ == "__main__":
    print(f"page faults a call: plain {faults()}, worker {in_worker()}")
PY
found=$(PYTHONPATH=. venv/bin/python faults.py)
echo "$found"
grep --quiet --extended-regexp 'plain [0-9], worker 25[0-9]' <<< "$found"
