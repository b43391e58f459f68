#!/usr/bin/env bash
# Guess: after `pytest --benchmark-json=F` that ends with 0, F is of this run, or is not there.
# What happens (pytest-benchmark 5.3.1, pytest 9.2.0): if nothing was timed, F stays as an earlier run left
# it: with --benchmark-disable, with --collect-only, and with xdist, which disables benchmarks with a
# warning.  A script that reads F compares the old times with themselves.  5.1.0 emptied F.
# Output seen: "exit 0, saved: test_old".
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet pytest-benchmark==5.3.1 pytest==9.2.0
echo 'def test_old(benchmark): benchmark.pedantic(int)' > test_old.py
echo 'def test_new(benchmark): benchmark.pedantic(int)' > test_new.py
venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-json=saved.json test_old.py > log
code=0
venv/bin/python -m pytest -q -p no:cacheprovider --benchmark-json=saved.json --benchmark-disable \
    test_new.py > log || code=$?
found="exit $code, saved: $(python3 -c 'import json
print(*(row["name"] for row in json.load(open("saved.json"))["benchmarks"]))')"
echo "$found"
[ "$found" = 'exit 0, saved: test_old' ]
